//! Messages in: stored before they are acknowledged, each once.

use konf_api::ledger::{InboundMessage, InboundState, InboundStored};
use konf_contract::UnixMs;
use sha2::{Digest, Sha256};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::Ledger;
use crate::error::{LedgerError, Result};
use crate::store::new_id;
use crate::words::{Columns, from_json, to_json};
use crate::writer::Change;

/// The longest id of a gateway; those known have at most 64 characters.
const GATEWAY_ID_BYTES_MAX: usize = 512;

/// The longest text: an e-mail's own limit before it gets here is 64 kB (RELIABILITY.md).
const TEXT_BYTES_MAX: usize = 64 << 10;

/// From a quarter of a minute to four hours after the message has come, and each round of the caller from then on.
const DOUBLINGS_MAX: i64 = 10;

impl Ledger {
    /// Stores a message; a copy of one that was stored before gives that one.
    pub async fn inbound(&self, message: &InboundMessage) -> Result<InboundStored> {
        check(message)?;
        self.inbound_by(self.store().write().await?, message).await
    }

    /// The same, for who answers it in the same breath or tells its gateway to come again: it is durable with the answer's
    /// commit, and the disk is asked once instead of twice.
    pub async fn inbound_to_answer(&self, message: &InboundMessage) -> Result<InboundStored> {
        check(message)?;
        self.inbound_by(self.store().write_soon().await?, message).await
    }

    async fn inbound_by(&self, mut tx: Change, message: &InboundMessage) -> Result<InboundStored> {
        let stored = self.inbound_in(&mut tx, message, self.now()).await?;
        tx.commit().await?;
        Ok(stored)
    }

    /// The same within a change that does more.
    pub(crate) async fn inbound_in(
        &self,
        tx: &mut SqliteConnection,
        message: &InboundMessage,
        now: UnixMs,
    ) -> Result<InboundStored> {
        let bucket = now.0.div_euclid(self.settings().inbound_window_ms.max(1));
        let keys = Keys::of(message, bucket);
        let id = new_id("message")?;
        let since = now.0.saturating_sub(self.settings().inbound_window_ms);
        // Without a gateway's id a copy that comes just after the bucket's edge is still a copy: the bucket before counts
        // too, as far as the window reaches. One statement looks and stores, so that no other copy comes between.
        let stored = sqlx::query(
            "INSERT INTO inbound (id, gateway, gateway_key, message, received_ms, sender_key)
             SELECT $5, $1, $2, $6, $7, $8 WHERE NOT EXISTS (
                 SELECT 1 FROM inbound WHERE gateway = $1 AND gateway_key IN ($2, $3)
                     AND (gateway_key = $2 OR received_ms > $4))",
        )
        .bind(&message.gateway)
        .bind(&keys.own)
        .bind(keys.before.as_deref())
        .bind(since)
        .bind(&id)
        .bind(to_json(message)?)
        .bind(now.0)
        .bind(message.sender.key())
        .execute(&mut *tx)
        .await?;
        if stored.rows_affected() == 1 {
            return Ok(InboundStored { id, state: InboundState::Received, received: now, now });
        }
        let row = sqlx::query(
            "SELECT id, received_ms, answered_ms FROM inbound
             WHERE gateway = $1 AND gateway_key IN ($2, $3)
                 AND (gateway_key = $2 OR received_ms > $4)
             ORDER BY received_ms LIMIT 1",
        )
        .bind(&message.gateway)
        .bind(&keys.own)
        .bind(keys.before.as_deref())
        .bind(since)
        .fetch_one(tx)
        .await?;
        self::stored(&row, now)
    }

    /// Messages that came at least `older_than_ms` ago and have no answer, those handed out least often first and then the
    /// oldest. One that cannot be answered is handed out after waits that double, and holds up no other.
    pub async fn unanswered(
        &self,
        older_than_ms: i64,
        limit: u32,
    ) -> Result<Vec<(InboundStored, InboundMessage)>> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        let rows = sqlx::query(
            "SELECT id, received_ms, answered_ms, message FROM inbound
             WHERE answered_ms IS NULL AND message IS NOT NULL
                 AND received_ms + ($1 << min(tries, $2)) <= $3
             ORDER BY tries, received_ms LIMIT $4",
        )
        .bind(older_than_ms)
        .bind(DOUBLINGS_MAX)
        .bind(now.0)
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await?;
        let messages: Vec<(InboundStored, InboundMessage)> = rows
            .iter()
            .map(|row| Ok((stored(row, now)?, row.json("message")?)))
            .collect::<Result<_>>()?;
        for (stored, _) in &messages {
            sqlx::query("UPDATE inbound SET tries = tries + 1 WHERE id = $1")
                .bind(&stored.id)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(messages)
    }
}

/// The message of an id that was given out; its text is none once erased.
pub(crate) async fn by_id(
    tx: &mut SqliteConnection,
    id: &str,
    now: UnixMs,
) -> Result<(InboundStored, Option<InboundMessage>)> {
    let row =
        sqlx::query("SELECT id, received_ms, answered_ms, message FROM inbound WHERE id = $1")
            .bind(id)
            .fetch_one(tx)
            .await?;
    let message = row.value::<Option<String>>("message")?;
    let message = message.map(|message| from_json(&message, "message")).transpose()?;
    Ok((stored(&row, now)?, message))
}

pub(crate) fn check(message: &InboundMessage) -> Result<()> {
    if message.gateway_id.as_ref().is_some_and(|id| id.len() > GATEWAY_ID_BYTES_MAX) {
        return Err(LedgerError::Invalid("a gateway's id has at most 512 bytes"));
    }
    if message.text.len() > TEXT_BYTES_MAX {
        return Err(LedgerError::Invalid("a message has at most 64 kB"));
    }
    Ok(())
}

fn stored(row: &SqliteRow, now: UnixMs) -> Result<InboundStored> {
    let state = match row.instant_or_none("answered_ms")? {
        Some(_) => InboundState::Answered,
        None => InboundState::Received,
    };
    Ok(InboundStored { id: row.text("id")?, state, received: row.instant("received_ms")?, now })
}

/// Under what a message is stored, and for one without a gateway's id, under what a copy may already be.
struct Keys {
    own: String,
    before: Option<String>,
}

impl Keys {
    fn of(message: &InboundMessage, bucket: i64) -> Keys {
        match &message.gateway_id {
            Some(id) => Keys { own: format!("id:{id}"), before: None },
            None => Keys {
                own: hashed(message, bucket),
                before: Some(hashed(message, bucket.saturating_sub(1))),
            },
        }
    }
}

fn hashed(message: &InboundMessage, bucket: i64) -> String {
    let mut hash = Sha256::new();
    for part in [&message.sender.key(), &message.recipient, &message.text] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.update(bucket.to_be_bytes());
    format!("hash:{:x}", hash.finalize())
}
