//! Live rooms for their organisers: what components ask beside the ledger, answered by the edges.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use konf_api::ledger::{BookingFacts, BookingQuestion, BookingState, OwnBooking};
use konf_api::room::{RoomAct, RoomFacts, RoomOutcome, RoomRequest};
use konf_contract::ConferenceNumber;
use konf_contract::link::{ControlCall, EdgeReply, RoomStatus};
use konf_ledger::Ledger;
use tokio::sync::Mutex;

use crate::link::Edges;
use crate::server::{fault, json};

pub const PATH: &str = "/v1/rooms";

/// However many look at their rooms, the edges are asked about once a second.
const FRESH: Duration = Duration::from_millis(900);

#[derive(Clone)]
pub struct Rooms {
    ledger: Ledger,
    edges: Edges,
    seen: Arc<Mutex<Option<Seen>>>,
}

/// What the edges said, and when.
struct Seen {
    at: Instant,
    rooms: Arc<Vec<RoomStatus>>,
}

impl Rooms {
    pub fn new(ledger: Ledger, edges: Edges) -> Rooms {
        Rooms { ledger, edges, seen: Arc::default() }
    }

    /// Answers what is at or below [`PATH`]; the caller has looked at the path.
    pub async fn handle(&self, request: &Request<Bytes>) -> Response<Bytes> {
        if !self.ledger.opens_to(request.headers()) {
            return fault(StatusCode::UNAUTHORIZED, "the token is missing or wrong");
        }
        if request.method() != http::Method::POST {
            return fault(StatusCode::METHOD_NOT_ALLOWED, "this call is a POST");
        }
        let answered = match request.uri().path() {
            PATH => match serde_json::from_slice(request.body()) {
                Ok(question) => {
                    self.facts(&question).await.map(|facts| json(StatusCode::OK, &facts))
                }
                Err(_) => return not_understood(),
            },
            "/v1/rooms/act" => match serde_json::from_slice(request.body()) {
                Ok(asked) => self.act(&asked).await.map(|outcome| json(StatusCode::OK, &outcome)),
                Err(_) => return not_understood(),
            },
            _ => return fault(StatusCode::NOT_FOUND, "there is no such call"),
        };
        answered.unwrap_or_else(|error| {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a room could not be looked up"
            );
            fault(StatusCode::SERVICE_UNAVAILABLE, "the ledger could not answer")
        })
    }

    pub(crate) async fn facts(
        &self,
        question: &BookingQuestion,
    ) -> Result<RoomFacts, konf_ledger::LedgerError> {
        let BookingFacts { now, booking, .. } = self.ledger.booking_facts(question).await?;
        let Some(booking) = booking.filter(is_open) else {
            return Ok(RoomFacts { now, room: None });
        };
        let rooms = self.look().await;
        let room = rooms.iter().find(|room| room.booking == booking.booking).cloned();
        Ok(RoomFacts { now, room })
    }

    pub(crate) async fn act(
        &self,
        asked: &RoomRequest,
    ) -> Result<RoomOutcome, konf_ledger::LedgerError> {
        let question =
            BookingQuestion { number: asked.number.clone(), sender: asked.sender.clone() };
        let BookingFacts { booking, .. } = self.ledger.booking_facts(&question).await?;
        if booking.filter(is_open).is_none() {
            return Ok(RoomOutcome::NotFound);
        }
        let call = call(asked.number.clone(), asked.act);
        let replies = self.edges.ask_all(&call).await;
        // What is shown next shows what was done.
        *self.seen.lock().await = None;
        tracing::info!(conference = %asked.number, act = ?asked.act, "asked by the organiser");
        let done = replies.iter().any(|(_, reply)| *reply == EdgeReply::Done);
        Ok(if done { RoomOutcome::Done } else { RoomOutcome::NotFound })
    }

    /// The rooms of all edges. Who comes while they are asked waits for the same answer.
    #[expect(clippy::disallowed_methods, reason = "the shell measures how old an answer is")]
    pub(crate) async fn look(&self) -> Arc<Vec<RoomStatus>> {
        let mut seen = self.seen.lock().await;
        if let Some(seen) = &*seen
            && seen.at.elapsed() < FRESH
        {
            return seen.rooms.clone();
        }
        let replies = self.edges.ask_all(&ControlCall::Rooms).await;
        let rooms = replies.into_iter().flat_map(|(_, reply)| match reply {
            EdgeReply::Rooms(rooms) => rooms,
            EdgeReply::Done | EdgeReply::NotFound => Vec::new(),
        });
        let rooms = Arc::new(rooms.collect());
        *seen = Some(Seen { at: Instant::now(), rooms: Arc::clone(&rooms) });
        rooms
    }
}

fn is_open(booking: &OwnBooking) -> bool {
    booking.state == BookingState::Booked
}

fn call(conference: ConferenceNumber, act: RoomAct) -> ControlCall {
    match act {
        RoomAct::Mute { leg, muted } => ControlCall::Mute { conference, leg, muted },
        RoomAct::MuteAll { muted } => ControlCall::MuteAll { conference, muted },
        RoomAct::Lock { locked } => ControlCall::Lock { conference, locked },
        RoomAct::Mode { mode } => ControlCall::Mode { conference, mode },
        RoomAct::Drop { leg } => ControlCall::Drop { conference, leg },
        RoomAct::Extend => ControlCall::Extend { conference },
        RoomAct::Close => ControlCall::Close { conference },
    }
}

fn not_understood() -> Response<Bytes> {
    fault(StatusCode::BAD_REQUEST, "the body is not what this call takes")
}
