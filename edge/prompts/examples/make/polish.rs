//! Brings speech into form for the telephone.

use konf_prompts::RATE;

/// What the peak is brought to: -3 dB, which leaves room for the resampling and for A-law's top step.
const PEAK: f32 = 0.708 * 32_768.0;
/// A telephone carries nothing below 300 Hz; what a voice has below 200 Hz only eats level.
const HIGH_PASS_HZ: f32 = 200.0;
/// Quieter than the loudest block by this is silence: -45 dB.
const SILENCE: f32 = 0.0056;
/// Left before the first and after the last sound, so that phrases in a row do not run into each other.
const MARGIN: usize = RATE as usize / 25;
/// Blocks in which loudness is judged: 5 ms.
const BLOCK: usize = RATE as usize / 200;

/// High-passed, without the silence at both ends, peak at -3 dB.
pub(crate) fn polish(samples: &[i16]) -> Vec<i16> {
    let mut sound: Vec<f32> = samples.iter().map(|s| f32::from(*s)).collect();
    high_pass(&mut sound);
    high_pass(&mut sound);
    let mut sound = trimmed(&sound).to_vec();
    fade_ends(&mut sound);
    to_peak(&sound, PEAK)
}

pub(crate) fn to_peak(sound: &[f32], peak: f32) -> Vec<i16> {
    let highest = sound.iter().fold(1.0f32, |highest, s| highest.max(s.abs()));
    sound.iter().map(|s| (s * peak / highest).round() as i16).collect()
}

/// Second order, Butterworth (Robert Bristow-Johnson's cookbook); run twice for 24 dB an octave.
fn high_pass(sound: &mut [f32]) {
    let w = std::f32::consts::TAU * HIGH_PASS_HZ / RATE as f32;
    let alpha = w.sin() / std::f32::consts::SQRT_2;
    let (a0, a1, a2) = (1.0 + alpha, -2.0 * w.cos(), 1.0 - alpha);
    let (b0, b1) = ((1.0 + w.cos()) / 2.0, -(1.0 + w.cos()));
    let (mut x1, mut x2, mut y1, mut y2) = (0.0, 0.0, 0.0, 0.0);
    for sample in sound {
        let x = *sample;
        let y = (b0 * x + b1 * x1 + b0 * x2 - a1 * y1 - a2 * y2) / a0;
        (x2, x1, y2, y1) = (x1, x, y1, y);
        *sample = y;
    }
}

fn trimmed(sound: &[f32]) -> &[f32] {
    let levels: Vec<f32> = sound
        .chunks(BLOCK)
        .map(|block| (block.iter().map(|s| s * s).sum::<f32>() / block.len() as f32).sqrt())
        .collect();
    let threshold = levels.iter().fold(0.0f32, |a, b| a.max(*b)) * SILENCE;
    let first = levels.iter().position(|level| *level > threshold).unwrap_or(0);
    let last = levels.iter().rposition(|level| *level > threshold).unwrap_or(0);
    let end = (last + 1) * BLOCK + MARGIN;
    &sound[(first * BLOCK).saturating_sub(MARGIN)..end.min(sound.len())]
}

/// 5 ms, against clicks.
fn fade_ends(sound: &mut [f32]) {
    let length = sound.len();
    for i in 0..BLOCK.min(length) {
        let gain = i as f32 / BLOCK as f32;
        sound[i] *= gain;
        sound[length - 1 - i] *= gain;
    }
}
