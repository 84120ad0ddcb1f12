//! What an organiser sees of the own conferences. Dedicated ones are the desk's.

use konf_api::ledger::{BookingQuestion, BookingState, OwnBooking};
use konf_api::portal::{CredentialsFacts, OwnFacts, OwnQuestion};
use konf_contract::Password;
use sqlx::sqlite::SqliteRow;

use crate::Ledger;
use crate::error::{LedgerError, Result};
use crate::facts::own_booking;
use crate::words::Columns;

/// Of each kind; who has more finds them by their number.
const LINES_MAX: i64 = 100;

impl Ledger {
    /// The sender's conferences: those to come, the earliest first, and the others, the latest first.
    pub async fn own_facts(&self, question: &OwnQuestion) -> Result<OwnFacts> {
        let mut tx = self.store().read().await?;
        let now = self.now();
        let key = question.sender.key();
        let ahead = sqlx::query(
            "SELECT id, number, start_ms, end_ms, seats, language, state, first_start_ms, changes
             FROM booking
             WHERE sender_key = $1 AND state = 'booked' AND end_ms > $2 AND dedicated IS NULL
             ORDER BY start_ms, id LIMIT $3",
        )
        .bind(&key)
        .bind(now.0)
        .bind(LINES_MAX)
        .fetch_all(&mut *tx)
        .await?;
        let past = sqlx::query(
            "SELECT id, number, start_ms, end_ms, seats, language, state, first_start_ms, changes
             FROM booking
             WHERE sender_key = $1 AND (state <> 'booked' OR end_ms <= $2)
                 AND dedicated IS NULL
             ORDER BY start_ms DESC, id LIMIT $3",
        )
        .bind(&key)
        .bind(now.0)
        .bind(LINES_MAX)
        .fetch_all(&mut *tx)
        .await?;
        let lines = |rows: Vec<SqliteRow>| -> Result<Vec<OwnBooking>> {
            rows.iter().map(|row| own_booking(row, now)).collect()
        };
        Ok(OwnFacts { now, ahead: lines(ahead)?, past: lines(past)? })
    }

    /// The latest booking of a number with PIN and password, if it is this sender's. A cancelled one shows neither.
    pub async fn credentials_facts(&self, question: &BookingQuestion) -> Result<CredentialsFacts> {
        let mut tx = self.store().read().await?;
        let now = self.now();
        let row = sqlx::query(
            "SELECT b.id, b.number, b.start_ms, b.end_ms, b.seats, b.language, b.state, b.pin,
                 b.password, b.first_start_ms, b.changes
             FROM number_use u JOIN booking b ON b.id = u.booking
             WHERE u.number = $1 AND b.sender_key = $2 AND b.dedicated IS NULL",
        )
        .bind(question.number.as_str())
        .bind(question.sender.key())
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else {
            return Ok(CredentialsFacts { now, booking: None, pin: None, password: None });
        };
        let booking = own_booking(&row, now)?;
        let shown = booking.state == BookingState::Booked;
        let secret =
            |column| Ok::<_, LedgerError>(row.value::<Option<String>>(column)?.filter(|_| shown));
        Ok(CredentialsFacts {
            now,
            pin: row.pin_or_none("pin")?.filter(|_| shown),
            password: secret("password")?
                .map(|text| stored(Password::new(text), "password"))
                .transpose()?,
            booking: Some(booking),
        })
    }
}

fn stored<T, E>(word: std::result::Result<T, E>, column: &'static str) -> Result<T> {
    word.map_err(|_| LedgerError::Stored(column))
}
