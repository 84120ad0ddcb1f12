//! Payloads to samples and back: one [`Decoder`] for what a leg sends, one [`Encoder`] for what it hears.
//!
//! Nothing that a payload says can panic or grow: lengths are judged before anything is decoded, and the state of a codec
//! has one size. Only [`Decoder::new`] and [`Encoder::new`] take memory.
//!
//! # To add a codec
//!
//! A variant of [`Codec`] with its rates, a module here, one arm in each `match` below. The property at the end of the
//! tests then throws random payloads at it.

pub(crate) mod g711;
pub(crate) mod g722;
pub(crate) mod opus;

use crate::{Codec, OpusWishes};

/// The longest sound of one payload at any rate: 120 ms of Opus, its limit (RFC 6716, 3.2.5), or 200 ms of the others,
/// the most that a receiver should take (RFC 3551, 4.2).
pub(crate) const SAMPLES_MAX: usize = 5_760;

/// The longest payload of a packet of 20 ms: the limit of an Opus frame (RFC 6716, 3.2.1).
pub(crate) const PAYLOAD_MAX: usize = 1_275;

/// Turns the payloads of one stream into sound at [`Codec::rate`].
pub(crate) enum Decoder {
    G711(Codec),
    G722(Box<g722::Decoder>),
    Opus(opus::Decoder),
}

impl Decoder {
    pub(crate) fn new(codec: Codec) -> Self {
        match codec {
            Codec::Pcma | Codec::Pcmu => Self::G711(codec),
            Codec::G722 => Self::G722(Box::new(g722::Decoder::new())),
            Codec::Opus => Self::Opus(opus::Decoder::new()),
        }
    }

    /// How many samples `payload` holds; `None` if it is malformed, empty or longer than a payload may be.
    pub(crate) fn samples(&self, payload: &[u8]) -> Option<usize> {
        let samples = match self {
            Self::G711(_) => g711::samples(payload),
            Self::G722(_) => g722::samples(payload),
            Self::Opus(_) => opus::samples(payload),
        };
        samples.filter(|samples| (1..=SAMPLES_MAX).contains(samples))
    }

    /// Decodes `payload` into the beginning of `out` and returns how many samples that are: as many as
    /// [`Self::samples`] says. `None` if it is malformed or `out` is too short; `out` then holds anything.
    pub(crate) fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Option<usize> {
        let samples = self.samples(payload)?;
        let out = out.get_mut(..samples)?;
        match self {
            Self::G711(codec) => g711::decode(*codec, payload, out),
            Self::G722(decoder) => decoder.decode(payload, out),
            Self::Opus(decoder) => decoder.decode(payload, out)?,
        }
        Some(samples)
    }

    /// Whether `payload` also holds a copy of what came before it, for [`Self::recover`].
    pub(crate) fn carries_copy(&self, payload: &[u8]) -> bool {
        matches!(self, Self::Opus(_)) && opus::carries_copy(payload)
    }

    /// Whether the sender says that nobody speaks in `payload`, or cannot say. It is at most background noise then.
    pub(crate) fn is_inactive(&self, payload: &[u8]) -> bool {
        matches!(self, Self::Opus(_)) && opus::is_inactive(payload)
    }

    /// Fills `out`, the sound that is missing right before `following`, with the copy of it that `following` carries
    /// (RFC 6716, 2.1.7). Returns how many samples of `out` were made, which are all; `None` if it carries none, or
    /// `out` is no multiple of 2.5 ms. `following` is to be decoded next.
    pub(crate) fn recover(&mut self, following: &[u8], out: &mut [i16]) -> Option<usize> {
        match self {
            Self::Opus(decoder) => decoder.recover(following, out),
            Self::G711(_) | Self::G722(_) => None,
        }
    }

    /// Fills `out` with what the codec itself makes of missing sound. `false` if it has nothing of the kind, or `out` is
    /// no multiple of 2.5 ms.
    pub(crate) fn conceal(&mut self, out: &mut [i16]) -> bool {
        match self {
            Self::Opus(decoder) => decoder.conceal(out),
            Self::G711(_) | Self::G722(_) => false,
        }
    }
}

/// Turns frames of 20 ms at [`Codec::rate`] into payloads.
pub(crate) enum Encoder {
    G711(Codec),
    G722(Box<g722::Encoder>),
    Opus(opus::Encoder),
}

impl Encoder {
    pub(crate) fn new(codec: Codec, wishes: &OpusWishes) -> Self {
        match codec {
            Codec::Pcma | Codec::Pcmu => Self::G711(codec),
            Codec::G722 => Self::G722(Box::new(g722::Encoder::new())),
            Codec::Opus => Self::Opus(opus::Encoder::new(wishes)),
        }
    }

    /// Encodes `frame` into the beginning of `payload` and returns how many octets that are: at most [`PAYLOAD_MAX`].
    /// 0 if `payload` is too short.
    pub(crate) fn encode(&mut self, frame: &[i16], payload: &mut [u8]) -> usize {
        match self {
            Self::G711(codec) => g711::encode(*codec, frame, payload),
            Self::G722(encoder) => encoder.encode(frame, payload),
            Self::Opus(encoder) => encoder.encode(frame, payload),
        }
    }

    /// Forgets all that it has encoded, and what its listener loses.
    pub(crate) fn begin_anew(&mut self) {
        match self {
            Self::G711(_) => {}
            Self::G722(encoder) => **encoder = g722::Encoder::new(),
            Self::Opus(encoder) => encoder.begin_anew(),
        }
    }

    /// Goes on where `other`, which has the same listener and so the same wishes, stands now; `false` if that cannot be.
    pub(crate) fn go_on_from(&mut self, other: &Self) -> bool {
        let (Self::G722(encoder), Self::G722(other)) = (self, other) else { return false };
        encoder.clone_from(other);
        true
    }

    /// How many of 100 packets the listener loses, for a codec that can help.
    pub(crate) fn set_loss(&mut self, percent: u8) {
        if let Self::Opus(encoder) = self {
            encoder.set_loss(percent);
        }
    }
}

#[cfg(test)]
mod tests;
