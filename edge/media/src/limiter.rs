//! Keeps a sum within 16 bits by turning it down instead of cutting its peaks off.

use multiversion::multiversion;

use crate::frame::{saturate, whole};

/// The gain is a line through points 2.5 ms apart, eight of them in a tick; each line stays below what both its ends
/// allow.
const BLOCKS: usize = 8;

/// How much of the missing gain comes back per block: a time constant of 120 ms, slow enough not to be heard as pumping,
/// quick enough not to leave a quiet voice behind a loud one.
const RELEASE: f32 = 2.5 / 120.0;

/// From here on (-0.01 dB) the gain is 1 again.
const WHOLE: f32 = 0.999;

const FULL: f32 = 32_767.0;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Limiter {
    gain: f32,
}

impl Limiter {
    pub(crate) const fn new() -> Self {
        Self { gain: 1.0 }
    }

    /// A tick's worth. A sum that never was beyond full scale comes out as it is.
    pub(crate) fn limit(&mut self, sum: &[i32], out: &mut [i16]) {
        if self.gain >= 1.0 && fits(sum) {
            return narrow(sum, out);
        }
        let mut peaks = [0u32; BLOCKS];
        for (peak, block) in peaks.iter_mut().zip(sum.chunks_exact(sum.len() / BLOCKS)) {
            *peak = peak_of(block);
        }
        self.turn_down(sum, &peaks, out);
    }

    /// The same for `sum` without `voice`, if that needs no turning down; otherwise `false`, and `out` holds anything.
    pub(crate) fn pass_without(&self, sum: &[i32], voice: &[i16], out: &mut [i16]) -> bool {
        let fits = narrow_without(sum, voice, out);
        self.gain >= 1.0 && fits
    }

    fn turn_down(&mut self, sum: &[i32], peaks: &[u32; BLOCKS], out: &mut [i16]) {
        let allowed = |block: usize| match peaks.get(block) {
            Some(&peak) if peak > FULL as u32 => FULL / peak as f32,
            _ => 1.0,
        };
        let length = sum.len() / BLOCKS;
        for block in 0..BLOCKS {
            let risen = self.gain + (1.0 - self.gain) * RELEASE;
            let risen = if risen > WHOLE { 1.0 } else { risen };
            let end = risen.min(allowed(block)).min(allowed(block + 1));
            let step = (end - self.gain) / length as f32;
            let part = block * length..(block + 1) * length;
            turn(&sum[part.clone()], self.gain, step, &mut out[part]);
            self.gain = end;
        }
    }
}

/// Each sample by a gain that is a `step` more than that of the one before. In four lanes, which the compiler takes at
/// once.
#[multiversion(targets("x86_64+avx2"))]
fn turn(sum: &[i32], from: f32, step: f32, out: &mut [i16]) {
    let mut gains: [f32; 4] = std::array::from_fn(|lane| from + step * (lane + 1) as f32);
    // Blocks have 20 samples at 8 kHz, and a multiple of them at other rates.
    debug_assert!(sum.len().is_multiple_of(4) && sum.len() == out.len());
    let ((fours, _), (outs, _)) = (sum.as_chunks::<4>(), out.as_chunks_mut::<4>());
    for (four, out) in fours.iter().zip(outs) {
        for ((&sample, out), gain) in four.iter().zip(out).zip(&mut gains) {
            // The first peak after quiet may come before the gain is down: only that is cut.
            *out = saturate(whole((sample as f32 * *gain).clamp(-FULL, FULL)));
            *gain += step * 4.0;
        }
    }
}

/// The largest magnitude.
#[multiversion(targets("x86_64+avx2"))]
fn peak_of(samples: &[i32]) -> u32 {
    samples.iter().fold(0, |peak, sample| peak.max(sample.unsigned_abs()))
}

/// Whether all samples are of 16 bits.
#[multiversion(targets("x86_64+avx2"))]
fn fits(sum: &[i32]) -> bool {
    sum.iter().fold(0, |all, &sample| all | moved(sample)) >> 16 == 0
}

/// Below 65,536 for 16 bits. Additions and ORs alone, of which the compiler does many at a time.
fn moved(sample: i32) -> u32 {
    sample.wrapping_add(1 << 15).cast_unsigned()
}

#[multiversion(targets("x86_64+avx2"))]
fn narrow_without(sum: &[i32], voice: &[i16], out: &mut [i16]) -> bool {
    let mut all = 0;
    for ((out, &sample), &own) in out.iter_mut().zip(sum).zip(voice) {
        let rest = sample.wrapping_sub(i32::from(own));
        all |= moved(rest);
        *out = saturate(rest);
    }
    all >> 16 == 0
}

#[multiversion(targets("x86_64+avx2"))]
fn narrow(sum: &[i32], out: &mut [i16]) {
    for (out, &sample) in out.iter_mut().zip(sum) {
        *out = saturate(sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::FRAME;

    fn tone(amplitude: f64, from: usize) -> Vec<i32> {
        (from..from + FRAME)
            .map(|i| {
                (amplitude * (std::f64::consts::TAU * 400.0 * i as f64 / 8_000.0).sin()) as i32
            })
            .collect()
    }

    #[test]
    fn a_sum_below_full_scale_is_untouched() {
        let mut limiter = Limiter::new();
        let mut out = [0; FRAME];
        for n in 0..100 {
            let sum = tone(32_700.0, n * FRAME);
            limiter.limit(&sum, &mut out);
            assert!(out.iter().zip(&sum).all(|(&a, &b)| i32::from(a) == b));
        }
    }

    #[test]
    fn a_sum_beyond_full_scale_keeps_its_shape() {
        let mut limiter = Limiter::new();
        let mut out = [0; FRAME];
        for n in 0..50 {
            limiter.limit(&tone(100_000.0, n * FRAME), &mut out);
        }
        let sum = tone(100_000.0, 49 * FRAME);
        let error: f64 = out
            .iter()
            .zip(&sum)
            .map(|(&a, &b)| (f64::from(a) - f64::from(b) * 0.32767).powi(2))
            .sum();
        // Less than 1 % of the tone's power is distortion.
        assert!(error / 160.0 < 32_767f64.powi(2) / 2.0 / 100.0);
    }

    #[test]
    fn the_gain_comes_back_within_a_second() {
        let mut limiter = Limiter::new();
        let mut out = [0; FRAME];
        limiter.limit(&tone(60_000.0, 0), &mut out);
        for n in 0..50 {
            limiter.limit(&tone(1_000.0, n * FRAME), &mut out);
        }
        let sum = tone(1_000.0, 0);
        limiter.limit(&sum, &mut out);
        assert!(out.iter().zip(&sum).all(|(&a, &b)| i32::from(a) == b));
    }
}
