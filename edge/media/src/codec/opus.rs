//! Opus (RFC 6716, RFC 7587) through libopus: 48 kHz, mono, made for speech.

use ::opus::{Application, Bandwidth, Bitrate, Channels, Signal, packet};

use super::PAYLOAD_MAX;
use crate::OpusWishes;

/// Samples per second, whatever the sender's bandwidth is: that of the RTP clock (RFC 7587, 4.1).
const RATE: u32 = 48_000;

/// The smallest frame, 2.5 ms; concealment comes in multiples of it.
const STEP: usize = 120;

/// Longest payload: 120 ms in one packet (RFC 6716, 3.2.5).
const SAMPLES_MAX: usize = 5_760;

/// What a listener may ask for: libopus makes nothing of less, and one room's speech needs no more.
const BITRATE_MIN: u32 = 6_000;
pub(crate) const BITRATE_MAX: u32 = 48_000;

/// How sound is encoded. By `cargo xtask bench sound` and `bench media` (rooms of 20, 3 talkers, who each need an encoder)
/// [`PLAIN`] scores 4.11 for 2.3 ms a participant and second, [`VOICE`] 4.05 for 3.2; plain at 40 kb/s or complexity 3 is
/// heard to be worse (3.6 with both).
struct Style {
    /// Models a voice (SILK, below 8 kHz), or takes sound as it is (CELT).
    signal: Signal,
    bitrate: u32,
    /// Of 10: with bits enough libopus need not search for the best use of them.
    complexity: i32,
}

/// For whom little is lost.
const PLAIN: Style = Style { signal: Signal::Music, bitrate: BITRATE_MAX, complexity: 5 };

/// Full-band speech without audible faults (RFC 7587, 3.1.1: 28 to 40 kb/s), with copies for whom much is lost.
const VOICE: Style = Style { signal: Signal::Voice, bitrate: 40_000, complexity: 3 };

/// For a listener that takes fewer bits than [`BITRATE_SPARING`].
const COMPLEXITY_SPARING: i32 = 6;
const BITRATE_SPARING: u32 = 32_000;

/// Of 100 packets, until the listener reports, which takes seconds.
const LOSS_ASSUMED: u8 = 0;

/// A copy of each frame is worth its bits from so many lost packets of 100 on, and for as long as more than so few are
/// lost. Only a voice that is modelled can be copied.
const LOSS_FOR_COPIES: u8 = 3;
const LOSS_WITHOUT_COPIES: u8 = 1;

/// Beyond this the copies would crowd out the sound itself.
const LOSS_MAX: u8 = 30;

const NEEDS_MEMORY: &str = "libopus takes 48 kHz mono; it can fail only for want of memory";

/// `None` also for what carries more than a payload may.
pub(crate) fn samples(payload: &[u8]) -> Option<usize> {
    let samples = packet::get_nb_samples(payload, RATE).ok()?;
    (samples <= SAMPLES_MAX).then_some(samples)
}

pub(crate) struct Decoder(::opus::Decoder);

impl Decoder {
    pub(crate) fn new() -> Self {
        // What is stereo comes out as one channel.
        Self(::opus::Decoder::new(RATE, Channels::Mono).expect(NEEDS_MEMORY))
    }

    /// `out` is as long as [`samples`] says. `None` for a malformed payload.
    pub(crate) fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Option<()> {
        self.0.decode(payload, out, false).ok().filter(|&decoded| decoded == out.len()).map(drop)
    }

    pub(crate) fn recover(&mut self, following: &[u8], out: &mut [i16]) -> Option<usize> {
        if !whole(out) || !carries_copy(following) {
            return None;
        }
        self.0.decode(following, out, true).ok().filter(|&made| made == out.len())
    }

    pub(crate) fn conceal(&mut self, out: &mut [i16]) -> bool {
        whole(out) && self.0.decode(&[], out, false).is_ok_and(|made| made == out.len())
    }
}

fn whole(out: &[i16]) -> bool {
    !out.is_empty() && out.len() <= SAMPLES_MAX && out.len().is_multiple_of(STEP)
}

/// Whether the first frame has a copy of the frame before it: the flags that a SILK frame begins with (RFC 6716, 4.2.3).
pub(crate) fn carries_copy(payload: &[u8]) -> bool {
    let Some(&toc) = payload.first() else { return false };
    // Configurations 0 to 15 have SILK (RFC 6716, 3.1), of 10 ms to 60 ms.
    let configuration = toc >> 3;
    if configuration > 15 {
        return false;
    }
    let flags = first_frame(payload).and_then(|frame| frame.first());
    let Some(flags) = flags else { return false };
    // A flag of voice for each 20 ms, then the one that is asked for; the same again for the second channel.
    let frames = match configuration % 4 {
        2 if configuration < 12 => 2,
        3 if configuration < 12 => 3,
        _ => 1,
    };
    let has = |bit: u32| flags >> (7 - bit) & 1 == 1;
    let stereo = toc & 0b100 != 0;
    has(frames) || stereo && has(2 * frames + 1)
}

/// Whether the one frame of `payload` is flagged as without a voice (RFC 6716, 4.2.3), or is of CELT, which has no flags.
pub(crate) fn is_inactive(payload: &[u8]) -> bool {
    let [toc, flags, ..] = *payload else { return false };
    let (configuration, is_alone) = (toc >> 3, toc & 0b11 == 0);
    let long = configuration < 12 && configuration % 4 > 1;
    let stereo = toc & 0b100 != 0;
    is_alone && (configuration > 15 || !long && !stereo && flags & 0x80 == 0)
}

