//! The noise that is always there, followed by its quietest moments (after R. Martin's minimum statistics, 2001).

/// The least of so many ticks is kept: 0.4 s.
const PART_TICKS: u8 = 20;

/// 2.4 s: people who speak leave a gap between words more often than that.
const PARTS: usize = 6;

/// How much of a new tick the smoothed power takes over: 60 ms, so that a single quiet tick counts little.
const SHARE: f32 = 0.3;

/// By how much the least smoothed power of 2.4 s of noise lies below its mean: 1.2 dB (measured by a test).
const BIAS: f32 = 1.32;

pub(super) struct Floor {
    smooth: f32,
    least: f32,
    past: [f32; PARTS],
    at: usize,
    ticks: u8,
    /// The least of `past`.
    before: f32,
}

impl Floor {
    /// Unknown, which is none, until 2.4 s have been heard.
    pub(super) fn new() -> Self {
        Self { smooth: 0.0, least: f32::MAX, past: [0.0; PARTS], at: 0, ticks: 0, before: 0.0 }
    }

    pub(super) fn hear(&mut self, power: f32) {
        self.smooth += (power - self.smooth) * SHARE;
        self.least = self.least.min(self.smooth);
        self.ticks += 1;
        if self.ticks == PART_TICKS {
            self.past[self.at] = self.least;
            self.at = (self.at + 1) % PARTS;
            self.before = self.past.iter().fold(f32::MAX, |a, &b| a.min(b));
            self.least = f32::MAX;
            self.ticks = 0;
        }
    }

    /// Mean of the squares.
    pub(super) fn power(&self) -> f32 {
        self.least.min(self.before) * BIAS
    }
}
