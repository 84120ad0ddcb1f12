//! What time takes back. Each step is a short transaction, idempotent, and bounded: what is left comes next time.

use konf_contract::UnixMs;
use serde::Serialize;
use serde_json::Value;
use sqlx::SqliteConnection;

use crate::Ledger;
use crate::admission::WRONG_TRY_MS;
use crate::error::Result;
use crate::events;
use crate::extension::shrink_if_empty;
use crate::guests;
use crate::offers::release_expired;
use crate::parts;
use crate::reports;
use crate::seats::release_expired_holds;
use crate::sign_in;
use crate::webhooks;

/// How much [`Ledger::expire`] took back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Expired {
    /// Held offers whose time was over.
    pub offers: u32,
    /// Seats held for callers who did not come back.
    pub held_seats: u32,
    /// Extensions of rooms that stayed empty.
    pub extensions: u32,
    /// Bookings whose end has passed.
    pub ended: u32,
    /// Bookings and messages whose secrets were erased.
    pub credentials: u32,
}

/// Rows that one step changes at most, so that nobody waits long behind it.
const ROWS_AT_ONCE: i64 = 1_000;

/// Seats of past minutes are kept so long: a wall clock that is set back does not make them bookable again.
const PAST_MINUTES: i64 = 48 * 60;

impl Ledger {
    /// Idempotent; to be called every minute or so.
    pub async fn expire(&self) -> Result<Expired> {
        let mut expired = Expired::default();
        self.free_seats(&mut expired).await?;
        self.end_bookings(&mut expired).await?;
        self.erase_secrets(&mut expired).await?;
        self.sweep().await?;
        if expired.credentials > 0 {
            self.store().flush_log().await?;
        }
        Ok(expired)
    }

    async fn free_seats(&self, expired: &mut Expired) -> Result<()> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        expired.offers = release_expired(&mut tx, now).await?;
        let bookings = release_expired_holds(&mut tx, None, now).await?;
        expired.held_seats = bookings.len() as u32;
        for booking in bookings {
            if shrink_if_empty(&mut tx, &booking, now).await? {
                expired.extensions += 1;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// The minutes of an ended booking are past: there is nothing to give back.
    async fn end_bookings(&self, expired: &mut Expired) -> Result<()> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        let ended: Vec<String> = sqlx::query_scalar(
            "UPDATE booking SET state = 'ended', closed_ms = end_ms
             WHERE state = 'booked' AND end_ms <= $1 RETURNING id",
        )
        .bind(now.0)
        .fetch_all(&mut *tx)
        .await?;
        expired.ended = ended.len() as u32;
        if self.has_listeners() {
            for booking in &ended {
                events::tell(&mut tx, now, "conference.ended", booking, Value::Null).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    async fn erase_secrets(&self, expired: &mut Expired) -> Result<()> {
        let mut tx = self.store().write().await?;
        let before = UnixMs(self.now().0.saturating_sub(self.settings().erase_after_ms));
        let bookings = erase_bookings(&mut tx, before).await?;
        let messages = erase_messages(&mut tx, before).await?;
        tx.commit().await?;
        expired.credentials = (bookings + messages) as u32;
        Ok(())
    }

    async fn sweep(&self) -> Result<()> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        let old = now.0.saturating_sub(self.settings().keep_ms);
        sqlx::query(
            "DELETE FROM seat_minute WHERE edge IN (SELECT name FROM edge) AND minute < $1",
        )
        .bind(now.minutes() - PAST_MINUTES)
        .execute(&mut *tx)
        .await?;
        parts::sweep(&mut tx, now, ROWS_AT_ONCE).await?;
        reports::sweep(&mut tx, now).await?;
        webhooks::sweep(&mut tx, now).await?;
        sign_in::sweep(&mut tx, now, ROWS_AT_ONCE).await?;
        sqlx::query("DELETE FROM wrong_try WHERE at_ms <= $1")
            .bind(now.0.saturating_sub(WRONG_TRY_MS))
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "DELETE FROM decision WHERE seq IN
                 (SELECT seq FROM decision WHERE at_ms <= $1 ORDER BY at_ms LIMIT $2)",
        )
        .bind(old)
        .bind(ROWS_AT_ONCE)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "DELETE FROM policy_call WHERE seq IN
                 (SELECT seq FROM policy_call WHERE at_ms <= $1 ORDER BY at_ms LIMIT $2)",
        )
        .bind(old)
        .bind(ROWS_AT_ONCE)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE inbound SET message = NULL, sender_key = NULL WHERE id IN
                 (SELECT id FROM inbound WHERE message IS NOT NULL AND answered_ms <= $1
                  ORDER BY answered_ms LIMIT $2)",
        )
        .bind(old)
        .bind(ROWS_AT_ONCE)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// PIN, password and callers of bookings that closed before `before`.
async fn erase_bookings(tx: &mut SqliteConnection, before: UnixMs) -> Result<u64> {
    let bookings: Vec<String> = sqlx::query_scalar(
        "SELECT id FROM booking WHERE pin IS NOT NULL AND state <> 'booked' AND closed_ms <= $1
         ORDER BY closed_ms LIMIT $2",
    )
    .bind(before.0)
    .bind(ROWS_AT_ONCE)
    .fetch_all(&mut *tx)
    .await?;
    for booking in &bookings {
        sqlx::query("UPDATE booking SET pin = NULL, password = NULL WHERE id = $1")
            .bind(booking)
            .execute(&mut *tx)
            .await?;
        guests::erase(tx, booking).await?;
        sqlx::query("UPDATE seat_grant SET caller = NULL WHERE booking = $1")
            .bind(booking)
            .execute(&mut *tx)
            .await?;
        // What has not gone out by now is of no use to anybody.
        sqlx::query(
            "UPDATE outbox SET body = NULL,
                 state = CASE WHEN state IN ('waiting', 'sending') THEN 'dead' ELSE state END,
                 finished_ms = CASE WHEN finished_ms IS NULL THEN $1 ELSE finished_ms END
             WHERE booking = $2",
        )
        .bind(before.0)
        .bind(booking)
        .execute(&mut *tx)
        .await?;
    }
    Ok(bookings.len() as u64)
}

/// Bodies of messages that belong to no booking and were finished before `before`.
async fn erase_messages(tx: &mut SqliteConnection, before: UnixMs) -> Result<u64> {
    let erased = sqlx::query(
        "UPDATE outbox SET body = NULL WHERE id IN
             (SELECT id FROM outbox WHERE body IS NOT NULL AND finished_ms <= $1
                  AND booking IS NULL ORDER BY finished_ms LIMIT $2)",
    )
    .bind(before.0)
    .bind(ROWS_AT_ONCE)
    .execute(tx)
    .await?;
    Ok(erased.rows_affected())
}
