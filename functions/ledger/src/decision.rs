//! The decision log: what was decided, by which policies. It is what a new policy is tried on, so it has no numbers of
//! people and no secrets, and only grows until it is old.

use konf_contract::UnixMs;
use serde::Serialize;
use serde_json::Value;
use sqlx::SqliteConnection;

use crate::Ledger;
use crate::error::Result;
use crate::words::{Columns, to_json};

/// One decision; `input` and `output` are JSON without numbers of people or secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionLine {
    pub at: UnixMs,
    /// `order`, `admission`, `extension` or `rating`.
    pub kind: String,
    /// Booking, record or message that it is about; empty for an answer to nobody's message.
    pub subject: String,
    /// As the host stamped them; empty when composed.
    pub policies: String,
    pub input: Value,
    pub output: Value,
}

impl Ledger {
    /// The latest `limit` decisions, of one kind or of all, the newest first; never more than 10,000.
    pub async fn decisions(&self, kind: Option<&str>, limit: u32) -> Result<Vec<DecisionLine>> {
        let mut tx = self.store().read().await?;
        let rows = sqlx::query(
            "SELECT at_ms, kind, subject, policies, input, output FROM decision
             WHERE CAST($1 AS TEXT) IS NULL OR kind = $1 ORDER BY seq DESC LIMIT $2",
        )
        .bind(kind)
        .bind(i64::from(limit.min(10_000)))
        .fetch_all(&mut *tx)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(DecisionLine {
                    at: row.instant("at_ms")?,
                    kind: row.text("kind")?,
                    subject: row.text("subject")?,
                    policies: row.text("policies")?,
                    input: row.json("input")?,
                    output: row.json("output")?,
                })
            })
            .collect()
    }
}

/// A decision to log, in the transaction of what it decided.
pub(crate) struct Decision<'a> {
    pub(crate) kind: &'static str,
    pub(crate) subject: &'a str,
    pub(crate) policies: &'a str,
    pub(crate) input: Value,
    pub(crate) output: Value,
}

pub(crate) async fn log(
    tx: &mut SqliteConnection,
    now: UnixMs,
    decision: Decision<'_>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO decision (at_ms, kind, subject, policies, input, output)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(now.0)
    .bind(decision.kind)
    .bind(decision.subject)
    .bind(decision.policies)
    .bind(to_json(&decision.input)?)
    .bind(to_json(&decision.output)?)
    .execute(tx)
    .await?;
    Ok(())
}

/// The digest of the policy of one world in what the host stamped
/// (`konf:policy/tariff@1.0.0=sha256:…, konf:policy/admission@…`); empty when it is not there.
pub(crate) fn digest_of<'a>(policies: &'a str, world: &str) -> &'a str {
    policies
        .split(',')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| {
            name.strip_prefix("konf:policy/")
                .and_then(|name| name.strip_prefix(world))
                .is_some_and(|version| version.is_empty() || version.starts_with('@'))
        })
        .map_or("", |(_, digest)| digest)
}

#[cfg(test)]
mod tests;
