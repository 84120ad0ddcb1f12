//! The first INVITE of a call, from its arrival to its ACK (RFC 3261, sections 13.3 and 17.2.1; RFC 6026).

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use konf_contract::Msisdn;

use crate::call::{Call, Dialog, Invite, InviteState, Phase, TransactionKey, undescribed};
use crate::digest::Phone;
use crate::endpoint::{Endpoint, source};
use crate::guard::Source;
use crate::identity::{Identity, trunk_of};
use crate::limits::{
    AMPLIFICATION, HALF_OPEN_LEAST, HALF_OPEN_SHARE, RETRY_FULL, T1, TRANSACTION, TRYING,
    UNANSWERED, UNVERIFIED,
};
use crate::message::{Message, Name};
use crate::negotiate::{self, Refusal};
use crate::reply::{Echo, More, phrase, routes};
use crate::request::Request;
use crate::sdp::{Description, Origin};
use crate::session::Session;
use crate::timer::Timer;
use crate::value::Address;
use crate::words::{CallId, Event, Flow, Incoming, Protocol};

/// What of an INVITE makes a call.
struct Wanted {
    description: Option<Description>,
    session: Option<Session>,
    takes_update: bool,
    target: String,
    route_lines: Vec<u8>,
    routes: Vec<String>,
    /// Who it has proved to be.
    phone: Option<usize>,
}

impl Endpoint {
    pub(crate) fn invite(&mut self, now: Instant, flow: Flow, request: Request<'_>) {
        let key = TransactionKey::of(&request, "INVITE");
        if let Some(call) = self.by_transaction.get(&key).copied() {
            return self.repeated_invite(call, &key, request.message.size);
        }
        let merge_key = merge_key(&request);
        if self.by_merge_key.contains_key(&merge_key) {
            return self.refuse_request(flow, &request, 482, self.more());
        }
        let trunk = trunk_of(&self.config.trunks, flow.remote.ip()).is_some();
        let phone = match self.config.phones_required && !trunk {
            true => match self.authenticate(now, flow, &request) {
                Some(phone) => Some(phone),
                None => return,
            },
            false => None,
        };
        if let Some(more) = self.no_room(now, flow, trunk || phone.is_some()) {
            return self.refuse_request(flow, &request, 503, more);
        }
        match self.wanted(flow, &request) {
            Ok(wanted) => self.ring(now, flow, request, key, merge_key, Wanted { phone, ..wanted }),
            Err(Refusal { status, more }) => self.refuse_request(flow, &request, status, more),
        }
    }

    /// Strangers may not take the room of those who come by a trunk or have called before: half of it is all that calls
    /// without an ACK get, since an INVITE with a forged sender never gets one.
    fn no_room(&mut self, now: Instant, flow: Flow, known: bool) -> Option<More> {
        let busy = self.busy();
        if busy.is_some() || known {
            return busy;
        }
        let source = Source::of(flow.remote.ip());
        let crowded =
            self.unproven >= self.config.calls_max.div_ceil(2) && !self.guard.knows(now, source);
        if crowded || !self.guard.admits_call(now, source) || self.has_its_share(source) {
            let seconds = RETRY_FULL.to_string();
            return Some(self.more().needing("Retry-After", seconds));
        }
        None
    }

    /// An honest call is half-open for one round trip: many of them from one address are none.
    fn has_its_share(&self, source: Source) -> bool {
        let share = (self.config.calls_max / HALF_OPEN_SHARE).max(HALF_OPEN_LEAST);
        if self.unproven < share {
            return false;
        }
        let of_it = |c: &&Call| c.unproven && Source::of(c.flow.remote.ip()) == source;
        self.calls.values().filter(of_it).count() >= share
    }

    fn wanted(&self, flow: Flow, request: &Request<'_>) -> Result<Wanted, Refusal> {
        let refusal = |status| Refusal { status, more: self.more() };
        if !self.serves(&request.uri.dialled()) {
            return Err(refusal(404));
        }
        if let Some((status, more)) = self.unsupported(request) {
            return Err(Refusal { status, more });
        }
        let target = contact(request).ok_or(refusal(400))?;
        let (route_lines, routes) = routes(request.message).ok_or(refusal(513))?;
        let session = Session::wanted(request, self.more())?;
        let description =
            negotiate::description(request.message, &self.terms(flow), || self.more())?;
        let takes_update = request.message.lists(Name::Allow, "UPDATE");
        Ok(Wanted { description, session, takes_update, target, route_lines, routes, phone: None })
    }

    /// Numbers are compared as numbers, names as written.
    fn serves(&self, dialled: &str) -> bool {
        let number = Msisdn::parse(dialled).ok();
        self.config.served_users.is_empty()
            || self.config.served_users.iter().any(|user| {
                user == dialled || (number.is_some() && Msisdn::parse(user).ok() == number)
            })
    }

