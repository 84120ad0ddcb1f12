//! What operators handle: orders beyond the standard and free text, each with the time by which it is to be done.

use konf_api::ledger::{Effect, RequestedOrder, Sender, Settled};
use konf_contract::{Language, UnixMs, Window};
use serde::Serialize;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::Ledger;
use crate::error::{LedgerError, Result};
use crate::listing::lines;
use crate::store::new_id;
use crate::words::{Columns, language, small, to_json};

/// Open requests of one sender: more are added to the latest, so that nobody fills the operators' page.
const OPEN_MAX: i64 = 5;
/// The text of a request to which others were added: four that fill a page each.
const TEXT_CHARACTERS_MAX: i64 = 16_000;
/// As long before its deadline a request is about to miss it: what a simple one takes to read, book and answer.
pub const SOON_MS: i64 = 15 * UnixMs::MINUTE;

/// A request, open or closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestLine {
    pub id: String,
    /// Whom the operator answers.
    pub sender: Sender,
    pub text: String,
    pub language: Language,
    pub order: Option<RequestedOrder>,
    pub received: UnixMs,
    pub due: UnixMs,
    /// Absent while open.
    pub closed: Option<UnixMs>,
    /// `approved`, `answered`, `declined` or `closed`; absent while open.
    pub result: Option<String>,
    pub by: Option<String>,
    pub note: Option<String>,
    /// The id of the booking that was made of it.
    pub booking: Option<String>,
}

/// How many requests stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RequestCounts {
    pub open: u32,
    /// Open, and due within [`SOON_MS`].
    pub soon: u32,
    /// Open, and past their deadline.
    pub late: u32,
    /// Closed, but after their deadline.
    pub missed: u32,
    /// Closed in time.
    pub in_time: u32,
}

const COLUMNS: &str = "id, sender, text, language, received_ms, due_ms, start_ms, end_ms, seats,
     closed_ms, result, closed_by, note, booking";

impl Ledger {
    /// Open requests, the first due first.
    pub async fn requests(&self, limit: u32) -> Result<Vec<RequestLine>> {
        let query = format!(
            "SELECT {COLUMNS} FROM request WHERE closed_ms IS NULL ORDER BY due_ms, seq LIMIT $1"
        );
        self.request_lines(query, limit).await
    }

    /// Requests that are done, the latest first.
    pub async fn closed_requests(&self, limit: u32) -> Result<Vec<RequestLine>> {
        let query = format!(
            "SELECT {COLUMNS} FROM request WHERE closed_ms IS NOT NULL
             ORDER BY closed_ms DESC LIMIT $1"
        );
        self.request_lines(query, limit).await
    }

    async fn request_lines(&self, query: String, limit: u32) -> Result<Vec<RequestLine>> {
        let mut tx = self.store().read().await?;
        let rows =
            sqlx::query(sqlx::AssertSqlSafe(query)).bind(lines(limit)).fetch_all(&mut *tx).await?;
        rows.iter().map(request_line).collect()
    }

    pub async fn request(&self, id: &str) -> Result<Option<RequestLine>> {
        let mut tx = self.store().read().await?;
        let query = format!("SELECT {COLUMNS} FROM request WHERE id = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(query)).bind(id).fetch_optional(&mut *tx).await?;
        row.as_ref().map(request_line).transpose()
    }

    pub async fn request_counts(&self) -> Result<RequestCounts> {
        let mut tx = self.store().read().await?;
        let now = self.now();
        let row = sqlx::query(
            "SELECT coalesce(sum(closed_ms IS NULL), 0) AS open,
                 coalesce(sum(closed_ms IS NULL AND due_ms > $1 AND due_ms <= $2), 0) AS soon,
                 coalesce(sum(closed_ms IS NULL AND due_ms <= $1), 0) AS late,
                 coalesce(sum(closed_ms > due_ms), 0) AS missed,
                 coalesce(sum(closed_ms <= due_ms), 0) AS in_time
             FROM request",
        )
        .bind(now.0)
        .bind(now.plus_ms(SOON_MS).0)
        .fetch_one(&mut *tx)
        .await?;
        Ok(RequestCounts {
            open: row.count("open")?,
            soon: row.count("soon")?,
            late: row.count("late")?,
            missed: row.count("missed")?,
            in_time: row.count("in_time")?,
        })
    }
}

/// What [`Effect::Enqueue`] brings, as it is stored.
pub(crate) struct NewRequest<'a> {
    pub(crate) inbound: Option<&'a str>,
    pub(crate) sender: &'a Sender,
    pub(crate) text: &'a str,
    pub(crate) language: Language,
    pub(crate) received: UnixMs,
    pub(crate) due: UnixMs,
    pub(crate) order: Option<RequestedOrder>,
}

