//! Who is in, and what all of them share.

use std::time::Instant;

use konf_contract::link::{
    EndReason, Grant, LegJoined, LegStatus, Party, RecordEvent, RoomMode, RoomStatus,
};
use konf_contract::{ConferenceNumber, Language, LegId, Window};
use konf_prompts::Phrase;

use crate::announcements::{Announcement, Announcements};
use crate::keys::Sequence;
use crate::leg::{Leg, Muted};
use crate::memory::Kept;
use crate::stage::Stage;
use crate::timers::Timer;
use crate::{Now, Output, Sound, Switchboard, clock};

#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) booking: String,
    pub(crate) language: Language,
    pub(crate) window: Window,
    /// `window` by the monotonic clock, mapped once; an extension moves both by the same time.
    pub(crate) start_at: Instant,
    pub(crate) end_at: Instant,
    pub(crate) seats: u32,
    pub(crate) locked: bool,
    pub(crate) mode: RoomMode,
    /// Raised hands, the first first: of legs in the mix.
    pub(crate) hands: Vec<LegId>,
    /// Whom an organiser lets speak, in questions.
    pub(crate) speaker: Option<LegId>,
    /// Every leg that took a seat and has not ended, in the order of coming.
    pub(crate) members: Vec<LegId>,
    /// Somebody was in the mix.
    pub(crate) opened: bool,
    /// Everybody was told that it ends.
    pub(crate) warned: bool,
    /// An organiser's `*98` is not yet answered.
    pub(crate) organiser_asks: bool,
    /// It is over: nobody comes in any more.
    pub(crate) closing: Option<(EndReason, Party)>,
    pub(crate) announcements: Announcements,
}

impl Room {
    pub(crate) fn new(now: Now, leg: LegId, grant: &Grant, kept: Kept) -> Self {
        Room {
            booking: grant.booking.clone(),
            language: grant.language,
            window: grant.window,
            start_at: clock::instant(now, grant.window.start),
            end_at: clock::instant(now, grant.window.end),
            seats: grant.seats,
            locked: kept.locked,
            mode: kept.mode,
            hands: Vec::new(),
            speaker: None,
            members: vec![leg],
            opened: false,
            warned: false,
            organiser_asks: false,
            closing: None,
            announcements: Announcements::default(),
        }
    }

    /// Whether it ends before its time: nobody may call back.
    fn is_closed_for_good(&self) -> bool {
        matches!(self.closing, Some((EndReason::ClosedByOrganiser, _)))
    }
}

impl Switchboard {
    pub(crate) fn leg_and_room(&self, leg: LegId) -> Option<(&Leg, &Room)> {
        let call = self.legs.get(&leg)?;
        let room = self.rooms.get(&call.grant.as_ref()?.conference)?;
        Some((call, room))
    }

    pub(crate) fn conference_of(&self, leg: LegId) -> Option<ConferenceNumber> {
        Some(self.legs.get(&leg)?.grant.as_ref()?.conference.clone())
    }

    pub(crate) fn is_closing(&self, conference: &ConferenceNumber) -> bool {
        self.rooms.get(conference).is_some_and(|room| room.closing.is_some())
    }

    fn members(
        &self,
        conference: &ConferenceNumber,
    ) -> impl DoubleEndedIterator<Item = (LegId, &Leg)> {
        let members = self.rooms.get(conference).map_or(&[][..], |room| &room.members);
        members.iter().filter_map(|leg| Some((*leg, self.legs.get(leg)?)))
    }

    /// Those who wait, name themselves or are in the mix; whoever hears the last words has given the seat back.
    pub(crate) fn seated(&self, conference: &ConferenceNumber) -> Vec<LegId> {
        self.members(conference)
            .filter(|(_, call)| !call.is_leaving())
            .map(|(leg, _)| leg)
            .collect()
    }

    /// A leg that was hung up is counted until it has left the mix.
    pub(crate) fn seats_taken(&self, conference: &ConferenceNumber) -> usize {
        let has_seat = |call: &Leg| !call.is_leaving() || call.in_mix;
        self.members(conference).filter(|(_, call)| has_seat(call)).count()
    }

    /// Those in the mix, in the order of coming.
    pub(crate) fn present(&self, conference: &ConferenceNumber) -> Vec<LegId> {
        self.members(conference).filter(|(_, call)| call.in_mix).map(|(leg, _)| leg).collect()
    }

    pub(crate) fn join(&mut self, now: Now, leg: LegId) {
        self.timers.clear(Timer::Naming(leg));
        let Some(call) = self.legs.get(&leg) else { return };
        let Some(grant) = call.grant.clone() else { return };
        let conference = grant.conference.clone();
        let alone = self.present(&conference).is_empty();
        self.outputs.push_back(Output::Record(RecordEvent::LegJoined(LegJoined {
            leg,
            grant: grant.grant,
            conference: conference.clone(),
            joined: now.wall,
        })));
        // Before the newcomer is in, who need not hear it.
        let named = (self.names.contains_key(&leg) && !grant.returning).then_some(leg);
        self.tell_room(now, &conference, Announcement::Came(named));
        self.outputs.push_back(Output::JoinRoom { leg, conference: conference.clone() });
        let muted = self.take_place(now, leg, &conference);
        let mut phrases = vec![if grant.returning { Phrase::WelcomeBack } else { Phrase::Entered }];
        phrases.extend(alone.then_some(Phrase::FirstHere));
        if muted {
            phrases.push(Phrase::Muted);
            phrases.extend(self.why_muted(&conference));
        }
        self.play(leg, &phrases);
        self.tell_newcomer_of_hands(leg, &conference);
    }

