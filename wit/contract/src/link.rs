//! The messages of the control link, as `wit/control.wit` names them.
//!
//! The edge dials. Every call is one bidirectional stream: one [`EdgeCall`] and one [`ControlReply`], or, opened by
//! control, one [`ControlCall`] and one [`EdgeReply`]. Admission never waits behind records: each has its own stream
//! and its own priority.
//!
//! To grow it: add an `Option` field to a record or a case to a variant, here and in the WIT file; the test below holds
//! the two together.

use serde::{Deserialize, Serialize};

use crate::keys::KeyBinding;
use crate::{Caller, ConferenceNumber, GrantId, Language, LegId, Role, UnixMs, Window};

/// The protocol that [`Hello::protocol`] announces. Control serves this one and the one before.
pub const PROTOCOL: u32 = 1;

// ── edge → control ──────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EdgeCall {
    /// The first call on a connection.
    Hello(Hello),
    Admit(AdmissionRequest),
    Extend(ExtensionRequest),
    /// At-least-once: kept in the edge's journal until acknowledged.
    Records(RecordBatch),
    Heartbeat(Heartbeat),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ControlReply {
    Welcome(Welcome),
    Admission(Admission),
    Extension(ExtensionReply),
    Acknowledged(RecordAck),
    Noted,
    /// The call could not be served; `retry` says whether the same call may be tried again.
    Failed {
        reason: String,
        retry: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    pub protocol: u32,
    /// The edge's configured name; must equal the name in its certificate.
    pub edge: String,
    /// Made anew at each start of the edge process.
    pub boot: String,
    pub version: String,
    /// Seats that this edge can hold.
    pub capacity: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    pub protocol: u32,
    pub now: UnixMs,
}

/// A caller asks to come in. Without `credentials` it asks only whether a seat is held for this caller (after the
/// 70-minute limit of a mobile network).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdmissionRequest {
    pub leg: LegId,
    pub caller: Caller,
    pub credentials: Option<KeyedCredentials>,
}

/// What the caller keyed in. `code` is the PIN or the organiser's password; it is compared, never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyedCredentials {
    pub number: String,
    pub code: String,
}

impl std::fmt::Debug for KeyedCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyedCredentials(…)")
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Admission {
    Granted(Grant),
    Denied(Denial),
    /// The answer to a request without credentials when no seat is held.
    NoSeatHeld,
}

/// What control lets an edge do for one leg.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub grant: GrantId,
    pub booking: String,
    pub conference: ConferenceNumber,
    /// At most so many people are in the room at once.
    pub seats: u32,
    /// From the booked start to the end as it stands now, extensions included. Before `start` the leg waits.
    pub window: Window,
    pub language: Language,
    pub role: Role,
    /// Set for a leg from a mobile network: seconds from its answer until its network ends it.
    pub leg_limit_s: Option<u32>,
    /// The caller comes back to a held seat: no name is asked.
    pub returning: bool,
    /// The leg of this edge whose recorded name the returning caller takes up again.
    pub former_leg: Option<LegId>,
    /// Digest of the admission policy that decided, `sha256:…`.
    pub policy: String,
    /// What each key does for this leg, where a policy says something else than [`crate::keys::KeyTable::default`].
    pub keys: Option<Vec<KeyBinding>>,
}

/// Why a caller may not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Denial {
    /// Wrong number, wrong code or a conference long gone: they are not told apart.
    Unknown,
    /// Right credentials, more than the grace (15 minutes) too early.
    NotYet {
        starts: UnixMs,
        language: Language,
    },
    Ended {
        language: Language,
    },
    Full {
        language: Language,
    },
    /// Too many wrong tries from this caller, trunk or against this conference.
    TooManyTries,
    /// Control cannot decide now.
    Unavailable,
}

/// Five minutes before the end the edge asks; an organiser's `*98` asks as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionRequest {
    pub conference: ConferenceNumber,
    pub booking: String,
    /// The end that the edge knows; makes the request idempotent.
    pub end: UnixMs,
    pub by_organiser: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExtensionReply {
    /// Reserved; the conference now ends at `end`.
    Extended { end: UnixMs },
    /// No room: the conference ends as it stands.
    Refused { end: UnixMs },
}

// ── records ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/// Records of one boot in ascending order of their sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordBatch {
    pub edge: String,
    pub boot: String,
    pub records: Vec<Record>,
}

/// Everything of this boot up to and including `through` is durably committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordAck {
    pub boot: String,
    pub through: u64,
}

/// What an edge reports, keyed by (edge, boot, sequence).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// From 1, without gaps within a boot.
    pub sequence: u64,
    pub at: UnixMs,
    pub event: RecordEvent,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordEvent {
    LegJoined(LegJoined),
    LegLeft(LegLeft),
    /// The last one hung up, or the room was closed: what was reserved beyond now may go back.
    RoomEmpty {
        conference: ConferenceNumber,
        booking: String,
        /// Somebody ended the conference for all before its time (`*99`, [`ControlCall::Close`]): nobody comes back.
        closed: Option<bool>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegJoined {
    pub leg: LegId,
    pub grant: GrantId,
    pub conference: ConferenceNumber,
    pub joined: UnixMs,
}

/// One call, whole: written once when it has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegLeft {
    pub leg: LegId,
    pub caller: Caller,
    /// Absent when the caller never got in.
    pub grant: Option<GrantId>,
    pub conference: Option<ConferenceNumber>,
    pub booking: Option<String>,
    pub role: Option<Role>,
    pub answered: UnixMs,
    pub joined: Option<UnixMs>,
    pub ended: UnixMs,
    /// From the answer to the end by the monotonic clock; this is what is billed.
    pub duration_ms: u64,
    pub end: LegEnd,
    /// In a box, being as long as all the rest.
    pub quality: Option<Box<Quality>>,
}

/// Every leg ends with (result, reason, who).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegEnd {
    pub reason: EndReason,
    pub who: Party,
    /// The SIP status or the cause that the peer named.
    pub detail: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// The caller hung up.
    HungUp,
    /// The booked time, with its extensions, was over.
    ConferenceEnded,
    /// The organiser ended the conference (`*99`) or it was cancelled.
    ClosedByOrganiser,
    /// The organiser dropped this leg (`*92`).
    Dropped,
    /// A mobile network's 70 minutes; the seat is held.
    LegLimit,
    /// The caller was not let in.
    Denied,
    /// No packet came for too long.
    MediaLost,
    /// The edge went down; the leg is closed at its last sign of life.
    EdgeFailed,
    /// An operator ended it or the edge was drained.
    Operator,
}

