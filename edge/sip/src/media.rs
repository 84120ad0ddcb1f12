//! What is agreed about a call's sound.

use std::fmt;
use std::net::SocketAddr;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 A-law.
    Pcma,
    /// G.711 µ-law.
    Pcmu,
    /// 16 kHz (ITU-T G.722 at 64 kbit/s).
    G722,
    /// RFC 6716, as RFC 7587 carries it.
    Opus,
}

impl Codec {
    /// Of RTP timestamps, in Hz. RFC 3551, section 4.5.2: G.722's "is 8,000 Hz, even though the sampling rate ... is
    /// 16,000 Hz".
    pub fn clock_rate(self) -> u32 {
        match self {
            Codec::Pcma | Codec::Pcmu | Codec::G722 => 8_000,
            Codec::Opus => 48_000,
        }
    }
}

/// Whether media are encrypted by keys in SDP (RFC 4568).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Srtp {
    /// Never, and what needs it is refused.
    #[default]
    Off,
    /// Where the peer offers it.
    Optional,
    /// 488 without it, and without TLS, where anybody on the way reads the keys.
    Required,
}

/// From the peer's point of view turned to ours: `SendReceive` when both talk, `ReceiveOnly` when the peer only sends,
/// `SendOnly` when it only listens (hold), `Inactive` when neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    SendReceive,
    SendOnly,
    ReceiveOnly,
    Inactive,
}

/// The part of the peer's SDP that was chosen, and what was said to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaOffer {
    /// Where the peer wants its media.
    pub remote: SocketAddr,
    pub codec: Codec,
    /// Of what we send.
    pub payload_type: u8,
    /// Of what the peer sends; another one where each side numbers for itself.
    pub receive_payload_type: u8,
    /// Of the peer's telephone events (RFC 4733).
    pub event_payload_type: Option<u8>,
    /// What they were agreed with. Their durations may tick so; their timestamps tick as the codec's do, since that is
    /// what phones send which know no other rate than 8,000.
    pub event_clock_rate: u32,
    /// What the peer wants of our Opus; without meaning for other codecs.
    pub opus: OpusWishes,
    /// Where the peer wants its reports.
    pub rtcp: Rtcp,
    pub crypto: Option<Crypto>,
    pub direction: Direction,
}

/// Of a peer's fmtp, what it wants to receive (RFC 7587, section 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpusWishes {
    /// Bits per second, 6,000 to 510,000.
    pub max_average_bitrate: Option<u32>,
    /// Hz, 8,000 to 48,000.
    pub max_playback_rate: u32,
    pub in_band_fec: bool,
    pub dtx: bool,
}

impl Default for OpusWishes {
    fn default() -> Self {
        OpusWishes {
            max_average_bitrate: None,
            max_playback_rate: 48_000,
            in_band_fec: false,
            dtx: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rtcp {
    /// With the media, on both sides (RFC 5761).
    Mux,
    /// There, which is the media's address and the next port unless said otherwise (RFC 3605). Port 0: nowhere.
    Separate(SocketAddr),
}

/// Keys of both directions (RFC 4568).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crypto {
    pub suite: Suite,
    /// Ours, of what we send.
    pub send: SrtpKey,
    /// The peer's, of what we receive.
    pub receive: SrtpKey,
}

/// RFC 4568, section 6.2. Both have keys of 128 bits and salts of 112; the number is the tag's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    AesCm128HmacSha1_80,
    AesCm128HmacSha1_32,
}

/// A master key and its salt.
#[derive(Clone, PartialEq, Eq)]
pub struct SrtpKey([u8; SrtpKey::LENGTH]);

impl SrtpKey {
    /// 16 octets of key, 14 of salt.
    pub const LENGTH: usize = 30;

    pub(crate) fn new(octets: [u8; SrtpKey::LENGTH]) -> Self {
        SrtpKey(octets)
    }

    /// For the one who encrypts.
    pub fn expose(&self) -> &[u8; SrtpKey::LENGTH] {
        &self.0
    }
}

impl fmt::Debug for SrtpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SrtpKey")
    }
}
