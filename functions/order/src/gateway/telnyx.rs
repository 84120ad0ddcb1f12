//! Telnyx's webhook of a messaging profile (API version 2).
//!
//! JSON; `message.received` is a message in, `message.finalized` the end of a message out, every other event nothing to
//! us. Signed in `telnyx-signature-ed25519`, base64, over `timestamp|body` with the time stamp of `telnyx-timestamp`;
//! the account's public key is on Telnyx's portal. Long messages come whole. A repeat is known by `payload.id`.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ed25519_compact::{PublicKey, Signature};
use konf_api::ledger::{DeliveryReport, Fate, InboundMessage};
use konf_contract::Msisdn;
use serde::Deserialize;

use super::{Delivery, Item, Received, Rejected};

pub(super) const NAME: &str = "telnyx";

/// Telnyx's own libraries take no other. Seconds, either way.
const TOLERANCE_S: i64 = 300;

#[derive(Deserialize)]
struct Event {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    event_type: String,
    payload: Option<Payload>,
}

#[derive(Deserialize)]
struct Payload {
    id: Option<String>,
    from: Option<Party>,
    #[serde(default)]
    to: Vec<Party>,
    text: Option<String>,
    /// Of a message out: what it was sent with.
    #[serde(default)]
    tags: Option<Vec<String>>,
    #[serde(default)]
    errors: Vec<ErrorCode>,
}

#[derive(Deserialize)]
struct Party {
    phone_number: Option<String>,
    status: Option<String>,
}

#[derive(Deserialize)]
struct ErrorCode {
    code: Option<String>,
}

/// What came, if the account whose `public_key` (base64) this is signed it within the last minutes.
pub fn receive(delivery: &Delivery<'_>, public_key: &str) -> Result<Received, Rejected> {
    verify(delivery, &key(public_key)?)?;
    let event: Event = serde_json::from_slice(delivery.body)
        .map_err(|_| Rejected::Unreadable("the body is no event in JSON"))?;
    let payload = event.data.payload.ok_or(Rejected::MissingField("payload"));
    match event.data.event_type.as_str() {
        "message.received" => message(payload?).map(|it| Received::one(Item::Message(it))),
        "message.finalized" => {
            Ok(report(payload?).map(|it| Received::one(Item::Report(it))).unwrap_or_default())
        }
        _ => Ok(Received::default()),
    }
}

fn key(public_key: &str) -> Result<PublicKey, Rejected> {
    let unusable = |what| Rejected::NotConfigured { gateway: NAME, what };
    if public_key.trim().is_empty() {
        return Err(unusable("`telnyx_public_key` is empty"));
    }
    BASE64_STANDARD
        .decode(public_key.trim())
        .ok()
        .and_then(|bytes| PublicKey::from_slice(&bytes).ok())
        .ok_or(unusable("`telnyx_public_key` is not 32 bytes in base64"))
}

fn verify(delivery: &Delivery<'_>, key: &PublicKey) -> Result<(), Rejected> {
    let timestamp = delivery.header("telnyx-timestamp").ok_or(Rejected::Signature)?;
    let signature = delivery
        .header("telnyx-signature-ed25519")
        .and_then(|encoded| BASE64_STANDARD.decode(encoded.trim()).ok())
        .and_then(|bytes| Signature::from_slice(&bytes).ok())
        .ok_or(Rejected::Signature)?;
    let signed = [timestamp.as_bytes(), b"|", delivery.body].concat();
    key.verify(signed, &signature).map_err(|_| Rejected::Signature)?;
    let sent_s: i64 = timestamp.parse().map_err(|_| Rejected::Signature)?;
    let off_s = delivery.now.0.div_euclid(1_000).saturating_sub(sent_s);
    if off_s.saturating_abs() > TOLERANCE_S { Err(Rejected::Stale) } else { Ok(()) }
}

fn message(payload: Payload) -> Result<InboundMessage, Rejected> {
    let number = |party: Option<Party>| party.and_then(|party| party.phone_number);
    let from = number(payload.from).ok_or(Rejected::MissingField("from.phone_number"))?;
    let sender = Msisdn::parse(&from).map_err(|_| Rejected::NotANumber("from.phone_number"))?;
    Ok(InboundMessage {
        gateway: NAME.to_owned(),
        gateway_id: Some(payload.id.ok_or(Rejected::MissingField("id"))?),
        sender: konf_api::ledger::Sender::Sms(sender),
        recipient: number(payload.to.into_iter().next()).unwrap_or_default(),
        text: payload.text.ok_or(Rejected::MissingField("text"))?,
        mail: None,
    })
}

/// `delivery_unconfirmed` says nothing: many networks never confirm.
fn report(payload: Payload) -> Option<DeliveryReport> {
    let status = payload.to.into_iter().next()?.status?;
    let fate = match status.as_str() {
        "delivered" => Fate::Delivered,
        "sending_failed" | "delivery_failed" | "expired" => {
            let code = payload.errors.into_iter().find_map(|error| error.code);
            Fate::Undelivered {
                reason: format!("{status}, error {}", code.as_deref().unwrap_or("none")),
            }
        }
        _ => return None,
    };
    let reference = payload.tags.and_then(|tags| tags.into_iter().next());
    Some(DeliveryReport { reference, gateway_id: payload.id, fate })
}

#[cfg(test)]
mod tests;
