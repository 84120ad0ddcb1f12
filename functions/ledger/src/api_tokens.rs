//! Tokens of the REST API: who holds one, and what it opens. What scopes mean is control's business.

use konf_api::ledger::Sender;
use konf_contract::UnixMs;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;

use crate::Ledger;
use crate::error::{LedgerError, Result};
use crate::store::new_id;
use crate::words::{Columns, masked, to_json};

/// Of those that are neither revoked nor over; far more than programs talk to one control.
const TOKENS_MAX: i64 = 1_000;
/// When a token was used last is told to the minute: a read does not cost a write each time.
const USED_MS: i64 = 60_000;
/// How long a token that opens nothing any more is listed.
const KEPT_MS: i64 = 90 * crate::DAY;

/// A token to be made. Of the token itself only the digest comes here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiToken {
    /// SHA-256 in hexadecimal.
    pub digest: String,
    pub label: String,
    pub scopes: Vec<String>,
    /// Whose conferences it sees; all of them when absent.
    pub owner: Option<Sender>,
    pub by: String,
    pub expires: Option<UnixMs>,
}

/// A token that opens something now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    pub id: String,
    pub scopes: Vec<String>,
    pub owner: Option<Sender>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApiTokenLine {
    pub id: String,
    pub label: String,
    pub scopes: Vec<String>,
    /// `+420…456` or `a…@b.cz`.
    pub owner: Option<String>,
    pub by: String,
    pub created: UnixMs,
    pub expires: Option<UnixMs>,
    /// To the minute.
    pub used: Option<UnixMs>,
    pub revoked: Option<UnixMs>,
}

impl Ledger {
    /// The id of the new token.
    pub async fn put_api_token(&self, token: &NewApiToken) -> Result<String> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        let open: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM api_token
             WHERE revoked_ms IS NULL AND (expires_ms IS NULL OR expires_ms > $1)",
        )
        .bind(now.0)
        .fetch_one(&mut *tx)
        .await?;
        if open >= TOKENS_MAX {
            return Err(LedgerError::Invalid("there are a thousand tokens: revoke some"));
        }
        let id = new_id("token")?;
        sqlx::query(
            "INSERT INTO api_token (id, digest, label, scopes, owner, by_whom, created_ms, expires_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&id)
        .bind(&token.digest)
        .bind(&token.label)
        .bind(token.scopes.join(" "))
        .bind(token.owner.as_ref().map(to_json).transpose()?)
        .bind(&token.by)
        .bind(now.0)
        .bind(token.expires.map(|at| at.0))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(id)
    }

    /// The token of that digest, unless it is revoked or over.
    pub async fn api_token(&self, digest: &str) -> Result<Option<ApiToken>> {
        let now = self.now();
        let row = sqlx::query(
            "SELECT id, scopes, owner, used_ms FROM api_token
             WHERE digest = $1 AND revoked_ms IS NULL AND (expires_ms IS NULL OR expires_ms > $2)",
        )
        .bind(digest)
        .bind(now.0)
        .fetch_optional(self.store().readers())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let token = ApiToken { id: row.text("id")?, scopes: scopes(&row)?, owner: owner(&row)? };
        if row.instant_or_none("used_ms")?.is_none_or(|used| now.since(used) >= USED_MS) {
            let statement = sqlx::query("UPDATE api_token SET used_ms = $1 WHERE id = $2")
                .bind(now.0)
                .bind(&token.id);
            self.store().change(statement).await?;
        }
        Ok(Some(token))
    }

    /// Those of one owner, or all; the latest first. One that opens nothing any more is listed for 90 days.
    pub async fn api_tokens(&self, of: Option<&Sender>) -> Result<Vec<ApiTokenLine>> {
        let rows = sqlx::query(
            "SELECT id, label, scopes, owner, by_whom, created_ms, expires_ms, used_ms, revoked_ms
             FROM api_token
             WHERE ($1 IS NULL OR owner = $1)
                 AND coalesce(revoked_ms, expires_ms, $2) >= $2
             ORDER BY created_ms DESC, id LIMIT $3",
        )
        .bind(of.map(to_json).transpose()?)
        .bind(self.now().0.saturating_sub(KEPT_MS))
        .bind(TOKENS_MAX)
        .fetch_all(self.store().readers())
        .await?;
        rows.iter().map(line).collect()
    }

    /// False when there is none of that id (of that owner) that opens anything.
    pub async fn revoke_api_token(&self, id: &str, of: Option<&Sender>) -> Result<bool> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        let revoked = sqlx::query(
            "UPDATE api_token SET revoked_ms = $1
             WHERE id = $2 AND revoked_ms IS NULL AND (expires_ms IS NULL OR expires_ms > $1)
                 AND ($3 IS NULL OR owner = $3)",
        )
        .bind(now.0)
        .bind(id)
        .bind(of.map(to_json).transpose()?)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(revoked.rows_affected() == 1)
    }
}

fn scopes(row: &SqliteRow) -> Result<Vec<String>> {
    Ok(row.text("scopes")?.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect())
}

fn owner(row: &SqliteRow) -> Result<Option<Sender>> {
    row.value::<Option<String>>("owner")?.map(|_| row.json("owner")).transpose()
}

fn line(row: &SqliteRow) -> Result<ApiTokenLine> {
    Ok(ApiTokenLine {
        id: row.text("id")?,
        label: row.text("label")?,
        scopes: scopes(row)?,
        owner: owner(row)?.as_ref().map(masked),
        by: row.text("by_whom")?,
        created: row.instant("created_ms")?,
        expires: row.instant_or_none("expires_ms")?,
        used: row.instant_or_none("used_ms")?,
        revoked: row.instant_or_none("revoked_ms")?,
    })
}
