//! One band of G.722: an adaptive quantiser around an adaptive predictor.

use std::marker::PhantomData;

#[derive(Clone)]
pub(super) struct Band<S> {
    shape: PhantomData<S>,
    predictor: Predictor,
    /// NBL, NBH: logarithm of the quantiser's step.
    log_step: i32,
    /// DETL, DETH: the quantiser's step.
    step: i32,
}

/// In what the bands differ, known when it is compiled: to look it up takes longer than to work with it.
pub(super) trait Shape {
    const LOG_STEP_MAX: i32;
    const EXPONENT: i32;
    /// So many of a code's last bits predictor and step don't know.
    const DROPPED: u32;
    /// QM6, QM2: what a code stands for at the output. The length of each table is a power of two.
    const FINE: &'static [i32];
    /// QM4, QM2: what it stands for in the predictor.
    const COARSE: &'static [i32];
    /// WL of RL4, WH of RH2: how it changes the logarithm of the step.
    const GROWTH: &'static [i32];
    fn quantise(difference: i32, step: i32) -> usize;
}

/// 0 to 4 kHz, six bits.
#[derive(Clone)]
pub(super) struct Lower;

impl Shape for Lower {
    const LOG_STEP_MAX: i32 = 18_432;
    const EXPONENT: i32 = 8;
    const DROPPED: u32 = 2;
    const FINE: &'static [i32] = &QM6;
    const COARSE: &'static [i32] = &QM4;
    const GROWTH: &'static [i32] = &WL;

    #[inline(always)]
    fn quantise(difference: i32, step: i32) -> usize {
        quantise_low(difference, step)
    }
}

/// 4 to 8 kHz, two bits.
#[derive(Clone)]
pub(super) struct Upper;

impl Shape for Upper {
    const LOG_STEP_MAX: i32 = 22_528;
    const EXPONENT: i32 = 10;
    const DROPPED: u32 = 0;
    const FINE: &'static [i32] = &QM2;
    const COARSE: &'static [i32] = &QM2;
    const GROWTH: &'static [i32] = &WH;

    #[inline(always)]
    fn quantise(difference: i32, step: i32) -> usize {
        quantise_high(difference, step)
    }
}

impl<S: Shape> Band<S> {
    pub(super) fn new() -> Self {
        Self {
            shape: PhantomData,
            predictor: Predictor::default(),
            log_step: 0,
            step: step::<S>(0),
        }
    }

    /// The code of the next sample, of 15 bits.
    #[inline(always)]
    pub(super) fn encode(&mut self, sample: i32) -> usize {
        let difference = saturated(sample - self.predictor.estimate);
        let code = S::quantise(difference, self.step);
        self.adapt(code);
        code
    }

    /// The sample that a code stands for.
    #[inline(always)]
    pub(super) fn decode(&mut self, code: usize) -> i32 {
        let difference = (self.step * entry(S::FINE, code)) >> 15;
        // LIMIT
        let sample = bounded(self.predictor.estimate + difference, -16_384, 16_383);
        self.adapt(code);
        sample
    }

    #[inline(always)]
    fn adapt(&mut self, code: usize) {
        let code = code >> S::DROPPED;
        let difference = (self.step * entry(S::COARSE, code)) >> 15;
        // LOGSCL, LOGSCH
        let log_step = ((self.log_step * 127) >> 7) + entry(S::GROWTH, code);
        self.log_step = bounded(log_step, 0, S::LOG_STEP_MAX);
        self.step = step::<S>(self.log_step);
        self.predictor.adapt(difference);
    }
}

/// Of a code, which has no more bits than the table.
#[inline(always)]
fn entry(table: &[i32], code: usize) -> i32 {
    table[code & (table.len() - 1)]
}

/// SCALEL, SCALEH.
#[inline(always)]
fn step<S: Shape>(log_step: i32) -> i32 {
    let mantissa = ILB[(log_step >> 6 & 31) as usize];
    // The largest step is the one mantissa that is doubled.
    ((mantissa << 1) >> (S::EXPONENT + 1 - (log_step >> 11))) << 2
}

/// QUANTL.
#[inline(always)]
fn quantise_low(difference: i32, step: i32) -> usize {
    let magnitude = if difference < 0 { !difference } else { difference };
    // They rise, so that those which are reached are the first.
    let reached = |level: &i32| usize::from(magnitude >= (level * step) >> 12);
    let level: usize = Q6.iter().map(reached).sum();
    match (difference < 0, level) {
        (false, _) => 61 - level,
        (true, 0 | 1) => 63 - level,
        (true, _) => 33 - level,
    }
}

/// QUANTH.
fn quantise_high(difference: i32, step: i32) -> usize {
    let magnitude = if difference < 0 { !difference } else { difference };
    let far = magnitude >= (564 * step) >> 12;
    match (difference < 0, far) {
        (false, false) => 3,
        (false, true) => 2,
        (true, false) => 1,
        (true, true) => 0,
    }
}

/// Two poles and six zeros; of each pair or six the newest comes first.
#[derive(Clone, Default)]
struct Predictor {
    /// SL, SH.
    estimate: i32,
    /// SZL, SZH: the zeros' part of it.
    from_zeros: i32,
    poles: [i32; 2],
    zeros: [i32; LANES],
    /// Twice DLT, DH, as they are used. Behind the sixth is nothing.
    differences: [i32; LANES],
    /// PLT, PH.
    partial: [i32; 2],
    /// Twice RLT, RH.
    reconstructed: [i32; 2],
}

