//! The rows of [`super`]: read, moved from state to state, audited.

use konf_contract::UnixMs;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::{PolicyLine, PolicyMove, PolicyState};
use crate::error::Result;
use crate::words::{Columns, small};

pub(super) fn line(row: &SqliteRow) -> Result<PolicyLine> {
    Ok(PolicyLine {
        world: row.text("world")?,
        version: row.count("version")?,
        digest: row.text("digest")?,
        state: row.word("state")?,
        percent: row.count("percent")?,
        differences_max: row
            .value::<Option<i64>>("differences_max")?
            .map(|most| small(most, "differences_max"))
            .transpose()?,
        size_bytes: row.count("size_bytes")?,
        signer: row.value("signer")?,
        pushed: row.instant("pushed_ms")?,
        pushed_by: row.text("pushed_by")?,
        changed: row.instant("changed_ms")?,
        note: row.text("note")?,
    })
}

/// Which policy.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) world: &'a str,
    pub(super) version: u32,
    pub(super) digest: &'a str,
}

pub(super) struct Found {
    pub(super) version: u32,
    pub(super) digest: String,
    pub(super) state: PolicyState,
}

impl Found {
    pub(super) fn of<'a>(&'a self, world: &'a str) -> Of<'a> {
        Of { world, version: self.version, digest: &self.digest }
    }
}

pub(super) fn found(row: &SqliteRow) -> Result<Found> {
    Ok(Found {
        version: row.count("version")?,
        digest: row.text("digest")?,
        state: row.word("state")?,
    })
}

pub(super) async fn find(
    tx: &mut SqliteConnection,
    world: &str,
    version: u32,
) -> Result<Option<Found>> {
    let row =
        sqlx::query("SELECT version, digest, state FROM policy WHERE world = $1 AND version = $2")
            .bind(world)
            .bind(i64::from(version))
            .fetch_optional(tx)
            .await?;
    row.as_ref().map(found).transpose()
}

pub(super) async fn standing(
    tx: &mut SqliteConnection,
    world: &str,
    state: &str,
) -> Result<Option<Found>> {
    let row =
        sqlx::query("SELECT version, digest, state FROM policy WHERE world = $1 AND state = $2")
            .bind(world)
            .bind(state)
            .fetch_optional(tx)
            .await?;
    row.as_ref().map(found).transpose()
}

pub(super) async fn set_state(
    tx: &mut SqliteConnection,
    now: UnixMs,
    of: Of<'_>,
    state: &str,
    note: &str,
) -> Result<()> {
    sqlx::query(
        "UPDATE policy SET state = $1, note = $2, changed_ms = $3, percent = 0, differences_max = NULL,
             activated_ms = CASE WHEN $1 = 'active' THEN $3 ELSE activated_ms END
         WHERE world = $4 AND version = $5",
    )
    .bind(state)
    .bind(note)
    .bind(now.0)
    .bind(of.world)
    .bind(i64::from(of.version))
    .execute(tx)
    .await?;
    Ok(())
}

/// Makes room for another shadow or canary.
pub(super) async fn clear(
    tx: &mut SqliteConnection,
    now: UnixMs,
    world: &str,
    state: &str,
) -> Result<()> {
    match standing(tx, world, state).await? {
        Some(other) => set_state(tx, now, other.of(world), "pushed", "").await,
        None => Ok(()),
    }
}

pub(super) async fn share(
    tx: &mut SqliteConnection,
    of: Of<'_>,
    percent: u32,
    differences_max: Option<u32>,
) -> Result<()> {
    sqlx::query(
        "UPDATE policy SET percent = $1, differences_max = $2 WHERE world = $3 AND version = $4",
    )
    .bind(i64::from(percent))
    .bind(differences_max.map(i64::from))
    .bind(of.world)
    .bind(i64::from(of.version))
    .execute(tx)
    .await?;
    Ok(())
}

/// The last good policy is active again, if there is one.
pub(super) async fn restore(
    tx: &mut SqliteConnection,
    now: UnixMs,
    world: &str,
    by: &str,
) -> Result<()> {
    let row = sqlx::query(
        "SELECT version, digest, state FROM policy WHERE world = $1 AND state = 'retired'
         ORDER BY activated_ms DESC, version DESC LIMIT 1",
    )
    .bind(world)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(good) = row.as_ref().map(found).transpose()? else { return Ok(()) };
    let note = "the last good one";
    set_state(tx, now, good.of(world), "active", note).await?;
    audit(tx, now, good.of(world), "restored", note, by).await
}

pub(super) async fn keep(
    tx: &mut SqliteConnection,
    now: UnixMs,
    digest: &str,
    bytes: &[u8],
) -> Result<()> {
    sqlx::query(
        "INSERT INTO policy_component (digest, bytes, kept_ms) VALUES ($1, $2, $3)
         ON CONFLICT (digest) DO NOTHING",
    )
    .bind(digest)
    .bind(bytes)
    .bind(now.0)
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn audit(
    tx: &mut SqliteConnection,
    now: UnixMs,
    of: Of<'_>,
    change: &str,
    note: &str,
    by: &str,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO policy_audit (at_ms, world, version, digest, change, note, by_whom)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(now.0)
    .bind(of.world)
    .bind(i64::from(of.version))
    .bind(of.digest)
    .bind(change)
    .bind(note)
    .bind(by)
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) fn word(to: PolicyMove) -> &'static str {
    match to {
        PolicyMove::Activate => "activate",
        PolicyMove::Shadow => "shadow",
        PolicyMove::Canary { .. } => "canary",
        PolicyMove::Withdraw => "withdraw",
        PolicyMove::Reject => "reject",
    }
}
