//! One tick's worth of sound and what is done to it sample by sample.
//!
//! Lengths in samples are written for 8 kHz here and in the other modules; [`Rate::scale`] makes them as long at other
//! rates.
//!
//! What goes through a whole tick is compiled twice, and a processor with AVX2, as nearly all have, takes twice as many
//! samples at once. Which it is, is looked up at the first call.

use multiversion::multiversion;

use crate::Rate;

/// Samples in a tick of 20 ms at 8 kHz, the packet time of every G.711 telephone (RFC 3551, 4.2).
pub(crate) const FRAME: usize = 160;

/// The longest tick: at 48 kHz.
pub(crate) const FRAME_MAX: usize = FRAME * Rate::Full.scale();

/// Length of a tick.
pub(crate) const TICK_US: i64 = 20_000;

/// Length of a sample at 8 kHz.
const SAMPLE_US: i64 = 125;

impl Rate {
    /// Samples for each sample at 8 kHz.
    pub(crate) const fn scale(self) -> usize {
        self.hz() as usize / 8_000
    }

    /// Samples in a tick.
    pub(crate) const fn frame(self) -> usize {
        FRAME * self.scale()
    }

    /// How long `samples` last, rounded down.
    pub(crate) const fn us(self, samples: i64) -> i64 {
        // By constants, which are no divisions to the processor; ticks ask often.
        let us = samples * SAMPLE_US;
        match self {
            Rate::Narrow => us,
            Rate::Wide => us.div_euclid(const { Rate::Wide.scale() as i64 }),
            Rate::Full => us.div_euclid(const { Rate::Full.scale() as i64 }),
        }
    }

    /// The whole samples of `us`.
    pub(crate) const fn samples_within(self, us: i64) -> i64 {
        us * self.scale() as i64 / SAMPLE_US
    }

    /// The fewest samples that last `us`.
    pub(crate) const fn samples_for(self, us: i64) -> i64 {
        (us * self.scale() as i64 + SAMPLE_US - 1) / SAMPLE_US
    }
}

/// The largest magnitude of A-law's digital silence, which has no zero (0xd5 is +8, 0x55 is -8).
const SILENCE_PEAK: u16 = 8;

/// What is not is known for that soon.
pub(crate) fn is_silent(samples: &[i16]) -> bool {
    samples.chunks(FRAME / 5).all(|part| peak(part) <= SILENCE_PEAK)
}

#[multiversion(targets("x86_64+avx2"))]
pub(crate) fn peak(samples: &[i16]) -> u16 {
    samples.iter().fold(0, |peak, s| peak.max(s.unsigned_abs()))
}

