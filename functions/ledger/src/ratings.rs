//! Prices of legs, and statements. A leg is rated once; the first rating stays.

use konf_api::ledger::{
    Amount, RatedLeg, Rating, RatingOutcome, RatingProposal, RecordKey, StatementFacts,
    StatementQuestion,
};
use konf_contract::UnixMs;
use konf_contract::link::LegEnd;
use serde::Serialize;
use serde_json::json;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::Ledger;
use crate::decision::{self, Decision, digest_of};
use crate::error::{LedgerError, Result};
use crate::events;
use crate::facts::own_booking;
use crate::listing::lines;
use crate::words::{Columns, small};

/// Legs on one statement: 20 people who dial again for two hours stay far below.
const LEGS_MAX: i64 = 10_000;

/// A rule's name is letters, digits and dashes (`wit/policy.wit`).
const RULE_BYTES_MAX: usize = 64;

impl Ledger {
    /// Commits the price of a leg, once. `policies` is what the host stamped; empty when composed.
    pub async fn rate(&self, proposal: &RatingProposal, policies: &str) -> Result<RatingOutcome> {
        check(proposal)?;
        let mut tx = self.store().write().await?;
        let now = self.now();
        let Some(leg) = rated_by_key(&mut tx, &proposal.record).await? else {
            return Ok(RatingOutcome::NoSuchRecord);
        };
        let key = &proposal.record;
        let policy = digest_of(policies, "tariff");
        let rated = sqlx::query(
            "INSERT INTO rating (edge, boot, sequence, amount, billed_s, rule, policy, rated_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (edge, boot, sequence) DO NOTHING",
        )
        .bind(&key.edge)
        .bind(&key.boot)
        .bind(key.sequence.cast_signed())
        .bind(proposal.amount.0)
        .bind(i64::from(proposal.billed_s))
        .bind(&proposal.rule)
        .bind(policy)
        .bind(now.0)
        .execute(&mut *tx)
        .await?;
        if rated.rows_affected() == 0 {
            tx.leave().await?;
            return Ok(RatingOutcome::Repeated);
        }
        sqlx::query(
            "UPDATE record SET unrated = 0 WHERE edge = $1 AND boot = $2 AND sequence = $3",
        )
        .bind(&key.edge)
        .bind(&key.boot)
        .bind(key.sequence.cast_signed())
        .execute(&mut *tx)
        .await?;
        let subject = format!("{}/{}/{}", key.edge, key.boot, key.sequence);
        let decision = Decision {
            kind: "rating",
            subject: &subject,
            policies,
            // What the tariff was asked, as `wit/policy.wit` has it: a new tariff is tried on this.
            input: json!({ "network": leg.leg.caller.network, "mobile": leg.leg.caller.mobile,
                           "answered-ms": leg.leg.answered, "duration-ms": leg.leg.duration_ms }),
            output: json!({ "amount": proposal.amount, "billed-s": proposal.billed_s,
                            "rule": proposal.rule }),
        };
        decision::log(&mut tx, now, decision).await?;
        if self.has_listeners() {
            events::tell_rated(&mut tx, now, proposal, &leg.leg, policy).await?;
        }
        tx.commit().await?;
        Ok(RatingOutcome::Committed)
    }

