//! Who may not order, why and until when.

use konf_api::ledger::{Restriction, Sender};
use konf_contract::UnixMs;
use serde::Serialize;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::Ledger;
use crate::error::Result;
use crate::words::{Columns, to_json};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestrictionLine {
    pub sender: Sender,
    pub reason: String,
    /// Without an end when absent.
    pub until: Option<UnixMs>,
    pub since: UnixMs,
    pub by: String,
}

impl Ledger {
    /// Takes effect at once: no order of `sender` commits after this returns. Replaces an earlier restriction.
    pub async fn restrict(
        &self,
        sender: &Sender,
        reason: &str,
        until: Option<UnixMs>,
        by: &str,
    ) -> Result<()> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        sqlx::query(
            "INSERT INTO restriction (sender_key, sender, reason, until_ms, since_ms, by_whom)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (sender_key) DO UPDATE SET reason = excluded.reason,
                 until_ms = excluded.until_ms, since_ms = excluded.since_ms,
                 by_whom = excluded.by_whom",
        )
        .bind(sender.key())
        .bind(to_json(sender)?)
        .bind(reason)
        .bind(until.map(|until| until.0))
        .bind(now.0)
        .bind(by)
        .execute(&mut *tx)
        .await?;
        audit(&mut tx, now, sender, "restricted", reason, until, by).await?;
        tx.commit().await?;
        Ok(())
    }

    /// False when there was none.
    pub async fn unrestrict(&self, sender: &Sender, by: &str) -> Result<bool> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        let reason: Option<String> =
            sqlx::query_scalar("DELETE FROM restriction WHERE sender_key = $1 RETURNING reason")
                .bind(sender.key())
                .fetch_optional(&mut *tx)
                .await?;
        let Some(reason) = reason else { return Ok(false) };
        audit(&mut tx, now, sender, "freed", &reason, None, by).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Those in force, the latest first.
    pub async fn restrictions(&self) -> Result<Vec<RestrictionLine>> {
        let mut tx = self.store().read().await?;
        let rows = sqlx::query(
            "SELECT sender, reason, until_ms, since_ms, by_whom FROM restriction
             WHERE until_ms IS NULL OR until_ms > $1 ORDER BY since_ms DESC LIMIT 1000",
        )
        .bind(self.now().0)
        .fetch_all(&mut *tx)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(RestrictionLine {
                    sender: row.json("sender")?,
                    reason: row.text("reason")?,
                    until: row.instant_or_none("until_ms")?,
                    since: row.instant("since_ms")?,
                    by: row.text("by_whom")?,
                })
            })
            .collect()
    }
}

async fn audit(
    tx: &mut SqliteConnection,
    now: UnixMs,
    sender: &Sender,
    change: &str,
    reason: &str,
    until: Option<UnixMs>,
    by: &str,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO restriction_audit (at_ms, sender_key, change, reason, until_ms, by_whom)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(now.0)
    .bind(sender.key())
    .bind(change)
    .bind(reason)
    .bind(until.map(|until| until.0))
    .bind(by)
    .execute(tx)
    .await?;
    Ok(())
}

/// The restriction in force of a sender.
pub(crate) async fn restriction_of(
    tx: &mut SqliteConnection,
    sender: &Sender,
    now: UnixMs,
) -> Result<Option<Restriction>> {
    let row = sqlx::query(
        "SELECT reason, until_ms FROM restriction
         WHERE sender_key = $1 AND (until_ms IS NULL OR until_ms > $2)",
    )
    .bind(sender.key())
    .bind(now.0)
    .fetch_optional(tx)
    .await?;
    row.map(|row| of_row(&row, "reason")).transpose()
}

/// From a row that has the reason under this name.
pub(crate) fn of_row(row: &SqliteRow, reason: &'static str) -> Result<Restriction> {
    Ok(Restriction { reason: row.text(reason)?, until: row.instant_or_none("until_ms")? })
}
