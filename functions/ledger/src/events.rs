//! Events that webhooks are told of. To add one: a line in [`EVENTS`], and a call of [`tell`] in the transaction of the fact.

use konf_api::ledger::{Amount, Effect, RatingProposal, Sender};
use konf_contract::link::LegLeft;
use konf_contract::{LegId, Msisdn, UnixMs};
use serde_json::{Map, Value, json};
use sqlx::SqliteConnection;

use crate::Ledger;
use crate::error::Result;
use crate::store::new_id;
use crate::words::Columns;

/// Kind, and when it is told.
pub const EVENTS: [(&str, &str); 10] = [
    ("conference.booked", "A conference was ordered, whichever way."),
    ("conference.changed", "Another time, length or number of people."),
    ("conference.cancelled", "It was cancelled before its end."),
    ("conference.started", "The first one is in the room."),
    ("conference.ended", "Its time is over, or it was ended for all."),
    ("participant.joined", "Somebody is in the room."),
    ("participant.left", "Somebody who was in the room has left it; why, and after how long."),
    ("participant.muted", "Somebody is muted now, by whomever."),
    ("participant.unmuted", "Somebody is no longer muted."),
    ("record.rated", "The price of a leg stands."),
];

/// Of an endpoint that does not answer; what comes then it is not told.
const WAITING_MAX: i64 = 10_000;

/// Writes a delivery for each webhook that wants to hear of it. `data` is added to what is said of the conference.
pub(crate) async fn tell(
    tx: &mut SqliteConnection,
    now: UnixMs,
    kind: &'static str,
    booking: &str,
    data: Value,
) -> Result<()> {
    let row = sqlx::query(
        "SELECT b.number, b.start_ms, b.end_ms, b.seats, b.sender_key FROM booking b
         WHERE b.id = $1 AND EXISTS (
             SELECT 1 FROM webhook w WHERE w.closed_ms IS NULL AND instr(w.events, $2) > 0
                 AND (w.owner_key IS NULL OR w.owner_key = b.sender_key))",
    )
    .bind(booking)
    .bind(format!(" {kind} "))
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let window = row.window()?;
    let mut about = Map::new();
    about.insert("conference".to_owned(), json!(row.number("number")?));
    about.insert("start".to_owned(), json!(time(window.start)));
    about.insert("end".to_owned(), json!(time(window.end)));
    about.insert("people".to_owned(), json!(row.count("seats")?));
    if let Value::Object(data) = data {
        about.extend(data);
    }
    let body = json!({ "type": kind, "timestamp": time(now), "data": about });
    sqlx::query(
        "INSERT INTO webhook_delivery (webhook, event, kind, body, state, created_ms, next_ms)
         SELECT w.id, $1, $2, $3, 'waiting', $4, $4 FROM webhook w
         WHERE w.closed_ms IS NULL AND instr(w.events, $5) > 0
             AND (w.owner_key IS NULL OR w.owner_key = $6)
             AND (SELECT count(*) FROM webhook_delivery d
                  WHERE d.webhook = w.id AND d.state IN ('waiting', 'sending')) < $7",
    )
    .bind(new_id("event")?)
    .bind(kind)
    .bind(body.to_string())
    .bind(now.0)
    .bind(format!(" {kind} "))
    .bind(row.text("sender_key")?)
    .bind(WAITING_MAX)
    .execute(tx)
    .await?;
    Ok(())
}

/// What a committed effect tells, of `booking`.
pub(crate) async fn tell_effect(
    tx: &mut SqliteConnection,
    now: UnixMs,
    effect: &Effect,
    booking: &str,
) -> Result<()> {
    let kind = match effect {
        Effect::Book(_) | Effect::TakeOffer { .. } | Effect::Approve { .. } => "conference.booked",
        Effect::Change { .. } => "conference.changed",
        Effect::Cancel { .. } => "conference.cancelled",
        // Hundreds of occurrences, told by the desk in other ways.
        Effect::Dedicate(_) | Effect::CancelDedicated { .. } => return Ok(()),
        Effect::Answer
        | Effect::HoldOffers { .. }
        | Effect::Enqueue { .. }
        | Effect::Settle { .. } => {
            return Ok(());
        }
    };
    tell(tx, now, kind, booking, Value::Null).await
}

