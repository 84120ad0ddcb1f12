//! An SMS gateway: sends signed messages to Konf and takes those that Konf sends.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha1::Sha1;
use sha2::Sha256;
use tiny_http::{Response, Server};

use crate::wait_for;

/// base64 of "a secret of the tests only".
pub const SECRET: &str = "whsec_YSBzZWNyZXQgb2YgdGhlIHRlc3RzIG9ubHk=";

/// A message that Konf sent.
#[derive(Clone)]
pub struct Sms {
    pub to: String,
    pub text: String,
}

pub struct Gateway {
    server: Arc<Server>,
    taken: Arc<Mutex<Vec<Sms>>>,
    down: Arc<AtomicBool>,
    pub url: String,
}

impl Gateway {
    pub fn start() -> Result<Gateway> {
        let server = Arc::new(Server::http("127.0.0.1:0").map_err(|error| anyhow!(error))?);
        let url = format!("http://{}/send", server.server_addr());
        let taken = Arc::<Mutex<Vec<Sms>>>::default();
        let down = Arc::new(AtomicBool::new(false));
        let (listener, list, out_of_service) = (server.clone(), taken.clone(), down.clone());
        std::thread::spawn(move || {
            for mut request in listener.incoming_requests() {
                if out_of_service.load(Ordering::Relaxed) {
                    let _ = request.respond(Response::from_string("down").with_status_code(503));
                    continue;
                }
                let mut body = String::new();
                let read = request.as_reader().take(65_536).read_to_string(&mut body);
                let signed = read.is_ok() && signature_fits(&request, &body);
                let sms: Value = serde_json::from_str(&body).unwrap_or_default();
                if signed && let (Some(to), Some(text)) = (sms["to"].as_str(), sms["text"].as_str())
                {
                    let sms = Sms { to: to.to_owned(), text: text.to_owned() };
                    list.lock().unwrap_or_else(PoisonError::into_inner).push(sms);
                    let _ = request.respond(Response::from_string("{}"));
                } else {
                    let _ =
                        request.respond(Response::from_string("not signed").with_status_code(401));
                }
            }
        });
        Ok(Gateway { server, taken, down, url })
    }

    /// While it is down every message is answered 503.
    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::Relaxed);
    }

    /// All that Konf has sent to `number` so far.
    pub fn taken(&self, number: &str) -> Vec<Sms> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.iter().filter(|sms| sms.to == number).cloned().collect()
    }

    /// Waits until `number` has got a message with `part` in it.
    pub fn wait(&self, number: &str, part: &str) -> Result<Sms> {
        wait_for(&format!("an SMS with {part:?}"), Duration::from_secs(15), || {
            self.taken(number).into_iter().find(|sms| sms.text.contains(part))
        })
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.server.unblock();
    }
}

fn signature_fits(request: &tiny_http::Request, body: &str) -> bool {
    let header = |name: &str| {
        let found = request
            .headers()
            .iter()
            .find(|header| header.field.as_str().as_str().eq_ignore_ascii_case(name));
        found.map(|header| header.value.as_str().to_owned()).unwrap_or_default()
    };
    header("webhook-signature") == sign(&header("webhook-id"), &header("webhook-timestamp"), body)
}

pub(crate) fn base64(text: &str) -> String {
    BASE64.encode(text)
}

/// As Standard Webhooks ask: `v1,` and the HMAC-SHA256 over `id.timestamp.body`.
pub fn sign(id: &str, timestamp: &str, body: &str) -> String {
    let key = BASE64.decode(SECRET.trim_start_matches("whsec_")).unwrap_or_default();
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else { return String::new() };
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
}

/// Twilio's signature: HMAC-SHA1 over the URL and the sorted parameters, each with its value.
pub fn twilio_signature(token: &str, url: &str, parameters: &[(&str, &str)]) -> String {
    let mut sorted = parameters.to_vec();
    sorted.sort_unstable();
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token.as_bytes()) else { return String::new() };
    mac.update(url.as_bytes());
    sorted.iter().for_each(|(name, value)| mac.update(format!("{name}{value}").as_bytes()));
    BASE64.encode(mac.finalize().into_bytes())
}

/// The numbers of `digits` digits in a text.
pub fn number_of(text: &str, digits: usize) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|part| part.len() == digits)
        .map(str::to_owned)
        .collect()
}
