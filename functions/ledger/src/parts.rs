//! Parts of long SMS: kept until all are there, then one message as every other.

use konf_api::ledger::{InboundMessage, InboundPart, InboundStored, PartStored};
use konf_contract::UnixMs;
use sqlx::SqliteConnection;

use crate::Ledger;
use crate::error::{LedgerError, Result};
use crate::inbound;
use crate::words::Columns;
use crate::writer::Change;

/// An order has one part; ten are a long letter.
const PARTS_MAX: u32 = 10;

/// As long as a gateway tries again. Until then a part waits for the others, and is known when it is repeated; a
/// telephone's count may come round again after that.
const KEPT_MS: i64 = 24 * 3_600_000;

impl Ledger {
    /// Stores a part of a message; the last one, whichever it is, makes the message. A copy changes nothing.
    pub async fn inbound_part(&self, part: &InboundPart) -> Result<PartStored> {
        let key = check(part)?;
        let mut tx = self.store().write().await?;
        let now = self.now();
        if let Some(id) = whole_before(&mut tx, &part.message, key).await? {
            let (stored, message) = inbound::by_id(&mut tx, &id, now).await?;
            let whole = message.map(|message| PartStored::Whole { stored, message });
            tx.leave().await?;
            return Ok(whole.unwrap_or(PartStored::Waiting));
        }
        insert(&mut tx, part, key, now).await?;
        let answer = match complete(&mut tx, part, now).await? {
            None => PartStored::Waiting,
            Some(message) => {
                let stored = self.insert_whole(&mut tx, part, &message, now).await?;
                PartStored::Whole { stored, message }
            }
        };
        tx.commit().await?;
        Ok(answer)
    }

    async fn insert_whole(
        &self,
        tx: &mut Change,
        part: &InboundPart,
        message: &InboundMessage,
        now: UnixMs,
    ) -> Result<InboundStored> {
        let stored = self.inbound_in(tx, message, now).await?;
        sqlx::query(
            "UPDATE inbound_part SET inbound = $1, text = ''
             WHERE gateway = $2 AND sender_key = $3 AND reference = $4 AND total = $5
                 AND inbound IS NULL",
        )
        .bind(&stored.id)
        .bind(&message.gateway)
        .bind(message.sender.key())
        .bind(part.reference)
        .bind(part.total)
        .execute(&mut **tx)
        .await?;
        Ok(stored)
    }
}

/// The gateway's id of the part.
fn check(part: &InboundPart) -> Result<&str> {
    if !(2..=PARTS_MAX).contains(&part.total) || !(1..=part.total).contains(&part.part) {
        return Err(LedgerError::Invalid("a message has 2 to 10 parts, and a part is one of them"));
    }
    inbound::check(&part.message)?;
    part.message.gateway_id.as_deref().ok_or(LedgerError::Invalid("a part has a gateway's id"))
}

/// The id of the message that this part has gone into.
async fn whole_before(
    tx: &mut SqliteConnection,
    message: &InboundMessage,
    key: &str,
) -> Result<Option<String>> {
    let inbound: Option<Option<String>> = sqlx::query_scalar(
        "SELECT inbound FROM inbound_part WHERE gateway = $1 AND gateway_key = $2",
    )
    .bind(&message.gateway)
    .bind(key)
    .fetch_optional(tx)
    .await?;
    Ok(inbound.flatten())
}

async fn insert(
    tx: &mut SqliteConnection,
    part: &InboundPart,
    key: &str,
    now: UnixMs,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO inbound_part
             (gateway, gateway_key, sender_key, reference, total, part, text, received_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
    )
    .bind(&part.message.gateway)
    .bind(key)
    .bind(part.message.sender.key())
    .bind(part.reference)
    .bind(part.total)
    .bind(part.part)
    .bind(&part.message.text)
    .bind(now.0)
    .execute(tx)
    .await?;
    Ok(())
}

/// The whole message, named after its first part; none while one is missing. Of a part that came under two ids the later
/// counts.
async fn complete(
    tx: &mut SqliteConnection,
    part: &InboundPart,
    now: UnixMs,
) -> Result<Option<InboundMessage>> {
    let rows = sqlx::query(
        "SELECT part, gateway_key, text FROM inbound_part
         WHERE gateway = $1 AND sender_key = $2 AND reference = $3 AND total = $4
             AND inbound IS NULL AND received_ms > $5
         ORDER BY part, received_ms DESC, gateway_key",
    )
    .bind(&part.message.gateway)
    .bind(part.message.sender.key())
    .bind(part.reference)
    .bind(part.total)
    .bind(now.0.saturating_sub(KEPT_MS))
    .fetch_all(tx)
    .await?;
    let (mut text, mut first, mut next) = (String::new(), None, 1);
    for row in &rows {
        if row.count("part")? != next {
            continue;
        }
        text.push_str(&row.text("text")?);
        first = first.or(Some(row.text("gateway_key")?));
        next += 1;
    }
    let message = InboundMessage { gateway_id: first, text, ..part.message.clone() };
    Ok((next > part.total).then_some(message))
}

/// Parts whose others have never come, and what is no longer repeated.
pub(crate) async fn sweep(tx: &mut SqliteConnection, now: UnixMs, rows_max: i64) -> Result<()> {
    sqlx::query(
        "DELETE FROM inbound_part WHERE (gateway, gateway_key) IN
             (SELECT gateway, gateway_key FROM inbound_part WHERE received_ms <= $1
              ORDER BY received_ms LIMIT $2)",
    )
    .bind(now.0.saturating_sub(KEPT_MS))
    .bind(rows_max)
    .execute(tx)
    .await?;
    Ok(())
}
