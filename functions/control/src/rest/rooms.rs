//! Live rooms: who is inside, and what an organiser does by keys.

use http::Method;
use konf_api::ledger::{BookingQuestion, BookingState};
use konf_api::room::{RoomAct, RoomOutcome, RoomRequest};
use konf_contract::link::{LegStatus, RoomMode, RoomStatus};
use konf_contract::{LegId, Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::conferences::found;
use super::problem::{Kind, Problem};
use super::route::{Answer, Answered, Call, Route, Shape};
use super::time;
use super::token::Scope;

/// Who may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Everybody,
    /// Everybody who unmutes.
    Muted,
    /// Organisers, and whom they let speak.
    Questions,
    /// Organisers alone.
    Lecture,
}

#[derive(Serialize, JsonSchema)]
struct Participant {
    /// Its number at the edge.
    leg: u64,
    /// In part: `+420…456`.
    caller: String,
    organiser: bool,
    muted: bool,
    /// Absent while waiting for the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    joined: Option<String>,
    /// The place of a raised hand, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    hand: Option<u32>,
    speaking: bool,
    /// How it sounds, 1.0 to 4.5 (ITU-T G.107).
    #[serde(skip_serializing_if = "Option::is_none")]
    quality: Option<f64>,
}

#[derive(Serialize, JsonSchema)]
struct Room {
    number: String,
    /// As it stands, with extensions.
    #[schemars(extend("format" = "date-time"))]
    end: String,
    people: u32,
    locked: bool,
    mode: Mode,
    participants: Vec<Participant>,
}

#[derive(Serialize, JsonSchema)]
struct RoomList {
    items: Vec<Room>,
}

/// What is absent stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RoomChange {
    /// Nobody else comes in.
    locked: Option<bool>,
    mode: Option<Mode>,
    /// All but organisers.
    muted: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ParticipantChange {
    muted: bool,
}

#[derive(Serialize, JsonSchema)]
struct Done {
    number: String,
}

const ROOM: Shape = Shape::of::<Room>(|| {
    json!({
        "number": "123456", "end": "2027-07-09T15:00:00+02:00", "people": 10, "locked": false, "mode": "everybody",
        "participants": [{
            "leg": 7, "caller": "+420…456", "organiser": true, "muted": false, "speaking": true,
            "joined": "2027-07-09T14:00:10+02:00", "quality": 4.2,
        }],
    })
});

const FOUND: &[Answered] =
    &[Answered { status: 200, about: "The room as it is then.", body: Some(ROOM) }];
const DONE: &[Answered] = &[Answered {
    status: 200,
    about: "Done.",
    body: Some(Shape::of::<Done>(|| json!({ "number": "123456" }))),
}];

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: Method::GET,
        path: "/rooms",
        id: "listRooms",
        tag: "rooms",
        summary: "Live rooms",
        about: "As the edges say, asked once a second at most.",
        scope: Some(Scope::RoomsRead),
        query: &[],
        body: None,
        answers: &[Answered {
            status: 200,
            about: "The rooms with somebody inside.",
            body: Some(Shape::of::<RoomList>(|| json!({ "items": [(ROOM.example)()] }))),
        }],
        problems: &[],
        noted_below: false,
        run: |call| Box::pin(list(call)),
    },
    Route {
        method: Method::GET,
        path: "/conferences/{number}/room",
        id: "getRoom",
        tag: "rooms",
        summary: "Who is inside",
        about: "While somebody is.",
        scope: Some(Scope::RoomsRead),
        query: &[],
        body: None,
        answers: FOUND,
        problems: &[],
        noted_below: false,
        run: |call| {
            Box::pin(async move { Ok(Answer::ok(&room(&question(&call).await?, &call).await?)) })
        },
    },
    Route {
        method: Method::PATCH,
        path: "/conferences/{number}/room",
        id: "changeRoom",
        tag: "rooms",
        summary: "Lock, choose who may speak, mute all",
        about: "As the organiser's keys do.",
        scope: Some(Scope::RoomsWrite),
        query: &[],
        body: Some(Shape::of::<RoomChange>(|| json!({ "locked": true, "mode": "questions" }))),
        answers: FOUND,
        problems: &[],
        noted_below: false,
        run: |call| Box::pin(change(call)),
    },
    Route {
        method: Method::DELETE,
        path: "/conferences/{number}/room",
        id: "endRoom",
        tag: "rooms",
        summary: "End it for all",
        about: "Everybody is let go at once.",
        scope: Some(Scope::RoomsWrite),
        query: &[],
        body: None,
        answers: DONE,
        problems: &[],
        noted_below: false,
        run: |call| Box::pin(async move { done(&call, RoomAct::Close).await }),
    },
    Route {
        method: Method::POST,
        path: "/conferences/{number}/room/extend",
        id: "extendRoom",
        tag: "rooms",
        summary: "Ask for an extension",
        about: "The edge asks for it; the room's `end` moves within a second or two if there is room.",
        scope: Some(Scope::RoomsWrite),
        query: &[],
        body: None,
        answers: DONE,
        problems: &[],
        noted_below: false,
        run: |call| Box::pin(async move { done(&call, RoomAct::Extend).await }),
    },
    Route {
        method: Method::PATCH,
        path: "/conferences/{number}/room/participants/{leg}",
        id: "muteParticipant",
        tag: "rooms",
        summary: "Mute one, or let this one speak",
        about: "Who is muted may unmute by `*6`, but in a lecture.",
        scope: Some(Scope::RoomsWrite),
        query: &[],
        body: Some(Shape::of::<ParticipantChange>(|| json!({ "muted": true }))),
        answers: FOUND,
        problems: &[],
        noted_below: false,
        run: |call| Box::pin(mute(call)),
    },
    Route {
        method: Method::DELETE,
        path: "/conferences/{number}/room/participants/{leg}",
        id: "dropParticipant",
        tag: "rooms",
        summary: "Let one go",
        about: "Who is dropped may call again.",
        scope: Some(Scope::RoomsWrite),
        query: &[],
        body: None,
        answers: DONE,
        problems: &[],
        noted_below: false,
        run: |call| {
            Box::pin(async move {
                let leg = leg(&call)?;
                done(&call, RoomAct::Drop { leg }).await
            })
        },
    },
];

