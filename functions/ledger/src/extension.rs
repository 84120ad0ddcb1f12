//! Longer than booked: minutes taken from the same place as bookings, so a booked conference always wins.

use konf_api::ledger::{
    BookingState, ExtensionFacts, ExtensionOutcome, ExtensionProposal, ExtensionQuestion,
};
use konf_contract::{UnixMs, Window};
use serde_json::json;
use sqlx::SqliteConnection;

use crate::Ledger;
use crate::admission::{admission_booking, booking_by_id};
use crate::capacity::{self, Load};
use crate::decision::{self, Decision};
use crate::error::Result;
use crate::facts::edge_load;
use crate::offers;
use crate::words::{Columns, Minutes, minute_after, minutes};

/// How far beyond the end the load is told ([`ExtensionFacts::load`]).
const LOOK_AHEAD_MINUTES: i64 = 120;

impl Ledger {
    pub async fn extension_facts(&self, question: &ExtensionQuestion) -> Result<ExtensionFacts> {
        let mut tx = self.store().read().await?;
        let now = self.now();
        let Some(row) = booking_by_id(&mut tx, &question.booking, now).await? else {
            return Ok(ExtensionFacts { now, booking: None, load: None, booked_end: None });
        };
        let booking = admission_booking(&row, now)?;
        let from = booking.window.end.minutes();
        let span = Minutes { from, to: from + LOOK_AHEAD_MINUTES };
        let free = offers::expired_holds(&mut tx, now).await?;
        let of_edge = sqlx::query(
            "SELECT e.capacity * e.active AS capacity,
                 (SELECT group_concat((m.minute - $1) || ' ' || m.taken, ' ') FROM seat_minute m
                  WHERE m.edge = e.name AND m.minute >= $1 AND m.minute < $2) AS taken
             FROM edge e WHERE e.name = $3",
        )
        .bind(span.from)
        .bind(span.to)
        .bind(&booking.edge)
        .fetch_one(&mut *tx)
        .await?;
        let taken = of_edge.value::<Option<String>>("taken")?.unwrap_or_default();
        let capacity = of_edge.count("capacity")?;
        let load = edge_load(booking.edge.clone(), capacity, Load::of(span, &taken)?, &free);
        let booked_end = Some(row.instant("booked_end_ms")?);
        Ok(ExtensionFacts { now, booking: Some(booking), load: Some(load), booked_end })
    }

    /// Reserves the minutes from `from` to `to` for all of the booking's seats, if the booking still ends at `from`.
    pub async fn extend(
        &self,
        proposal: &ExtensionProposal,
        policies: &str,
    ) -> Result<ExtensionOutcome> {
        let span = minutes(Window { start: proposal.from, end: proposal.to })?;
        let mut tx = self.store().write().await?;
        let now = self.now();
        let Some(row) = booking_by_id(&mut tx, &proposal.booking, now).await? else {
            return Ok(ExtensionOutcome::Gone);
        };
        let booking = admission_booking(&row, now)?;
        if booking.state != BookingState::Booked {
            return Ok(ExtensionOutcome::Gone);
        }
        let end = booking.window.end;
        if end != proposal.from {
            return Ok(ExtensionOutcome::Moved { end });
        }
        offers::release_expired(&mut tx, now).await?;
        if !capacity::take(&mut tx, &booking.edge, span, booking.seats).await? {
            return Ok(ExtensionOutcome::Moved { end });
        }
        lengthen(&mut tx, &proposal.booking, proposal.to, self.settings().number_rest_ms).await?;
        let decision = Decision {
            kind: "extension",
            subject: &proposal.booking,
            policies,
            input: json!({ "from": proposal.from, "to": proposal.to, "seats": booking.seats }),
            output: json!({ "outcome": "reserved" }),
        };
        decision::log(&mut tx, now, decision).await?;
        tx.commit().await?;
        Ok(ExtensionOutcome::Reserved)
    }
}

async fn lengthen(
    tx: &mut SqliteConnection,
    booking: &str,
    end: UnixMs,
    number_rest_ms: i64,
) -> Result<()> {
    sqlx::query("UPDATE booking SET end_ms = $1 WHERE id = $2")
        .bind(end.0)
        .bind(booking)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "UPDATE number_use SET free_ms = $1
         WHERE number = (SELECT number FROM booking WHERE id = $2) AND booking = $2",
    )
    .bind(end.plus_ms(number_rest_ms).0)
    .bind(booking)
    .execute(tx)
    .await?;
    Ok(())
}

/// Gives back what an extension reserved beyond now, when the room has emptied and nobody has a seat or one held. What
/// was booked stays until its end: people may come back. True when something went back.
pub(crate) async fn shrink_if_empty(
    tx: &mut SqliteConnection,
    booking: &str,
    now: UnixMs,
) -> Result<bool> {
    let row = sqlx::query(
        "SELECT edge, end_ms, booked_end_ms, seats FROM booking
         WHERE id = $1 AND state = 'booked' AND emptied_ms IS NOT NULL AND seats_taken = 0
             AND end_ms > booked_end_ms",
    )
    .bind(booking)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(false) };
    let end = row.instant("end_ms")?.minutes();
    let new_end = row.instant("booked_end_ms")?.minutes().max(minute_after(now));
    if new_end >= end {
        return Ok(false);
    }
    let span = Minutes { from: new_end, to: end };
    capacity::release(tx, &row.text("edge")?, span, row.count("seats")?).await?;
    sqlx::query("UPDATE booking SET end_ms = $1 WHERE id = $2")
        .bind(UnixMs::from_minutes(new_end).0)
        .bind(booking)
        .execute(tx)
        .await?;
    Ok(true)
}
