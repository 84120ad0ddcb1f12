//! Keeps what a leg says for a while, and cuts the silence off both ends.

use std::time::Duration;

use crate::frame::{FRAME, FRAME_MAX, power};
use crate::resample::Resampler;
use crate::{Clip, Rate};

/// A name needs no more: 16 kHz.
const RATE_MAX: Rate = Rate::Wide;

/// However long was asked for: a megabyte at most.
const LONGEST_MAX: Duration = Duration::from_secs(30);

/// Looked at as a whole: 10 ms. Lengths in samples are at 8 kHz.
const BLOCK: usize = FRAME / 2;

/// Kept before and behind what was said, so that no soft sound is cut off: 60 and 120 ms.
const BEFORE: usize = 6;
const BEHIND: usize = 12;

/// What is shorter is a click or a keystroke, not a word: 40 ms.
const WORD: usize = 4;

/// -48 dBFS: below that a telephone line is silent.
const QUIET: f32 = 130.0 * 130.0;

/// Speech is 9 dB louder than what is behind it, and no more than 15 dB below the loudest: as ratios of power.
const ABOVE_NOISE: f32 = 8.0;
const BELOW_PEAK: f32 = 32.0;

/// At the ends of the clip, against clicks: 5 ms.
const FADE: usize = 40;

pub(crate) struct Recorder {
    rate: Rate,
    /// From the rate of what is heard.
    resampler: Resampler,
    samples: Vec<i16>,
    ticks_left: u64,
}

impl Recorder {
    /// Of sound at `source`.
    pub(crate) fn new(longest: Duration, source: Rate) -> Self {
        let longest = longest.min(LONGEST_MAX);
        let ticks = longest.as_millis() as u64 / 20;
        let rate = source.min(RATE_MAX);
        Self {
            rate,
            resampler: Resampler::new(source, rate),
            samples: Vec::with_capacity(ticks as usize * rate.frame()),
            ticks_left: ticks,
        }
    }

    /// What is heard from now on is sampled otherwise.
    pub(crate) fn set_source(&mut self, source: Rate) {
        self.resampler = Resampler::new(source, self.rate);
    }

    /// One tick; `heard` is `None` while a key is pressed. Returns whether the time is over.
    pub(crate) fn tick(&mut self, heard: Option<&[i16]>) -> bool {
        self.ticks_left = self.ticks_left.saturating_sub(1);
        if let Some(heard) = heard {
            let mut kept = [0; FRAME_MAX];
            let kept = &mut kept[..self.rate.frame()];
            self.resampler.process(heard, kept);
            self.samples.extend_from_slice(kept);
        }
        self.ticks_left == 0
    }

    /// Forgets the last `ticks`, which turned out to be a key.
    pub(crate) fn drop_last(&mut self, ticks: usize) {
        let samples = ticks * self.rate.frame();
        self.samples.truncate(self.samples.len().saturating_sub(samples));
    }

    /// What was said.
    pub(crate) fn finish(self) -> Option<Clip> {
        let block = BLOCK * self.rate.scale();
        let powers: Vec<f32> = self.samples.chunks_exact(block).map(power).collect();
        let threshold = threshold(&powers)?;
        let word = |window: &[f32]| window.iter().all(|&p| p > threshold);
        let first = powers.windows(WORD).position(word)?;
        let last = powers.windows(WORD).rposition(word)? + WORD;
        let from = first.saturating_sub(BEFORE) * block;
        let to = (last + BEHIND).min(powers.len()) * block;
        let mut samples = self.samples[from..to].to_vec();
        fade_ends(&mut samples, FADE * self.rate.scale());
        Some(Clip { samples: samples.into(), rate: self.rate })
    }
}

/// What a block of speech exceeds.
fn threshold(powers: &[f32]) -> Option<f32> {
    let mut sorted = powers.to_vec();
    sorted.sort_by(f32::total_cmp);
    let noise = sorted.get(sorted.len() / 10)?;
    let peak = sorted.last()?;
    Some((noise * ABOVE_NOISE).min(peak / BELOW_PEAK).max(QUIET))
}

fn fade_ends(samples: &mut [i16], fade: usize) {
    let length = samples.len();
    for i in 0..fade.min(length) {
        let faded = |s: i16| (i32::from(s) * i as i32 / fade as i32) as i16;
        samples[i] = faded(samples[i]);
        samples[length - 1 - i] = faded(samples[length - 1 - i]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: &mut u32, amplitude: i16) -> [i16; FRAME] {
        std::array::from_fn(|_| {
            *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((*seed >> 16) as i32 % (2 * i32::from(amplitude) + 1)) as i16 - amplitude
        })
    }

    /// A second of quiet, `spoken` ticks of a loud sound, a second of quiet.
    fn record(spoken: usize) -> Option<Clip> {
        let mut seed = 7;
        let mut recorder = Recorder::new(Duration::from_secs(10), Rate::Narrow);
        for tick in 0..100 + spoken {
            let amplitude = if (50..50 + spoken).contains(&tick) { 5_000 } else { 30 };
            assert!(!recorder.tick(Some(&noise(&mut seed, amplitude))));
        }
        recorder.finish()
    }

    #[test]
    fn silence_is_cut_off_both_ends() {
        let clip = record(50).unwrap();
        // A second of sound with 60 ms before and 120 ms behind.
        assert_eq!(clip.samples.len(), 8_000 + 480 + 960);
        assert!(clip.samples[480..8_480].iter().any(|s| s.abs() > 4_000));
    }

    #[test]
    fn nothing_said_is_nothing_recorded() {
        assert_eq!(record(0), None);
    }

    #[test]
    fn a_click_is_not_a_name() {
        assert_eq!(record(1), None);
    }

    #[test]
    fn the_longest_time_is_kept_and_bounded() {
        let mut recorder = Recorder::new(Duration::from_secs(1), Rate::Narrow);
        assert_eq!((0..).take_while(|_| !recorder.tick(None)).count(), 49);
        let mut recorder = Recorder::new(Duration::MAX, Rate::Narrow);
        assert_eq!((0..).take_while(|_| !recorder.tick(None)).count(), 1_499);
    }

    #[test]
    fn a_loud_voice_without_a_pause_is_kept() {
        let mut seed = 1;
        let mut recorder = Recorder::new(Duration::from_secs(2), Rate::Narrow);
        while !recorder.tick(Some(&noise(&mut seed, 4_000))) {}
        assert_eq!(recorder.finish().unwrap().samples.len(), 16_000);
    }
}
