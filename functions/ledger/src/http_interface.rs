//! The HTTP interface of [`konf_api::ledger`], without a socket: the functions host answers with it inside the process,
//! and control serves it on an address for components under a real Spin.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use konf_api::ledger::{AdmissionBooking, OrderQuestion, POLICY_HEADER, Sender, SenderQuestion};
use konf_api::policy::{ABOUT_HEADER, About, CHOICE_HEADER};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::error::LedgerError;
use crate::{Ledger, Stamps, error};

/// The longest request: a proposal whose e-mail has an HTML part and an invitation has about 20 kB.
const BODY_BYTES_MAX: usize = 256 << 10;

/// The longest stamp of the host: a dozen policies.
const POLICIES_BYTES_MAX: usize = 2 << 10;

impl Ledger {
    /// Answers a request of the HTTP interface. Errors are JSON `{"error": "…"}`: 400 not understood, 401 wrong token,
    /// 404 no such call, 405 not a POST, 413 too long, 500 something stored is not understood, 503 may be tried again.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        match self.answer(&request).await {
            Ok(reply) => reply.into_response(),
            Err(refusal) => refusal.into_response(),
        }
    }

    async fn answer(&self, request: &Request<Bytes>) -> Answer {
        if !self.authorised(request.headers()) {
            return Err(Refusal::new(StatusCode::UNAUTHORIZED, "the token is missing or wrong"));
        }
        if request.body().len() > BODY_BYTES_MAX {
            let reason = "a request has at most 256 kB";
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, reason));
        }
        let stamps = Stamps {
            policies: stamp(request.headers(), POLICY_HEADER)?,
            choice: stamp(request.headers(), CHOICE_HEADER)?,
        };
        if request.method() == Method::POST {
            self.call(request.uri().path(), request.body(), stamps).await
        } else if CALLS.contains(&request.uri().path()) {
            Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "this call is a POST"))
        } else {
            Err(no_such_call())
        }
    }

    async fn call(&self, path: &str, body: &[u8], stamps: Stamps<'_>) -> Answer {
        let policies = stamps.policies;
        match path {
            "/v1/inbound" => reply(self.inbound(&read(body)?).await),
            "/v1/inbound/answering" => reply(self.inbound_to_answer(&read(body)?).await),
            "/v1/inbound/part" => reply(self.inbound_part(&read(body)?).await),
            "/v1/reports" => reply(self.report(&read(body)?).await),
            "/v1/facts/order" => {
                let question: OrderQuestion = read(body)?;
                told_of_sender(&question.sender, reply(self.order_facts(&question).await)?)
            }
            "/v1/facts/sender" => {
                let question: SenderQuestion = read(body)?;
                told_of_sender(&question.sender, reply(self.sender_facts(&question).await)?)
            }
            "/v1/facts/offers" => reply(self.offers_facts(&read(body)?).await),
            "/v1/facts/booking" => reply(self.booking_facts(&read(body)?).await),
            "/v1/facts/admission" => {
                let facts = self.admission_facts(&read(body)?).await?;
                self.told_of(facts.booking.as_ref(), &facts).await
            }
            "/v1/facts/extension" => {
                let facts = self.extension_facts(&read(body)?).await?;
                self.told_of(facts.booking.as_ref(), &facts).await
            }
            "/v1/facts/statement" => reply(self.statement_facts(&read(body)?).await),
            "/v1/commit" => reply(self.commit(&read(body)?, policies).await),
            "/v1/admissions" => reply(self.admit(&read(body)?, stamps).await),
            "/v1/extensions" => reply(self.extend(&read(body)?, policies).await),
            "/v1/ratings" => reply(self.rate(&read(body)?, policies).await),
            "/v1/sign-ins" => reply(self.sign_in(&read(body)?).await),
            "/v1/sign-ins/confirm" => reply(self.confirm_sign_in(&read(body)?).await),
            "/v1/sessions" => reply(self.session(&read(body)?).await),
            "/v1/sessions/end" => reply(self.end_session(&read(body)?).await),
            "/v1/facts/free" => reply(self.free_facts(&read(body)?).await),
            "/v1/facts/own" => reply(self.own_facts(&read(body)?).await),
            "/v1/facts/change" => reply(self.change_facts(&read(body)?).await),
            "/v1/facts/guests" => reply(self.guests_facts(&read(body)?).await),
            "/v1/guests" => reply(self.invite(&read(body)?).await),
            "/v1/guests/revoke" => reply(self.revoke_guest(&read(body)?).await),
            "/v1/facts/credentials" => reply(self.credentials_facts(&read(body)?).await),
            _ => Err(no_such_call()),
        }
    }

    /// Facts, with word for the host of which conference they are about.
    async fn told_of(&self, booking: Option<&AdmissionBooking>, facts: &impl Serialize) -> Answer {
        // Asked without a booking as well, so that time does not tell which numbers exist.
        let pins = self.pins(booking.map_or("", |booking| &booking.booking)).await?;
        let about = booking.map(|booking| About {
            booking: Some(booking.booking.clone()),
            conference: Some(booking.number.as_str().to_owned()),
            pins: pins.into_iter().collect(),
            ..About::default()
        });
        Ok(Reply { about, ..reply(Ok(facts))? })
    }

    /// Whether a request may ask what components ask.
    pub fn opens_to(&self, headers: &HeaderMap) -> bool {
        self.authorised(headers)
    }

    /// Digests are compared, so that neither the token's bytes nor its length show in time.
    fn authorised(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(AUTHORIZATION).map(|value| value.as_bytes()).unwrap_or_default();
        let Some(given) = given.strip_prefix(b"Bearer ") else { return false };
        let expected = Sha256::digest(self.settings().token.as_bytes());
        Sha256::digest(given).ct_eq(&expected).into()
    }
}

