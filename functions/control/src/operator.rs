//! The operator's interface: `/operator/v1/…` with `Authorization: Bearer OPERATOR_TOKEN`.
//!
//! | call | answer |
//! |---|---|
//! | `GET bookings`, `outbox`, `calls`, `restrictions` | lines of the ledger; `calls` are those into no conference |
//! | `GET requests`, `requests/closed` | open ones, the first due first; those done, the latest first |
//! | `GET requests/ID` | one, with its sender in full |
//! | `GET requests/templates` | answers that are asked for again and again |
//! | `GET rooms` | one line for each caller in a live room |
//! | `GET dedicated` | dedicated conferences, those that are not over first |
//! | `POST dedicated` [`dedicated::DedicatedOrder`] | `{"number"}`: reserved |
//! | `POST dedicated/cancel` `{"id"}` | `{}`: its seats are free, and its customer hears it |
//! | `GET edges` | connected edges |
//! | `GET operators`, `audit` | who may sign in at the desk; what was done, the latest first |
//! | `POST operators` `{"name", "role", "password"}` | `{}`: added, or changed |
//! | `POST operators/remove` `{"name"}` | `{}` |
//! | `GET tokens` | tokens of the REST API |
//! | `POST tokens` `{"label", "scopes", "owner", "days"}` | `{"id", "token"}`: shown this once |
//! | `POST tokens/revoke` `{"id"}` | `{}` |
//! | `POST restrictions` `{"sender", "reason", "days"}` | `{}` |
//! | `POST restrictions/lift` `{"sender"}` | `{}` |
//! | `POST outbox/retry`, `outbox/drop` `{"id"}` | `{}` |
//! | `POST requests/answer` `{"id", "text"}`, `requests/decline` `{"id", "reason"}` | `{}`: sent to whoever asked |
//! | `POST requests/approve` `{"id", "at", "minutes", "people"}` | `{"number"}`: booked; what is absent is as it was asked |
//! | `POST requests/close` `{"id", "note"}` | `{}`: nothing is sent |
//! | `policies…`, `functions…` | see `policies/desk.rs`, `policies/functions.rs` |
//!
//! A sender, message or request that is not there to be changed is answered 404; a body that is not understood 400.

pub mod dedicated;
mod deeds;
pub mod requests;

use std::sync::Arc;

use anyhow::{Result, ensure};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use konf_api::ledger::Sender;
use konf_contract::link::{ControlCall, EdgeReply, LegStatus, RoomStatus};
use konf_contract::{Language, Msisdn};
use konf_host::Host;
use konf_ledger::{BookingFilter, Ledger, OperatorRole, RequestLine};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::accounts::{Accounts, Unfit};
use crate::clock;
use crate::config::Secret;
use crate::link::Edges;
use crate::policies::{self, Policies};
use crate::rest::token::Scope;
use crate::rest::tokens;
use crate::server::{self, fault};

pub const PATH: &str = "/operator/v1/";
/// A package of the largest policy in base64, with its manifest.
pub const PACKAGE_BYTES_MAX: usize = 8 << 20;
/// As many lines as one reads.
const LINES_MAX: u32 = 500;
/// Who acted, for the audit: one token stands for all operators.
const OPERATOR: &str = "operator";
const DAY_MS: i64 = 86_400_000;
/// Ten years.
const DAYS_MAX: u32 = 3_660;
/// A reason or a note is a few sentences.
const TEXT_CHARACTERS_MAX: usize = 1_000;
/// So much of what was taken for a sender is said back.
const SHOWN_CHARACTERS_MAX: usize = 60;