    fn ring(
        &mut self,
        now: Instant,
        flow: Flow,
        request: Request<'_>,
        key: TransactionKey,
        merge_key: String,
        mut wanted: Wanted,
    ) {
        if let Some(description) = &mut wanted.description {
            description.lock(None, || self.keys.draw());
        }
        let id = self.next_call();
        let local_tag = format!("{:016x}", self.token());
        let origin = Origin { id: self.token() >> 2, version: 1 };
        let trunk = trunk_of(&self.config.trunks, flow.remote.ip());
        let mut identity = Identity::of(&request, trunk);
        let phone = wanted.phone.and_then(|at| self.authority.phone(at));
        if let Some(number) = phone.and_then(Phone::number) {
            identity.number = Some(number.clone());
        }
        let unproven = trunk.is_none() && phone.is_none();
        let credit = (unproven && flow.protocol == Protocol::Udp)
            .then_some(AMPLIFICATION * request.message.size);
        let echo = Echo::of(request.message, request.via, flow, false);
        // RFC 3261, section 8.2.6.1: a 100 repeats the Timestamp.
        let stamp = request.message.all(Name::Timestamp).next();
        let more = stamp.map_or(More::default(), |t| {
            More::default().with("Timestamp", String::from_utf8_lossy(t))
        });
        let response = echo.response(100, phrase(100), "", &more);
        let media =
            wanted.description.as_ref().map_or_else(|| undescribed(flow), |d| d.offer.clone());
        let header = |name| request.message.all(name).next().unwrap_or_default().to_vec();
        let dialog = Dialog {
            call_id: request.call_id.clone(),
            local_tag: local_tag.clone(),
            remote_tag: request.from_tag.clone(),
            local: header(Name::To),
            remote: header(Name::From),
            target: wanted.target,
            routes: wanted.routes,
            route_lines: wanted.route_lines,
            local_cseq: 0,
            remote_cseq: request.cseq,
        };
        let invite = Invite {
            key: key.clone(),
            cseq: request.cseq,
            state: InviteState::Proceeding,
            response: response.clone(),
            interval: T1,
            offered: false,
            echo,
        };
        let way_back = invite.echo.flow;
        let call = Call {
            id,
            phase: Phase::Ringing,
            flow,
            symmetric: request.via.params.has("rport"),
            dialog,
            invites: vec![invite],
            answered: VecDeque::new(),
            description: wanted.description,
            layout: None,
            own_offer: None,
            media: media.clone(),
            local: None,
            origin,
            described: String::new(),
            session: wanted.session,
            takes_update: wanted.takes_update,
            refresh: None,
            bye: None,
            bye_wanted: None,
            merge_key: merge_key.clone(),
            of_trunk: trunk.is_some(),
            unproven,
            credit,
        };
        self.calls.insert(id, call);
        self.by_transaction.insert(key, id);
        self.by_tag.insert(local_tag, id);
        self.by_merge_key.insert(merge_key, id);
        self.live += 1;
        self.unproven += usize::from(unproven);
        self.timers.set(Timer::Unanswered(id), now + UNANSWERED);
        // What the 100 would take is better kept for repeating the answer.
        match credit {
            Some(_) => self.timers.set(Timer::Trying(id), now + TRYING),
            None => self.send(way_back, response),
        }
        let Identity { trunk, number, network, mobile } = identity;
        let (source, dialled) = (source(flow), request.uri.dialled());
        let incoming =
            Incoming { call: id, source, trunk, number, network, mobile, dialled, offer: media };
        self.say(Event::Incoming(incoming));
    }

    /// The 100 that was put off.
    pub(crate) fn try_on(&mut self, id: CallId) {
        let Some(invite) = self.calls.get(&id).and_then(|c| c.invites.first()) else { return };
        if invite.state == InviteState::Proceeding {
            self.send_in(id, invite.echo.flow, invite.response.clone());
        }
    }

