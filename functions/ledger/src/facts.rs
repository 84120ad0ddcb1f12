//! What a component may ask before it proposes. The commit checks again whatever matters.

use konf_api::ledger::{
    BookingFacts, BookingQuestion, BookingState, EdgeLoad, OffersFacts, OffersQuestion, OrderFacts,
    OrderQuestion, OwnBooking,
};
use konf_api::portal::{ChangeFacts, ChangeQuestion, FreeFacts, FreeQuestion};
use konf_contract::{UnixMs, Window};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::Ledger;
use crate::capacity::Load;
use crate::error::{LedgerError, Result};
use crate::offers::{Hold, expired_holds, held, holds_not_in_the_way};
use crate::restriction::restriction_of;
use crate::words::{Columns, Minutes, minute_after, minutes, state_at};

impl Ledger {
    /// The load of the edges that take bookings, and whether the sender may order.
    pub async fn order_facts(&self, question: &OrderQuestion) -> Result<OrderFacts> {
        let span = covering(question.span)?;
        let mut tx = self.store().read().await?;
        let now = self.now();
        let restriction = restriction_of(&mut tx, &question.sender, now).await?;
        let free = holds_not_in_the_way(&mut tx, &question.sender, now).await?;
        let edges = self.loads(&mut tx, span, &free).await?;
        Ok(OrderFacts { now, restriction, edges })
    }

    /// The same load as anybody may see it.
    pub async fn free_facts(&self, question: &FreeQuestion) -> Result<FreeFacts> {
        let span = covering(question.span)?;
        let mut tx = self.store().read().await?;
        let now = self.now();
        let free = expired_holds(&mut tx, now).await?;
        Ok(FreeFacts { now, edges: self.loads(&mut tx, span, &free).await? })
    }

    /// The load as it is without a booking of the sender that is to be moved.
    pub async fn change_facts(&self, question: &ChangeQuestion) -> Result<ChangeFacts> {
        let span = covering(question.span)?;
        let mut tx = self.store().read().await?;
        let now = self.now();
        let restriction = restriction_of(&mut tx, &question.sender, now).await?;
        let row = sqlx::query(
            "SELECT b.id, b.number, b.start_ms, b.end_ms, b.seats, b.language, b.state, b.edge
             FROM number_use u JOIN booking b ON b.id = u.booking
             WHERE u.number = $1 AND b.sender_key = $2",
        )
        .bind(question.number.as_str())
        .bind(question.sender.key())
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else {
            return Ok(ChangeFacts { now, restriction, booking: None, edges: Vec::new() });
        };
        let booking = own_booking(&row, now)?;
        let mut free = holds_not_in_the_way(&mut tx, &question.sender, now).await?;
        if booking.state == BookingState::Booked {
            let span = minutes(booking.window)?;
            free.push(Hold { edge: row.text("edge")?, span, seats: booking.seats });
        }
        let edges = self.loads(&mut tx, span, &free).await?;
        Ok(ChangeFacts { now, restriction, booking: Some(booking), edges })
    }

    async fn loads(
        &self,
        tx: &mut SqliteConnection,
        span: Minutes,
        free: &[Hold],
    ) -> Result<Vec<EdgeLoad>> {
        let edges = sqlx::query("SELECT name, capacity FROM edge WHERE active = 1 ORDER BY name")
            .fetch_all(&mut *tx)
            .await?;
        let mut loads = Vec::with_capacity(edges.len());
        for edge in edges {
            let (name, capacity) = (edge.text("name")?, edge.count("capacity")?);
            let labels = self.labels(&name);
            let load = edge_load(tx, name, capacity, span, free).await?;
            loads.push(EdgeLoad { labels, ..load });
        }
        Ok(loads)
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

    /// The latest booking of a number, if it is this sender's.
    pub async fn booking_facts(&self, question: &BookingQuestion) -> Result<BookingFacts> {
        let mut tx = self.store().read().await?;
        let now = self.now();
        let row = sqlx::query(
            "SELECT b.id, b.number, b.start_ms, b.end_ms, b.seats, b.language, b.state
             FROM number_use u JOIN booking b ON b.id = u.booking
             WHERE u.number = $1 AND b.sender_key = $2",
        )
        .bind(question.number.as_str())
        .bind(question.sender.key())
        .fetch_optional(&mut *tx)
        .await?;
        Ok(BookingFacts { now, booking: row.map(|row| own_booking(&row, now)).transpose()? })
    }
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

pub(crate) async fn edge_load(
    tx: &mut SqliteConnection,
    edge: String,
    capacity: u32,
    span: Minutes,
    free: &[Hold],
) -> Result<EdgeLoad> {
    let mut load = Load::read(tx, &edge, span).await?;
    for hold in free.iter().filter(|hold| hold.edge == edge) {
        load.without(hold.span, hold.seats);
    }
    Ok(EdgeLoad { edge, labels: Vec::new(), capacity, steps: load.steps() })
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
    })
}
