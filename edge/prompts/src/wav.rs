//! The one form of sound file that is understood: RIFF WAVE, PCM, mono, 16 bits, 16 kHz.

use crate::catalogue::{RATE, SAMPLES_MAX};

/// Why a sound file was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WavError {
    #[error("not a WAV file")]
    NotWav,
    #[error("the WAV file is cut off")]
    CutOff,
    #[error("the WAV file is compressed (format {0}); plain PCM is expected")]
    Compressed(u16),
    #[error("{0} channels; one is expected")]
    Channels(u16),
    #[error("{0} samples a second; {RATE} are expected")]
    Rate(u32),
    #[error("{0} bits a sample; 16 are expected")]
    Bits(u16),
    #[error("no sound in it")]
    Empty,
    #[error("longer than {} seconds", SAMPLES_MAX / RATE as usize)]
    TooLong,
}

/// The samples of a file in the expected form. Other chunks (names, remarks) are passed over.
pub fn read(bytes: &[u8]) -> Result<Vec<i16>, WavError> {
    let (rate, samples) = read_at_any_rate(bytes)?;
    if rate != RATE {
        return Err(WavError::Rate(rate));
    }
    if samples.len() > SAMPLES_MAX { Err(WavError::TooLong) } else { Ok(samples) }
}

/// As [`read`], with the rate that the file names: for what a voice has made, before it is brought into form.
pub fn read_at_any_rate(bytes: &[u8]) -> Result<(u32, Vec<i16>), WavError> {
    if bytes.get(..4) != Some(b"RIFF") || bytes.get(8..12) != Some(b"WAVE") {
        return Err(WavError::NotWav);
    }
    let mut rate = None;
    let mut rest = &bytes[12..];
    while let Some((name, body, after)) = next_chunk(rest)? {
        match (name, rate) {
            (b"fmt ", _) => rate = Some(format(body)?),
            (b"data", Some(rate)) if body.len() >= 2 => {
                let pairs = body.chunks_exact(2);
                return Ok((rate, pairs.map(|b| i16::from_le_bytes([b[0], b[1]])).collect()));
            }
            (b"data", Some(_)) => return Err(WavError::Empty),
            (b"data", None) => return Err(WavError::NotWav),
            _ => {}
        }
        rest = after;
    }
    Err(WavError::CutOff)
}

/// A file in the expected form.
pub fn write(samples: &[i16]) -> Vec<u8> {
    let data = samples.len() as u32 * 2;
    let mut bytes = Vec::with_capacity(44 + data as usize);
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(36 + data).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt ");
    bytes.extend_from_slice(&16u32.to_le_bytes());
    for (value, width) in [(1, 2), (1, 2), (RATE, 4), (RATE * 2, 4), (2, 2), (16, 2)] {
        bytes.extend_from_slice(&value.to_le_bytes()[..width]);
    }
    bytes.extend_from_slice(b"data");
    bytes.extend_from_slice(&data.to_le_bytes());
    for sample in samples {
        bytes.extend_from_slice(&sample.to_le_bytes());
    }
    bytes
}

type Chunk<'a> = (&'a [u8; 4], &'a [u8], &'a [u8]);

/// Name, body and what comes after; bodies of odd length are padded by one byte.
fn next_chunk(bytes: &[u8]) -> Result<Option<Chunk<'_>>, WavError> {
    let Some((name, after_name)) = bytes.split_first_chunk::<4>() else { return Ok(None) };
    let (length, after) = after_name.split_first_chunk::<4>().ok_or(WavError::CutOff)?;
    let length = u32::from_le_bytes(*length) as usize;
    let body = after.get(..length).ok_or(WavError::CutOff)?;
    Ok(Some((name, body, after.get(length + length % 2..).unwrap_or(&[]))))
}

/// The rate, when everything else is as expected.
fn format(body: &[u8]) -> Result<u32, WavError> {
    let u16_at = |at: usize| Some(u16::from_le_bytes(body.get(at..at + 2)?.try_into().ok()?));
    let u32_at = |at: usize| Some(u32::from_le_bytes(body.get(at..at + 4)?.try_into().ok()?));
    // WAVE_FORMAT_EXTENSIBLE names the format again in its sub-format.
    let code = match u16_at(0).ok_or(WavError::CutOff)? {
        0xfffe => u16_at(24).ok_or(WavError::CutOff)?,
        code => code,
    };
    let channels = u16_at(2).ok_or(WavError::CutOff)?;
    let rate = u32_at(4).ok_or(WavError::CutOff)?;
    let bits = u16_at(14).ok_or(WavError::CutOff)?;
    match (code, channels, bits) {
        (1, 1, 16) => Ok(rate),
        (1, 1, bits) => Err(WavError::Bits(bits)),
        (1, channels, _) => Err(WavError::Channels(channels)),
        (code, ..) => Err(WavError::Compressed(code)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let samples: Vec<i16> = (0..500).map(|i| i * 60 - 15_000).collect();
        assert_eq!(read(&write(&samples)), Ok(samples));
    }

    #[test]
    fn each_wrong_form_is_named() {
        let good = write(&[1, 2, 3]);
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            read(&bytes)
        };
        assert_eq!(read(b"ID3 an mp3 file"), Err(WavError::NotWav));
        assert_eq!(with(20, 6), Err(WavError::Compressed(6)));
        assert_eq!(with(22, 2), Err(WavError::Channels(2)));
        assert_eq!(with(25, 0x1f), Err(WavError::Rate(0x1f80)));
        assert_eq!(with(34, 24), Err(WavError::Bits(24)));
        assert_eq!(read(&write(&[])), Err(WavError::Empty));
    }

    #[test]
    fn a_file_cut_anywhere_is_refused() {
        let good = write(&[1, 2, 3]);
        for length in 0..good.len() {
            assert!(read(&good[..length]).is_err(), "{length} bytes");
        }
    }
}
