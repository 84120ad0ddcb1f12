//! What goes into an engine and what comes out.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use konf_contract::LegId;

use crate::{LegStats, SrtpKeys};

/// A live mix within one engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomId(pub u64);

/// One `Play` of one leg; comes back in [`Event::Played`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlaybackId(pub u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 A-law, 8 kHz.
    Pcma,
    /// G.711 µ-law, 8 kHz.
    Pcmu,
    /// G.722 at 64 kbit/s, 16 kHz.
    G722,
    /// RFC 6716, mono, taken as 48 kHz whatever its packets hold.
    Opus,
}

impl Codec {
    /// How often a second its sound is sampled.
    pub const fn sampling(self) -> Rate {
        match self {
            Codec::Pcma | Codec::Pcmu => Rate::Narrow,
            Codec::G722 => Rate::Wide,
            Codec::Opus => Rate::Full,
        }
    }

    /// Samples a second of its sound.
    pub const fn rate(self) -> u32 {
        self.sampling().hz()
    }

    /// Ticks a second of its RTP timestamps, and of telephone-event beside it. G.722 counts 8,000 by an error of RFC 1890
    /// that was kept (RFC 3551, 4.5.2).
    pub const fn clock_rate(self) -> u32 {
        match self {
            Codec::Pcma | Codec::Pcmu | Codec::G722 => 8_000,
            Codec::Opus => 48_000,
        }
    }
}

/// How often a second sound is sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rate {
    /// 8 kHz: a telephone.
    Narrow,
    /// 16 kHz.
    Wide,
    /// 48 kHz: all that is audible.
    Full,
}

impl Rate {
    pub const fn hz(self) -> u32 {
        match self {
            Rate::Narrow => 8_000,
            Rate::Wide => 16_000,
            Rate::Full => 48_000,
        }
    }
}

/// What the peer wants to be sent as Opus, from its `fmtp` (RFC 7587, 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpusWishes {
    /// Bits a second.
    pub max_average_bitrate: Option<u32>,
    /// The most samples a second that it can play.
    pub max_playback_rate: u32,
    /// It makes use of what a packet says again of the packet before.
    pub in_band_fec: bool,
    /// In silence it wants next to no packets.
    pub dtx: bool,
}

impl Default for OpusWishes {
    /// Of a description without parameters: no bound on the bit rate, 48 kHz, no FEC, no DTX.
    fn default() -> Self {
        Self {
            max_average_bitrate: None,
            max_playback_rate: 48_000,
            in_band_fec: false,
            dtx: false,
        }
    }
}

/// A telephone key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Digit {
    Number(u8),
    Star,
    Hash,
    /// A to D as 0 to 3.
    Letter(u8),
}

/// Mono sound, made once and shared. Whoever hears it at another rate hears it resampled.
#[derive(Clone, PartialEq, Eq)]
pub struct Clip {
    pub samples: Arc<[i16]>,
    pub rate: Rate,
}

impl std::fmt::Debug for Clip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clip({} ms)", self.samples.len() * 1_000 / self.rate.hz() as usize)
    }
}

/// Whose packets count (RELIABILITY.md: nothing is learnt from a trunk; a phone is latched once).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceRule {
    /// Only from the address in its SDP.
    Exact,
    /// From the SDP's address, or after 4 consecutive packets from the address that the signalling came from (a phone
    /// behind a NAT); then only from there. Until then nothing is sent to an SDP's address of another host.
    Latch { signalling: IpAddr },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    SendReceive,
    /// The phone only listens or is on hold: what it sends is not mixed.
    SendOnly,
    ReceiveOnly,
    Inactive,
}

/// Where a leg's reports go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rtcp {
    /// To the address of its sound (RFC 5761).
    Mux,
    /// To one of their own: the port after that of the sound, unless SDP says otherwise (RFC 3605).
    Separate(SocketAddr),
}

