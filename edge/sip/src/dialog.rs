//! Requests inside a call, theirs and ours.

use std::time::Instant;

use crate::call::{Answered, Bye, Invite, InviteState, Phase, TransactionKey};
use crate::endpoint::Endpoint;
use crate::invite::contact;
use crate::limits::{ANSWERED_PER_CALL, INVITES_PER_CALL, T1, T2, TRANSACTION};
use crate::message::{Message, Method, Name, Request, Start};
use crate::negotiate::{self, Refusal};
use crate::reply::{Echo, More, phrase};
use crate::sdp::{self, Description};
use crate::timer::Timer;
use crate::value::{self, Uri};
use crate::words::{CallId, Event, Flow, MediaOffer, Protocol};

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
        let key = TransactionKey::of(&request, method_name(&request));
        if self.repeat_answer(id, &key) {
            return;
        }
        self.rebind(id, flow);
        match self.refuses(id, &request) {
            Some(Refusal { status, more }) => {
                self.respond(id, key, flow, &request, status, more);
            }
            None => self.dispatch(now, id, key, flow, request),
        }
    }

    fn dispatch(
        &mut self,
        now: Instant,
        id: CallId,
        key: TransactionKey,
        flow: Flow,
        request: Request<'_>,
    ) {
        match request.method {
            Method::Bye => {
                let reason = negotiate::reason(request.message);
                self.respond(id, key, flow, &request, 200, self.more());
                self.quiet(id);
                self.end(now, id, true, format!("BYE{reason}"));
            }
            Method::Info => self.info(id, key, flow, &request),
            Method::Update => self.update(now, id, key, flow, &request),
            Method::Invite => self.reinvite(now, id, key, flow, request),
            _ => self.respond(id, key, flow, &request, 200, self.capabilities()),
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

    /// Answers and remembers the answer. Refused re-INVITEs are answered here as well: their ACK is absorbed, and the
    /// answer comes again with each repetition of the request.
    fn respond(
        &mut self,
        id: CallId,
        key: TransactionKey,
        flow: Flow,
        request: &Request<'_>,
        status: u16,
        more: More,
    ) {
        let echo = Echo::of(request.message, request.via, flow, true);
        let response = echo.response(status, phrase(status), "", &more);
        self.send(echo.flow, response.clone());
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.answered.len() == ANSWERED_PER_CALL
            && let Some(oldest) = call.answered.pop_front()
        {
            self.by_transaction.remove(&oldest.key);
        }
        call.answered.push_back(Answered { key: key.clone(), flow: echo.flow, response });
        self.by_transaction.insert(key, id);
    }

    /// Their requests may come from a new port or connection (a NAT that forgot, a connection that died); ours follow.
    pub(crate) fn rebind(&mut self, id: CallId, flow: Flow) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.flow = flow;
            self.timers.cancel(Timer::Reconnect(id));
        }
    }

    fn info(&mut self, id: CallId, key: TransactionKey, flow: Flow, request: &Request<'_>) {
        let kind = request.message.text(Name::ContentType).unwrap_or_default().to_ascii_lowercase();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if request.message.body.is_empty() {
            return self.respond(id, key, flow, request, 200, self.more());
        }
        if kind != "application/dtmf-relay" && kind != "application/dtmf" {
            let more = self.more().needing("Accept", "application/dtmf-relay, application/dtmf");
            return self.respond(id, key, flow, request, 415, more);
        }
        match negotiate::key(kind, &request.message.body) {
            Some(pressed) => {
                self.respond(id, key, flow, request, 200, self.more());
                self.say(Event::Key { call: id, key: pressed });
            }
            None => self.respond(id, key, flow, request, 400, self.more()),
        }
    }

    /// RFC 3311: new media, or only a sign of life.
    fn update(
        &mut self,
        now: Instant,
        id: CallId,
        key: TransactionKey,
        flow: Flow,
        request: &Request<'_>,
    ) {
        match self.renegotiation(id, request) {
            Ok((session, description)) => {
                let more = self.capabilities().with("Contact", self.contact(flow));
                let mut more = negotiate::session_headers(more, session);
                self.retarget(id, request);
                if let Some(description) = description {
                    match self.take_offer(id, &description) {
                        Some(body) => more = more.sdp(body),
                        None => return self.respond(id, key, flow, request, 500, self.more()),
                    }
                }
                self.respond(id, key, flow, request, 200, more);
                self.refresh(now, id, session);
            }
            Err(Refusal { status, more }) => self.respond(id, key, flow, request, status, more),
        }
    }

    /// RFC 3261, section 14.2.
    fn reinvite(
        &mut self,
        now: Instant,
        id: CallId,
        key: TransactionKey,
        flow: Flow,
        request: Request<'_>,
    ) {
        // A second INVITE with a CSeq that is in use is out of order as well: its ACK could not be told apart.
        let taken = self.calls.get_mut(&id).is_some_and(|c| c.invite(request.cseq).is_some());
        if taken || !self.has_room_for_invite(id) {
            let more = self.more().needing("Retry-After", "1");
            return self.respond(id, key, flow, &request, 500, more);
        }
        let (session, description) = match self.renegotiation(id, &request) {
            Ok(wanted) => wanted,
            Err(Refusal { status, more }) => {
                return self.respond(id, key, flow, &request, status, more);
            }
        };
        self.retarget(id, &request);
        let offered = description.is_none();
        let body = match description {
            Some(description) => self.take_offer(id, &description),
            None => self.make_offer(id),
        };
        let Some(body) = body else {
            return self.respond(id, key, flow, &request, 500, self.more());
        };
        let echo = Echo::of(request.message, request.via, flow, true);
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.invites.push(Invite {
            key: key.clone(),
            cseq: request.cseq,
            state: InviteState::Proceeding,
            echo,
            response: Vec::new(),
            interval: T1,
            offered,
        });
        self.by_transaction.insert(key, id);
        self.refresh(now, id, session);
        let more = self.capabilities();
        self.accept(now, id, request.cseq, more, body, offered);
    }

    /// Drops what is only kept for repetitions when there is no room otherwise.
    fn has_room_for_invite(&mut self, id: CallId) -> bool {
        let Some(call) = self.calls.get_mut(&id) else { return false };
        if call.invites.len() < INVITES_PER_CALL {
            return true;
        }
        let idle = call.invites.iter().position(|i| i.state == InviteState::Acknowledged);
        let Some(at) = idle else { return false };
        let old = call.invites.remove(at);
        self.by_transaction.remove(&old.key);
        self.timers.cancel(Timer::GiveUp(id, old.cseq));
        true
    }

    fn renegotiation(
        &self,
        id: CallId,
        request: &Request<'_>,
    ) -> Result<(Option<u32>, Option<Description>), Refusal> {
        let session = negotiate::session(request, self.more())?;
        let description = negotiate::description(request.message, || self.more())?;
        // RFC 3311, section 5.2: 491 while an offer of ours has no answer.
        let offering = self.calls.get(&id).is_some_and(|c| c.is_offering());
        if offering && (description.is_some() || request.method == Method::Invite) {
            return Err(Refusal { status: 491, more: self.more() });
        }
        Ok((session, description))
    }

    /// Answers with the media address of the first answer.
    fn take_offer(&mut self, id: CallId, description: &Description) -> Option<String> {
        let call = self.calls.get_mut(&id)?;
        let local = call.local?;
        let body = call.describe(|origin| description.answer(origin, local));
        self.change_media(id, description.offer.clone());
        Some(body)
    }

    fn make_offer(&mut self, id: CallId) -> Option<String> {
        let call = self.calls.get_mut(&id)?;
        let (local, media) = (call.local?, call.media.clone());
        Some(call.describe(|origin| sdp::own_offer(origin, local, &media)))
    }

    pub(crate) fn change_media(&mut self, id: CallId, offer: MediaOffer) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.media != offer {
            call.media = offer.clone();
            self.say(Event::MediaChanged { call: id, offer });
        }
    }

    /// RFC 3261, section 12.2.2: the target of our requests is their last Contact.
    fn retarget(&mut self, id: CallId, request: &Request<'_>) {
        if let (Some(call), Some(target)) = (self.calls.get_mut(&id), contact(request)) {
            call.dialog.target = target;
        }
    }

    fn refresh(&mut self, now: Instant, id: CallId, session: Option<u32>) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.session = session;
            self.watch_session(now, id);
        }
    }

    /// RFC 4028, section 10: who doesn't refresh ends the session "slightly before": by a third, at most 32 s.
    pub(crate) fn watch_session(&mut self, now: Instant, id: CallId) {
        match self.calls.get(&id).and_then(|c| c.session) {
            Some(seconds) => {
                let wait = seconds - (seconds / 3).min(32);
                let at = now + std::time::Duration::from_secs(wait.into());
                self.timers.set(Timer::Session(id), at);
            }
            None => self.timers.cancel(Timer::Session(id)),
        }
    }

    /// Nothing of ours is repeated to a peer that has gone.
    fn quiet(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.bye_wanted = None;
        for invite in &mut call.invites {
            if invite.state == InviteState::Accepted {
                invite.state = InviteState::Acknowledged;
                self.timers.cancel(Timer::Response(id, invite.cseq));
            }
        }
    }

    /// BYE, when its time has come; before the answer 480.
    pub(crate) fn hang_up(&mut self, now: Instant, id: CallId, reason: String) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        match call.phase {
            Phase::Ringing => {
                let more = More::default().with("Reason", reason_header(&reason));
                return self.refuse(now, id, 480, more, reason);
            }
            Phase::Answered => call.bye_wanted = Some(reason.clone()),
            Phase::Confirmed => self.send_bye(now, id, &reason),
            Phase::Leaving => return,
        }
        self.end(now, id, false, reason);
    }

    pub(crate) fn send_bye(&mut self, now: Instant, id: CallId, reason: &str) {
        let branch = format!("z9hG4bK{:016x}", self.token());
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.dialog.local_cseq += 1;
        let flow = call.flow;
        let bytes = self.bye(id, &branch, reason);
        let bye = Bye {
            branch: branch.clone(),
            bytes: bytes.clone(),
            interval: T1,
            give_up: now + TRANSACTION,
        };
        if let Some(call) = self.calls.get_mut(&id) {
            call.bye = Some(bye);
        }
        self.by_branch.insert(branch, id);
        if flow.protocol == Protocol::Udp {
            self.timers.set(Timer::Bye(id), now + T1);
        }
        self.timers.set(Timer::Gone(id), now + TRANSACTION);
        self.send(flow, bytes);
    }

    fn bye(&self, id: CallId, branch: &str, reason: &str) -> Vec<u8> {
        let call = &self.calls[&id];
        let (dialog, flow) = (&call.dialog, call.flow);
        let transport = if flow.protocol == Protocol::Udp { "UDP" } else { "TCP" };
        let (target, routes) = way(&dialog.target, &dialog.routes);
        let mut out = format!("BYE {target} SIP/2.0\r\n").into_bytes();
        let mut line = |name: &str, value: &[u8]| {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value);
            out.extend_from_slice(b"\r\n");
        };
        let via = format!("SIP/2.0/{transport} {};branch={branch};rport", self.config.advertised);
        line("Via", via.as_bytes());
        line("Max-Forwards", b"70");
        for route in &routes {
            line("Route", route.as_bytes());
        }
        line("From", &[&dialog.local, b";tag=".as_slice(), dialog.local_tag.as_bytes()].concat());
        line("To", &dialog.remote);
        line("Call-ID", dialog.call_id.as_bytes());
        line("CSeq", format!("{} BYE", dialog.local_cseq).as_bytes());
        line("Reason", reason_header(reason).as_bytes());
        line("User-Agent", self.config.product.as_bytes());
        line("Content-Length", b"0");
        out.extend_from_slice(b"\r\n");
        out
    }

    pub(crate) fn repeat_bye(&mut self, now: Instant, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let flow = call.flow;
        let Some(bye) = call.bye.as_mut().filter(|b| now < b.give_up) else { return };
        bye.interval = (bye.interval * 2).min(T2);
        let (bytes, next) = (bye.bytes.clone(), now + bye.interval);
        self.timers.set(Timer::Bye(id), next);
        self.send(flow, bytes);
    }

    /// A response to our BYE; others are nobody's.
    pub(crate) fn response(&mut self, now: Instant, message: &Message, status: u16) {
        let Ok(via) = message.top_via() else { return };
        let method = message.text(Name::CSeq).and_then(|c| value::cseq(&c).ok()).map(|(_, m)| m);
        let Some(id) = via.branch().and_then(|b| self.by_branch.get(b)).copied() else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        if method.as_deref() != Some("BYE") || message.fault.is_some() {
            return;
        }
        if status < 200 {
            // RFC 3261, figure 6: in Proceeding it is repeated every T2.
            if let Some(bye) = &mut call.bye {
                bye.interval = T2;
                self.timers.set(Timer::Bye(id), now + T2);
            }
            return;
        }
        if let Some(bye) = call.bye.take() {
            self.by_branch.remove(&bye.branch);
        }
        self.timers.cancel(Timer::Bye(id));
    }
}

