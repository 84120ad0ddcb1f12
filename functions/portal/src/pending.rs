//! What is remembered until somebody has shown who it is.

use konf_api::ledger::{InboundMessage, Sender};
use serde::{Deserialize, Serialize};

use crate::order_form::OrderForm;

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Pending {
    Order {
        /// As an SMS would say it.
        text: String,
        form: Box<OrderForm>,
        copies: Vec<Sender>,
    },
    /// An e-mail, as `order` read it: [`konf_api::mail::PendingMail`].
    Mail(Box<InboundMessage>),
    /// Then show this page.
    See(String),
}

impl Pending {
    /// What the ledger gives back is our own; after an upgrade it may be of another form.
    pub(crate) fn read(text: Option<&str>) -> Pending {
        let read = text.and_then(|text| serde_json::from_str(text).ok());
        read.unwrap_or_else(|| Pending::See(CONFERENCES.to_owned()))
    }

    pub(crate) fn write(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }
}

pub(crate) const CONFERENCES: &str = "/conferences";

/// A page to come back to, if it is one of ours.
pub(crate) fn own_path(text: &str) -> Option<String> {
    let known = text == CONFERENCES || text == "/offers" || text.starts_with("/conferences/");
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '/' || c == '-';
    (known && text.len() <= 64 && text.chars().all(plain) && !text.contains("//"))
        .then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        assert_eq!(own_path("/conferences/123456").as_deref(), Some("/conferences/123456"));
        for text in [
            "",
            "//evil.example",
            "https://evil.example",
            "/conferences//evil",
            "/conferences/\r\nx",
            "/x",
        ] {
            assert_eq!(own_path(text), None, "{text:?}");
        }
        assert!(Pending::read(Some("{")) == Pending::See("/conferences".to_owned()));
    }
}
