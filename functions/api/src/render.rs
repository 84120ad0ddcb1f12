//! What others ask of `credentials` (private; `http://credentials.spin.internal`): `POST /render` with a
//! [`RenderRequest`] is answered with `Vec<`[`crate::ledger::OutboxMessage`]`>`.
//!
//! An SMS sender is answered by SMS, an e-mail sender by e-mail.

use konf_contract::{
    ConferenceNumber, Language, OneTimeCode, Password, Pin, UnixMs, WebToken, Window,
};
use serde::{Deserialize, Serialize};

use crate::ledger::{Event, Sender, Weekly};
use crate::mail::Confirmation;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderRequest {
    pub recipient: Sender,
    pub language: Language,
    pub now: UnixMs,
    pub message: Message,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    Credentials {
        number: ConferenceNumber,
        pin: Pin,
        password: Password,
        window: Window,
        zone: String,
        seats: u32,
    },
    /// Of a dedicated conference, from the first occurrence's start to the last one's end.
    Dedicated {
        number: ConferenceNumber,
        pin: Pin,
        password: Password,
        window: Window,
        /// None: at any time.
        weekly: Option<Weekly>,
        seats: u32,
    },
    /// The order does not fit; these do, until `until`.
    Offers {
        offers: Vec<OfferedAlternative>,
        until: UnixMs,
        zone: String,
    },
    /// The order does not fit and nothing near does.
    NothingFits,
    Cancelled {
        number: ConferenceNumber,
        window: Window,
        zone: String,
        /// As it stood before.
        #[serde(default)]
        event: Option<Event>,
    },
    /// To a guest, who has a PIN of their own and no password.
    Invited {
        number: ConferenceNumber,
        pin: Pin,
        window: Window,
        zone: String,
        /// As it stands.
        #[serde(default)]
        event: Option<Event>,
    },
    /// To a guest: another time or length; number and PIN stay.
    Moved {
        number: ConferenceNumber,
        pin: Pin,
        window: Window,
        zone: String,
        /// As it stood before.
        #[serde(default)]
        event: Option<Event>,
    },
    /// Another time, length or number of people; number and codes stay.
    Changed {
        number: ConferenceNumber,
        /// None once it is erased.
        #[serde(default)]
        pin: Option<Pin>,
        window: Window,
        zone: String,
        seats: u32,
        /// As it stood before.
        #[serde(default)]
        event: Option<Event>,
    },
    /// `storno` of a number that is not there or not this sender's.
    NothingToCancel {
        number: ConferenceNumber,
    },
    /// `2`, but offer 2 is no longer held or never was.
    OfferGone,
    Restricted {
        until: Option<UnixMs>,
        zone: String,
    },
    /// One item of the order is wrong: which, and a right example.
    Refusal {
        fault: Fault,
        example: String,
    },
    /// The wall time does not exist or exists twice: which of these instants? Each has the order text that means it.
    Question {
        wall: String,
        choices: Vec<Choice>,
    },
    /// What signs somebody in, typed in at the browser that asked for it.
    SignInCode {
        code: OneTimeCode,
        minutes: u32,
    },
    /// The link that signs somebody in.
    SignInLink {
        /// Where the web part is, without a slash at the end.
        base: String,
        token: WebToken,
        minutes: u32,
    },
    /// To whoever an e-mail names as its sender: nothing is done before it is confirmed there.
    Confirm(Confirmation),
    /// Received for an operator, handled by `due`.
    Receipt {
        due: UnixMs,
        zone: String,
    },
    /// What an operator answers to a request, in the operator's own words.
    Reply {
        text: String,
    },
    /// An operator cannot do what was asked for; why, in the operator's own words.
    Declined {
        reason: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedAlternative {
    pub index: u32,
    pub window: Window,
    pub seats: u32,
}

/// The one wrong item of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    NoSuchDate,
    NoSuchTime,
    /// When the conference would have begun.
    Past {
        start: UnixMs,
    },
    NoMinutes,
    TooLong,
    TooFewPeople,
    TooManyPeople,
    /// An item is missing; this many were found.
    Missing {
        found: u32,
    },
    Unreadable,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub start: UnixMs,
    /// What to send, such as `konf 2803 0330 60 10`.
    pub text: String,
}
