//! What a component may ask before it proposes. The commit checks again whatever matters.

use konf_api::ledger::{
    BookingFacts, BookingQuestion, BookingState, EdgeLoad, Event, OffersFacts, OffersQuestion,
    OrderFacts, OrderQuestion, OwnBooking, Restriction,
};
use konf_api::portal::{ChangeFacts, ChangeQuestion, FreeFacts, FreeQuestion};
use konf_contract::{UnixMs, Window};
use sqlx::sqlite::{SqliteExecutor, SqliteRow};

use crate::Ledger;
use crate::capacity::Load;
use crate::error::{LedgerError, Result};
use crate::guests;
use crate::offers::{Hold, held};
use crate::restriction::{self, restriction_of};
use crate::words::{Columns, Minutes, minute_after, minutes, state_at};

impl Ledger {
    /// The load of the edges that take bookings, and whether the sender may order.
    pub async fn order_facts(&self, question: &OrderQuestion) -> Result<OrderFacts> {
        let span = covering(question.span)?;
        let now = self.now();
        let seen = self.look(self.store().readers(), span, &question.sender.key(), now).await?;
        let edges = self.loads(seen.taken, &seen.free);
        Ok(OrderFacts { now, restriction: seen.restriction, edges })
    }

    /// The same load as anybody may see it.
    pub async fn free_facts(&self, question: &FreeQuestion) -> Result<FreeFacts> {
        let span = covering(question.span)?;
        let now = self.now();
        // No sender has this key.
        let seen = self.look(self.store().readers(), span, "", now).await?;
        Ok(FreeFacts { now, edges: self.loads(seen.taken, &seen.free) })
    }

    /// The load as it is without a booking of the sender that is to be moved.
    pub async fn change_facts(&self, question: &ChangeQuestion) -> Result<ChangeFacts> {
        let span = covering(question.span)?;
        let mut tx = self.store().read().await?;
        let now = self.now();
        let Seen { restriction, mut free, taken } =
            self.look(&mut *tx, span, &question.sender.key(), now).await?;
        let row = sqlx::query(
            "SELECT b.id, b.number, b.start_ms, b.end_ms, b.seats, b.language, b.state,
                 b.first_start_ms, b.changes, b.edge, b.pin
             FROM number_use u JOIN booking b ON b.id = u.booking
             WHERE u.number = $1 AND b.sender_key = $2",
        )
        .bind(question.number.as_str())
        .bind(question.sender.key())
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else {
            let (edges, guests) = (Vec::new(), Vec::new());
            return Ok(ChangeFacts { now, restriction, booking: None, edges, pin: None, guests });
        };
        let booking = own_booking(&row, now)?;
        if booking.state == BookingState::Booked {
            let span = minutes(booking.window)?;
            free.push(Hold { edge: row.text("edge")?, span, seats: booking.seats });
        }
        let edges = self.loads(taken, &free);
        let guests = guests::invited(&mut tx, &booking.booking).await?;
        let pin = row.pin_or_none("pin")?;
        Ok(ChangeFacts { now, restriction, booking: Some(booking), edges, pin, guests })
    }

    /// One statement sees one state, and makes one way to the thread of the database and back.
    async fn look(
        &self,
        on: impl SqliteExecutor<'_>,
        span: Minutes,
        sender_key: &str,
        now: UnixMs,
    ) -> Result<Seen> {
        let rows = sqlx::query(
            "SELECT 'edge' AS what, e.name, e.capacity AS seats, 0 AS from_minute, 0 AS to_minute,
                 (SELECT group_concat((m.minute - $1) || ' ' || m.taken, ' ') FROM seat_minute m
                  WHERE m.edge = e.name AND m.minute >= $1 AND m.minute < $2) AS text,
                 NULL AS until_ms
             FROM edge e WHERE e.active = 1
             UNION ALL
             SELECT 'hold', h.edge, h.seats, h.from_minute, h.to_minute, NULL, NULL
             FROM offer_set s JOIN offer_hold h ON h.offer_set = s.id
             WHERE s.sender_key = $3 OR s.until_ms <= $4
             UNION ALL
             SELECT 'restriction', '', 0, 0, 0, reason, until_ms FROM restriction
             WHERE sender_key = $3 AND (until_ms IS NULL OR until_ms > $4)
             ORDER BY 2",
        )
        .bind(span.from)
        .bind(span.to)
        .bind(sender_key)
        .bind(now.0)
        .fetch_all(on)
        .await?;
        let mut seen = Seen { restriction: None, free: Vec::new(), taken: Vec::new() };
        for row in &rows {
            let name = row.text("name")?;
            match row.text("what")?.as_str() {
                "edge" => {
                    let taken = row.value::<Option<String>>("text")?.unwrap_or_default();
                    seen.taken.push((name, row.count("seats")?, Load::of(span, &taken)?));
                }
                "hold" => {
                    let (from, to) = (row.value("from_minute")?, row.value("to_minute")?);
                    let span = Minutes { from, to };
                    seen.free.push(Hold { edge: name, span, seats: row.count("seats")? });
                }
                _ => seen.restriction = Some(restriction::of_row(row, "text")?),
            }
        }
        Ok(seen)
    }

