//! One band of G.722: an adaptive quantiser around an adaptive predictor.

#[derive(Clone)]
pub(super) struct Band {
    shape: &'static Shape,
    predictor: Predictor,
    /// NBL, NBH: logarithm of the quantiser's step.
    log_step: i32,
    /// DETL, DETH: the quantiser's step.
    step: i32,
}

/// In what the bands differ.
pub(super) struct Shape {
    quantise: fn(difference: i32, step: i32) -> usize,
    /// QM6, QM2: what each code stands for at the output.
    fine: &'static [i32],
    /// QM4, QM2: what each code stands for in the predictor, after `dropped` bits of it.
    coarse: &'static [i32],
    dropped: u32,
    /// WL of RL4, WH of RH2: how a coarse code changes the logarithm of the step.
    growth: &'static [i32],
    log_step_max: i32,
    exponent: i32,
}

/// 0 to 4 kHz.
pub(super) static LOWER: Shape = Shape {
    quantise: quantise_low,
    fine: &QM6,
    coarse: &QM4,
    dropped: 2,
    growth: &[-60, 3_042, 1_198, 538, 334, 172, 58, -30, 3_042, 1_198, 538, 334, 172, 58, -30, -60],
    log_step_max: 18_432,
    exponent: 8,
};

/// 4 to 8 kHz.
pub(super) static UPPER: Shape = Shape {
    quantise: quantise_high,
    fine: &QM2,
    coarse: &QM2,
    dropped: 0,
    growth: &[798, -214, 798, -214],
    log_step_max: 22_528,
    exponent: 10,
};

impl Band {
    pub(super) fn new(shape: &'static Shape) -> Self {
        let predictor = Predictor::default();
        Self { shape, predictor, log_step: 0, step: shape.step(0) }
    }

    /// The code of the next sample, of 15 bits.
    pub(super) fn encode(&mut self, sample: i32) -> usize {
        let difference = saturated(sample - self.predictor.estimate);
        let code = (self.shape.quantise)(difference, self.step);
        self.adapt(code);
        code
    }

    /// The sample that a code stands for. A code has as many bits as the band.
    pub(super) fn decode(&mut self, code: usize) -> i32 {
        let difference = (self.step * self.shape.fine[code]) >> 15;
        // LIMIT
        let sample = (self.predictor.estimate + difference).clamp(-16_384, 16_383);
        self.adapt(code);
        sample
    }

    fn adapt(&mut self, code: usize) {
        let shape = self.shape;
        let code = code >> shape.dropped;
        let difference = (self.step * shape.coarse[code]) >> 15;
        // LOGSCL, LOGSCH
        let log_step = ((self.log_step * 127) >> 7) + shape.growth[code];
        self.log_step = log_step.clamp(0, shape.log_step_max);
        self.step = shape.step(self.log_step);
        self.predictor.adapt(difference);
    }
}

impl Shape {
    /// SCALEL, SCALEH.
    fn step(&self, log_step: i32) -> i32 {
        let mantissa = ILB[(log_step >> 6 & 31) as usize];
        let shift = self.exponent - (log_step >> 11);
        (if shift < 0 { mantissa << -shift } else { mantissa >> shift }) << 2
    }
}

/// QUANTL.
fn quantise_low(difference: i32, step: i32) -> usize {
    let magnitude = if difference < 0 { !difference } else { difference };
    let level = Q6.iter().take_while(|&&level| magnitude >= (level * step) >> 12).count();
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
    zeros: [i32; 6],
    /// DLT, DH.
    differences: [i32; 6],
    /// PLT, PH.
    partial: [i32; 2],
    /// RLT, RH.
    reconstructed: [i32; 2],
}

impl Predictor {
    /// Blocks 4L and 4H, with the quantised difference.
    fn adapt(&mut self, difference: i32) {
        let reconstructed = saturated(self.estimate + difference);
        let partial = saturated(self.from_zeros + difference);
        self.adapt_poles(partial);
        self.adapt_zeros(difference);
        self.partial = [partial, self.partial[0]];
        self.reconstructed = [reconstructed, self.reconstructed[0]];
        self.differences.copy_within(..5, 1);
        self.differences[0] = difference;
        self.predict();
    }

    /// UPPOL2, UPPOL1.
    fn adapt_poles(&mut self, partial: i32) {
        let [same, same_before] = self.partial.map(|past| (past < 0) == (partial < 0));
        let first = saturated(self.poles[0] * 4);
        let towards = saturated(if same { -first } else { first }) >> 7;
        let second = towards + if same_before { 128 } else { -128 } + scaled(self.poles[1], 32_512);
        let second = second.clamp(-12_288, 12_288);
        let first = saturated(if same { 192 } else { -192 } + scaled(self.poles[0], 32_640));
        let most = 15_360 - second;
        self.poles = [first.clamp(-most, most), second];
    }

    /// UPZERO.
    fn adapt_zeros(&mut self, difference: i32) {
        let gain = if difference == 0 { 0 } else { 128 };
        for (zero, past) in self.zeros.iter_mut().zip(self.differences) {
            let same = (past < 0) == (difference < 0);
            *zero = saturated(if same { gain } else { -gain } + scaled(*zero, 32_640));
        }
    }

    /// FILTEP, FILTEZ, PREDIC.
    fn predict(&mut self) {
        let part = |(&coefficient, &past)| scaled(coefficient, saturated(2 * past));
        let from_poles = self.poles.iter().zip(&self.reconstructed).map(part).sum();
        self.from_zeros = saturated(self.zeros.iter().zip(&self.differences).map(part).sum());
        self.estimate = saturated(saturated(from_poles) + self.from_zeros);
    }
}

/// Both of 16 bits.
fn scaled(value: i32, factor: i32) -> i32 {
    (value * factor) >> 15
}

pub(super) fn saturated(value: i32) -> i32 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX))
}

/// Decision levels of the lower band (G.722, 6.2), without the 0.
const Q6: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1_023,
    1_121, 1_219, 1_339, 1_458, 1_612, 1_765, 1_980, 2_195, 2_557, 2_919,
];

/// Logarithm to linear (G.722, 6.2).
const ILB: [i32; 32] = [
    2_048, 2_093, 2_139, 2_186, 2_233, 2_282, 2_332, 2_383, 2_435, 2_489, 2_543, 2_599, 2_656,
    2_714, 2_774, 2_834, 2_896, 2_960, 3_025, 3_091, 3_158, 3_228, 3_298, 3_371, 3_444, 3_520,
    3_597, 3_676, 3_756, 3_838, 3_922, 4_008,
];

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
