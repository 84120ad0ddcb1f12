//! The development mailbox: takes what Konf sends, by SMTP and by the generic SMS gateway's interface, and shows it on
//! a page. Its messages hold PINs: it listens only when `[development]` is configured, never in a deployment.

mod page;
mod smtp;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use konf_contract::UnixMs;
use serde::Deserialize;
use tokio::net::TcpListener;

/// As many as one looks through; older ones are forgotten.
const KEPT_MAX: usize = 200;

#[derive(Clone, Default)]
pub struct Mailbox(Arc<Mutex<VecDeque<Kept>>>);

#[derive(Clone, serde::Serialize)]
struct Kept {
    at: UnixMs,
    kind: &'static str,
    to: String,
    subject: String,
    text: String,
}

#[derive(Deserialize)]
struct SmsBody {
    id: String,
    to: String,
    text: String,
}

impl Mailbox {
    fn keep(&self, kept: Kept) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.truncate(KEPT_MAX - 1);
        all.push_front(kept);
    }

    /// Takes SMTP on `address` until the process ends.
    pub async fn listen(&self, address: SocketAddr) -> Result<SocketAddr> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address} (development.smtp_listen)"))?;
        let bound = listener.local_addr()?;
        tokio::spawn(smtp::serve(listener, self.clone()));
        Ok(bound)
    }

    /// `GET /mailbox`, `GET /mailbox.json` and `POST /mailbox/sms`; other paths are not the mailbox's.
    pub fn handle(&self, request: &Request<Bytes>, now: UnixMs) -> Option<Response<Bytes>> {
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/mailbox") => Some(self.page()),
            (&Method::GET, "/mailbox.json") => Some(self.json()),
            (&Method::POST, "/mailbox/sms") => Some(self.take_sms(request.body(), now)),
            _ => None,
        }
    }

    fn take_sms(&self, body: &[u8], now: UnixMs) -> Response<Bytes> {
        match serde_json::from_slice::<SmsBody>(body) {
            Ok(sms) => {
                let answer = serde_json::json!({ "id": sms.id }).to_string();
                self.keep(Kept {
                    at: now,
                    kind: "SMS",
                    to: sms.to,
                    subject: String::new(),
                    text: sms.text,
                });
                respond(StatusCode::OK, "application/json", answer)
            }
            Err(error) => {
                respond(StatusCode::BAD_REQUEST, "text/plain; charset=utf-8", error.to_string())
            }
        }
    }

    fn snapshot(&self) -> Vec<Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn json(&self) -> Response<Bytes> {
        let text = serde_json::to_string_pretty(&self.snapshot()).unwrap_or_default();
        respond(StatusCode::OK, "application/json", text)
    }

    fn page(&self) -> Response<Bytes> {
        let page = page::render(&self.snapshot());
        let mut response = respond(StatusCode::OK, "text/html; charset=utf-8", page);
        let policy = HeaderValue::from_static(page::CONTENT_SECURITY_POLICY);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        response
    }
}

fn respond(status: StatusCode, kind: &str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    if let Ok(kind) = kind.parse() {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
}
