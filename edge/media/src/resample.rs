//! From one rate to another: a polyphase filter for whole ratios, made for live sound.
//!
//! One windowed sinc for each ratio serves both ways, 32 taps a phase: flat to 0.44 of the lower rate (3.5 kHz at
//! 8 kHz), 60 dB down from 0.56 of it on. It delays by half its length, 16 samples of the lower rate: 2 ms at 8 kHz, 1 ms
//! at 16 kHz.

use std::cmp::Ordering;
use std::sync::LazyLock;

use crate::Rate;

/// Of each phase: enough for the slope above, few enough for 2 ms.
const TAPS: usize = 32;

/// From 8 to 48 kHz.
const RATIO_MAX: usize = 6;

/// What is kept of the input, at most: all that the filter reaches back.
const HISTORY: usize = TAPS * RATIO_MAX - 1;

/// Filtered at one go: 20 ms at the highest rate.
const CHUNK: usize = 960;

/// Coefficients in 2^-14: a filter's magnitudes sum up to less than 4, so no sum of products leaves an i32.
const UNIT_BITS: u32 = 14;

/// Of the Kaiser window, for 60 dB: 0.1102 (60 - 8.7).
const BETA: f64 = 5.65;

/// Changes the rate of one stream of sound.
#[derive(Clone)]
pub(crate) struct Resampler {
    kind: Kind,
    /// The newest samples of the input last.
    history: [i16; HISTORY],
    /// All of `history` is 0.
    quiet: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    Same,
    Up(&'static Filter),
    Down(&'static Filter),
}

impl Resampler {
    pub(crate) fn new(from: Rate, to: Rate) -> Self {
        let kind = match from.cmp(&to) {
            Ordering::Equal => Kind::Same,
            Ordering::Less => Kind::Up(filter(from, to)),
            Ordering::Greater => Kind::Down(filter(to, from)),
        };
        Self { kind, history: [0; HISTORY], quiet: true }
    }

    /// The next `input`, a whole number of samples of the lower rate, into `out`, which is as long at its own rate.
    pub(crate) fn process(&mut self, input: &[i16], out: &mut [i16]) {
        match self.kind {
            Kind::Same => out.copy_from_slice(input),
            Kind::Up(filter) => {
                debug_assert_eq!(out.len(), input.len() * filter.ratio);
                let chunks = input.chunks(CHUNK / filter.ratio);
                for (input, out) in chunks.zip(out.chunks_mut(CHUNK)) {
                    self.step(input, out, TAPS - 1, |line, out| filter.up(line, out));
                }
            }
            Kind::Down(filter) => {
                debug_assert_eq!(input.len(), out.len() * filter.ratio);
                let reach = TAPS * filter.ratio - 1;
                for (input, out) in input.chunks(CHUNK).zip(out.chunks_mut(CHUNK / filter.ratio)) {
                    self.step(input, out, reach, |line, out| filter.down(line, out));
                }
            }
        }
    }

    /// Filters one chunk together with the `reach` samples before it.
    fn step(
        &mut self,
        input: &[i16],
        out: &mut [i16],
        reach: usize,
        filter: impl Fn(&[i16], &mut [i16]),
    ) {
        let silent = input.iter().fold(0, |all, sample| all | sample) == 0;
        if silent && self.quiet {
            out.fill(0);
            return;
        }
        let mut line = [0; HISTORY + CHUNK];
        let line = &mut line[..reach + input.len()];
        line[..reach].copy_from_slice(&self.history[HISTORY - reach..]);
        line[reach..].copy_from_slice(input);
        filter(line, out);
        self.history[HISTORY - reach..].copy_from_slice(&line[input.len()..]);
        self.quiet = silent && input.len() >= reach;
    }
}

struct Filter {
    ratio: usize,
    /// For each phase, oldest sample first.
    phases: Box<[[i16; TAPS]]>,
    /// All of it, for the way down.
    whole: Box<[i16]>,
}

/// Of each ratio.
static FILTERS: LazyLock<[Filter; 3]> = LazyLock::new(|| [2, 3, 6].map(Filter::new));

fn filter(low: Rate, high: Rate) -> &'static Filter {
    let [double, triple, sixfold] = &*FILTERS;
    match high.hz() / low.hz() {
        2 => double,
        3 => triple,
        _ => sixfold,
    }
}

impl Filter {
    fn new(ratio: usize) -> Self {
        let prototype = prototype(ratio);
        let phases = (0..ratio).map(|phase| {
            let taps: Vec<f64> = (0..TAPS).map(|tap| prototype[phase + tap * ratio]).collect();
            let mut taps = quantized(&taps, 1.0);
            // The newest sample meets the first coefficient.
            taps.reverse();
            std::array::from_fn(|tap| taps[tap])
        });
        let whole = quantized(&prototype, 1.0).into_boxed_slice();
        Self { ratio, phases: phases.collect(), whole }
    }

    /// `line` begins with what came before, `TAPS - 1` samples.
    fn up(&self, line: &[i16], out: &mut [i16]) {
        for (window, out) in line.windows(TAPS).zip(out.chunks_exact_mut(self.ratio)) {
            for (sample, phase) in out.iter_mut().zip(&self.phases) {
                *sample = scaled(dot(window, phase));
            }
        }
    }

    /// `line` begins with what came before, as long as the filter but one. It is symmetric, so it need not be turned.
    fn down(&self, line: &[i16], out: &mut [i16]) {
        // The newest of each group of `ratio` samples ends a window.
        let windows = line[self.ratio - 1..].windows(self.whole.len()).step_by(self.ratio);
        for (window, sample) in windows.zip(out) {
            *sample = scaled(dot(window, &self.whole));
        }
    }
}

/// In this form the compiler multiplies and adds eight at a time.
fn dot(a: &[i16], b: &[i16]) -> i32 {
    let products = a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b));
    products.fold(0, i32::wrapping_add)
}

fn scaled(sum: i32) -> i16 {
    let rounded = (sum + (1 << (UNIT_BITS - 1))) >> UNIT_BITS;
    rounded.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

/// The low pass at half the lower rate, `TAPS` times `ratio` long, at the higher rate.
fn prototype(ratio: usize) -> Vec<f64> {
    let length = TAPS * ratio;
    let middle = (length - 1) as f64 / 2.0;
    let tap = |n: usize| {
        let from_middle = n as f64 - middle;
        let angle = std::f64::consts::PI * from_middle / ratio as f64;
        let edge = from_middle / (length as f64 / 2.0);
        // An even length has no tap at the angle 0.
        angle.sin() / angle * bessel(BETA * (1.0 - edge * edge).sqrt()) / bessel(BETA)
    };
    (0..length).map(tap).collect()
}

/// The modified Bessel function of order 0, by its series.
fn bessel(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..40 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

/// Scaled so that the taps sum up to exactly `gain`: a constant stays the same constant in every phase.
fn quantized(taps: &[f64], gain: f64) -> Vec<i16> {
    let unit = gain * f64::from(1 << UNIT_BITS);
    let sum: f64 = taps.iter().sum();
    let mut quantized: Vec<i16> =
        taps.iter().map(|tap| (tap * unit / sum).round() as i16).collect();
    let missing = unit as i32 - quantized.iter().map(|&tap| i32::from(tap)).sum::<i32>();
    // Spread over the middle, where it changes the shape least.
    let middle = quantized.len() / 2;
    let count = missing.unsigned_abs() as usize;
    for tap in &mut quantized[middle - count.div_ceil(2)..][..count] {
        *tap += missing.signum() as i16;
    }
    quantized
}

#[cfg(test)]
mod tests;