/// A leg is in its room; the first one starts the conference.
pub(crate) async fn tell_joined(
    tx: &mut SqliteConnection,
    now: UnixMs,
    place: (&str, &str, LegId),
    joined: UnixMs,
) -> Result<()> {
    let (edge, boot, leg) = place;
    let row = sqlx::query(
        "SELECT booking, role, caller FROM seat_grant WHERE edge = $1 AND boot = $2 AND leg = $3",
    )
    .bind(edge)
    .bind(boot)
    .bind(leg.0.cast_signed())
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let booking = row.text("booking")?;
    let first =
        sqlx::query("UPDATE booking SET started_ms = $1 WHERE id = $2 AND started_ms IS NULL")
            .bind(joined.0)
            .bind(&booking)
            .execute(&mut *tx)
            .await?;
    if first.rows_affected() == 1 {
        tell(tx, now, "conference.started", &booking, json!({ "at": time(joined) })).await?;
    }
    let caller = row.value::<Option<String>>("caller")?.and_then(|text| Msisdn::parse(&text).ok());
    let data = json!({
        "leg": leg, "caller": caller.map(|caller| caller.masked()), "role": row.text("role")?, "at": time(joined),
    });
    tell(tx, now, "participant.joined", &booking, data).await
}

pub(crate) async fn tell_left(
    tx: &mut SqliteConnection,
    now: UnixMs,
    left: &LegLeft,
) -> Result<()> {
    let (Some(booking), Some(joined)) = (&left.booking, left.joined) else { return Ok(()) };
    let data = json!({
        "leg": left.leg, "caller": left.caller.number.as_ref().map(Msisdn::masked), "role": left.role,
        "at": time(left.ended), "joined": time(joined), "duration_ms": left.duration_ms,
        "reason": left.end.reason, "by": left.end.who,
    });
    tell(tx, now, "participant.left", booking, data).await
}

pub(crate) async fn tell_rated(
    tx: &mut SqliteConnection,
    now: UnixMs,
    proposal: &RatingProposal,
    left: &LegLeft,
    tariff: &str,
) -> Result<()> {
    let Some(booking) = &left.booking else { return Ok(()) };
    let key = &proposal.record;
    let data = json!({
        "record": format!("{}/{}/{}", key.edge, key.boot, key.sequence), "leg": left.leg,
        "network": left.caller.network, "billed_s": proposal.billed_s, "czk": czk(proposal.amount),
        "rule": proposal.rule, "tariff": Some(tariff).filter(|tariff| !tariff.is_empty()),
    });
    tell(tx, now, "record.rated", booking, data).await
}

impl Ledger {
    /// Whether a webhook is there that may want to hear of something.
    pub fn has_listeners(&self) -> bool {
        self.inner.listeners.any()
    }

    /// Tells that somebody was muted, or is no longer, as an edge says: a state, which no record holds.
    pub async fn tell_muted(
        &self,
        booking: &str,
        leg: LegId,
        caller: &str,
        muted: bool,
    ) -> Result<()> {
        let mut tx = self.store().write().await?;
        let kind = if muted { "participant.muted" } else { "participant.unmuted" };
        let data = json!({ "leg": leg, "caller": caller });
        tell(&mut tx, self.now(), kind, booking, data).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Tells one webhook something, to try it out; the event. None when there is none of that id (of that owner).
    pub async fn tell_test(&self, webhook: &str, of: Option<&Sender>) -> Result<Option<String>> {
        let (now, event) = (self.now(), new_id("event")?);
        let body = json!({ "type": "webhook.test", "timestamp": time(now), "data": {} });
        let statement = sqlx::query(
            "INSERT INTO webhook_delivery (webhook, event, kind, body, state, created_ms, next_ms)
             SELECT id, $1, 'webhook.test', $2, 'waiting', $3, $3 FROM webhook
             WHERE id = $4 AND closed_ms IS NULL AND ($5 IS NULL OR owner_key = $5)",
        )
        .bind(&event)
        .bind(body.to_string())
        .bind(now.0)
        .bind(webhook)
        .bind(of.map(Sender::key));
        let told = self.store().change(statement).await?;
        Ok((told == 1).then_some(event))
    }
}

/// RFC 3339.
fn time(at: UnixMs) -> String {
    jiff::Timestamp::from_millisecond(at.0).map(|at| at.to_string()).unwrap_or_default()
}

/// To four decimals, half up, as on a statement's line.
fn czk(amount: Amount) -> String {
    const PER_STEP: i64 = Amount::PER_CZK / 10_000;
    let steps = amount.0.saturating_add(PER_STEP / 2).div_euclid(PER_STEP);
    format!("{}.{:04}", steps / 10_000, steps % 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_told_as_on_a_statement() {
        // 61 s at 4 CZK a minute.
        assert_eq!(czk(Amount(24_400_000)), "4.0667");
        assert_eq!(czk(Amount(0)), "0.0000");
        assert_eq!(czk(Amount(280 * Amount::PER_CZK)), "280.0000");
    }
}
