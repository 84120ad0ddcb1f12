//! What each gateway is asked, as its documentation says.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use hmac::{Hmac, Mac};
use http::{Method, Request, header};
use http_body_util::Full;
use konf_contract::UnixMs;
use serde_json::{Value, json};
use sha2::Sha256;

use super::Outgoing;
use crate::config::{Secret, Sms};

type Asked = Result<Request<Full<Bytes>>>;

/// `{"id", "from", "to", "text"}`, signed as Standard Webhooks ask.
pub(super) fn generic(sms: &Sms, message: &Outgoing<'_>, now: UnixMs) -> Asked {
    let Outgoing { id, to, text, .. } = *message;
    let body = json!({ "id": id, "from": sms.from, "to": to.expose(), "text": text }).to_string();
    let timestamp = (now.0 / 1000).to_string();
    let signature = sign(sms.secret.expose(), id, &timestamp, body.as_bytes())?;
    Ok(post(&sms.url)
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

/// Twilio calls back only over https; the address holds the message's own id, and Twilio signs it with the rest.
pub(super) fn twilio(sms: &Sms, message: &Outgoing<'_>, public_url: &str) -> Asked {
    let account = sms.account.as_deref().unwrap_or_default();
    let callback = format!("{public_url}/sms/twilio?message={}", message.reference);
    let mut pairs = vec![("To", message.to.expose()), ("From", &sms.from), ("Body", message.text)];
    if public_url.starts_with("https://") {
        pairs.push(("StatusCallback", &callback));
    }
    let login = BASE64.encode(format!("{account}:{}", sms.secret.expose()));
    let url = format!("{}/2010-04-01/Accounts/{account}/Messages.json", sms.url);
    form(post(url).header(header::AUTHORIZATION, format!("Basic {login}")), &pairs)
}

/// The report goes where the subscription says, which sends the agreed header along.
pub(super) fn infobip(sms: &Sms, message: &Outgoing<'_>) -> Asked {
    let body = json!({ "messages": [{
        "sender": sms.from,
        "destinations": [{ "to": plain(message.to.expose()) }],
        "content": { "text": message.text },
        "webhooks": { "callbackData": message.reference },
    }] });
    let key = format!("App {}", sms.secret.expose());
    json_of(post(format!("{}/sms/3/messages", sms.url)).header(header::AUTHORIZATION, key), &body)
}

/// A number is an own sender, anything else a text one.
pub(super) fn bulkgate(sms: &Sms, message: &Outgoing<'_>) -> Asked {
    let is_number = plain(&sms.from).bytes().all(|byte| byte.is_ascii_digit());
    let body = json!({
        "application_id": sms.account,
        "application_token": sms.secret.expose(),
        "number": plain(message.to.expose()),
        "text": message.text,
        "unicode": false,
        "sender_id": if is_number { "gOwn" } else { "gText" },
        "sender_id_value": plain(&sms.from),
    });
    json_of(post(format!("{}/api/1.0/simple/transactional", sms.url)), &body)
}

pub(super) fn gosms_token(sms: &Sms) -> Asked {
    let pairs = [
        ("client_id", sms.account.as_deref().unwrap_or_default()),
        ("client_secret", sms.secret.expose()),
        ("grant_type", "client_credentials"),
    ];
    form(post(format!("{}/oauth/v2/token", sms.url)), &pairs)
}

/// `from` is the number of a channel.
pub(super) fn gosms(sms: &Sms, message: &Outgoing<'_>, token: Option<&Secret>) -> Asked {
    let channel: u64 = sms.from.parse().context("sms.from is not the number of a channel")?;
    let body = json!({
        "message": message.text,
        "recipients": message.to.expose(),
        "channel": channel,
    });
    let token = format!("Bearer {}", token.map_or("", Secret::expose));
    json_of(
        post(format!("{}/api/v1/messages", sms.url)).header(header::AUTHORIZATION, token),
        &body,
    )
}

pub(super) fn gosms_replies(sms: &Sms, id: &str, token: &Secret) -> Asked {
    let id: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
    Ok(Request::get(format!("{}/api/v1/messages/{id}/replies", sms.url))
        .header(header::AUTHORIZATION, format!("Bearer {}", token.expose()))
        .body(Full::default())?)
}

pub(super) fn telnyx(sms: &Sms, message: &Outgoing<'_>) -> Asked {
    let body = json!({
        "from": sms.from,
        "to": message.to.expose(),
        "text": message.text,
        "tags": [message.reference],
    });
    let key = format!("Bearer {}", sms.secret.expose());
    json_of(post(format!("{}/v2/messages", sms.url)).header(header::AUTHORIZATION, key), &body)
}

pub(super) fn vonage(sms: &Sms, message: &Outgoing<'_>) -> Asked {
    let pairs = [
        ("api_key", sms.account.as_deref().unwrap_or_default()),
        ("api_secret", sms.secret.expose()),
        ("from", plain(&sms.from)),
        ("to", plain(message.to.expose())),
        ("text", message.text),
        ("client-ref", message.reference),
    ];
    form(post(format!("{}/sms/json", sms.url)), &pairs)
}

fn post(url: impl AsRef<str>) -> http::request::Builder {
    Request::builder().method(Method::POST).uri(url.as_ref())
}

fn json_of(request: http::request::Builder, body: &Value) -> Asked {
    let body = Full::new(Bytes::from(body.to_string()));
    Ok(request.header(header::CONTENT_TYPE, "application/json").body(body)?)
}

fn form(request: http::request::Builder, pairs: &[(&str, &str)]) -> Asked {
    let pairs: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{name}={}", form_encode(value))).collect();
    Ok(request
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::new(Bytes::from(pairs.join("&"))))?)
}

/// A number without its plus.
fn plain(number: &str) -> &str {
    number.strip_prefix('+').unwrap_or(number)
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