pub struct Desk {
    pub ledger: Ledger,
    pub edges: Edges,
    pub token: Secret,
    /// Wakes the deliveries.
    pub outbox: Arc<Notify>,
    pub policies: Option<Arc<Policies>>,
    /// The functions; none in some tests.
    pub host: Option<Arc<Host>>,
    /// Who signs in at the pages.
    pub accounts: Accounts,
    /// Whether the pages are reached by https, where browsers keep cookies for this host alone.
    pub secure: bool,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountBody {
    name: String,
    role: OperatorRole,
    password: Secret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenBody {
    label: String,
    scopes: Vec<Scope>,
    owner: Option<String>,
    days: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameBody {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdBody {
    id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CloseBody {
    id: String,
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerBody {
    id: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeclineBody {
    id: String,
    reason: String,
}

/// Why a request is not done: the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error(
        "{0:?} is neither a telephone number such as +420606123456 nor an e-mail address such as jana@example.cz"
    )]
    NoSender(String),
    #[error("{0} is empty or longer than {TEXT_CHARACTERS_MAX} characters")]
    Text(&'static str),
    #[error("days is 0 or more than {DAYS_MAX}; leave it out to restrict until it is lifted")]
    Days,
    #[error("this sender is not restricted")]
    NotRestricted,
    #[error("{0}: there is no dead letter of that id whose text is still kept")]
    NoDeadLetter(String),
    #[error("{0}: there is no message of that id that waits or is dead")]
    NothingToDrop(String),
    #[error("{0}: there is no open request of that id")]
    NoRequest(String),
    #[error("{0} has more than {max} characters, which is what two SMS hold", max = requests::ANSWER_CHARACTERS_MAX)]
    Long(&'static str),
    #[error(
        "the request does not say all of when, how long and how many: give at, minutes and people"
    )]
    NoOrder,
    #[error("{0:?} is no time in Prague that exists once: write it as 2027-07-09 14:00")]
    At(String),
    #[error("a conference lasts 1 to 1440 minutes and has 2 to 500 people")]
    TooMuch,
    #[error(
        "there are not as many free seats then on any edge: choose another time, fewer people or a shorter one"
    )]
    NothingFits,
    #[error("{0:?} is no number")]
    NoNumber(String),
    #[error("{0:?} is no day: write it as 2027-07-09")]
    Day(String),
    #[error("the last day is before the first")]
    DaysTurned,
    #[error(
        "days of the week are 1 (Monday) to 7, with the time of the start such as 09:30 and 1 to 1440 minutes, and one ends before the next begins"
    )]
    Weekly,
    #[error(
        "that is more than a hundred days around the clock or 400 meetings: reserve the rest later, under another number"
    )]
    TooLongDedicated,
    #[error("a dedicated conference is for 2 to 500 people")]
    People,
    #[error("{0}: there is no dedicated conference of that id that is not over")]
    NoDedicated(String),
    #[error("{0}: there is no token of that id that opens anything")]
    NoToken(String),
    #[error("there is no account of that name")]
    NoAccount,
    #[error("that time is over")]
    Past,
    #[error("the sender is restricted: lift that first")]
    Restricted,
    #[error(
        "no more messages may go to this recipient, or at all, in this hour ([budget] of konf.toml); the request stays open"
    )]
    OverBudget,
}

impl Refusal {
    pub fn status(&self) -> StatusCode {
        match self {
            Refusal::NoSender(_)
            | Refusal::Text(_)
            | Refusal::Long(_)
            | Refusal::Days
            | Refusal::NoOrder
            | Refusal::NoNumber(_)
            | Refusal::Day(_)
            | Refusal::DaysTurned
            | Refusal::Weekly
            | Refusal::TooLongDedicated
            | Refusal::People
            | Refusal::At(_)
            | Refusal::TooMuch => StatusCode::BAD_REQUEST,
            Refusal::NothingFits | Refusal::Past | Refusal::Restricted => StatusCode::CONFLICT,
            Refusal::OverBudget => StatusCode::TOO_MANY_REQUESTS,
            Refusal::NotRestricted
            | Refusal::NoDeadLetter(_)
            | Refusal::NothingToDrop(_)
            | Refusal::NoAccount
            | Refusal::NoToken(_)
            | Refusal::NoDedicated(_)
            | Refusal::NoRequest(_) => StatusCode::NOT_FOUND,
        }
    }

    /// By the reasons of `schedule`.
    fn not_approved(reason: &str) -> Refusal {
        match reason {
            "restricted" => Refusal::Restricted,
            "past" => Refusal::Past,
            "over budget" => Refusal::OverBudget,
            _ => Refusal::NothingFits,
        }
    }
}

impl Desk {
    pub async fn handle(&self, request: &Request<Bytes>) -> Response<Bytes> {
        if !authorised(request.headers(), self.token.expose()) {
            return fault(StatusCode::UNAUTHORIZED, "operator_token is missing or wrong");
        }
        let what = request.uri().path().strip_prefix(PATH).unwrap_or_default();
        let query = request.uri().query().unwrap_or_default();
        match self.answer(request.method(), what, query, request.body()).await {
            Ok(Some(value)) => server::json(StatusCode::OK, &value),
            Ok(None) => fault(
                StatusCode::NOT_FOUND,
                "known are bookings, rooms, outbox, requests, calls, edges, restrictions, policies, functions",
            ),
            Err(error) => self.failed(what, &error),
        }
    }

    /// Whether this is the head of a request that brings a component, from somebody who may.
    pub fn takes_package(&self, head: &http::request::Parts) -> bool {
        let what = head.uri.path().strip_prefix(PATH);
        matches!(what, Some("policies/push" | "functions/push"))
            && authorised(&head.headers, self.token.expose())
    }

