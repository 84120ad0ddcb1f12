//! G.722 at 64 kb/s: two samples at 16 kHz in each octet.
//!
//! Its RTP clock runs at 8 kHz all the same (RFC 3551, 4.5.2), which is none of this module's business.

use audio_codec::g722::{G722Decoder, G722Encoder};
use audio_codec::{Decoder as _, Encoder as _};

/// Samples in an octet.
const SAMPLES: usize = 2;

/// 200 ms (RFC 3551, 4.2).
const PAYLOAD_MAX: usize = 1_600;

pub(crate) fn samples(payload: &[u8]) -> Option<usize> {
    (payload.len() <= PAYLOAD_MAX).then_some(payload.len() * SAMPLES)
}

pub(crate) struct Decoder(G722Decoder);

impl Decoder {
    pub(crate) fn new() -> Self {
        Self(G722Decoder::new())
    }

    /// `out` is as long as [`samples`] says.
    pub(crate) fn decode(&mut self, payload: &[u8], out: &mut [i16]) {
        let decoded = self.0.decode_into(payload, out);
        debug_assert_eq!(decoded.ok(), Some(out.len()));
    }
}

pub(crate) struct Encoder(G722Encoder);

impl Encoder {
    pub(crate) fn new() -> Self {
        Self(G722Encoder::new())
    }

    /// An even number of samples.
    pub(crate) fn encode(&mut self, frame: &[i16], payload: &mut [u8]) -> usize {
        self.0.encode_into(frame, payload).unwrap_or(0)
    }
}
