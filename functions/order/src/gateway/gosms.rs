//! GoSMS's delivery reports. Messages in are no webhook there: control asks for replies (`delivery/sms/replies`).
//!
//! The JSON of a message as it stands, changes of ten seconds at once. Nothing is signed: the address has a name and a
//! password, `https://USER:PASSWORD@konf.example/sms/gosms`, which come as Basic authentication.

use konf_api::ledger::{DeliveryReport, Fate};
use serde_json::Value;

use super::proof::{self, Header};
use super::{Delivery, Item, Received, Rejected};

pub(super) const NAME: &str = "gosms";

/// What came, if the request has `login`, `USER:PASSWORD`.
pub fn receive(delivery: &Delivery<'_>, login: &str) -> Result<Received, Rejected> {
    let unusable = |what| Rejected::NotConfigured { gateway: NAME, what };
    if login.trim().is_empty() {
        return Err(unusable("`gosms_auth` is empty"));
    }
    let expected = Header::read(&format!("basic {}", login.trim()))
        .ok_or(unusable("`gosms_auth` is not USER:PASSWORD, or too short"))?;
    let given = delivery.header(&expected.name).ok_or(Rejected::Credentials)?;
    if !proof::same(given.trim(), &expected.value) {
        return Err(Rejected::Credentials);
    }
    let told: Value = serde_json::from_slice(delivery.body)
        .map_err(|_| Rejected::Unreadable("the body is not JSON"))?;
    let link = told["links"]["self"].as_str().or(told["link"].as_str());
    let id = link.and_then(last_segment).ok_or(Rejected::MissingField("links.self"))?;
    let report = |fate| {
        let gateway_id = Some(id.to_owned());
        Received::one(Item::Report(DeliveryReport { reference: None, gateway_id, fate }))
    };
    // A message of Konf has one recipient; an empty map is an empty list there.
    let recipients = &told["delivery"]["recipients"];
    let is_there = |name: &str| recipients[name].as_object().is_some_and(|map| !map.is_empty());
    Ok(if is_there("delivered") {
        report(Fate::Delivered)
    } else if is_there("undelivered") {
        report(Fate::Undelivered { reason: "the telephone cannot be reached".to_owned() })
    } else {
        Received::default()
    })
}

/// `api/v1/messages/123`.
fn last_segment(link: &str) -> Option<&str> {
    link.rsplit('/').next().filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests;
