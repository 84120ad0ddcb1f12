//! How we end a call: BYE (RFC 3261, section 15).

use std::time::Instant;

use crate::call::{InviteState, Phase};
use crate::client::Added;
use crate::endpoint::Endpoint;
use crate::limits::{T1, T2, TRANSACTION};
use crate::reply::More;
use crate::timer::Timer;
use crate::words::{CallId, Protocol};

impl Endpoint {
    /// Nothing of ours is repeated to a peer that has gone.
    pub(crate) fn quiet(&mut self, id: CallId) {
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
        let added = Added::default().with("Reason", reason_header(reason));
        let Some(bye) = self.ask(now, id, "BYE", &added) else { return };
        if bye.flow.protocol == Protocol::Udp {
            self.timers.set(Timer::Bye(id), now + T1);
        }
        if let Some(call) = self.calls.get_mut(&id) {
            call.bye = Some(bye);
        }
        self.timers.set(Timer::Gone(id), now + TRANSACTION);
    }

    pub(crate) fn bye_answered(&mut self, now: Instant, id: CallId, cseq: u32, status: u16) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(bye) = call.bye.as_mut().filter(|bye| bye.cseq == cseq) else { return };
        if status < 200 {
            // RFC 3261, figure 6: in Proceeding it is repeated every T2.
            bye.interval = T2;
            return self.timers.set(Timer::Bye(id), now + T2);
        }
        if let Some(bye) = call.bye.take() {
            self.by_branch.remove(&bye.branch);
        }
        self.timers.cancel(Timer::Bye(id));
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
