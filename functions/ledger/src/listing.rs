//! What the command line lists. No PIN, no password, no message body.

use konf_api::ledger::BookingState;
use konf_contract::{ConferenceNumber, Language, UnixMs, Window};
use serde::Serialize;
use sqlx::sqlite::SqliteRow;

use crate::Ledger;
use crate::error::Result;
use crate::words::{Columns, booking_state, masked, state_at};

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
    /// When the telephone had it; absent until the gateway says so, and for ever where it does not.
    pub delivered: Option<UnixMs>,
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

pub(crate) const BOOKING_COLUMNS: &str = "id, number, state, edge, start_ms, end_ms, booked_end_ms,
     wall, zone, seats, seats_taken, language, sender, created_ms";

/// Lines of one list at most.
const LINES_MAX: u32 = 1_000;

pub(crate) fn lines(limit: u32) -> i64 {
    i64::from(limit.min(LINES_MAX))
}

impl Ledger {
    pub async fn bookings(&self, filter: &BookingFilter) -> Result<Vec<BookingLine>> {
        let mut tx = self.store().read().await?;
        let now = self.now();
        // A number names its bookings whenever they were.
        let from = match (filter.from, &filter.number) {
            (Some(from), _) => from,
            (None, Some(_)) => UnixMs(i64::MIN),
            (None, None) => now,
        };
        let query = format!(
            "SELECT {BOOKING_COLUMNS} FROM booking
             WHERE end_ms > $1 AND start_ms < $2
                 AND (CAST($3 AS TEXT) IS NULL OR number = $3)
                 AND (CAST($4 AS TEXT) IS NULL OR CASE
                     WHEN state = 'booked' AND end_ms <= $5 THEN 'ended' ELSE state END = $4)
             ORDER BY start_ms, id LIMIT $6",
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(from.0)
            .bind(filter.to.map_or(i64::MAX, |to| to.0))
            .bind(filter.number.as_ref().map(ConferenceNumber::as_str))
            .bind(filter.state.map(booking_state))
            .bind(now.0)
            .bind(lines(filter.limit))
            .fetch_all(&mut *tx)
            .await?;
        rows.iter().map(|row| booking_line(row, now)).collect()
    }

    /// Dead letters, which wait for an operator, then the others; each the newest first, `limit` in all.
    pub async fn outbox(&self, limit: u32) -> Result<Vec<OutboxLine>> {
        let mut tx = self.store().read().await?;
        let rows = sqlx::query(
            "SELECT id, recipient, kind, state, attempts, last_error, created_ms, next_ms,
                 finished_ms, gateway_id, delivered_ms
             FROM outbox ORDER BY state = 'dead' DESC, seq DESC LIMIT $1",
        )
        .bind(lines(limit))
        .fetch_all(&mut *tx)
        .await?;
        rows.iter().map(outbox_line).collect()
    }

    /// The edges by name, with those that are no longer configured.
    pub async fn edges(&self) -> Result<Vec<EdgeLine>> {
        let mut tx = self.store().read().await?;
        let rows = sqlx::query(
            "SELECT e.name, e.capacity, e.active, b.boot, b.hello_ms, b.version,
                 coalesce((SELECT taken FROM seat_minute m
                           WHERE m.edge = e.name AND m.minute = $1), 0) AS taken_now
             FROM edge e LEFT JOIN boot b
                 ON b.edge = e.name AND b.former = 0 AND b.hello_ms IS NOT NULL
             ORDER BY e.name",
        )
        .bind(self.now().minutes())
        .fetch_all(&mut *tx)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(EdgeLine {
                    name: row.text("name")?,
                    capacity: row.count("capacity")?,
                    active: row.value::<i64>("active")? == 1,
                    taken_now: row.count("taken_now")?,
                    boot: row.value("boot")?,
                    hello: row.instant_or_none("hello_ms")?,
                    version: row.value("version")?,
                })
            })
            .collect()
    }
}

pub(crate) fn booking_line(row: &SqliteRow, now: UnixMs) -> Result<BookingLine> {
    let window = row.window()?;
    Ok(BookingLine {
        booking: row.text("id")?,
        number: row.number("number")?,
        state: state_at(row.word("state")?, window.end, now),
        edge: row.text("edge")?,
        window,
        booked_end: row.instant("booked_end_ms")?,
        wall: row.text("wall")?,
        zone: row.text("zone")?,
        seats: row.count("seats")?,
        seats_taken: row.count("seats_taken")?,
        language: row.word("language")?,
        sender: masked(&row.json("sender")?),
        created: row.instant("created_ms")?,
    })
}

fn outbox_line(row: &SqliteRow) -> Result<OutboxLine> {
    let finished = row.instant_or_none("finished_ms")?;
    Ok(OutboxLine {
        id: row.text("id")?,
        recipient: masked(&row.json("recipient")?),
        kind: row.text("kind")?,
        state: row.text("state")?,
        attempts: row.count("attempts")?,
        last_error: row.value("last_error")?,
        created: row.instant("created_ms")?,
        next: Some(row.instant("next_ms")?).filter(|_| finished.is_none()),
        finished,
        gateway_id: row.value("gateway_id")?,
        delivered: row.instant_or_none("delivered_ms")?,
    })
}
