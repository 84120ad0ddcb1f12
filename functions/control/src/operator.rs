//! The operator's interface: `/operator/v1/…` with `Authorization: Bearer OPERATOR_TOKEN`.
//!
//! | call | answer |
//! |---|---|
//! | `GET bookings`, `outbox`, `queue` | lines of the ledger |
//! | `GET rooms` | one line for each caller in a live room |
//! | `GET edges` | connected edges |
//! | `POST restrictions` `{"sender", "reason", "days"}` | `{}` |
//! | `POST restrictions/lift` `{"sender"}` | `{}` |

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use konf_api::ledger::Sender;
use konf_contract::Msisdn;
use konf_contract::link::{ControlCall, EdgeReply, LegStatus, RoomStatus};
use konf_ledger::{BookingFilter, Ledger};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock;
use crate::config::Secret;
use crate::link::Edges;
use crate::server::{self, fault};

pub const PATH: &str = "/operator/v1/";
/// As many lines as one reads.
const LINES_MAX: u32 = 500;
/// Who acted, for the audit: one token stands for all operators.
const OPERATOR: &str = "operator";
const DAY_MS: i64 = 86_400_000;

pub struct Desk {
    pub ledger: Ledger,
    pub edges: Edges,
    pub token: Secret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RestrictionBody {
    sender: String,
    reason: String,
    days: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LiftBody {
    sender: String,
}

impl Desk {
    pub async fn handle(&self, request: &Request<Bytes>) -> Response<Bytes> {
        if !authorised(request, self.token.expose()) {
            return fault(StatusCode::UNAUTHORIZED, "operator_token is missing or wrong");
        }
        let what = request.uri().path().strip_prefix(PATH).unwrap_or_default();
        match self.answer(request.method(), what, request.body()).await {
            Ok(Some(value)) => server::json(StatusCode::OK, &value),
            Ok(None) => fault(
                StatusCode::NOT_FOUND,
                "known are bookings, rooms, outbox, queue, edges, restrictions",
            ),
            Err(error) if error.is::<serde_json::Error>() || error.is::<BadSender>() => {
                fault(StatusCode::BAD_REQUEST, &format!("{error:#}"))
            }
            Err(error) => {
                tracing::error!(what, error = format!("{error:#}"), "operator's request failed");
                fault(StatusCode::INTERNAL_SERVER_ERROR, "the ledger could not answer; see the log")
            }
        }
    }

    async fn answer(&self, method: &Method, what: &str, body: &[u8]) -> Result<Option<Value>> {
        let value = match (method, what) {
            (&Method::GET, "bookings") => json!(
                self.ledger
                    .bookings(&BookingFilter { limit: LINES_MAX, ..BookingFilter::default() })
                    .await?
            ),
            (&Method::GET, "outbox") => json!(self.ledger.outbox(LINES_MAX).await?),
            (&Method::GET, "queue") => json!(self.ledger.queue(false, LINES_MAX).await?),
            (&Method::GET, "edges") => json!(self.edges.lines()),
            (&Method::GET, "rooms") => self.rooms().await,
            (&Method::POST, "restrictions") => {
                let body: RestrictionBody = serde_json::from_slice(body)?;
                let until = body.days.map(|days| clock::now().plus_ms(i64::from(days) * DAY_MS));
                self.ledger.restrict(&sender(&body.sender)?, &body.reason, until, OPERATOR).await?;
                json!({})
            }
            (&Method::POST, "restrictions/lift") => {
                let body: LiftBody = serde_json::from_slice(body)?;
                self.ledger.unrestrict(&sender(&body.sender)?, OPERATOR).await?;
                json!({})
            }
            _ => return Ok(None),
        };
        Ok(Some(value))
    }

    async fn rooms(&self) -> Value {
        let mut lines = Vec::new();
        for (edge, reply) in self.edges.ask_all(&ControlCall::Rooms).await {
            let EdgeReply::Rooms(rooms) = reply else { continue };
            for room in rooms {
                lines.extend(room_lines(&edge, &room));
            }
        }
        Value::Array(lines)
    }
}

fn room_lines(edge: &str, room: &RoomStatus) -> Vec<Value> {
    let about = json!({
        "edge": edge, "conference": room.conference, "ends": room.window.end, "locked": room.locked,
        "people": format!("{} of {}", room.legs.iter().filter(|leg| leg.joined.is_some()).count(), room.seats),
    });
    let line = |leg: &LegStatus| {
        let mut line = about.clone();
        if let (Some(line), Value::Object(leg)) = (line.as_object_mut(), json!(leg)) {
            line.extend(leg);
        }
        line
    };
    room.legs.iter().map(line).collect()
}

#[derive(Debug, thiserror::Error)]
#[error("{0:?} is neither a telephone number such as +420606123456 nor an e-mail address")]
struct BadSender(String);

fn sender(text: &str) -> Result<Sender> {
    if text.contains('@') {
        return Ok(Sender::Email(text.trim().to_lowercase()));
    }
    Msisdn::parse(text).map(Sender::Sms).ok().context(BadSender(text.to_owned()))
}

fn authorised(request: &Request<Bytes>, token: &str) -> bool {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    same(given.as_bytes(), token.as_bytes())
}

/// Takes the same time wherever the first difference is.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}
