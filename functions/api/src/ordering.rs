//! What others ask of `order` (private; `http://order.spin.internal`).
//!
//! | call | request | answer |
//! |---|---|---|
//! | `POST /read` | [`ReadRequest`] | [`Reading`] |
//! | `POST /process` | [`ProcessRequest`] | [`Processed`] when the message is answered, 503 when it has to be tried again |
//!
//! Gateways come in by `POST /sms/NAME`; that is not for other functions.

use konf_contract::{Language, UnixMs};
use serde::{Deserialize, Serialize};

use crate::ledger::{InboundMessage, InboundStored, Sender};
use crate::render::{Choice, Fault};
use crate::schedule::{Order, OrderAnswer};

/// Works on a stored message (again): for those that a crash left unanswered, and for channels such as e-mail that
/// store a message themselves. Doing it twice is harmless, since the ledger answers a message once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessRequest {
    pub stored: InboundStored,
    pub message: InboundMessage,
    /// Who gets the credentials as well.
    #[serde(default)]
    pub copies: Vec<Sender>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Processed {
    /// What the schedule said; absent when the answer was not its business: a request for an operator, or what could not
    /// be ordered.
    pub answer: Option<OrderAnswer>,
}

/// Reads a message without doing anything about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadRequest {
    pub text: String,
    pub now: UnixMs,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    Order(Order),
    /// Longer or larger than the standard: an operator's.
    NonStandard {
        language: Language,
    },
    /// The time does not exist or exists twice.
    Question {
        choices: Vec<Choice>,
    },
    Fault(Fault),
    /// A cancellation, a chosen offer, or nothing that is understood.
    Other,
}