    fn failed(&self, what: &str, error: &anyhow::Error) -> Response<Bytes> {
        if let Some(refusal) = error.downcast_ref::<Refusal>() {
            return fault(refusal.status(), &refusal.to_string());
        }
        if let Some(refusal) = error.downcast_ref::<policies::Refusal>() {
            return fault(refusal.status(), &refusal.to_string());
        }
        if error.is::<serde_json::Error>() || error.is::<Unfit>() || error.is::<tokens::Unfit>() {
            return fault(StatusCode::BAD_REQUEST, &format!("{error:#}"));
        }
        tracing::error!(what, error = format!("{error:#}"), "operator's request failed");
        fault(StatusCode::INTERNAL_SERVER_ERROR, "the ledger could not answer; see the log")
    }

    /// The policies, and who changed what, the latest first.
    ///
    /// # Errors
    ///
    /// When the ledger cannot answer.
    pub async fn policy_lines(&self) -> Result<(Vec<Value>, Vec<Value>)> {
        let Some(policies) = &self.policies else { return Ok((Vec::new(), Vec::new())) };
        let ask = |what| policies.answer(&Method::GET, what, "", b"", OPERATOR);
        let [lines, audit] = [ask("").await?, ask("audit").await?].map(|answer| match answer {
            Some(Value::Array(lines)) => lines,
            _ => Vec::new(),
        });
        Ok((lines, audit))
    }

    async fn answer(
        &self,
        method: &Method,
        what: &str,
        query: &str,
        body: &[u8],
    ) -> Result<Option<Value>> {
        if let (Some(policies), Some(what)) = (&self.policies, below("policies", what)) {
            return policies.answer(method, what, query, body, OPERATOR).await;
        }
        if let (Some(policies), Some(what)) = (&self.policies, below("functions", what)) {
            return policies.answer_functions(method, what, body, OPERATOR).await;
        }
        let value = match (method, what) {
            (&Method::GET, "bookings") => json!(
                self.ledger
                    .bookings(&BookingFilter { limit: LINES_MAX, ..BookingFilter::default() })
                    .await?
            ),
            (&Method::GET, "outbox") => json!(self.ledger.outbox(LINES_MAX).await?),
            (&Method::GET, "requests") => lines(&self.ledger.requests(LINES_MAX).await?),
            (&Method::GET, "requests/closed") => {
                lines(&self.ledger.closed_requests(LINES_MAX).await?)
            }
            (&Method::GET, "requests/templates") => {
                let both = requests::TEMPLATES.iter().map(|template| {
                    let said = |language| template.text(language);
                    json!({ "name": template.name, "cs": said(Language::Cs), "en": said(Language::En) })
                });
                both.collect()
            }
            (&Method::GET, what) if what.starts_with("requests/") => {
                let id = below("requests", what).unwrap_or_default();
                let request = self.ledger.request(id).await?;
                let request = request.ok_or_else(|| Refusal::NoRequest(id.to_owned()))?;
                self.ledger.note(OPERATOR, "show sender", id, "").await?;
                json!(request)
            }
            (&Method::GET, "calls") => json!(self.ledger.stray_calls(LINES_MAX).await?),
            (&Method::GET, "restrictions") => json!(self.ledger.restrictions().await?),
            (&Method::GET, "dedicated") => json!(self.ledger.dedicated(LINES_MAX).await?),
            (&Method::GET, "tokens") => json!(self.ledger.api_tokens(None).await?),
            (&Method::GET, "operators") => json!(self.ledger.operators().await?),
            (&Method::GET, "audit") => json!(self.ledger.audit(LINES_MAX).await?),
            (&Method::GET, "edges") => json!(self.edges.lines()),
            (&Method::GET, "rooms") => self.rooms().await,
            (&Method::POST, change) => return self.change(change, body).await,
            _ => return Ok(None),
        };
        Ok(Some(value))
    }