    fn loads(&self, taken: Vec<(String, u32, Load)>, free: &[Hold]) -> Vec<EdgeLoad> {
        let load = |(edge, capacity, load): (String, u32, Load)| {
            let labels = self.labels(&edge);
            EdgeLoad { labels, ..edge_load(edge, capacity, load, free) }
        };
        taken.into_iter().map(load).collect()
    }

    fn labels(&self, edge: &str) -> Vec<String> {
        let known = self.settings().edges.iter().find(|known| known.name == edge);
        known.map(|known| known.labels.clone()).unwrap_or_default()
    }

    pub async fn offers_facts(&self, question: &OffersQuestion) -> Result<OffersFacts> {
        let mut tx = self.store().read().await?;
        let now = self.now();
        let restriction = restriction_of(&mut tx, &question.sender, now).await?;
        let offers = held(&mut tx, &question.sender, now).await?;
        Ok(OffersFacts { now, restriction, offers })
    }

    /// The latest booking of a number, if it is this sender's. A dedicated conference is the desk's to change.
    pub async fn booking_facts(&self, question: &BookingQuestion) -> Result<BookingFacts> {
        let mut tx = self.store().read().await?;
        let now = self.now();
        let row = sqlx::query(
            "SELECT b.id, b.number, b.start_ms, b.end_ms, b.seats, b.language, b.state,
                 b.first_start_ms, b.changes
             FROM number_use u JOIN booking b ON b.id = u.booking
             WHERE u.number = $1 AND b.sender_key = $2 AND b.dedicated IS NULL",
        )
        .bind(question.number.as_str())
        .bind(question.sender.key())
        .fetch_optional(&mut *tx)
        .await?;
        let booking = row.map(|row| own_booking(&row, now)).transpose()?;
        let guests = match &booking {
            Some(booking) => guests::invited(&mut tx, &booking.booking).await?,
            None => Vec::new(),
        };
        Ok(BookingFacts { now, booking, guests })
    }
}

/// What one statement sees of the edges that take bookings.
struct Seen {
    restriction: Option<Restriction>,
    /// Held by the sender, or beyond its time.
    free: Vec<Hold>,
    /// The name of each edge, its capacity and what is taken.
    taken: Vec<(String, u32, Load)>,
}

/// The span rounded outwards to whole minutes.
fn covering(span: Window) -> Result<Minutes> {
    if span.start.0 < 0 || span.end.0 < 0 {
        return Err(LedgerError::Invalid("a span does not begin before 1970"));
    }
    let (from, to) = (span.start.minutes(), minute_after(span.end));
    let start = from.checked_mul(UnixMs::MINUTE).map(UnixMs);
    let end = to.checked_mul(UnixMs::MINUTE).map(UnixMs);
    match (start, end) {
        (Some(start), Some(end)) => minutes(Window { start, end }),
        _ => Err(LedgerError::Invalid("a span ends before the year 9999")),
    }
}

/// What is taken of an edge when nothing that is `free` stands in the way.
pub(crate) fn edge_load(edge: String, capacity: u32, mut load: Load, free: &[Hold]) -> EdgeLoad {
    for hold in free.iter().filter(|hold| hold.edge == edge) {
        load.without(hold.span, hold.seats);
    }
    EdgeLoad { edge, labels: Vec::new(), capacity, steps: load.steps() }
}

pub(crate) fn own_booking(row: &SqliteRow, now: UnixMs) -> Result<OwnBooking> {
    let window = row.window()?;
    Ok(OwnBooking {
        booking: row.text("id")?,
        number: row.number("number")?,
        window,
        seats: row.count("seats")?,
        language: row.word("language")?,
        state: state_at(row.word("state")?, window.end, now),
        event: Some(Event {
            first_start: row.instant_or_none("first_start_ms")?.unwrap_or(window.start),
            changes: row.count("changes")?,
        }),
    })
}