impl NewRequest<'_> {
    pub(crate) async fn store(&self, tx: &mut SqliteConnection) -> Result<()> {
        let open: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM request WHERE sender_key = $1 AND closed_ms IS NULL",
        )
        .bind(self.sender.key())
        .fetch_one(&mut *tx)
        .await?;
        if open >= OPEN_MAX { self.add_to_latest(tx).await } else { self.insert(tx).await }
    }

    async fn insert(&self, tx: &mut SqliteConnection) -> Result<()> {
        sqlx::query(
            "INSERT INTO request (id, inbound, sender, sender_key, text, language, received_ms,
                 due_ms, start_ms, end_ms, seats)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(new_id("request")?)
        .bind(self.inbound)
        .bind(to_json(self.sender)?)
        .bind(self.sender.key())
        .bind(self.text)
        .bind(language(self.language))
        .bind(self.received.0)
        .bind(self.due.0)
        .bind(self.order.map(|order| order.window.start.0))
        .bind(self.order.map(|order| order.window.end.0))
        .bind(self.order.map(|order| i64::from(order.seats)))
        .execute(tx)
        .await?;
        Ok(())
    }

    /// It is handled with the one before, whose deadline is not later than the one that this sender was told.
    async fn add_to_latest(&self, tx: &mut SqliteConnection) -> Result<()> {
        sqlx::query(
            "UPDATE request SET text = substr(text || $1 || $2, 1, $3)
             WHERE seq = (SELECT max(seq) FROM request
                          WHERE sender_key = $4 AND closed_ms IS NULL)",
        )
        .bind("\n\n")
        .bind(self.text)
        .bind(TEXT_CHARACTERS_MAX)
        .bind(self.sender.key())
        .execute(tx)
        .await?;
        Ok(())
    }
}

/// How and by whom a request is closed.
pub(crate) struct Closing<'a> {
    pub(crate) request: &'a str,
    pub(crate) by: &'a str,
    pub(crate) result: &'static str,
    pub(crate) note: &'a str,
}

impl<'a> Closing<'a> {
    /// Of an effect that closes one.
    pub(crate) fn of(effect: &'a Effect) -> Option<Closing<'a>> {
        match effect {
            Effect::Approve { request, by, .. } => {
                Some(Closing { request, by, result: "approved", note: "" })
            }
            Effect::Settle { request, by, result, note } => {
                let result = match result {
                    Settled::Answered => "answered",
                    Settled::Declined => "declined",
                    Settled::Closed => "closed",
                };
                Some(Closing { request, by, result, note })
            }
            _ => None,
        }
    }

    /// False when it is closed already.
    pub(crate) async fn close(
        &self,
        tx: &mut SqliteConnection,
        sender: &Sender,
        now: UnixMs,
    ) -> Result<bool> {
        let closed = sqlx::query(
            "UPDATE request SET closed_ms = $1, result = $2, closed_by = $3, note = $4
             WHERE id = $5 AND sender = $6 AND closed_ms IS NULL",
        )
        .bind(now.0)
        .bind(self.result)
        .bind(self.by)
        .bind(self.note)
        .bind(self.request)
        .bind(to_json(sender)?)
        .execute(&mut *tx)
        .await?;
        if closed.rows_affected() == 1 {
            return Ok(true);
        }
        let known = sqlx::query("SELECT id FROM request WHERE id = $1 AND sender = $2")
            .bind(self.request)
            .bind(to_json(sender)?)
            .fetch_optional(tx)
            .await?;
        match known {
            Some(_) => Ok(false),
            None => Err(LedgerError::Invalid("this sender has made no such request")),
        }
    }

    /// The message in that made the request.
    pub(crate) async fn inbound(&self, tx: &mut SqliteConnection) -> Result<Option<String>> {
        let inbound: Option<Option<String>> =
            sqlx::query_scalar("SELECT inbound FROM request WHERE id = $1")
                .bind(self.request)
                .fetch_optional(tx)
                .await?;
        Ok(inbound.flatten())
    }

    pub(crate) async fn note_booking(
        &self,
        tx: &mut SqliteConnection,
        booking: &str,
    ) -> Result<()> {
        sqlx::query("UPDATE request SET booking = $1 WHERE id = $2")
            .bind(booking)
            .bind(self.request)
            .execute(tx)
            .await?;
        Ok(())
    }
}

fn request_line(row: &SqliteRow) -> Result<RequestLine> {
    let (start, end) = (row.instant_or_none("start_ms")?, row.instant_or_none("end_ms")?);
    let seats =
        row.value::<Option<i64>>("seats")?.map(|seats| small(seats, "seats")).transpose()?;
    let order = match (start, end, seats) {
        (Some(start), Some(end), Some(seats)) => {
            Some(RequestedOrder { window: Window { start, end }, seats })
        }
        _ => None,
    };
    Ok(RequestLine {
        id: row.text("id")?,
        sender: row.json("sender")?,
        text: row.text("text")?,
        language: row.word("language")?,
        order,
        received: row.instant("received_ms")?,
        due: row.instant("due_ms")?,
        closed: row.instant_or_none("closed_ms")?,
        result: row.value("result")?,
        by: row.value("closed_by")?,
        note: row.value("note")?,
        booking: row.value("booking")?,
    })
}
