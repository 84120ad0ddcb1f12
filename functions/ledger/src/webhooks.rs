//! Webhooks: who is told of which events, and what is on its way. What is told is written in the transaction of the fact
//! itself ([`crate::events`]), so that nothing is told that is not so, and nothing that is so goes untold.

mod deliveries;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use konf_api::ledger::Sender;
use konf_contract::UnixMs;
use serde::Serialize;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::Ledger;
use crate::error::{LedgerError, Result};
use crate::store::new_id;
use crate::words::{Columns, masked, to_json};

/// Of one customer, and in all.
const OWN_MAX: i64 = 10;
const ALL_MAX: i64 = 200;
/// Of one webhook at once, so that one that is slow holds up no other.
const AT_ONCE: i64 = 4;
/// What was told is listed so long, what could not be told longer.
const DELIVERED_MS: i64 = 7 * crate::DAY;
const DEAD_MS: i64 = 30 * crate::DAY;
const ROWS_AT_ONCE: i64 = 1_000;
/// What went wrong, as it is kept.
const ERROR_CHARACTERS_MAX: usize = 300;

/// Whether anybody is to be told of anything: most ledgers have no webhook, and their orders pay nothing for them.
#[derive(Debug, Default)]
pub(crate) struct Listeners(AtomicBool);

