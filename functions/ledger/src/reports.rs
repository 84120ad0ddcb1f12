//! What gateways report of messages out.

use konf_api::ledger::{DeliveryReport, Fate, ReportOutcome};
use konf_contract::UnixMs;
use sqlx::SqliteConnection;

use crate::Ledger;
use crate::error::{LedgerError, Result};
use crate::outbox::scrubbed;

/// The longest id of a gateway; those known have at most 64 characters.
const ID_BYTES_MAX: usize = 512;

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
        tx.commit().await?;
        Ok(if changed > 0 { ReportOutcome::Noted } else { ReportOutcome::Nothing })
    }
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
