//! Sound into short spectra and back, weighted in between.
//!
//! A long window looks back for fine resolution, its last 20 ms alone are made sound again, so that the delay is 10 ms
//! (after D. Mauler and R. Martin, 2007).

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use super::weights::Weights;
use crate::frame::{is_silent, saturate, whole};

/// Hops of 10 ms, two in a tick.
pub(super) const HOPS: usize = 2;

/// A window is 3.2 hops: 32 ms, in which bins lie 31 Hz apart, so that what is between the partials of a low voice is told
/// from them.
const fn window(hop: usize) -> usize {
    hop * 16 / 5
}

pub(super) struct Filter {
    hop: usize,
    forward: Arc<dyn RealToComplex<f32>>,
    backward: Arc<dyn ComplexToReal<f32>>,
    analysis: Vec<f32>,
    /// Of the last two hops.
    synthesis: Vec<f32>,
    /// The last window of what was heard, the newest last.
    heard: Vec<f32>,
    work: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    /// What the last hop adds to the next.
    tail: Vec<f32>,
    weights: Weights,
}

impl Filter {
    /// For ticks of so many samples.
    pub(super) fn new(frame: usize) -> Self {
        let hop = frame / HOPS;
        let length = window(hop);
        let mut planner = RealFftPlanner::new();
        let (forward, backward) =
            (planner.plan_fft_forward(length), planner.plan_fft_inverse(length));
        let scratch = forward.get_scratch_len().max(backward.get_scratch_len());
        let (analysis, synthesis) = windows(hop);
        Self {
            hop,
            analysis,
            synthesis,
            heard: vec![0.0; length],
            work: vec![0.0; length],
            spectrum: vec![Complex::default(); length / 2 + 1],
            scratch: vec![Complex::default(); scratch],
            tail: vec![0.0; hop],
            weights: Weights::new(length / 2 + 1),
            forward,
            backward,
        }
    }

    /// Whether it is made for ticks of so many samples.
    pub(super) fn fits(&self, frame: usize) -> bool {
        self.hop * HOPS == frame
    }

    /// What was heard until now does not come out any more.
    pub(super) fn forget(&mut self) {
        self.heard.fill(0.0);
        self.tail.fill(0.0);
    }

    /// A tick that is not changed and may have nothing but noise.
    pub(super) fn learn(&mut self, frame: &[i16], is_noise: bool) {
        for hop in frame.chunks_exact(self.hop) {
            self.look(hop);
            if is_noise {
                self.weights.learn(&self.spectrum);
            }
        }
    }

    /// The tick, 10 ms later; noise is weighted with `least`.
    pub(super) fn clear(&mut self, frame: &mut [i16], least: f32) {
        let learns = !is_silent(frame);
        for hop in frame.chunks_exact_mut(self.hop) {
            self.look(hop);
            self.weights.weigh(&mut self.spectrum, least, learns);
            self.sound(hop);
        }
    }

    fn look(&mut self, hop: &[i16]) {
        let old = self.heard.len() - hop.len();
        self.heard.copy_within(hop.len().., 0);
        for (kept, &sample) in self.heard[old..].iter_mut().zip(hop) {
            *kept = f32::from(sample);
        }
        for ((work, &heard), &weight) in self.work.iter_mut().zip(&self.heard).zip(&self.analysis) {
            *work = heard * weight;
        }
        let done = self.forward.process_with_scratch(
            &mut self.work,
            &mut self.spectrum,
            &mut self.scratch,
        );
        debug_assert!(done.is_ok(), "all lengths are those of the plan");
    }

    fn sound(&mut self, hop: &mut [i16]) {
        let done = self.backward.process_with_scratch(
            &mut self.spectrum,
            &mut self.work,
            &mut self.scratch,
        );
        debug_assert!(done.is_ok(), "all lengths are those of the plan");
        let last = &mut self.work[self.analysis.len() - self.synthesis.len()..];
        for (sample, &weight) in last.iter_mut().zip(&self.synthesis) {
            *sample *= weight;
        }
        let (now, next) = last.split_at(self.hop);
        for ((out, &now), &tail) in hop.iter_mut().zip(now).zip(&self.tail) {
            *out = saturate(whole(now + tail));
        }
        self.tail.copy_from_slice(next);
    }
}

/// Their product over the last two hops is a Hann window, which adds up to one.
fn windows(hop: usize) -> (Vec<f32>, Vec<f32>) {
    let length = window(hop);
    let quarter =
        |i: usize, of: usize| (std::f32::consts::FRAC_PI_2 * (i as f32 + 0.5) / of as f32).sin();
    let rise = length - hop;
    let analysis: Vec<f32> = (0..length)
        .map(|i| if i < rise { quarter(i, rise) } else { quarter(length - 1 - i, hop) })
        .collect();
    // A transform and its inverse multiply by the length.
    let synthesis = (0..2 * hop).map(|i| {
        let hann = if i < hop { quarter(i, hop) } else { quarter(2 * hop - 1 - i, hop) };
        hann * hann / analysis[length - 2 * hop + i] / length as f32
    });
    let synthesis = synthesis.collect();
    (analysis, synthesis)
}
