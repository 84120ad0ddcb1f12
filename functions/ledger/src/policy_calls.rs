//! The log of what policies were asked and answered, and which policies a conference stays on.

use konf_contract::{ConferenceNumber, UnixMs};
use serde::Serialize;
use serde_json::Value;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::Ledger;
use crate::error::Result;
use crate::words::{Columns, to_json};

/// One call of a policy; `input` and `output` are as in `wit/policy.wit`, without numbers of people or secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyCall {
    pub at: UnixMs,
    /// Such as `tariff`.
    pub world: String,
    /// `sha256:` and 64 digits.
    pub digest: String,
    /// Why this one was asked: `active`, `canary`, `pinned`, or `fallback` after another had failed.
    pub part: String,
    pub booking: Option<String>,
    pub conference: Option<String>,
    /// The record of a leg that was rated: `edge/boot/sequence`.
    pub record: Option<String>,
    pub input: Value,
    /// What it answered, or why it did not.
    pub output: Option<Value>,
    pub fault: Option<String>,
    /// How long it took, in microseconds.
    pub micros: u64,
}

/// A call as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyCallLine {
    /// Its number in the log, by which it is asked for.
    pub seq: i64,
    #[serde(flatten)]
    pub call: PolicyCall,
}

/// Which calls: all that fit every field that is given, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyCallFilter {
    pub world: Option<String>,
    pub conference: Option<ConferenceNumber>,
    /// Not before this instant.
    pub since: Option<UnixMs>,
    /// Before this number in the log: the next page of an earlier answer.
    pub before: Option<i64>,
    /// Never more than 10,000.
    pub limit: u32,
}

/// The policies of one conference: interface or world, and digest.
pub type Pins = Vec<(String, String)>;

impl Ledger {
    /// Notes calls of policies, all or none.
    pub async fn log_policy_calls(&self, calls: &[PolicyCall]) -> Result<()> {
        let mut tx = self.store().write().await?;
        for call in calls {
            let output = call.output.as_ref().map(to_json).transpose()?;
            sqlx::query(
                "INSERT INTO policy_call (at_ms, world, digest, part, booking, conference, record,
                     input, output, fault, micros)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            )
            .bind(call.at.0)
            .bind(&call.world)
            .bind(&call.digest)
            .bind(&call.part)
            .bind(&call.booking)
            .bind(&call.conference)
            .bind(&call.record)
            .bind(to_json(&call.input)?)
            .bind(output)
            .bind(&call.fault)
            .bind(call.micros.cast_signed())
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    pub async fn policy_calls(&self, filter: &PolicyCallFilter) -> Result<Vec<PolicyCallLine>> {
        let mut tx = self.store().read().await?;
        let sql = "SELECT seq, at_ms, world, digest, part, booking, conference, record, input, output, fault, micros
             FROM policy_call
             WHERE (CAST($1 AS TEXT) IS NULL OR world = $1)
                 AND (CAST($2 AS TEXT) IS NULL OR conference = $2)
                 AND (CAST($3 AS BIGINT) IS NULL OR at_ms >= $3)
                 AND (CAST($4 AS BIGINT) IS NULL OR seq < $4)
             ORDER BY seq DESC LIMIT $5";
        let rows = sqlx::query(sql)
            .bind(&filter.world)
            .bind(filter.conference.as_ref().map(ConferenceNumber::as_str))
            .bind(filter.since.map(|since| since.0))
            .bind(filter.before)
            .bind(i64::from(filter.limit.min(10_000)))
            .fetch_all(&mut *tx)
            .await?;
        rows.iter().map(line).collect()
    }

    /// A call by its number in the log, or the latest that rated a record (`edge/boot/sequence`).
    pub async fn policy_call(&self, which: &str) -> Result<Option<PolicyCallLine>> {
        let mut tx = self.store().read().await?;
        let row = sqlx::query(
            "SELECT seq, at_ms, world, digest, part, booking, conference, record, input, output, fault, micros
             FROM policy_call WHERE seq = $1 OR record = $2 ORDER BY seq DESC LIMIT 1",
        )
        .bind(which.parse::<i64>().ok())
        .bind(which)
        .fetch_optional(&mut *tx)
        .await?;
        row.as_ref().map(line).transpose()
    }

    /// The policies that a conference stays on; none before its first caller was admitted.
    pub async fn pins(&self, booking: &str) -> Result<Pins> {
        let mut tx = self.store().read().await?;
        pins(&mut tx, booking).await
    }

    /// Digests that conferences which have not ended, or legs without a price, may still need.
    pub async fn pinned_digests(&self) -> Result<Pins> {
        let mut tx = self.store().read().await?;
        let rows = sqlx::query(
            "SELECT DISTINCT p.world, p.digest FROM policy_pin p JOIN booking b ON b.id = p.booking
             WHERE b.state = 'booked' OR EXISTS
                 (SELECT 1 FROM record r WHERE r.unrated = 1 AND r.booking = p.booking)
             LIMIT 1000",
        )
        .fetch_all(&mut *tx)
        .await?;
        rows.iter().map(|row| Ok((row.text("world")?, row.text("digest")?))).collect()
    }
}

pub(crate) async fn pins(tx: &mut SqliteConnection, booking: &str) -> Result<Pins> {
    let rows =
        sqlx::query("SELECT world, digest FROM policy_pin WHERE booking = $1 ORDER BY world")
            .bind(booking)
            .fetch_all(tx)
            .await?;
    rows.iter().map(|row| Ok((row.text("world")?, row.text("digest")?))).collect()
}

/// Whether the conference stays on another policy than is named in `choice` already, in any of its worlds.
pub(crate) async fn differs(
    tx: &mut SqliteConnection,
    booking: &str,
    choice: &str,
) -> Result<bool> {
    let pins = pins(tx, booking).await?;
    let pinned = |of: &str| pins.iter().find(|(interface, _)| interface == of);
    Ok(pairs(choice)
        .any(|(interface, digest)| pinned(interface).is_some_and(|(_, pinned)| pinned != digest)))
}

/// From its first admission on, a conference stays on `choice` (`konf:policy/tariff@1.0.0=sha256:…`, by commas).
pub(crate) async fn pin(tx: &mut SqliteConnection, booking: &str, choice: &str) -> Result<()> {
    for (interface, digest) in pairs(choice) {
        sqlx::query(
            "INSERT INTO policy_pin (booking, world, digest) VALUES ($1, $2, $3)
             ON CONFLICT (booking, world) DO NOTHING",
        )
        .bind(booking)
        .bind(interface)
        .bind(digest)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

fn pairs(choice: &str) -> impl Iterator<Item = (&str, &str)> {
    choice.split(',').filter_map(|pair| pair.trim().split_once('='))
}

fn line(row: &SqliteRow) -> Result<PolicyCallLine> {
    let output: Option<String> = row.value("output")?;
    Ok(PolicyCallLine {
        seq: row.value("seq")?,
        call: PolicyCall {
            at: row.instant("at_ms")?,
            world: row.text("world")?,
            digest: row.text("digest")?,
            part: row.text("part")?,
            booking: row.value("booking")?,
            conference: row.value("conference")?,
            record: row.value("record")?,
            input: row.json("input")?,
            output: output.map(|text| crate::words::from_json(&text, "output")).transpose()?,
            fault: row.value("fault")?,
            micros: row.value::<i64>("micros")?.cast_unsigned(),
        },
    })
}
