//! From a request to the messages for the outbox.

use konf_api::ledger::{MessageBody, OutboxMessage, Sender};
use konf_api::render::{Message, RenderRequest};
use konf_contract::ConferenceNumber;

use crate::{mail, sms};

/// What the deployment says; read from Spin variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What everybody calls.
    pub access_number: String,
    /// Empty when there is no web.
    pub web_url: String,
    /// Whose address calendars name as the organiser; empty: invitations are published only.
    pub organiser: String,
}

impl Settings {
    /// Where this conference stands in the web; empty without a web.
    pub(crate) fn web_link(&self, number: &ConferenceNumber) -> String {
        match self.web_url.trim_end_matches('/') {
            "" => String::new(),
            web => format!("{web}/c/{number}"),
        }
    }
}

impl Default for Settings {
    /// * access number: `+420606000600` (PRODUCT.md, section 3)
    /// * web and organiser: none
    fn default() -> Self {
        Settings {
            access_number: "+420606000600".to_owned(),
            web_url: String::new(),
            organiser: String::new(),
        }
    }
}

/// An SMS sender is answered by SMS, an e-mail sender by e-mail (PRODUCT.md, section 3).
pub fn render(request: &RenderRequest, settings: &Settings) -> Vec<OutboxMessage> {
    let RenderRequest { recipient, language, now, message } = request;
    let body = match recipient {
        Sender::Sms(_) => MessageBody::Sms { parts: sms::parts(message, *language, settings) },
        Sender::Email(to) => mail::body(to, message, *language, *now, settings),
    };
    vec![OutboxMessage {
        recipient: recipient.clone(),
        kind: kind(message).to_owned(),
        body,
        not_before: None,
    }]
}

fn kind(message: &Message) -> &'static str {
    match message {
        Message::Credentials { .. } | Message::Dedicated { .. } => "credentials",
        Message::Offers { .. } => "offers",
        Message::Cancelled { .. } => "cancelled",
        Message::Changed { .. } | Message::Moved { .. } => "changed",
        Message::Invited { .. } => "invitation",
        Message::Question { .. } => "question",
        Message::Receipt { .. } => "receipt",
        Message::Reply { .. } | Message::Declined { .. } => "reply",
        Message::Confirm(_) => "confirmation",
        Message::SignInCode { .. } | Message::SignInLink { .. } => "sign-in",
        Message::NothingFits
        | Message::NothingToCancel { .. }
        | Message::OfferGone
        | Message::Restricted { .. }
        | Message::Refusal { .. } => "refusal",
    }
}

#[cfg(test)]
mod tests;
