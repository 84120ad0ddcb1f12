//! The component's door: HTTP in, HTTP out, variables, the clock.
//!
//! | variable | |
//! |---|---|
//! | `ledger_url`, `ledger_token` | where the ledger answers, and the token that it asks for |
//! | `public_url` | how people reach these pages: whether cookies are for TLS, and where links lead |
//! | `order_number`, `access_number` | what people send orders to, and what they dial |

use std::time::{SystemTime, UNIX_EPOCH};

use futures::StreamExt;
use konf_contract::UnixMs;
use serde::Serialize;
use serde::de::DeserializeOwned;
use spin_sdk::http::{IncomingRequest, Method, Request, Response, send};
use spin_sdk::{http_component, variables};

use crate::answer::Answer;
use crate::asked::{self, Asked, Raw};
use crate::cookie::Cookies;
use crate::outside::{CallError, Callee, Outside};
use crate::site::{Settings, Site};

#[http_component]
async fn handle(request: IncomingRequest) -> Response {
    let settings = settings();
    let method = match request.method() {
        Method::Get | Method::Head => asked::Method::Get,
        Method::Post => asked::Method::Post,
        _ => asked::Method::Other,
    };
    let target = request.path_with_query().unwrap_or_default();
    let headers = request.headers().entries();
    let header = |name: &str| {
        let found = headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found
            .filter_map(|(_, value)| std::str::from_utf8(value).ok())
            .collect::<Vec<_>>()
            .join("; ")
    };
    let (cookie, language, fetch_site) =
        (header("cookie"), header("accept-language"), header("sec-fetch-site"));
    let client = header("spin-client-addr");
    let Some(body) = bounded_body(request).await else {
        return plain(413, "That is longer than any form of these pages.");
    };
    let raw = Raw {
        method,
        target: &target,
        cookie: &cookie,
        accept_language: &language,
        fetch_site: &fetch_site,
        client: &client,
        body: &body,
        now: clock(),
    };
    match Asked::read(&raw, &settings.cookies) {
        Some(asked) => respond(Site { outside: &World, settings: &settings }.answer(&asked).await),
        None => plain(413, "That is longer than any form of these pages."),
    }
}

struct World;

impl Outside for World {
    async fn call<Q: Serialize, A: DeserializeOwned>(
        &self,
        callee: Callee,
        path: &str,
        question: &Q,
    ) -> Result<A, CallError> {
        let base = match callee {
            Callee::Ledger => variable("ledger_url"),
            Callee::Order => "http://order.spin.internal".to_owned(),
            Callee::Schedule => "http://schedule.spin.internal".to_owned(),
            Callee::Credentials => "http://credentials.spin.internal".to_owned(),
            Callee::Billing => "http://billing.spin.internal".to_owned(),
        };
        let body = serde_json::to_vec(question).map_err(|_| CallError::Malformed(callee))?;
        let mut request = Request::builder();
        request
            .method(Method::Post)
            .uri(format!("{}{path}", base.trim_end_matches('/')))
            .header("content-type", "application/json");
        if callee == Callee::Ledger {
            request.header("authorization", format!("Bearer {}", variable("ledger_token")));
        }
        let response: Response =
            send(request.body(body).build()).await.map_err(|_| CallError::Unreachable(callee))?;
        match *response.status() {
            200 => {
                serde_json::from_slice(response.body()).map_err(|_| CallError::Malformed(callee))
            }
            status => Err(CallError::Refused { callee, path: path.to_owned(), status }),
        }
    }

    fn random(&self) -> [u8; 32] {
        let mut bits = [0; 32];
        bits.iter_mut()
            .zip(wasi::random::random::get_random_bytes(32))
            .for_each(|(bit, drawn)| *bit = drawn);
        bits
    }
}

/// None when it is longer than any form of ours.
async fn bounded_body(request: IncomingRequest) -> Option<Vec<u8>> {
    let mut chunks = std::pin::pin!(request.into_body_stream());
    let mut body = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.ok()?;
        if body.len() + chunk.len() > asked::BODY_BYTES_MAX {
            return None;
        }
        body.extend(chunk);
    }
    Some(body)
}

fn settings() -> Settings {
    let public_url = variable("public_url").trim_end_matches('/').to_owned();
    Settings {
        cookies: Cookies::of(&public_url),
        public_url,
        order_number: variable("order_number"),
        access_number: variable("access_number"),
    }
}

fn respond(answer: Answer) -> Response {
    let mut response = Response::builder();
    response.status(answer.status);
    for (name, value) in answer.headers {
        response.header(name, value);
    }
    response.body(answer.body).build()
}

fn plain(status: u16, text: &str) -> Response {
    Response::builder()
        .status(status)
        .header("content-type", "text/plain; charset=utf-8")
        .body(text)
        .build()
}

/// A variable that the manifest does not give is as good as an empty one.
fn variable(name: &str) -> String {
    variables::get(name).unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "the shell reads the clock, to show what is ahead")]
fn clock() -> UnixMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
