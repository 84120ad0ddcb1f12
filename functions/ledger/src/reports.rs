//! What gateways report of messages out. A report may overtake the gateway's own answer, or the note of it: it waits for
//! that, in the ledger, so that neither a quick telephone nor a restart loses one.

use konf_api::ledger::{DeliveryReport, Fate, ReportOutcome};
use konf_contract::UnixMs;
use sqlx::SqliteConnection;

use crate::Ledger;
use crate::error::{LedgerError, Result};
use crate::outbox::scrubbed;

/// The longest id of a gateway; those known have at most 64 characters.
const ID_BYTES_MAX: usize = 512;
/// The note of a message that was taken comes within a minute; what is reported so long before it belongs to others.
const EARLY_MS: i64 = crate::HOUR;
/// Others may send through the same account: what is reported of their messages takes no more room than this.
const EARLY_MAX: i64 = 10_000;

impl Ledger {
    /// Notes that a message has arrived or never will. A report that is repeated, or comes after its contrary, changes
    /// nothing: arrived is arrived.
    pub async fn report(&self, report: &DeliveryReport) -> Result<ReportOutcome> {
        let ids = [&report.reference, &report.gateway_id];
        if ids.into_iter().flatten().any(|id| id.len() > ID_BYTES_MAX) {
            return Err(LedgerError::Invalid("an id of a message has at most 512 bytes"));
        }
        let mut tx = self.store().write().await?;
        let now = self.now();
        let changed = match &report.fate {
            Fate::Delivered => delivered(&mut tx, report, now).await?,
            Fate::Undelivered { reason } => undelivered(&mut tx, report, reason, now).await?,
        };
        if changed == 0 {
            keep(&mut tx, report, now).await?;
        }
        tx.commit().await?;
        Ok(if changed > 0 { ReportOutcome::Noted } else { ReportOutcome::Nothing })
    }
}

/// Keeps a report for a message that may yet be noted as taken; unless it was, and there is nothing left to say of it.
async fn keep(tx: &mut SqliteConnection, report: &DeliveryReport, now: UnixMs) -> Result<()> {
    let reason = match &report.fate {
        Fate::Delivered => None,
        Fate::Undelivered { reason } => Some(scrubbed(reason)),
    };
    for id in [&report.reference, &report.gateway_id].into_iter().flatten() {
        // Arrived is arrived, whatever is said later.
        sqlx::query(
            "INSERT INTO early_report (id, reason, came_ms)
             SELECT $1, $2, $3
             WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE (id = $4 OR gateway_id = $5)
                     AND state IN ('sent', 'dead', 'dropped'))
                 AND (SELECT count(*) FROM early_report) < $6
             ON CONFLICT (id) DO UPDATE SET reason = NULL WHERE excluded.reason IS NULL",
        )
        .bind(id)
        .bind(&reason)
        .bind(now.0)
        .bind(&report.reference)
        .bind(&report.gateway_id)
        .bind(EARLY_MAX)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// The gateway took a message: what it had reported before that is noted now.
pub(crate) async fn catch_up(
    tx: &mut SqliteConnection,
    id: &str,
    gateway_id: Option<&str>,
    now: UnixMs,
) -> Result<()> {
    let early: Vec<Option<String>> =
        sqlx::query_scalar("DELETE FROM early_report WHERE id IN ($1, $2) RETURNING reason")
            .bind(id)
            .bind(gateway_id)
            .fetch_all(&mut *tx)
            .await?;
    let report = |fate| DeliveryReport { reference: Some(id.to_owned()), gateway_id: None, fate };
    if early.contains(&None) {
        delivered(tx, &report(Fate::Delivered), now).await?;
    } else if let Some(reason) = early.into_iter().flatten().next() {
        undelivered(tx, &report(Fate::Undelivered { reason: reason.clone() }), &reason, now)
            .await?;
    }
    Ok(())
}

pub(crate) async fn sweep(tx: &mut SqliteConnection, now: UnixMs) -> Result<()> {
    sqlx::query("DELETE FROM early_report WHERE came_ms <= $1")
        .bind(now.0.saturating_sub(EARLY_MS))
        .execute(tx)
        .await?;
    Ok(())
}

/// Also what waits for another try since nobody knew whether the gateway had taken it: it need not go again.
async fn delivered(tx: &mut SqliteConnection, report: &DeliveryReport, now: UnixMs) -> Result<u64> {
    let noted = sqlx::query(
        "UPDATE outbox SET state = 'sent', delivered_ms = $1, last_error = NULL,
             finished_ms = COALESCE(finished_ms, $1)
         WHERE (id = $2 OR gateway_id = $3) AND state <> 'dropped' AND delivered_ms IS NULL",
    )
    .bind(now.0)
    .bind(&report.reference)
    .bind(&report.gateway_id)
    .execute(tx)
    .await?;
    Ok(noted.rows_affected())
}

/// A dead letter: an operator may have it tried again.
async fn undelivered(
    tx: &mut SqliteConnection,
    report: &DeliveryReport,
    reason: &str,
    now: UnixMs,
) -> Result<u64> {
    let noted = sqlx::query(
        "UPDATE outbox SET state = 'dead', finished_ms = $1, last_error = $2
         WHERE (id = $3 OR gateway_id = $4) AND state = 'sent' AND delivered_ms IS NULL",
    )
    .bind(now.0)
    .bind(format!("not delivered: {}", scrubbed(reason)))
    .bind(&report.reference)
    .bind(&report.gateway_id)
    .execute(tx)
    .await?;
    Ok(noted.rows_affected())
}