    async fn change(&self, what: &str, body: &[u8]) -> Result<Option<Value>> {
        match what {
            "restrictions" => {
                let body: RestrictionBody = serde_json::from_slice(body)?;
                self.restrict(&body.sender, &body.reason, body.days, OPERATOR).await?;
            }
            "restrictions/lift" => {
                let body: LiftBody = serde_json::from_slice(body)?;
                self.lift(&body.sender, OPERATOR).await?;
            }
            "outbox/retry" => {
                let IdBody { id } = serde_json::from_slice(body)?;
                self.retry(&id, OPERATOR).await?;
            }
            "outbox/drop" => {
                let IdBody { id } = serde_json::from_slice(body)?;
                self.drop_message(&id, OPERATOR).await?;
            }
            "operators" => {
                let AccountBody { name, role, password } = serde_json::from_slice(body)?;
                self.put_account(&name, role, &password, OPERATOR).await?;
            }
            "operators/remove" => {
                let NameBody { name } = serde_json::from_slice(body)?;
                self.remove_account(&name, OPERATOR).await?;
            }
            "requests/answer" => {
                let AnswerBody { id, text } = serde_json::from_slice(body)?;
                self.answer_request(&id, &text, OPERATOR).await?;
            }
            "requests/decline" => {
                let DeclineBody { id, reason } = serde_json::from_slice(body)?;
                self.decline_request(&id, &reason, OPERATOR).await?;
            }
            "requests/close" => {
                let CloseBody { id, note } = serde_json::from_slice(body)?;
                self.close_request(&id, &note, OPERATOR).await?;
            }
            "tokens" => return Ok(Some(self.make_token(serde_json::from_slice(body)?).await?)),
            "tokens/revoke" => {
                let IdBody { id } = serde_json::from_slice(body)?;
                self.ledger.note(OPERATOR, "revoke token", &deeds::short(&id), "").await?;
                let revoked = self.ledger.revoke_api_token(&id, None).await?;
                ensure!(revoked, Refusal::NoToken(deeds::short(&id)));
            }
            "dedicated" => {
                let number = self.dedicate(&serde_json::from_slice(body)?, OPERATOR).await?;
                tracing::info!(what, "changed by an operator");
                return Ok(Some(json!({ "number": number })));
            }
            "dedicated/cancel" => {
                let IdBody { id } = serde_json::from_slice(body)?;
                self.cancel_dedicated(&id, OPERATOR).await?;
            }
            "requests/approve" => {
                let number = self.approve_request(&serde_json::from_slice(body)?, OPERATOR).await?;
                tracing::info!(what, "changed by an operator");
                return Ok(Some(json!({ "number": number })));
            }
            _ => return Ok(None),
        }
        tracing::info!(what, "changed by an operator");
        Ok(Some(json!({})))
    }

    async fn make_token(&self, body: TokenBody) -> Result<Value> {
        let TokenBody { label, scopes, owner, days } = body;
        let owner = owner.as_deref().map(sender).transpose()?;
        let wish = tokens::Wish { label, scopes, owner, days };
        let (id, token) = tokens::make(&self.ledger, wish, OPERATOR).await?;
        tracing::info!(token = id, "a token was made by an operator");
        Ok(json!({ "id": id, "token": token.expose() }))
    }

    /// One line for each caller in a live room, those of a room together.
    pub async fn rooms(&self) -> Value {
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

fn lines(requests: &[RequestLine]) -> Value {
    let now = clock::now();
    requests.iter().map(|request| requests::line(request, now)).collect()
}

fn room_lines(edge: &str, room: &RoomStatus) -> Vec<Value> {
    let about = json!({
        "edge": edge, "conference": room.conference, "ends": room.window.end, "locked": room.locked,
        "mode": room.mode,
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

pub(crate) fn sender(text: &str) -> Result<Sender, Refusal> {
    let no_sender = || Refusal::NoSender(text.chars().take(SHOWN_CHARACTERS_MAX).collect());
    let Some((user, domain)) = text.trim().split_once('@') else {
        return Msisdn::parse(text).map(Sender::Sms).map_err(|_| no_sender());
    };
    let plain = |part: &str| !part.is_empty() && !part.contains(|c: char| c == '@' || c <= ' ');
    if !plain(user) || !plain(domain) {
        return Err(no_sender());
    }
    Ok(Sender::Email(text.trim().to_lowercase()))
}

/// What an operator wrote, without the space around it.
fn text<'a>(field: &'static str, text: &'a str) -> Result<&'a str, Refusal> {
    let text = text.trim();
    let long = text.chars().count() > TEXT_CHARACTERS_MAX;
    if text.is_empty() || long { Err(Refusal::Text(field)) } else { Ok(text) }
}

/// What comes after `first`, without the slash.
fn below<'a>(first: &str, what: &'a str) -> Option<&'a str> {
    match what.strip_prefix(first)? {
        "" => Some(""),
        rest => rest.strip_prefix('/'),
    }
}

fn authorised(headers: &HeaderMap, token: &str) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    same(given.as_bytes(), token.as_bytes())
}

/// A sender as an operator sees it who has asked for it.
pub(crate) fn whole(sender: &Sender) -> String {
    match sender {
        Sender::Sms(number) => number.expose().to_owned(),
        Sender::Email(address) => address.clone(),
    }
}

/// Takes the same time wherever the first difference is.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

#[cfg(test)]
mod tests;