/// The first frame of a packet and what follows it (RFC 6716, 3.2); `None` if there is none.
fn first_frame(payload: &[u8]) -> Option<&[u8]> {
    let (&toc, rest) = payload.split_first()?;
    let (length, rest) = match toc & 0b11 {
        0 | 1 => (rest.len(), rest),
        2 => frame_length(rest)?,
        _ => {
            let (&count, rest) = rest.split_first()?;
            let rest = if count & 0x40 == 0 { rest } else { behind_padding_length(rest)? };
            let frames = usize::from(count & 0x3f);
            match count & 0x80 {
                0 => (rest.len(), rest),
                _ if frames == 1 => (rest.len(), rest),
                _ => {
                    let (length, mut rest) = frame_length(rest)?;
                    for _ in 2..frames {
                        rest = frame_length(rest)?.1;
                    }
                    (length, rest)
                }
            }
        }
    };
    (length > 0).then_some(rest)
}

/// A length of one or two octets (RFC 6716, 3.2.1), and what follows.
fn frame_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match *bytes {
        [short @ 0..=251, ref rest @ ..] => Some((usize::from(short), rest)),
        [low, high, ref rest @ ..] => Some((usize::from(high) * 4 + usize::from(low), rest)),
        _ => None,
    }
}

fn behind_padding_length(bytes: &[u8]) -> Option<&[u8]> {
    let last = bytes.iter().position(|&octet| octet != 255)?;
    bytes.get(last + 1..)
}

pub(crate) struct Encoder {
    encoder: ::opus::Encoder,
    wishes: OpusWishes,
}

impl Encoder {
    /// As the listener wishes to hear (RFC 7587, 6.1); without wishes 48 kb/s, full band.
    pub(crate) fn new(wishes: &OpusWishes) -> Self {
        let encoder = ::opus::Encoder::new(RATE, Channels::Mono, Application::Voip);
        let mut encoder = encoder.expect(NEEDS_MEMORY);
        set_up(&mut encoder, wishes).expect("libopus takes values in its ranges");
        let mut encoder = Self { encoder, wishes: *wishes };
        encoder.set_loss(LOSS_ASSUMED);
        encoder
    }

    /// Forgets all that it has encoded.
    pub(crate) fn begin_anew(&mut self) {
        let reset = self.encoder.reset_state();
        debug_assert!(reset.is_ok());
        self.set_loss(LOSS_ASSUMED);
    }

    /// 20 ms.
    pub(crate) fn encode(&mut self, frame: &[i16], payload: &mut [u8]) -> usize {
        let length = payload.len().min(PAYLOAD_MAX);
        self.encoder.encode(frame, &mut payload[..length]).unwrap_or(0)
    }

    pub(crate) fn set_loss(&mut self, percent: u8) {
        let percent = if self.wishes.in_band_fec { percent.min(LOSS_MAX) } else { 0 };
        let set = self.encoder.set_packet_loss_perc(i32::from(percent));
        debug_assert!(set.is_ok());
        if let Some(style) = self.style_at(percent) {
            let set = set_style(&mut self.encoder, &style);
            debug_assert!(set.is_ok());
        }
    }

    /// `None`: as before, so that sound does not change to and fro with what is lost.
    fn style_at(&self, loss_percent: u8) -> Option<Style> {
        let most = self.wishes.max_average_bitrate.unwrap_or(BITRATE_MAX);
        let bitrate = most.clamp(BITRATE_MIN, VOICE.bitrate);
        if bitrate < BITRATE_SPARING {
            return Some(Style { bitrate, complexity: COMPLEXITY_SPARING, ..VOICE });
        }
        // Only in a model of a voice does libopus know its pauses, and a band between the narrow and the wide one.
        let takes_plain = !self.wishes.dtx && self.wishes.max_playback_rate > 12_000;
        let is_plain = takes_plain && most >= PLAIN.bitrate;
        if !is_plain || loss_percent >= LOSS_FOR_COPIES {
            return Some(Style { bitrate, ..VOICE });
        }
        (loss_percent <= LOSS_WITHOUT_COPIES).then_some(PLAIN)
    }
}

fn set_up(encoder: &mut ::opus::Encoder, wishes: &OpusWishes) -> ::opus::Result<()> {
    encoder.set_max_bandwidth(bandwidth(wishes.max_playback_rate))?;
    encoder.set_inband_fec(wishes.in_band_fec)?;
    encoder.set_dtx(wishes.dtx)?;
    encoder.set_vbr(true)
}

fn set_style(encoder: &mut ::opus::Encoder, style: &Style) -> ::opus::Result<()> {
    encoder.set_signal(style.signal)?;
    encoder.set_bitrate(Bitrate::Bits(style.bitrate.cast_signed()))?;
    encoder.set_complexity(style.complexity)
}

/// The widest band that a listener at `rate` hears anything of (RFC 7587, 3.1.2).
fn bandwidth(rate: u32) -> Bandwidth {
    match rate {
        0..=8_000 => Bandwidth::Narrowband,
        8_001..=12_000 => Bandwidth::Mediumband,
        12_001..=16_000 => Bandwidth::Wideband,
        16_001..=24_000 => Bandwidth::Superwideband,
        _ => Bandwidth::Fullband,
    }
}

#[cfg(test)]
mod tests;
