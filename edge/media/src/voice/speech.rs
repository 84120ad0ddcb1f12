//! Whether somebody speaks.
//!
//! Power first: what stands out of the leg's own noise is active. Two cheap second opinions keep out what merely is loud:
//! speech has voiced sounds, which repeat themselves at the pitch of a voice, and it never stays as loud as it is, which
//! a tone does.

use std::cell::Cell;

use multiversion::multiversion;

use super::floor::Floor;
use crate::frame::{peak, powers};

/// Of a tick, each judged by itself: a syllable that begins late in a tick still makes it active.
const QUARTERS: usize = 4;

/// Active is what is 8 dB above the noise: noise itself swings by 5 dB over 5 ms.
const ABOVE_FLOOR: f32 = 6.3;

/// … and above -60 dBov: what is quieter nobody understands, whatever the noise.
const QUIETEST: f32 = 1_074.0;

/// Steady is what differs from the ticks before by less than 4 %; noise does by about 10 % (the root of 2 / 160 samples).
const STEADY: f32 = 0.04;

/// For so many ticks in a row (0.3 s) in power or energy, which noise never is, nor a vowel.
const STEADY_TICKS: u16 = 15;

/// Pitch is looked for in 4,000 samples a second, of which a tick has 80.
const COARSE: usize = 80;

/// Pitches of 400 Hz to 61 Hz.
const LAG_MIN: usize = 10;
const LAG_MAX: usize = 65;

/// So alike are two periods of a voice; 80 samples of noise are less alike at any lag (held by a test).
const VOICED: f32 = 0.6;

/// So many voiced ticks more than silent ones begin speech: a syllable has 100 to 200 ms.
const BEGIN: u8 = 6;
const SCORE_MAX: u8 = 12;

/// Of somebody who surely speaks only each fourth tick is looked at closer.
const SURE_TICKS: u8 = 4;

/// Speech goes on for 600 ms behind its last voiced tick: longer than a pause for breath takes only sometimes.
const HANGOVER_TICKS: u8 = 30;

/// What one tick has.
#[derive(Default)]
pub(super) struct Sound {
    /// Mean of the squares.
    pub(super) power: f32,
    /// The same of its halves, and of its loudest quarter.
    pub(super) halves: [f32; 2],
    pub(super) loudest: f32,
}

impl Sound {
    pub(super) fn of(frame: &[i16]) -> Self {
        let [a, b, c, d]: [f32; QUARTERS] = powers(frame);
        let halves = [(a + b) / 2.0, (c + d) / 2.0];
        let loudest = a.max(b).max(c).max(d);
        Self { power: (halves[0] + halves[1]) / 2.0, halves, loudest }
    }
}

pub(super) struct Speech {
    floor: Floor,
    /// The last of what was heard at 4 kHz, differentiated, its end last.
    coarse: [i16; COARSE + LAG_MAX],
    /// The last sample before the differences.
    last: i32,
    /// What power and energy were until now.
    usual: f32,
    usual_energy: f32,
    /// For how many ticks each of the two has been so.
    steady: u16,
    steady_energy: u16,
    score: u8,
    hangover: u8,
    active: bool,
    /// Of this tick, once somebody has asked.
    pitch: Cell<Option<bool>>,
    /// Where in `coarse` the period before began when there last was one.
    period: Cell<usize>,
}

impl Speech {
    pub(super) fn new() -> Self {
        Self {
            floor: Floor::new(),
            coarse: [0; COARSE + LAG_MAX],
            last: 0,
            usual: 0.0,
            usual_energy: 0.0,
            steady: 0,
            steady_energy: 0,
            score: 0,
            hangover: 0,
            active: false,
            pitch: Cell::new(None),
            period: Cell::new(0),
        }
    }

    /// The noise of the leg: mean of the squares.
    pub(super) fn floor(&self) -> f32 {
        self.floor.power()
    }

    pub(super) fn is_speaking(&self) -> bool {
        self.hangover > 0
    }

    /// Somebody speaks in this very tick.
    pub(super) fn is_heard(&self) -> bool {
        self.is_speaking() && self.active && !self.is_steady()
    }

    /// Something stands out of the noise in this very tick.
    pub(super) fn is_active(&self) -> bool {
        self.active
    }

    /// Nothing stands out of the noise in this tick, and it is no tone.
    pub(super) fn is_noise(&self) -> bool {
        !self.is_speaking() && !self.active && !self.is_steady() && self.floor.power() > 0.0
    }

    /// The power has been the same for a while: a tone.
    pub(super) fn is_steady(&self) -> bool {
        self.steady.max(self.steady_energy) >= STEADY_TICKS
    }

    /// What may be an echo is not said to be speech.
    pub(super) fn hear(&mut self, sound: &Sound, frame: &[i16], may_be_echo: bool) {
        let threshold = (self.floor.power() * ABOVE_FLOOR).max(QUIETEST);
        self.active = sound.loudest > threshold;
        self.pitch.set(None);
        self.floor.hear(sound.power);
        if sound.power > 0.0 {
            self.keep(frame);
        }
        self.note_steadiness(sound.power);
        let voiced = !may_be_echo && self.is_doubtful() && self.has_pitch();
        self.judge(voiced);
    }

    fn note_steadiness(&mut self, power: f32) {
        let energy = if power > 0.0 { energy(&self.coarse[LAG_MAX..]) } else { 0.0 };
        count_while_same(power, &mut self.usual, &mut self.steady);
        count_while_same(energy, &mut self.usual_energy, &mut self.steady_energy);
    }

    /// It repeats itself, as voices and tones do.
    pub(super) fn has_pitch(&self) -> bool {
        if let Some(pitch) = self.pitch.get() {
            return pitch;
        }
        let period = period(&self.coarse, VOICED, self.period.get());
        self.period.set(period.unwrap_or(self.period.get()));
        self.pitch.set(Some(period.is_some()));
        period.is_some()
    }

