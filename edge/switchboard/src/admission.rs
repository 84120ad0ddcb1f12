//! What control says about a caller, and the way from there into the room or out.

use std::time::Duration;

use konf_contract::link::{
    Admission, AdmissionRequest, ControlReply, Denial, EdgeCall, EndReason, Grant,
    KeyedCredentials, Party,
};
use konf_contract::{LegId, Role, UnixMs};
use konf_prompts::Phrase;

use crate::room::Room;
use crate::stage::Stage;
use crate::timers::Timer;
use crate::{Asked, Now, Switchboard, clock, keys};

/// Before the one retry of an admission: about what the control link takes to dial again.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

impl Switchboard {
    /// Whether a seat is held for this number, before anything has to be keyed in.
    pub(crate) fn request_seat(&mut self, now: Now, leg: LegId) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        call.go(Stage::SeatCheck);
        let caller = call.caller.clone();
        let request = AdmissionRequest { leg, caller, credentials: None };
        self.ask(now, Asked::Admission(leg), EdgeCall::Admit(request));
    }

    pub(crate) fn request_admission(
        &mut self,
        now: Now,
        leg: LegId,
        credentials: KeyedCredentials,
    ) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        call.go(Stage::Admission { credentials, retried: false });
        self.send_admission(now, leg);
    }

    fn send_admission(&mut self, now: Now, leg: LegId) {
        let Some(call) = self.legs.get(&leg) else { return };
        let Stage::Admission { credentials, .. } = &call.stage else { return };
        let request = AdmissionRequest {
            leg,
            caller: call.caller.clone(),
            credentials: Some(credentials.clone()),
        };
        self.ask(now, Asked::Admission(leg), EdgeCall::Admit(request));
    }

    pub(crate) fn retry_admission(&mut self, now: Now, leg: LegId) {
        self.send_admission(now, leg);
    }

    pub(crate) fn admission_reply(&mut self, now: Now, leg: LegId, reply: Option<ControlReply>) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        match (&mut call.stage, reply) {
            (
                Stage::SeatCheck | Stage::Admission { .. },
                Some(ControlReply::Admission(Admission::Granted(grant))),
            ) => self.granted(now, leg, grant),
            // Whatever else is said about a held seat: the caller may still have credentials.
            (Stage::SeatCheck, _) => self.enter_number(now, leg),
            (Stage::Admission { .. }, Some(ControlReply::Admission(Admission::Denied(denial)))) => {
                self.denied(now, leg, denial)
            }
            (Stage::Admission { .. }, Some(ControlReply::Failed { retry: false, .. })) => {
                self.denied(now, leg, Denial::Unavailable);
            }
            (Stage::Admission { retried, .. }, _) if !*retried => {
                *retried = true;
                self.timers.set(Timer::Retry(leg), now.mono + RETRY_PAUSE);
            }
            (Stage::Admission { .. }, _) => self.denied(now, leg, Denial::Unavailable),
            _ => {}
        }
        self.feed(now, leg);
    }

    fn denied(&mut self, now: Now, leg: LegId, denial: Denial) {
        let (language, phrases) = match denial {
            Denial::Unknown => return self.wrong_credentials(now, leg),
            Denial::NotYet { starts, language } => {
                let mut phrases = self.starts_at(now, starts);
                phrases.push(Phrase::Goodbye);
                (Some(language), phrases)
            }
            Denial::Ended { language } => (Some(language), vec![Phrase::Ended, Phrase::Goodbye]),
            Denial::Full { language } => (Some(language), vec![Phrase::Full, Phrase::Goodbye]),
            Denial::TooManyTries => (None, vec![Phrase::TooManyTries]),
            Denial::Unavailable => (None, vec![Phrase::Unavailable]),
        };
        if let (Some(call), Some(language)) = (self.legs.get_mut(&leg), language) {
            call.language = language;
        }
        self.farewell(now, leg, &phrases, EndReason::Denied, Party::Konf);
    }

    /// "The conference starts today at fourteen hours thirty minutes."
    fn starts_at(&self, now: Now, starts: UnixMs) -> Vec<Phrase> {
        let local = (self.config.local_time)(starts);
        let today = (self.config.local_time)(now.wall);
        let mut phrases = vec![Phrase::StartsAt];
        if (local.year, local.month, local.day) == (today.year, today.month, today.day) {
            phrases.push(Phrase::TodayAt);
        } else {
            phrases.extend([Phrase::Day(local.day), Phrase::Month(local.month)]);
        }
        phrases.push(Phrase::Hour(local.hour));
        if local.minute != 0 {
            phrases.push(Phrase::Minute(local.minute));
        }
        phrases
    }

    /// Takes a seat, or says why there is none. This is the one place where a seat is taken: whatever control grants,
    /// the room never holds more legs than seats (RELIABILITY.md, row 10).
    fn granted(&mut self, now: Now, leg: LegId, grant: Grant) {
        let language = grant.language;
        let Some(call) = self.legs.get_mut(&leg) else { return };
        call.language = language;
        call.keys = keys::granted(grant.keys.as_deref());
        // Kept for a caller who is turned away here as well: its record gives the seat back.
        call.grant = Some(grant.clone());
        self.timers.clear(Timer::Patience(leg));
        self.timers.clear(Timer::Menu(leg));
        let closed = self.is_closing(&grant.conference) || self.memory.of(&grant.booking).closed;
        if closed || clock::is_over(now, &grant.window) {
            return self.denied(now, leg, Denial::Ended { language });
        }
        if self.is_locked_for(&grant) {
            let last = [Phrase::RoomIsLocked, Phrase::Goodbye];
            return self.farewell(now, leg, &last, EndReason::Denied, Party::Konf);
        }
        if self.seats_taken(&grant.conference) >= grant.seats as usize {
            return self.denied(now, leg, Denial::Full { language });
        }
        self.seat(now, leg, &grant);
        self.watch_leg_limit(now, leg, grant.leg_limit_s);
        self.take_over_name(leg, &grant);
        self.go_on(now, leg);
    }

    /// A returning caller was promised a place, and was inside when the room was locked.
    fn is_locked_for(&self, grant: &Grant) -> bool {
        let kept = || self.memory.of(&grant.booking).locked;
        let locked = self.rooms.get(&grant.conference).map_or_else(kept, |room| room.locked);
        locked && grant.role != Role::Organiser && !grant.returning
    }

    fn seat(&mut self, now: Now, leg: LegId, grant: &Grant) {
        if let Some(room) = self.rooms.get_mut(&grant.conference) {
            room.seats = grant.seats;
            room.members.push(leg);
            self.extend(now, &grant.conference, grant.window.end);
        } else {
            let kept = self.memory.of(&grant.booking);
            self.rooms.insert(grant.conference.clone(), Room::new(now, leg, grant, kept));
            self.set_clock(now, &grant.conference);
        }
    }

    /// To the room, by way of the music and the name.
    fn go_on(&mut self, now: Now, leg: LegId) {
        let Some((call, room)) = self.leg_and_room(leg) else { return };
        let returning = call.grant.as_ref().is_some_and(|grant| grant.returning);
        if now.mono < room.start_at {
            let starts = room.window.start;
            self.wait_for_start(now, leg, starts);
        } else if self.config.ask_names && !returning {
            self.ask_name(now, leg);
        } else {
            self.join(now, leg);
        }
    }

    fn wait_for_start(&mut self, now: Now, leg: LegId, starts: UnixMs) {
        let mut phrases = self.starts_at(now, starts);
        phrases.push(Phrase::MayWait);
        let prompt = self.play(leg, &phrases);
        if let Some(call) = self.legs.get_mut(&leg) {
            call.go(Stage::Waiting { prompt });
        }
    }

    /// The start: those who wait come in.
    pub(crate) fn waited(&mut self, now: Now, leg: LegId) {
        self.stop_playing(leg);
        self.music(leg, false);
        self.go_on(now, leg);
        self.feed(now, leg);
    }
}
