//! Who may enter: the code compared, wrong tries counted, seats granted.
//!
//! A booking's seats are held by the CHECK on `booking.seats_taken`; a grant that is granted, joined or held counts, each
//! one once, and gives its seat back exactly once ([`release_grant`]).

use konf_api::ledger::{
    AdmissionBooking, AdmissionFacts, AdmissionOutcome, AdmissionProposal, AdmissionQuestion,
    AdmissionVerdict, BookingState, HeldSeat,
};
use konf_contract::{Caller, ConferenceNumber, GrantId, LegId, Role, UnixMs};
use serde_json::json;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use subtle::{Choice, ConstantTimeEq};

use crate::Ledger;
use crate::decision::{self, Decision, digest_of};
use crate::error::Result;
use crate::store::{Tx, new_id};
use crate::words::{Columns, role, state_at};

/// Wrong tries count for an hour.
pub(crate) const WRONG_TRY_MS: i64 = crate::HOUR;

impl Ledger {
    /// What decides on a caller. The code is compared here, in constant time.
    pub async fn admission_facts(&self, question: &AdmissionQuestion) -> Result<AdmissionFacts> {
        let mut tx = self.store().read().await?;
        let now = self.now();
        let keyed = question.credentials.as_ref();
        let number = keyed.and_then(|keyed| ConferenceNumber::new(keyed.number.as_str()).ok());
        let mut row = match &number {
            Some(number) => booking_by_number(&mut tx, number, now).await?,
            None => None,
        };
        let matched = match keyed {
            Some(keyed) => match_code(&keyed.code, row.as_ref())?,
            None => None,
        };
        let of_booking = row.as_ref().map(|row| row.text("id")).transpose()?;
        // With credentials only a seat of that very conference is of use.
        let held = if keyed.is_some() && of_booking.is_none() {
            None
        } else {
            held_seat(&mut tx, &question.caller, of_booking.as_deref(), now).await?
        };
        if let (None, Some((_, booking))) = (keyed, &held) {
            row = booking_by_id(&mut tx, booking, now).await?;
        }
        let booking = row.map(|row| admission_booking(&row, now)).transpose()?;
        let caller = number_of(&question.caller);
        let wrong = wrong_tries(&mut tx, &question.caller, number.as_ref(), now).await?;
        let known = match (&booking, caller) {
            (Some(booking), Some(caller)) => known(&mut tx, &booking.booking, caller).await?,
            _ => false,
        };
        Ok(AdmissionFacts {
            now,
            booking,
            matched,
            held: held.map(|(seat, _)| seat),
            wrong_by_caller: wrong.caller,
            wrong_by_trunk: wrong.trunk,
            wrong_by_conference: wrong.conference,
            known_caller: known,
        })
    }

    /// Grants a seat, or notes a wrong try. Asked again for the same leg it gives the same grant. `policies` is what the
    /// host stamped; empty when composed.
    pub async fn admit(
        &self,
        proposal: &AdmissionProposal,
        policies: &str,
    ) -> Result<AdmissionOutcome> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        match &proposal.verdict {
            AdmissionVerdict::WrongTry { conference } => {
                note_wrong_try(&mut tx, &proposal.caller, conference.as_ref(), now).await?;
                tx.commit().await?;
                Ok(AdmissionOutcome::Noted)
            }
            AdmissionVerdict::Admit { booking, role, held } => {
                let ask =
                    Ask { proposal, booking, role: *role, held: held.as_ref(), policies, now };
                ask.admit(tx).await
            }
        }
    }
}

// ── granting ────────────────────────────────────────────────────────────────────────────────────────────────────────

struct Ask<'a> {
    proposal: &'a AdmissionProposal,
    booking: &'a str,
    role: Role,
    held: Option<&'a GrantId>,
    policies: &'a str,
    now: UnixMs,
}

/// The seat that a caller comes back to.
struct Former {
    edge: String,
    boot: String,
    leg: LegId,
}

