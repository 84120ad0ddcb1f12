//! Clips at the rate of whoever hears them.

use crate::resample::Resampler;
use crate::{Clip, Rate};

/// Converted at one go, at 8 kHz: 5 ms, so that little is left over when the rate changes.
const BLOCK: usize = 40;
const BLOCK_MAX: usize = BLOCK * Rate::Full.scale();

/// Plays one clip after the other. Filters, if a clip is of another rate, go on from clip to clip.
#[derive(Default)]
pub(crate) struct Tape {
    converter: Option<Box<Converter>>,
}

struct Converter {
    from: Rate,
    to: Rate,
    resampler: Resampler,
    ready: [i16; BLOCK_MAX],
    begin: usize,
    end: usize,
}

impl Tape {
    /// Adds what comes of `clip` at `position` to `sum`, and moves `position`. Returns how many samples were added and
    /// whether that was the end of the clip; fewer than `sum` has only then.
    pub(crate) fn add(
        &mut self,
        clip: &Clip,
        position: &mut usize,
        rate: Rate,
        sum: &mut [i32],
    ) -> (usize, bool) {
        let rest = &clip.samples[(*position).min(clip.samples.len())..];
        if clip.rate == rate {
            let length = rest.len().min(sum.len());
            add(sum, &rest[..length]);
            *position += length;
            return (length, length == rest.len());
        }
        let converter = self.converter(clip.rate, rate);
        let (mut taken, mut filled) = (0, 0);
        loop {
            filled += converter.hand_out(&mut sum[filled..]);
            let left = &rest[taken..];
            let over = left.is_empty() && converter.is_empty();
            if over || filled == sum.len() {
                *position += taken;
                return (filled, over);
            }
            taken += converter.take(left);
        }
    }

    /// What comes next does not follow.
    pub(crate) fn clear(&mut self) {
        self.converter = None;
    }

    fn converter(&mut self, from: Rate, to: Rate) -> &mut Converter {
        let fits = self.converter.as_ref().is_some_and(|c| (c.from, c.to) == (from, to));
        if !fits {
            self.converter = None;
        }
        self.converter.get_or_insert_with(|| Box::new(Converter::new(from, to)))
    }
}

impl Converter {
    fn new(from: Rate, to: Rate) -> Self {
        let resampler = Resampler::new(from, to);
        Self { from, to, resampler, ready: [0; BLOCK_MAX], begin: 0, end: 0 }
    }

    fn is_empty(&self) -> bool {
        self.begin == self.end
    }

    fn hand_out(&mut self, sum: &mut [i32]) -> usize {
        let length = sum.len().min(self.end - self.begin);
        add(sum, &self.ready[self.begin..self.begin + length]);
        self.begin += length;
        length
    }

    /// Converts the next of `samples`; returns how many were taken.
    fn take(&mut self, samples: &[i16]) -> usize {
        let length = samples.len().min(BLOCK * self.from.scale());
        // On the way down a whole number of samples has to come out: the last group is filled up with silence.
        let ratio = (self.from.scale() / self.to.scale()).max(1);
        let whole = length.next_multiple_of(ratio);
        let mut block = [0; BLOCK_MAX];
        block[..length].copy_from_slice(&samples[..length]);
        self.begin = 0;
        self.end = whole * self.to.scale() / self.from.scale();
        self.resampler.process(&block[..whole], &mut self.ready[..self.end]);
        length
    }
}

fn add(sum: &mut [i32], samples: &[i16]) {
    for (sum, &sample) in sum.iter_mut().zip(samples) {
        *sum += i32::from(sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_lasts_as_long_at_any_rate_and_is_as_loud() {
        for from in [Rate::Narrow, Rate::Wide, Rate::Full] {
            for to in [Rate::Narrow, Rate::Wide, Rate::Full] {
                let length = 1_001 * from.scale();
                let clip = Clip { samples: vec![1_000; length].into(), rate: from };
                let (mut tape, mut position, mut heard) = (Tape::default(), 0, Vec::new());
                loop {
                    let mut sum = vec![0; to.frame()];
                    let (filled, over) = tape.add(&clip, &mut position, to, &mut sum);
                    heard.extend_from_slice(&sum[..filled]);
                    if over {
                        break;
                    }
                    assert_eq!(filled, sum.len());
                }
                assert_eq!(
                    (position, heard.len()),
                    (length, 1_001 * to.scale()),
                    "{from:?} {to:?}"
                );
                let settled = &heard[64 * to.scale()..];
                assert!(settled.iter().all(|s| (s - 1_000).abs() <= 2), "{from:?} {to:?}");
            }
        }
    }

    #[test]
    fn a_clip_without_sound_is_over_at_once() {
        let clip = Clip { samples: [].into(), rate: Rate::Wide };
        let (mut tape, mut position) = (Tape::default(), 0);
        for rate in [Rate::Narrow, Rate::Wide] {
            assert_eq!(tape.add(&clip, &mut position, rate, &mut [0; 160]), (0, true));
        }
    }
}
