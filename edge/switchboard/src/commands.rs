//! What the keys in the room do.

use std::time::Duration;

use konf_contract::keys::KeyAction;
use konf_contract::link::{EndReason, Party, RoomMode};
use konf_contract::{ConferenceNumber, LegId};
use konf_prompts::Phrase;

use crate::clock::Asker;
use crate::keys::{GAP, Pressed, table};
use crate::stage::Stage;
use crate::timers::Timer;
use crate::{Key, Now, Output, Sound, Switchboard};

/// The most that [`Phrase::PeopleHere`] can say.
const PEOPLE_MAX: usize = 50;
/// Twice or half the amplitude: less is hardly noticed on a telephone, more is clipped by the limiter.
const VOLUME_STEP_DB: i8 = 6;
/// Of names in a row: twenty seconds with the number of people before them; longer is not listened to.
const NAMES_LENGTH: Duration = Duration::from_secs(18);

impl Switchboard {
    pub(crate) fn room_key(&mut self, now: Now, leg: LegId, key: Key) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        let role = call.role();
        let Stage::Talking(sequence) = &mut call.stage else { return };
        let pressed = sequence.press(key, role, table(call.keys.as_deref()));
        if sequence.is_half() {
            self.timers.set(Timer::KeyGap(leg), now.mono + GAP);
        } else {
            self.timers.clear(Timer::KeyGap(leg));
        }
        self.pressed(now, leg, pressed);
    }

    fn pressed(&mut self, now: Now, leg: LegId, pressed: Pressed) {
        match pressed {
            Pressed::Action(action) => self.act(now, leg, action),
            Pressed::OrganiserOnly => self.tell(leg, &[Phrase::OrganiserOnly]),
            Pressed::Unknown => self.tell(leg, &[Phrase::UnknownKey]),
            Pressed::Nothing => {}
        }
    }

    pub(crate) fn key_gap(&mut self, now: Now, leg: LegId) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        let role = call.role();
        let Stage::Talking(sequence) = &mut call.stage else { return };
        let pressed = sequence.gap(role, table(call.keys.as_deref()));
        self.pressed(now, leg, pressed);
    }

    fn act(&mut self, now: Now, leg: LegId, action: KeyAction) {
        let Some((call, room)) = self.leg_and_room(leg) else { return };
        let (locked, mode, organiser) = (room.locked, room.mode, call.is_organiser());
        let Some(conference) = self.conference_of(leg) else { return };
        match action {
            KeyAction::Mute => self.toggle_mute(leg),
            KeyAction::Help if organiser => {
                self.tell(leg, &[Phrase::Help, Phrase::HelpOrganiser, Phrase::HelpModes]);
            }
            KeyAction::Help => self.tell(leg, &[Phrase::HelpHand, Phrase::Help]),
            KeyAction::People => {
                let people = self.people_here(&conference);
                self.tell(leg, &[people]);
            }
            KeyAction::Volume => self.next_volume(leg),
            KeyAction::Names => self.tell_names(leg, &conference),
            KeyAction::Hand if organiser => self.let_next_speak(leg, &conference),
            KeyAction::Hand => self.toggle_hand(now, leg, &conference),
            KeyAction::Lock => self.set_locked(now, &conference, !locked),
            KeyAction::MuteAll => {
                self.set_all_muted(now, &conference, mode == RoomMode::Everybody);
            }
            KeyAction::Mode => self.next_mode(now, &conference),
            KeyAction::DropLast => self.drop_last(now, leg),
            KeyAction::FindNoise => self.find_noise(leg, &conference),
            KeyAction::Extend => {
                self.ask_extension(now, &conference, Some(Asker::Leg(leg)));
            }
            KeyAction::EndForAll => {
                self.end_room(now, &conference, EndReason::ClosedByOrganiser, Party::Organiser);
            }
        }
    }

    fn next_volume(&mut self, leg: LegId) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        let (gain_db, phrase) = match call.gain_db {
            0 => (VOLUME_STEP_DB, Phrase::Louder),
            1.. => (-VOLUME_STEP_DB, Phrase::Softer),
            _ => (0, Phrase::NormalVolume),
        };
        call.gain_db = gain_db;
        self.outputs.push_back(Output::Volume { leg, gain_db });
        self.tell(leg, &[phrase]);
    }

    fn people_here(&self, conference: &ConferenceNumber) -> Phrase {
        Phrase::PeopleHere(self.present(conference).len().clamp(1, PEOPLE_MAX) as u8)
    }

    /// How many, then recorded names in the order of entry, as many as fit into [`NAMES_LENGTH`].
    fn tell_names(&mut self, leg: LegId, conference: &ConferenceNumber) {
        let mut length = Duration::ZERO;
        let named: Vec<Sound> = self
            .present(conference)
            .into_iter()
            .filter_map(|present| Some((present, self.names.get(&present)?.length)))
            .take_while(|(_, name)| {
                length += *name;
                length <= NAMES_LENGTH
            })
            .map(|(present, _)| Sound::NameOf(present))
            .collect();
        let people = self.people_here(conference);
        self.tell_with(leg, &[people], &named);
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
        self.tell_with(leg, phrases, &[]);
    }

    /// The same with names behind it.
    pub(crate) fn tell_with(&mut self, leg: LegId, phrases: &[Phrase], names: &[Sound]) {
        self.stop_playing(leg);
        self.play_with(leg, phrases, names);
    }
}
