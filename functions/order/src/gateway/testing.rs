//! A request as a test writes it down.

use konf_api::ledger::InboundMessage;
use konf_contract::UnixMs;

use super::{Delivery, Gateway, Item, Received, Rejected, Secrets};

#[derive(Clone)]
pub(super) struct Sent {
    pub(super) path: String,
    pub(super) query: String,
    /// Names in lower case.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
    pub(super) now_s: i64,
}

impl Sent {
    pub(super) fn json(path: &str, body: &str) -> Self {
        Sent {
            path: path.to_owned(),
            query: String::new(),
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.to_owned(),
            now_s: 0,
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(this, _)| *this != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(super) fn to(&self, gateway: Gateway, secrets: &Secrets) -> Result<Received, Rejected> {
        let header = |name: &str| {
            let (_, value) = self.headers.iter().find(|(this, _)| *this == name)?;
            Some(value.clone())
        };
        let delivery = Delivery {
            path: &self.path,
            query: &self.query,
            headers: &header,
            body: self.body.as_bytes(),
            now: UnixMs(self.now_s * 1_000),
        };
        gateway.receive(&delivery, secrets)
    }
}

/// The one message, where a request has brought nothing else.
pub(super) fn message(received: Received) -> InboundMessage {
    match <[Item; 1]>::try_from(received.items) {
        Ok([Item::Message(message)]) => message,
        other => panic!("{other:?}"),
    }
}

/// `(sender, id, text)` of each message.
pub(super) fn messages(received: &Received) -> Vec<(String, Option<&str>, &str)> {
    let of = |item: &'_ Item| match item {
        Item::Message(message) => message.sender.key(),
        other => panic!("{other:?}"),
    };
    received
        .items
        .iter()
        .map(|item| {
            let Item::Message(message) = item else { panic!("{item:?}") };
            (of(item), message.gateway_id.as_deref(), message.text.as_str())
        })
        .collect()
}