    fn is_doubtful(&self) -> bool {
        let sure = self.score == SCORE_MAX && self.hangover > HANGOVER_TICKS - SURE_TICKS;
        self.active && !self.is_steady() && !sure
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
        let kept = &mut self.coarse[LAG_MAX..];
        // So that each difference of sums fits 16 bits; constant numbers let the compiler take many at a time.
        match frame.len() / COARSE {
            2 => differences::<2>(frame, 2, &mut self.last, kept),
            4 => differences::<4>(frame, 3, &mut self.last, kept),
            12 => differences::<12>(frame, 5, &mut self.last, kept),
            _ => differences::<1>(frame, 1, &mut self.last, kept),
        }
    }
}

/// Of sums of so many samples, from the `last` one on.
#[multiversion(targets("x86_64+avx2"))]
fn differences<const TOGETHER: usize>(
    frame: &[i16],
    shift: u32,
    last: &mut i32,
    differences: &mut [i16],
) {
    let (blocks, _) = frame.as_chunks::<TOGETHER>();
    for (difference, block) in differences.iter_mut().zip(blocks) {
        let sum = block.iter().map(|&s| i32::from(s)).sum::<i32>();
        *difference = ((sum - *last) >> shift) as i16;
        *last = sum;
    }
}

fn count_while_same(now: f32, usual: &mut f32, ticks: &mut u16) {
    let same = (now - *usual).abs() < *usual * STEADY;
    *ticks = if same { ticks.saturating_add(1) } else { 0 };
    // Quick, so that a tone is known for one soon after it began.
    *usual += (now - *usual) * 0.5;
}

/// After Teager and Kaiser (1990): of a tone it is the same wherever a tick begins in its period, which power is not when
/// few periods fit.
#[multiversion(targets("x86_64+avx2"))]
fn energy(samples: &[i16]) -> f32 {
    let [before, now, after] = [0, 1, 2].map(|from| &samples[from..samples.len() - 2 + from]);
    // So that 80 terms fit an i32.
    let shift = if peak(samples) < 2_048 { 0 } else { 7 };
    let terms = now.iter().zip(before).zip(after).map(|((&now, &before), &after)| {
        let [before, now, after] = [before, now, after].map(i32::from);
        (now * now).wrapping_sub(before * after) >> shift
    });
    terms.fold(0, i32::wrapping_add) as f32 * (1 << shift) as f32
}

/// Where what is `alike` to the last 20 ms (0 to 1) begins, at any pitch of a voice. `likely` is where it is looked for
/// first: pitch hardly changes from one tick to the next.
#[multiversion(targets("x86_64+avx2"))]
fn period(coarse: &[i16; COARSE + LAG_MAX], alike: f32, likely: usize) -> Option<usize> {
    // Twelve bits, so that 80 products fit an i32.
    let spare = peak(coarse).leading_zeros().min(5);
    let coarse = coarse.map(|s| s >> (5 - spare));
    let now: [i16; COARSE] = std::array::from_fn(|i| coarse[LAG_MAX + i]);
    let own = dot(&now, &now);
    if own == 0 {
        return None;
    }
    // Of products over powers, without a root.
    let least = alike * alike * own as f32;
    let is_alike = |before: &[i16; COARSE], power: i32| {
        let product = dot(&now, before).max(0) as f32;
        product * product > least * power.max(1) as f32
    };
    let periods = &coarse[..COARSE + LAG_MAX - LAG_MIN];
    for from in likely.saturating_sub(1)..=likely + 1 {
        let before = periods.get(from..).and_then(|before| before.first_chunk());
        if before.is_some_and(|before| is_alike(before, dot(before, before))) {
            return Some(from);
        }
    }
    let square = |at: usize| i32::from(coarse[at]) * i32::from(coarse[at]);
    let mut power = coarse[..COARSE].iter().fold(0, |sum, &s| sum + i32::from(s) * i32::from(s));
    let periods = periods.windows(COARSE).filter_map(|before| before.first_chunk());
    for (from, before) in periods.enumerate() {
        if is_alike(before, power) {
            return Some(from);
        }
        power += square(from + COARSE) - square(from);
    }
    None
}

fn dot(a: &[i16; COARSE], b: &[i16; COARSE]) -> i32 {
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
        for tick in 0..3_000 {
            let frame: [i16; 160] = std::array::from_fn(|_| rng.random_range(-300..=300));
            speech.hear(&Sound::of(&frame), &frame, false);
            assert_eq!(period(&speech.coarse, VOICED, tick % 60), None, "tick {tick}");
            if tick > 150 {
                // 300 / sqrt(3) of 32,768.
                let off = decibels(speech.floor()) + 45.5;
                assert!(off.abs() < 1.5, "tick {tick}: {off:.2} dB");
                assert!(!speech.active && !speech.is_speaking() && !speech.is_steady());
            }
        }
    }

    #[test]
    fn a_period_is_found_wherever_it_is_looked_for_first() {
        for lag in [LAG_MIN, 33, LAG_MAX] {
            let wave = |at: usize| ((at % lag) as f32 / lag as f32 * std::f32::consts::TAU).sin();
            let coarse = std::array::from_fn(|at| (wave(at) * 30_000.0) as i16);
            for likely in 0..=LAG_MAX {
                let from = period(&coarse, VOICED, likely).expect("a tone repeats itself");
                let apart = (LAG_MAX - from) % lag;
                assert!(apart.min(lag - apart) <= lag / 6, "{lag} {likely}: {from}");
            }
            assert_eq!(period(&coarse.map(|_| 0), VOICED, 3), None);
        }
    }
}
