//! Listens to what a leg says: how loud it is, whether somebody speaks, whether it is an echo or music; brings it nearer to
//! the others' level.
//!
//! All of it is told from the power of quarters of a tick first, so that a quiet leg costs next to nothing; only what
//! stands out of a leg's own noise is looked at closer. Works at any rate: a tick is 20 ms, however many samples it has.

mod echo;
mod fader;
mod floor;
mod gain;
mod hush;
mod music;
mod speech;
mod suppress;

use konf_contract::LegId;

use crate::frame::{is_silent, powers};
use crate::{Event, LegStats};
use echo::Echo;
use fader::Fader;
use gain::Gain;
use hush::Hush;
use music::Music;
use speech::{Sound, Speech};
use suppress::{Suppressor, Surroundings};

/// How much of the difference to a new tick a level takes over: a time constant of half a second, as meters have.
const LEVEL_SHARE: f32 = 0.04;

/// How much of a new tick a leg's noise takes over: it is that of the last seconds, pauses in which somebody speaks left
/// out.
const NOISE_SHARE: f32 = 0.005;

/// A word that begins softly is known for one within 0.3 s.
const DOUBT_TICKS: usize = 16;

/// Noise is worth a word from -50 dBov on: 24 dB below speech at its usual level it is heard in every pause.
const NOISY: f32 = 10_737.0;

/// The levels of both halves of a tick, in dB; silence is -60 dBov and less.
pub(crate) type Envelope = [f32; 2];

pub(crate) const SILENCE: Envelope = [echo::SILENCE_DB; 2];

pub(crate) fn envelope(frame: &[i16]) -> Envelope {
    powers(frame).map(echo::level)
}

/// The same of a mix.
pub(crate) fn envelope_of_mix(sum: &[i32]) -> Envelope {
    let (first, second) = sum.split_at(sum.len() / 2);
    [first, second].map(|half| {
        let squares = half.iter().map(|&s| s as f32 * s as f32);
        echo::level(squares.sum::<f32>() / half.len().max(1) as f32)
    })
}

/// Worth telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    Speaking(bool),
    Music,
}