fn method_name<'a>(request: &Request<'a>) -> &'a str {
    match &request.message.start {
        Start::Request { method, .. } => method,
        Start::Status(_) => "",
    }
}

/// Request-URI and Route of our requests (RFC 3261, section 12.2.1.1): a first proxy without `lr` is a strict router,
/// which wants itself in the Request-URI and the target last.
fn way(target: &str, routes: &[String]) -> (String, Vec<String>) {
    let Some(first) = routes.first() else { return (target.to_owned(), Vec::new()) };
    let address = value::Address::parse(first).ok();
    let uri = address.and_then(|a| Uri::parse(&a.uri).ok());
    match uri {
        Some(uri) if !uri.params.has("lr") => {
            let last = format!("<{target}>");
            (uri.text, routes[1..].iter().cloned().chain([last]).collect())
        }
        _ => (target.to_owned(), routes.to_vec()),
    }
}

/// RFC 3326. Text becomes the text of a normal clearing (Q.850, cause 16); a value that is one already stays.
fn reason_header(reason: &str) -> String {
    let clean: String =
        reason.chars().filter(|c| (' '..='~').contains(c) && *c != '\\').take(128).collect();
    if clean.contains(";cause=") {
        return clean;
    }
    format!("Q.850;cause=16;text=\"{}\"", clean.replace('"', "'"))
}
