//! Mailgun's routes: a form with the parsed message, or, to an address that ends in `mime`, with the whole one.
//!
//! `signature` is HMAC-SHA256 in hexadecimal over `timestamp` and `token`, by the signing key of the account. Nothing of the
//! message is signed, so that TLS has to keep it; a delivery that comes again is the same message by its id.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac};
use konf_api::mail::MailMessage;
use sha2::Sha256;

use super::form::Form;
use super::{compose, envelope_sender};
use crate::gateway::{Delivery, Rejected};

pub(super) const NAME: &str = "mailgun";

/// Each try is signed anew. Seconds.
const TOLERANCE_S: i64 = 300;

/// A header has some 40 fields, and a message at most 256.
const FIELDS_MAX: usize = 300;

pub(super) fn receive(delivery: &Delivery<'_>, key: &str) -> Result<MailMessage, Rejected> {
    if key.trim().is_empty() {
        let what = "`mailgun_signing_key` is empty";
        return Err(Rejected::NotConfigured { gateway: NAME, what });
    }
    let form = Form::of(delivery)?;
    verify(&form, key.trim(), delivery.now.0.div_euclid(1_000))?;
    let headers = form.text("message-headers").unwrap_or_default();
    let mut fields: Vec<(String, String)> =
        serde_json::from_str(&headers).map_err(|_| Rejected::MissingField("message-headers"))?;
    fields.truncate(FIELDS_MAX);
    let raw = match form.octets("body-mime") {
        Some(whole) => whole.to_vec(),
        None => {
            let text = form.octets("body-plain").ok_or(Rejected::MissingField("body-plain"))?;
            compose(&fields, "utf-8", text)
        }
    };
    Ok(MailMessage {
        from: envelope_sender(&fields, &form.text("sender").unwrap_or_default()),
        to: form.need("recipient")?,
        raw: BASE64_STANDARD.encode(raw),
        authserv_id: None,
        proven: Vec::new(),
    })
}

fn verify(form: &Form, key: &str, now_s: i64) -> Result<(), Rejected> {
    let field = |name| form.text(name).ok_or(Rejected::Signature);
    let (timestamp, token, signature) = (field("timestamp")?, field("token")?, field("signature")?);
    let signature = from_hex(&signature).ok_or(Rejected::Signature)?;
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_err(|_| Rejected::Signature)?;
    mac.update(timestamp.as_bytes());
    mac.update(token.as_bytes());
    mac.verify_slice(&signature).map_err(|_| Rejected::Signature)?;
    let sent_s: i64 = timestamp.parse().map_err(|_| Rejected::Signature)?;
    match now_s.saturating_sub(sent_s).saturating_abs() > TOLERANCE_S {
        true => Err(Rejected::Stale),
        false => Ok(()),
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let text = text.trim().as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
    if text.len() != 64 {
        return None;
    }
    text.chunks(2).map(|pair| Some((digit(pair[0])? << 4) | digit(pair[1])?)).collect()
}
