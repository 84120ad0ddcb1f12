//! BulkGate's push of messages and delivery reports, to the same address.
//!
//! A JSON array; an item with `status` 10 is a message in, its text in `message` or in `text` (BulkGate's table says the
//! one, its example the other), numbers without a plus. Nothing is signed: the address holds a secret,
//! `/sms/bulkgate/SECRET`, and a firewall may have a list of BulkGate's addresses. A message without an id is known
//! again by its sender and text within ten minutes.

use konf_api::ledger::{DeliveryReport, Fate, InboundMessage};
use serde_json::Value;

use super::fields::international;
use super::{Delivery, Item, Received, Rejected, proof};

pub(super) const NAME: &str = "bulkgate";

/// BulkGate's table of states: arrived, never will, a message in. 2 is a telephone that is off for now.
const DELIVERED: &str = "1";
const UNDELIVERED: &str = "3";
const INCOMING: &str = "10";
/// Viber says so of what has been read.
const SEEN: &str = "13";

/// What came, if the path ends in `secret`.
pub fn receive(delivery: &Delivery<'_>, secret: &str) -> Result<Received, Rejected> {
    let unusable = |what| Rejected::NotConfigured { gateway: NAME, what };
    let secret = secret.trim();
    if secret.is_empty() {
        return Err(unusable("`bulkgate_secret` is empty"));
    }
    if secret.len() < proof::WORD_BYTES_MIN || !secret.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(unusable("`bulkgate_secret` is not 16 letters and digits or more"));
    }
    let (_, given) = delivery.path.rsplit_once('/').ok_or(Rejected::Credentials)?;
    if !proof::same(given, secret) {
        return Err(Rejected::Credentials);
    }
    let items: Vec<Value> = serde_json::from_slice(delivery.body)
        .map_err(|_| Rejected::Unreadable("the body is not a JSON array"))?;
    Received::batch(items.iter().map(item))
}

fn item(value: &Value) -> Result<Option<Item>, Rejected> {
    let status = text(value, "status").ok_or(Rejected::MissingField("status"))?;
    let fate = match status.as_str() {
        INCOMING => return message(value).map(|message| Some(Item::Message(message))),
        DELIVERED | SEEN => Fate::Delivered,
        UNDELIVERED => Fate::Undelivered { reason: "unknown or unavailable recipient".to_owned() },
        _ => return Ok(None),
    };
    let gateway_id = Some(text(value, "smsID").ok_or(Rejected::MissingField("smsID"))?);
    Ok(Some(Item::Report(DeliveryReport { reference: None, gateway_id, fate })))
}

fn message(value: &Value) -> Result<InboundMessage, Rejected> {
    let from = text(value, "from").ok_or(Rejected::MissingField("from"))?;
    let words = text(value, "message").filter(|words| !words.is_empty());
    Ok(InboundMessage {
        gateway: NAME.to_owned(),
        gateway_id: text(value, "smsID").filter(|id| !id.is_empty()),
        sender: international(&from).ok_or(Rejected::NotANumber("from"))?,
        recipient: text(value, "to").unwrap_or_default(),
        text: words.or(text(value, "text")).ok_or(Rejected::MissingField("message"))?,
        mail: None,
    })
}

/// A field that is a text or a number.
fn text(value: &Value, name: &str) -> Option<String> {
    match value.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
