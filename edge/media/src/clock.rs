//! Instants as microseconds, and the even beat behind ticks that come a little late.

use std::time::Instant;

use crate::frame::TICK_US;

/// Further from the beat (50 ms), ticks have been left out: a new beat begins.
const STRAYED_US: i64 = 50_000;

/// A late tick moves the beat by a sixteenth of its lateness, an early one all the way: being late is an accident, being
/// early is not.
const FOLLOW: i64 = 16;

/// When a tick is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Beat {
    /// When it should be.
    pub(crate) due_us: i64,
    /// When it is.
    pub(crate) now_us: i64,
}

#[derive(Default)]
pub(crate) struct Clock {
    epoch: Option<Instant>,
    beat_us: Option<i64>,
}

impl Clock {
    /// Counts from `epoch` instead of the first instant seen.
    pub(crate) fn since(epoch: Instant) -> Self {
        Self { epoch: Some(epoch), beat_us: None }
    }

    /// Microseconds since the epoch; 0 for anything before.
    pub(crate) fn at_us(&mut self, now: Instant) -> i64 {
        let epoch = *self.epoch.get_or_insert(now);
        i64::try_from(now.saturating_duration_since(epoch).as_micros()).unwrap_or(i64::MAX)
    }

    /// The tick at `now`.
    pub(crate) fn tick(&mut self, now: Instant) -> Beat {
        let now_us = self.at_us(now);
        let beat_us = match self.beat_us {
            Some(before) => {
                let late_us = now_us - (before + TICK_US);
                match late_us {
                    0..=STRAYED_US => now_us - late_us + late_us / FOLLOW,
                    _ => now_us,
                }
            }
            None => now_us,
        };
        self.beat_us = Some(beat_us);
        Beat { due_us: beat_us, now_us }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_late_tick_hardly_moves_the_beat() {
        #[expect(clippy::disallowed_methods, reason = "an Instant has no other constructor")]
        let start = Instant::now();
        let mut clock = Clock::default();
        let mut at = |ms| clock.tick(start + Duration::from_millis(ms)).due_us;
        assert_eq!((at(0), at(20), at(48)), (0, 20_000, 40_500));
        assert_eq!(at(60), 60_000);
        // A stall of the whole thread begins a new beat.
        assert_eq!(at(500), 500_000);
    }
}