impl EndReason {
    /// As a log and a record say it.
    pub fn label(self) -> &'static str {
        match self {
            EndReason::HungUp => "hung-up",
            EndReason::ConferenceEnded => "conference-ended",
            EndReason::ClosedByOrganiser => "closed-by-organiser",
            EndReason::Dropped => "dropped",
            EndReason::LegLimit => "leg-limit",
            EndReason::Denied => "denied",
            EndReason::MediaLost => "media-lost",
            EndReason::EdgeFailed => "edge-failed",
            EndReason::Operator => "operator",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    Caller,
    Organiser,
    Konf,
    Network,
}

/// How a leg was heard and how it heard, from its beginning; what later versions say is absent from an older edge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    pub packets_received: u64,
    pub packets_lost: u64,
    pub packets_late: u64,
    /// Interarrival jitter (RFC 3550, 6.4.1) at the end, in microseconds.
    pub jitter_us: u32,
    /// From a foreign address, malformed, with a wrong tag, or too many.
    pub packets_refused: Option<u64>,
    /// Sound made up for what was lost or late.
    pub concealed_ms: Option<u64>,
    /// By how much sound was lengthened and shortened to steer the delay.
    pub stretched_ms: Option<u64>,
    /// Sound cut out, since too much of it waited.
    pub discarded_ms: Option<u64>,
    /// In the jitter buffer, now or at the end.
    pub delay_ms: Option<u32>,
    /// There and back, by the peer's reports.
    pub round_trip_ms: Option<u32>,
    /// Of what was sent to the peer, in its last report.
    pub remote_loss_percent: Option<u32>,
    pub remote_jitter_us: Option<u32>,
    /// Estimated by the E-model (ITU-T G.107), 100 to 450: the mean since the beginning.
    pub mos_x100: Option<u32>,
    /// Of the last five seconds.
    pub mos_now_x100: Option<u32>,
    /// As SDP names it, such as `PCMA`.
    pub codec: Option<String>,
    /// By SRTP.
    pub encrypted: Option<bool>,
}

// ── state ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/// Sent every five seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    pub at: UnixMs,
    /// Every leg that is up, in a room or not.
    pub legs: u32,
    pub rooms: Vec<RoomStatus>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomStatus {
    pub conference: ConferenceNumber,
    pub booking: String,
    pub window: Window,
    pub seats: u32,
    pub locked: bool,
    pub legs: Vec<LegStatus>,
    pub mode: Option<RoomMode>,
}

/// Who may speak in a room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoomMode {
    #[default]
    Everybody,
    /// Everybody who unmutes: all but organisers were muted (`##`).
    Muted,
    /// Organisers, and whom they let speak, one raised hand after the other.
    Questions,
    /// Organisers alone.
    Lecture,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegStatus {
    pub leg: LegId,
    /// As [`crate::Msisdn::masked`] gives it; others see no more.
    pub caller: String,
    pub role: Role,
    pub muted: bool,
    /// In the room since; absent while waiting for the start.
    pub joined: Option<UnixMs>,
    pub quality: Option<Quality>,
    /// The place of a raised hand among all that are up, from 1.
    pub hand: Option<u32>,
    /// How loud the leg is now, in dB below the loudest that can be (RFC 6464), negative.
    pub level_dbov: Option<i32>,
    pub speaking: Option<bool>,
    /// By how much the noise under its voice is turned down, in dB, if it is.
    pub suppressed_db: Option<u32>,
    /// Where its sound goes, and where it is received.
    pub remote: Option<String>,
    pub local: Option<String>,
}

// ── control → edge ──────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ControlCall {
    /// Rooms as they are now.
    Rooms,
    /// End a room at once, for instance since its booking was cancelled.
    Close {
        conference: ConferenceNumber,
    },
    Drop {
        conference: ConferenceNumber,
        leg: LegId,
    },
    MuteAll {
        conference: ConferenceNumber,
        muted: bool,
    },
    Lock {
        conference: ConferenceNumber,
        locked: bool,
    },
    /// Mutes one, or lets this one speak, which in a lecture is [`EdgeReply::NotFound`].
    Mute {
        conference: ConferenceNumber,
        leg: LegId,
        muted: bool,
    },
    Mode {
        conference: ConferenceNumber,
        mode: RoomMode,
    },
    /// As an organiser's `*98`: the edge asks for an extension and moves the end if it gets one.
    Extend {
        conference: ConferenceNumber,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EdgeReply {
    Rooms(Vec<RoomStatus>),
    Done,
    /// No such room or leg here.
    NotFound,
}

#[cfg(test)]
mod tests;
