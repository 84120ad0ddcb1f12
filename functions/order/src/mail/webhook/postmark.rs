//! Postmark's inbound stream: JSON with the parsed message, and with the whole one in `RawEmail` where that is switched on.
//!
//! Nothing is signed: the address that Postmark was told has a user and a password, which it sends along.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use konf_api::mail::MailMessage;
use serde::Deserialize;

use super::{compose, envelope_sender};
use crate::gateway::proof::{self, Header};
use crate::gateway::{Delivery, Rejected};

pub(super) const NAME: &str = "postmark";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inbound {
    from: String,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    text_body: String,
    #[serde(default)]
    original_recipient: String,
    #[serde(default)]
    headers: Vec<Field>,
    raw_email: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Field {
    name: String,
    value: String,
}

/// A message has at most 256 header fields.
const FIELDS_MAX: usize = 300;

pub(super) fn receive(delivery: &Delivery<'_>, login: &str) -> Result<MailMessage, Rejected> {
    let unusable = |what| Rejected::NotConfigured { gateway: NAME, what };
    if login.trim().is_empty() {
        return Err(unusable("`postmark_auth` is empty"));
    }
    let expected = Header::read(&format!("basic {}", login.trim()))
        .ok_or(unusable("`postmark_auth` is not USER:PASSWORD, or too short"))?;
    let given = (delivery.headers)(&expected.name).ok_or(Rejected::Credentials)?;
    if !proof::same(given.trim(), &expected.value) {
        return Err(Rejected::Credentials);
    }
    let inbound: Inbound = serde_json::from_slice(delivery.body)
        .map_err(|_| Rejected::Unreadable("expected the JSON of an inbound message"))?;
    let given = inbound.headers.into_iter().take(FIELDS_MAX);
    let mut fields: Vec<(String, String)> = given.map(|field| (field.name, field.value)).collect();
    let from = envelope_sender(&fields, &inbound.from);
    // They stand beside the others.
    fields.push(("From".to_owned(), inbound.from));
    fields.push(("Subject".to_owned(), inbound.subject));
    let raw = match inbound.raw_email {
        Some(whole) if !whole.is_empty() => whole.into_bytes(),
        _ => compose(&fields, "utf-8", inbound.text_body.as_bytes()),
    };
    Ok(MailMessage {
        from,
        to: inbound.original_recipient,
        raw: BASE64_STANDARD.encode(raw),
        authserv_id: None,
        proven: Vec::new(),
    })
}
