//! Who may speak: microphones, hands and modes.
//!
//! Nobody is ever unmuted who muted themselves: a microphone that opens by itself is overheard.

use std::time::Duration;

use konf_contract::link::RoomMode;
use konf_contract::{ConferenceNumber, LegId};
use konf_prompts::Phrase;

use crate::announcements::Announcement;
use crate::hearing::Reminders;
use crate::leg::{Leg, Muted};
use crate::{Now, Output, Sound, Switchboard};

/// Between two words to organisers about the hand of one leg: one that goes up and down all the time tells nothing.
const HAND_QUIET: Duration = Duration::from_secs(10);

/// Whether only those speak whom an organiser lets.
fn is_strict(mode: RoomMode) -> bool {
    matches!(mode, RoomMode::Questions | RoomMode::Lecture)
}

impl Switchboard {
    // ── microphones
    /// Works whoever muted (FIELD.md, section 5: "muted phone callers can't unmute themselves"), but in questions and
    /// lecture, where it is said why.
    pub(crate) fn toggle_mute(&mut self, leg: LegId) {
        let Some((call, room)) = self.leg_and_room(leg) else { return };
        let (muted, has_word) = (call.muted != Muted::No, room.speaker == Some(leg));
        let free = self.may_unmute(leg);
        let Some(conference) = self.conference_of(leg) else { return };
        match (muted, free) {
            (true, true) => {
                self.set_muted(leg, Muted::No);
                self.lower_hand(leg, &conference);
                self.tell(leg, &[Phrase::Unmuted]);
            }
            (true, false) => {
                let mut phrases = vec![Phrase::Muted];
                phrases.extend(self.why_muted(&conference));
                self.tell(leg, &phrases);
            }
            (false, _) => {
                // Who has the word and mutes gives it back.
                self.set_muted(leg, if has_word { Muted::ByRoom } else { Muted::ByThemselves });
                if has_word && let Some(room) = self.rooms.get_mut(&conference) {
                    room.speaker = None;
                }
                self.tell(leg, &[Phrase::Muted]);
            }
        }
    }

    /// Whether `*6` opens the microphone.
    pub(crate) fn may_unmute(&self, leg: LegId) -> bool {
        self.leg_and_room(leg).is_some_and(|(call, room)| {
            call.is_organiser() || !is_strict(room.mode) || room.speaker == Some(leg)
        })
    }

