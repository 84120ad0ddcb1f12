//! Tones to sing and ears to tell them apart.

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

pub const RATE: u32 = 8000;
/// -14 dBFS: three of them sum below full scale.
const AMPLITUDE: f64 = 6500.0;

/// A sine wave of `hertz` for `seconds`.
pub fn tone(hertz: f64, seconds: u32) -> Vec<i16> {
    tone_at(RATE, hertz, seconds)
}

/// The same at another rate.
pub fn tone_at(rate: u32, hertz: f64, seconds: u32) -> Vec<i16> {
    let step = TAU * hertz / f64::from(rate);
    (0..seconds * rate).map(|at| (AMPLITUDE * (step * f64::from(at)).sin()) as i16).collect()
}

/// Of 16 bits, `channels` samples at a time.
pub fn write_wav(path: &Path, rate: u32, channels: u16, samples: &[i16]) -> Result<()> {
    let bytes = samples.len() as u32 * 2;
    let frame = channels * 2;
    let mut wav = Vec::with_capacity(samples.len() * 2 + 44);
    wav.extend(b"RIFF");
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend([1, 0]);
    wav.extend(channels.to_le_bytes());
    wav.extend(rate.to_le_bytes());
    wav.extend((rate * u32::from(frame)).to_le_bytes());
    wav.extend(frame.to_le_bytes());
    wav.extend([16, 0]);
    wav.extend(b"data");
    wav.extend(bytes.to_le_bytes());
    wav.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    fs::write(path, wav).with_context(|| format!("cannot write {}", path.display()))
}

/// The samples of such a file, of all channels in turn. Its lengths may be unfinished, as while a phone still records: what is there counts.
pub fn read_wav(path: &Path) -> Result<Vec<i16>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(bytes.len() >= 44 && &bytes[..4] == b"RIFF", "{} is no WAV file", path.display());
    let data =
        bytes.windows(4).position(|four| four == b"data").context("no data in the WAV file")?;
    Ok(bytes[data + 8..]
        .chunks_exact(2)
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
        .collect())
}

/// The level of a tone within `samples`, in dB relative to one that was sung by [`tone`] (Goertzel's algorithm).
pub fn level_db(samples: &[i16], hertz: f64) -> f64 {
    level_db_at(RATE, samples, hertz)
}

/// The same at another rate.
pub fn level_db_at(rate: u32, samples: &[i16], hertz: f64) -> f64 {
    let coefficient = 2.0 * (TAU * hertz / f64::from(rate)).cos();
    let (mut one, mut two) = (0.0, 0.0);
    for sample in samples {
        (one, two) = (f64::from(*sample) + coefficient * one - two, one);
    }
    let power = one * one + two * two - coefficient * one * two;
    let amplitude = 2.0 * power.max(1e-9).sqrt() / samples.len().max(1) as f64;
    20.0 * (amplitude / AMPLITUDE).log10()
}

/// The longest run of windows of 40 ms in which the tone is more than 10 dB weaker than it was sung, in milliseconds.
pub fn longest_gap_ms(samples: &[i16], hertz: f64) -> u32 {
    let mut longest = 0;
    let mut run = 0;
    for window in samples.chunks_exact(RATE as usize / 25) {
        run = if level_db(window, hertz) < -10.0 { run + 40 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ear_hears_the_tone_that_was_sung_and_no_other() {
        let song = tone(700.0, 1);
        assert!(level_db(&song, 700.0).abs() < 0.1);
        assert!(level_db(&song, 1100.0) < -40.0);
    }

    #[test]
    fn a_gap_is_measured() {
        let mut song = tone(700.0, 2);
        song[8000..8800].fill(0);
        assert!((80..=120).contains(&longest_gap_ms(&song, 700.0)));
        assert_eq!(longest_gap_ms(&tone(700.0, 2), 700.0), 0);
    }
}
