//! Everything that is waited for, in order of time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crate::words::{CallId, ConnectionId};

/// What is due. The number beside a call is the CSeq of one of its INVITEs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// RFC 3261's G, or the repeating of a 2xx (section 13.3.1.4).
    Response(CallId, u32),
    /// RFC 3261's H and RFC 6026's L: no ACK will come any more, or no INVITE be repeated.
    GiveUp(CallId, u32),
    /// No answer has come in time to spare a stranger's 100.
    Trying(CallId),
    /// Nobody answered the call at our side.
    Unanswered(CallId),
    /// The session was not refreshed (RFC 4028).
    Session(CallId),
    /// It is our turn to refresh the session.
    Refresh(CallId),
    /// RFC 3261's A and B, E and F for what refreshes it.
    Asked(CallId),
    /// RFC 3261's E for our BYE.
    Bye(CallId),
    /// Nothing about a finished call can come any more (J, F, H, I).
    Gone(CallId),
    /// The call's connection is dead and no other came.
    Reconnect(CallId),
    Connection(ConnectionId),
}

/// At most one entry for each timer.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    queue: BTreeSet<(Instant, Timer)>,
    due: BTreeMap<Timer, Instant>,
}

impl Timers {
    pub(crate) fn set(&mut self, timer: Timer, at: Instant) {
        self.cancel(timer);
        self.queue.insert((at, timer));
        self.due.insert(timer, at);
    }

    pub(crate) fn cancel(&mut self, timer: Timer) {
        if let Some(at) = self.due.remove(&timer) {
            self.queue.remove(&(at, timer));
        }
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.queue.first().map(|(at, _)| *at)
    }

    pub(crate) fn pop(&mut self, now: Instant) -> Option<Timer> {
        let (at, timer) = *self.queue.first()?;
        if at > now {
            return None;
        }
        self.cancel(timer);
        Some(timer)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }
}
