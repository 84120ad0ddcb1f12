//! What is on its way to webhooks, and what became of it.

use konf_api::ledger::Sender;
use konf_contract::UnixMs;
use sqlx::sqlite::SqliteRow;

use super::{AT_ONCE, DeliveryLine, ERROR_CHARACTERS_MAX, WebhookItem, WebhookSecret, is_there};
use crate::Ledger;
use crate::error::Result;
use crate::words::{Columns, small};

impl Ledger {
    /// None when there is no such webhook (of that owner); the latest event first.
    pub async fn webhook_deliveries(
        &self,
        id: &str,
        of: Option<&Sender>,
        state: Option<&str>,
        limit: u32,
    ) -> Result<Option<Vec<DeliveryLine>>> {
        let mut tx = self.store().read().await?;
        if !is_there(&mut tx, id, of).await? {
            return Ok(None);
        }
        let rows = sqlx::query(
            "SELECT event, kind, state, attempts, created_ms, next_ms, finished_ms, status, error
             FROM webhook_delivery WHERE webhook = $1
                 AND ($2 IS NULL OR state = $2 OR ($2 = 'waiting' AND state = 'sending'))
             ORDER BY seq DESC LIMIT $3",
        )
        .bind(id)
        .bind(state)
        .bind(crate::listing::lines(limit))
        .fetch_all(&mut *tx)
        .await?;
        rows.iter().map(delivery).collect::<Result<_>>().map(Some)
    }

    /// Tells an event again that is dead or waits. False when there is none such.
    pub async fn retry_delivery(&self, id: &str, event: &str, of: Option<&Sender>) -> Result<bool> {
        let mut tx = self.store().write().await?;
        if !is_there(&mut tx, id, of).await? {
            return Ok(false);
        }
        let again = sqlx::query(
            "UPDATE webhook_delivery
             SET state = 'waiting', next_ms = $1, finished_ms = NULL, attempts = 0
             WHERE webhook = $2 AND event = $3 AND state IN ('waiting', 'dead')",
        )
        .bind(self.now().0)
        .bind(id)
        .bind(event)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(again.rows_affected() == 1)
    }

    /// What is due, a few of each webhook, claimed for the lease of messages.
    pub async fn webhooks_due(&self, limit: u32) -> Result<Vec<WebhookItem>> {
        if !self.inner.listeners.any() {
            return Ok(Vec::new());
        }
        let mut tx = self.store().write().await?;
        let now = self.now();
        let rows = sqlx::query(
            "SELECT seq FROM (
                 SELECT seq, row_number() OVER (PARTITION BY webhook ORDER BY next_ms, seq) AS place
                 FROM webhook_delivery WHERE state IN ('waiting', 'sending') AND next_ms <= $1)
             WHERE place <= $2 ORDER BY seq LIMIT $3",
        )
        .bind(now.0)
        .bind(AT_ONCE)
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await?;
        let mut items = Vec::new();
        for row in rows {
            let row = sqlx::query(
                "UPDATE webhook_delivery SET state = 'sending', next_ms = $1, attempts = attempts + 1
                 WHERE seq = $2
                 RETURNING seq, webhook, event, kind, body, attempts,
                     (SELECT url FROM webhook w WHERE w.id = webhook) AS url,
                     (SELECT secret FROM webhook w WHERE w.id = webhook) AS secret",
            )
            .bind(now.plus_ms(self.settings().outbox_lease_ms).0)
            .bind(row.value::<i64>("seq")?)
            .fetch_one(&mut *tx)
            .await?;
            items.push(item(&row)?);
        }
        tx.commit().await?;
        Ok(items)
    }

    pub async fn webhook_delivered(&self, seq: i64, status: u16) -> Result<()> {
        let statement = sqlx::query(
            "UPDATE webhook_delivery
             SET state = 'delivered', finished_ms = $1, status = $2, error = NULL
             WHERE seq = $3 AND state = 'sending'",
        )
        .bind(self.now().0)
        .bind(i64::from(status))
        .bind(seq);
        self.store().change(statement).await?;
        Ok(())
    }

    /// Without `retry` it is dead.
    pub async fn webhook_failed(
        &self,
        seq: i64,
        status: Option<u16>,
        error: &str,
        retry: Option<UnixMs>,
    ) -> Result<()> {
        let now = self.now();
        let error: String = error.chars().take(ERROR_CHARACTERS_MAX).collect();
        let statement = sqlx::query(
            "UPDATE webhook_delivery SET state = $1, next_ms = $2, finished_ms = $3, status = $4,
                 error = $5
             WHERE seq = $6 AND state = 'sending'",
        )
        .bind(if retry.is_some() { "waiting" } else { "dead" })
        .bind(retry.unwrap_or(now).0)
        .bind(retry.is_none().then_some(now.0))
        .bind(status.map(i64::from))
        .bind(error)
        .bind(seq);
        self.store().change(statement).await?;
        Ok(())
    }
}

fn delivery(row: &SqliteRow) -> Result<DeliveryLine> {
    let finished = row.instant_or_none("finished_ms")?;
    let status: Option<i64> = row.value("status")?;
    Ok(DeliveryLine {
        event: row.text("event")?,
        kind: row.text("kind")?,
        state: row.text("state")?,
        attempts: row.count("attempts")?,
        created: row.instant("created_ms")?,
        next: Some(row.instant("next_ms")?).filter(|_| finished.is_none()),
        finished,
        status: status.map(|status| small(status, "status")).transpose()?,
        error: row.value("error")?,
    })
}

fn item(row: &SqliteRow) -> Result<WebhookItem> {
    Ok(WebhookItem {
        seq: row.value("seq")?,
        webhook: row.text("webhook")?,
        url: row.text("url")?,
        secret: WebhookSecret::new(row.text("secret")?),
        event: row.text("event")?,
        kind: row.text("kind")?,
        body: row.text("body")?,
        attempt: row.count("attempts")?,
    })
}
