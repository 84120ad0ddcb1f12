//! How a policy did since it was loaded.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Powers of two of microseconds, up to 2 s: a policy is cut long before.
const BUCKETS: usize = 22;

#[derive(Debug, Default)]
pub(crate) struct Counts {
    calls: AtomicU64,
    failures: AtomicU64,
    micros: [AtomicU64; BUCKETS],
    compared: AtomicU64,
    different: AtomicU64,
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    pub calls: u64,
    /// Calls that trapped, were cut or answered too much.
    pub failures: u64,
    /// Of half and of 99 in 100 of the calls, in microseconds, rounded up to a power of two; 0 without calls.
    pub p50_us: u64,
    pub p99_us: u64,
    /// Calls that another policy was asked as well, and those where the answers differed.
    pub compared: u64,
    pub different: u64,
}

impl Counts {
    pub(crate) fn called(&self, took: Duration, answered: bool) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = (u64::BITS - micros.leading_zeros()) as usize;
        self.micros[bucket.min(BUCKETS - 1)].fetch_add(1, Relaxed);
        self.calls.fetch_add(1, Relaxed);
        if !answered {
            self.failures.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn compared(&self, same: bool) {
        self.compared.fetch_add(1, Relaxed);
        if !same {
            self.different.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn read(&self) -> Counted {
        Counted {
            calls: self.calls.load(Relaxed),
            failures: self.failures.load(Relaxed),
            p50_us: self.at_most(50),
            p99_us: self.at_most(99),
            compared: self.compared.load(Relaxed),
            different: self.different.load(Relaxed),
        }
    }

    /// So long took at most `percent` of the calls.
    fn at_most(&self, percent: u64) -> u64 {
        let counts: Vec<u64> = self.micros.iter().map(|count| count.load(Relaxed)).collect();
        let all: u64 = counts.iter().sum();
        let mut below = 0;
        for (bucket, count) in counts.iter().enumerate() {
            below += count;
            if all > 0 && below * 100 >= all * percent {
                return 1 << bucket;
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;
    use std::time::Duration;

    #[test]
    fn latencies_are_rounded_up_to_powers_of_two() {
        let counts = Counts::default();
        assert_eq!(counts.read().p99_us, 0);
        for _ in 0..98 {
            counts.called(Duration::from_micros(30), true);
        }
        counts.called(Duration::from_micros(900), true);
        counts.called(Duration::from_secs(100), false);
        let read = counts.read();
        assert_eq!((read.calls, read.failures), (100, 1));
        assert_eq!((read.p50_us, read.p99_us), (32, 1024));
    }
}
