//! What an SMTP listener asks of `order` (private; `http://order.spin.internal`): `POST /message` with a
//! [`MailMessage`] is answered with a [`MailOutcome`], or 503 when it has to be tried again.
//!
//! Whoever takes the message over answers the sending server only after that: what is [`MailOutcome::Taken`] is stored.

use konf_contract::WebToken;
use serde::{Deserialize, Serialize};

use crate::ledger::InboundMessage;

/// The gateway of e-mail, however it came.
pub const MAIL_GATEWAY: &str = "mail";

/// An e-mail as it came, before anything of it was looked at.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailMessage {
    /// The envelope's sender; empty where nobody is to hear of it (RFC 5321, section 4.5.5).
    pub from: String,
    /// The order address, as the envelope writes it.
    pub to: String,
    /// Header and body, base64. At most 256 kB before that.
    pub raw: String,
    /// Whose `Authentication-Results` count: the name of the server in front. None where a stranger delivered.
    pub authserv_id: Option<String>,
    /// Domains that whoever took it has proven to have sent it; in lower case.
    #[serde(default)]
    pub proven: Vec<String>,
}

/// Whoever writes and what is written is nobody else's business.
impl std::fmt::Debug for MailMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MailMessage({} bytes)", self.raw.len())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailOutcome {
    /// Stored, and answered or on the way to it.
    Taken,
    /// Its sender is asked to confirm it.
    Asked,
    /// Never answered, and the sending server does not hear of it either: what answers it could begin a loop.
    Dropped { why: String },
    /// Never to be taken; nothing of the message is in `why`.
    Refused { why: String },
}

/// What ties an answer to the e-mail that it answers.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// With its angle brackets, of at most 250 bytes; empty when it had none.
    pub message_id: String,
    /// Of earlier messages, the oldest first; at most 20 of the same form.
    pub references: Vec<String>,
    /// Without `Re:`; one line of at most 200 characters.
    pub subject: String,
}

impl std::fmt::Debug for Thread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Thread(after {} others)", self.references.len())
    }
}

/// What `portal` does once a mail is confirmed: the [`crate::portal::SignInProposal::pending`] of its link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PendingMail {
    Mail(Box<InboundMessage>),
}

/// What is asked of the sender of an e-mail that anybody could have written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Where the web part is, without a slash at the end.
    pub base: String,
    pub token: WebToken,
    pub minutes: u32,
    pub what: Asked,
}

/// What the e-mail was read as. No words of its own: they could be anybody's, sent to anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    Order {
        window: konf_contract::Window,
        seats: u32,
    },
    Cancel {
        number: konf_contract::ConferenceNumber,
    },
    TakeOffer {
        index: u32,
    },
    /// Something that an operator reads.
    Request,
}
