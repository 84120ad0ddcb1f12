//! Infobip's push of messages and delivery reports, to the same address.
//!
//! JSON with `results`; what has a `status` is a report of a message out, everything else a message in. Infobip signs
//! nothing: the subscription has a security setting, which makes it send a header along. `infobip_auth` says which:
//! `basic USER:PASSWORD`, or `NAME: VALUE`. Repeats are known by `messageId`, each item on its own.

use konf_api::ledger::{DeliveryReport, Fate, InboundMessage};
use serde::Deserialize;
use serde_json::Value;

use super::fields::international;
use super::proof::{self, Header};
use super::{Delivery, Item, Received, Rejected};

pub(super) const NAME: &str = "infobip";

#[derive(Deserialize)]
struct Batch {
    results: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    message_id: Option<String>,
    from: Option<String>,
    to: Option<String>,
    text: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    message_id: Option<String>,
    /// What the message was sent with.
    callback_data: Option<String>,
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    group_name: String,
    #[serde(default)]
    name: String,
}

/// What came, if the request has the header that `auth` says.
pub fn receive(delivery: &Delivery<'_>, auth: &str) -> Result<Received, Rejected> {
    let unusable = |what| Rejected::NotConfigured { gateway: NAME, what };
    if auth.trim().is_empty() {
        return Err(unusable("`infobip_auth` is empty"));
    }
    let expected = Header::read(auth).ok_or(unusable(
        "`infobip_auth` is neither `basic USER:PASSWORD` nor `NAME: VALUE`, or shorter than 16",
    ))?;
    let given = delivery.header(&expected.name).ok_or(Rejected::Credentials)?;
    if !proof::same(given.trim(), &expected.value) {
        return Err(Rejected::Credentials);
    }
    let batch: Batch = serde_json::from_slice(delivery.body)
        .map_err(|_| Rejected::Unreadable("the body is not JSON with `results`"))?;
    Received::batch(batch.results.into_iter().map(item))
}

fn item(value: Value) -> Result<Option<Item>, Rejected> {
    let unreadable = |_| Rejected::Unreadable("an item of `results` is not what it should be");
    if value.get("status").is_some() {
        let report: Report = serde_json::from_value(value).map_err(unreadable)?;
        return Ok(report_of(report).map(Item::Report));
    }
    let message: Message = serde_json::from_value(value).map_err(unreadable)?;
    message_of(message).map(|message| Some(Item::Message(message)))
}

/// The whole text, keyword and all: `cleanText` has lost it.
fn message_of(message: Message) -> Result<InboundMessage, Rejected> {
    let from = message.from.ok_or(Rejected::MissingField("from"))?;
    Ok(InboundMessage {
        gateway: NAME.to_owned(),
        gateway_id: Some(message.message_id.ok_or(Rejected::MissingField("messageId"))?),
        sender: international(&from).ok_or(Rejected::NotANumber("from"))?,
        recipient: message.to.unwrap_or_default(),
        text: message.text.ok_or(Rejected::MissingField("text"))?,
        mail: None,
    })
}

/// `PENDING` is no end.
fn report_of(report: Report) -> Option<DeliveryReport> {
    let Status { group_name, name } = report.status;
    let fate = match group_name.as_str() {
        "DELIVERED" => Fate::Delivered,
        "UNDELIVERABLE" | "EXPIRED" | "REJECTED" => Fate::Undelivered { reason: name },
        _ => return None,
    };
    Some(DeliveryReport { reference: report.callback_data, gateway_id: report.message_id, fate })
}

#[cfg(test)]
mod tests;