impl News {
    pub(crate) fn event(self, leg: LegId) -> Event {
        match self {
            News::Speaking(speaking) => Event::Speaking { leg, speaking },
            News::Music => Event::Music { leg },
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
    suppressor: Suppressor,
    fader: Fader,
    echo: Echo,
    music: Music,
    told: bool,
}

/// What is not speech. Whether it is shows only after a while: what turns out to begin a word is left out.
struct Noise {
    /// Of ticks that may yet be the beginning of speech; forgotten ones are absent.
    recent: [Option<f32>; DOUBT_TICKS],
    at: usize,
    /// Mean of the squares over the last four seconds without speech, or over what there was.
    power: f32,
    /// So many ticks, until it is four seconds.
    ticks: u16,
}

impl Noise {
    fn hear(&mut self, power: f32, speaking: bool) {
        if speaking {
            self.recent = [None; DOUBT_TICKS];
            return;
        }
        if let Some(certain) = self.recent[self.at].replace(power) {
            self.ticks = self.ticks.saturating_add(1);
            self.power += (certain - self.power) * NOISE_SHARE.max(f32::from(self.ticks).recip());
        }
        self.at = (self.at + 1) % DOUBT_TICKS;
    }
}

impl Voice {
    pub(crate) fn new() -> Self {
        Self {
            speech: Speech::new(),
            level: 0.0,
            noise: Noise { recent: [None; DOUBT_TICKS], at: 0, power: 0.0, ticks: 0 },
            gain: Gain::default(),
            hush: Hush::new(),
            suppressor: Suppressor::default(),
            fader: Fader::new(),
            echo: Echo::new(),
            music: Music::default(),
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
            self.suppressor.forget();
            return None;
        }
        let sound = if is_silent(frame) { Sound::default() } else { Sound::of(frame) };
        self.level += (sound.power - self.level) * LEVEL_SHARE;
        let may_be_echo = self.echo.hear(sound.halves);
        self.speech.hear(&sound, frame, may_be_echo);
        self.noise.hear(sound.power, self.speech.is_speaking());
        self.shape(frame, &sound, may_be_echo, crowded);
        let steady = self.speech.is_steady();
        let begins = self.music.hear(sound.power, steady, || self.speech.has_pitch());
        self.news(begins)
    }

    /// Noise stays under the voice from now on.
    pub(crate) fn leave_noise(&mut self) {
        self.suppressor.leave_noise();
    }

    /// What is sent to the leg in the same tick.
    pub(crate) fn send(&mut self, envelope: Envelope) {
        self.echo.send(envelope);
    }

    fn shape(&mut self, frame: &mut [i16], sound: &Sound, may_be_echo: bool, crowded: bool) {
        if self.speech.is_heard() && !may_be_echo && !self.music.is_playing() {
            self.gain.learn(sound.power, self.speech.floor());
        }
        let surroundings = Surroundings {
            level: self.gain.level(),
            noise: self.noise.power,
            music: self.music.is_playing(),
            speech: &self.speech,
        };
        self.suppressor.clear(frame, &surroundings);
        let begins = self.hush.note(&self.speech, crowded);
        let wanted = self.gain.factor() * self.hush.factor();
        self.fader.fade(frame, wanted, begins);
    }

    fn news(&mut self, music_begins: bool) -> Option<News> {
        if music_begins {
            return Some(News::Music);
        }
        let speaking = self.speech.is_speaking() && !self.music.is_playing();
        let changed = std::mem::replace(&mut self.told, speaking) != speaking;
        changed.then_some(News::Speaking(speaking))
    }

    /// Of all that is not speech, if it is worth a word: mean of the squares.
    pub(crate) fn noise(&self) -> Option<f32> {
        let disturbs = self.music.is_playing() || self.echo.delay_ms().is_some();
        let whole = if disturbs { self.level } else { 0.0 };
        let left = self.suppressor.share();
        let power = (left * self.noise.power.max(self.speech.floor())).max(whole);
        (power > NOISY).then_some(power)
    }

    /// Adds what was found to `stats`.
    pub(crate) fn report(&self, stats: &mut LegStats) {
        stats.level_dbov = dbov(self.level);
        stats.noise_dbov = dbov(self.speech.floor());
        stats.speaking = self.told;
        stats.echo_ms = self.echo.delay_ms();
        stats.suppressed_db = self.suppressor.db();
        stats.music = self.music.is_playing();
    }
}

/// A mean of squares as a level below the overload point of 16 bits (RFC 6464, 3: 0 to -127).
pub(crate) fn dbov(power: f32) -> i8 {
    decibels(power).clamp(-127.0, 0.0).round() as i8
}

fn decibels(power: f32) -> f32 {
    10.0 * log10(power.max(1e-9) / (32_768.0 * 32_768.0))
}

/// Of a positive number, to the sixth digit. Asked four times a tick: the system's looks it up in a table, which is never at
/// hand.
fn log10(number: f32) -> f32 {
    use std::f32::consts::{FRAC_1_SQRT_2, LOG10_2, LOG10_E};
    // Twice as often as it has been halved, what is left is between the root of a half and that of two.
    const LEAST: u32 = FRAC_1_SQRT_2.to_bits();
    const MANTISSA: u32 = (1 << 23) - 1;
    let above = number.to_bits().wrapping_sub(LEAST);
    let doubled = above.cast_signed() >> 23;
    let left = f32::from_bits((above & MANTISSA) + LEAST);
    // The series of twice the inverse hyperbolic tangent.
    let part = (left - 1.0) / (left + 1.0);
    let square = part * part;
    let ln = 2.0 * part * (1.0 + square * (1.0 / 3.0 + square * (1.0 / 5.0 + square / 7.0)));
    doubled as f32 * LOG10_2 + ln * LOG10_E
}

/// The mean of squares that has this level.
#[cfg(test)]
fn power_of(dbov: f32) -> f32 {
    32_768.0 * 32_768.0 * 10f32.powf(dbov / 10.0)
}

#[cfg(test)]
mod tests;
