//! What went wrong, as `application/problem+json` (RFC 9457). To add a kind: a line in [`Kind::ALL`]; a route names the
//! kinds that it answers, and the OpenAPI document has them from there.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::PATH;

pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Malformed,
    Unauthorised,
    Forbidden,
    Restricted,
    NotFound,
    Method,
    Timeout,
    KeyInUse,
    NotOpen,
    Conflict,
    Full,
    Offers,
    TooLong,
    MediaType,
    Invalid,
    Past,
    BeyondStandard,
    KeyReused,
    TooMany,
    OverBudget,
    Internal,
    Unavailable,
}

impl Kind {
    /// The name in its `type`, status, title, and what may be done about it.
    pub(crate) const ALL: [(Kind, &'static str, u16, &'static str, &'static str); 22] = [
        (
            Kind::Malformed,
            "malformed",
            400,
            "The request cannot be read",
            "Send what the OpenAPI document describes.",
        ),
        (
            Kind::Unauthorised,
            "unauthorised",
            401,
            "No token that counts",
            "Send Authorization: Bearer and a token that is neither revoked nor over; `konf token create` makes one.",
        ),
        (
            Kind::Forbidden,
            "forbidden",
            403,
            "The token does not open this",
            "Use a token with the scope that the detail names.",
        ),
        (
            Kind::Restricted,
            "restricted",
            403,
            "The orderer may not order",
            "An operator may lift the restriction.",
        ),
        (
            Kind::NotFound,
            "not-found",
            404,
            "There is no such thing",
            "What belongs to another is told the same as what is not there.",
        ),
        (
            Kind::Method,
            "method-not-allowed",
            405,
            "Not by this method",
            "The header Allow names those that are.",
        ),
        (Kind::Timeout, "timeout", 408, "The body did not come in time", "Send it again, faster."),
        (
            Kind::KeyInUse,
            "key-in-use",
            409,
            "The same request is being worked on",
            "Wait as long as Retry-After says, then send it again.",
        ),
        (
            Kind::NotOpen,
            "not-open",
            409,
            "It is too late for that",
            "It has begun, is over or was cancelled: look at its state.",
        ),
        (
            Kind::Conflict,
            "conflict",
            409,
            "It does not fit what is there",
            "The detail says what stands in the way.",
        ),
        (
            Kind::Full,
            "full",
            409,
            "No room",
            "Choose another time, fewer people or a shorter conference.",
        ),
        (
            Kind::Offers,
            "offers",
            409,
            "No room, but something near it",
            "Each of `offers` is held until `held_until`: POST to its `accept`.",
        ),
        (
            Kind::TooLong,
            "too-long",
            413,
            "The body is too long",
            "The detail says how long it may be.",
        ),
        (Kind::MediaType, "media-type", 415, "Not JSON", "Send Content-Type: application/json."),
        (
            Kind::Invalid,
            "invalid",
            422,
            "Something in the request is wrong",
            "`errors` says where, and what would be right.",
        ),
        (Kind::Past, "past", 422, "That time is over", "Choose one to come."),
        (
            Kind::BeyondStandard,
            "beyond-standard",
            422,
            "Longer or larger than the standard",
            "Up to 120 minutes and 20 people are changed at once; more is an operator's to do.",
        ),
        (
            Kind::KeyReused,
            "key-reused",
            422,
            "The key was used for another request",
            "Draw a new Idempotency-Key for each request that is a new one.",
        ),
        (
            Kind::TooMany,
            "too-many-requests",
            429,
            "Too many requests",
            "Wait as long as Retry-After says.",
        ),
        (
            Kind::OverBudget,
            "over-budget",
            429,
            "No more messages within this hour",
            "Nothing was done, since nobody could be told of it. Try again in an hour.",
        ),
        (Kind::Internal, "internal", 500, "Konf has made a mistake", "The log says what."),
        (
            Kind::Unavailable,
            "unavailable",
            503,
            "A part of Konf did not answer",
            "Send it again, with the same Idempotency-Key.",
        ),
    ];

    fn row(self) -> &'static (Kind, &'static str, u16, &'static str, &'static str) {
        Kind::ALL.iter().find(|row| row.0 == self).unwrap_or(&Kind::ALL[20])
    }

