//! Requests inside a call.

use std::time::Instant;

use crate::call::{Answered, Invite, InviteState, Phase, TransactionKey};
use crate::endpoint::Endpoint;
use crate::identity::trunk_of;
use crate::invite::contact;
use crate::limits::{ANSWERED_PER_CALL, INVITES_PER_CALL, T1, TRANSACTION};
use crate::media::MediaOffer;
use crate::message::{Name, Start};
use crate::negotiate::{self, Refusal};
use crate::reply::{Echo, More, phrase};
use crate::request::{Method, Request};
use crate::sdp::{Description, OwnOffer};
use crate::session::Session;
use crate::timer::Timer;
use crate::value::Via;
use crate::words::{CallId, Event, Flow, Protocol};

/// A request and the call that it belongs to.
struct Asked<'a> {
    now: Instant,
    id: CallId,
    key: TransactionKey,
    flow: Flow,
    request: &'a Request<'a>,
}

impl Endpoint {
    /// A request with a To tag that is neither ACK nor CANCEL.
    pub(crate) fn in_dialog(&mut self, now: Instant, flow: Flow, request: Request<'_>) {
        let tag = request.to_tag.as_deref().unwrap_or_default();
        let known = self
            .by_tag
            .get(tag)
            .copied()
            .filter(|id| self.calls.get(id).is_some_and(|c| c.dialog.matches(&request)));
        let Some(id) = known else {
            return self.refuse_request(flow, &request, 481, self.more());
        };
        if !self.may_speak(id, flow) {
            return self.refuse_request(flow, &request, 403, self.more());
        }
        let key = TransactionKey::of(&request, method_name(&request));
        if self.repeat_answer(id, &key) {
            return;
        }
        self.rebind(id, flow, request.via);
        let asked = Asked { now, id, key, flow, request: &request };
        match self.refuses(id, &request) {
            Some(Refusal { status, more }) => self.respond(&asked, status, more),
            None => self.dispatch(&asked),
        }
    }

    /// What a call of a trunk does is told by trunks alone (RELIABILITY.md, row 24); who else knows our tag has moved.
    pub(crate) fn may_speak(&self, id: CallId, flow: Flow) -> bool {
        let of_trunk = self.calls.get(&id).is_some_and(|call| call.of_trunk);
        !of_trunk || trunk_of(&self.config.trunks, flow.remote.ip()).is_some()
    }

    fn dispatch(&mut self, asked: &Asked<'_>) {
        match asked.request.method {
            Method::Bye => {
                let reason = negotiate::reason(asked.request.message);
                self.respond(asked, 200, self.more());
                self.quiet(asked.id);
                self.end(asked.now, asked.id, true, format!("BYE{reason}"));
            }
            Method::Info => self.info(asked),
            Method::Update => self.update(asked),
            Method::Invite => self.reinvite(asked),
            // RFC 3262, section 3: it "does not match any unacknowledged reliable provisional response".
            Method::Prack => self.respond(asked, 481, self.more()),
            _ => self.respond(asked, 200, self.capabilities()),
        }
    }

    /// What holds for every method: order, known extensions, a call that is still there.
    fn refuses(&mut self, id: CallId, request: &Request<'_>) -> Option<Refusal> {
        let more = self.more();
        let unsupported = self.unsupported(request);
        let call = self.calls.get_mut(&id)?;
        // RFC 3261, section 12.2.2: "the request is out of order and MUST be rejected with a 500".
        if request.cseq < call.dialog.remote_cseq {
            return Some(Refusal { status: 500, more });
        }
        call.dialog.remote_cseq = request.cseq;
        if call.phase == Phase::Leaving && request.method != Method::Bye {
            return Some(Refusal { status: 481, more });
        }
        unsupported.map(|(status, more)| Refusal { status, more })
    }

    /// A repetition gets the same answer.
    fn repeat_answer(&mut self, id: CallId, key: &TransactionKey) -> bool {
        let Some(call) = self.calls.get(&id) else { return false };
        let again = if let Some(answered) = call.answered.iter().find(|a| a.key == *key) {
            Some((answered.flow, answered.response.clone()))
        } else if let Some(invite) = call.invites.iter().find(|i| i.key == *key) {
            let open = matches!(invite.state, InviteState::Proceeding | InviteState::Failed);
            if !open {
                return true;
            }
            Some((invite.echo.flow, invite.response.clone()))
        } else {
            None
        };
        match again {
            Some((flow, response)) => {
                self.send(flow, response);
                true
            }
            None => false,
        }
    }