/// Six, and what fills a register of the processor.
const LANES: usize = 8;

impl Predictor {
    /// Blocks 4L and 4H, with the quantised difference.
    #[inline(always)]
    fn adapt(&mut self, difference: i32) {
        let reconstructed = saturated(self.estimate + difference);
        let partial = saturated(self.from_zeros + difference);
        self.adapt_poles(partial);
        self.adapt_zeros(difference);
        self.partial = [partial, self.partial[0]];
        self.reconstructed = [saturated(2 * reconstructed), self.reconstructed[0]];
        let [first, second, third, fourth, fifth, ..] = self.differences;
        let newest = saturated(2 * difference);
        self.differences = [newest, first, second, third, fourth, fifth, 0, 0];
        self.predict();
    }

    /// UPPOL2, UPPOL1.
    #[inline(always)]
    fn adapt_poles(&mut self, partial: i32) {
        let [before, long_before] = self.partial;
        let first = saturated(self.poles[0] * 4);
        let towards = saturated(-with_sign(first, before ^ partial)) >> 7;
        let second =
            towards + with_sign(128, long_before ^ partial) + scaled(self.poles[1], 32_512);
        let second = bounded(second, -12_288, 12_288);
        let first = saturated(with_sign(192, before ^ partial) + scaled(self.poles[0], 32_640));
        let most = 15_360 - second;
        self.poles = [bounded(first, -most, most), second];
    }

    /// UPZERO.
    #[inline(always)]
    fn adapt_zeros(&mut self, difference: i32) {
        let gain = if difference == 0 { 0 } else { 128 };
        for (zero, past) in self.zeros.iter_mut().zip(self.differences) {
            *zero = saturated(with_sign(gain, past ^ difference) + scaled(*zero, 32_640));
        }
    }

    /// FILTEP, FILTEZ, PREDIC.
    #[inline(always)]
    fn predict(&mut self) {
        let [first, second] = [0, 1].map(|i| scaled(self.poles[i], self.reconstructed[i]));
        let mut parts = [0; LANES];
        for (part, (&zero, past)) in parts.iter_mut().zip(self.zeros.iter().zip(self.differences)) {
            *part = scaled(zero, past);
        }
        let [a, b, c, d, e, f, ..] = parts;
        self.from_zeros = saturated((a + e) + (b + f) + (c + d));
        self.estimate = saturated(saturated(first + second) + self.from_zeros);
    }
}

/// `value`, or what is opposite to it if `sign` is below 0.
fn with_sign(value: i32, sign: i32) -> i32 {
    let negative = sign >> 31;
    (value ^ negative) - negative
}

/// Both of 16 bits.
fn scaled(value: i32, factor: i32) -> i32 {
    (value * factor) >> 15
}

pub(super) fn saturated(value: i32) -> i32 {
    bounded(value, i32::from(i16::MIN), i32::from(i16::MAX))
}

/// As `clamp`, which may be compiled to branches.
fn bounded(value: i32, least: i32, most: i32) -> i32 {
    value.max(least).min(most)
}

/// Decision levels of the lower band (G.722, 6.2), without the 0.
const Q6: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1_023,
    1_121, 1_219, 1_339, 1_458, 1_612, 1_765, 1_980, 2_195, 2_557, 2_919,
];

/// Logarithm to linear (G.722, 6.2).
static ILB: [i32; 32] = [
    2_048, 2_093, 2_139, 2_186, 2_233, 2_282, 2_332, 2_383, 2_435, 2_489, 2_543, 2_599, 2_656,
    2_714, 2_774, 2_834, 2_896, 2_960, 3_025, 3_091, 3_158, 3_228, 3_298, 3_371, 3_444, 3_520,
    3_597, 3_676, 3_756, 3_838, 3_922, 4_008,
];

/// How codes change the logarithm of the step (G.722, 6.2), without the lower band's dropped bits.
const WL: [i32; 16] =
    [-60, 3_042, 1_198, 538, 334, 172, 58, -30, 3_042, 1_198, 538, 334, 172, 58, -30, -60];
const WH: [i32; 4] = [798, -214, 798, -214];

/// Output levels (G.722, 6.2).
const QM2: [i32; 4] = [-7_408, -1_616, 7_408, 1_616];
const QM4: [i32; 16] = [
    0, -20_456, -12_896, -8_968, -6_288, -4_240, -2_584, -1_200, 20_456, 12_896, 8_968, 6_288,
    4_240, 2_584, 1_200, 0,
];
const QM6: [i32; 64] = [
    -136, -136, -136, -136, -24_808, -21_904, -19_008, -16_704, -14_984, -13_512, -12_280, -11_192,
    -10_232, -9_360, -8_576, -7_856, -7_192, -6_576, -6_000, -5_456, -4_944, -4_464, -4_008,
    -3_576, -3_168, -2_776, -2_400, -2_032, -1_688, -1_360, -1_040, -728, 24_808, 21_904, 19_008,
    16_704, 14_984, 13_512, 12_280, 11_192, 10_232, 9_360, 8_576, 7_856, 7_192, 6_576, 6_000,
    5_456, 4_944, 4_464, 4_008, 3_576, 3_168, 2_776, 2_400, 2_032, 1_688, 1_360, 1_040, 728, 432,
    136, -432, -136,
];
