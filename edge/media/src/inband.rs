//! Keys as tones in the sound, for phones that negotiated no events (ITU-T Q.23, Q.24).
//!
//! Short windows, so that tones 1.5 % off are heard as Q.24 asks; many of them in a row have to agree, so that speech,
//! which changes, is not.

use crate::frame::FRAME;
use crate::resample::Resampler;
use crate::{Digit, Rate};

const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];

/// 17 ms: at 1.5 % off, 1,633 Hz loses 2.7 dB, and 697 and 770 Hz are still told apart.
const WINDOW: usize = 136;

/// 5 ms.
const HOP: usize = 40;

/// So many windows in a row make a key: 32 ms, of the 40 ms that Q.24 wants recognised.
const HITS: u8 = 4;

/// So many end it: a pause of 40 ms holds at least four silent windows.
const MISSES: u8 = 4;

/// The sound stays out of the room from the second hit on, and for 40 ms behind the last.
const SUSPICION: u8 = 2;
const AFTERMATH_TICKS: u8 = 2;

/// The mean of the squares of the quietest tone heard: -36 dBFS.
const QUIETEST: f32 = 270_000.0;

/// How much of all power the two tones have at least: 0.72 when both are 1.5 % off, about 0.9 otherwise.
const PURITY: f32 = 0.62;

/// Each tone is 8 dB above its neighbours.
const ABOVE_OTHERS: f32 = 6.3;

/// The upper tone may be 6 dB stronger or 11 dB weaker (Q.24 asks for 4 and 8; the window's loss is added).
const TWIST: f32 = 4.0;
const TWIST_REVERSE: f32 = 12.6;

pub(crate) struct ToneDetector {
    /// From the leg's rate to 8 kHz.
    resampler: Resampler,
    /// The end of what came before, then the new frame.
    samples: [i16; WINDOW - HOP + FRAME],
    candidate: Option<u8>,
    hits: u8,
    pressed: Option<u8>,
    misses: u8,
    quiet_ticks: u8,
}

impl ToneDetector {
    pub(crate) fn new(rate: Rate) -> Self {
        Self {
            resampler: Resampler::new(rate, Rate::Narrow),
            samples: [0; WINDOW - HOP + FRAME],
            candidate: None,
            hits: 0,
            pressed: None,
            misses: 0,
            quiet_ticks: 0,
        }
    }

    /// The key that is recognised in this tick.
    pub(crate) fn handle(&mut self, frame: &[i16]) -> Option<Digit> {
        self.samples.copy_within(FRAME.., 0);
        self.resampler.process(frame, &mut self.samples[WINDOW - HOP..]);
        self.quiet_ticks = self.quiet_ticks.saturating_sub(1);
        let mut recognised = None;
        for start in (0..FRAME).step_by(HOP) {
            let key = key_in(&self.samples[start..start + WINDOW]);
            recognised = self.note(key).or(recognised);
        }
        recognised.map(digit)
    }

    /// What is heard is a key, or was until just now.
    pub(crate) fn is_pressing(&self) -> bool {
        self.quiet_ticks > 0
    }

    fn note(&mut self, key: Option<u8>) -> Option<u8> {
        self.hits = match key {
            Some(_) if key == self.candidate => self.hits.saturating_add(1),
            Some(_) => 1,
            None => 0,
        };
        self.candidate = key;
        if self.hits >= SUSPICION {
            self.quiet_ticks = AFTERMATH_TICKS + 1;
        }
        if key.is_some() && key == self.pressed {
            self.misses = 0;
            return None;
        }
        self.misses = self.misses.saturating_add(1);
        if self.misses >= MISSES {
            self.pressed = None;
        }
        if self.hits < HITS {
            return None;
        }
        self.pressed = key;
        self.misses = 0;
        key
    }
}

/// Row * 4 + column of the key whose tones fill `window`.
fn key_in(window: &[i16]) -> Option<u8> {
    let total: f32 = window.iter().map(|&s| f32::from(s) * f32::from(s)).sum();
    if total < QUIETEST * window.len() as f32 {
        return None;
    }
    let (row, low) = strongest(&ROWS, window)?;
    let (column, high) = strongest(&COLUMNS, window)?;
    // A tone of power p has a Goertzel power of p * N^2 / 2.
    let purity = 2.0 * (low + high) / (total * window.len() as f32);
    let balanced = high < low * TWIST && low < high * TWIST_REVERSE;
    (purity > PURITY && balanced).then_some(row * 4 + column)
}

/// The tone that stands out, and its power.
fn strongest(tones: &[f32; 4], window: &[i16]) -> Option<(u8, f32)> {
    let powers = goertzel(tones, window);
    let (best, &power) = powers.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    let alone =
        powers.iter().enumerate().all(|(i, &other)| i == best || other * ABOVE_OTHERS < power);
    alone.then_some((best as u8, power))
}

fn goertzel(tones: &[f32; 4], window: &[i16]) -> [f32; 4] {
    let turn = tones.map(|hz| 2.0 * (std::f32::consts::TAU * hz / 8_000.0).cos());
    let (mut before, mut last) = ([0f32; 4], [0f32; 4]);
    for &sample in window {
        let sample = f32::from(sample);
        for i in 0..4 {
            let now = sample + turn[i] * last[i] - before[i];
            before[i] = last[i];
            last[i] = now;
        }
    }
    std::array::from_fn(|i| {
        last[i] * last[i] + before[i] * before[i] - turn[i] * last[i] * before[i]
    })
}

fn digit(key: u8) -> Digit {
    match (key / 4, key % 4) {
        (row, 3) => Digit::Letter(row),
        (3, 0) => Digit::Star,
        (3, 1) => Digit::Number(0),
        (3, _) => Digit::Hash,
        (row, column) => Digit::Number(row * 3 + column + 1),
    }
}

#[cfg(test)]
mod tests;
