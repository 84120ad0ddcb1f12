//! G.711 A-law and µ-law, bit-exact with ITU-T G.191 on all 65,536 inputs.

use multiversion::multiversion;

use crate::Codec;
use crate::frame::{saturate, whole};

/// 200 ms, the most that a receiver should take (RFC 3551, 4.2).
const SAMPLES_MAX: usize = 1_600;

/// Whether this module knows it.
pub(crate) fn knows(codec: Codec) -> bool {
    matches!(codec, Codec::Pcma | Codec::Pcmu)
}

/// How many samples `payload` holds; `None` beyond 200 ms.
pub(crate) fn samples(payload: &[u8]) -> Option<usize> {
    (payload.len() <= SAMPLES_MAX).then_some(payload.len())
}

/// Decodes as many samples as both slices have.
pub(crate) fn decode(codec: Codec, payload: &[u8], out: &mut [i16]) {
    match codec {
        Codec::Pcmu => decode_ulaw(payload, out),
        // Of no other codec is anything decoded here.
        Codec::Pcma | Codec::G722 | Codec::Opus => decode_alaw(payload, out),
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn decode_alaw(payload: &[u8], out: &mut [i16]) {
    /// The second segment is above the first by so much.
    const STEP: i32 = 256;
    for (sample, &code) in out.iter_mut().zip(payload) {
        let code = i32::from(code ^ 0x55);
        let coded = code & 0x7f;
        // The lowest two segments are as fine as each other.
        let is_lowest = i32::from(coded < 16);
        *sample = signed(exponential(coded + (is_lowest << 4)) - is_lowest * STEP, code);
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn decode_ulaw(payload: &[u8], out: &mut [i16]) {
    const BIAS: i32 = 33 << 2;
    for (sample, &code) in out.iter_mut().zip(payload) {
        let code = i32::from(code);
        *sample = signed(exponential(!code & 0x7f) - BIAS, code);
    }
}

/// Encodes as many samples as both slices have; returns how many.
pub(crate) fn encode(codec: Codec, samples: &[i16], payload: &mut [u8]) -> usize {
    match codec {
        Codec::Pcmu => encode_ulaw(samples, payload),
        // Of no other codec is anything encoded here.
        Codec::Pcma | Codec::G722 | Codec::Opus => encode_alaw(samples, payload),
    }
    samples.len().min(payload.len())
}

#[multiversion(targets("x86_64+avx2"))]
fn encode_alaw(samples: &[i16], payload: &mut [u8]) {
    for (code, &sample) in payload.iter_mut().zip(samples) {
        let magnitude = magnitude(sample) >> 4;
        // The lowest two segments are as fine as each other.
        let coded = if magnitude < 32 { magnitude } else { logarithm(magnitude) - (3 << 4) };
        *code = (coded | sign_bit(sample)) as u8 ^ 0x55;
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn encode_ulaw(samples: &[i16], payload: &mut [u8]) {
    const BIAS: i32 = 33;
    const MOST: i32 = 0x1fff;
    for (code, &sample) in payload.iter_mut().zip(samples) {
        let magnitude = ((magnitude(sample) >> 2) + BIAS).min(MOST);
        let coded = 0x7f - (logarithm(magnitude) - (5 << 4));
        *code = (coded | sign_bit(sample)) as u8;
    }
}

/// Of the complement of a negative sample: both laws have two codes for nothing.
fn magnitude(sample: i16) -> i32 {
    i32::from(sample ^ (sample >> 15))
}

fn sign_bit(sample: i16) -> i32 {
    (i32::from(!sample) >> 8) & 0x80
}

/// The sample of this magnitude, with the sign of its code.
fn signed(magnitude: i32, code: i32) -> i16 {
    let sign = ((code >> 7) & 1) - 1;
    saturate((magnitude ^ sign) - sign)
}

const MANTISSA: u32 = 23;
const EXPONENT_BIAS: i32 = 127;

/// Segment and step within it, as both laws have them and a float does: the exponent of two, and the four bits behind the
/// first. The compiler takes many of them at a time.
fn logarithm(magnitude: i32) -> i32 {
    ((magnitude as f32).to_bits() >> (MANTISSA - 4)).cast_signed() - (EXPONENT_BIAS << 4)
}

/// The middle of the step that has this logarithm, of 16 bits.
fn exponential(logarithm: i32) -> i32 {
    const LOWEST: i32 = 7;
    let steps = (logarithm + ((EXPONENT_BIAS + LOWEST) << 4)).cast_unsigned();
    whole(f32::from_bits(steps << (MANTISSA - 4) | 1 << (MANTISSA - 5)))
}

/// The code of the sample 0.
pub(crate) fn silence(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0xff,
        Codec::Pcma | Codec::G722 | Codec::Opus => 0xd5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_encoded_as_the_reference_does() {
        let samples: Vec<i16> = (i16::MIN..=i16::MAX).collect();
        for (codec, reference) in [
            (Codec::Pcma, audio_codec_algorithms::encode_alaw as fn(i16) -> u8),
            (Codec::Pcmu, audio_codec_algorithms::encode_ulaw),
        ] {
            let mut codes = vec![0; samples.len()];
            assert_eq!(encode(codec, &samples, &mut codes), samples.len());
            let expected: Vec<u8> = samples.iter().map(|&sample| reference(sample)).collect();
            assert_eq!(codes, expected, "{codec:?}");
        }
    }

    #[test]
    fn every_code_is_decoded_as_the_reference_does() {
        let codes: Vec<u8> = (0..=255).collect();
        for (codec, reference) in [
            (Codec::Pcma, audio_codec_algorithms::decode_alaw as fn(u8) -> i16),
            (Codec::Pcmu, audio_codec_algorithms::decode_ulaw),
        ] {
            let mut samples = vec![0; codes.len()];
            decode(codec, &codes, &mut samples);
            let expected: Vec<i16> = codes.iter().map(|&code| reference(code)).collect();
            assert_eq!(samples, expected, "{codec:?}");
        }
    }

    #[test]
    fn every_code_survives_decoding_and_encoding() {
        for codec in [Codec::Pcma, Codec::Pcmu] {
            for code in 0..=255u8 {
                let mut sample = [0];
                decode(codec, &[code], &mut sample);
                let [sample] = sample;
                let mut again = [0];
                encode(codec, &[sample], &mut again);
                // µ-law has two zeros.
                assert!(again[0] == code || sample == 0, "{codec:?} {code}");
            }
        }
    }

    #[test]
    fn silence_is_the_code_of_zero() {
        for codec in [Codec::Pcma, Codec::Pcmu] {
            let mut code = [0];
            encode(codec, &[0], &mut code);
            assert_eq!(code[0], silence(codec));
        }
    }
}
