//! Whether somebody speaks.
//!
//! Power first: what stands out of the leg's own noise is active. Two cheap second opinions keep out what merely is loud:
//! speech has voiced sounds, which repeat themselves at the pitch of a voice, and it never stays as loud as it is, which
//! a tone does.

use super::floor::Floor;
use crate::frame::{peak, power};

/// Of a tick, each judged by itself: a syllable that begins late in a tick still makes it active.
const QUARTERS: usize = 4;

/// Active is what is 8 dB above the noise: noise itself swings by 5 dB over 5 ms.
const ABOVE_FLOOR: f32 = 6.3;

/// … and above -60 dBov: what is quieter nobody understands, whatever the noise.
const QUIETEST: f32 = 1_074.0;

/// Steady is what differs from the ticks before by less than 4 %; noise differs by 11 % or more (2 / 160 samples), a tone
/// above 300 Hz by less than 3 %.
const STEADY: f32 = 0.04;

/// For so many ticks in a row (0.2 s), which noise never is, nor a vowel.
const STEADY_TICKS: u16 = 10;

/// Pitch is looked for in 4,000 samples a second, of which a tick has 80.
const COARSE: usize = 80;

/// Pitches of 400 Hz to 61 Hz.
const LAG_MIN: usize = 10;
const LAG_MAX: usize = 65;

/// So alike are two periods of a voice; 80 samples of noise are at most 0.45 alike at any lag (measured by a test).
const VOICED: f32 = 0.6;

/// So many voiced ticks more than silent ones begin speech: a syllable has 100 to 200 ms.
const BEGIN: u8 = 6;
const SCORE_MAX: u8 = 25;

/// Speech goes on for 600 ms behind its last voiced tick: longer than a pause for breath takes only sometimes.
const HANGOVER_TICKS: u8 = 30;

/// What one tick has.
#[derive(Default)]
pub(super) struct Sound {
    /// Mean of the squares.
    pub(super) power: f32,
    /// The same of its loudest quarter.
    pub(super) loudest: f32,
}

impl Sound {
    pub(super) fn of(frame: &[i16]) -> Self {
        let quarter = (frame.len() / QUARTERS).max(1);
        let (mut sum, mut loudest) = (0.0, 0f32);
        for block in frame.chunks_exact(quarter) {
            let power = power(block);
            sum += power;
            loudest = loudest.max(power);
        }
        Self { power: sum / QUARTERS as f32, loudest }
    }
}

pub(super) struct Speech {
    floor: Floor,
    /// The last of what was heard at 4 kHz, differentiated, its end last.
    coarse: [i16; COARSE + LAG_MAX],
    /// The last sample before the differences.
    last: i32,
    /// What the power was until now, and for how many ticks it has been so.
    usual: f32,
    steady: u16,
    score: u8,
    hangover: u8,
    active: bool,
}

impl Speech {
    pub(super) fn new() -> Self {
        Self {
            floor: Floor::new(),
            coarse: [0; COARSE + LAG_MAX],
            last: 0,
            usual: 0.0,
            steady: 0,
            score: 0,
            hangover: 0,
            active: false,
        }
    }

    /// The noise of the leg: mean of the squares.
    pub(super) fn floor(&self) -> f32 {
        self.floor.power()
    }

    pub(super) fn is_speaking(&self) -> bool {
        self.hangover > 0
    }

    /// The power has been the same for a while: a tone.
    pub(super) fn is_steady(&self) -> bool {
        self.steady >= STEADY_TICKS
    }

    pub(super) fn hear(&mut self, sound: &Sound, frame: &[i16]) {
        let threshold = (self.floor.power() * ABOVE_FLOOR).max(QUIETEST);
        self.active = sound.loudest > threshold;
        self.floor.hear(sound.power);
        self.note_steadiness(sound.power);
        if sound.power > 0.0 {
            self.keep(frame);
        }
        let voiced = self.active && !self.is_steady() && likeness_of_periods(&self.coarse) > VOICED;
        self.judge(voiced);
    }

    fn note_steadiness(&mut self, power: f32) {
        let same = (power - self.usual).abs() < self.usual * STEADY;
        self.steady = if same { self.steady.saturating_add(1) } else { 0 };
        // Quick, so that a tone is known for one soon after it began.
        self.usual += (power - self.usual) * 0.5;
    }

    fn judge(&mut self, voiced: bool) {
        self.hangover = self.hangover.saturating_sub(1);
        if voiced {
            self.score = (self.score + 1).min(SCORE_MAX);
            if self.score >= BEGIN {
                self.hangover = HANGOVER_TICKS;
            }
        } else if !self.active || self.is_steady() {
            self.score = self.score.saturating_sub(1);
        }
    }

    /// Takes a tick over at 4 kHz. What is below 300 Hz counts little in differences: the rumble of a car, which repeats
    /// itself as well.
    fn keep(&mut self, frame: &[i16]) {
        self.coarse.copy_within(COARSE.., 0);
        let together = (frame.len() / COARSE).max(1);
        let blocks = frame.chunks_exact(together);
        for (kept, block) in self.coarse[LAG_MAX..].iter_mut().zip(blocks) {
            let mean = block.iter().map(|&s| i32::from(s)).sum::<i32>() / together as i32;
            *kept = ((mean - self.last) >> 1) as i16;
            self.last = mean;
        }
    }
}

/// How alike the last 20 ms are to what was a period before, at the pitch at which they are most alike: 0 to 1.
fn likeness_of_periods(coarse: &[i16; COARSE + LAG_MAX]) -> f32 {
    // Twelve bits, so that 80 products fit an i32.
    let spare = (peak(coarse).leading_zeros()).min(5);
    let coarse = coarse.map(|s| s >> (5 - spare));
    let now = &coarse[LAG_MAX..];
    let own = dot(now, now);
    if own == 0 {
        return 0.0;
    }
    // Of products over powers; the root is taken once.
    let mut best = 0.0f32;
    for lag in LAG_MIN..=LAG_MAX {
        let before = &coarse[LAG_MAX - lag..LAG_MAX - lag + COARSE];
        let product = dot(now, before).max(0) as f32;
        let power = dot(before, before).max(1) as f32;
        best = best.max(product * product / power);
    }
    (best / own as f32).sqrt()
}

fn dot(a: &[i16], b: &[i16]) -> i32 {
    let products = a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b));
    products.fold(0, i32::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::decibels;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    #[test]
    fn noise_is_hardly_like_itself_and_its_floor_is_its_level() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut speech = Speech::new();
        let mut most = 0f32;
        for tick in 0..3_000 {
            let frame: [i16; 160] = std::array::from_fn(|_| rng.random_range(-300..=300));
            speech.hear(&Sound::of(&frame), &frame);
            most = most.max(likeness_of_periods(&speech.coarse));
            if tick > 150 {
                // 300 / sqrt(3) of 32,768.
                let off = decibels(speech.floor()) + 45.5;
                assert!(off.abs() < 1.5, "tick {tick}: {off:.2} dB");
                assert!(!speech.active && !speech.is_speaking() && !speech.is_steady());
            }
        }
        assert!(most < VOICED, "{most}");
    }
}
