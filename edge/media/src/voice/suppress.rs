//! Takes noise out from under a voice, on the legs that need it: who speaks out of a car or over a hissing line.
//!
//! Only where somebody has spoken and the noise is near to that. Everything else, and every leg before, is left exactly as
//! it is and not delayed. What is cleared comes 10 ms later; the way there and back is faded in a tick of mere noise.

mod filter;
mod weights;

use super::speech::Speech;
use crate::Rate;
use crate::frame::{FRAME_MAX, crossfade, is_silent};
use filter::Filter;

/// Noise that is nearer to the voice than 25 dB is heard beside it; what is 30 dB away is hardly noticed any more.
const NEAR: f32 = 316.0;
const FAR: f32 = 1_000.0;

/// Noise below -57 dBov disturbs nobody however softly is spoken nor, once it is known, below -63.
const AUDIBLE: f32 = 2_142.0;
const INAUDIBLE: f32 = 538.0;

/// What comes and goes, as keys do, cannot be taken out, and stands out more once the rest is: nothing is done where all
/// that is no speech has on average 5 dB more than its floor, or later 6. Hiss has as much as its floor, rumble up to 4 dB
/// more.
const EVEN: f32 = 3.2;
const UNEVEN: f32 = 4.0;

/// Noise is learnt from half a second of nothing else.
const LEARN_TICKS: u8 = 25;

/// The noise has to be gone for 10 s: a car that waits at a light drives on.
const GONE_TICKS: u16 = 500;

/// -15 dB: what is left tells that the line lives and hides what is wrong about the rest.
const LEAST: f32 = 0.178;

/// Down and up within a second.
const DEPTH_STEP: f32 = 0.02;

/// What the leg is like in a tick.
pub(super) struct Surroundings<'a> {
    /// Of what is spoken, if it is known: mean of the squares.
    pub(super) level: Option<f32>,
    /// Of all that is no speech, over the last seconds: mean of the squares.
    pub(super) noise: f32,
    pub(super) music: bool,
    pub(super) speech: &'a Speech,
}

#[derive(Default)]
pub(super) struct Suppressor {
    work: Option<Box<Work>>,
    /// Never begins.
    off: bool,
}

struct Work {
    filter: Filter,
    /// Ticks of noise heard before it begins.
    learnt: u8,
    clears: bool,
    /// Ticks in which it was not needed.
    idle: u16,
    /// 0 where all comes out as it is, 1 where noise is turned down to [`LEAST`].
    depth: f32,
}

impl Suppressor {
    pub(super) fn leave_noise(&mut self) {
        self.off = true;
    }

    /// The leg is pressing a key: what is left of it is not to be heard.
    pub(super) fn forget(&mut self) {
        if let Some(work) = &mut self.work {
            work.filter.forget();
        }
    }

    /// By how much noise is turned down now.
    pub(super) fn db(&self) -> Option<u8> {
        let work = self.work.as_ref().filter(|work| work.depth > 0.0)?;
        Some((-20.0 * work.least().log10()).round() as u8)
    }

    /// How much of the power of noise is left.
    pub(super) fn share(&self) -> f32 {
        self.work.as_ref().map_or(1.0, |work| work.least().powi(2))
    }

    /// A tick of any length.
    pub(super) fn clear(&mut self, frame: &mut [i16], around: &Surroundings) {
        match &mut self.work {
            None if self.off => {}
            None => self.work = begun(frame, around),
            Some(work) if !work.filter.fits(frame.len()) => self.work = None,
            Some(work) => {
                if !work.clear(frame, around) {
                    self.work = None;
                }
            }
        }
    }
}

fn begun(frame: &[i16], around: &Surroundings) -> Option<Box<Work>> {
    let of_a_rate = [Rate::Narrow, Rate::Wide, Rate::Full].iter().any(|r| r.frame() == frame.len());
    let needed = around.calls() && around.is_noise() && of_a_rate;
    needed.then(|| Box::new(Work::new(frame.len())))
}

impl Surroundings<'_> {
    /// Whether it is worth beginning.
    fn calls(&self) -> bool {
        self.has_noise(NEAR, AUDIBLE, EVEN)
    }

    /// Whether it is worth going on.
    fn keeps(&self) -> bool {
        self.has_noise(FAR, INAUDIBLE, UNEVEN)
    }

    fn has_noise(&self, near: f32, audible: f32, even: f32) -> bool {
        let floor = self.speech.floor();
        let heard = self.level.is_some_and(|level| floor * near > level) && floor > audible;
        heard && self.noise < floor * even && !self.music
    }

    /// Nothing but noise in this tick.
    fn is_noise(&self) -> bool {
        self.speech.is_noise() && !self.speech.has_pitch()
    }
}

impl Work {
    fn new(frame: usize) -> Self {
        Self { filter: Filter::new(frame), learnt: 0, clears: false, idle: 0, depth: 0.0 }
    }

    /// Returns whether there is more to do.
    fn clear(&mut self, frame: &mut [i16], around: &Surroundings) -> bool {
        self.idle = if around.keeps() { 0 } else { self.idle.saturating_add(1) };
        let is_noise = around.is_noise();
        if self.clears {
            self.go_on(frame, is_noise, around.music)
        } else {
            self.learn(frame, is_noise)
        }
    }

    /// Leaves the tick as it is, until enough is known.
    fn learn(&mut self, frame: &mut [i16], is_noise: bool) -> bool {
        if self.learnt >= LEARN_TICKS && is_noise {
            self.clears = true;
            self.switch(frame, crossfade);
            return true;
        }
        self.learnt = self.learnt.saturating_add(u8::from(is_noise));
        self.filter.learn(frame, is_noise);
        self.idle == 0
    }

    fn go_on(&mut self, frame: &mut [i16], is_noise: bool, music: bool) -> bool {
        let wanted = self.idle < GONE_TICKS && !music;
        let step = if wanted { DEPTH_STEP } else { -DEPTH_STEP };
        self.depth = (self.depth + step).clamp(0.0, 1.0);
        let ends = self.depth == 0.0 && (is_noise || is_silent(frame));
        if ends {
            self.switch(frame, |raw, cleared, out| crossfade(cleared, raw, out));
        } else {
            self.filter.clear(frame, self.least());
        }
        !ends
    }

    /// What noise is weighted with.
    fn least(&self) -> f32 {
        1.0 + (LEAST - 1.0) * self.depth
    }

    fn switch(&mut self, frame: &mut [i16], fade: impl Fn(&[i16], &[i16], &mut [i16])) {
        let mut both = [[0; FRAME_MAX]; 2];
        let [raw, cleared] = both.each_mut().map(|copy| &mut copy[..frame.len()]);
        raw.copy_from_slice(frame);
        self.filter.clear(frame, self.least());
        cleared.copy_from_slice(frame);
        fade(raw, cleared, frame);
    }
}

#[cfg(test)]
mod tests;
