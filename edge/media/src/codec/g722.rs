//! G.722 at 64 kb/s: two samples at 16 kHz in each octet, six bits for the lower band and two for the upper.
//!
//! Its RTP clock runs at 8 kHz all the same (RFC 3551, 4.5.2), which is none of this module's business. The names of the
//! blocks are those of ITU-T G.722 (09/2012), clauses 5 and 6, whose integer arithmetic this is.

mod band;
mod mirror;

use multiversion::multiversion;

use self::band::{Band, Lower, Upper, saturated};
use self::mirror::{Half, Mirror};

/// Samples in an octet.
const SAMPLES: usize = 2;

/// Octets that are worked on at a time: 20 ms.
const BLOCK: usize = 160;

/// 200 ms, the most that a receiver should take (RFC 3551, 4.2).
const PAYLOAD_MAX: usize = 1_600;

/// How many samples `payload` holds; `None` beyond 200 ms.
pub(crate) fn samples(payload: &[u8]) -> Option<usize> {
    (payload.len() <= PAYLOAD_MAX).then_some(payload.len() * SAMPLES)
}

pub(crate) struct Decoder {
    lower: Band<Lower>,
    upper: Band<Upper>,
    sums: Mirror,
    differences: Mirror,
}

impl Decoder {
    pub(crate) fn new() -> Self {
        Self {
            lower: Band::new(),
            upper: Band::new(),
            sums: Mirror::new(Half::Second),
            differences: Mirror::new(Half::First),
        }
    }

    /// As many octets as `out` has pairs.
    pub(crate) fn decode(&mut self, payload: &[u8], out: &mut [i16]) {
        for (payload, out) in payload.chunks(BLOCK).zip(out.chunks_mut(BLOCK * SAMPLES)) {
            decode_block(self, payload, out);
        }
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn decode_block(decoder: &mut Decoder, payload: &[u8], out: &mut [i16]) {
    let Decoder { lower, upper, sums, differences } = decoder;
    // Of its own, so that it lies in registers.
    let (mut low_band, mut high_band) = (lower.clone(), upper.clone());
    let (mut sum, mut difference) = ([0; BLOCK], [0; BLOCK]);
    for (&code, (sum, difference)) in payload.iter().zip(sum.iter_mut().zip(&mut difference)) {
        let low = low_band.decode(usize::from(code & 0x3f));
        let high = high_band.decode(usize::from(code >> 6));
        (*sum, *difference) = (low + high, low - high);
    }
    (*lower, *upper) = (low_band, high_band);
    let first = differences.pass(&difference, payload.len());
    let second = sums.pass(&sum, payload.len());
    for (pair, (first, second)) in out.chunks_exact_mut(SAMPLES).zip(first.iter().zip(second)) {
        pair.copy_from_slice(&[sample(first >> 11), sample(second >> 11)]);
    }
}

#[derive(Clone)]
pub(crate) struct Encoder {
    lower: Band<Lower>,
    upper: Band<Upper>,
    odd: Mirror,
    even: Mirror,
}

impl Encoder {
    pub(crate) fn new() -> Self {
        Self {
            lower: Band::new(),
            upper: Band::new(),
            odd: Mirror::new(Half::Second),
            even: Mirror::new(Half::First),
        }
    }

    /// As many pairs of samples as `payload` has octets, or 0 if that is too short.
    pub(crate) fn encode(&mut self, frame: &[i16], payload: &mut [u8]) -> usize {
        let length = frame.len() / SAMPLES;
        let Some(payload) = payload.get_mut(..length) else { return 0 };
        for (frame, payload) in frame.chunks(BLOCK * SAMPLES).zip(payload.chunks_mut(BLOCK)) {
            encode_block(self, frame, payload);
        }
        length
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn encode_block(encoder: &mut Encoder, frame: &[i16], payload: &mut [u8]) {
    let Encoder { lower, upper, odd, even } = encoder;
    let (mut first, mut second) = ([0; BLOCK], [0; BLOCK]);
    let inputs = first.iter_mut().zip(&mut second);
    for (pair, (first, second)) in frame.chunks_exact(SAMPLES).zip(inputs) {
        (*first, *second) = (i32::from(pair[0]), i32::from(pair[1]));
    }
    let (odd, even) = (odd.pass(&first, payload.len()), even.pass(&second, payload.len()));
    let (mut low_band, mut high_band) = (lower.clone(), upper.clone());
    for (octet, (odd, even)) in payload.iter_mut().zip(odd.iter().zip(even)) {
        let low = low_band.encode((even + odd) >> 14);
        let high = high_band.encode((even - odd) >> 14);
        // Two bits and six.
        *octet = (high << 6 | low) as u8;
    }
    (*lower, *upper) = (low_band, high_band);
}

fn sample(value: i32) -> i16 {
    saturated(value) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made with FFmpeg's implementation (5.1), which shares nothing with the one above: a sweep to 7.5 kHz with noise,
    // clipped squares, silence and faint noise in it, and random octets, which reach states that no encoder goes to.
    const SOUND: &[u8] = include_bytes!("../../tests/g722/sound.s16");
    const ENCODED: &[u8] = include_bytes!("../../tests/g722/encoded.g722");
    const DECODED: &[u8] = include_bytes!("../../tests/g722/decoded.s16");
    const RANDOM: &[u8] = include_bytes!("../../tests/g722/random.g722");
    const RANDOM_DECODED: &[u8] = include_bytes!("../../tests/g722/random.s16");

    fn samples_of(bytes: &[u8]) -> Vec<i16> {
        bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
    }

    fn decoded(payload: &[u8]) -> Vec<i16> {
        decoded_by(160, payload)
    }

    fn decoded_by(octets: usize, payload: &[u8]) -> Vec<i16> {
        let mut decoder = Decoder::new();
        let mut out = vec![0; payload.len() * SAMPLES];
        for (payload, out) in payload.chunks(octets).zip(out.chunks_mut(octets * SAMPLES)) {
            decoder.decode(payload, out);
        }
        out
    }

    #[test]
    fn sound_is_encoded_as_the_reference_does() {
        let mut encoder = Encoder::new();
        let mut encoded = vec![0; ENCODED.len()];
        for (frame, payload) in samples_of(SOUND).chunks(320).zip(encoded.chunks_mut(160)) {
            assert_eq!(encoder.encode(frame, payload), 160);
        }
        assert_eq!(encoded, ENCODED);
    }

    #[test]
    fn codes_are_decoded_as_the_reference_does() {
        assert_eq!(decoded(ENCODED), samples_of(DECODED));
        assert_eq!(decoded(RANDOM), samples_of(RANDOM_DECODED));
    }

    #[test]
    fn packets_may_have_any_length() {
        for octets in [1, 7, 80, 159, 161, 240, 1_600] {
            assert_eq!(decoded_by(octets, RANDOM), samples_of(RANDOM_DECODED), "{octets}");
            let mut encoder = Encoder::new();
            let mut encoded = vec![0; ENCODED.len()];
            let frames = samples_of(SOUND);
            let frames = frames.chunks(octets * SAMPLES).zip(encoded.chunks_mut(octets));
            for (frame, payload) in frames {
                encoder.encode(frame, payload);
            }
            assert_eq!(encoded, ENCODED, "{octets}");
        }
    }
}