    /// Legs without a price, those handed out least often first, so that one that cannot be rated holds up no other.
    pub async fn unrated(&self, limit: u32) -> Result<Vec<RatedLeg>> {
        let mut tx = self.store().write().await?;
        let rows = sqlx::query(
            "SELECT edge, boot, sequence, body FROM record WHERE unrated = 1
             ORDER BY rating_tries, applied_ms LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await?;
        let legs: Vec<RatedLeg> = rows.iter().map(|row| leg(row, None)).collect::<Result<_>>()?;
        for RatedLeg { record, .. } in &legs {
            sqlx::query(
                "UPDATE record SET rating_tries = rating_tries + 1
                 WHERE edge = $1 AND boot = $2 AND sequence = $3",
            )
            .bind(&record.edge)
            .bind(&record.boot)
            .bind(record.sequence.cast_signed())
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(legs)
    }

    /// Legs that came into no conference, the latest first, rated or not: they stand on no statement, and the callers of
    /// the operator's own network pay for them all the same.
    pub async fn stray_calls(&self, limit: u32) -> Result<Vec<CallLine>> {
        let mut tx = self.store().read().await?;
        let rows = sqlx::query(
            "SELECT r.edge, r.boot, r.sequence, r.body,
                 t.amount, t.billed_s, t.rule, t.policy, t.rated_ms
             FROM record r LEFT JOIN rating t
                 ON t.edge = r.edge AND t.boot = r.boot AND t.sequence = r.sequence
             WHERE r.kind = 'leg-left' AND r.booking IS NULL
             ORDER BY r.answered_ms DESC, r.edge, r.boot, r.sequence LIMIT $1",
        )
        .bind(lines(limit))
        .fetch_all(&mut *tx)
        .await?;
        rows.iter().map(|row| Ok(call_line(leg(row, rating(row)?)?))).collect()
    }

    /// All legs of the latest booking of a number, rated or not.
    pub async fn statement_facts(&self, question: &StatementQuestion) -> Result<StatementFacts> {
        let mut tx = self.store().read().await?;
        let now = self.now();
        let row = sqlx::query(
            "SELECT b.id, b.number, b.start_ms, b.end_ms, b.seats, b.language, b.state,
                 b.first_start_ms, b.changes
             FROM number_use u JOIN booking b ON b.id = u.booking WHERE u.number = $1",
        )
        .bind(question.number.as_str())
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else {
            return Ok(StatementFacts { now, booking: None, legs: Vec::new() });
        };
        let booking = own_booking(&row, now)?;
        let legs = legs_of(&mut tx, &booking.booking).await?;
        Ok(StatementFacts { now, booking: Some(booking), legs })
    }
}

/// A call that came into no conference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallLine {
    pub edge: String,
    /// `+420…456`; absent when withheld.
    pub caller: Option<String>,
    pub network: String,
    pub trunk: String,
    pub answered: UnixMs,
    pub ended: UnixMs,
    pub duration_ms: u64,
    pub end: LegEnd,
    /// Absent until it has been rated.
    pub rating: Option<Rating>,
}

fn call_line(rated: RatedLeg) -> CallLine {
    let leg = rated.leg;
    CallLine {
        edge: rated.record.edge,
        caller: leg.caller.number.map(|number| number.masked()),
        network: leg.caller.network,
        trunk: leg.caller.trunk,
        answered: leg.answered,
        ended: leg.ended,
        duration_ms: leg.duration_ms,
        end: leg.end,
        rating: rated.rating,
    }
}

fn check(proposal: &RatingProposal) -> Result<()> {
    let named = !proposal.rule.is_empty()
        && proposal.rule.len() <= RULE_BYTES_MAX
        && proposal.rule.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !named {
        return Err(LedgerError::Invalid("a rule's name has 1 to 64 letters, digits and dashes"));
    }
    if proposal.amount.0 < 0 {
        return Err(LedgerError::Invalid("a price is not negative"));
    }
    Ok(())
}

async fn rated_by_key(tx: &mut SqliteConnection, key: &RecordKey) -> Result<Option<RatedLeg>> {
    let Ok(sequence) = i64::try_from(key.sequence) else { return Ok(None) };
    let row = sqlx::query(
        "SELECT edge, boot, sequence, body FROM record
         WHERE edge = $1 AND boot = $2 AND sequence = $3 AND kind = 'leg-left'",
    )
    .bind(&key.edge)
    .bind(&key.boot)
    .bind(sequence)
    .fetch_optional(tx)
    .await?;
    row.map(|row| leg(&row, None)).transpose()
}

async fn legs_of(tx: &mut SqliteConnection, booking: &str) -> Result<Vec<RatedLeg>> {
    let rows = sqlx::query(
        "SELECT r.edge, r.boot, r.sequence, r.body,
             t.amount, t.billed_s, t.rule, t.policy, t.rated_ms
         FROM record r LEFT JOIN rating t
             ON t.edge = r.edge AND t.boot = r.boot AND t.sequence = r.sequence
         WHERE r.kind = 'leg-left' AND r.booking IN (
             SELECT $1 UNION SELECT o.id FROM booking o
             WHERE o.dedicated = (SELECT b.dedicated FROM booking b WHERE b.id = $1))
         ORDER BY r.answered_ms, r.edge, r.boot, r.sequence LIMIT $2",
    )
    .bind(booking)
    .bind(LEGS_MAX)
    .fetch_all(tx)
    .await?;
    rows.iter().map(|row| leg(row, rating(row)?)).collect()
}

fn leg(row: &SqliteRow, rating: Option<Rating>) -> Result<RatedLeg> {
    Ok(RatedLeg {
        record: RecordKey {
            edge: row.text("edge")?,
            boot: row.text("boot")?,
            sequence: row.value::<i64>("sequence")?.cast_unsigned(),
        },
        leg: row.json("body")?,
        rating,
    })
}

fn rating(row: &SqliteRow) -> Result<Option<Rating>> {
    let Some(amount) = row.value::<Option<i64>>("amount")? else { return Ok(None) };
    Ok(Some(Rating {
        amount: Amount(amount),
        billed_s: small(row.value("billed_s")?, "billed_s")?,
        rule: row.text("rule")?,
        policy: row.text("policy")?,
        rated: row.instant("rated_ms")?,
    }))
}
