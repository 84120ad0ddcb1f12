//! A program that uses Konf's REST API, and an endpoint that is told of events.

use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;
use tiny_http::{Response, Server};

use crate::konf::Konf;
use crate::wait_for;

pub struct Api {
    base: String,
    pub token: String,
}

/// An answer: its status, its body, and where it says that something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub location: Option<String>,
}

impl Api {
    /// With a token of its own, of a customer where `owner` says one.
    pub fn new(konf: &Konf, scopes: &[&str], owner: Option<&str>) -> Result<Api> {
        let mut arguments = vec!["token", "create", "--label", "test", "--json"];
        arguments.extend(scopes.iter().flat_map(|scope| ["--scope", scope]));
        arguments.extend(owner.iter().flat_map(|owner| ["--for", owner]));
        let made: Value = serde_json::from_str(&konf.cli(&arguments)?)?;
        let token = made["token"].as_str().context("no token")?.to_owned();
        Ok(Api { base: format!("http://{}/api/v1", konf.http), token })
    }

    pub fn get(&self, path: &str) -> Result<Answer> {
        self.send("GET", path, None, None)
    }

    /// `key`: the Idempotency-Key.
    pub fn post(&self, path: &str, key: &str, body: &Value) -> Result<Answer> {
        self.send("POST", path, Some(key), Some(body))
    }

    /// A POST without a body.
    pub fn press(&self, path: &str, key: &str) -> Result<Answer> {
        self.send("POST", path, Some(key), None)
    }

    pub fn patch(&self, path: &str, body: &Value) -> Result<Answer> {
        self.send("PATCH", path, None, Some(body))
    }

    pub fn delete(&self, path: &str) -> Result<Answer> {
        self.send("DELETE", path, None, None)
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer> {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(15)))
            .build()
            .new_agent();
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let mut answer = match body {
            Some(body) => {
                let request = request.header("content-type", "application/json");
                agent.run(request.body(body.to_string())?)?
            }
            None => agent.run(request.body(())?)?,
        };
        let location = answer.headers().get("location").and_then(|place| place.to_str().ok());
        let location = location.map(str::to_owned);
        let text = answer.body_mut().read_to_string()?;
        let body =
            serde_json::from_str(&text).with_context(|| format!("{method} {path}: {text}"))?;
        Ok(Answer { status: answer.status().as_u16(), body, location })
    }
}

/// Takes what webhooks are told, and keeps what is signed.
pub struct Endpoint {
    server: Arc<Server>,
    told: Arc<Mutex<Told>>,
    pub url: String,
}

#[derive(Default)]
struct Told {
    secret: String,
    events: Vec<(String, Value)>,
    unsigned: usize,
}

impl Endpoint {
    pub fn start() -> Result<Endpoint> {
        let server = Arc::new(Server::http("127.0.0.1:0").map_err(|error| anyhow!(error))?);
        let url = format!("http://{}/konf", server.server_addr());
        let told = Arc::<Mutex<Told>>::default();
        let (listener, list) = (server.clone(), told.clone());
        std::thread::spawn(move || {
            for mut request in listener.incoming_requests() {
                let mut body = String::new();
                let _ = request.as_reader().take(65_536).read_to_string(&mut body);
                let header = |name: &str| {
                    let found = request
                        .headers()
                        .iter()
                        .find(|header| header.field.as_str().as_str().eq_ignore_ascii_case(name));
                    found.map(|header| header.value.as_str().to_owned()).unwrap_or_default()
                };
                let id = header("webhook-id");
                let mut told = list.lock().unwrap_or_else(PoisonError::into_inner);
                let right = signature(&told.secret, &id, &header("webhook-timestamp"), &body);
                match right == header("webhook-signature") {
                    true => told.events.push((id, serde_json::from_str(&body).unwrap_or_default())),
                    false => told.unsigned += 1,
                }
                let _ = request.respond(Response::empty(204));
            }
        });
        Ok(Endpoint { server, told, url })
    }

    /// What the events are signed with.
    pub fn set_secret(&self, secret: &str) {
        secret.clone_into(&mut self.told().secret);
    }

    /// What was told so far, with the id of each; none of them unsigned.
    pub fn events(&self) -> Result<Vec<(String, Value)>> {
        let told = self.told();
        anyhow::ensure!(told.unsigned == 0, "{} events were not signed", told.unsigned);
        Ok(told.events.clone())
    }

    /// Waits for an event of that kind.
    pub fn wait(&self, kind: &str) -> Result<Value> {
        wait_for(&format!("the event {kind}"), Duration::from_secs(20), || {
            let events = self.events().ok()?;
            events.into_iter().map(|(_, event)| event).find(|event| event["type"] == kind)
        })
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.server.unblock();
    }
}

fn signature(secret: &str, id: &str, timestamp: &str, body: &str) -> String {
    let key = BASE64.decode(secret.trim_start_matches("whsec_")).unwrap_or_default();
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else { return String::new() };
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
}