    /// RFC 3261, section 17.2.1: the last response again; after a 2xx the repetition is absorbed (RFC 6026, 7.1), unless
    /// the sender may be forged: then it is what pays for repeating the 2xx.
    fn repeated_invite(&mut self, id: CallId, key: &TransactionKey, size: usize) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.earn(size);
        let Some(invite) = call.invites.iter().find(|i| i.key == *key) else { return };
        let again = match invite.state {
            InviteState::Proceeding | InviteState::Failed => true,
            InviteState::Accepted => call.credit.is_some(),
            InviteState::Acknowledged | InviteState::Confirmed => false,
        };
        if again {
            let (flow, response) = (invite.echo.flow, invite.response.clone());
            self.send_in(id, flow, response);
        }
    }

    pub(crate) fn answer(&mut self, now: Instant, id: CallId, local: SocketAddr) {
        let more = self.capabilities();
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.phase != Phase::Ringing {
            return;
        }
        call.phase = Phase::Answered;
        call.local = Some(local);
        let cseq = call.dialog.remote_cseq;
        let description = call.description.take();
        let offered = description.is_none();
        let body = match description {
            Some(description) => {
                let body = call.describe(|origin| description.answer(origin, local));
                call.layout = Some(description.layout);
                Some(body)
            }
            None => self.make_offer(id),
        };
        let Some(body) = body else { return };
        self.timers.cancel(Timer::Unanswered(id));
        self.timers.cancel(Timer::Trying(id));
        self.accept(now, id, cseq, more, body, offered);
    }

    /// Sends the 2xx of an INVITE and repeats it until its ACK; without what it says of us where the sender may be forged
    /// and sent less than half of the whole.
    pub(crate) fn accept(
        &mut self,
        now: Instant,
        id: CallId,
        cseq: u32,
        more: More,
        body: String,
        offered: bool,
    ) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let lean = Session::headers(call.session, More::default());
        let credit = call.credit;
        let patience = if call.credit.is_some() { UNVERIFIED } else { TRANSACTION };
        let more = Session::headers(call.session, more);
        let routes = call.dialog.route_lines.clone();
        let tag = call.dialog.local_tag.clone();
        let contact = self.contact(self.calls[&id].flow);
        let Some(invite) = self.calls.get_mut(&id).and_then(|c| c.invite(cseq)) else { return };
        let lean = lean.raw(&routes).with("Contact", &contact).sdp(body.clone());
        let more = more.raw(&routes).with("Contact", contact).sdp(body);
        invite.response = invite.echo.response(200, phrase(200), &tag, &more);
        if credit.is_some_and(|credit| invite.response.len() > credit) {
            invite.response = invite.echo.response(200, phrase(200), &tag, &lean);
        }
        (invite.state, invite.interval, invite.offered) = (InviteState::Accepted, T1, offered);
        let (flow, response) = (invite.echo.flow, invite.response.clone());
        self.timers.set(Timer::Response(id, cseq), now + T1);
        self.timers.set(Timer::GiveUp(id, cseq), now + patience);
        self.send_in(id, flow, response);
    }

    /// A final answer other than 2xx to the first INVITE; the call is over.
    pub(crate) fn refuse(
        &mut self,
        now: Instant,
        id: CallId,
        status: u16,
        more: More,
        detail: String,
    ) {
        self.fail(now, id, status, more, false, detail);
    }

    fn fail(
        &mut self,
        now: Instant,
        id: CallId,
        status: u16,
        more: More,
        by_peer: bool,
        detail: String,
    ) {
        let server = self.config.product.clone();
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.phase != Phase::Ringing {
            return;
        }
        let tag = call.dialog.local_tag.clone();
        let Some(invite) = call.invites.first_mut() else { return };
        let more = more.with("Server", server);
        invite.response = invite.echo.response(status, phrase(status), &tag, &more);
        (invite.state, invite.interval) = (InviteState::Failed, T1);
        let (cseq, flow, response) = (invite.cseq, invite.echo.flow, invite.response.clone());
        if flow.protocol == Protocol::Udp {
            self.timers.set(Timer::Response(id, cseq), now + T1);
        }
        self.timers.set(Timer::GiveUp(id, cseq), now + TRANSACTION);
        self.send_in(id, flow, response);
        self.end(now, id, by_peer, detail);
    }

    /// RFC 3261, section 9.2: 200 whenever the INVITE is known; it only has an effect before the final answer.
    pub(crate) fn cancel(&mut self, now: Instant, flow: Flow, request: Request<'_>) {
        let key = TransactionKey::of(&request, "INVITE");
        let Some(id) = self.by_transaction.get(&key).copied() else {
            return self.refuse_request(flow, &request, 481, self.more());
        };
        let more = self.more();
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.earn(request.message.size);
        let echo = Echo::of(request.message, request.via, flow, request.to_tag.is_some());
        let bytes = echo.response(200, phrase(200), &call.dialog.local_tag, &more);
        self.send_in(id, echo.flow, bytes);
        let reason = negotiate::reason(request.message);
        self.fail(now, id, 487, More::default(), true, format!("CANCEL{reason}"));
    }
}

/// RFC 3261, section 8.1.1.8: an INVITE names exactly one place where its sender can be reached.
pub(crate) fn contact(request: &Request<'_>) -> Option<String> {
    contact_of(request.message)
}

pub(crate) fn contact_of(message: &Message) -> Option<String> {
    let contacts = message.list(Name::Contact).ok()?;
    let [contact] = contacts.as_slice() else { return None };
    Some(Address::parse(contact).ok()?.uri)
}

/// RFC 3261, section 8.2.2.2.
fn merge_key(request: &Request<'_>) -> String {
    let tag = request.from_tag.as_deref().unwrap_or_default();
    format!("{}\n{tag}\n{}", request.call_id, request.cseq)
}
