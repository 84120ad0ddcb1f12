//! Turns down lines that bring nothing but noise into a room where many lines are open: twenty times a little noise is
//! a lot. Never silence, and never where three or fewer are heard.

use super::speech::Speech;

/// -10 dB: one line among ten then brings as much noise as one alone.
const LEAST: f32 = 0.316;

/// Down by 20 dB a second, which nobody notices in noise, and as slowly up again when the others go.
const DOWN: f32 = 0.955;
const UP: f32 = 1.0 / DOWN;

/// Noise is what has been nothing else for a second.
const TICKS: u8 = 50;

pub(super) struct Hush {
    factor: f32,
    ticks: u8,
}

impl Hush {
    pub(super) fn new() -> Self {
        Self { factor: 1.0, ticks: 0 }
    }

    /// After each tick. Returns whether something begins that has to be heard at once.
    pub(super) fn note(&mut self, speech: &Speech, crowded: bool) -> bool {
        self.ticks = if speech.is_noise() { self.ticks.saturating_add(1) } else { 0 };
        if speech.is_active() {
            return std::mem::replace(&mut self.factor, 1.0) < 1.0;
        }
        let down = crowded && self.ticks >= TICKS;
        self.factor =
            if down { (self.factor * DOWN).max(LEAST) } else { (self.factor * UP).min(1.0) };
        false
    }

    pub(super) fn factor(&self) -> f32 {
        self.factor
    }
}
