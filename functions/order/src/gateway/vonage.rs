//! Vonage's SMS API: messages in and delivery receipts, by GET or POST, as a form or as JSON.
//!
//! `sig` signs all other parameters: each as `&name=value`, sorted by name, with `&` and `=` in values written as `_`
//! (Vonage's documentation, "Signing messages"); by MD5 with the secret behind, or by HMAC. The dashboard says which
//! ([`Method`]). Take HMAC: MD5 is there since it is Vonage's default. A long message comes in parts, which the ledger
//! puts together. A repeat is known by its `messageId`.

use std::collections::BTreeMap;

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use konf_api::ledger::{DeliveryReport, Fate, InboundMessage, InboundPart};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::fields::Fields;
use super::{Delivery, Item, Received, Rejected};

pub(super) const NAME: &str = "vonage";

/// Vonage tries for 24 hours, and does not say whether a later try has a new time stamp. What is repeated within them is
/// known by its id.
const OLDEST_S: i64 = 24 * 3_600 + FUTURE_S;

/// Clocks are this far off at most. Seconds.
const FUTURE_S: i64 = 300;

/// How the account signs, in the dashboard's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Md5Hash,
    Md5,
    Sha1,
    Sha256,
    Sha512,
}

impl Method {
    fn read(name: &str) -> Option<Self> {
        match name.trim() {
            "md5hash" => Some(Method::Md5Hash),
            "md5" => Some(Method::Md5),
            "sha1" => Some(Method::Sha1),
            "sha256" => Some(Method::Sha256),
            "sha512" => Some(Method::Sha512),
            _ => None,
        }
    }

    fn sign(self, secret: &[u8], text: &[u8]) -> Vec<u8> {
        match self {
            Method::Md5Hash => {
                Md5::new().chain_update(text).chain_update(secret).finalize().to_vec()
            }
            Method::Md5 => signed::<Hmac<Md5>>(secret, text),
            Method::Sha1 => signed::<Hmac<Sha1>>(secret, text),
            Method::Sha256 => signed::<Hmac<Sha256>>(secret, text),
            Method::Sha512 => signed::<Hmac<Sha512>>(secret, text),
        }
    }
}

/// HMAC takes keys of any length; without one nothing would compare equal.
fn signed<M: Mac + KeyInit>(secret: &[u8], text: &[u8]) -> Vec<u8> {
    <M as Mac>::new_from_slice(secret)
        .map(|mac| mac.chain_update(text).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

/// What came, if the account whose signature secret this is signed it within the last day.
pub fn receive(delivery: &Delivery<'_>, secret: &str, method: &str) -> Result<Received, Rejected> {
    let unusable = |what| Rejected::NotConfigured { gateway: NAME, what };
    if secret.trim().is_empty() {
        return Err(unusable("`vonage_signature_secret` is empty"));
    }
    let method = Method::read(method).ok_or(unusable(
        "`vonage_signature_method` is none of `md5hash`, `md5`, `sha1`, `sha256`, `sha512`",
    ))?;
    let fields = match delivery.body {
        [] => Fields::form(delivery.query.as_bytes()),
        _ => Fields::of(delivery)?,
    };
    verify(&fields, secret.trim(), method)?;
    fresh(&fields, delivery)?;
    match fields.get("status") {
        Some(status) if fields.get("text").is_none() => report(&fields, status),
        _ => item(&fields).map(Received::one),
    }
}

fn verify(fields: &Fields, secret: &str, method: Method) -> Result<(), Rejected> {
    let given = fields.get("sig").and_then(hex).ok_or(Rejected::Signature)?;
    let others = fields.0.iter().filter(|(name, _)| name != "sig");
    let sorted: BTreeMap<_, _> = others.map(|(name, value)| (name, value)).collect();
    let mut text = String::new();
    for (name, value) in sorted {
        text.extend(["&", name, "=", &value.replace(['&', '='], "_")]);
    }
    let expected = method.sign(secret.as_bytes(), text.as_bytes());
    if expected.is_empty() || !bool::from(expected.ct_eq(&given)) {
        return Err(Rejected::Signature);
    }
    Ok(())
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

fn fresh(fields: &Fields, delivery: &Delivery<'_>) -> Result<(), Rejected> {
    let unreadable = Rejected::Unreadable("`timestamp` is no number of seconds");
    let sent_s: i64 = fields.need("timestamp")?.parse().map_err(|_| unreadable)?;
    let age_s = delivery.now.0.div_euclid(1_000).saturating_sub(sent_s);
    if (-FUTURE_S..=OLDEST_S).contains(&age_s) { Ok(()) } else { Err(Rejected::Stale) }
}

fn item(fields: &Fields) -> Result<Item, Rejected> {
    let message = InboundMessage {
        gateway: NAME.to_owned(),
        gateway_id: Some(fields.need("messageId")?.to_owned()),
        sender: fields.international_sender("msisdn")?,
        recipient: fields.get("to").unwrap_or_default().to_owned(),
        text: fields.get("text").ok_or(Rejected::MissingField("text"))?.to_owned(),
        mail: None,
    };
    let count = |name| -> Result<u32, Rejected> {
        let unreadable = Rejected::Unreadable("a part of a message is not numbered");
        fields.need(name)?.parse().map_err(|_| unreadable)
    };
    if fields.get("concat") != Some("true") || count("concat-total")? < 2 {
        return Ok(Item::Message(message));
    }
    let (total, part) = (count("concat-total")?, count("concat-part")?);
    Ok(Item::Part(InboundPart { message, reference: count("concat-ref")?, total, part }))
}

/// `submitted`, `accepted` and `buffered` are no ends, and `unknown` says so itself.
fn report(fields: &Fields, status: &str) -> Result<Received, Rejected> {
    let fate = match status {
        "delivered" => Fate::Delivered,
        "expired" | "failed" | "rejected" | "deleted" | "undeliverable" => {
            let code = fields.get("err-code").unwrap_or("none");
            Fate::Undelivered { reason: format!("{status}, error {code}") }
        }
        _ => return Ok(Received::default()),
    };
    let reference = fields.get("client-ref").map(str::to_owned);
    let gateway_id = Some(fields.need("messageId")?.to_owned());
    Ok(Received::one(Item::Report(DeliveryReport { reference, gateway_id, fate })))
}

#[cfg(test)]
mod tests;
