//! What follows the answer to an INVITE: its ACK, or its repetitions (RFC 3261, sections 13.3.1.4 and 17.2.1; RFC 6026).

use std::time::Instant;

use crate::call::{InviteState, Phase, TransactionKey};
use crate::endpoint::Endpoint;
use crate::guard::Source;
use crate::limits::T2;
use crate::negotiate;
use crate::reply::More;
use crate::request::Request;
use crate::timer::Timer;
use crate::words::{CallId, Event, Flow};

impl Endpoint {
    pub(crate) fn ack(&mut self, now: Instant, flow: Flow, request: Request<'_>) {
        let key = TransactionKey::of(&request, "INVITE");
        let by_key = self.by_transaction.get(&key).copied();
        let by_tag = || request.to_tag.as_ref().and_then(|tag| self.by_tag.get(tag)).copied();
        let Some(id) = by_key.or_else(by_tag).filter(|id| self.may_speak(*id, flow)) else {
            return;
        };
        let Some(call) = self.calls.get_mut(&id) else { return };
        if !call.dialog.matches(&request) {
            return;
        }
        // Who doesn't know our tag has not heard our answer, and may claim any address.
        let heard_us = request.to_tag.as_ref() == Some(&call.dialog.local_tag);
        let Some(invite) = call.invite(request.cseq) else { return };
        let cseq = invite.cseq;
        match invite.state {
            InviteState::Failed if by_key.is_some() => {
                invite.state = InviteState::Confirmed;
                self.timers.cancel(Timer::Response(id, cseq));
            }
            InviteState::Accepted if heard_us => {
                invite.state = InviteState::Acknowledged;
                let offered = invite.offered;
                self.timers.cancel(Timer::Response(id, cseq));
                self.acknowledged(now, flow, id, offered, &request);
            }
            _ => {}
        }
    }

    fn acknowledged(
        &mut self,
        now: Instant,
        flow: Flow,
        id: CallId,
        offered: bool,
        request: &Request<'_>,
    ) {
        self.rebind(id, flow, request.via);
        let Some(call) = self.calls.get_mut(&id) else { return };
        if let Some(reason) = call.bye_wanted.take() {
            return self.send_bye(now, id, &reason);
        }
        if call.phase == Phase::Leaving {
            return;
        }
        let first = call.phase == Phase::Answered;
        call.phase = Phase::Confirmed;
        if self.prove(id) {
            self.guard.know(now, Source::of(flow.remote.ip()));
        }
        if offered && !self.take_answer(id, request) {
            return self.hang_up(now, id, "no usable SDP in ACK".into());
        }
        if first {
            self.watch_session(now, id);
            self.say(Event::Confirmed { call: id });
        }
    }

    /// The answer to our own offer; false when there is none that fits.
    fn take_answer(&mut self, id: CallId, request: &Request<'_>) -> bool {
        let own = self.calls.get_mut(&id).and_then(|call| call.own_offer.take());
        let body = negotiate::sdp_of(request.message, More::default);
        let (Some(own), Ok(Some(body))) = (own, body) else { return false };
        let Ok(answer) = own.read_answer(&body) else { return false };
        if let Some(call) = self.calls.get_mut(&id) {
            call.layout = Some(own.layout);
        }
        self.change_media(id, answer);
        true
    }

    pub(crate) fn repeat_response(&mut self, now: Instant, id: CallId, cseq: u32) {
        let Some(invite) = self.calls.get_mut(&id).and_then(|c| c.invite(cseq)) else { return };
        if !matches!(invite.state, InviteState::Accepted | InviteState::Failed) {
            return;
        }
        invite.interval = (invite.interval * 2).min(T2);
        let (flow, response, next) =
            (invite.echo.flow, invite.response.clone(), now + invite.interval);
        self.timers.set(Timer::Response(id, cseq), next);
        self.send_in(id, flow, response);
    }

    /// 64 times T1 have passed since the final answer.
    pub(crate) fn give_up(&mut self, now: Instant, id: CallId, cseq: u32) {
        self.timers.cancel(Timer::Response(id, cseq));
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(at) = call.invites.iter().position(|i| i.cseq == cseq) else { return };
        let invite = call.invites.remove(at);
        self.by_transaction.remove(&invite.key);
        if invite.state != InviteState::Accepted {
            return;
        }
        // RFC 3261, section 13.3.1.4: "the dialog is confirmed, but the session SHOULD be terminated ... with a BYE".
        match call.bye_wanted.take() {
            Some(reason) => self.send_bye(now, id, &reason),
            None if call.phase == Phase::Leaving => {}
            None => {
                self.send_bye(now, id, "no ACK");
                self.end(now, id, false, "no ACK".into());
            }
        }
    }
}
