//! What goes into a switchboard and what comes out.

use std::fmt;
use std::time::{Duration, Instant};

use konf_contract::link::{
    ControlCall, ControlReply, EdgeCall, EdgeReply, Party, Quality, RecordEvent,
};
use konf_contract::{Caller, ConferenceNumber, Language, LegId, UnixMs};
use konf_prompts::Phrase;

/// The monotonic clock measures, the wall clock labels.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    pub mono: Instant,
    pub wall: UnixMs,
}

#[derive(Debug, Clone)]
pub struct Config {
    /// Of the first words, before the order's language is known.
    pub language: Language,
    /// Wrong tries within one call (PRODUCT.md, section 4: 3).
    pub tries: u32,
    /// How long the menu waits for the next key before it asks again (10 s), and how often it asks again (2).
    pub key_patience: Duration,
    pub repeats: u32,
    /// Longest recorded name (5 s).
    pub name_longest: Duration,
    /// Skip the name (for load tests and deployments that want no announcements).
    pub ask_names: bool,
    /// How long before an end it is decided or announced (5 min).
    pub warning: Duration,
    /// How long control may take to answer (5 s).
    pub ask_patience: Duration,
    /// Offset of local time, in minutes, as a function of the instant: for "starts at".
    pub local_time: fn(UnixMs) -> LocalTime,
}

/// Wall time where the callers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime {
    pub year: i16,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
}

/// A request to control; its answer carries the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AskId(pub u64);

/// One `Play`; comes back in [`Input::Played`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlaybackId(pub u64);

/// Not printed: what is keyed in may be a PIN.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    Number(u8),
    Star,
    Hash,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Something to be heard: a phrase in a language, or the name that a leg recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sound {
    Phrase(Language, Phrase),
    NameOf(LegId),
}

#[derive(Debug, Clone)]
pub enum Input {
    /// A call with acceptable media: answered with [`Output::Answer`] or [`Output::Reject`].
    Incoming {
        leg: LegId,
        caller: Caller,
    },
    /// The caller hears us from now on; billing starts.
    Answered {
        leg: LegId,
    },
    Key {
        leg: LegId,
        key: Key,
    },
    Played {
        leg: LegId,
        playback: PlaybackId,
    },
    /// Whether something was said; the sound itself stays with the shell.
    NameRecorded {
        leg: LegId,
        said: bool,
    },
    /// No packet for 30 s.
    MediaLost {
        leg: LegId,
    },
    /// Somebody on this leg began to speak or has stopped, muted or not.
    Speaking {
        leg: LegId,
        speaking: bool,
    },
    /// Answers [`Output::FindNoise`]: whose line makes most noise, if any does.
    NoiseFound {
        asker: LegId,
        noisy: Option<LegId>,
    },
    /// The leg has played music for a while.
    Music {
        leg: LegId,
    },
    /// The call is over, whoever ended it.
    Ended {
        leg: LegId,
        by: Party,
        detail: String,
        quality: Option<Quality>,
    },
    /// `None`: control was not reached in time.
    Reply {
        ask: AskId,
        reply: Option<ControlReply>,
    },
    /// Answered with [`Output::Answered`] of the same number.
    Control {
        call: u64,
        order: ControlCall,
    },
    /// No new calls; those that run go on.
    Drain,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    Answer {
        leg: LegId,
    },
    /// A SIP status before the answer.
    Reject {
        leg: LegId,
        status: u16,
    },
    /// Ends the call; [`Input::Ended`] follows.
    HangUp {
        leg: LegId,
        reason: String,
    },
    /// To this leg alone; queued behind what plays.
    Play {
        leg: LegId,
        playback: PlaybackId,
        sounds: Vec<Sound>,
    },
    StopPlaying {
        leg: LegId,
    },
    Music {
        leg: LegId,
        on: bool,
    },
    /// To everybody in the room, in the language of its order; queued.
    PlayToRoom {
        conference: ConferenceNumber,
        sounds: Vec<Sound>,
    },
    RecordName {
        leg: LegId,
        longest: Duration,
    },
    StopRecording {
        leg: LegId,
    },
    /// The name recorded by `former` is now `leg`'s.
    TakeOverName {
        leg: LegId,
        former: LegId,
    },
    /// Recorded names that nobody needs any more.
    ForgetNames {
        legs: Vec<LegId>,
    },
    JoinRoom {
        leg: LegId,
        conference: ConferenceNumber,
    },
    LeaveRoom {
        leg: LegId,
    },
    Mute {
        leg: LegId,
        muted: bool,
    },
    /// How loud this leg hears everything.
    Volume {
        leg: LegId,
        gain_db: i8,
    },
    /// Whose line in the room makes most noise; answered by [`Input::NoiseFound`].
    FindNoise {
        asker: LegId,
        conference: ConferenceNumber,
    },
    Ask {
        ask: AskId,
        call: EdgeCall,
    },
    /// For the journal, before anything else that follows from it. The shell numbers and dates it.
    Record(RecordEvent),
    Answered {
        call: u64,
        reply: EdgeReply,
    },
}
