//! Listens to what a leg says: how loud it is, and whether somebody speaks; brings it nearer to the others' level.
//!
//! All of it is told from the power of quarters of a tick first, so that a quiet leg costs next to nothing; only what
//! stands out of a leg's own noise is looked at closer. Works at any rate: a tick is 20 ms, however many samples it has.

mod fader;
mod floor;
mod gain;
mod hush;
mod speech;

use konf_contract::LegId;

use crate::frame::is_silent;
use crate::{Event, LegStats};
use fader::Fader;
use gain::Gain;
use hush::Hush;
use speech::{Sound, Speech};

/// How much of the difference to a new tick a level takes over: a time constant of half a second, as meters have.
const LEVEL_SHARE: f32 = 0.04;

/// How much of a new tick a leg's noise takes over: it is that of the last seconds, pauses in which somebody speaks left
/// out.
const NOISE_SHARE: f32 = 0.005;

/// A word that begins softly is known for one within 0.3 s.
const DOUBT_TICKS: usize = 16;

/// Noise is worth a word from -50 dBov on: 24 dB below speech at its usual level it is heard in every pause.
const NOISY: f32 = 10_737.0;

/// Worth telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    Speaking(bool),
}

impl News {
    pub(crate) fn event(self, leg: LegId) -> Event {
        match self {
            News::Speaking(speaking) => Event::Speaking { leg, speaking },
        }
    }
}

/// What a leg's own sound tells, tick by tick.
pub(crate) struct Voice {
    speech: Speech,
    /// Mean of the squares, over the last half second.
    level: f32,
    noise: Noise,
    gain: Gain,
    hush: Hush,
    fader: Fader,
    told: bool,
}

/// What is not speech. Whether it is shows only after a while: what turns out to begin a word is left out.
struct Noise {
    /// Of ticks that may yet be the beginning of speech; forgotten ones are absent.
    recent: [Option<f32>; DOUBT_TICKS],
    at: usize,
    /// Mean of the squares over the last four seconds without speech.
    power: f32,
}

impl Noise {
    fn hear(&mut self, power: f32, speaking: bool) {
        if speaking {
            self.recent = [None; DOUBT_TICKS];
            return;
        }
        if let Some(certain) = self.recent[self.at].replace(power) {
            self.power += (certain - self.power) * NOISE_SHARE;
        }
        self.at = (self.at + 1) % DOUBT_TICKS;
    }
}

impl Voice {
    pub(crate) fn new() -> Self {
        Self {
            speech: Speech::new(),
            level: 0.0,
            noise: Noise { recent: [None; DOUBT_TICKS], at: 0, power: 0.0 },
            gain: Gain::default(),
            hush: Hush::new(),
            fader: Fader::new(),
            told: false,
        }
    }

    /// The sound of one tick, which is made as loud as it should be. `crowded`: more than three are heard in the room.
    /// What is heard while a key is pressed tells nothing about the voice.
    pub(crate) fn listen(
        &mut self,
        frame: &mut [i16],
        pressing: bool,
        crowded: bool,
    ) -> Option<News> {
        if pressing {
            return None;
        }
        let sound = if is_silent(frame) { Sound::default() } else { Sound::of(frame) };
        self.level += (sound.power - self.level) * LEVEL_SHARE;
        self.speech.hear(&sound, frame);
        let speaking = self.speech.is_speaking();
        self.noise.hear(sound.power, speaking);
        if self.speech.is_heard() {
            self.gain.learn(sound.power, self.speech.floor());
        }
        let begins = self.hush.note(&self.speech, crowded);
        self.fader.fade(frame, self.gain.factor() * self.hush.factor(), begins);
        let changed = std::mem::replace(&mut self.told, speaking) != speaking;
        changed.then_some(News::Speaking(speaking))
    }

    /// Of all that is not speech, if it is worth a word: mean of the squares.
    pub(crate) fn noise(&self) -> Option<f32> {
        let power = self.noise.power.max(self.speech.floor());
        (power > NOISY).then_some(power)
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
