//! The two clocks of the edge. Nothing else in it reads one.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use konf_contract::UnixMs;
use konf_switchboard::Now;

/// Counts from the start of the process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    started: Instant,
}

impl Clock {
    pub(crate) fn start() -> Clock {
        Clock { started: monotonic() }
    }

    /// The monotonic clock measures, the wall clock labels.
    pub(crate) fn now(&self) -> Now {
        Now {
            mono: monotonic(),
            wall: UnixMs(i64::try_from(since_epoch().as_millis()).unwrap_or(i64::MAX)),
        }
    }

    /// Milliseconds of `at` since the start.
    pub(crate) fn since_start_ms(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.started).as_millis() as u64
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the shell: the one place of the edge that measures time"
)]
pub(crate) fn monotonic() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the shell: the one place of the edge that reads the wall clock"
)]
pub(crate) fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
