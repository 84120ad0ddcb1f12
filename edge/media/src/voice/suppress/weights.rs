//! How much of each bin of a spectrum is noise, and what it is therefore weighted with.
//!
//! The noise of each bin is followed by the probability that speech is there (after T. Gerkmann and R. Hendriks, 2012),
//! and never below what was its least for a while (R. Martin, 2001). Weights are those of least error of the logarithm (Y.
//! Ephraim and D. Malah, 1985), by a signal to noise ratio that depends on what was taken for speech one hop before.

use multiversion::multiversion;
use realfft::num_complex::Complex;

use crate::frame::whole;

/// Bins up to 8 kHz are weighted each by itself; above, where voices have nothing but breath, 16 together (500 Hz).
const FINE: usize = 257;
const TOGETHER: usize = 16;

/// Speech, where there is some, is 15 dB above the noise.
const PRESENT: f32 = 31.6;

/// How much of a new hop the noise takes over: 120 ms.
const SHARE: f32 = 0.08;

/// The least of what is smoothed over 50 ms is kept for one to two seconds.
const SMOOTH: f32 = 0.2;
const PART_HOPS: u8 = 100;

/// A tenth of a step at 16 bits in all: what is quieter is no noise.
const QUIETEST: f32 = 1.0;

/// The ratio, as far as it comes from the hop before.
const BEFORE: f32 = 0.975;
const BEFORE_ONSET: f32 = 0.4;

/// The ten bins beside it have so much more than noise where speech begins.
const ONSET_LOW: f32 = 3.5;
const ONSET_HIGH: f32 = 7.0;
const BESIDE: usize = 5;

/// -20 and 30 dB.
const RATIO_MIN: f32 = 0.01;
const RATIO_MAX: f32 = 1_000.0;

/// What stands out of the noise beside it by more is a tone, and no noise however long it lasts.
const TONE: f32 = 8.0;
const NEAR: usize = 4;
const FAR: usize = 8;
const GROUP: usize = FAR - NEAR + 1;

/// Below 150 Hz all that stays is rumble, or hum of the mains.
const RUMBLE: usize = 5;

pub(super) struct Weights {
    powers: Vec<f32>,
    noise: Vec<f32>,
    /// The noise without tones.
    hiss: Vec<f32>,
    smooth: Vec<f32>,
    least: Vec<f32>,
    least_before: Vec<f32>,
    /// What was taken for speech in the last hop.
    speech: Vec<f32>,
    ratios: Vec<f32>,
    /// Of groups of neighbours of the noise, and then of all ratios up to each channel.
    sums: Vec<f32>,
    /// The mean of the ratios around each channel.
    around: Vec<f32>,
    weights: Vec<f32>,
    hops: u8,
    learnt: u16,
}

impl Weights {
    pub(super) fn new(bins: usize) -> Self {
        let channels = bins.min(FINE) + bins.saturating_sub(FINE).div_ceil(TOGETHER);
        let none = || vec![0.0; channels];
        Self {
            powers: none(),
            noise: none(),
            hiss: none(),
            smooth: none(),
            least: vec![f32::MAX; channels],
            least_before: vec![f32::MAX; channels],
            speech: none(),
            ratios: none(),
            sums: vec![0.0; channels + 1],
            around: none(),
            weights: none(),
            hops: 0,
            learnt: 0,
        }
    }

    /// A spectrum of nothing but noise.
    pub(super) fn learn(&mut self, spectrum: &[Complex<f32>]) {
        self.measure(spectrum);
        self.learnt = self.learnt.saturating_add(1);
        let share = 1.0 / f32::from(self.learnt);
        for ((noise, smooth), &power) in
            self.noise.iter_mut().zip(&mut self.smooth).zip(&self.powers)
        {
            *noise += (power - *noise) * share;
            *smooth = *noise;
        }
    }

