//! Makes a tick louder or softer without a step, and never so loud that it clips.

use multiversion::multiversion;

use crate::frame::{peak, saturate, whole};

/// What is turned up keeps 0.5 dB below full scale, so that coding it does not clip.
const CEILING: f32 = 31_000.0;

/// What had to be turned down at once comes back with a time constant of 120 ms, as behind the limiter.
const RELEASE: f32 = 0.15;

pub(super) struct Fader {
    applied: f32,
}

impl Fader {
    pub(super) const fn new() -> Self {
        Self { applied: 1.0 }
    }

    /// Goes to `wanted` within the tick, or within its first quarter if that is `urgent`.
    pub(super) fn fade(&mut self, frame: &mut [i16], wanted: f32, urgent: bool) {
        if wanted == 1.0 && self.applied == 1.0 {
            return;
        }
        let loudest = f32::from(peak(frame));
        let mut from = self.applied;
        let mut to = wanted;
        if to > 1.0 {
            let risen = if to > from && !urgent { from + (to - from) * RELEASE } else { to };
            let allowed = (CEILING / loudest.max(1.0)).max(1.0);
            // Close enough to be there.
            to = if to - risen < 0.001 { to } else { risen }.min(allowed);
            from = from.min(allowed);
        }
        let quick = if urgent { frame.len() / 4 } else { frame.len() };
        let step = (to - from) / quick.max(1) as f32;
        let (first, rest) = frame.split_at_mut(quick);
        ramp(first, from, step);
        for sample in rest {
            *sample = scaled(*sample, to);
        }
        self.applied = to;
    }
}

/// Each sample by one `step` more than the one before. In eight lanes, which the compiler takes at once.
#[multiversion(targets("x86_64+avx2"))]
fn ramp(frame: &mut [i16], from: f32, step: f32) {
    let mut factors: [f32; 8] = std::array::from_fn(|lane| from + step * (lane + 1) as f32);
    for samples in frame.chunks_mut(8) {
        for (sample, factor) in samples.iter_mut().zip(&mut factors) {
            *sample = scaled(*sample, *factor);
            *factor += step * 8.0;
        }
    }
}

fn scaled(sample: i16, factor: f32) -> i16 {
    saturate(whole(f32::from(sample) * factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_turned_up_never_clips_even_when_it_suddenly_is_loud() {
        let mut fader = Fader::new();
        let mut quiet = [1_000; 160];
        for _ in 0..100 {
            quiet = [1_000; 160];
            fader.fade(&mut quiet, 4.0, false);
        }
        assert_eq!(quiet, [4_000; 160]);
        let mut loud: [i16; 160] =
            std::array::from_fn(|i| if i % 8 < 4 { 30_000 } else { -30_000 });
        let shape = loud;
        fader.fade(&mut loud, 4.0, false);
        assert!(loud.iter().all(|s| s.unsigned_abs() <= 31_000));
        assert!(loud.iter().zip(shape).all(|(&a, b)| (a > 0) == (b > 0)));
        // And comes back.
        for _ in 0..100 {
            quiet = [1_000; 160];
            fader.fade(&mut quiet, 4.0, false);
        }
        assert_eq!(quiet, [4_000; 160]);
    }

    #[test]
    fn scaling_rounds_to_the_nearest_and_cuts_what_is_too_loud() {
        for sample in (i16::MIN..=i16::MAX).step_by(7) {
            for factor in [0.0, 0.25, 0.3, 0.999, 1.0, 1.7, 4.0] {
                let expected = (f32::from(sample) * factor).round_ties_even() as i16;
                assert_eq!(scaled(sample, factor), expected, "{sample} by {factor}");
            }
        }
    }

    #[test]
    fn nothing_is_touched_where_nothing_is_wanted() {
        let mut fader = Fader::new();
        let mut frame: [i16; 160] = std::array::from_fn(|i| i as i16 * 200);
        let before = frame;
        fader.fade(&mut frame, 1.0, false);
        assert_eq!(frame, before);
        fader.fade(&mut frame, 0.5, false);
        let mut frame = before;
        fader.fade(&mut frame, 1.0, false);
        let mut frame = before;
        fader.fade(&mut frame, 1.0, false);
        assert_eq!(frame, before, "exactly as it was, once the gain is back");
    }

    #[test]
    fn what_is_urgent_is_there_after_a_quarter_of_the_tick() {
        let mut fader = Fader::new();
        fader.fade(&mut [1_000; 160], 0.25, false);
        let mut frame = [1_000; 160];
        fader.fade(&mut frame, 1.0, true);
        assert_eq!(frame[40..], [1_000; 120]);
        assert!(frame.is_sorted() && frame[0] > 250);
    }
}
