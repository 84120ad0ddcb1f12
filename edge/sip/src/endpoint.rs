//! The endpoint: what comes in, sorted; what goes out, queued.
//!
//! State hangs off calls alone. Whatever makes no call (refusals, OPTIONS, junk) is answered without any state, as RFC
//! 3261, section 8.2.7 allows: a repetition gets the same answer again. So memory is bounded by `Config::calls_max`.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::time::Instant;

use crate::call::{Call, Phase, TransactionKey};
use crate::connection::Connection;
use crate::counters::Counters;
use crate::digest::Authority;
use crate::guard::{Guard, Source};
use crate::identity::trunk_of;
use crate::limits::{LEAVING_SPARE, RECONNECT, TRANSACTION};
use crate::message::{Fault, Framing, Message, Name, Start};
use crate::reply::{Echo, More, phrase};
use crate::request::{ALLOW, Method, Request};
use crate::sdp::Terms;
use crate::sdp::crypto::Keys;
use crate::timer::{Timer, Timers};
use crate::value::{Address, Via};
use crate::words::{CallId, Command, Config, ConnectionId, Event, Flow, Hangup, Output, Protocol};

/// What a peer may require of us. Of `100rel` (RFC 3262) that is much and little: we send no provisional response but 100,
/// which is never a reliable one, so there is nothing to repeat and nothing to wait for before the answer.
const EXTENSIONS: [&str; 2] = ["timer", "100rel"];

/// A SIP server without I/O; the law of its use stands at the top of this crate.
#[derive(Debug)]
pub struct Endpoint {
    pub(crate) config: Config,
    pub(crate) calls: BTreeMap<CallId, Call>,
    /// Calls that have not ended.
    pub(crate) live: usize,
    /// Live calls of strangers without an ACK.
    pub(crate) unproven: usize,
    /// Ended calls, the oldest first; may name some that are gone.
    pub(crate) leaving: VecDeque<CallId>,
    pub(crate) by_transaction: HashMap<TransactionKey, CallId>,
    pub(crate) by_tag: HashMap<String, CallId>,
    pub(crate) by_branch: HashMap<String, CallId>,
    /// Call-ID, From tag and CSeq of first INVITEs (RFC 3261, section 8.2.2.2).
    pub(crate) by_merge_key: HashMap<String, CallId>,
    pub(crate) connections: BTreeMap<ConnectionId, Connection>,
    pub(crate) timers: Timers,
    pub(crate) guard: Guard,
    pub(crate) authority: Authority,
    pub(crate) keys: Keys,
    pub(crate) draining: bool,
    counters: Counters,
    next_call: u64,
    tokens: u64,
    outputs: VecDeque<Output>,
}

impl Endpoint {
    pub fn new(mut config: Config) -> Self {
        config.product.retain(|c| !c.is_control());
        let guard = Guard::new(config.stranger_calls_per_second, config.seed);
        let phones = std::mem::take(&mut config.phones);
        let key = std::mem::take(&mut config.nonce_key);
        let authority = Authority::new(config.realm.clone(), *key.octets(), phones);
        let keys = Keys::new(std::mem::take(&mut config.srtp_seed));
        Endpoint {
            config,
            guard,
            authority,
            keys,
            calls: BTreeMap::new(),
            live: 0,
            unproven: 0,
            leaving: VecDeque::new(),
            by_transaction: HashMap::new(),
            by_tag: HashMap::new(),
            by_branch: HashMap::new(),
            by_merge_key: HashMap::new(),
            connections: BTreeMap::new(),
            timers: Timers::default(),
            draining: false,
            counters: Counters::default(),
            next_call: 0,
            tokens: 0,
            outputs: VecDeque::new(),
        }
    }

    /// Takes one UDP datagram.
    pub fn handle_datagram(&mut self, now: Instant, flow: Flow, bytes: &[u8]) {
        if !self.admits(now, flow) {
            return;
        }
        // RFC 3261, section 7.5: empty lines before the start line are ignored; alone they keep a NAT open.
        let start = bytes.iter().position(|b| !b"\r\n".contains(b)).unwrap_or(bytes.len());
        if let Ok(message) = Message::parse(&bytes[start..], Framing::Datagram) {
            self.handle_message(now, flow, &message);
        }
    }

