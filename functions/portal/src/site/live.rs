//! The live room of an own conference.

use konf_api::ledger::{BookingQuestion, BookingState, OwnBooking};
use konf_api::room::{RoomAct, RoomFacts, RoomOutcome, RoomRequest};
use konf_contract::LegId;
use konf_contract::link::RoomMode;

use super::Visit;
use crate::answer::Answer;
use crate::outside::{CallError, Outside};
use crate::pages::live::{self, Live};
use crate::pages::note;

impl<O: Outside> Visit<'_, O> {
    pub(super) async fn live(
        &self,
        question: &BookingQuestion,
        booking: &OwnBooking,
    ) -> Result<Answer, CallError> {
        self.live_with(question, booking, None).await
    }

    async fn live_with(
        &self,
        question: &BookingQuestion,
        booking: &OwnBooking,
        fault: Option<&str>,
    ) -> Result<Answer, CallError> {
        if booking.state != BookingState::Booked {
            return Ok(Answer::see(&format!("/conferences/{}", booking.number)));
        }
        let facts: RoomFacts = self.ledger("/v1/rooms", question).await?;
        let live = Live { booking, room: facts.room.as_ref(), now: facts.now, fault };
        Ok(live::page(&self.shell(), &live))
    }

    pub(super) async fn events(
        &self,
        question: &BookingQuestion,
        booking: &OwnBooking,
    ) -> Result<Answer, CallError> {
        if booking.state != BookingState::Booked {
            return Ok(live::over());
        }
        let facts: RoomFacts = self.ledger("/v1/rooms", question).await?;
        let live = Live { booking, room: facts.room.as_ref(), now: facts.now, fault: None };
        Ok(live::events(&self.shell(), &live))
    }

    pub(super) async fn act(
        &self,
        question: &BookingQuestion,
        booking: &OwnBooking,
    ) -> Result<Answer, CallError> {
        let Some(act) = self.asked.form.get("act").and_then(room_act) else {
            return Ok(note::not_found(&self.shell()));
        };
        let request =
            RoomRequest { number: question.number.clone(), sender: question.sender.clone(), act };
        match self.ledger("/v1/rooms/act", &request).await? {
            RoomOutcome::Done => Ok(Answer::see(&format!("/conferences/{}/live", booking.number))),
            RoomOutcome::NotFound => {
                let gone = self.tongue().say(
                    "To už nejde: ten člověk nebo místnost tu není.",
                    "Too late: that person or the room is no longer there.",
                );
                self.live_with(question, booking, Some(gone)).await
            }
        }
    }
}

/// What a button of the live room says: `lock`, `drop:7`.
fn room_act(text: &str) -> Option<RoomAct> {
    let (act, leg) = text.split_once(':').map_or((text, None), |(act, leg)| (act, Some(leg)));
    let leg = leg.map(|leg| leg.parse().map(LegId)).transpose().ok()?;
    Some(match (act, leg) {
        ("mute", Some(leg)) => RoomAct::Mute { leg, muted: true },
        ("unmute", Some(leg)) => RoomAct::Mute { leg, muted: false },
        ("drop", Some(leg)) => RoomAct::Drop { leg },
        ("mute-all", None) => RoomAct::MuteAll { muted: true },
        ("unmute-all", None) => RoomAct::MuteAll { muted: false },
        ("lock", None) => RoomAct::Lock { locked: true },
        ("unlock", None) => RoomAct::Lock { locked: false },
        ("questions", None) => RoomAct::Mode { mode: RoomMode::Questions },
        ("lecture", None) => RoomAct::Mode { mode: RoomMode::Lecture },
        ("extend", None) => RoomAct::Extend,
        ("close", None) => RoomAct::Close,
        _ => return None,
    })
}
