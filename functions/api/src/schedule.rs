//! What others ask of `schedule` (private; `http://schedule.spin.internal`).
//!
//! | call | request | answer |
//! |---|---|---|
//! | `POST /orders` | [`OrderRequest`] | [`OrderAnswer`] |
//! | `POST /offers/take` | [`TakeOfferRequest`] | [`OrderAnswer`] |
//! | `POST /cancel` | [`CancelRequest`] | [`OrderAnswer`] |
//! | `POST /requests/approve` | [`ApproveRequest`] | [`OrderAnswer`] |
//! | `POST /change` | [`ChangeRequest`] | [`OrderAnswer`] |
//! | `POST /dedicated` | [`DedicateRequest`] | [`OrderAnswer`] |
//! | `POST /admit` | [`AdmitRequest`] | [`konf_contract::link::Admission`] |
//! | `POST /extend` | [`konf_contract::link::ExtensionRequest`] | [`konf_contract::link::ExtensionReply`] |

use konf_contract::{ConferenceNumber, Language, UnixMs, Window, link};
use serde::{Deserialize, Serialize};

use crate::ledger::{Sender, Weekly};

/// A standard order: understood, within the limits, in the future.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRequest {
    pub inbound: String,
    pub sender: Sender,
    pub now: UnixMs,
    pub order: Order,
    #[serde(default)]
    pub manner: Manner,
}

/// How an order is answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manner {
    /// Who ordered sees the answer, in the web: only credentials are sent.
    pub seen: bool,
    /// Who gets the credentials as well.
    pub copies: Vec<Sender>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub language: Language,
    pub window: Window,
    /// `2027-07-09T14:00`.
    pub wall: String,
    /// IANA name of the zone of `wall`.
    pub zone: String,
    pub seats: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeOfferRequest {
    pub inbound: String,
    pub sender: Sender,
    /// From 1.
    pub index: u32,
    /// Of the answer to a sender who has no offers; otherwise their own counts.
    #[serde(default = "of_the_place")]
    pub language: Language,
    #[serde(default)]
    pub manner: Manner,
}

/// The service is Czech.
fn of_the_place() -> Language {
    Language::Cs
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelRequest {
    pub inbound: String,
    pub sender: Sender,
    pub number: ConferenceNumber,
    pub language: Language,
}

/// What an operator has approved: up to a day and 500 people, whatever the sender had written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApproveRequest {
    /// The request's id.
    pub request: String,
    /// The operator's name.
    pub by: String,
    /// Whose request it is, and where the credentials go.
    pub sender: Sender,
    pub now: UnixMs,
    pub language: Language,
    pub window: Window,
    pub seats: u32,
}

/// Another time, length or number of people for a conference that has not begun. Asked twice it is done once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRequest {
    pub sender: Sender,
    pub number: ConferenceNumber,
    /// A standard order; its language does not count.
    pub order: Order,
}

/// A dedicated conference, as an operator orders it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DedicateRequest {
    /// The operator's name.
    pub by: String,
    /// What the desk calls the customer, and where the credentials go.
    pub customer: String,
    pub sender: Sender,
    pub now: UnixMs,
    pub language: Language,
    /// The occurrences, in order.
    pub windows: Vec<Window>,
    pub weekly: Option<Weekly>,
    pub seats: u32,
}

/// What became of it; the answer to the sender is in the outbox by then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderAnswer {
    Booked {
        number: ConferenceNumber,
    },
    Offered {
        offers: u32,
    },
    /// Nothing fits, nothing to cancel, offer gone, sender restricted.
    Refused {
        reason: String,
    },
    Cancelled,
    Changed,
    Repeated,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdmitRequest {
    pub edge: String,
    pub boot: String,
    pub request: link::AdmissionRequest,
}
