//! Orders from control.

use konf_contract::link::{ControlCall, EdgeReply, EndReason, Party};
use konf_contract::{ConferenceNumber, LegId};

use crate::clock::Asker;
use crate::{Now, Output, Switchboard};

impl Switchboard {
    /// Every order is answered, in the same step.
    pub(crate) fn control(&mut self, now: Now, call: u64, order: ControlCall) {
        let reply = self.obey(now, order);
        self.outputs.push_back(Output::Answered { call, reply });
    }

    fn obey(&mut self, now: Now, order: ControlCall) -> EdgeReply {
        match order {
            ControlCall::Rooms => return EdgeReply::Rooms(self.rooms()),
            ControlCall::Close { conference } if self.rooms.contains_key(&conference) => {
                self.end_room(now, &conference, EndReason::ClosedByOrganiser, Party::Konf);
            }
            ControlCall::Drop { conference, leg } if self.is_seated(&conference, leg) => {
                self.drop_leg(now, leg);
            }
            ControlCall::MuteAll { conference, muted } if self.rooms.contains_key(&conference) => {
                self.set_all_muted(now, &conference, muted);
            }
            ControlCall::Lock { conference, locked } if self.rooms.contains_key(&conference) => {
                self.set_locked(now, &conference, locked);
            }
            ControlCall::Mute { conference, leg, muted } if self.is_seated(&conference, leg) => {
                match muted {
                    true => self.mute(leg, &conference),
                    false if !self.let_speak(leg, &conference) => return EdgeReply::NotFound,
                    false => {}
                }
            }
            ControlCall::Mode { conference, mode } if self.rooms.contains_key(&conference) => {
                self.set_mode(now, &conference, mode);
            }
            ControlCall::Extend { conference } if self.rooms.contains_key(&conference) => {
                self.ask_extension(now, &conference, Some(Asker::Control));
            }
            _ => return EdgeReply::NotFound,
        }
        EdgeReply::Done
    }

    fn is_seated(&self, conference: &ConferenceNumber, leg: LegId) -> bool {
        self.seated(conference).contains(&leg)
    }
}