    /// Answers and remembers the answer; here an INVITE is only ever refused.
    fn respond(&mut self, asked: &Asked<'_>, status: u16, more: More) {
        let echo = Echo::of(asked.request.message, asked.request.via, asked.flow, true);
        let response = echo.response(status, phrase(status), "", &more);
        self.send(echo.flow, response.clone());
        let repeats = asked.request.method == Method::Invite
            && echo.flow.protocol == Protocol::Udp
            && self.has_room_for_invite(asked.id, asked.request.cseq);
        if !repeats {
            let key = asked.key.clone();
            return self.remember(asked.id, Answered { key, flow: echo.flow, response });
        }
        let cseq = self.add_invite(asked, echo, InviteState::Failed, response);
        self.timers.set(Timer::Response(asked.id, cseq), asked.now + T1);
        self.timers.set(Timer::GiveUp(asked.id, cseq), asked.now + TRANSACTION);
    }

    fn add_invite(
        &mut self,
        asked: &Asked<'_>,
        echo: Echo,
        state: InviteState,
        response: Vec<u8>,
    ) -> u32 {
        let (key, cseq) = (asked.key.clone(), asked.request.cseq);
        self.by_transaction.insert(key.clone(), asked.id);
        if let Some(call) = self.calls.get_mut(&asked.id) {
            call.invites.push(Invite {
                key,
                cseq,
                state,
                echo,
                response,
                interval: T1,
                offered: false,
            });
        }
        cseq
    }