    pub fn handle_command(&mut self, now: Instant, command: Command) {
        match command {
            Command::Answer { call, media } => self.answer(now, call, media),
            Command::Reject { call, status, retry_after } => {
                let status = if (300..700).contains(&status) { status } else { 480 };
                let seconds = retry_after.map(|d| d.as_secs().max(1).to_string());
                let more =
                    seconds.map_or(More::default(), |s| More::default().with("Retry-After", s));
                self.refuse(now, call, status, more, format!("rejected {status}"));
            }
            Command::HangUp { call, reason } => self.hang_up(now, call, reason),
            Command::Drain => self.draining = true,
        }
    }

    /// Does what is due. To be called when [`Endpoint::poll_timeout`] says so; earlier or later does no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.pop(now) {
            match timer {
                Timer::Response(call, cseq) => self.repeat_response(now, call, cseq),
                Timer::GiveUp(call, cseq) => self.give_up(now, call, cseq),
                Timer::Trying(call) => self.try_on(call),
                Timer::Unanswered(call) => {
                    self.refuse(now, call, 480, More::default(), "not answered".into());
                }
                Timer::Session(call) => self.hang_up(now, call, "session timer".into()),
                Timer::Refresh(call) => self.refresh(now, call),
                Timer::Asked(call) => self.repeat_refresh(now, call),
                Timer::Bye(call) => drop(self.repeat(now, Timer::Bye(call), call)),
                Timer::Gone(call) => self.forget(call),
                Timer::Reconnect(call) => self.end(now, call, true, "connection lost".into()),
                Timer::Connection(connection) => self.connection_timeout(now, connection),
            }
        }
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Calls that have not ended, half-open ones included.
    pub fn calls(&self) -> usize {
        self.live
    }

    /// Whether this message is read at all: a stranger may send only so many.
    pub(crate) fn admits(&mut self, now: Instant, flow: Flow) -> bool {
        let source = flow.remote.ip();
        let admitted = trunk_of(&self.config.trunks, source).is_some()
            || self.guard.admits_request(now, Source::of(source));
        self.counters.dropped += u64::from(!admitted);
        admitted
    }

    /// What has come and gone.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn handle_message(&mut self, now: Instant, flow: Flow, message: &Message) {
        if let Start::Status(status) = message.start {
            return self.response(now, message, status);
        }
        // Without a Via there is no way back.
        let Ok(via) = message.top_via() else { return };
        match Request::read(message, &via) {
            Ok(request) => self.request(now, flow, request),
            Err(fault) => self.refuse_fault(flow, message, &via, fault),
        }
    }

    fn request(&mut self, now: Instant, flow: Flow, request: Request<'_>) {
        self.counters.note_request(&request.method);
        match (&request.method, request.to_tag.is_some()) {
            (Method::Ack, _) => self.ack(now, flow, request),
            (Method::Cancel, _) => self.cancel(now, flow, request),
            (Method::Unknown, _) => self.refuse_request(flow, &request, 501, self.more()),
            (Method::Refused, _) => self.refuse_request(flow, &request, 405, self.allowing()),
            (Method::Register, _) => self.register(now, flow, request),
            (Method::Invite, false) => self.invite(now, flow, request),
            (_, true) => self.in_dialog(now, flow, request),
            (Method::Options, false) => self.options(flow, &request),
            (Method::Bye | Method::Info | Method::Update | Method::Prack, false) => {
                self.refuse_request(flow, &request, 481, self.more());
            }
        }
    }

    /// Says whether an INVITE would be taken now, so that a trunk that asks every few seconds learns about a drain. Any
    /// user is served: monitors ask for names of their own.
    fn options(&mut self, flow: Flow, request: &Request<'_>) {
        if let Some(more) = self.busy() {
            return self.refuse_request(flow, request, 503, more);
        }
        if let Some((status, more)) = self.unsupported(request) {
            return self.refuse_request(flow, request, status, more);
        }
        let more = self.capabilities();
        self.refuse_request(flow, request, 200, more);
    }

    /// Answers without keeping anything.
    pub(crate) fn refuse_request(
        &mut self,
        flow: Flow,
        request: &Request<'_>,
        status: u16,
        more: More,
    ) {
        let echo = Echo::of(request.message, request.via, flow, request.to_tag.is_some());
        let tag = self.stateless_tag(&request.call_id, request.from_tag.as_deref());
        let bytes = echo.refusal(status, phrase(status), &tag, &more);
        self.send(echo.flow, bytes);
    }

    fn refuse_fault(&mut self, flow: Flow, message: &Message, via: &Via, fault: Fault) {
        // RFC 3261, section 17: an ACK is never answered.
        if matches!(&message.start, Start::Request { method, .. } if method == "ACK") {
            return;
        }
        let to = Address::parse(&message.text(Name::To).unwrap_or_default());
        let tagged = to.is_ok_and(|to| to.params.has("tag"));
        let echo = Echo::of(message, via, flow, tagged);
        let tag = self.stateless_tag(&message.text(Name::CallId).unwrap_or_default(), None);
        let bytes = echo.refusal(fault.status, fault.reason, &tag, &self.more());
        self.send(echo.flow, bytes);
    }

    /// What refuses a broken stream: its head is whole, or answered no better than junk.
    pub(crate) fn refuse_head(&mut self, flow: Flow, head: &[u8], fault: Fault) {
        let whole = [head, b"\r\n\r\n"].concat();
        let Ok(mut message) = Message::parse(&whole, Framing::Datagram) else { return };
        message.fault = Some(fault);
        let is_request = matches!(message.start, Start::Request { .. });
        if let Some(via) = message.top_via().ok().filter(|_| is_request) {
            self.refuse_fault(flow, &message, &via, fault);
        }
    }

    /// 503's headers, while no new call is taken.
    pub(crate) fn busy(&self) -> Option<More> {
        let seconds = match () {
            () if self.draining => crate::limits::RETRY_DRAIN,
            () if self.live >= self.config.calls_max => crate::limits::RETRY_FULL,
            () => return None,
        };
        Some(self.more().needing("Retry-After", seconds.to_string()))
    }

    /// RFC 3261, section 8.2.2.3: extensions that we don't know; and what the peer would not accept back.
    pub(crate) fn unsupported(&self, request: &Request<'_>) -> Option<(u16, More)> {
        let Ok(required) = request.message.list(Name::Require) else {
            return Some((400, self.more()));
        };
        let unknown: Vec<_> = required
            .into_iter()
            .filter(|r| !r.is_empty() && !EXTENSIONS.iter().any(|e| r.eq_ignore_ascii_case(e)))
            .collect();
        if !unknown.is_empty() {
            return Some((420, self.more().needing("Unsupported", unknown.join(", "))));
        }
        let accepted = request.message.list(Name::Accept).unwrap_or_default();
        let suits = |a: &String| {
            let kind = a.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
            ["", "*/*", "application/*", "application/sdp"].contains(&kind.as_str())
        };
        // Nothing but the answer to an INVITE has a body.
        let answers = request.method == Method::Invite;
        if answers && !accepted.is_empty() && !accepted.iter().any(suits) {
            return Some((406, self.more()));
        }
        None
    }

    pub(crate) fn more(&self) -> More {
        More::default().with("Server", &self.config.product)
    }

    pub(crate) fn allowing(&self) -> More {
        self.more().needing("Allow", ALLOW)
    }

    pub(crate) fn capabilities(&self) -> More {
        self.more()
            .with("Allow", ALLOW)
            .with("Accept", "application/sdp, application/dtmf-relay")
            .with("Supported", EXTENSIONS.join(", "))
    }

    /// What we would agree to with who is there: trunks know best what costs them least, phones get what sounds best.
    pub(crate) fn terms(&self, flow: Flow) -> Terms<'_> {
        Terms {
            codecs: &self.config.codecs,
            in_their_order: trunk_of(&self.config.trunks, flow.remote.ip()).is_some(),
            srtp: self.config.srtp,
            is_secure: matches!(flow.protocol, Protocol::Tls(_)),
        }
    }

    pub(crate) fn contact(&self, flow: Flow) -> String {
        match flow.protocol {
            Protocol::Udp => format!("<sip:{}>", self.config.advertised),
            Protocol::Tcp(_) => format!("<sip:{};transport=tcp>", self.config.advertised),
            Protocol::Tls(_) => format!("<sip:{};transport=tls>", self.config.advertised_tls),
        }
    }

    /// Unless its connection has gone.
    pub(crate) fn send(&mut self, flow: Flow, bytes: Vec<u8>) {
        if flow.protocol.connection().is_none_or(|c| self.connections.contains_key(&c)) {
            self.counters.note_sent(&bytes);
            self.outputs.push_back(Output::Send { flow, bytes });
        }
    }

    /// For a call; nothing when its sender may be forged and has got enough for what it sent.
    pub(crate) fn send_in(&mut self, id: CallId, flow: Flow, bytes: Vec<u8>) {
        if let Some(credit) = self.calls.get_mut(&id).and_then(|call| call.credit.as_mut()) {
            let Some(left) = credit.checked_sub(bytes.len()) else { return };
            *credit = left;
        }
        self.send(flow, bytes);
    }

    pub(crate) fn close(&mut self, connection: ConnectionId) {
        self.outputs.push_back(Output::Close { connection });
    }

    pub(crate) fn say(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    pub(crate) fn next_call(&mut self) -> CallId {
        self.next_call += 1;
        CallId(self.next_call)
    }

    /// A tag, a branch or an id that nobody can foresee who doesn't know the seed.
    pub(crate) fn token(&mut self) -> u64 {
        self.tokens += 1;
        self.secret((self.tokens, "token"))
    }

    /// The same for each repetition of a request, as RFC 3261, section 8.2.7 wants it.
    fn stateless_tag(&self, call_id: &str, from_tag: Option<&str>) -> String {
        format!("{:016x}", self.secret((call_id, from_tag, "stateless")))
    }

    fn secret(&self, of: impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.config.seed, of).hash(&mut hasher);
        hasher.finish()
    }

    /// Says [`Event::Ended`], once, and keeps the call only for retransmissions.
    pub(crate) fn end(&mut self, now: Instant, id: CallId, by_peer: bool, detail: String) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.phase == Phase::Leaving {
            return;
        }
        call.phase = Phase::Leaving;
        (call.description, call.layout, call.own_offer) = (None, None, None);
        self.prove(id);
        self.live -= 1;
        let before_the_end = [
            Timer::Trying,
            Timer::Unanswered,
            Timer::Session,
            Timer::Refresh,
            Timer::Asked,
            Timer::Reconnect,
        ];
        for timer in before_the_end.map(|timer: fn(CallId) -> Timer| timer(id)) {
            self.timers.cancel(timer);
        }
        self.timers.set(Timer::Gone(id), now + TRANSACTION);
        self.leaving.push_back(id);
        self.evict();
        self.say(Event::Ended { call: id, how: Hangup { by_peer, detail } });
    }

    /// The call is no longer one of a stranger without ACK; whether it was.
    pub(crate) fn prove(&mut self, id: CallId) -> bool {
        let unproven = self.calls.get_mut(&id).map(|c| std::mem::take(&mut c.unproven));
        let was = unproven == Some(true);
        self.unproven -= usize::from(was);
        was
    }

    /// Ended calls cost memory for 32 s; in a flood the oldest go first. A peer that repeats itself then hears 481.
    fn evict(&mut self) {
        while self.leaving.len() > self.config.calls_max + LEAVING_SPARE {
            if let Some(oldest) = self.leaving.pop_front() {
                self.forget(oldest);
            }
        }
    }

    pub(crate) fn forget(&mut self, id: CallId) {
        if self.calls.get(&id).is_none_or(|c| c.phase != Phase::Leaving) {
            return;
        }
        let Some(call) = self.calls.remove(&id) else { return };
        for invite in &call.invites {
            self.by_transaction.remove(&invite.key);
            self.timers.cancel(Timer::Response(id, invite.cseq));
            self.timers.cancel(Timer::GiveUp(id, invite.cseq));
        }
        for answered in &call.answered {
            self.by_transaction.remove(&answered.key);
        }
        let refresh = call.refresh.as_ref().map(|refresh| &refresh.ours);
        for ours in call.bye.iter().chain(refresh) {
            self.by_branch.remove(&ours.branch);
        }
        self.by_tag.remove(&call.dialog.local_tag);
        self.by_merge_key.remove(&call.merge_key);
        self.timers.cancel(Timer::Bye(id));
        self.timers.cancel(Timer::Gone(id));
        // Nearly in order: what is gone from the middle goes with those before it.
        while self.leaving.front().is_some_and(|l| !self.calls.contains_key(l)) {
            self.leaving.pop_front();
        }
    }

    /// The calls of a dead connection: those without an answer are over, the others may come back.
    pub(crate) fn orphan(&mut self, now: Instant, connection: ConnectionId) {
        let on_it = |c: &&Call| c.flow.protocol.connection() == Some(connection);
        let orphans: Vec<_> = self.calls.values().filter(on_it).map(|c| (c.id, c.phase)).collect();
        for (id, phase) in orphans {
            match phase {
                Phase::Ringing => self.end(now, id, true, "connection lost".into()),
                Phase::Answered | Phase::Confirmed => {
                    self.timers.set(Timer::Reconnect(id), now + RECONNECT);
                }
                Phase::Leaving => {}
            }
        }
    }
}

/// What [`Echo::of`] and events call the sender.
pub(crate) fn source(flow: Flow) -> SocketAddr {
    SocketAddr::new(crate::reply::canonical(flow.remote.ip()), flow.remote.port())
}

#[cfg(test)]
pub(crate) mod tests;
