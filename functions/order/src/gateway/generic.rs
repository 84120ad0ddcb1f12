//! Konf's own form of delivery: Standard Webhooks (standardwebhooks.com, version 1).
//!
//! `POST /sms/generic` with `webhook-id`, `webhook-timestamp` (seconds) and `webhook-signature`, one or several
//! `v1,BASE64` separated by spaces: HMAC-SHA256 over `id.timestamp.body`. The body is JSON or a form with `from`, `to`,
//! `text` and, optionally, the gateway's `id`. `POST /mail/generic` takes e-mail in the same form.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac};
use konf_api::ledger::{InboundMessage, Sender};
use sha2::Sha256;

use super::fields::Fields;
use super::{Delivery, Rejected};

pub(super) const NAME: &str = "generic";
pub(super) const MAIL_NAME: &str = "mail";

/// How far the time stamp may be off, either way (the Standard Webhooks libraries take the same). Seconds.
const TOLERANCE_S: i64 = 300;

/// Signatures looked at; a sender that rotates its secrets sends two.
const SIGNATURES_MAX: usize = 8;

const SECRET_PREFIX: &str = "whsec_";

/// The message, if one of `secrets` signed it within the last minutes.
pub fn receive(delivery: &Delivery<'_>, secrets: &str) -> Result<InboundMessage, Rejected> {
    let id = verified_id(delivery, secrets)?;
    let fields = Fields::of(delivery)?;
    let sender = fields.sender("from")?;
    decode(&fields, NAME, sender, id)
}

/// The same for an e-mail: `from` is its sender's address, which whoever signs has verified; `text` its plain text.
pub fn receive_mail(delivery: &Delivery<'_>, secrets: &str) -> Result<InboundMessage, Rejected> {
    let id = verified_id(delivery, secrets)?;
    let fields = Fields::of(delivery)?;
    let sender = fields.address("from")?;
    decode(&fields, MAIL_NAME, sender, id)
}

fn verified_id(delivery: &Delivery<'_>, secrets: &str) -> Result<String, Rejected> {
    let keys = keys(secrets)?;
    let id =
        delivery.header("webhook-id").filter(|id| !id.is_empty()).ok_or(Rejected::Signature)?;
    let timestamp = delivery.header("webhook-timestamp").ok_or(Rejected::Signature)?;
    let signatures = delivery.header("webhook-signature").ok_or(Rejected::Signature)?;
    verify(&keys, &id, &timestamp, &signatures, delivery.body)?;
    let sent_s: i64 = timestamp.parse().map_err(|_| Rejected::Signature)?;
    let off_s = delivery.now.0.div_euclid(1_000).saturating_sub(sent_s);
    if off_s.saturating_abs() > TOLERANCE_S {
        return Err(Rejected::Stale);
    }
    Ok(id)
}

fn keys(secrets: &str) -> Result<Vec<Vec<u8>>, Rejected> {
    let unusable = |what| Rejected::NotConfigured { gateway: NAME, what };
    let keys: Vec<Vec<u8>> = secrets
        .split(',')
        .map(str::trim)
        .filter(|secret| !secret.is_empty())
        .map(|secret| {
            let encoded = secret.strip_prefix(SECRET_PREFIX).unwrap_or_default();
            BASE64_STANDARD.decode(encoded).ok().filter(|key| !key.is_empty())
        })
        .collect::<Option<_>>()
        .ok_or(unusable("`sms_secrets` is not `whsec_` and base64"))?;
    if keys.is_empty() { Err(unusable("`sms_secrets` is empty")) } else { Ok(keys) }
}

fn verify(
    keys: &[Vec<u8>],
    id: &str,
    timestamp: &str,
    signatures: &str,
    body: &[u8],
) -> Result<(), Rejected> {
    let ours =
        signatures.split_ascii_whitespace().filter_map(|signature| signature.strip_prefix("v1,"));
    for encoded in ours.take(SIGNATURES_MAX) {
        let Ok(signature) = BASE64_STANDARD.decode(encoded) else { continue };
        for key in keys {
            let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { continue };
            mac.update(id.as_bytes());
            mac.update(b".");
            mac.update(timestamp.as_bytes());
            mac.update(b".");
            mac.update(body);
            if mac.verify_slice(&signature).is_ok() {
                return Ok(());
            }
        }
    }
    Err(Rejected::Signature)
}

/// Without an id of the gateway's, `webhook-id` is one: it stays the same when a delivery is repeated.
fn decode(
    fields: &Fields,
    gateway: &str,
    sender: Sender,
    webhook_id: String,
) -> Result<InboundMessage, Rejected> {
    let own_id = fields.get("id").filter(|id| !id.is_empty()).map(str::to_owned);
    Ok(InboundMessage {
        gateway: gateway.to_owned(),
        gateway_id: own_id.or(Some(webhook_id)),
        sender,
        recipient: fields.need("to")?.to_owned(),
        text: fields.get("text").ok_or(Rejected::MissingField("text"))?.to_owned(),
        mail: None,
    })
}

#[cfg(test)]
mod tests;