    fn remember(&mut self, id: CallId, answered: Answered) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.answered.len() == ANSWERED_PER_CALL
            && let Some(oldest) = call.answered.pop_front()
        {
            self.by_transaction.remove(&oldest.key);
        }
        self.by_transaction.insert(answered.key.clone(), id);
        call.answered.push_back(answered);
    }

    /// Their requests may come from a new port or connection (a NAT that forgot, a connection that died); ours follow.
    pub(crate) fn rebind(&mut self, id: CallId, flow: Flow, via: &Via) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.flow = flow;
            call.credit = None;
            call.symmetric = via.params.has("rport");
            self.timers.cancel(Timer::Reconnect(id));
        }
    }

    fn info(&mut self, asked: &Asked<'_>) {
        let message = asked.request.message;
        let kind = message.text(Name::ContentType).unwrap_or_default().to_ascii_lowercase();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if message.body.is_empty() {
            return self.respond(asked, 200, self.more());
        }
        if kind != "application/dtmf-relay" && kind != "application/dtmf" {
            let more = self.more().needing("Accept", "application/dtmf-relay, application/dtmf");
            return self.respond(asked, 415, more);
        }
        match negotiate::key(kind, &message.body) {
            Some(key) => {
                self.respond(asked, 200, self.more());
                self.say(Event::Key { call: asked.id, key });
            }
            None => self.respond(asked, 400, self.more()),
        }
    }

    /// RFC 3311: new media, or only a sign of life.
    fn update(&mut self, asked: &Asked<'_>) {
        let (session, description) = match self.renegotiation(asked) {
            Ok(wanted) => wanted,
            Err(Refusal { status, more }) => return self.respond(asked, status, more),
        };
        let more = self.capabilities().with("Contact", self.contact(asked.flow));
        let mut more = Session::headers(session, more);
        if let Some(description) = description {
            match self.take_offer(asked.id, description) {
                Some(body) => more = more.sdp(body),
                None => return self.respond(asked, 500, self.more()),
            }
        }
        self.retarget(asked);
        self.respond(asked, 200, more);
        self.refreshed(asked, session);
    }

    /// RFC 3261, section 14.2.
    fn reinvite(&mut self, asked: &Asked<'_>) {
        if !self.has_room_for_invite(asked.id, asked.request.cseq) {
            return self.respond(asked, 500, self.more().needing("Retry-After", "1"));
        }
        let (session, description) = match self.renegotiation(asked) {
            Ok(wanted) => wanted,
            Err(Refusal { status, more }) => return self.respond(asked, status, more),
        };
        let offered = description.is_none();
        let body = match description {
            Some(description) => self.take_offer(asked.id, description),
            None => self.make_offer(asked.id),
        };
        let Some(body) = body else { return self.respond(asked, 500, self.more()) };
        self.retarget(asked);
        self.refreshed(asked, session);
        let echo = Echo::of(asked.request.message, asked.request.via, asked.flow, true);
        let cseq = self.add_invite(asked, echo, InviteState::Proceeding, Vec::new());
        let more = self.capabilities();
        self.accept(asked.now, asked.id, cseq, more, body, offered);
    }

    /// Drops what is only kept for repetitions when there is no room otherwise. There is none for a second INVITE with a
    /// CSeq that is in use: its ACK could not be told apart.
    fn has_room_for_invite(&mut self, id: CallId, cseq: u32) -> bool {
        let Some(call) = self.calls.get_mut(&id) else { return false };
        if call.invite(cseq).is_some() {
            return false;
        }
        if call.invites.len() < INVITES_PER_CALL {
            return true;
        }
        let done =
            |i: &Invite| matches!(i.state, InviteState::Acknowledged | InviteState::Confirmed);
        let Some(at) = call.invites.iter().position(done) else { return false };
        let old = call.invites.remove(at);
        self.by_transaction.remove(&old.key);
        self.timers.cancel(Timer::GiveUp(id, old.cseq));
        true
    }

    fn renegotiation(
        &self,
        asked: &Asked<'_>,
    ) -> Result<(Option<Session>, Option<Description>), Refusal> {
        let Asked { id, request, .. } = asked;
        let session = Session::wanted(request, self.more())?;
        let terms = self.terms(asked.flow);
        let description = negotiate::description(request.message, &terms, || self.more())?;
        // RFC 3311, section 5.2: 491 while an offer of ours has no answer.
        let offering = self.calls.get(id).is_some_and(|c| c.is_offering());
        if offering && (description.is_some() || request.method == Method::Invite) {
            return Err(Refusal { status: 491, more: self.more() });
        }
        Ok((session, description))
    }

    /// Answers with the media address of the first answer.
    fn take_offer(&mut self, id: CallId, mut description: Description) -> Option<String> {
        let call = self.calls.get_mut(&id)?;
        let local = call.local?;
        description.lock(call.media.crypto.as_ref(), || self.keys.draw());
        let body = call.describe(|origin| description.answer(origin, local));
        call.layout = Some(description.layout);
        self.change_media(id, description.offer);
        Some(body)
    }

    pub(crate) fn make_offer(&mut self, id: CallId) -> Option<String> {
        let fresh = [self.keys.draw(), self.keys.draw()];
        let call = self.calls.get(&id)?;
        let own = OwnOffer::new(call.layout.as_ref(), &call.media, &self.terms(call.flow), fresh);
        let call = self.calls.get_mut(&id)?;
        let local = call.local?;
        let body = call.describe(|origin| own.text(origin, local));
        call.own_offer = Some(own);
        Some(body)
    }

    pub(crate) fn change_media(&mut self, id: CallId, offer: MediaOffer) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.media != offer {
            call.media = offer.clone();
            self.say(Event::MediaChanged { call: id, offer });
        }
    }

    /// RFC 3261, section 12.2.2: the target of our requests is their last Contact.
    fn retarget(&mut self, asked: &Asked<'_>) {
        if let (Some(call), Some(target)) = (self.calls.get_mut(&asked.id), contact(asked.request))
        {
            call.dialog.target = target;
        }
    }

    fn refreshed(&mut self, asked: &Asked<'_>, session: Option<Session>) {
        if let Some(call) = self.calls.get_mut(&asked.id) {
            call.session = session;
            self.watch_session(asked.now, asked.id);
        }
    }
}

fn method_name<'a>(request: &Request<'a>) -> &'a str {
    match &request.message.start {
        Start::Request { method, .. } => method,
        Start::Status(_) => "",
    }
}