async fn list(call: Call) -> Result<Answer, Problem> {
    let owner = call.caller()?.owner.as_ref();
    let mut items = Vec::new();
    for room in call.rest.rooms.look().await.iter() {
        let own = match owner {
            None => true,
            Some(_) => {
                call.rest.desk.ledger.api_conference(&room.conference, owner).await?.is_some()
            }
        };
        if own {
            items.push(shown(room));
        }
    }
    Ok(Answer::ok(&RoomList { items }))
}

/// Whose room it is, if this token reaches it.
async fn question(call: &Call) -> Result<BookingQuestion, Problem> {
    let booked = found(call).await?;
    match booked.state {
        BookingState::Booked => {
            Ok(BookingQuestion { number: booked.number, sender: booked.sender })
        }
        BookingState::Cancelled | BookingState::Ended => Err(empty()),
    }
}

fn empty() -> Problem {
    Problem::new(Kind::NotFound, "nobody is inside, or not that one")
}

async fn room(question: &BookingQuestion, call: &Call) -> Result<Room, Problem> {
    let facts = call.rest.rooms.facts(question).await?;
    facts.room.as_ref().map(shown).ok_or_else(empty)
}

fn shown(room: &RoomStatus) -> Room {
    Room {
        number: room.conference.as_str().to_owned(),
        end: time::text(room.window.end),
        people: room.seats,
        locked: room.locked,
        mode: match room.mode.unwrap_or_default() {
            RoomMode::Everybody => Mode::Everybody,
            RoomMode::Muted => Mode::Muted,
            RoomMode::Questions => Mode::Questions,
            RoomMode::Lecture => Mode::Lecture,
        },
        participants: room.legs.iter().map(participant).collect(),
    }
}

fn participant(leg: &LegStatus) -> Participant {
    let quality = leg.quality.as_ref().and_then(|quality| quality.mos_now_x100);
    Participant {
        leg: leg.leg.0,
        caller: leg.caller.clone(),
        organiser: leg.role == Role::Organiser,
        muted: leg.muted,
        joined: leg.joined.map(time::text),
        hand: leg.hand,
        speaking: leg.speaking.unwrap_or(false),
        quality: quality.map(|x100| f64::from(x100) / 100.0),
    }
}

fn leg(call: &Call) -> Result<LegId, Problem> {
    call.part(1).parse().map(LegId).map_err(|_| empty())
}

async fn act(question: &BookingQuestion, call: &Call, act: RoomAct) -> Result<(), Problem> {
    let (number, sender) = (question.number.clone(), question.sender.clone());
    match call.rest.rooms.act(&RoomRequest { number, sender, act }).await? {
        RoomOutcome::Done => Ok(()),
        RoomOutcome::NotFound => Err(empty()),
    }
}

async fn done(call: &Call, what: RoomAct) -> Result<Answer, Problem> {
    let question = question(call).await?;
    act(&question, call, what).await?;
    Ok(Answer::ok(&Done { number: question.number.as_str().to_owned() }))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let change: RoomChange = call.read()?;
    let question = question(&call).await?;
    if let Some(locked) = change.locked {
        act(&question, &call, RoomAct::Lock { locked }).await?;
    }
    if let Some(mode) = change.mode {
        let mode = match mode {
            Mode::Everybody => RoomMode::Everybody,
            Mode::Muted => RoomMode::Muted,
            Mode::Questions => RoomMode::Questions,
            Mode::Lecture => RoomMode::Lecture,
        };
        act(&question, &call, RoomAct::Mode { mode }).await?;
    }
    if let Some(muted) = change.muted {
        act(&question, &call, RoomAct::MuteAll { muted }).await?;
    }
    Ok(Answer::ok(&room(&question, &call).await?))
}

async fn mute(call: Call) -> Result<Answer, Problem> {
    let ParticipantChange { muted } = call.read()?;
    let (question, leg) = (question(&call).await?, leg(&call)?);
    act(&question, &call, RoomAct::Mute { leg, muted }).await?;
    Ok(Answer::ok(&room(&question, &call).await?))
}