    /// Weighs `spectrum`, noise with `least`.
    pub(super) fn weigh(&mut self, spectrum: &mut [Complex<f32>], least: f32, learns: bool) {
        self.measure(spectrum);
        if learns {
            self.follow();
            self.pass_tones_over();
        }
        self.compare();
        self.decide(least);
        let (fine, rest) = spectrum.split_at_mut(spectrum.len().min(FINE));
        for (bin, &weight) in fine.iter_mut().zip(&self.weights) {
            *bin *= weight;
        }
        for (bins, &weight) in rest.chunks_mut(TOGETHER).zip(self.weights.iter().skip(FINE)) {
            bins.iter_mut().for_each(|bin| *bin *= weight);
        }
    }

    fn measure(&mut self, spectrum: &[Complex<f32>]) {
        let (fine, rest) = spectrum.split_at(spectrum.len().min(FINE));
        for (power, bin) in self.powers.iter_mut().zip(fine) {
            *power = bin.norm_sqr();
        }
        for (power, bins) in self.powers.iter_mut().skip(FINE).zip(rest.chunks(TOGETHER)) {
            *power = bins.iter().map(Complex::norm_sqr).sum::<f32>() / bins.len() as f32;
        }
    }

    fn follow(&mut self) {
        let Self { powers, noise, smooth, least, least_before, .. } = self;
        follow(powers, noise, smooth, least, least_before);
        self.hops += 1;
        if self.hops == PART_HOPS {
            self.hops = 0;
            self.least_before.copy_from_slice(&self.least);
            self.least.copy_from_slice(&self.smooth);
        }
    }

    fn pass_tones_over(&mut self) {
        let last = self.noise.len();
        self.hiss.copy_from_slice(&self.noise);
        let inner = FAR..last.saturating_sub(FAR).max(FAR);
        for at in (RUMBLE..last).filter(|at| !inner.contains(at)) {
            let below = &self.noise[at.saturating_sub(FAR)..at.saturating_sub(NEAR - 1)];
            let above = &self.noise[(at + NEAR).min(last)..(at + FAR + 1).min(last)];
            self.hiss[at] = self.noise[at].min(mean_of(below).max(mean_of(above)) * TONE);
        }
        if let Some(hiss) = self.hiss.get_mut(inner) {
            sum_groups(&self.noise, &mut self.sums);
            pass_over(hiss, &self.sums, &self.sums[FAR + NEAR..]);
        }
    }

    /// By how much each channel is above the noise.
    fn compare(&mut self) {
        for ((ratio, &power), &hiss) in self.ratios.iter_mut().zip(&self.powers).zip(&self.hiss) {
            *ratio = (power / hiss.max(QUIETEST)).min(RATIO_MAX);
        }
        sum_up(&self.ratios, &mut self.sums);
    }

    fn decide(&mut self, least: f32) {
        let last = self.ratios.len();
        for (at, around) in self.around.iter_mut().enumerate() {
            // At the ends those that there are, and as many.
            let from = at.saturating_sub(BESIDE).min(last.saturating_sub(2 * BESIDE + 1));
            *around = mean(&self.sums, from, (from + 2 * BESIDE + 1).min(last));
        }
        let Self { powers, hiss, ratios, around, speech, weights, .. } = self;
        decide(least, powers, hiss, (ratios, around), speech, weights);
    }
}

