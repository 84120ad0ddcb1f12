//! What decides on a caller: the code compared, wrong tries counted, a held seat found. Seats are granted in
//! [`crate::seats`].

use konf_api::ledger::{AdmissionBooking, AdmissionFacts, AdmissionQuestion, HeldSeat};
use konf_contract::{Caller, ConferenceNumber, GrantId, Role, UnixMs};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use subtle::{Choice, ConstantTimeEq};

use crate::Ledger;
use crate::error::Result;
use crate::words::{Columns, state_at};
use crate::{guests, policy_calls};

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
        let of_booking = row.as_ref().map(|row| row.text("id")).transpose()?;
        let matched = match keyed {
            Some(keyed) => {
                // Asked without a booking as well, so that time does not tell which numbers exist.
                let guests =
                    guests::pins(&mut tx, of_booking.as_deref().unwrap_or_default()).await?;
                match_code(&keyed.code, row.as_ref(), &guests)?
            }
            None => None,
        };
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
        // Asked without a booking as well, for the same reason.
        let pinned =
            policy_calls::pins(&mut tx, booking.as_ref().map_or("", |found| &found.booking))
                .await?;
        Ok(AdmissionFacts {
            now,
            booking,
            matched,
            held: held.map(|(seat, _)| seat),
            wrong_by_caller: wrong.caller,
            wrong_by_trunk: wrong.trunk,
            wrong_by_conference: wrong.conference,
            known_caller: known,
            unpinned: pinned.is_empty(),
        })
    }
}

/// A booking as admission and extension see it; seats held too long no longer count. `$1` is now.
macro_rules! booking_sql {
    ($from:literal) => {
        concat!(
            "SELECT b.id, b.number, b.edge, b.start_ms, b.end_ms, b.booked_end_ms, b.seats, b.language, b.state,
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
    // Of a dedicated conference the occurrence that runs or comes next, and when all are over the last.
    let sql = booking_sql!(
        "FROM number_use u JOIN booking b ON b.id = coalesce(
             (SELECT n.id FROM booking n
              WHERE n.dedicated = (SELECT m.dedicated FROM booking m WHERE m.id = u.booking)
                  AND n.state = 'booked' AND n.end_ms > $1
              ORDER BY n.start_ms LIMIT 1),
             (SELECT n.id FROM booking n
              WHERE n.dedicated = (SELECT m.dedicated FROM booking m WHERE m.id = u.booking)
              ORDER BY n.start_ms DESC LIMIT 1), u.booking)
         WHERE u.number = $2"
    );
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
fn match_code(code: &str, row: Option<&SqliteRow>, guests: &[String]) -> Result<Option<Role>> {
    let secret = |column| match row {
        Some(row) => row.value::<Option<String>>(column),
        None => Ok(None),
    };
    let participant = guests
        .iter()
        .fold(equal(code, secret("pin")?.as_deref()), |found, pin| found | equal(code, Some(pin)));
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

pub(crate) fn number_of(caller: &Caller) -> Option<&str> {
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
