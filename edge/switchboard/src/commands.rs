//! What the keys in the room do.

use konf_contract::LegId;
use konf_contract::link::{EndReason, Party};
use konf_prompts::Phrase;

use crate::keys::{Command, GAP, Pressed};
use crate::leg::Muted;
use crate::stage::Stage;
use crate::timers::Timer;
use crate::{Key, Now, Output, Switchboard};

/// The most that [`Phrase::PeopleHere`] can say.
const PEOPLE_MAX: usize = 50;

impl Switchboard {
    pub(crate) fn room_key(&mut self, now: Now, leg: LegId, key: Key) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        let role = call.role();
        let Stage::Talking(sequence) = &mut call.stage else { return };
        let pressed = sequence.press(key, role);
        if sequence.is_half() {
            self.timers.set(Timer::KeyGap(leg), now.mono + GAP);
        } else {
            self.timers.clear(Timer::KeyGap(leg));
        }
        match pressed {
            Pressed::Command(command) => self.command(now, leg, command),
            Pressed::OrganiserOnly => self.tell(leg, &[Phrase::OrganiserOnly]),
            Pressed::Unknown => self.tell(leg, &[Phrase::UnknownKey]),
            Pressed::Nothing => {}
        }
    }

    pub(crate) fn key_gap(&mut self, leg: LegId) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        let Stage::Talking(sequence) = &mut call.stage else { return };
        if sequence.gap() == Pressed::Unknown {
            self.tell(leg, &[Phrase::UnknownKey]);
        }
    }

    fn command(&mut self, now: Now, leg: LegId, command: Command) {
        let Some((call, room)) = self.leg_and_room(leg) else { return };
        let (locked, all_muted, organiser) = (room.locked, room.all_muted, call.is_organiser());
        let Some(conference) = self.conference_of(leg) else { return };
        match command {
            Command::Mute => self.toggle_mute(leg),
            Command::Help if organiser => self.tell(leg, &[Phrase::Help, Phrase::HelpOrganiser]),
            Command::Help => self.tell(leg, &[Phrase::Help]),
            Command::People => {
                let people = self.present(&conference).len().clamp(1, PEOPLE_MAX);
                self.tell(leg, &[Phrase::PeopleHere(people as u8)]);
            }
            Command::Lock => self.set_locked(now, &conference, !locked),
            Command::MuteAll => self.set_all_muted(now, &conference, !all_muted),
            Command::DropLast => self.drop_last(now, leg),
            Command::Extend => self.ask_extension(now, &conference, Some(leg)),
            Command::EndForAll => {
                self.end_room(now, &conference, EndReason::ClosedByOrganiser, Party::Organiser);
            }
        }
    }

    /// Always works, whoever muted (FIELD.md, section 5: "muted phone callers can't unmute themselves").
    fn toggle_mute(&mut self, leg: LegId) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        let muted = call.muted == Muted::No;
        call.muted = if muted { Muted::ByThemselves } else { Muted::No };
        self.outputs.push_back(Output::Mute { leg, muted });
        self.tell(leg, &[if muted { Phrase::Muted } else { Phrase::Unmuted }]);
    }

    /// The last who came and is no organiser.
    fn drop_last(&mut self, now: Now, organiser: LegId) {
        let Some(conference) = self.conference_of(organiser) else { return };
        let last = self.present(&conference).into_iter().rev().find(|leg| {
            *leg != organiser && self.legs.get(leg).is_some_and(|call| !call.is_organiser())
        });
        let Some(last) = last else { return self.tell(organiser, &[Phrase::NobodyToDrop]) };
        self.drop_leg(now, last);
        self.tell(organiser, &[Phrase::LastDropped]);
    }

    /// Out of the room at once; the call ends when the words have been heard.
    pub(crate) fn drop_leg(&mut self, now: Now, leg: LegId) {
        let last = [Phrase::YouAreDropped];
        self.farewell(now, leg, &last, EndReason::Dropped, Party::Organiser);
    }

    /// An answer to a key: in place of what is still being said to this leg alone.
    pub(crate) fn tell(&mut self, leg: LegId, phrases: &[Phrase]) {
        self.stop_playing(leg);
        self.play(leg, phrases);
    }
}
