//! How late ticks are.

use std::time::Duration;

use konf_contract::metrics::Page;

/// Upper bounds in microseconds: fine where a tick should be, coarse up to a whole tick, beyond which sound is missed.
const BOUNDS_US: [u64; 10] = [250, 500, 1_000, 2_000, 3_000, 5_000, 7_500, 10_000, 15_000, 20_000];

/// A histogram that one thread owns: noting is an addition, and nobody waits.
#[derive(Debug, Default, Clone)]
pub(crate) struct Lateness {
    counts: [u64; BOUNDS_US.len() + 1],
    sum: Duration,
}

impl Lateness {
    /// A tick began so long after it was due.
    pub(crate) fn note(&mut self, late: Duration) {
        let late_us = late.as_micros() as u64;
        let place = BOUNDS_US.iter().position(|bound| late_us <= *bound);
        self.counts[place.unwrap_or(BOUNDS_US.len())] += 1;
        self.sum += late;
    }

    /// Those of another thread as well.
    pub(crate) fn add(&mut self, other: &Lateness) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
        self.sum += other.sum;
    }

    pub(super) fn write(&self, page: &mut Page) {
        page.histogram(
            "konf_edge_tick_lateness_seconds",
            "How long after it was due a tick of the mix began.",
            &BOUNDS_US.map(|us| us as f64 / 1e6),
            &self.counts,
            self.sum.as_secs_f64(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tick_counts_once_in_its_place() {
        let mut lateness = Lateness::default();
        for us in [0, 250, 251, 20_000, 20_001, 5_000_000] {
            lateness.note(Duration::from_micros(us));
        }
        assert_eq!(lateness.counts, [2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
    }
}
