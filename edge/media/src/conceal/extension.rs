//! Sound goes on as it has sounded: by linear prediction, excited by the last pitch period of what excited it before, and
//! by noise as far as that does not repeat itself.
//!
//! The filter goes on from the samples that were heard, so there is no seam where the hole begins. A vowel keeps its
//! pitch and its colour; an s keeps its colour and does not buzz.

use super::Pitch;
use crate::Rate;

/// Resonances that are modelled: six at 8 kHz, eight above.
const ORDER_NARROW: usize = 12;
const ORDER_MAX: usize = 16;

/// Looked at, the newest most: 20 ms.
const WINDOW: usize = 160;
const WINDOW_MAX: usize = WINDOW * Rate::Full.scale();

/// The window rises over this part of its length and falls over the rest.
const RISE: f32 = 0.85;

/// Resonances are made at least so wide (Hz), as a voice's are: a steeper one would ring on.
const WIDTH_HZ: f32 = 40.0;

/// A floor under the spectrum, 40 dB below the sound and at half a step of 16 bits: keeps the arithmetic steady.
const FLOOR: f32 = 1.000_1;

/// What repeats itself so well (likeness) is excited without noise.
const VOICED: f32 = 0.9;

/// How loud the noise is was learnt from so much: 10 ms.
const LOUDNESS: usize = 80;

/// RMS of an even distribution from -1 to 1.
const EVEN_RMS: f32 = 0.577;

pub(super) struct Extension {
    rate: Rate,
    filter: [f32; ORDER_MAX],
    /// What was heard or made last, the newest first.
    memory: [f32; ORDER_MAX],
    /// As long as any was that was needed: most legs never need a long one, and at 48 kHz it is 4 kB.
    period: Vec<f32>,
    lag: usize,
    at: usize,
    voicing: f32,
    noise_peak: f32,
    noise: u32,
}

impl Extension {
    pub(super) fn new(rate: Rate, seed: u32) -> Self {
        Self {
            rate,
            filter: [0.0; ORDER_MAX],
            memory: [0.0; ORDER_MAX],
            period: Vec::new(),
            lag: 1,
            at: 0,
            voicing: 0.0,
            noise_peak: 0.0,
            // Xorshift must not start at 0.
            noise: seed | 1,
        }
    }

    /// What follows is to go on from `history`.
    pub(super) fn begin(&mut self, history: &[i16], pitch: Pitch) {
        self.lag = pitch.lag;
        self.at = 0;
        self.voicing = (pitch.likeness / VOICED).clamp(0.0, 1.0);
        self.filter = self.prediction(history);
        let newest = history.len();
        for (memory, &sample) in self.memory.iter_mut().zip(history.iter().rev()) {
            *memory = f32::from(sample);
        }
        let mut period = std::mem::take(&mut self.period);
        period.clear();
        period.extend((newest - self.lag..newest).map(|at| self.residual(history, at)));
        self.period = period;
        let loudness = LOUDNESS * self.rate.scale();
        let squares = (newest - loudness..newest).map(|at| self.residual(history, at).powi(2));
        self.noise_peak = (squares.sum::<f32>() / loudness as f32).sqrt() / EVEN_RMS;
    }

    /// The next sample, which may lie beyond 16 bits.
    pub(super) fn next(&mut self) -> f32 {
        let repeated = self.period[self.at];
        self.at = (self.at + 1) % self.lag;
        let noise = self.noise() * self.noise_peak;
        let excitation = noise + self.voicing * (repeated - noise);
        let predicted: f32 = self.filter.iter().zip(&self.memory).map(|(a, m)| a * m).sum();
        let sample = excitation + predicted;
        self.memory.copy_within(..ORDER_MAX - 1, 1);
        self.memory[0] = sample;
        sample
    }

    /// What the prediction of the sample at `at` lacked.
    fn residual(&self, history: &[i16], at: usize) -> f32 {
        let before = history[at - ORDER_MAX..at].iter().rev();
        let predicted: f32 = self.filter.iter().zip(before).map(|(a, &s)| a * f32::from(s)).sum();
        f32::from(history[at]) - predicted
    }

    /// How each sample follows from those before it, the newest first.
    fn prediction(&self, history: &[i16]) -> [f32; ORDER_MAX] {
        let scale = self.rate.scale();
        let order = if scale == 1 { ORDER_NARROW } else { ORDER_MAX };
        let length = WINDOW * scale;
        let mut windowed = [0.0; WINDOW_MAX];
        let windowed = &mut windowed[..length];
        for (i, out) in windowed.iter_mut().enumerate() {
            let sample = history[history.len() - length + i];
            *out = f32::from(sample) * window((i as f32 + 0.5) / length as f32);
        }
        let mut alike = [0.0; ORDER_MAX + 1];
        for (lag, out) in alike[..=order].iter_mut().enumerate() {
            let products = windowed[lag..].iter().zip(&*windowed).map(|(a, b)| a * b);
            let angle = std::f32::consts::TAU * WIDTH_HZ * lag as f32 / self.rate.hz() as f32;
            *out = products.sum::<f32>() * (-0.5 * angle * angle).exp();
        }
        alike[0] = alike[0] * FLOOR + 1.0;
        solved(&alike[..=order])
    }

    /// Marsaglia's xorshift32, from -1 to 1.
    fn noise(&mut self) -> f32 {
        self.noise ^= self.noise << 13;
        self.noise ^= self.noise >> 17;
        self.noise ^= self.noise << 5;
        self.noise.cast_signed() as f32 / 2_147_483_648.0
    }
}

/// Two quarters of sines, the first a long one.
fn window(at: f32) -> f32 {
    let part = if at < RISE { at / RISE } else { (1.0 - at) / (1.0 - RISE) };
    (part * std::f32::consts::FRAC_PI_2).sin()
}

/// The Levinson-Durbin recursion: the predictor for sound with this autocorrelation. It is always stable.
fn solved(alike: &[f32]) -> [f32; ORDER_MAX] {
    let mut filter = [0.0f32; ORDER_MAX];
    let mut error = alike[0];
    for i in 0..alike.len() - 1 {
        let known: f32 = (0..i).map(|j| filter[j] * alike[i - j]).sum();
        let reflection = (alike[i + 1] - known) / error;
        let before = filter;
        for j in 0..i {
            filter[j] -= reflection * before[i - 1 - j];
        }
        filter[i] = reflection;
        error *= 1.0 - reflection * reflection;
    }
    filter
}
