//! When a policy that keeps failing is left alone.
//!
//! Whoever asks it has another one to ask, and what it takes until it is cut is taken from everybody: until it is rolled
//! back, which takes seconds, or longer where the ledger is away.

use std::time::Duration;
use tokio::time::Instant;

/// After so many failures in a row a policy rests.
pub const FAILURES_IN_A_ROW_MAX: u32 = 3;

/// Then it is tried once more.
const REST: Duration = Duration::from_secs(5);

/// Of one policy.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures_in_a_row: u32,
    rests_until: Option<Instant>,
}

impl Breaker {
    /// Whether it may be asked. After its rest one call may, and the next only when that one was answered, or after as
    /// long again.
    pub(crate) fn permits(&mut self, now: Instant) -> bool {
        match self.rests_until {
            Some(until) if now < until => false,
            Some(_) => {
                self.rests_until = Some(now + REST);
                true
            }
            None => true,
        }
    }

    /// Whether it is being left alone.
    pub(crate) fn rests(&self, now: Instant) -> bool {
        self.rests_until.is_some_and(|until| now < until)
    }

    /// How a call ended. Whether a rest begins.
    pub(crate) fn note(&mut self, now: Instant, answered: bool) -> bool {
        if answered {
            *self = Breaker::default();
            return false;
        }
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        let rests = self.failures_in_a_row >= FAILURES_IN_A_ROW_MAX;
        let begins = rests && self.rests_until.is_none();
        if rests {
            self.rests_until = Some(now + REST);
        }
        begins
    }
}

#[cfg(test)]
mod tests {
    use super::{Breaker, FAILURES_IN_A_ROW_MAX, REST};
    use tokio::time::Instant;

    #[test]
    fn what_keeps_failing_rests_and_is_tried_once_more() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for failure in 1..=FAILURES_IN_A_ROW_MAX {
            assert!(breaker.permits(now));
            assert_eq!(breaker.note(now, false), failure == FAILURES_IN_A_ROW_MAX);
        }
        assert!(breaker.rests(now) && !breaker.permits(now));
        let later = now + REST;
        assert!(!breaker.rests(later));
        assert!(breaker.permits(later), "one is tried");
        assert!(!breaker.permits(later), "and others wait for how it goes");
        assert!(!breaker.note(later, false), "it goes on resting");
        assert!(!breaker.permits(later + REST / 2));
        assert!(breaker.permits(later + REST));
        assert!(!breaker.note(later + REST, true));
        assert!(breaker.permits(later + REST), "it is well again");
    }

    #[test]
    fn what_fails_now_and_then_never_rests() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for call in 0..100 {
            assert!(breaker.permits(now));
            assert!(!breaker.note(now, call % 3 == 0));
        }
    }
}
