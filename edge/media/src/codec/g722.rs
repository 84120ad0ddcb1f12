//! G.722 at 64 kb/s: two samples at 16 kHz in each octet, six bits for the lower band and two for the upper.
//!
//! Its RTP clock runs at 8 kHz all the same (RFC 3551, 4.5.2), which is none of this module's business. The names of the
//! blocks are those of ITU-T G.722 (09/2012), clauses 5 and 6, whose integer arithmetic this is.

mod band;

use band::{Band, LOWER, UPPER};

/// Samples in an octet.
const SAMPLES: usize = 2;

/// 200 ms, the most that a receiver should take (RFC 3551, 4.2).
const PAYLOAD_MAX: usize = 1_600;

/// How many samples `payload` holds; `None` beyond 200 ms.
pub(crate) fn samples(payload: &[u8]) -> Option<usize> {
    (payload.len() <= PAYLOAD_MAX).then_some(payload.len() * SAMPLES)
}

/// Half of the quadrature mirror filter, which is symmetric (G.722, 5.2).
const MIRROR: [i32; 12] = [3, -11, 12, 32, -210, 951, 3_876, -805, 362, -156, 53, -11];

/// The inputs of the mirror filter, oldest first.
#[derive(Clone, Default)]
struct Line([[i32; 2]; 12]);

impl Line {
    fn push(&mut self, pair: [i32; 2]) {
        self.0.copy_within(1.., 0);
        self.0[11] = pair;
    }

    /// The sums over the first and over the second of each pair.
    fn sums(&self) -> [i32; 2] {
        let mut sums = [0; 2];
        for (i, [first, second]) in self.0.iter().enumerate() {
            sums[0] += first * MIRROR[i];
            sums[1] += second * MIRROR[11 - i];
        }
        sums
    }
}

pub(crate) struct Decoder {
    lower: Band,
    upper: Band,
    line: Line,
}

impl Decoder {
    pub(crate) fn new() -> Self {
        Self { lower: Band::new(&LOWER), upper: Band::new(&UPPER), line: Line::default() }
    }

    /// As many octets as `out` has pairs.
    pub(crate) fn decode(&mut self, payload: &[u8], out: &mut [i16]) {
        for (&code, out) in payload.iter().zip(out.chunks_exact_mut(SAMPLES)) {
            let low = self.lower.decode(usize::from(code & 0x3f));
            let high = self.upper.decode(usize::from(code >> 6));
            self.line.push([low + high, low - high]);
            let [second, first] = self.line.sums();
            out.copy_from_slice(&[sample(first >> 11), sample(second >> 11)]);
        }
    }
}

#[derive(Clone)]
pub(crate) struct Encoder {
    lower: Band,
    upper: Band,
    line: Line,
}

impl Encoder {
    pub(crate) fn new() -> Self {
        Self { lower: Band::new(&LOWER), upper: Band::new(&UPPER), line: Line::default() }
    }

    /// As many pairs of samples as `payload` has octets, or 0 if that is too short.
    pub(crate) fn encode(&mut self, frame: &[i16], payload: &mut [u8]) -> usize {
        let pairs = frame.chunks_exact(SAMPLES);
        if payload.len() < pairs.len() {
            return 0;
        }
        let length = pairs.len();
        for (pair, octet) in pairs.zip(payload) {
            self.line.push([i32::from(pair[0]), i32::from(pair[1])]);
            let [odd, even] = self.line.sums();
            let low = self.lower.encode((even + odd) >> 14);
            let high = self.upper.encode((even - odd) >> 14);
            // Two bits and six.
            *octet = (high << 6 | low) as u8;
        }
        length
    }
}

fn sample(value: i32) -> i16 {
    band::saturated(value) as i16
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
        let mut decoder = Decoder::new();
        let mut out = vec![0; payload.len() * SAMPLES];
        for (payload, out) in payload.chunks(160).zip(out.chunks_mut(320)) {
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
}