    pub(crate) fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().2).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(crate) fn title(self) -> &'static str {
        self.row().3
    }

    /// What stands in `type`: it can be asked for.
    pub(crate) fn address(self) -> String {
        format!("{PATH}/problems/{}", self.row().1)
    }

    /// What is at that address.
    pub(crate) fn about(name: &str) -> Option<Value> {
        let (kind, _, status, title, about) = Kind::ALL.iter().find(|row| row.1 == name)?;
        Some(json!({ "type": kind.address(), "status": status, "title": title, "about": about }))
    }
}

/// One item that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Fault {
    /// Where in the body (RFC 6901, as a fragment).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pointer: Option<String>,
    /// Which parameter of the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameter: Option<String>,
    /// What is wrong, and what would be right.
    pub(crate) detail: String,
}

impl Fault {
    pub(crate) fn at(pointer: &str, detail: impl Into<String>) -> Fault {
        Fault { pointer: Some(format!("#{pointer}")), parameter: None, detail: detail.into() }
    }
}

/// What went wrong (RFC 9457).
#[derive(JsonSchema)]
#[schemars(rename = "Problem")]
#[expect(dead_code, reason = "describes what Problem::response writes")]
pub(crate) struct ProblemShape {
    /// Address of this kind of problem: it can be asked for.
    r#type: String,
    title: String,
    status: u16,
    /// What was wrong this time, and what would be right.
    detail: String,
    /// The path that was asked.
    instance: String,
    /// Each item that is wrong.
    errors: Option<Vec<Fault>>,
    /// With `offers`: what would fit.
    offers: Option<Vec<super::offers::OfferShape>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    detail: String,
    errors: Vec<Fault>,
    more: Map<String, Value>,
    retry_after_s: Option<u64>,
    allow: Option<String>,
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Problem {
        Problem {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            more: Map::new(),
            retry_after_s: None,
            allow: None,
        }
    }

    pub(crate) fn invalid(errors: Vec<Fault>) -> Problem {
        let detail = match errors.as_slice() {
            [one] => one.detail.clone(),
            all => format!("{} items are wrong", all.len()),
        };
        Problem { errors, ..Problem::new(Kind::Invalid, detail) }
    }

    pub(crate) fn with_errors(mut self, errors: Vec<Fault>) -> Problem {
        self.errors = errors;
        self
    }

    pub(crate) fn with(mut self, name: &str, value: Value) -> Problem {
        self.more.insert(name.to_owned(), value);
        self
    }

    pub(crate) fn retry_after(mut self, seconds: u64) -> Problem {
        self.retry_after_s = Some(seconds);
        self
    }

    pub(crate) fn allow(mut self, methods: String) -> Problem {
        self.allow = Some(methods);
        self
    }

    /// `instance` is the path that was asked.
    pub(crate) fn response(self, instance: &str) -> Response<Bytes> {
        let status = self.kind.status();
        let mut body = Map::new();
        body.insert("type".to_owned(), json!(self.kind.address()));
        body.insert("title".to_owned(), json!(self.kind.title()));
        body.insert("status".to_owned(), json!(status.as_u16()));
        body.insert("detail".to_owned(), json!(self.detail));
        body.insert("instance".to_owned(), json!(instance));
        if !self.errors.is_empty() {
            body.insert("errors".to_owned(), json!(self.errors));
        }
        body.extend(self.more);
        let mut response = Response::new(Bytes::from(Value::Object(body).to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(allow) = self.allow.and_then(|allow| HeaderValue::from_str(&allow).ok()) {
            headers.insert(header::ALLOW, allow);
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// What a part of Konf could not do, for the log; the caller hears only that.
impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Problem {
        if let Some(refusal) = error.downcast_ref::<crate::operator::Refusal>() {
            return super::refused::desk(refusal);
        }
        if let Some(refusal) = error.downcast_ref::<crate::policies::Refusal>() {
            return super::refused::policy(refusal);
        }
        tracing::error!(error = format!("{error:#}"), "a request by the API could not be answered");
        Problem::new(Kind::Unavailable, "a part of Konf did not answer; send it again")
            .retry_after(5)
    }
}

impl From<konf_ledger::LedgerError> for Problem {
    fn from(error: konf_ledger::LedgerError) -> Problem {
        match error {
            konf_ledger::LedgerError::Invalid(why) => Problem::new(Kind::Conflict, why),
            error => anyhow::Error::from(error).into(),
        }
    }
}
