//! Seats in rooms: granted, held for a caller who comes back, given back.
//!
//! A booking's seats are held by the CHECK on `booking.seats_taken`; a grant that is granted, joined or held counts, each
//! one once, and gives its seat back exactly once ([`release_grant`]).

use konf_api::ledger::{AdmissionOutcome, AdmissionProposal, AdmissionVerdict, BookingState};
use konf_contract::{Caller, ConferenceNumber, GrantId, LegId, Role, UnixMs};
use serde_json::json;
use sqlx::SqliteConnection;

use crate::Ledger;
use crate::admission::{admission_booking, booking_by_id, number_of};
use crate::decision::{self, Decision, digest_of};
use crate::error::Result;
use crate::policy_calls;
use crate::store::new_id;
use crate::words::{Columns, role};
use crate::writer::Change;

impl Ledger {
    /// Grants a seat, or notes a wrong try. Asked again for the same leg it gives the same grant. From its first grant on
    /// a conference stays on the policies that the host chose.
    pub async fn admit<'a>(
        &self,
        proposal: &AdmissionProposal,
        stamps: impl Into<Stamps<'a>>,
    ) -> Result<AdmissionOutcome> {
        let stamps = stamps.into();
        let mut tx = self.store().write().await?;
        let now = self.now();
        match &proposal.verdict {
            AdmissionVerdict::WrongTry { conference } => {
                note_wrong_try(&mut tx, &proposal.caller, conference.as_ref(), now).await?;
                tx.commit().await?;
                Ok(AdmissionOutcome::Noted)
            }
            AdmissionVerdict::Admit { booking, role, held } => {
                let ask = Ask { proposal, booking, role: *role, held: held.as_ref(), stamps, now };
                ask.admit(tx).await
            }
        }
    }
}

struct Ask<'a> {
    proposal: &'a AdmissionProposal,
    booking: &'a str,
    role: Role,
    held: Option<&'a GrantId>,
    stamps: Stamps<'a>,
    now: UnixMs,
}

/// What the host stamped on a request; empty when policies are composed into the component.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stamps<'a> {
    /// [`konf_api::ledger::POLICY_HEADER`].
    pub policies: &'a str,
    /// [`konf_api::policy::CHOICE_HEADER`].
    pub choice: &'a str,
}

impl<'a> From<&'a str> for Stamps<'a> {
    fn from(policies: &'a str) -> Self {
        Stamps { policies, choice: "" }
    }
}

/// The seat that a caller comes back to.
struct Former {
    edge: String,
    boot: String,
    leg: LegId,
}

