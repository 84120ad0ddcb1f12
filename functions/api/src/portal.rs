//! What `portal` asks of the ledger's HTTP interface beside [`crate::ledger`]: who sits at a browser, and what is that
//! person's own.
//!
//! | call | request | answer |
//! |---|---|---|
//! | `POST /v1/sign-ins` | [`SignInProposal`] | [`SignInOutcome`] |
//! | `POST /v1/sign-ins/confirm` | [`Confirmation`] | [`ConfirmOutcome`] |
//! | `POST /v1/sessions` | [`SessionQuestion`] | [`SessionFacts`] |
//! | `POST /v1/sessions/end` | [`SessionQuestion`] | [`SessionEnded`] |
//! | `POST /v1/facts/free` | [`FreeQuestion`] | [`FreeFacts`] |
//! | `POST /v1/facts/own` | [`OwnQuestion`] | [`OwnFacts`] |
//! | `POST /v1/facts/change` | [`ChangeQuestion`] | [`ChangeFacts`] |
//! | `POST /v1/facts/guests` | [`crate::ledger::BookingQuestion`] | [`GuestsFacts`] |
//! | `POST /v1/guests` | [`GuestProposal`] | [`GuestOutcome`] |
//! | `POST /v1/guests/revoke` | [`GuestRevocation`] | [`GuestRevoked`] |
//! | `POST /v1/facts/credentials` | [`crate::ledger::BookingQuestion`] | [`CredentialsFacts`] |
//!
//! Nobody is known before: whoever reads what is sent to a number or an address may order, so that no answer can tell
//! who is known.

use konf_contract::{ConferenceNumber, OneTimeCode, Password, Pin, UnixMs, WebToken, Window};
use serde::{Deserialize, Serialize};

use crate::ledger::{EdgeLoad, InvitedGuest, OutboxMessage, OwnBooking, Restriction, Sender};

/// The gateway of what was ordered in the web: its answer is seen there, so only credentials are sent.
pub const WEB_GATEWAY: &str = "web";
/// The gateway of what was ordered by the REST API: the same.
pub const API_GATEWAY: &str = "api";

/// Whether whoever sends a message by this gateway sees its answer at once.
pub fn is_seen(gateway: &str) -> bool {
    [WEB_GATEWAY, API_GATEWAY].contains(&gateway)
}

/// What proves that somebody reads what is sent to a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// Typed in at the browser that asked for it: counts only there.
    Code(OneTimeCode),
    /// The end of a link; counts in any browser.
    Link(WebToken),
}

/// Somebody at `browser` says to be `contact`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInProposal {
    pub contact: Sender,
    pub browser: WebToken,
    /// As the messages carry it; the ledger keeps only a digest.
    pub proof: Proof,
    /// What is done once it is confirmed, in the portal's own words: at most 32 kB.
    pub pending: Option<String>,
    pub messages: Vec<OutboxMessage>,
    /// From where it is asked for, in words that are the same for the same client; none where nobody knows.
    #[serde(default)]
    pub client: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignInOutcome {
    /// On its way; counts until then.
    Sent { until: UnixMs },
    /// Too many were asked for within the hour: for this contact, by this client or in all.
    TooMany,
    /// No more messages may leave in this hour.
    OverBudget,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    pub browser: WebToken,
    pub proof: Proof,
    /// Of the session that begins, drawn anew.
    pub session: WebToken,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfirmOutcome {
    SignedIn {
        /// Unique for all time: what is pending is done once under it.
        sign_in: String,
        contact: Sender,
        pending: Option<String>,
    },
    /// A wrong code; so many tries are left.
    Wrong { tries: u32 },
    /// Nothing to confirm: never asked for, used, too old, or too many wrong tries.
    Gone,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionQuestion {
    pub session: WebToken,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionFacts {
    pub now: UnixMs,
    /// Absent when there is no such session or it is over.
    pub contact: Option<Sender>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEnded {}

/// What anybody may see: how full it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreeQuestion {
    /// At most 48 hours.
    pub span: Window,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreeFacts {
    pub now: UnixMs,
    pub edges: Vec<EdgeLoad>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnQuestion {
    pub sender: Sender,
}

/// At most 100 to come, the earliest first, and 100 that are over or cancelled, the latest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnFacts {
    pub now: UnixMs,
    pub ahead: Vec<OwnBooking>,
    pub past: Vec<OwnBooking>,
}

/// Before a conference is moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeQuestion {
    pub sender: Sender,
    pub number: ConferenceNumber,
    /// At most 48 hours.
    pub span: Window,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeFacts {
    pub now: UnixMs,
    pub restriction: Option<Restriction>,
    /// If it is this sender's.
    pub booking: Option<OwnBooking>,
    /// Without the seats that this booking takes, and what offers hold for the sender.
    pub edges: Vec<EdgeLoad>,
    /// The conference's own, for its organiser's calendar.
    #[serde(default)]
    pub pin: Option<Pin>,
    /// Who hears of it when it is moved.
    #[serde(default)]
    pub guests: Vec<InvitedGuest>,
}

/// What its orderer may see again; PIN and password are absent once erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialsFacts {
    pub now: UnixMs,
    pub booking: Option<OwnBooking>,
    pub pin: Option<Pin>,
    pub password: Option<Password>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestsFacts {
    pub now: UnixMs,
    /// In the order of their invitation; none when the conference is not this sender's.
    pub guests: Vec<Guest>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    pub guest: String,
    /// `+420…456` or `a…@b.cz`.
    pub contact: String,
    pub revoked: bool,
}

/// Somebody is invited, with a PIN that lets in as the conference's own does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestProposal {
    pub number: ConferenceNumber,
    /// Whose conference it is.
    pub sender: Sender,
    pub contact: Sender,
    pub pin: Pin,
    pub messages: Vec<OutboxMessage>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GuestOutcome {
    Invited,
    /// Draw another.
    PinTaken,
    /// To this conference, or by this organiser within a day.
    TooMany,
    /// No more messages may leave in this hour.
    OverBudget,
    /// Over, cancelled, or not this sender's.
    Gone,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestRevocation {
    pub number: ConferenceNumber,
    pub sender: Sender,
    pub guest: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestRevoked {}