/// The sums of as many neighbours as lie from near to far, from each on.
#[multiversion(targets("x86_64+avx2"))]
fn sum_groups(values: &[f32], sums: &mut [f32]) {
    for (sum, group) in sums.iter_mut().zip(values.array_windows::<GROUP>()) {
        *sum = group.iter().sum();
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn pass_over(hiss: &mut [f32], below: &[f32], above: &[f32]) {
    for (hiss, (&below, &above)) in hiss.iter_mut().zip(below.iter().zip(above)) {
        *hiss = hiss.min(below.max(above) * (TONE / GROUP as f32));
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn follow(
    powers: &[f32],
    noise: &mut [f32],
    smooth: &mut [f32],
    least: &mut [f32],
    least_before: &[f32],
) {
    let before = least.iter_mut().zip(least_before);
    let levels = noise.iter_mut().zip(smooth).zip(before);
    for (((noise, smooth), (least, &before)), &power) in levels.zip(powers) {
        let ratio = power / noise.max(QUIETEST);
        let absent = (1.0 + PRESENT) * exp_of_negative(ratio * -(PRESENT / (1.0 + PRESENT)));
        *noise += (power - *noise) * SHARE * absent / (1.0 + absent);
        *smooth += (power - *smooth) * SMOOTH;
        *least = least.min(*smooth);
        let known = if before < f32::MAX { least.min(before) } else { 0.0 };
        *noise = noise.max(known).max(QUIETEST);
    }
}

/// Of each channel: by how much it is above the noise, and those around it are.
type Ratios<'a> = (&'a [f32], &'a [f32]);

#[multiversion(targets("x86_64+avx2"))]
fn decide(
    least: f32,
    powers: &[f32],
    hiss: &[f32],
    (ratios, around): Ratios<'_>,
    speech: &mut [f32],
    weights: &mut [f32],
) {
    let found = powers.iter().zip(hiss).zip(ratios.iter().zip(around));
    for (((&power, &hiss), (&ratio, &around)), (speech, out)) in
        found.zip(speech.iter_mut().zip(weights))
    {
        let onset = ((around - ONSET_LOW) / (ONSET_HIGH - ONSET_LOW)).clamp(0.0, 1.0);
        let before = BEFORE + (BEFORE_ONSET - BEFORE) * onset;
        let expected =
            before * *speech / hiss.max(QUIETEST) + (1.0 - before) * (ratio - 1.0).max(0.0);
        let weight = weight(expected.max(RATIO_MIN), ratio);
        *speech = weight * weight * power;
        *out = weight.max(least);
    }
}

/// Of what is expected to be `expected` times as strong as noise, and was found to be `found` times as strong.
///
/// The root of e to the exponential integral of v is, within 1 %, that of 1 + e^-γ e^(-0.83 v) / v.
fn weight(expected: f32, found: f32) -> f32 {
    let share = expected / (1.0 + expected);
    let v = (share * found).max(1e-6);
    (share * (1.0 + 0.5615 * exp_of_negative(-0.83 * v) / v).sqrt()).min(1.0)
}

/// e to the `x`, at most 0, within 0.01 %: arithmetic alone, of which the compiler does many at a time, and of calls to a
/// library it does not. What is below e^-87 is taken for that.
fn exp_of_negative(x: f32) -> f32 {
    let power_of_two = (x * std::f32::consts::LOG2_E).max(-126.0);
    let nearest = whole(power_of_two);
    let rest = power_of_two - nearest as f32;
    // Taylor's series of 2^rest, whose next term is at most 0.004 %.
    let terms = [std::f32::consts::LN_2, 0.240_226_5, 0.055_504_1, 0.009_618_1];
    let fraction =
        1.0 + rest * (terms[0] + rest * (terms[1] + rest * (terms[2] + rest * terms[3])));
    fraction * f32::from_bits(((nearest + 127) << 23).cast_unsigned())
}

fn mean_of(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}

fn sum_up(values: &[f32], sums: &mut [f32]) {
    let mut sum = 0.0;
    for (out, &value) in sums.iter_mut().skip(1).zip(values) {
        sum += value;
        *out = sum;
    }
}

fn mean(sums: &[f32], from: usize, to: usize) -> f32 {
    if to <= from { 0.0 } else { (sums[to] - sums[from]) / (to - from) as f32 }
}

#[cfg(test)]
mod tests {
    use super::exp_of_negative;

    #[test]
    fn e_to_what_is_negative_is_right_within_a_hundredth_of_a_per_cent() {
        for step in 0..87_000 {
            let x = -(step as f32) / 1_000.0;
            let off = (exp_of_negative(x) / x.exp() - 1.0).abs();
            assert!(off < 1e-4, "{x}: {off}");
        }
        assert!(exp_of_negative(f32::MIN) < 2e-38);
    }
}
