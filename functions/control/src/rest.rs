//! The REST API: `/api/v1…`, with tokens that have scopes (`konf token create`). `GET /api/v1/openapi.json` describes it.
//!
//! A request goes this way: [`route`] finds who answers it, [`token`] who asks, [`rate`] whether it comes too often,
//! [`schema`] whether body and query are what the document says, [`keep`] whether it was answered before. What changes
//! something is noted in the audit, and then done the same way as by a message or at the desk. What goes wrong is a
//! [`problem`].

mod conferences;
mod keep;
mod meta;
mod offers;
mod openapi;
mod ordering;
mod policies;
mod problem;
mod rate;
mod refused;
mod requests;
mod rooms;
mod route;
mod schema;
mod time;
pub mod token;
pub mod tokens;
mod webhooks;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use konf_ledger::{Begun, Once};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::config::Api;
use crate::operator::Desk;
use crate::rooms::Rooms;
use problem::{Fault, Kind, Problem};
use rate::Rates;
use route::{Answer, Call, Query, Route};
use token::Caller;

pub const PATH: &str = "/api/v1";

/// A UUID has 36 characters; nobody's key is longer than this.
const KEY_CHARACTERS_MAX: usize = 128;
/// Of a path, in the audit.
const NOTED_CHARACTERS_MAX: usize = 100;

/// Answers the API. Cheap to share.
pub struct Rest {
    desk: Arc<Desk>,
    rooms: Rooms,
    rates: Mutex<Rates>,
    /// Whether webhooks may be of the inside.
    private_webhooks: bool,
    began: Instant,
}

impl Rest {
    #[expect(clippy::disallowed_methods, reason = "the shell measures by the monotonic clock")]
    pub fn new(desk: Arc<Desk>, rooms: Rooms, settings: &Api) -> Rest {
        Rest {
            desk,
            rooms,
            rates: Mutex::new(Rates::new(settings.requests_per_minute)),
            private_webhooks: settings.private_webhooks,
            began: Instant::now(),
        }
    }

    /// Answers what is at or below [`PATH`].
    pub async fn handle(self: &Arc<Self>, request: Request<Bytes>) -> Response<Bytes> {
        let instance = request.uri().path().to_owned();
        match self.answer(request).await {
            Ok(response) => response,
            Err(problem) => problem.response(&instance),
        }
    }

    /// Whether this is the head of a request that brings a component, from somebody who may.
    pub async fn takes_package(&self, head: &http::request::Parts) -> bool {
        let below = head.uri.path().strip_prefix(PATH).unwrap_or_default();
        head.method == Method::POST
            && policies::PUSH.contains(&below)
            && token::caller(&self.desk.ledger, &head.headers)
                .await
                .is_ok_and(|caller| caller.scopes.contains(&token::Scope::PoliciesWrite))
    }

    async fn answer(self: &Arc<Self>, request: Request<Bytes>) -> Result<Response<Bytes>, Problem> {
        let below = request.uri().path().strip_prefix(PATH).unwrap_or_default();
        let (route, parts) = route::find(request.method(), below)?;
        let caller = match route.scope {
            Some(_) => Some(self.admit(route, &request).await?),
            None => None,
        };
        let query = Query::read(request.uri().query().unwrap_or_default(), route.query)?;
        let body = body(route, &request)?;
        let key = key(route, &request)?;
        let call = Call { rest: self.clone(), caller, parts, query, body, once: String::new() };
        match (key, call.caller.clone()) {
            (Some(key), Some(caller)) => {
                let asked = Once { token: caller.token.clone(), key, request: digest(&request) };
                self.once(route, call, &caller, asked, request.uri().path().to_owned()).await
            }
            _ => {
                let once = konf_once().map_err(Problem::from)?;
                let path = request.uri().path().to_owned();
                Ok(finished(run(route, Call { once, ..call }, &path).await?))
            }
        }
    }

    /// Who asks, if the token reaches so far and does not come too often.
    async fn admit(&self, route: &Route, request: &Request<Bytes>) -> Result<Caller, Problem> {
        let caller = token::caller(&self.desk.ledger, request.headers()).await?;
        let now = self.began.elapsed();
        let taken = {
            let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
            rates.take(&caller.token, now)
        };
        if let Err(seconds) = taken {
            let often = "this token sends more requests than [api] of konf.toml lets it";
            return Err(Problem::new(Kind::TooMany, often).retry_after(seconds));
        }
        match route.scope {
            Some(scope) if !caller.scopes.contains(&scope) => {
                let needed = format!("this needs a token with the scope {}", scope.name());
                Err(Problem::new(Kind::Forbidden, needed))
            }
            _ => Ok(caller),
        }
    }

