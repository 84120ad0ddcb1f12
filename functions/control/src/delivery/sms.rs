//! Outgoing SMS by HTTP.

use std::time::Duration;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use hmac::{Hmac, Mac};
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use konf_contract::{Msisdn, UnixMs};
use sha2::Sha256;

use super::Failure;
use crate::config::{Sms, SmsKind};

/// Gateways answer within seconds; a slower one is down.
const PATIENCE: Duration = Duration::from_secs(15);
/// An answer is an id and a status.
const ANSWER_MAX: usize = 64 * 1024;

pub struct SmsGateway {
    sms: Sms,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl SmsGateway {
    pub fn new(sms: Sms) -> Result<Self> {
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(SmsGateway { sms, client: Client::builder(TokioExecutor::new()).build(connector) })
    }

    /// One message of one part. `id` is the same for each attempt, so that a gateway can drop a repeat.
    pub async fn send(
        &self,
        id: &str,
        to: &Msisdn,
        text: &str,
        now: UnixMs,
    ) -> Result<(), Failure> {
        let request = match self.sms.kind {
            SmsKind::Generic => generic(&self.sms, id, to, text, now),
            SmsKind::Twilio => twilio(&self.sms, to, text),
        };
        let request = request.map_err(|error| Failure::Refused(format!("{error:#}")))?;
        let response = match tokio::time::timeout(PATIENCE, self.client.request(request)).await {
            Err(_) => return Err(Failure::Unknown("no answer in time".to_owned())),
            Ok(Err(error)) if error.is_connect() => {
                return Err(Failure::NotReached(error.to_string()));
            }
            Ok(Err(error)) => return Err(Failure::Unknown(error.to_string())),
            Ok(Ok(response)) => response,
        };
        let status = response.status();
        let _ = Limited::new(response.into_body(), ANSWER_MAX).collect().await;
        match status.as_u16() {
            200..=299 => Ok(()),
            408 | 425 | 429 | 500..=599 => {
                Err(Failure::NotReached(format!("the gateway answers {status}")))
            }
            _ => Err(Failure::Refused(format!("the gateway answers {status}"))),
        }
    }
}

/// `{"id", "from", "to", "text"}`, signed as Standard Webhooks ask.
fn generic(
    sms: &Sms,
    id: &str,
    to: &Msisdn,
    text: &str,
    now: UnixMs,
) -> Result<Request<Full<Bytes>>> {
    let body = serde_json::json!({ "id": id, "from": sms.from, "to": to.expose(), "text": text })
        .to_string();
    let timestamp = (now.0 / 1000).to_string();
    let signature = sign(sms.secret.expose(), id, &timestamp, body.as_bytes())?;
    Ok(Request::builder()
        .method(Method::POST)
        .uri(&sms.url)
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signature)
        .body(Full::new(Bytes::from(body)))?)
}

/// `v1,` and the HMAC-SHA256 over `id.timestamp.body`; the secret is `whsec_` and base64.
pub fn sign(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> Result<String> {
    let key = BASE64.decode(secret.strip_prefix("whsec_").unwrap_or(secret))?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key)?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    Ok(format!("v1,{}", BASE64.encode(mac.finalize().into_bytes())))
}

fn twilio(sms: &Sms, to: &Msisdn, text: &str) -> Result<Request<Full<Bytes>>> {
    let account = sms.account.as_deref().unwrap_or_default();
    let pairs = [("To", to.expose()), ("From", &sms.from), ("Body", text)];
    let body: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{name}={}", form_encode(value))).collect();
    let login = BASE64.encode(format!("{account}:{}", sms.secret.expose()));
    Ok(Request::builder()
        .method(Method::POST)
        .uri(format!("{}/2010-04-01/Accounts/{account}/Messages.json", sms.url))
        .header(header::AUTHORIZATION, format!("Basic {login}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::new(Bytes::from(body.join("&"))))?)
}

/// application/x-www-form-urlencoded, every byte but letters, digits and `-_.` escaped.
fn form_encode(text: &str) -> String {
    use std::fmt::Write;
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                encoded.push(char::from(byte))
            }
            b' ' => encoded.push('+'),
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn gateway(kind: SmsKind) -> Sms {
        let secret: Secret = serde_json::from_str("\"whsec_c2VjcmV0c2VjcmV0\"").unwrap();
        Sms {
            kind,
            url: "http://gw.example".into(),
            from: "+420720002233".into(),
            account: Some("AC1".into()),
            secret,
        }
    }

    async fn body(request: Request<Full<Bytes>>) -> String {
        let bytes = request.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn twilio_gets_its_form() {
        let to = Msisdn::parse("606123456").unwrap();
        let request = twilio(&gateway(SmsKind::Twilio), &to, "PIN 1+1 #").unwrap();
        assert_eq!(request.uri(), "http://gw.example/2010-04-01/Accounts/AC1/Messages.json");
        assert_eq!(
            body(request).await,
            "To=%2B420606123456&From=%2B420720002233&Body=PIN+1%2B1+%23"
        );
    }

    #[tokio::test]
    async fn generic_is_signed_over_id_timestamp_and_body() {
        let to = Msisdn::parse("606123456").unwrap();
        let sms = gateway(SmsKind::Generic);
        let request = generic(&sms, "msg-1", &to, "ahoj", UnixMs(1_000_000)).unwrap();
        let signature = request.headers()["webhook-signature"].to_str().unwrap().to_owned();
        let expected =
            sign(sms.secret.expose(), "msg-1", "1000", body(request).await.as_bytes()).unwrap();
        assert_eq!(signature, expected);
    }
}
