//! Session timers (RFC 4028): who shows signs of life, how often, and what becomes of a call that shows none.

use std::time::{Duration, Instant};

use crate::call::{InviteState, Phase};
use crate::client::{Added, Ours};
use crate::endpoint::Endpoint;
use crate::invite::contact_of;
use crate::limits::{MAX_SESSION, MIN_SESSION, REFRESH_AGAIN, REFRESH_AGAIN_MAX, T1, T2};
use crate::message::{Message, Name};
use crate::negotiate::{self, Refusal};
use crate::reply::More;
use crate::request::Request;
use crate::sdp::OwnOffer;
use crate::timer::Timer;
use crate::value::{self, Params};
use crate::words::{CallId, Protocol};

/// What was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) seconds: u32,
    /// The refresher is we, not the peer.
    pub(crate) ours: bool,
}

/// Our sign of life.
#[derive(Debug)]
pub(crate) struct Refresh {
    pub(crate) ours: Ours,
    /// A 2xx to our INVITE came: for its repetitions.
    acknowledgement: Option<Vec<u8>>,
    answered: bool,
}

impl Refresh {
    /// An INVITE of ours has no final answer: the peer's have to wait (RFC 3261, section 14.2).
    pub(crate) fn is_inviting(&self) -> bool {
        self.ours.method == "INVITE" && !self.answered
    }
}

impl Session {
    /// What a request asks for. The peer refreshes where it can and doesn't want us to; a proxy may ask for a phone that
    /// knows nothing of it, and then we do (section 9, table 2).
    pub(crate) fn wanted(request: &Request<'_>, more: More) -> Result<Option<Self>, Refusal> {
        let Some(text) = request.message.text(Name::SessionExpires) else { return Ok(None) };
        let Some((seconds, refresher)) = interval(&text) else {
            return Err(Refusal { status: 400, more });
        };
        if seconds < MIN_SESSION {
            let more = more.needing("Min-SE", MIN_SESSION.to_string());
            return Err(Refusal { status: 422, more });
        }
        let able = request.message.lists(Name::Supported, "timer")
            || request.message.lists(Name::Require, "timer");
        let ours = !able || refresher.is_some_and(|r| r.eq_ignore_ascii_case("uas"));
        Ok(Some(Session { seconds: seconds.min(MAX_SESSION), ours }))
    }

    /// Of a 2xx to a request of ours: without the header there is no timer (section 7.2).
    fn agreed(response: &Message) -> Option<Self> {
        let (seconds, refresher) = interval(&response.text(Name::SessionExpires)?)?;
        let ours = refresher.is_none_or(|r| !r.eq_ignore_ascii_case("uas"));
        Some(Session { seconds: seconds.clamp(MIN_SESSION, MAX_SESSION), ours })
    }

    /// Section 9: with `refresher=uac` the 2xx also carries `Require: timer`.
    pub(crate) fn headers(session: Option<Self>, more: More) -> More {
        match session {
            Some(Session { seconds, ours: false }) => more
                .with("Session-Expires", format!("{seconds};refresher=uac"))
                .with("Require", "timer"),
            Some(Session { seconds, ours: true }) => {
                more.with("Session-Expires", format!("{seconds};refresher=uas"))
            }
            None => more,
        }
    }
}

/// `1800;refresher=uac`.
fn interval(text: &str) -> Option<(u32, Option<String>)> {
    let (seconds, params) = text.split_at(text.find(';').unwrap_or(text.len()));
    let params = Params::parse(params).ok()?;
    Some((value::number(seconds.trim()).ok()?, params.get("refresher").map(str::to_owned)))
}

impl Endpoint {
    /// Section 10: half of the interval is when to refresh; who hears nothing ends the session "slightly before" it
    /// expires: by a third, at most 32 s.
    pub(crate) fn watch_session(&mut self, now: Instant, id: CallId) {
        self.timers.cancel(Timer::Refresh(id));
        let Some(session) = self.calls.get(&id).and_then(|c| c.session) else {
            return self.timers.cancel(Timer::Session(id));
        };
        let seconds = session.seconds;
        let wait = Duration::from_secs((seconds - (seconds / 3).min(32)).into());
        self.timers.set(Timer::Session(id), now + wait);
        if session.ours {
            self.timers.set(Timer::Refresh(id), now + Duration::from_secs(seconds.into()) / 2);
        }
    }

    /// It is our turn: an UPDATE without SDP where the peer knows it, otherwise an INVITE that offers what holds.
    pub(crate) fn refresh(&mut self, now: Instant, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let Some(session) = call.session.filter(|_| call.phase == Phase::Confirmed) else { return };
        let waits = |i: &crate::call::Invite| i.state == InviteState::Accepted;
        let busy =
            !call.takes_update && (call.own_offer.is_some() || call.invites.iter().any(waits));
        if busy || call.refresh.as_ref().is_some_and(|r| !r.answered) {
            return self.timers.set(Timer::Refresh(id), now + T2);
        }
        let (takes_update, flow) = (call.takes_update, call.flow);
        let mut added = Added::default()
            .with("Contact", self.contact(flow))
            .with("Supported", "timer")
            .with("Session-Expires", format!("{};refresher=uac", session.seconds));
        if session.seconds > MIN_SESSION {
            added = added.with("Min-SE", MIN_SESSION.to_string());
        }
        let asked = match takes_update {
            true => self.ask(now, id, "UPDATE", &added),
            false => {
                let Some(body) = self.offer_again(id) else { return };
                let added = added.with("Allow", crate::request::ALLOW).sdp(body);
                self.ask(now, id, "INVITE", &added)
            }
        };
        let (Some(ours), Some(call)) = (asked, self.calls.get_mut(&id)) else { return };
        // Over a stream nothing is repeated, but no answer is as bad.
        let first = if flow.protocol == Protocol::Udp { now + T1 } else { ours.give_up };
        if let Some(former) = call.refresh.take() {
            self.by_branch.remove(&former.ours.branch);
        }
        call.refresh = Some(Refresh { ours, acknowledgement: None, answered: false });
        self.timers.set(Timer::Asked(id), first);
    }

