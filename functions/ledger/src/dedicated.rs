//! Dedicated conferences: a customer's standing room. Each occurrence is a booking of its own, with the same number, PIN and
//! password, so that seats, admission, extensions and bills are those of every booking.

use konf_api::ledger::{BookingProposal, BookingState, DedicatedProposal, Moved, Sender, Weekly};
use konf_contract::{ConferenceNumber, Language, UnixMs, Window};
use serde::Serialize;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::Ledger;
use crate::capacity;
use crate::commit::{Change, Step, Stop};
use crate::error::{LedgerError, Result};
use crate::listing::lines;
use crate::outbox;
use crate::store::new_id;
use crate::words::{Columns, Minutes, from_json, language, masked, to_json};

/// A year of working days.
const OCCURRENCES_MAX: usize = 400;
/// A hundred days around the clock: so many rows of the capacity table in one transaction, while orders wait.
pub(crate) const MINUTES_MAX: u64 = 144_000;

/// A dedicated conference, as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DedicatedLine {
    pub id: String,
    pub number: ConferenceNumber,
    pub customer: String,
    /// `+420…456` or `a…@b.cz`.
    pub sender: String,
    pub edge: String,
    pub seats: u32,
    pub language: Language,
    pub window: Window,
    pub weekly: Option<Weekly>,
    pub by: String,
    pub created: UnixMs,
    pub state: BookingState,
    /// The occurrence that runs or comes next.
    pub next: Option<Window>,
}

impl Ledger {
    /// Those that are not over first, then the others; each the latest first.
    pub async fn dedicated(&self, limit: u32) -> Result<Vec<DedicatedLine>> {
        let mut tx = self.store().read().await?;
        let now = self.now();
        let rows = sqlx::query(
            "SELECT d.*,
                 (SELECT min(b.start_ms) FROM booking b WHERE b.dedicated = d.id
                      AND b.state = 'booked' AND b.end_ms > $1) AS next_ms,
                 (SELECT min(b.end_ms) FROM booking b WHERE b.dedicated = d.id
                      AND b.state = 'booked' AND b.end_ms > $1) AS next_end_ms
             FROM dedicated d
             ORDER BY (d.cancelled_ms IS NULL AND d.end_ms > $1) DESC, d.created_ms DESC LIMIT $2",
        )
        .bind(now.0)
        .bind(lines(limit))
        .fetch_all(&mut *tx)
        .await?;
        rows.iter().map(|row| line(row, now)).collect()
    }

    /// Whose it is, and its language and window; none when there is none that is not over.
    pub async fn dedicated_of(&self, id: &str) -> Result<Option<(Sender, DedicatedLine)>> {
        let found = self.dedicated(u32::MAX).await?.into_iter().find(|line| line.id == id);
        let Some(found) = found.filter(|line| line.state == BookingState::Booked) else {
            return Ok(None);
        };
        let mut tx = self.store().read().await?;
        let sender: String = sqlx::query_scalar("SELECT sender FROM dedicated WHERE id = $1")
            .bind(id)
            .fetch_one(&mut *tx)
            .await?;
        Ok(Some((from_json(&sender, "sender")?, found)))
    }
}

fn line(row: &SqliteRow, now: UnixMs) -> Result<DedicatedLine> {
    let window = row.window()?;
    let state = match row.instant_or_none("cancelled_ms")? {
        Some(_) => BookingState::Cancelled,
        None if window.end <= now => BookingState::Ended,
        None => BookingState::Booked,
    };
    let next = row.instant_or_none("next_ms")?.zip(row.instant_or_none("next_end_ms")?);
    let weekly: Option<String> = row.value("weekly")?;
    Ok(DedicatedLine {
        id: row.text("id")?,
        number: row.number("number")?,
        customer: row.text("customer")?,
        sender: masked(&row.json("sender")?),
        edge: row.text("edge")?,
        seats: row.count("seats")?,
        language: row.word("language")?,
        window,
        weekly: weekly.map(|weekly| from_json(&weekly, "weekly")).transpose()?,
        by: row.text("by_whom")?,
        created: row.instant("created_ms")?,
        state,
        next: next.map(|(start, end)| Window { start, end }),
    })
}

