//! Who may sign in at the desk, and what was done there.

use std::fmt;

use konf_contract::UnixMs;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;

use crate::Ledger;
use crate::error::{LedgerError, Result};
use crate::listing::lines;
use crate::words::Columns;

/// People who handle requests; far more than a desk has.
const OPERATORS_MAX: i64 = 1_000;

/// What somebody may do at the desk; each may also what the ones before may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperatorRole {
    /// Look.
    Viewer,
    /// Handle requests, restrict, send again, see a number in full.
    Operator,
    /// Say who may sign in.
    Admin,
}

impl OperatorRole {
    pub fn name(self) -> &'static str {
        match self {
            OperatorRole::Viewer => "viewer",
            OperatorRole::Operator => "operator",
            OperatorRole::Admin => "admin",
        }
    }
}

/// A password as it is kept. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    pub fn new(text: impl Into<String>) -> PasswordHash {
        PasswordHash(text.into())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OperatorLine {
    pub name: String,
    pub role: OperatorRole,
    pub created: UnixMs,
    pub changed: UnixMs,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditLine {
    pub at: UnixMs,
    pub by: String,
    pub action: String,
    pub subject: String,
    pub detail: String,
}

impl Ledger {
    /// Adds somebody, or gives a new role and password to somebody who is there.
    pub async fn put_operator(
        &self,
        name: &str,
        role: OperatorRole,
        password: &PasswordHash,
    ) -> Result<()> {
        let mut tx = self.store().write().await?;
        let others: i64 = sqlx::query_scalar("SELECT count(*) FROM operator WHERE name <> $1")
            .bind(name)
            .fetch_one(&mut *tx)
            .await?;
        if others >= OPERATORS_MAX {
            return Err(LedgerError::Invalid("there are a thousand operators: remove some"));
        }
        sqlx::query(
            "INSERT INTO operator (name, role, password, created_ms, changed_ms)
             VALUES ($1, $2, $3, $4, $4)
             ON CONFLICT (name) DO UPDATE SET role = excluded.role, password = excluded.password,
                 changed_ms = excluded.changed_ms",
        )
        .bind(name)
        .bind(role.name())
        .bind(password.expose())
        .bind(self.now().0)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// False when there is nobody of that name.
    pub async fn remove_operator(&self, name: &str) -> Result<bool> {
        let mut tx = self.store().write().await?;
        let removed = sqlx::query("DELETE FROM operator WHERE name = $1")
            .bind(name)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(removed.rows_affected() == 1)
    }

    /// By name.
    pub async fn operators(&self) -> Result<Vec<OperatorLine>> {
        let mut tx = self.store().read().await?;
        let rows = sqlx::query(
            "SELECT name, role, created_ms, changed_ms FROM operator ORDER BY name LIMIT $1",
        )
        .bind(OPERATORS_MAX)
        .fetch_all(&mut *tx)
        .await?;
        let line = |row: &SqliteRow| {
            Ok(OperatorLine {
                name: row.text("name")?,
                role: row.word("role")?,
                created: row.instant("created_ms")?,
                changed: row.instant("changed_ms")?,
            })
        };
        rows.iter().map(line).collect()
    }

    /// What is kept of somebody who signs in.
    pub async fn operator(&self, name: &str) -> Result<Option<(OperatorRole, PasswordHash)>> {
        let mut tx = self.store().read().await?;
        let row = sqlx::query("SELECT role, password FROM operator WHERE name = $1")
            .bind(name)
            .fetch_optional(&mut *tx)
            .await?;
        row.map(|row| Ok((row.word("role")?, PasswordHash(row.text("password")?)))).transpose()
    }

    /// Notes what somebody is about to do. `subject` and `detail` name nobody in full.
    pub async fn note(&self, by: &str, action: &str, subject: &str, detail: &str) -> Result<()> {
        let mut tx = self.store().write().await?;
        sqlx::query(
            "INSERT INTO operator_audit (at_ms, by_whom, action, subject, detail)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(self.now().0)
        .bind(by)
        .bind(action)
        .bind(subject)
        .bind(detail)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The latest first.
    pub async fn audit(&self, limit: u32) -> Result<Vec<AuditLine>> {
        let mut tx = self.store().read().await?;
        let rows = sqlx::query(
            "SELECT at_ms, by_whom, action, subject, detail FROM operator_audit
             ORDER BY seq DESC LIMIT $1",
        )
        .bind(lines(limit))
        .fetch_all(&mut *tx)
        .await?;
        let line = |row: &SqliteRow| {
            Ok(AuditLine {
                at: row.instant("at_ms")?,
                by: row.text("by_whom")?,
                action: row.text("action")?,
                subject: row.text("subject")?,
                detail: row.text("detail")?,
            })
        };
        rows.iter().map(line).collect()
    }
}