/// The negotiated media of a leg, seen from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    pub remote: SocketAddr,
    pub source: SourceRule,
    pub codec: Codec,
    /// Payload type of `codec` in what goes out.
    pub payload_type: u8,
    /// Payload type of `codec` in what comes in: another when the two descriptions number differently (RFC 3264, 5.1).
    pub receive_payload_type: u8,
    /// Payload type of telephone-event in what comes in, when negotiated; it counts at [`Codec::clock_rate`].
    pub event_payload_type: Option<u8>,
    /// Only for [`Codec::Opus`].
    pub opus: OpusWishes,
    pub rtcp: Rtcp,
    /// SRTP when negotiated: nothing then goes out or counts in the clear.
    pub srtp: Option<SrtpKeys>,
    /// From here: `SendReceive` unless held.
    pub direction: Direction,
    pub ssrc: u32,
    pub first_sequence: u16,
    pub first_timestamp: u32,
}

#[derive(Debug, Clone)]
pub enum Command {
    AddLeg {
        leg: LegId,
        stream: Stream,
    },
    /// A re-INVITE changed address, codec or direction; `ssrc` and the counters are kept.
    UpdateLeg {
        leg: LegId,
        stream: Stream,
    },
    /// Answered by [`Event::Closed`].
    RemoveLeg {
        leg: LegId,
    },
    /// Into a room, out of any other. A room exists while somebody is in it.
    Join {
        leg: LegId,
        room: RoomId,
    },
    /// Out of the room, to hear only prompts.
    Leave {
        leg: LegId,
    },
    /// A muted leg hears and is not heard.
    Mute {
        leg: LegId,
        muted: bool,
    },
    /// How loud this leg hears everything; 0 dB until then. Beyond ±12 dB it is those.
    Volume {
        leg: LegId,
        gain_db: i8,
    },
    /// To this leg alone, mixed over the room (which is turned down by 12 dB meanwhile); queued behind what plays.
    Play {
        leg: LegId,
        playback: PlaybackId,
        clips: Vec<Clip>,
    },
    /// Ends and forgets all that plays to this leg; no [`Event::Played`] follows.
    StopPlaying {
        leg: LegId,
    },
    /// Repeats under the prompts until `None`.
    Music {
        leg: LegId,
        clip: Option<Clip>,
    },
    /// To everybody in the room; queued.
    PlayToRoom {
        room: RoomId,
        clips: Vec<Clip>,
    },
    /// Keeps what the leg says, DTMF left out, until `StopRecording` or `longest`; answered by [`Event::Recorded`].
    Record {
        leg: LegId,
        longest: Duration,
    },
    StopRecording {
        leg: LegId,
    },
    /// Whose line in the room makes most noise, of those that are heard there; answered by [`Event::NoiseFound`].
    FindNoise {
        room: RoomId,
        asker: LegId,
    },
}

#[derive(Debug, Clone)]
pub enum Event {
    /// One key press, once, whatever packets were lost or repeated.
    Digit {
        leg: LegId,
        digit: Digit,
    },
    Played {
        leg: LegId,
        playback: PlaybackId,
    },
    /// Silence at both ends cut off; absent when nothing was said.
    Recorded {
        leg: LegId,
        clip: Option<Clip>,
    },
    /// No packet for 30 s; said once until packets come again.
    MediaLost {
        leg: LegId,
    },
    /// Somebody on this leg began to speak or has stopped, muted or not; at most twice a second.
    Speaking {
        leg: LegId,
        speaking: bool,
    },
    /// The leg has played music for 16 s: said once, until there has been none for a while.
    Music {
        leg: LegId,
    },
    /// None if nobody's noise is worth a word (-50 dBov).
    NoiseFound {
        asker: LegId,
        noisy: Option<LegId>,
    },
    Closed {
        leg: LegId,
        stats: LegStats,
    },
}

/// A datagram to send from the leg's socket.
#[derive(Debug, PartialEq, Eq)]
pub struct Transmit<'a> {
    pub leg: LegId,
    pub destination: SocketAddr,
    /// A report: from the leg's second socket, if it has one (`Rtcp::Separate`).
    pub rtcp: bool,
    pub bytes: &'a [u8],
}