/// Cut to 16 bits: eight at a time on all machines, which to cut off upper bits is not.
pub(crate) fn saturate(sample: i32) -> i16 {
    sample.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// The nearest whole number, of up to 22 bits. Between 2^23 and 2^24 a float has steps of one, so an addition rounds, and
/// the lowest bits are the number: of that the compiler does many samples at a time, of calls to round it does not.
pub(crate) fn whole(sample: f32) -> i32 {
    const STEPS_OF_ONE: f32 = 12_582_912.0;
    let bits = (sample + STEPS_OF_ONE).to_bits().cast_signed();
    bits.wrapping_sub(STEPS_OF_ONE.to_bits().cast_signed())
}

// Wrapping, here and below, only lets the compiler take many samples at a time where overflow is checked: 65,536 legs at
// full scale fit a sum.

#[multiversion(targets("x86_64+avx2"))]
pub(crate) fn add(sum: &mut [i32], frame: &[i16]) {
    for (sum, &sample) in sum.iter_mut().zip(frame) {
        *sum = sum.wrapping_add(i32::from(sample));
    }
}

#[multiversion(targets("x86_64+avx2"))]
pub(crate) fn subtract(sum: &mut [i32], frame: &[i16]) {
    for (sum, &sample) in sum.iter_mut().zip(frame) {
        *sum = sum.wrapping_sub(i32::from(sample));
    }
}

/// `out` goes from `from` to `to` in a straight line; as long as the shortest of the three.
pub(crate) fn crossfade(from: &[i16], to: &[i16], out: &mut [i16]) {
    let length = from.len().min(to.len()).min(out.len());
    let steps = length as i32 + 1;
    for i in 0..length {
        let weight = i as i32 + 1;
        let mixed = i32::from(from[i]) * (steps - weight) + i32::from(to[i]) * weight;
        // Between two i16, so an i16.
        out[i] = (mixed / steps) as i16;
    }
}

/// Mean of the squares.
pub(crate) fn power(samples: &[i16]) -> f32 {
    let [power] = powers(samples);
    power
}

/// The same of each of so many equal parts. In eight lanes, which the compiler takes at once.
#[multiversion(targets("x86_64+avx2"))]
pub(crate) fn powers<const PARTS: usize>(samples: &[i16]) -> [f32; PARTS] {
    let length = samples.len() / PARTS;
    std::array::from_fn(|part| {
        let (eights, rest) = samples[part * length..][..length].as_chunks::<8>();
        let mut lanes = [0f32; 8];
        for eight in eights {
            for (lane, &sample) in lanes.iter_mut().zip(eight) {
                *lane += f32::from(sample) * f32::from(sample);
            }
        }
        let square = |&sample: &i16| f32::from(sample) * f32::from(sample);
        let sum = lanes.iter().sum::<f32>() + rest.iter().map(square).sum::<f32>();
        sum / length.max(1) as f32
    })
}

/// What [`likeness`] compares: the upper 12 bits of each sample.
pub(crate) fn coarse(samples: &[i16], out: &mut [i16]) {
    for (out, &sample) in out.iter_mut().zip(samples) {
        *out = sample >> 4;
    }
}

/// As [`coarse`], at 8 kHz: the mean of each `scale` samples. What lies above 4 kHz folds down a little weakened, which
/// does not mislead a search for what repeats.
pub(crate) fn thin_out(samples: &[i16], scale: usize, out: &mut [i16]) {
    if scale == 1 {
        return coarse(samples, out);
    }
    for (out, group) in out.iter_mut().zip(samples.chunks_exact(scale)) {
        let sum: i32 = group.iter().map(|&s| i32::from(s)).sum();
        *out = (sum / (16 * scale as i32)) as i16;
    }
}

/// How alike two stretches of coarse sound are: 1 for the same shape, 0 for strangers, -1 for opposites. Silence is like
/// silence.
pub(crate) fn likeness(a: &[i16], b: &[i16]) -> f32 {
    let (aa, bb) = (dot(a, a), dot(b, b));
    // Below an RMS of about 30 (-60 dBFS) per sample nobody hears a seam.
    let quiet = a.len() as i64 * 4;
    if aa < quiet && bb < quiet {
        return 1.0;
    }
    dot(a, b) as f32 / ((aa as f32) * (bb as f32)).sqrt().max(1.0)
}

fn dot(a: &[i16], b: &[i16]) -> i64 {
    a.chunks(PRODUCTS).zip(b.chunks(PRODUCTS)).map(|(a, b)| i64::from(short_dot(a, b))).sum()
}

/// Of 12 bits each, so many products fit an i32.
const PRODUCTS: usize = 256;

/// In this form the compiler multiplies and adds eight at a time.
#[multiversion(targets("x86_64+avx2"))]
fn short_dot(a: &[i16], b: &[i16]) -> i32 {
    debug_assert!(a.len() <= PRODUCTS);
    let products = a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b));
    products.fold(0, i32::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crossfade_ends_near_both_sides() {
        let mut out = [0; 40];
        crossfade(&[1000; 40], &[-1000; 40], &mut out);
        assert!(out[0] > 900 && out[39] < -900);
        assert!(out.is_sorted_by(|a, b| a >= b));
    }

    #[test]
    fn likeness_tells_same_from_opposite_even_at_full_scale() {
        let a: [i16; 256] = std::array::from_fn(|i| if i % 8 < 4 { 32_767 } else { -32_768 });
        let (mut coarse_a, mut coarse_b) = ([0; 256], [0; 256]);
        coarse(&a, &mut coarse_a);
        coarse(&a.map(|s| !s), &mut coarse_b);
        let (a, b) = (coarse_a, coarse_b);
        assert!(likeness(&a, &a) > 0.99);
        assert!(likeness(&a, &b) < -0.99);
    }

    #[test]
    fn the_idle_codes_of_both_laws_are_silent() {
        assert!(is_silent(&[8, -8, 0]));
        assert!(!is_silent(&[24]));
    }
}
