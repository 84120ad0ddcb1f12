//! What the REST API has answered under an `Idempotency-Key`: a request that comes again is answered the same, for a day.
//!
//! A row says `running` while its request is worked on. When control starts nothing is worked on yet, so what a crash
//! left is worked on again, under the same [`Once::once`].

use konf_contract::UnixMs;
use sqlx::SqliteConnection;

use crate::Ledger;
use crate::error::{LedgerError, Result};
use crate::store::new_id;
use crate::words::Columns;

/// How long an answer is given again.
const KEPT_MS: i64 = crate::DAY;
/// Keys of one token within a day.
const KEYS_MAX: i64 = 20_000;
/// An answer is a conference or a list of at most a hundred; a replay of a policy is longer.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// A request that may come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// The token's id.
    pub token: String,
    pub key: String,
    /// Digest of what is asked for.
    pub request: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// To be worked on now. `once` is the same for the same request, however often it is worked on.
    New { once: String },
    /// Somebody works on it.
    Running,
    /// The key was used for another request.
    Other,
    /// Answered before.
    Answered(Vec<u8>),
}

impl Ledger {
    /// To be called when control starts: what was worked on then was cut off.
    pub async fn forget_running(&self) -> Result<()> {
        let statement = sqlx::query("UPDATE api_answer SET running = 0 WHERE running = 1");
        self.store().change(statement).await?;
        Ok(())
    }

    pub async fn begin(&self, asked: &Once) -> Result<Begun> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        sweep(&mut tx, now, 100).await?;
        let row = sqlx::query(
            "SELECT request, once, running, answer FROM api_answer WHERE token = $1 AND key = $2",
        )
        .bind(&asked.token)
        .bind(&asked.key)
        .fetch_optional(&mut *tx)
        .await?;
        let once = match row {
            Some(row) if row.text("request")? != asked.request => return Ok(Begun::Other),
            Some(row) => match row.value::<Option<Vec<u8>>>("answer")? {
                Some(answer) => {
                    tx.leave().await?;
                    return Ok(Begun::Answered(answer));
                }
                None if row.value::<i64>("running")? == 1 => return Ok(Begun::Running),
                None => row.text("once")?,
            },
            None => self.first(&mut tx, &asked.token).await?,
        };
        sqlx::query(
            "INSERT INTO api_answer (token, key, request, once, running, created_ms)
             VALUES ($1, $2, $3, $4, 1, $5)
             ON CONFLICT (token, key) DO UPDATE SET running = 1",
        )
        .bind(&asked.token)
        .bind(&asked.key)
        .bind(&asked.request)
        .bind(&once)
        .bind(now.0)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Begun::New { once })
    }

    async fn first(&self, tx: &mut SqliteConnection, token: &str) -> Result<String> {
        let keys: i64 = sqlx::query_scalar("SELECT count(*) FROM api_answer WHERE token = $1")
            .bind(token)
            .fetch_one(tx)
            .await?;
        if keys >= KEYS_MAX {
            return Err(LedgerError::Invalid("a token has at most 20,000 keys within a day"));
        }
        new_id("once")
    }

    /// `answer`: what is given again; none where the same request is to be worked on again.
    pub async fn finish(&self, asked: &Once, answer: Option<&[u8]>) -> Result<()> {
        let answer = answer.filter(|answer| answer.len() <= ANSWER_BYTES_MAX);
        let statement = sqlx::query(
            "UPDATE api_answer SET running = 0, answer = $1 WHERE token = $2 AND key = $3",
        )
        .bind(answer)
        .bind(&asked.token)
        .bind(&asked.key);
        self.store().change(statement).await?;
        Ok(())
    }
}

/// Forgets the answers of yesterday, the oldest first.
async fn sweep(tx: &mut SqliteConnection, now: UnixMs, rows: i64) -> Result<()> {
    sqlx::query(
        "DELETE FROM api_answer WHERE rowid IN
             (SELECT rowid FROM api_answer WHERE created_ms <= $1 AND running = 0
              ORDER BY created_ms LIMIT $2)",
    )
    .bind(now.0.saturating_sub(KEPT_MS))
    .bind(rows)
    .execute(tx)
    .await?;
    Ok(())
}
