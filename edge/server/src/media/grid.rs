//! When the threads may wake: slices of 5 ms on an absolute clock that all of them share. Every fourth slice of a lane is
//! a tick; the lanes of a thread take turns.

use std::time::{Duration, Instant};

/// How soon a thread takes orders and moves legs.
pub(super) const SLICE: Duration = Duration::from_millis(5);
/// The mix runs in frames of 20 ms, as the phones send.
pub(super) const SLICES_PER_TICK: u64 = 4;
pub(super) const TICK: Duration = Duration::from_millis(20);
/// Every second, two slices after a tick.
const SLICES_PER_COUNT: u64 = 200;
/// After a stall, missed ticks are made up for up to this long; older ones are skipped.
pub(super) const CATCH_UP: Duration = Duration::from_millis(200);

/// One slice, seen from one lane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    epoch: Instant,
    number: u64,
    /// How many slices after the others a lane ticks.
    phase: u64,
}

impl Grid {
    /// The first slice after `epoch`.
    pub(super) fn new(epoch: Instant) -> Grid {
        Grid { epoch, number: 1, phase: 0 }
    }

    /// The same slice, seen from the lane of this phase.
    pub(super) fn of(self, phase: u64) -> Grid {
        Grid { phase, ..self }
    }

    pub(super) fn due(&self) -> Instant {
        self.epoch + Duration::from_micros(self.number * SLICE.as_micros() as u64)
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn is_tick(&self) -> bool {
        self.turn() == 0
    }

    /// The last tick before this slice, whether or not there was anything to do.
    pub(super) fn former_tick(&self) -> u64 {
        let since = if self.is_tick() { SLICES_PER_TICK } else { self.turn() };
        self.number.saturating_sub(since)
    }

    /// Whether another thread, which may be a little ahead, could tick before it has taken what it is sent now.
    pub(super) fn is_before_tick(&self) -> bool {
        self.turn() == SLICES_PER_TICK - 1
    }

    /// Slices since the last tick.
    fn turn(&self) -> u64 {
        (self.number + SLICES_PER_TICK - self.phase) % SLICES_PER_TICK
    }

    /// Whether it is time to count, between two ticks.
    pub(super) fn is_count(&self) -> bool {
        self.number % SLICES_PER_COUNT == self.phase + SLICES_PER_TICK / 2
    }

    /// The first slice from this one on that `is_busy`; looks a second ahead.
    pub(super) fn first(self, mut is_busy: impl FnMut(Grid) -> bool) -> Grid {
        let numbers = self.number..self.number + SLICES_PER_COUNT;
        let mut slices = numbers.map(|number| Grid { number, ..self });
        slices
            .find(|slice| is_busy(*slice))
            .unwrap_or(Grid { number: self.number + SLICES_PER_COUNT, ..self })
    }

    /// The first slice from this one on that is not over at `now`.
    pub(super) fn from(self, now: Instant) -> Grid {
        let passed = now.saturating_duration_since(self.epoch).as_micros();
        let number = passed.div_ceil(SLICE.as_micros()) as u64;
        Grid { number: number.max(self.number), ..self }
    }

    /// One slice on, whatever the last one took; after a long stall what is too old to be made up for is skipped. The
    /// ticks of all threads stay at the same instants.
    pub(super) fn next(self, now: Instant) -> Grid {
        let next = Grid { number: self.number + 1, ..self };
        if now.saturating_duration_since(next.due()) <= CATCH_UP {
            return next;
        }
        let passed = now.saturating_duration_since(self.epoch).as_micros() / SLICE.as_micros();
        Grid { number: passed as u64, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::monotonic;

    #[test]
    fn a_late_slice_does_not_move_the_clock_and_a_long_stall_skips_on_it() {
        let epoch = monotonic();
        let ms = Duration::from_millis;
        let first = Grid::new(epoch);
        assert_eq!(first.due(), epoch + ms(5));
        assert_eq!(first.next(epoch + ms(8)).due(), epoch + ms(10));
        assert_eq!(first.next(epoch + ms(155)).due(), epoch + ms(10));
        assert_eq!(first.next(epoch + ms(903)).due(), epoch + ms(900));
    }

    #[test]
    fn slices_without_work_are_left_out() {
        let epoch = monotonic();
        let grid = Grid::new(epoch);
        assert_eq!(grid.first(|slice| slice.is_tick()).number(), 4);
        assert_eq!(grid.first(|_| true).number(), 1);
        assert_eq!(grid.first(|_| false).number(), 201);
        assert_eq!(grid.from(epoch + Duration::from_millis(11)).number(), 3);
        assert_eq!(grid.first(|slice| slice.number() == 9).from(epoch).number(), 9);
        let ticks: Vec<u64> = (5..=9).map(|n| Grid { number: n, ..grid }.former_tick()).collect();
        assert_eq!(ticks, [4, 4, 4, 4, 8]);
    }

    #[test]
    fn every_fourth_slice_is_a_tick_and_one_a_second_counts_between_two_of_them() {
        let epoch = monotonic();
        let slices = std::iter::successors(Some(Grid::new(epoch)), |grid| Some(grid.next(epoch)));
        let slices: Vec<Grid> = slices.take(400).collect();
        let due_ms = |grid: &&Grid| grid.due().duration_since(epoch).as_millis();
        let ticks: Vec<u128> = slices.iter().filter(|g| g.is_tick()).map(|g| due_ms(&g)).collect();
        assert_eq!(ticks.len(), 100);
        assert!(ticks.iter().all(|ms| ms.is_multiple_of(20)), "{ticks:?}");
        assert!(slices.iter().all(|g| !g.is_before_tick() || due_ms(&g) % 20 == 15));
        for phase in 0..SLICES_PER_TICK {
            let lane: Vec<Grid> = slices.iter().map(|grid| grid.of(phase)).collect();
            assert_eq!(lane.iter().filter(|g| g.is_count() && !g.is_tick()).count(), 2);
            let ticks: Vec<u128> =
                lane.iter().filter(|g| g.is_tick()).map(|g| due_ms(&g)).collect();
            assert!(ticks.windows(2).all(|pair| pair[1] - pair[0] == 20), "{ticks:?}");
            assert!(ticks.iter().all(|ms| ms % 20 == u128::from(phase) * 5), "{ticks:?}");
        }
    }
}
