//! How much a stranger may ask: allowances of messages, calls and wrong passwords for each address that is no trunk's, looked at before anything is read.
//!
//! Kept as "theoretical arrival times" (the leaky bucket of ITU-T I.371): one instant says how much is used up, and an
//! instant in the past says that nothing is. So what is forgotten first is what says least, and the table has a fixed
//! size however many addresses a flood claims to come from.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::limits::{
    GUARD_SETS, GUARD_WAYS, GUESS_BURST, GUESS_INTERVAL, KNOWN_LIFE, KNOWN_MAX, REQUESTS_PER_CALL,
    STRANGER_BURST,
};
use crate::reply::canonical;

/// Whoever has one IPv6 address has 2^64 of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Source {
    V4(u32),
    V6(u64),
}

impl Source {
    pub(crate) fn of(address: IpAddr) -> Self {
        match canonical(address) {
            IpAddr::V4(address) => Source::V4(address.to_bits()),
            IpAddr::V6(address) => Source::V6((address.to_bits() >> 64) as u64),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Used {
    source: Source,
    requests: Instant,
    calls: Instant,
    guesses: Instant,
}

#[derive(Debug)]
pub(crate) struct Guard {
    sets: Vec<Vec<Used>>,
    /// Addresses that have acknowledged an answer, and when they last did. Who forges a sender can't.
    known: BTreeMap<Source, Instant>,
    /// Between two calls of one source.
    interval: Duration,
    seed: u64,
}

impl Guard {
    pub(crate) fn new(calls_per_second: u32, seed: u64) -> Self {
        let interval = Duration::from_secs(1) / calls_per_second.max(1);
        let (sets, known) = (vec![Vec::new(); GUARD_SETS], BTreeMap::new());
        Guard { sets, known, interval, seed }
    }

    /// The source has shown that it hears us.
    pub(crate) fn know(&mut self, now: Instant, source: Source) {
        self.known.insert(source, now);
        if self.known.len() > KNOWN_MAX {
            let oldest =
                self.known.iter().min_by_key(|(_, seen)| **seen).map(|(source, _)| *source);
            oldest.and_then(|oldest| self.known.remove(&oldest));
        }
    }

    /// Whether it has, within a day: in a flood it comes before those of whom nothing is known.
    pub(crate) fn knows(&self, now: Instant, source: Source) -> bool {
        self.known.get(&source).is_some_and(|seen| now < *seen + KNOWN_LIFE)
    }

    /// Whether one more message of this source is read.
    pub(crate) fn admits_request(&mut self, now: Instant, source: Source) -> bool {
        let interval = self.interval / REQUESTS_PER_CALL;
        take(&mut self.used(now, source).requests, now, interval, STRANGER_BURST)
    }

    /// Whether it may begin one more call.
    pub(crate) fn admits_call(&mut self, now: Instant, source: Source) -> bool {
        let interval = self.interval;
        take(&mut self.used(now, source).calls, now, interval, STRANGER_BURST)
    }

    /// Whether its passwords are looked at.
    pub(crate) fn admits_guess(&mut self, now: Instant, source: Source) -> bool {
        let mut guesses = self.used(now, source).guesses;
        take(&mut guesses, now, GUESS_INTERVAL, GUESS_BURST)
    }

    /// One was wrong.
    pub(crate) fn guessed(&mut self, now: Instant, source: Source) {
        take(&mut self.used(now, source).guesses, now, GUESS_INTERVAL, GUESS_BURST);
    }

    fn used(&mut self, now: Instant, source: Source) -> &mut Used {
        let mut hasher = DefaultHasher::new();
        (self.seed, source).hash(&mut hasher);
        let set = &mut self.sets[hasher.finish() as usize % GUARD_SETS];
        let at = set.iter().position(|used| used.source == source).unwrap_or_else(|| {
            let fresh = Used { source, requests: now, calls: now, guesses: now };
            if set.len() < GUARD_WAYS {
                set.push(fresh);
                return set.len() - 1;
            }
            let least = |at: &usize| set[*at].requests.max(set[*at].calls).max(set[*at].guesses);
            let at = (0..GUARD_WAYS).min_by_key(least).unwrap_or(0);
            set[at] = fresh;
            at
        });
        &mut set[at]
    }
}

fn take(arrival: &mut Instant, now: Instant, interval: Duration, burst: Duration) -> bool {
    let next = (*arrival).max(now) + interval;
    if next > now + interval.max(burst) {
        return false;
    }
    *arrival = next;
    true
}

#[cfg(test)]
mod tests;