    fn set_muted(&mut self, leg: LegId, muted: Muted) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        let before = std::mem::replace(&mut call.muted, muted) != Muted::No;
        let muted = muted != Muted::No;
        if !muted {
            call.reminders = Reminders::default();
        }
        if before != muted {
            self.outputs.push_back(Output::Mute { leg, muted });
        }
    }

    /// What keeps those muted who would like to speak.
    pub(crate) fn why_muted(&self, conference: &ConferenceNumber) -> Option<Phrase> {
        match self.rooms.get(conference)?.mode {
            RoomMode::Everybody | RoomMode::Muted => None,
            RoomMode::Questions => Some(Phrase::ModeQuestions),
            RoomMode::Lecture => Some(Phrase::ModeLecture),
        }
    }

    // ── modes
    /// From "mute all", too, the next are questions.
    pub(crate) fn next_mode(&mut self, now: Now, conference: &ConferenceNumber) {
        let Some(room) = self.rooms.get(conference) else { return };
        let next = match room.mode {
            RoomMode::Everybody | RoomMode::Muted => RoomMode::Questions,
            RoomMode::Questions => RoomMode::Lecture,
            RoomMode::Lecture => RoomMode::Everybody,
        };
        self.set_mode(now, conference, next);
    }

    /// All others. Unmuting ends questions and a lecture as well.
    pub(crate) fn set_all_muted(&mut self, now: Now, conference: &ConferenceNumber, muted: bool) {
        let Some(room) = self.rooms.get(conference) else { return };
        match (muted, room.mode) {
            (true, RoomMode::Everybody) => self.set_mode(now, conference, RoomMode::Muted),
            (true, _) => {}
            (false, _) => self.set_mode(now, conference, RoomMode::Everybody),
        }
    }

    /// For all but organisers, those who come later too. Ends only the muteness that a mode made.
    pub(crate) fn set_mode(&mut self, now: Now, conference: &ConferenceNumber, mode: RoomMode) {
        let Some(room) = self.rooms.get_mut(conference) else { return };
        if std::mem::replace(&mut room.mode, mode) == mode {
            return;
        }
        room.speaker = None;
        if matches!(mode, RoomMode::Everybody | RoomMode::Lecture) {
            room.hands.clear();
        }
        for leg in self.present(conference) {
            let Some(call) = self.legs.get(&leg) else { continue };
            match (call.is_organiser(), mode, call.muted) {
                (false, RoomMode::Everybody, Muted::ByRoom) => self.set_muted(leg, Muted::No),
                (false, RoomMode::Everybody, _) | (true, ..) => {}
                (false, _, Muted::No) => self.set_muted(leg, Muted::ByRoom),
                (false, ..) => {}
            }
        }
        let phrase = match mode {
            RoomMode::Everybody => Phrase::AllUnmuted,
            RoomMode::Muted => Phrase::AllMuted,
            RoomMode::Questions => Phrase::ModeQuestions,
            RoomMode::Lecture => Phrase::ModeLecture,
        };
        self.tell_room(now, conference, Announcement::Changed(phrase));
    }

    // ── hands
    pub(crate) fn toggle_hand(&mut self, now: Now, leg: LegId, conference: &ConferenceNumber) {
        let Some(room) = self.rooms.get_mut(conference) else { return };
        if room.mode == RoomMode::Lecture {
            return self.tell(leg, &[Phrase::ModeLecture]);
        }
        if self.lower_hand(leg, conference) {
            return self.tell(leg, &[Phrase::HandLowered]);
        }
        if let Some(room) = self.rooms.get_mut(conference) {
            room.hands.push(leg);
        }
        self.tell(leg, &[Phrase::HandRaised]);
        self.tell_organisers_of_hand(now, leg, conference);
    }

    /// Whether it was up.
    fn lower_hand(&mut self, leg: LegId, conference: &ConferenceNumber) -> bool {
        let Some(room) = self.rooms.get_mut(conference) else { return false };
        let up = room.hands.len();
        room.hands.retain(|hand| *hand != leg);
        room.hands.len() < up
    }

    fn tell_organisers_of_hand(&mut self, now: Now, leg: LegId, conference: &ConferenceNumber) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        if call.hand_told.is_some_and(|told| now.mono < told + HAND_QUIET) {
            return;
        }
        call.hand_told = Some(now.mono);
        let name = self.name_of(leg);
        for organiser in self.present(conference) {
            let hears = |call: &Leg| call.is_organiser() && !call.is_leaving();
            if self.legs.get(&organiser).is_some_and(hears) {
                self.play_with(organiser, &[Phrase::HandUp], &name);
            }
        }
    }

    /// An organiser who comes in hears of the first hand that is up.
    pub(crate) fn tell_newcomer_of_hands(&mut self, leg: LegId, conference: &ConferenceNumber) {
        let organiser = self.legs.get(&leg).is_some_and(|call| call.is_organiser());
        let first = self.rooms.get(conference).and_then(|room| room.hands.first().copied());
        if let (true, Some(first)) = (organiser, first) {
            let name = self.name_of(first);
            self.play_with(leg, &[Phrase::HandUp], &name);
        }
    }

    /// The first hand gets the word; in questions whoever had it is muted again.
    pub(crate) fn let_next_speak(&mut self, organiser: LegId, conference: &ConferenceNumber) {
        let Some(room) = self.rooms.get_mut(conference) else { return };
        let former = room.speaker.take();
        let next = (!room.hands.is_empty()).then(|| room.hands.remove(0));
        if is_strict(room.mode) {
            room.speaker = next;
        }
        if let Some(former) = former {
            self.take_word_back(former);
        }
        let Some(next) = next else { return self.tell(organiser, &[Phrase::NoHands]) };
        self.give_word(next);
        let name = self.name_of(next);
        self.tell_with(organiser, &[Phrase::NextSpeaks], &name);
    }

    /// An organiser lets this one speak; in questions whoever had the word is muted again. Not in a lecture: false.
    pub(crate) fn let_speak(&mut self, leg: LegId, conference: &ConferenceNumber) -> bool {
        let Some(room) = self.rooms.get_mut(conference) else { return false };
        let former = match room.mode {
            RoomMode::Lecture => return false,
            RoomMode::Questions => room.speaker.replace(leg),
            RoomMode::Everybody | RoomMode::Muted => None,
        };
        self.lower_hand(leg, conference);
        if let Some(former) = former.filter(|former| *former != leg) {
            self.take_word_back(former);
        }
        self.give_word(leg);
        true
    }

    /// An organiser mutes this one, who may unmute where everybody may.
    pub(crate) fn mute(&mut self, leg: LegId, conference: &ConferenceNumber) {
        if let Some(room) = self.rooms.get_mut(conference) {
            room.speaker = room.speaker.filter(|speaker| *speaker != leg);
        }
        self.take_word_back(leg);
    }

    fn give_word(&mut self, leg: LegId) {
        let Some(call) = self.legs.get(&leg) else { return };
        if call.muted == Muted::ByThemselves {
            return self.tell(leg, &[Phrase::YouMaySpeak, Phrase::Muted]);
        }
        self.set_muted(leg, Muted::No);
        self.tell(leg, &[Phrase::YouMaySpeak]);
    }

    fn take_word_back(&mut self, leg: LegId) {
        if self.legs.get(&leg).is_some_and(|call| call.muted == Muted::No) {
            self.set_muted(leg, Muted::ByRoom);
            self.tell(leg, &[Phrase::Muted]);
        }
    }

    /// Out of the mix or about to be: no hand and no word is left behind.
    pub(crate) fn leave_floor(&mut self, leg: LegId, conference: &ConferenceNumber) {
        self.lower_hand(leg, conference);
        if let Some(room) = self.rooms.get_mut(conference) {
            room.speaker = room.speaker.filter(|speaker| *speaker != leg);
        }
    }

    /// Empty when none was recorded.
    pub(crate) fn name_of(&self, leg: LegId) -> Vec<Sound> {
        self.names.get(&leg).map(|_| Sound::NameOf(leg)).into_iter().collect()
    }
}
