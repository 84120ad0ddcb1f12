//! One tick's worth of sound and what is done to it sample by sample.

/// Samples per second of everything in the engine.
pub(crate) const RATE: usize = 8_000;

/// Samples in a tick of 20 ms, the packet time of every G.711 telephone (RFC 3551, 4.2).
pub(crate) const FRAME: usize = RATE / 50;

/// Length of a tick.
pub(crate) const TICK_US: i64 = 20_000;

/// Length of a sample.
pub(crate) const SAMPLE_US: i64 = 125;

pub(crate) type Frame = [i16; FRAME];
pub(crate) type Sum = [i32; FRAME];

/// The largest magnitude of A-law's digital silence, which has no zero (0xd5 is +8, 0x55 is -8).
const SILENCE_PEAK: u16 = 8;

pub(crate) fn is_silent(samples: &[i16]) -> bool {
    peak(samples) <= SILENCE_PEAK
}

pub(crate) fn peak(samples: &[i16]) -> u16 {
    samples.iter().fold(0, |peak, s| peak.max(s.unsigned_abs()))
}

// Wrapping, here and below, only lets the compiler take many samples at a time where overflow is checked: 65,536 legs at
// full scale fit a sum.

pub(crate) fn add(sum: &mut Sum, frame: &Frame) {
    for (sum, &sample) in sum.iter_mut().zip(frame) {
        *sum = sum.wrapping_add(i32::from(sample));
    }
}

pub(crate) fn subtract(sum: &mut Sum, frame: &Frame) {
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
    if samples.is_empty() {
        return 0.0;
    }
    let sum: i64 = samples.iter().map(|&s| i64::from(i32::from(s) * i32::from(s))).sum();
    sum as f32 / samples.len() as f32
}

/// What [`likeness`] compares: the upper 12 bits of each sample.
pub(crate) fn coarse<const N: usize>(samples: &[i16; N]) -> [i16; N] {
    samples.map(|s| s >> 4)
}

/// How alike two stretches of coarse sound are: 1 for the same shape, 0 for strangers, -1 for opposites. Silence is like
/// silence.
pub(crate) fn likeness(a: &[i16], b: &[i16]) -> f32 {
    let (aa, bb) = (dot(a, a), dot(b, b));
    // Below an RMS of about 30 (-60 dBFS) per sample nobody hears a seam.
    let quiet = a.len() as i32 * 4;
    if aa < quiet && bb < quiet {
        return 1.0;
    }
    dot(a, b) as f32 / ((aa as f32) * (bb as f32)).sqrt().max(1.0)
}

/// Of 12 bits each, up to 256 products fit an i32; in this form the compiler multiplies and adds eight at a time.
fn dot(a: &[i16], b: &[i16]) -> i32 {
    debug_assert!(a.len() <= 256);
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
        let (a, b) = (coarse(&a), coarse(&a.map(|s| !s)));
        assert!(likeness(&a, &a) > 0.99);
        assert!(likeness(&a, &b) < -0.99);
    }

    #[test]
    fn the_idle_codes_of_both_laws_are_silent() {
        assert!(is_silent(&[8, -8, 0]));
        assert!(!is_silent(&[24]));
    }
}