    /// Works on it unless that was done before. Goes on when the caller hangs up, so that its answer is there to be asked
    /// for again.
    async fn once(
        self: &Arc<Self>,
        route: &'static Route,
        call: Call,
        caller: &Caller,
        asked: Once,
        path: String,
    ) -> Result<Response<Bytes>, Problem> {
        let once = match self.desk.ledger.begin(&asked).await? {
            Begun::New { once } => once,
            Begun::Running => {
                let running = "the first request under this key is still worked on";
                return Err(Problem::new(Kind::KeyInUse, running).retry_after(1));
            }
            Begun::Other => {
                let other = "this Idempotency-Key was used for another request within a day";
                return Err(Problem::new(Kind::KeyReused, other));
            }
            Begun::Answered(sealed) => {
                let opened = keep::open(&sealed, &caller.secret, &asked);
                let mut response = opened.ok_or_else(|| {
                    tracing::error!("an answer that was kept cannot be opened");
                    Problem::new(Kind::Internal, "what was answered before cannot be read")
                })?;
                let again = HeaderValue::from_static("true");
                response.headers_mut().insert("idempotency-replayed", again);
                return Ok(response);
            }
        };
        let (ledger, secret) = (self.desk.ledger.clone(), caller.secret.clone());
        let (of, at) = (asked.clone(), path.clone());
        let working = tokio::spawn(async move {
            let response = match run(route, Call { once, ..call }, &path).await {
                Ok(answer) => finished(answer),
                Err(problem) => problem.response(&path),
            };
            // What could not be done now may be tried again under the same key.
            let sealed = match response.status().is_server_error() {
                true => None,
                false => keep::seal(&response, &secret, &asked),
            };
            if let Err(error) = ledger.finish(&asked, sealed.as_deref()).await {
                tracing::error!(%error, "an answer could not be kept");
            }
            response
        });
        match working.await {
            Ok(response) => Ok(response),
            Err(error) => {
                tracing::error!(%error, path = at, "a request by the API was cut off");
                let _ = self.desk.ledger.finish(&of, None).await;
                Err(Problem::new(Kind::Internal, "Konf has made a mistake; the log says what"))
            }
        }
    }
}

/// What is said of a body that could not be read.
pub fn unread(path: &str, status: StatusCode, why: &str) -> Response<Bytes> {
    let kind = match status {
        StatusCode::PAYLOAD_TOO_LARGE => Kind::TooLong,
        StatusCode::REQUEST_TIMEOUT => Kind::Timeout,
        _ => Kind::Malformed,
    };
    Problem::new(kind, why).response(path)
}

/// A line of the audit, then the deed.
async fn run(route: &Route, call: Call, path: &str) -> Result<Answer, Problem> {
    if let Some(caller) = call.caller.as_ref().filter(|_| openapi::is_change(route))
        && !route.noted_below
    {
        let subject: String =
            path.trim_start_matches(PATH).chars().take(NOTED_CHARACTERS_MAX).collect();
        call.rest.desk.ledger.note(&caller.name(), route.id, &subject, "").await?;
    }
    (route.run)(call).await
}

fn konf_once() -> anyhow::Result<String> {
    use rand::TryRngCore;
    let mut bits = [0; 16];
    rand::rngs::OsRng.try_fill_bytes(&mut bits)?;
    Ok(format!("once-{:032x}", u128::from_be_bytes(bits)))
}

fn finished(answer: Answer) -> Response<Bytes> {
    let mut response = crate::server::json(answer.status, &answer.body);
    let location = answer.location.and_then(|location| HeaderValue::from_str(&location).ok());
    if let Some(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// The body, as the document describes it.
fn body(route: &Route, request: &Request<Bytes>) -> Result<Value, Problem> {
    let Some(schema) = openapi::body_schema(route) else {
        return match request.body().is_empty() {
            true => Ok(Value::Object(Map::new())),
            false => Err(Problem::new(Kind::Malformed, "this takes no body")),
        };
    };
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(Kind::MediaType, "send Content-Type: application/json"));
    }
    let body: Value = serde_json::from_slice(request.body()).map_err(|error| {
        let at = format!("the body is no JSON: line {}, column {}", error.line(), error.column());
        Problem::new(Kind::Malformed, at)
    })?;
    let faults = schema::check(&body, schema, openapi::named());
    if faults.is_empty() { Ok(body) } else { Err(Problem::invalid(faults)) }
}

/// The key under which it is done once, where there is one.
fn key(route: &Route, request: &Request<Bytes>) -> Result<Option<String>, Problem> {
    let Some(given) = request.headers().get("idempotency-key") else { return Ok(None) };
    if !openapi::is_change(route) {
        return Ok(None);
    }
    let good = given.as_bytes().iter().all(u8::is_ascii_graphic);
    if given.is_empty() || given.len() > KEY_CHARACTERS_MAX || !good {
        let wanted = "Idempotency-Key has 1 to 128 visible ASCII characters, such as a UUID";
        let fault = Fault {
            pointer: None,
            parameter: Some("Idempotency-Key".to_owned()),
            detail: wanted.to_owned(),
        };
        return Err(Problem::new(Kind::Malformed, wanted).with_errors(vec![fault]));
    }
    Ok(given.to_str().ok().map(str::to_owned))
}

/// Of what is asked for.
fn digest(request: &Request<Bytes>) -> String {
    let mut hash = Sha256::new();
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    for part in [request.method().as_str().as_bytes(), target.as_bytes(), request.body()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    format!("{:x}", hash.finalize())
}

#[cfg(test)]
mod tests;
