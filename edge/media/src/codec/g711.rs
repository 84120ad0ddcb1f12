//! G.711 A-law and µ-law as tables, bit-exact with ITU-T G.191 on all 65,536 inputs.

use std::sync::LazyLock;

use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};

use crate::Codec;

/// 200 ms, the most that a receiver should take (RFC 3551, 4.2).
const SAMPLES_MAX: usize = 1_600;

struct Tables {
    alaw: Table,
    ulaw: Table,
}

struct Table {
    decode: Box<[i16; 256]>,
    /// By the sample's bits as u16, without the lowest, which no law tells apart: small enough to stay next to the
    /// processor.
    encode: Box<[u8; CODES]>,
}

/// Both laws look at the sample without so many of its lowest bits: µ-law without 2, A-law without 4 (G.191,
/// ulaw_compress and alaw_compress).
const UNUSED_BITS: u32 = 2;
const CODES: usize = 1 << (16 - UNUSED_BITS);

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables {
    alaw: Table::new(decode_alaw, encode_alaw),
    ulaw: Table::new(decode_ulaw, encode_ulaw),
});

impl Table {
    fn new(decode: fn(u8) -> i16, encode: fn(i16) -> u8) -> Self {
        let mut decoded = Box::new([0; 256]);
        for code in 0..=255u8 {
            decoded[usize::from(code)] = decode(code);
        }
        let mut encoded = Box::new([0; CODES]);
        for (bits, code) in (0u16..).zip(encoded.iter_mut()) {
            *code = encode((bits << UNUSED_BITS).cast_signed());
        }
        Self { decode: decoded, encode: encoded }
    }
}

fn table(codec: Codec) -> &'static Table {
    match codec {
        Codec::Pcmu => &TABLES.ulaw,
        // Of no other codec is anything decoded or encoded here.
        Codec::Pcma | Codec::G722 | Codec::Opus => &TABLES.alaw,
    }
}

/// Whether this module knows it.
pub(crate) fn knows(codec: Codec) -> bool {
    matches!(codec, Codec::Pcma | Codec::Pcmu)
}

/// Linear sample of each code.
pub(crate) fn decoder(codec: Codec) -> &'static [i16; 256] {
    &table(codec).decode
}

/// How many samples `payload` holds; `None` beyond 200 ms.
pub(crate) fn samples(payload: &[u8]) -> Option<usize> {
    (payload.len() <= SAMPLES_MAX).then_some(payload.len())
}

/// Decodes as many samples as both slices have.
pub(crate) fn decode(decoder: &[i16; 256], payload: &[u8], out: &mut [i16]) {
    for (sample, &code) in out.iter_mut().zip(payload) {
        *sample = decoder[usize::from(code)];
    }
}

/// Encodes as many samples as both slices have; returns how many.
pub(crate) fn encode(codec: Codec, samples: &[i16], payload: &mut [u8]) -> usize {
    let table = &table(codec).encode;
    for (code, &sample) in payload.iter_mut().zip(samples) {
        *code = table[usize::from(sample.cast_unsigned() >> UNUSED_BITS)];
    }
    samples.len().min(payload.len())
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
        for bits in 0..=u16::MAX {
            let sample = bits.cast_signed();
            let mut code = [0; 2];
            encode(Codec::Pcma, &[sample], &mut code[..1]);
            encode(Codec::Pcmu, &[sample], &mut code[1..]);
            assert_eq!(code, [encode_alaw(sample), encode_ulaw(sample)]);
        }
    }

    #[test]
    fn every_code_survives_decoding_and_encoding() {
        for codec in [Codec::Pcma, Codec::Pcmu] {
            for code in 0..=255u8 {
                let sample = decoder(codec)[usize::from(code)];
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