    /// Late joiners are muted as all others are. Returns whether this one is.
    fn take_place(&mut self, now: Now, leg: LegId, conference: &ConferenceNumber) -> bool {
        let Some(call) = self.legs.get_mut(&leg) else { return false };
        let Some(room) = self.rooms.get_mut(conference) else { return false };
        room.opened = true;
        call.joined = Some(now.wall);
        call.in_mix = true;
        call.go(Stage::Talking(Sequence::default()));
        let muted = room.mode != RoomMode::Everybody && !call.is_organiser();
        if muted {
            call.muted = Muted::ByRoom;
            self.outputs.push_back(Output::Mute { leg, muted });
        }
        muted
    }

    /// To everybody who is in, after what they are still being told.
    pub(crate) fn tell_room(
        &mut self,
        now: Now,
        conference: &ConferenceNumber,
        announcement: Announcement,
    ) {
        if self.is_closing(conference) || self.present(conference).is_empty() {
            return;
        }
        if let Some(room) = self.rooms.get_mut(conference) {
            room.announcements.push(announcement);
        }
        self.announce(now, conference);
    }

    pub(crate) fn announce(&mut self, now: Now, conference: &ConferenceNumber) {
        let nobody = self.present(conference).is_empty();
        let Some(room) = self.rooms.get_mut(conference) else { return };
        if nobody {
            return room.announcements.clear();
        }
        if let Some(next) = room.announcements.release(now.mono) {
            let sounds = next.sounds(room.language);
            let conference = conference.clone();
            self.outputs.push_back(Output::PlayToRoom { conference, sounds });
        }
        if let Some(due) = room.announcements.due() {
            self.timers.set(Timer::Announce(conference.clone()), due);
        }
    }

    /// What cannot wait: warnings and ends.
    pub(crate) fn tell_room_now(&mut self, conference: &ConferenceNumber, phrases: &[Phrase]) {
        if self.present(conference).is_empty() {
            return;
        }
        let Some(room) = self.rooms.get(conference) else { return };
        let sounds = phrases.iter().map(|phrase| Sound::Phrase(room.language, *phrase)).collect();
        self.outputs.push_back(Output::PlayToRoom { conference: conference.clone(), sounds });
    }

    pub(crate) fn set_locked(&mut self, now: Now, conference: &ConferenceNumber, locked: bool) {
        let Some(room) = self.rooms.get_mut(conference) else { return };
        if std::mem::replace(&mut room.locked, locked) != locked {
            let phrase = if locked { Phrase::Locked } else { Phrase::Unlocked };
            self.tell_room(now, conference, Announcement::Changed(phrase));
        }
    }

    /// Out of the mix; the others are told.
    pub(crate) fn leave_mix(&mut self, now: Now, leg: LegId) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        if !std::mem::replace(&mut call.in_mix, false) {
            return;
        }
        self.outputs.push_back(Output::LeaveRoom { leg });
        if let Some(conference) = self.conference_of(leg) {
            self.leave_floor(leg, &conference);
            let named = self.names.contains_key(&leg).then_some(leg);
            self.tell_room(now, &conference, Announcement::Left(named));
        }
    }

    /// The leg has ended. With the last one the room is gone.
    pub(crate) fn give_seat_back(&mut self, leg: LegId, conference: &ConferenceNumber) {
        let Some(room) = self.rooms.get_mut(conference) else { return };
        room.members.retain(|member| *member != leg);
        if !room.members.is_empty() {
            return;
        }
        let Some(room) = self.rooms.remove(conference) else { return };
        self.timers.clear_room(conference);
        let closed = room.is_closed_for_good();
        let kept = Kept { closed, locked: room.locked, mode: room.mode };
        self.memory.keep(&room.booking, kept);
        // Who left before the start gives nothing back: the booking stands.
        if room.opened || closed {
            self.outputs.push_back(Output::Record(RecordEvent::RoomEmpty {
                conference: conference.clone(),
                booking: room.booking,
                closed: closed.then_some(true),
            }));
        }
        self.forget_names_of(conference, room.closing.is_some());
    }

    pub(crate) fn room_status(&self, conference: &ConferenceNumber, room: &Room) -> RoomStatus {
        let legs = self.members(conference).filter(|(_, call)| !call.is_leaving());
        RoomStatus {
            conference: conference.clone(),
            booking: room.booking.clone(),
            window: room.window,
            seats: room.seats,
            locked: room.locked,
            legs: legs.map(|(leg, call)| leg_status(leg, call, room)).collect(),
            mode: Some(room.mode),
        }
    }
}

fn leg_status(leg: LegId, call: &Leg, room: &Room) -> LegStatus {
    LegStatus {
        leg,
        caller: call.caller.number.as_ref().map(|number| number.masked()).unwrap_or_default(),
        role: call.role(),
        muted: call.muted != Muted::No,
        joined: call.joined,
        quality: None,
        hand: room.hands.iter().position(|hand| *hand == leg).map(|place| place as u32 + 1),
        level_dbov: None,
        speaking: None,
        suppressed_db: None,
        remote: None,
        local: None,
    }
}
