//! One call: where it stands.

use std::collections::VecDeque;
use std::fmt;
use std::time::Instant;

use konf_contract::keys::KeyTable;
use konf_contract::link::{EndReason, Grant, Party};
use konf_contract::{Caller, Language, Role, UnixMs};

use crate::hearing::Reminders;
use crate::stage::Stage;
use crate::{Key, Now, PlaybackId};

/// Keys that wait for the step they belong to: number, PIN and both hashes at their longest are 24.
const TYPED_MAX: usize = 32;
/// Prompts of one leg that are not yet reported as played; a menu has two at most.
const PLAYING_MAX: usize = 8;

/// Why somebody is not heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Muted {
    No,
    ByThemselves,
    /// By the organiser's "mute all", questions or lecture; ends with it.
    ByRoom,
}

#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) caller: Caller,
    /// Changed by [`Leg::go`].
    pub(crate) stage: Stage,
    pub(crate) language: Language,
    /// Since when the caller hears us, and is billed.
    pub(crate) answered: Option<Now>,
    pub(crate) typed: Typed,
    pub(crate) playing: Vec<PlaybackId>,
    pub(crate) wrong_tries: u32,
    pub(crate) repeats: u32,
    pub(crate) grant: Option<Grant>,
    /// What each key does in the room; none: the default table.
    pub(crate) keys: Option<Box<KeyTable>>,
    pub(crate) joined: Option<UnixMs>,
    /// In the mix: joined and not taken out again.
    pub(crate) in_mix: bool,
    pub(crate) muted: Muted,
    /// How loud the caller hears, in dB.
    pub(crate) gain_db: i8,
    pub(crate) music: bool,
    /// When the name began to be recorded.
    pub(crate) recorded_from: Option<Instant>,
    /// When organisers were told of this leg's hand.
    pub(crate) hand_told: Option<Instant>,
    /// Somebody speaks, muted or not.
    pub(crate) speaks: bool,
    pub(crate) reminders: Reminders,
    /// Organisers were told of this leg's music.
    pub(crate) music_told: bool,
    /// Why we end it; absent while the caller decides that.
    pub(crate) end: Option<(EndReason, Party)>,
}

impl Leg {
    pub(crate) fn new(caller: Caller, language: Language) -> Self {
        Leg {
            caller,
            stage: Stage::Ringing,
            language,
            answered: None,
            typed: Typed::default(),
            playing: Vec::new(),
            wrong_tries: 0,
            repeats: 0,
            grant: None,
            keys: None,
            joined: None,
            in_mix: false,
            muted: Muted::No,
            gain_db: 0,
            music: false,
            recorded_from: None,
            hand_told: None,
            speaks: false,
            reminders: Reminders::default(),
            music_told: false,
            end: None,
        }
    }

    pub(crate) fn go(&mut self, stage: Stage) {
        let (from, to) = (self.stage.step(), stage.step());
        debug_assert!(from.leads_to(to), "no call goes from {from:?} to {to:?}");
        self.stage = stage;
    }

    /// Whether a typed key has a meaning now; otherwise it waits.
    pub(crate) fn takes_keys(&self) -> bool {
        matches!(
            self.stage,
            Stage::Number(_)
                | Stage::Code { .. }
                | Stage::SayName { .. }
                | Stage::Recording { stopped: false }
                | Stage::Talking(_)
        )
    }

    /// Whether a key silences the prompt that plays.
    pub(crate) fn barges_in(&self) -> bool {
        matches!(
            self.stage,
            Stage::SeatCheck | Stage::Number(_) | Stage::Code { .. } | Stage::Admission { .. }
        )
    }

    pub(crate) fn is_leaving(&self) -> bool {
        matches!(self.stage, Stage::Farewell { .. } | Stage::HungUp)
    }

    /// In the mix and not about to leave.
    pub(crate) fn is_heard_of(&self) -> bool {
        self.in_mix && !self.is_leaving()
    }

    pub(crate) fn role(&self) -> Role {
        self.grant.as_ref().map_or(Role::Participant, |grant| grant.role)
    }

    pub(crate) fn is_organiser(&self) -> bool {
        self.role() == Role::Organiser
    }

    pub(crate) fn plays(&mut self, playback: PlaybackId) {
        if self.playing.len() == PLAYING_MAX {
            self.playing.remove(0);
        }
        self.playing.push(playback);
    }
}

/// Keys ahead of their step. Not printed: they may be a PIN.
#[derive(Default)]
pub(crate) struct Typed(VecDeque<Key>);

impl Typed {
    /// More than [`TYPED_MAX`] are dropped.
    pub(crate) fn push(&mut self, key: Key) {
        if self.0.len() < TYPED_MAX {
            self.0.push_back(key);
        }
    }

    pub(crate) fn put_back(&mut self, key: Key) {
        self.0.push_front(key);
    }

    pub(crate) fn pop(&mut self) -> Option<Key> {
        self.0.pop_front()
    }

    pub(crate) fn peek(&self) -> Option<Key> {
        self.0.front().copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(…)")
    }
}
