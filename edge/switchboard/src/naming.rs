//! The name that a caller says, and how long it is kept.
//!
//! The sound itself stays with the shell; here is only whose name exists. Names go when the conference ends (FIELD.md,
//! section 4, "retention").

use std::time::Duration;

use konf_contract::link::Grant;
use konf_contract::{ConferenceNumber, LegId};
use konf_prompts::Phrase;

use crate::stage::Stage;
use crate::timers::Timer;
use crate::{Key, Now, Output, Switchboard, entry};

/// For the report of a recording that has ended.
const REPORT_PATIENCE: Duration = Duration::from_secs(2);
/// A name is said once more after its leg has left: longer than any queue of announcements.
const NAME_LINGER: Duration = Duration::from_secs(30);
/// As long as the seat is held after a mobile network's limit (PRODUCT.md, section 4).
const NAME_HELD: Duration = Duration::from_secs(5 * 60);
/// Twice the legs: those who are here and those who have just left.
const NAMES_MAX: usize = 2 * crate::LEGS_MAX;

/// That a leg has a recorded name.
#[derive(Debug)]
pub(crate) struct Name {
    conference: ConferenceNumber,
    /// Its leg may come back to a held seat.
    held: bool,
    /// It takes no longer than the recording took.
    pub(crate) length: Duration,
}

impl Switchboard {
    pub(crate) fn ask_name(&mut self, now: Now, leg: LegId) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        // A hash typed ahead ends the recording at once; so does the star of a sequence meant for the room.
        while let Some(Key::Number(_)) = call.typed.peek() {
            call.typed.pop();
        }
        match call.typed.peek() {
            Some(Key::Hash) => {
                call.typed.pop();
                return self.join(now, leg);
            }
            Some(_) => return self.join(now, leg),
            None => {}
        }
        let prompt = self.play(leg, &[Phrase::SayName, Phrase::RecordTone]);
        if let Some(call) = self.legs.get_mut(&leg) {
            call.go(Stage::SayName { prompt });
            self.timers.set(Timer::Naming(leg), now.mono + entry::PROMPT_LONGEST);
        }
    }

    /// The tone has been heard, or its end was not reported.
    pub(crate) fn record(&mut self, now: Now, leg: LegId) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        call.go(Stage::Recording { stopped: false });
        call.recorded_from = Some(now.mono);
        let longest = self.config.name_longest;
        self.outputs.push_back(Output::RecordName { leg, longest });
        self.timers.set(Timer::Naming(leg), now.mono + longest + REPORT_PATIENCE);
    }

    pub(crate) fn naming_key(&mut self, now: Now, leg: LegId, key: Key) {
        let Some(call) = self.legs.get_mut(&leg) else { return };
        match (&mut call.stage, key) {
            // Who knows the prompt and presses on says no name.
            (Stage::SayName { .. }, Key::Number(_)) => {}
            (Stage::SayName { .. }, key) => {
                if key == Key::Star {
                    call.typed.put_back(key);
                }
                self.stop_playing(leg);
                self.join(now, leg);
            }
            (Stage::Recording { stopped }, key) => {
                *stopped = true;
                if key == Key::Star {
                    call.typed.put_back(key);
                }
                self.outputs.push_back(Output::StopRecording { leg });
                self.timers.set(Timer::Naming(leg), now.mono + REPORT_PATIENCE);
            }
            _ => {}
        }
    }

    pub(crate) fn name_recorded(&mut self, now: Now, leg: LegId, said: bool) {
        let recording =
            self.legs.get(&leg).is_some_and(|call| matches!(call.stage, Stage::Recording { .. }));
        if said && (!recording || !self.keep_name(now, leg)) {
            self.outputs.push_back(Output::ForgetNames { legs: vec![leg] });
        }
        if recording {
            self.join(now, leg);
            self.feed(now, leg);
        }
    }

    /// Nothing was reported in time.
    pub(crate) fn naming_late(&mut self, now: Now, leg: LegId) {
        match self.legs.get(&leg).map(|call| &call.stage) {
            Some(Stage::SayName { .. }) => self.record(now, leg),
            Some(Stage::Recording { stopped }) => {
                if !stopped {
                    self.outputs.push_back(Output::StopRecording { leg });
                }
                self.join(now, leg);
                self.feed(now, leg);
            }
            _ => {}
        }
    }

    fn keep_name(&mut self, now: Now, leg: LegId) -> bool {
        let Some(call) = self.legs.get(&leg) else { return false };
        let Some(grant) = &call.grant else { return false };
        let took = call.recorded_from.map(|from| now.mono.saturating_duration_since(from));
        let length = took.unwrap_or_default().min(self.config.name_longest);
        if self.names.len() >= NAMES_MAX {
            return false;
        }
        self.names.insert(leg, Name { conference: grant.conference.clone(), held: false, length });
        true
    }

    /// The returning caller's name, if this edge still has it.
    pub(crate) fn take_over_name(&mut self, leg: LegId, grant: &Grant) {
        let Some(former) = grant.former_leg.filter(|former| grant.returning && *former != leg)
        else {
            return;
        };
        if self.names.get(&former).is_none_or(|name| name.conference != grant.conference) {
            return;
        }
        if let Some(name) = self.names.remove(&former) {
            self.names.insert(leg, Name { held: false, ..name });
        }
        self.timers.clear(Timer::Forget(former));
        self.outputs.push_back(Output::TakeOverName { leg, former });
    }

    /// The leg has gone; `held` if it may come back to its seat.
    pub(crate) fn let_name_go(&mut self, now: Now, leg: LegId, held: bool) {
        if let Some(name) = self.names.get_mut(&leg) {
            name.held = held;
            let keep = if held { NAME_HELD } else { NAME_LINGER };
            self.timers.set(Timer::Forget(leg), now.mono + keep);
        }
    }

    pub(crate) fn forget_name(&mut self, leg: LegId) {
        if self.names.remove(&leg).is_some() {
            self.outputs.push_back(Output::ForgetNames { legs: vec![leg] });
        }
    }

    /// The room is empty: nobody hears the names any more. Those whose seat is held are kept unless it was closed.
    pub(crate) fn forget_names_of(&mut self, conference: &ConferenceNumber, closed: bool) {
        let of_it = |name: &Name| name.conference == *conference && (closed || !name.held);
        let legs: Vec<LegId> =
            self.names.iter().filter(|(_, name)| of_it(name)).map(|(leg, _)| *leg).collect();
        if legs.is_empty() {
            return;
        }
        for leg in &legs {
            self.names.remove(leg);
            self.timers.clear(Timer::Forget(*leg));
        }
        self.outputs.push_back(Output::ForgetNames { legs });
    }
}