/// Whether the occurrences can be booked at all: in order, apart from each other, not too many.
pub(crate) fn check(proposal: &DedicatedProposal) -> Result<()> {
    let all = &proposal.occurrences;
    if all.is_empty() || all.len() > OCCURRENCES_MAX {
        return Err(LedgerError::Invalid("a dedicated conference has 1 to 400 occurrences"));
    }
    let whole = |at: UnixMs| at.0 >= 0 && at.0 % UnixMs::MINUTE == 0;
    let apart = all.windows(2).all(|two| two[0].window.end <= two[1].window.start);
    let good = all.iter().all(|one| {
        let window = one.window;
        whole(window.start) && whole(window.end) && window.start < window.end
    });
    if !good || !apart {
        return Err(LedgerError::Invalid(
            "occurrences lie on whole minutes, one after the other, apart",
        ));
    }
    let minutes = all.iter().map(|one| one.window.minutes()).fold(0_i64, i64::saturating_add);
    if minutes.cast_unsigned() > MINUTES_MAX {
        return Err(LedgerError::Invalid(
            "a dedicated conference reserves at most 144,000 minutes: a hundred days around the clock",
        ));
    }
    Ok(())
}

impl Change<'_> {
    /// Takes the seats of every minute of every occurrence, or none. Gives the id of the first booking.
    pub(crate) async fn dedicate(
        &self,
        tx: &mut SqliteConnection,
        proposal: &DedicatedProposal,
    ) -> Step<String> {
        let (Some(first), Some(last)) = (proposal.occurrences.first(), proposal.occurrences.last())
        else {
            return Err(LedgerError::Invalid("a dedicated conference has an occurrence").into());
        };
        let id = new_id("dedicated")?;
        let whole = Window { start: first.window.start, end: last.window.end };
        self.insert_dedicated(tx, &id, proposal, whole).await?;
        let mut bookings = Vec::new();
        for occurrence in &proposal.occurrences {
            let window = occurrence.window;
            let span = Minutes { from: window.start.minutes(), to: window.end.minutes() };
            if !capacity::take(tx, &proposal.edge, span, proposal.seats).await? {
                return Err(Stop::Moved(Moved::Capacity));
            }
            let booking = BookingProposal {
                number: proposal.number.clone(),
                pin: proposal.pin.clone(),
                password: proposal.password.clone(),
                edge: proposal.edge.clone(),
                window,
                wall: occurrence.wall.clone(),
                zone: proposal.zone.clone(),
                seats: proposal.seats,
                language: proposal.language,
            };
            self.check_start(window)?;
            bookings.push(self.insert_row(tx, &booking, Some(&id)).await?);
        }
        let first = bookings.swap_remove(0);
        self.use_number(tx, &proposal.number, whole.end, &first).await?;
        Ok(first)
    }

    async fn insert_dedicated(
        &self,
        tx: &mut SqliteConnection,
        id: &str,
        proposal: &DedicatedProposal,
        whole: Window,
    ) -> Step<()> {
        sqlx::query(
            "INSERT INTO dedicated (id, number, customer, sender, edge, seats, language, start_ms,
                 end_ms, weekly, by_whom, created_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(id)
        .bind(proposal.number.as_str())
        .bind(&proposal.customer)
        .bind(to_json(self.sender)?)
        .bind(&proposal.edge)
        .bind(i64::from(proposal.seats))
        .bind(language(proposal.language))
        .bind(whole.start.0)
        .bind(whole.end.0)
        .bind(proposal.weekly.as_ref().map(to_json).transpose()?)
        .bind(&proposal.by)
        .bind(self.now.0)
        .execute(tx)
        .await?;
        Ok(())
    }

    /// What is left of it goes back: no one is let in any more, and its seats are free at once.
    pub(crate) async fn cancel_dedicated(&self, tx: &mut SqliteConnection, id: &str) -> Step<()> {
        let cancelled = sqlx::query(
            "UPDATE dedicated SET cancelled_ms = $1
             WHERE id = $2 AND sender = $3 AND cancelled_ms IS NULL AND end_ms > $1",
        )
        .bind(self.now.0)
        .bind(id)
        .bind(to_json(self.sender)?)
        .execute(&mut *tx)
        .await?;
        if cancelled.rows_affected() == 0 {
            return Err(Stop::Moved(Moved::BookingGone));
        }
        let rows = sqlx::query(
            "UPDATE booking SET state = 'cancelled', closed_ms = $1
             WHERE dedicated = $2 AND state = 'booked' AND end_ms > $1
             RETURNING id, edge, start_ms, end_ms, seats",
        )
        .bind(self.now.0)
        .bind(id)
        .fetch_all(&mut *tx)
        .await?;
        for row in &rows {
            let window = row.window()?;
            let span = Minutes { from: window.start.minutes(), to: window.end.minutes() };
            capacity::release(tx, &row.text("edge")?, span, row.count("seats")?).await?;
            outbox::drop_waiting(tx, &row.text("id")?, self.now).await?;
        }
        sqlx::query(
            "UPDATE number_use SET free_ms = $1
             WHERE booking IN (SELECT id FROM booking WHERE dedicated = $2)",
        )
        .bind(self.now.plus_ms(self.rest).0)
        .bind(id)
        .execute(tx)
        .await?;
        Ok(())
    }
}
