//! The only owner of data: bookings, capacity, outbox, records, restrictions, decisions.
//!
//! A component proposes, the ledger commits. [`Ledger`] answers the HTTP interface of [`konf_api::ledger`]
//! ([`Ledger::handle`]) and the same calls natively, plus what control alone asks for: the records of the edges, the
//! outbox, the reconcilers and the lists of the command line.
//!
//! The law of use:
//! * Whatever races, the database holds the invariants: seats per edge and minute by a CHECK (`capacity`), seats per
//!   booking by a CHECK (`seats`), one use of a conference number, one answer to a message, one row per record and
//!   one rating per record by keys. The code above them only tells the cases apart.
//! * Every change is one short transaction that takes the write lock when it begins. An answer is given after the
//!   commit, so it is durable (WAL, `synchronous=FULL`).
//! * Time is an argument: [`Settings::clock`]. No call reads another clock.
//! * PINs, passwords and numbers leave only in the types that cannot be printed; no error and no log line has them.
//!
//! To add a table or a column, add a file to `migrations/` and name it in `store::migrations`; never change a file that
//! has been released. Expand first, move, contract later, so that a roll-back keeps working.

mod admission;
mod answers;
mod api_conferences;
mod api_tokens;
mod budget;
mod capacity;
mod commit;
mod decision;
mod dedicated;
mod error;
mod events;
mod expire;
mod extension;
mod facts;
mod guests;
mod http_interface;
mod inbound;
mod listing;
mod numbers;
mod offers;
mod operators;
mod outbox;
mod own;
mod parts;
mod policies;
mod policy_calls;
mod ratings;
mod records;
mod reports;
mod requests;
mod restriction;
mod search;
mod seats;
mod sender;
mod sign_in;
mod store;
mod usage;
mod webhooks;
mod words;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use konf_contract::UnixMs;

pub use answers::{Begun, Once};
pub use api_conferences::{ApiConference, ConferenceFilter, Made, PageKey};
pub use api_tokens::{ApiToken, ApiTokenLine, NewApiToken};
pub use budget::Budget;
pub use decision::DecisionLine;
pub use dedicated::DedicatedLine;
pub use error::{LedgerError, OpenError};
pub use events::EVENTS;
pub use expire::Expired;
pub use listing::{BookingFilter, BookingLine, EdgeLine, OutboxLine};
pub use numbers::Numbers;
pub use operators::{AuditLine, OperatorLine, OperatorRole, PasswordHash};
pub use outbox::{Answerable, OutboxItem};
pub use policies::{Moving, NewPolicy, PolicyChange, PolicyLine, PolicyMove, PolicyState, Pushed};
pub use policy_calls::{Pins, PolicyCall, PolicyCallFilter, PolicyCallLine};
pub use ratings::CallLine;
pub use records::{HelloNoted, RoomToClose};
pub use requests::{RequestCounts, RequestLine, SOON_MS};
pub use restriction::RestrictionLine;
pub use search::SenderPart;
pub use seats::Stamps;
pub use usage::{EdgeUsage, UsageStep};
pub use webhooks::{DeliveryLine, NewWebhook, WebhookItem, WebhookLine, WebhookSecret};
pub use words::masked;

/// The one source of time: milliseconds since 1970-01-01T00:00:00Z.
pub type Clock = Arc<dyn Fn() -> UnixMs + Send + Sync>;

/// The seats that an edge offers to bookings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeSeats {
    /// The edge's configured name, as in its certificate.
    pub name: String,
    pub seats: u32,
    /// For the placement policy.
    pub labels: Vec<String>,
}

/// What a ledger is opened with. [`Settings::new`] fills in the rest:
/// * `inbound_window_ms`: 10 minutes ([`konf_api::ledger::InboundMessage::gateway_id`]);
/// * `held_seat_ms`: 5 minutes (PRODUCT.md section 4, longest leg);
/// * `outbox_lease_ms`: 2 minutes, longer than any gateway's answer takes;
/// * `erase_after_ms`: 24 hours after the end, credentials and message bodies are erased;
/// * `number_rest_ms`: 30 days before a conference number is used again;
/// * `keep_ms`: 90 days for raw messages and decisions, what a policy's replay looks back on;
/// * `readers`: 4 connections that read;
/// * `budget`: [`Budget::default`].
#[derive(Clone)]
pub struct Settings {
    /// What `Authorization: Bearer` must say.
    pub token: String,
    pub clock: Clock,
    /// The edges that take bookings. One that is no longer named keeps its bookings and takes no new ones.
    pub edges: Vec<EdgeSeats>,
    pub inbound_window_ms: i64,
    pub held_seat_ms: i64,
    pub outbox_lease_ms: i64,
    pub erase_after_ms: i64,
    pub number_rest_ms: i64,
    pub keep_ms: i64,
    pub readers: u32,
    pub budget: Budget,
}

const MINUTE: i64 = UnixMs::MINUTE;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

impl Settings {
    pub fn new(token: impl Into<String>, clock: Clock, edges: Vec<EdgeSeats>) -> Self {
        Settings {
            token: token.into(),
            clock,
            edges,
            inbound_window_ms: 10 * MINUTE,
            held_seat_ms: 5 * MINUTE,
            outbox_lease_ms: 2 * MINUTE,
            erase_after_ms: DAY,
            number_rest_ms: 30 * DAY,
            keep_ms: 90 * DAY,
            readers: 4,
            budget: Budget::default(),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("edges", &self.edges).finish_non_exhaustive()
    }
}

/// A handle on the database; clones share it.
#[derive(Clone)]
pub struct Ledger {
    inner: Arc<Inner>,
}

struct Inner {
    store: store::Store,
    settings: Settings,
    alarm: budget::Alarm,
    tally: numbers::Tally,
    listeners: webhooks::Listeners,
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("settings", &self.inner.settings).finish_non_exhaustive()
    }
}

impl Ledger {
    /// Opens the database file, makes it (readable by its owner alone) when it is not there, brings its schema up to
    /// date and its edges in line with `settings`.
    pub async fn open(path: &Path, settings: Settings) -> Result<Ledger, OpenError> {
        if settings.token.is_empty() {
            return Err(OpenError::NoToken);
        }
        let store = store::Store::open(path, settings.readers).await?;
        let (alarm, tally) = (budget::Alarm::default(), numbers::Tally::default());
        let listeners = webhooks::Listeners::default();
        let inner = Inner { store, settings, alarm, tally, listeners };
        let ledger = Ledger { inner: Arc::new(inner) };
        ledger.set_edges().await.map_err(OpenError::Edges)?;
        ledger.count_listeners().await.map_err(OpenError::Edges)?;
        Ok(ledger)
    }

    /// Whether the file can be read and is whole, without changing it, so that one may look while control runs: how many
    /// bookings it has that have not ended; nothing when there is no such file yet.
    pub async fn inspect(path: &Path) -> Result<Option<u32>, OpenError> {
        store::inspect(path).await
    }

    /// Waits for the calls under way and closes the file. Later calls fail.
    pub async fn close(&self) {
        self.inner.store.close().await;
    }

    fn now(&self) -> UnixMs {
        (self.inner.settings.clock)()
    }

    fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    fn store(&self) -> &store::Store {
        &self.inner.store
    }
}
