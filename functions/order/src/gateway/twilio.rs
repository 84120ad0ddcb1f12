//! Twilio's Programmable Messaging webhook.
//!
//! A form with `MessageSid From To Body`, signed in `X-Twilio-Signature`: base64 of HMAC-SHA1 by the account's auth
//! token over the URL that Twilio was told to call, followed by every parameter's name and value, sorted by name
//! (Twilio's documentation, "Security: validating requests"). There is no time stamp: a repeat is known by its
//! `MessageSid`.
//!
//! A form with `MessageStatus` says what became of a message out. The address that Twilio was given for it has the
//! message's own id in its query ([`REFERENCE`]), which is signed with the rest.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac};
use konf_api::ledger::{DeliveryReport, Fate, InboundMessage};
use sha1::Sha1;

use super::fields::{Fields, is_form};
use super::{Delivery, Item, Received, Rejected};

pub(super) const NAME: &str = "twilio";

/// The answer that sends nothing: an empty TwiML document.
pub const EMPTY_TWIML: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#;

/// The query's parameter with the id of the message that is reported.
pub const REFERENCE: &str = "message";

/// The message or the report, if `auth_token` signed it for `public_url` and the path of this delivery.
pub fn receive(
    delivery: &Delivery<'_>,
    auth_token: &str,
    public_url: &str,
) -> Result<Received, Rejected> {
    let unusable = |what| Rejected::NotConfigured { gateway: NAME, what };
    if auth_token.is_empty() {
        return Err(unusable("`twilio_auth_token` is empty"));
    }
    if public_url.is_empty() {
        return Err(unusable("`public_url` is empty"));
    }
    let signature = delivery.header("x-twilio-signature").ok_or(Rejected::Signature)?;
    let content_type = delivery.header("content-type").unwrap_or_default().to_ascii_lowercase();
    if !is_form(&content_type) {
        return Err(Rejected::Unreadable("expected a form by the content type"));
    }
    let fields = Fields::form(delivery.body);
    verify(auth_token, &url(delivery, public_url), &fields, &signature)?;
    match fields.get("MessageStatus") {
        Some(status) => report(delivery, &fields, status),
        None => message(&fields).map(|message| Received::one(Item::Message(message))),
    }
}

fn message(fields: &Fields) -> Result<InboundMessage, Rejected> {
    Ok(InboundMessage {
        gateway: NAME.to_owned(),
        gateway_id: Some(fields.need("MessageSid")?.to_owned()),
        sender: fields.sender("From")?,
        recipient: fields.need("To")?.to_owned(),
        text: fields.get("Body").ok_or(Rejected::MissingField("Body"))?.to_owned(),
        mail: None,
    })
}

/// On its way (`queued`, `sending`, `sent`) is no end.
fn report(delivery: &Delivery<'_>, fields: &Fields, status: &str) -> Result<Received, Rejected> {
    let fate = match status {
        "delivered" | "read" => Fate::Delivered,
        "undelivered" | "failed" | "canceled" => {
            let code = fields.get("ErrorCode").unwrap_or("none");
            Fate::Undelivered { reason: format!("{status}, error {code}") }
        }
        _ => return Ok(Received::default()),
    };
    let reference = Fields::form(delivery.query.as_bytes()).get(REFERENCE).map(str::to_owned);
    let gateway_id = Some(fields.need("MessageSid")?.to_owned());
    Ok(Received::one(Item::Report(DeliveryReport { reference, gateway_id, fate })))
}

/// What Twilio was told to call. The `Host` header is a proxy's or a stranger's word.
fn url(delivery: &Delivery<'_>, public_url: &str) -> String {
    let base = public_url.trim().trim_end_matches('/');
    match delivery.query {
        "" => format!("{base}{}", delivery.path),
        query => format!("{base}{}?{query}", delivery.path),
    }
}

fn verify(auth_token: &str, url: &str, fields: &Fields, signature: &str) -> Result<(), Rejected> {
    let signature = BASE64_STANDARD.decode(signature.trim()).map_err(|_| Rejected::Signature)?;
    let mut mac =
        Hmac::<Sha1>::new_from_slice(auth_token.as_bytes()).map_err(|_| Rejected::Signature)?;
    mac.update(url.as_bytes());
    // A set, as in Twilio's own libraries: a pair that comes twice is signed once.
    let sorted: BTreeSet<_> = fields.0.iter().collect();
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    mac.verify_slice(&signature).map_err(|_| Rejected::Signature)
}

#[cfg(test)]
mod tests;
