//! The operators' desk in a browser: `GET /desk/policies` shows which policies decide and how they do.
//!
//! The browser asks for a name, which is not looked at, and a password: the operators' token. Pages only show; what changes
//! something is done by `konf policy …`, which no other page can make a browser do.
//!
//! # To add a page
//!
//! A module below that makes markup of what an operator's call answers, through [`markup`], and an arm in [`handle`].

mod markup;
mod policies;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};

use crate::clock;
use crate::operator::Desk;
use crate::server;
use markup::Tongue;

pub const PATH: &str = "/desk";

/// Answers what is below [`PATH`].
pub async fn handle(desk: &Desk, request: &Request<Bytes>) -> Response<Bytes> {
    if !desk.opens_to(&password(request.headers()).unwrap_or_default()) {
        return ask_for_password();
    }
    let tongue = Tongue::of(request);
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/desk" | "/desk/") => moved_to("/desk/policies"),
        (&Method::GET, "/desk/policies") => match desk.policy_lines().await {
            Ok((lines, audit)) => page(&policies::page(tongue, &lines, &audit, clock::now())),
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "the page of policies failed");
                server::fault(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "the ledger could not answer; see the log",
                )
            }
        },
        _ => server::fault(StatusCode::NOT_FOUND, "known is /desk/policies"),
    }
}

/// Of `Authorization: Basic …` (RFC 7617): what is behind the first colon.
fn password(headers: &HeaderMap) -> Option<String> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = given.split_once(' ')?;
    let plain = STANDARD.decode(credentials.trim()).ok()?;
    let plain = String::from_utf8(plain).ok()?;
    let password = plain.split_once(':')?.1.to_owned();
    scheme.eq_ignore_ascii_case("basic").then_some(password)
}

fn ask_for_password() -> Response<Bytes> {
    let mut response = server::fault(
        StatusCode::UNAUTHORIZED,
        "sign in with any name and operator_token of konf.toml as the password",
    );
    let challenge = HeaderValue::from_static("Basic realm=\"Konf desk\", charset=\"UTF-8\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}

fn moved_to(path: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(path));
    response
}

fn page(markup: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(markup.to_owned()));
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    if let Ok(policy) = markup::content_security_policy().parse() {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

#[cfg(test)]
mod tests;
