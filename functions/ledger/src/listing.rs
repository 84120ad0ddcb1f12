//! What the command line lists. No PIN, no password, no message body.

use konf_api::ledger::{BookingState, Sender};
use konf_contract::{ConferenceNumber, Language, UnixMs, Window};
use serde::Serialize;

use crate::Ledger;
use crate::error::Result;

/// Which bookings to list; [`BookingFilter::default`] lists the next 100 that have not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingFilter {
    /// All states when absent.
    pub state: Option<BookingState>,
    pub number: Option<ConferenceNumber>,
    /// Those that end after this instant; the clock's now when absent and no number is given.
    pub from: Option<UnixMs>,
    /// Those that start before this instant.
    pub to: Option<UnixMs>,
    /// At most so many, the earliest first; never more than 1,000.
    pub limit: u32,
}

impl Default for BookingFilter {
    fn default() -> Self {
        BookingFilter { state: None, number: None, from: None, to: None, limit: 100 }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BookingLine {
    pub booking: String,
    pub number: ConferenceNumber,
    pub state: BookingState,
    pub edge: String,
    /// With extensions.
    pub window: Window,
    pub booked_end: UnixMs,
    pub wall: String,
    pub zone: String,
    pub seats: u32,
    /// Granted or held now.
    pub seats_taken: u32,
    pub language: Language,
    /// `+420…456` or `a…@b.cz`.
    pub sender: String,
    pub created: UnixMs,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutboxLine {
    pub id: String,
    /// `+420…456` or `a…@b.cz`.
    pub recipient: String,
    pub kind: String,
    /// `waiting`, `sending`, `sent`, `dead` (given up) or `dropped` (no longer true).
    pub state: String,
    pub attempts: u32,
    pub last_error: Option<String>,
    pub created: UnixMs,
    /// When it is tried next; absent when it is finished.
    pub next: Option<UnixMs>,
    pub finished: Option<UnixMs>,
    pub gateway_id: Option<String>,
}

/// A request that waits for an operator, the first due first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueueLine {
    pub id: String,
    /// Whom the operator answers.
    pub sender: Sender,
    pub text: String,
    pub language: Language,
    pub received: UnixMs,
    pub due: UnixMs,
    /// Absent while open.
    pub closed: Option<UnixMs>,
    pub note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EdgeLine {
    pub name: String,
    pub capacity: u32,
    /// Takes new bookings.
    pub active: bool,
    /// Seats taken in this minute by bookings and offers.
    pub taken_now: u32,
    /// The boot that said hello last, and when.
    pub boot: Option<String>,
    pub hello: Option<UnixMs>,
    pub version: Option<String>,
}

impl Ledger {
    pub async fn bookings(&self, filter: &BookingFilter) -> Result<Vec<BookingLine>> {
        let _ = filter;
        todo!()
    }
    /// The latest `limit` messages out, the newest first.
    pub async fn outbox(&self, limit: u32) -> Result<Vec<OutboxLine>> {
        let _ = limit;
        todo!()
    }
    /// Requests for operators, the first due first; with `closed` also those that are done.
    pub async fn queue(&self, closed: bool, limit: u32) -> Result<Vec<QueueLine>> {
        let _ = (closed, limit);
        todo!()
    }
    /// An operator has dealt with a request; false when there is no open one of that id.
    pub async fn close_request(&self, id: &str, note: &str) -> Result<bool> {
        let _ = (id, note);
        todo!()
    }
    pub async fn edges(&self) -> Result<Vec<EdgeLine>> {
        todo!()
    }
}
