//! Conferences as the REST API sees them: those of one orderer, or all. Dedicated ones are the desk's.

use konf_api::ledger::{BookingState, HeldOffer, Sender};
use konf_contract::{ConferenceNumber, Language, Msisdn, UnixMs, Window};
use sqlx::sqlite::SqliteRow;

use crate::Ledger;
use crate::error::{LedgerError, Result};
use crate::offers::held;
use crate::words::{Columns, booking_state, state_at};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiConference {
    pub booking: String,
    pub number: ConferenceNumber,
    pub state: BookingState,
    /// With extensions.
    pub window: Window,
    pub booked_end: UnixMs,
    pub seats: u32,
    /// Granted or held now.
    pub seats_taken: u32,
    pub language: Language,
    pub sender: Sender,
    pub created: UnixMs,
}

/// The last line of the page before: what comes after it is the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageKey {
    pub start: UnixMs,
    pub booking: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConferenceFilter {
    /// Of one orderer.
    pub owner: Option<Sender>,
    pub state: Option<BookingState>,
    /// Those that start at this instant or after it.
    pub from: Option<UnixMs>,
    /// Those that start before it.
    pub to: Option<UnixMs>,
    pub after: Option<PageKey>,
    pub limit: u32,
}

/// What a message has become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    Conference(ConferenceNumber),
    /// A request of that id, to be handled by then.
    Request {
        id: String,
        due: UnixMs,
    },
    /// Neither: refused, offered, or added to a request that was open.
    Nothing,
}

const COLUMNS: &str = "id, number, state, start_ms, end_ms, booked_end_ms, seats, seats_taken,
     language, sender, created_ms";

impl Ledger {
    /// The latest booking of a number, of one orderer or of anybody.
    pub async fn api_conference(
        &self,
        number: &ConferenceNumber,
        owner: Option<&Sender>,
    ) -> Result<Option<ApiConference>> {
        let row = sqlx::query(
            "SELECT b.id, b.number, b.state, b.start_ms, b.end_ms, b.booked_end_ms, b.seats,
                 b.seats_taken, b.language, b.sender, b.created_ms
             FROM number_use u JOIN booking b ON b.id = u.booking
             WHERE u.number = $1 AND ($2 IS NULL OR b.sender_key = $2) AND b.dedicated IS NULL",
        )
        .bind(number.as_str())
        .bind(owner.map(Sender::key))
        .fetch_optional(self.store().readers())
        .await?;
        let now = self.now();
        row.map(|row| conference(&row, now)).transpose()
    }

    /// By their start, then by their id.
    pub async fn api_conferences(&self, filter: &ConferenceFilter) -> Result<Vec<ApiConference>> {
        let now = self.now();
        // Whose time is over has ended, whether or not the reconciler has come by.
        let statement = format!(
            "SELECT {COLUMNS} FROM booking
             WHERE dedicated IS NULL
                 AND ($1 IS NULL OR sender_key = $1)
                 AND ($2 IS NULL
                     OR CASE WHEN state = 'booked' AND end_ms <= $3 THEN 'ended' ELSE state END = $2)
                 AND start_ms >= $4 AND start_ms < $5
                 AND (start_ms, id) > ($6, $7)
             ORDER BY start_ms, id LIMIT $8"
        );
        let after = filter.after.as_ref();
        let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(filter.owner.as_ref().map(Sender::key))
            .bind(filter.state.map(booking_state))
            .bind(now.0)
            .bind(filter.from.map_or(i64::MIN, |from| from.0))
            .bind(filter.to.map_or(i64::MAX, |to| to.0))
            .bind(after.map_or(i64::MIN, |after| after.start.0))
            .bind(after.map_or("", |after| after.booking.as_str()))
            .bind(crate::listing::lines(filter.limit))
            .fetch_all(self.store().readers())
            .await?;
        rows.iter().map(|row| conference(row, now)).collect()
    }

    /// What became of a message that was answered.
    pub async fn made_of(&self, inbound: &str) -> Result<Made> {
        let mut tx = self.store().read().await?;
        let request = sqlx::query("SELECT id, due_ms FROM request WHERE inbound = $1 LIMIT 1")
            .bind(inbound)
            .fetch_optional(&mut *tx)
            .await?;
        if let Some(row) = request {
            return Ok(Made::Request { id: row.text("id")?, due: row.instant("due_ms")? });
        }
        // Through all messages, since it is asked for only after a crash.
        let booked = sqlx::query(
            "SELECT b.number FROM outbox o JOIN booking b ON b.id = o.booking
             WHERE o.inbound = $1 LIMIT 1",
        )
        .bind(inbound)
        .fetch_optional(&mut *tx)
        .await?;
        booked.map_or(Ok(Made::Nothing), |row| Ok(Made::Conference(row.number("number")?)))
    }

    /// What became of the message of that gateway and id, of one sender or of anybody.
    pub async fn made_under(
        &self,
        gateway: &str,
        gateway_id: &str,
        owner: Option<&Sender>,
    ) -> Result<Made> {
        let inbound: Option<String> = sqlx::query_scalar(
            "SELECT id FROM inbound WHERE gateway = $1 AND gateway_key = $2
                 AND ($3 IS NULL OR sender_key = $3)",
        )
        .bind(gateway)
        .bind(format!("id:{gateway_id}"))
        .bind(owner.map(Sender::key))
        .fetch_optional(self.store().readers())
        .await?;
        match inbound {
            Some(inbound) => self.made_of(&inbound).await,
            None => Ok(Made::Nothing),
        }
    }

    /// An offer that is still held, and for whom; of one orderer or of anybody.
    pub async fn held_offer(
        &self,
        offer: &str,
        owner: Option<&Sender>,
    ) -> Result<Option<(Sender, HeldOffer)>> {
        let mut tx = self.store().read().await?;
        let key: Option<String> = sqlx::query_scalar(
            "SELECT s.sender_key FROM offer o JOIN offer_set s ON s.id = o.offer_set
             WHERE o.id = $1 AND ($2 IS NULL OR s.sender_key = $2)",
        )
        .bind(offer)
        .bind(owner.map(Sender::key))
        .fetch_optional(&mut *tx)
        .await?;
        let Some(key) = key else { return Ok(None) };
        let sender = of_key(&key).ok_or(LedgerError::Stored("sender_key"))?;
        let offers = held(&mut tx, &sender, self.now()).await?;
        Ok(offers.into_iter().find(|held| held.offer == offer).map(|held| (sender, held)))
    }
}

/// The sender of a [`Sender::key`].
fn of_key(key: &str) -> Option<Sender> {
    match key.split_once(':')? {
        ("sms", number) => Msisdn::parse(number).ok().map(Sender::Sms),
        ("email", address) => Some(Sender::Email(address.to_owned())),
        _ => None,
    }
}

fn conference(row: &SqliteRow, now: UnixMs) -> Result<ApiConference> {
    let window = row.window()?;
    Ok(ApiConference {
        booking: row.text("id")?,
        number: row.number("number")?,
        state: state_at(row.word("state")?, window.end, now),
        window,
        booked_end: row.instant("booked_end_ms")?,
        seats: row.count("seats")?,
        seats_taken: row.count("seats_taken")?,
        language: row.word("language")?,
        sender: row.json("sender")?,
        created: row.instant("created_ms")?,
    })
}
