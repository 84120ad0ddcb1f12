//! Which edge has how many seats, minute by minute.

use konf_api::ledger::EdgeLoad;
use konf_contract::{UnixMs, Window};

/// The longest span that may be asked of the ledger (`konf_api::ledger::OrderQuestion`), in minutes.
pub const SPAN_MIN_MAX: i64 = 48 * 60;

/// The seats of one edge over a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seats {
    edge: String,
    labels: Vec<String>,
    capacity: u32,
    /// The first minute of the span since the epoch.
    first: i64,
    /// For each minute of the span.
    taken: Vec<u32>,
}

impl Seats {
    /// Spreads the steps of `load` over the minutes of `span`; a span beyond [`SPAN_MIN_MAX`] is cut.
    pub fn new(load: &EdgeLoad, span: Window) -> Self {
        let first = span.start.minutes();
        let length = span.minutes().clamp(0, SPAN_MIN_MAX) as usize;
        let mut taken = vec![0; length];
        for step in &load.steps {
            let from = usize::try_from(step.minute.saturating_sub(first)).unwrap_or(0).min(length);
            taken[from..].fill(step.taken);
        }
        let (edge, labels) = (load.edge.clone(), load.labels.clone());
        Seats { edge, labels, capacity: load.capacity, first, taken }
    }

    pub fn edge(&self) -> &str {
        &self.edge
    }

    /// As control's configuration has them.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Seats in all.
    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    /// The span that is known.
    pub fn span(&self) -> Window {
        window(UnixMs::from_minutes(self.first), self.taken.len() as i64)
    }

    /// From each instant on so many seats are free: in steps of so many minutes at least, each with the fewest of its
    /// minutes.
    pub fn free_steps(&self, grain_min: usize) -> Vec<(UnixMs, u32)> {
        let mut steps: Vec<(UnixMs, u32)> = Vec::new();
        for (at, minutes) in self.taken.chunks(grain_min.max(1)).enumerate() {
            let peak = minutes.iter().copied().max().unwrap_or(0);
            let free = self.capacity.saturating_sub(peak);
            if steps.last().is_none_or(|(_, before)| *before != free) {
                let minute = self.first + (at * grain_min.max(1)) as i64;
                steps.push((UnixMs::from_minutes(minute), free));
            }
        }
        steps
    }

    /// Seats that are free through the whole window; none when the window is empty or leaves the span.
    pub fn free(&self, window: Window) -> Option<u32> {
        Some(self.capacity.saturating_sub(self.peak(window)?))
    }

    /// Takes `seats` through `window`, as far as it lies in the span.
    pub fn take(&mut self, window: Window, seats: u32) {
        if let Some(minutes) = self.minutes(window) {
            for taken in &mut self.taken[minutes] {
                *taken = taken.saturating_add(seats);
            }
        }
    }

    /// The most seats that are taken at once in the window.
    fn peak(&self, window: Window) -> Option<u32> {
        self.taken[self.minutes(window)?].iter().copied().max()
    }

    fn minutes(&self, window: Window) -> Option<std::ops::Range<usize>> {
        let from = usize::try_from(window.start.minutes() - self.first).ok()?;
        let to = usize::try_from(window.end.minutes() - self.first).ok()?;
        (from < to && to <= self.taken.len()).then_some(from..to)
    }
}

/// The edge on which `seats` fit through the window and which is then the least loaded, in proportion to its capacity;
/// of equal ones the first by name. The position in `edges`.
pub fn least_loaded(edges: &[Seats], window: Window, seats: u32) -> Option<usize> {
    let fitting = edges.iter().enumerate().filter_map(|(at, edge)| {
        let peak = edge.peak(window)?;
        (seats <= edge.capacity.saturating_sub(peak)).then_some((at, edge, peak))
    });
    // a/b < c/d as a·d < c·b: no fractions.
    fitting
        .min_by(|(_, a, peak_a), (_, b, peak_b)| {
            let left = u64::from(*peak_a) * u64::from(b.capacity);
            let right = u64::from(*peak_b) * u64::from(a.capacity);
            left.cmp(&right).then_with(|| a.edge.cmp(&b.edge))
        })
        .map(|(at, _, _)| at)
}

/// A window of `minutes` from `start`.
pub fn window(start: UnixMs, minutes: i64) -> Window {
    Window { start, end: start.plus_ms(minutes.saturating_mul(UnixMs::MINUTE)) }
}

#[cfg(test)]
mod tests;