impl Listeners {
    pub(crate) fn any(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// What signs deliveries. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(String);

impl WebhookSecret {
    pub fn new(text: impl Into<String>) -> WebhookSecret {
        WebhookSecret(text.into())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWebhook {
    pub url: String,
    /// Kinds of events.
    pub events: Vec<String>,
    pub label: String,
    pub secret: WebhookSecret,
    /// Whose conferences it is told of; of all when absent.
    pub owner: Option<Sender>,
    pub by: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WebhookLine {
    pub id: String,
    pub url: String,
    pub events: Vec<String>,
    pub label: String,
    /// `+420…456` or `a…@b.cz`.
    pub owner: Option<String>,
    pub by: String,
    pub created: UnixMs,
    /// Events that wait to be told, and those that could not be.
    pub waiting: u32,
    pub dead: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryLine {
    pub event: String,
    pub kind: String,
    /// `waiting`, `sending`, `delivered` or `dead`.
    pub state: String,
    pub attempts: u32,
    pub created: UnixMs,
    /// When it is tried next; absent when it is finished.
    pub next: Option<UnixMs>,
    pub finished: Option<UnixMs>,
    /// The status of the last answer.
    pub status: Option<u32>,
    pub error: Option<String>,
}

/// A delivery that is due and claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookItem {
    /// Names the delivery.
    pub seq: i64,
    pub webhook: String,
    pub url: String,
    pub secret: WebhookSecret,
    /// The same for each attempt.
    pub event: String,
    pub kind: String,
    pub body: String,
    /// From 1.
    pub attempt: u32,
}

impl Ledger {
    /// To be called when the ledger is opened, and whenever a webhook comes or goes.
    pub(crate) async fn count_listeners(&self) -> Result<()> {
        let any: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM webhook WHERE closed_ms IS NULL)")
                .fetch_one(self.store().readers())
                .await?;
        self.inner.listeners.0.store(any, Ordering::Release);
        Ok(())
    }

    /// The id of the new webhook.
    pub async fn put_webhook(&self, new: &NewWebhook) -> Result<String> {
        let mut tx = self.store().write().await?;
        let key = new.owner.as_ref().map(Sender::key);
        let row = sqlx::query(
            "SELECT count(*) AS of_all, coalesce(sum(owner_key = $1), 0) AS own
             FROM webhook WHERE closed_ms IS NULL",
        )
        .bind(&key)
        .fetch_one(&mut *tx)
        .await?;
        if row.value::<i64>("of_all")? >= ALL_MAX || row.value::<i64>("own")? >= OWN_MAX {
            return Err(LedgerError::Invalid(
                "there are 200 webhooks, or 10 of this customer: remove some",
            ));
        }
        let id = new_id("webhook")?;
        sqlx::query(
            "INSERT INTO webhook (id, url, events, label, secret, owner, owner_key, by_whom, created_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(&id)
        .bind(&new.url)
        .bind(format!(" {} ", new.events.join("  ")))
        .bind(&new.label)
        .bind(new.secret.expose())
        .bind(new.owner.as_ref().map(to_json).transpose()?)
        .bind(&key)
        .bind(&new.by)
        .bind(self.now().0)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        self.count_listeners().await?;
        Ok(id)
    }

    /// Those that are told, of one owner or all; the latest first.
    pub async fn webhooks(&self, of: Option<&Sender>) -> Result<Vec<WebhookLine>> {
        let rows = sqlx::query(
            "SELECT w.id, w.url, w.events, w.label, w.owner, w.by_whom, w.created_ms,
                 (SELECT count(*) FROM webhook_delivery d WHERE d.webhook = w.id
                      AND d.state IN ('waiting', 'sending')) AS waiting,
                 (SELECT count(*) FROM webhook_delivery d WHERE d.webhook = w.id
                      AND d.state = 'dead') AS dead
             FROM webhook w WHERE w.closed_ms IS NULL AND ($1 IS NULL OR w.owner_key = $1)
             ORDER BY w.created_ms DESC, w.id LIMIT $2",
        )
        .bind(of.map(Sender::key))
        .bind(ALL_MAX)
        .fetch_all(self.store().readers())
        .await?;
        rows.iter().map(line).collect()
    }

    /// False when there is none of that id (of that owner). What was on its way to it is given up.
    pub async fn remove_webhook(&self, id: &str, of: Option<&Sender>, why: &str) -> Result<bool> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        let removed = sqlx::query(
            "UPDATE webhook SET closed_ms = $1, why = $2
             WHERE id = $3 AND closed_ms IS NULL AND ($4 IS NULL OR owner_key = $4)",
        )
        .bind(now.0)
        .bind(why)
        .bind(id)
        .bind(of.map(Sender::key))
        .execute(&mut *tx)
        .await?;
        if removed.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query(
            "UPDATE webhook_delivery SET state = 'dead', finished_ms = $1, error = $2
             WHERE webhook = $3 AND state IN ('waiting', 'sending')",
        )
        .bind(now.0)
        .bind(why)
        .bind(id)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        self.count_listeners().await?;
        Ok(true)
    }
}

async fn is_there(tx: &mut SqliteConnection, id: &str, of: Option<&Sender>) -> Result<bool> {
    let found: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM webhook
             WHERE id = $1 AND closed_ms IS NULL AND ($2 IS NULL OR owner_key = $2))",
    )
    .bind(id)
    .bind(of.map(Sender::key))
    .fetch_one(tx)
    .await?;
    Ok(found)
}

/// Forgets what was told long ago.
pub(crate) async fn sweep(tx: &mut SqliteConnection, now: UnixMs) -> Result<()> {
    sqlx::query(
        "DELETE FROM webhook_delivery WHERE seq IN
             (SELECT seq FROM webhook_delivery
              WHERE finished_ms <= $1 AND (state = 'delivered' OR finished_ms <= $2) LIMIT $3)",
    )
    .bind(now.0.saturating_sub(DELIVERED_MS))
    .bind(now.0.saturating_sub(DEAD_MS))
    .bind(ROWS_AT_ONCE)
    .execute(tx)
    .await?;
    Ok(())
}

fn line(row: &SqliteRow) -> Result<WebhookLine> {
    let owner = row.value::<Option<String>>("owner")?;
    Ok(WebhookLine {
        id: row.text("id")?,
        url: row.text("url")?,
        events: row.text("events")?.split_whitespace().map(str::to_owned).collect(),
        label: row.text("label")?,
        owner: owner.map(|_| row.json("owner")).transpose()?.as_ref().map(masked),
        by: row.text("by_whom")?,
        created: row.instant("created_ms")?,
        waiting: row.count("waiting")?,
        dead: row.count("dead")?,
    })
}