const CALLS: [&str; 26] = [
    "/v1/inbound",
    "/v1/inbound/answering",
    "/v1/inbound/part",
    "/v1/reports",
    "/v1/facts/order",
    "/v1/facts/sender",
    "/v1/facts/offers",
    "/v1/facts/booking",
    "/v1/facts/admission",
    "/v1/facts/extension",
    "/v1/facts/statement",
    "/v1/commit",
    "/v1/admissions",
    "/v1/extensions",
    "/v1/ratings",
    "/v1/sign-ins",
    "/v1/sign-ins/confirm",
    "/v1/sessions",
    "/v1/sessions/end",
    "/v1/facts/free",
    "/v1/facts/own",
    "/v1/facts/change",
    "/v1/facts/guests",
    "/v1/guests",
    "/v1/guests/revoke",
    "/v1/facts/credentials",
];

type Answer = Result<Reply, Refusal>;

/// Facts of an order, with word for the host of the share of all senders that this one is in.
fn told_of_sender(sender: &Sender, facts: Reply) -> Answer {
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(sender.key()).into();
    let share = Some(u32::from_be_bytes([a, b, c, d]) % 100);
    Ok(Reply { about: Some(About { share, ..About::default() }), ..facts })
}

struct Reply {
    body: Bytes,
    about: Option<About>,
}

impl Reply {
    fn into_response(self) -> Response<Bytes> {
        let mut response = respond(StatusCode::OK, self.body);
        let about = self.about.and_then(|about| serde_json::to_vec(&about).ok());
        if let Some(about) = about.and_then(|about| HeaderValue::from_bytes(&about).ok()) {
            response.headers_mut().insert(ABOUT_HEADER, about);
        }
        response
    }
}

struct Refusal {
    status: StatusCode,
    reason: String,
}

impl Refusal {
    fn new(status: StatusCode, reason: &str) -> Self {
        Refusal { status, reason: reason.to_owned() }
    }

    fn into_response(self) -> Response<Bytes> {
        let body = serde_json::json!({ "error": self.reason }).to_string();
        respond(self.status, body.into())
    }
}

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Self {
        let status = match &error {
            LedgerError::Invalid(_) => StatusCode::BAD_REQUEST,
            error if error.may_retry() => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if status.is_server_error() {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a call of the ledger failed"
            );
        }
        Refusal { status, reason: error.to_string() }
    }
}

fn no_such_call() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "there is no such call")
}

fn stamp<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Refusal> {
    let Some(value) = headers.get(name) else { return Ok("") };
    match value.to_str() {
        Ok(text) if text.len() <= POLICIES_BYTES_MAX => Ok(text),
        _ => Err(Refusal::new(StatusCode::BAD_REQUEST, "the policies' header is not understood")),
    }
}

/// Says where the body is wrong and not what stands there: it may be a PIN.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        let what = match error.classify() {
            Category::Syntax => "is no JSON",
            Category::Eof => "ends too early",
            Category::Data | Category::Io => "is not what this call takes",
        };
        let reason = format!("the body {what}: line {}, column {}", error.line(), error.column());
        Refusal { status: StatusCode::BAD_REQUEST, reason }
    })
}

fn reply(result: error::Result<impl Serialize>) -> Answer {
    let value = result?;
    let body = serde_json::to_vec(&value).map_err(|_| LedgerError::Stored("an answer"))?;
    Ok(Reply { body: body.into(), about: None })
}

fn respond(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