    /// The description that holds, in its own words.
    fn offer_again(&mut self, id: CallId) -> Option<String> {
        let call = self.calls.get_mut(&id)?;
        let own = OwnOffer::again(call.layout.as_ref()?, &call.media);
        let local = call.local?;
        let body = call.describe(|origin| own.text(origin, local));
        call.own_offer = Some(own);
        Some(body)
    }

    pub(crate) fn repeat_refresh(&mut self, now: Instant, id: CallId) {
        if !self.repeat(now, Timer::Asked(id), id) {
            self.hang_up(now, id, "session timer".into());
        }
    }

    pub(crate) fn refresh_answered(
        &mut self,
        now: Instant,
        id: CallId,
        method: &str,
        cseq: u32,
        message: &Message,
        status: u16,
    ) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(refresh) = &mut call.refresh else { return };
        if (refresh.ours.method, refresh.ours.cseq) != (method, cseq) {
            return;
        }
        if status < 200 {
            return self.refresh_heard(now, id);
        }
        let flow = refresh.ours.flow;
        if refresh.answered {
            // RFC 3261, section 13.2.2.4: each repetition of the answer gets its ACK again.
            if let Some(bytes) = refresh.acknowledgement.clone() {
                self.send_in(id, flow, bytes);
            }
            return;
        }
        refresh.answered = true;
        let branch = refresh.ours.branch.clone();
        self.timers.cancel(Timer::Asked(id));
        if method == "INVITE" {
            let former = (status >= 300).then_some(branch.as_str());
            if status < 300 {
                self.retarget_by(id, message);
            }
            let acknowledgement = self.acknowledge(id, cseq, former);
            if let Some(refresh) = self.calls.get_mut(&id).and_then(|c| c.refresh.as_mut()) {
                refresh.acknowledgement = Some(acknowledgement);
            }
        }
        let own = self.calls.get_mut(&id).and_then(|call| call.own_offer.take());
        if self.calls.get(&id).is_none_or(|call| call.phase != Phase::Confirmed) {
            return;
        }
        if status >= 300 {
            return self.refresh_refused(now, id, method, message, status);
        }
        if let (Some(own), Ok(Some(body))) = (own, negotiate::sdp_of(message, More::default))
            && let Ok(answer) = own.read_answer(&body)
        {
            self.change_media(id, answer);
        }
        if let Some(call) = self.calls.get_mut(&id) {
            call.session = Session::agreed(message);
        }
        self.watch_session(now, id);
    }

    /// RFC 3261, figures 5 and 6: a provisional answer stops the repeating of an INVITE; that of others slows down.
    fn refresh_heard(&mut self, now: Instant, id: CallId) {
        let Some(refresh) = self.calls.get_mut(&id).and_then(|c| c.refresh.as_mut()) else {
            return;
        };
        if refresh.answered {
            return;
        }
        refresh.ours.interval = T2;
        match refresh.ours.method {
            // However long it thinks, the session's own timer runs.
            "INVITE" => self.timers.cancel(Timer::Asked(id)),
            _ => self.timers.set(Timer::Asked(id), (now + T2).min(refresh.ours.give_up)),
        }
    }

    fn refresh_refused(
        &mut self,
        now: Instant,
        id: CallId,
        method: &str,
        message: &Message,
        status: u16,
    ) {
        let random = Duration::from_millis(self.token() % 200 * 10);
        let least = message.text(Name::MinSe).and_then(|text| interval(&text)).map(|(s, _)| s);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let again = match (status, &mut call.session) {
            // RFC 3261, section 12.2.1.2: the peer knows nothing of the dialog.
            (408 | 481, _) => return self.hang_up(now, id, "session timer".into()),
            (405 | 501, _) if method == "UPDATE" => {
                call.takes_update = false;
                Duration::ZERO
            }
            (422, Some(session))
                if least.is_some_and(|l| l > session.seconds && l <= MAX_SESSION) =>
            {
                session.seconds = least.unwrap_or(session.seconds);
                Duration::ZERO
            }
            // RFC 3261, section 14.1: who did not choose the Call-ID waits "between 0 and 2 seconds in units of 10 ms".
            (491, _) => random,
            _ => {
                let said = message.text(Name::RetryAfter).and_then(|text| interval_of_retry(&text));
                said.unwrap_or(REFRESH_AGAIN).clamp(T2, REFRESH_AGAIN_MAX)
            }
        };
        self.timers.set(Timer::Refresh(id), now + again);
    }

    fn retarget_by(&mut self, id: CallId, message: &Message) {
        if let (Some(call), Some(target)) = (self.calls.get_mut(&id), contact_of(message)) {
            call.dialog.target = target;
        }
    }
}

/// `18000;duration=3600`, `120 (in a meeting)`.
fn interval_of_retry(text: &str) -> Option<Duration> {
    let digits = text.split(|c: char| !c.is_ascii_digit()).next()?;
    value::number::<u32>(digits).ok().map(|seconds| Duration::from_secs(seconds.into()))
}