impl Ask<'_> {
    async fn admit(&self, mut tx: Change) -> Result<AdmissionOutcome> {
        if self.is_of_former_boot(&mut tx).await? {
            return Ok(AdmissionOutcome::Gone);
        }
        if let Some(outcome) = self.as_before(&mut tx).await? {
            tx.leave().await?;
            return Ok(outcome);
        }
        if self.proposal.unpinned
            && policy_calls::differs(&mut tx, self.booking, self.stamps.choice).await?
        {
            return Ok(AdmissionOutcome::Moved);
        }
        let Some(row) = booking_by_id(&mut tx, self.booking, self.now).await? else {
            return Ok(AdmissionOutcome::Gone);
        };
        let booking = admission_booking(&row, self.now)?;
        if booking.state != BookingState::Booked {
            return Ok(AdmissionOutcome::Gone);
        }
        release_expired_holds(&mut tx, Some(self.booking), self.now).await?;
        let former = match self.held {
            Some(held) => match self.take_up(&mut tx, held).await? {
                Some(former) => Some(former),
                None => return Ok(AdmissionOutcome::Gone),
            },
            None if self.take_seat(&mut tx).await? => None,
            None => return Ok(AdmissionOutcome::Full),
        };
        let outcome = self.grant(&mut tx, former).await?;
        let input = json!({
            "window": booking.window, "seats": booking.seats, "seats_taken": booking.seats_taken,
            "role": self.role, "returning": self.held.is_some(),
        });
        let decision = Decision {
            kind: "admission",
            subject: self.booking,
            policies: self.stamps.policies,
            input,
            output: json!({ "outcome": "admitted" }),
        };
        decision::log(&mut tx, self.now, decision).await?;
        policy_calls::pin(&mut tx, self.booking, self.stamps.choice).await?;
        tx.commit().await?;
        Ok(outcome)
    }

    /// A request that was on its way while its edge started anew: its leg is gone, and nothing would give its seat back.
    async fn is_of_former_boot(&self, tx: &mut SqliteConnection) -> Result<bool> {
        let former: Option<i64> =
            sqlx::query_scalar("SELECT former FROM boot WHERE edge = $1 AND boot = $2")
                .bind(&self.proposal.edge)
                .bind(&self.proposal.boot)
                .fetch_optional(tx)
                .await?;
        Ok(former == Some(1))
    }

    /// The grant that this leg was given before.
    async fn as_before(&self, tx: &mut SqliteConnection) -> Result<Option<AdmissionOutcome>> {
        let row = sqlx::query(
            "SELECT id, booking, state, came_back, former_leg, policy FROM seat_grant
             WHERE edge = $1 AND boot = $2 AND leg = $3",
        )
        .bind(&self.proposal.edge)
        .bind(&self.proposal.boot)
        .bind(self.proposal.leg.0.cast_signed())
        .fetch_optional(tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let state = row.text("state")?;
        let live = state == "granted" || state == "joined";
        if !live || row.text("booking")? != self.booking {
            return Ok(Some(AdmissionOutcome::Gone));
        }
        Ok(Some(AdmissionOutcome::Admitted {
            grant: GrantId(row.text("id")?),
            returning: row.value::<i64>("came_back")? == 1,
            former_leg: row
                .value::<Option<i64>>("former_leg")?
                .map(|leg| LegId(leg.cast_unsigned())),
            policy: row.text("policy")?,
        }))
    }

    async fn take_seat(&self, tx: &mut SqliteConnection) -> Result<bool> {
        let taken = sqlx::query(
            "UPDATE booking SET seats_taken = seats_taken + 1, emptied_ms = NULL
             WHERE id = $1 AND state = 'booked' AND seats_taken < seats",
        )
        .bind(self.booking)
        .execute(tx)
        .await?;
        Ok(taken.rows_affected() == 1)
    }

    /// The held seat goes on to a new grant; the number of seats taken stays.
    async fn take_up(&self, tx: &mut SqliteConnection, held: &GrantId) -> Result<Option<Former>> {
        let row = sqlx::query(
            "UPDATE seat_grant SET state = 'released', released_ms = $1
             WHERE id = $2 AND booking = $3 AND caller = $4 AND network = $5 AND state = 'held'
                 AND held_until_ms > $1
             RETURNING edge, boot, leg",
        )
        .bind(self.now.0)
        .bind(&held.0)
        .bind(self.booking)
        .bind(number_of(&self.proposal.caller))
        .bind(&self.proposal.caller.network)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        sqlx::query("UPDATE booking SET emptied_ms = NULL WHERE id = $1")
            .bind(self.booking)
            .execute(tx)
            .await?;
        Ok(Some(Former { edge: row.text("edge")?, boot: row.text("boot")?, leg: row.leg("leg")? }))
    }

    async fn grant(
        &self,
        tx: &mut SqliteConnection,
        former: Option<Former>,
    ) -> Result<AdmissionOutcome> {
        let grant = new_id("grant")?;
        let returning = former.is_some();
        let (edge, boot) = (&self.proposal.edge, &self.proposal.boot);
        let former_leg = former.filter(|f| f.edge == *edge && f.boot == *boot).map(|f| f.leg);
        let policy = digest_of(self.stamps.policies, "admission");
        sqlx::query(
            "INSERT INTO seat_grant (id, booking, edge, boot, leg, role, caller, network, state,
                 came_back, former_leg, policy, granted_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'granted', $9, $10, $11, $12)",
        )
        .bind(&grant)
        .bind(self.booking)
        .bind(edge)
        .bind(boot)
        .bind(self.proposal.leg.0.cast_signed())
        .bind(role(self.role))
        .bind(number_of(&self.proposal.caller))
        .bind(&self.proposal.caller.network)
        .bind(i64::from(returning))
        .bind(former_leg.map(|leg| leg.0.cast_signed()))
        .bind(policy)
        .bind(self.now.0)
        .execute(tx)
        .await?;
        Ok(AdmissionOutcome::Admitted {
            grant: GrantId(grant),
            returning,
            former_leg,
            policy: policy.to_owned(),
        })
    }
}

/// Gives a grant's seat back, if it has not gone back already.
pub(crate) async fn release_grant(
    tx: &mut SqliteConnection,
    grant: &str,
    now: UnixMs,
) -> Result<()> {
    let booking: Option<String> = sqlx::query_scalar(
        "UPDATE seat_grant SET state = 'released', released_ms = $1
         WHERE id = $2 AND state <> 'released' RETURNING booking",
    )
    .bind(now.0)
    .bind(grant)
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(booking) = booking {
        sqlx::query("UPDATE booking SET seats_taken = seats_taken - 1 WHERE id = $1")
            .bind(booking)
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// At most so many held seats go back in one transaction.
const HOLDS_AT_ONCE: i64 = 500;

/// Gives back seats that were held for callers who did not come back, of one booking or of all: their bookings.
pub(crate) async fn release_expired_holds(
    tx: &mut SqliteConnection,
    booking: Option<&str>,
    now: UnixMs,
) -> Result<Vec<String>> {
    let rows = sqlx::query(
        "SELECT id, booking FROM seat_grant
         WHERE state = 'held' AND held_until_ms <= $1
             AND (CAST($2 AS TEXT) IS NULL OR booking = $2) LIMIT $3",
    )
    .bind(now.0)
    .bind(booking)
    .bind(HOLDS_AT_ONCE)
    .fetch_all(&mut *tx)
    .await?;
    let mut bookings = Vec::with_capacity(rows.len());
    for row in rows {
        release_grant(tx, &row.text("id")?, now).await?;
        bookings.push(row.text("booking")?);
    }
    Ok(bookings)
}

async fn note_wrong_try(
    tx: &mut SqliteConnection,
    caller: &Caller,
    conference: Option<&ConferenceNumber>,
    now: UnixMs,
) -> Result<()> {
    sqlx::query("INSERT INTO wrong_try (at_ms, caller, trunk, conference) VALUES ($1, $2, $3, $4)")
        .bind(now.0)
        .bind(number_of(caller))
        .bind(&caller.trunk)
        .bind(conference.map(ConferenceNumber::as_str))
        .execute(tx)
        .await?;
    Ok(())
}
