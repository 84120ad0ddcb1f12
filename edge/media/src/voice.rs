//! Listens to what a leg says: how loud it is, and whether somebody speaks.
//!
//! All of it is told from the power of quarters of a tick first, so that a quiet leg costs next to nothing; only what
//! stands out of a leg's own noise is looked at closer. Works at any rate: a tick is 20 ms, however many samples it has.

mod floor;
mod speech;

use crate::LegStats;
use crate::frame::is_silent;
use speech::{Sound, Speech};

/// How much of the difference to a new tick a level takes over: a time constant of half a second, as meters have.
const LEVEL_SHARE: f32 = 0.04;

/// What a leg's own sound tells, tick by tick.
pub(crate) struct Voice {
    speech: Speech,
    /// Mean of the squares, over the last half second.
    level: f32,
}

impl Voice {
    pub(crate) fn new() -> Self {
        Self { speech: Speech::new(), level: 0.0 }
    }

    /// The sound of one tick. What is heard while a key is pressed tells nothing about the voice.
    pub(crate) fn listen(&mut self, frame: &[i16], pressing: bool) {
        if pressing {
            return;
        }
        let sound = if is_silent(frame) { Sound::default() } else { Sound::of(frame) };
        self.level += (sound.power - self.level) * LEVEL_SHARE;
        self.speech.hear(&sound, frame);
    }

    /// Adds what was found to `stats`.
    pub(crate) fn report(&self, stats: &mut LegStats) {
        stats.level_dbov = dbov(self.level);
        stats.noise_dbov = dbov(self.speech.floor());
        stats.speaking = self.speech.is_speaking();
    }
}

/// A mean of squares as a level below the overload point of 16 bits (RFC 6464, 3: 0 to -127).
pub(crate) fn dbov(power: f32) -> i8 {
    decibels(power).clamp(-127.0, 0.0).round() as i8
}

fn decibels(power: f32) -> f32 {
    10.0 * (power.max(1e-9) / (32_768.0 * 32_768.0)).log10()
}

/// The mean of squares that has this level.
#[cfg(test)]
fn power_of(dbov: f32) -> f32 {
    32_768.0 * 32_768.0 * 10f32.powf(dbov / 10.0)
}

#[cfg(test)]
mod tests;
