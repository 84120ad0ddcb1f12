//! What is due when, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use konf_contract::{ConferenceNumber, LegId};

use crate::AskId;

/// The reason for which the switchboard wants to be woken. Of each at most one is set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// No key came in a menu.
    Patience(LegId),
    /// The whole menu takes too long.
    Menu(LegId),
    /// A half key sequence is forgotten.
    KeyGap(LegId),
    /// The end of a recording was not reported.
    Naming(LegId),
    /// The one retry of an admission.
    Retry(LegId),
    /// Five minutes before a mobile network's limit.
    LimitWarning(LegId),
    /// A few seconds before it.
    LimitSaid(LegId),
    /// At it.
    Limit(LegId),
    /// A muted caller has spoken long enough to be told.
    SpeaksMuted(LegId),
    /// The end of the last words was not reported.
    Farewell(LegId),
    /// A kept name is forgotten.
    Forget(LegId),
    /// Control did not answer.
    AskLate(AskId),
    /// The start of a conference.
    Open(ConferenceNumber),
    /// Whether it is extended is decided.
    Decide(ConferenceNumber),
    /// "The conference is over."
    Over(ConferenceNumber),
    /// Everybody is disconnected.
    Close(ConferenceNumber),
    /// The next announcement that waits.
    Announce(ConferenceNumber),
}

#[derive(Debug, Default)]
pub(crate) struct Timers {
    due: BTreeSet<(Instant, Timer)>,
    at: BTreeMap<Timer, Instant>,
}

impl Timers {
    /// Sets or moves it.
    pub(crate) fn set(&mut self, timer: Timer, at: Instant) {
        if let Some(before) = self.at.insert(timer.clone(), at) {
            self.due.remove(&(before, timer.clone()));
        }
        self.due.insert((at, timer));
    }

    pub(crate) fn clear(&mut self, timer: Timer) {
        if let Some(at) = self.at.remove(&timer) {
            self.due.remove(&(at, timer));
        }
    }

    /// All of a leg but [`Timer::Forget`]: a name may outlive its leg.
    pub(crate) fn clear_leg(&mut self, leg: LegId) {
        for timer in [
            Timer::Patience,
            Timer::Menu,
            Timer::KeyGap,
            Timer::Naming,
            Timer::Retry,
            Timer::LimitWarning,
            Timer::LimitSaid,
            Timer::Limit,
            Timer::SpeaksMuted,
            Timer::Farewell,
        ] {
            self.clear(timer(leg));
        }
    }

    pub(crate) fn clear_room(&mut self, conference: &ConferenceNumber) {
        for timer in [Timer::Open, Timer::Decide, Timer::Over, Timer::Close, Timer::Announce] {
            self.clear(timer(conference.clone()));
        }
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Takes the earliest that is due.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        let (_, timer) = self.due.pop_first()?;
        self.at.remove(&timer);
        Some(timer)
    }
}