impl Ask<'_> {
    async fn admit(&self, mut tx: Tx) -> Result<AdmissionOutcome> {
        if self.is_of_former_boot(&mut tx).await? {
            return Ok(AdmissionOutcome::Gone);
        }
        if let Some(outcome) = self.as_before(&mut tx).await? {
            return Ok(outcome);
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
            policies: self.policies,
            input,
            output: json!({ "outcome": "admitted" }),
        };
        decision::log(&mut tx, self.now, decision).await?;
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
        let policy = digest_of(self.policies, "admission");
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

// ── facts ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/// A booking as admission and extension see it; seats held too long no longer count. `$1` is now.
macro_rules! booking_sql {
    ($from:literal) => {
        concat!(
            "SELECT b.id, b.number, b.edge, b.start_ms, b.end_ms, b.seats, b.language, b.state,
                 b.pin, b.password,
                 b.seats_taken - (SELECT count(*) FROM seat_grant g WHERE g.booking = b.id
                     AND g.state = 'held' AND g.held_until_ms <= $1) AS live ",
            $from
        )
    };
}

async fn booking_by_number(
    tx: &mut SqliteConnection,
    number: &ConferenceNumber,
    now: UnixMs,
) -> Result<Option<SqliteRow>> {
    let sql =
        booking_sql!("FROM number_use u JOIN booking b ON b.id = u.booking WHERE u.number = $2");
    Ok(sqlx::query(sql).bind(now.0).bind(number.as_str()).fetch_optional(tx).await?)
}

pub(crate) async fn booking_by_id(
    tx: &mut SqliteConnection,
    id: &str,
    now: UnixMs,
) -> Result<Option<SqliteRow>> {
    let sql = booking_sql!("FROM booking b WHERE b.id = $2");
    Ok(sqlx::query(sql).bind(now.0).bind(id).fetch_optional(tx).await?)
}

pub(crate) fn admission_booking(row: &SqliteRow, now: UnixMs) -> Result<AdmissionBooking> {
    let window = row.window()?;
    Ok(AdmissionBooking {
        booking: row.text("id")?,
        number: row.number("number")?,
        edge: row.text("edge")?,
        window,
        seats: row.count("seats")?,
        seats_taken: row.count("live")?,
        language: row.word("language")?,
        state: state_at(row.word("state")?, window.end, now),
    })
}

/// The same work with and without a booking, so that time does not tell which numbers exist.
fn match_code(code: &str, row: Option<&SqliteRow>) -> Result<Option<Role>> {
    let secret = |column| match row {
        Some(row) => row.value::<Option<String>>(column),
        None => Ok(None),
    };
    let participant = equal(code, secret("pin")?.as_deref());
    let organiser = equal(code, secret("password")?.as_deref());
    Ok(match (bool::from(organiser), bool::from(participant)) {
        (true, _) => Some(Role::Organiser),
        (false, true) => Some(Role::Participant),
        (false, false) => None,
    })
}

/// Constant in time for codes of any length; a code longer than any PIN or password is wrong.
fn equal(code: &str, secret: Option<&str>) -> Choice {
    let (code_bytes, code_length) = padded(code);
    let (secret_bytes, secret_length) = padded(secret.unwrap_or_default());
    code_bytes.ct_eq(&secret_bytes)
        & code_length.ct_eq(&secret_length)
        & Choice::from(u8::from(secret.is_some()))
}

/// Longer than a PIN (10) and a password (12) can be; the length is compared apart.
const CODE_BYTES: usize = 16;

fn padded(text: &str) -> ([u8; CODE_BYTES], u64) {
    let mut bytes = [0; CODE_BYTES];
    for (to, from) in bytes.iter_mut().zip(text.bytes()) {
        *to = from;
    }
    (bytes, text.len() as u64)
}

/// The seat that waits for a caller, and its booking. The network must be the same as well: a number alone may be claimed
/// on another way in.
async fn held_seat(
    tx: &mut SqliteConnection,
    caller: &Caller,
    booking: Option<&str>,
    now: UnixMs,
) -> Result<Option<(HeldSeat, String)>> {
    let Some(number) = number_of(caller) else { return Ok(None) };
    let row = sqlx::query(
        "SELECT id, booking, role, held_until_ms FROM seat_grant
         WHERE state = 'held' AND caller = $1 AND network = $2 AND held_until_ms > $3
             AND (CAST($4 AS TEXT) IS NULL OR booking = $4)
         ORDER BY held_until_ms DESC LIMIT 1",
    )
    .bind(number)
    .bind(&caller.network)
    .bind(now.0)
    .bind(booking)
    .fetch_optional(tx)
    .await?;
    row.map(|row| {
        let seat = HeldSeat {
            grant: GrantId(row.text("id")?),
            role: row.word("role")?,
            until: row.instant("held_until_ms")?,
        };
        Ok((seat, row.text("booking")?))
    })
    .transpose()
}

fn number_of(caller: &Caller) -> Option<&str> {
    caller.number.as_ref().map(|number| number.expose())
}

struct WrongTries {
    caller: u32,
    trunk: u32,
    conference: u32,
}

async fn wrong_tries(
    tx: &mut SqliteConnection,
    caller: &Caller,
    number: Option<&ConferenceNumber>,
    now: UnixMs,
) -> Result<WrongTries> {
    let row = sqlx::query(
        "SELECT
             (SELECT count(*) FROM wrong_try WHERE caller = $1 AND at_ms > $4) AS by_caller,
             (SELECT count(*) FROM wrong_try WHERE trunk = $2 AND at_ms > $4) AS by_trunk,
             (SELECT count(*) FROM wrong_try WHERE conference = $3 AND at_ms > $4) AS by_conference",
    )
    .bind(number_of(caller))
    .bind(&caller.trunk)
    .bind(number.map(ConferenceNumber::as_str))
    .bind(now.0.saturating_sub(WRONG_TRY_MS))
    .fetch_one(tx)
    .await?;
    Ok(WrongTries {
        caller: row.count("by_caller")?,
        trunk: row.count("by_trunk")?,
        conference: row.count("by_conference")?,
    })
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

/// Whoever was granted a seat once knew the code.
async fn known(tx: &mut SqliteConnection, booking: &str, caller: &str) -> Result<bool> {
    let row = sqlx::query("SELECT id FROM seat_grant WHERE booking = $1 AND caller = $2 LIMIT 1")
        .bind(booking)
        .bind(caller)
        .fetch_optional(tx)
        .await?;
    Ok(row.is_some())
}

#[cfg(test)]
mod tests;
