//! A live room as its organiser sees and leads it, through control: the edges hold the rooms.
//!
//! | call | request | answer |
//! |---|---|---|
//! | `POST /v1/rooms` | [`crate::ledger::BookingQuestion`] | [`RoomFacts`] |
//! | `POST /v1/rooms/act` | [`RoomRequest`] | [`RoomOutcome`] |

use konf_contract::link::{RoomMode, RoomStatus};
use konf_contract::{ConferenceNumber, LegId, UnixMs};
use serde::{Deserialize, Serialize};

use crate::ledger::Sender;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomFacts {
    pub now: UnixMs,
    /// Absent when nobody is in, the edge does not answer, or the conference is not this sender's.
    pub room: Option<RoomStatus>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomRequest {
    pub number: ConferenceNumber,
    pub sender: Sender,
    pub act: RoomAct,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoomAct {
    /// Mutes one, or lets this one speak.
    Mute {
        leg: LegId,
        muted: bool,
    },
    MuteAll {
        muted: bool,
    },
    Lock {
        locked: bool,
    },
    Mode {
        mode: RoomMode,
    },
    Drop {
        leg: LegId,
    },
    /// Asks for it; the end moves if there is room.
    Extend,
    Close,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoomOutcome {
    Done,
    /// No such room or leg, or not this sender's.
    NotFound,
}
