//! The answer to one message: its effect and what goes out, together or not at all.

use konf_api::ledger::{
    BookingChange, BookingProposal, Effect, HeldOffer, Moved, OfferProposal, Outcome, Proposal,
    Sender,
};
use konf_contract::{ConferenceNumber, UnixMs, Window};
use sqlx::SqliteConnection;

use crate::Ledger;
use crate::budget;
use crate::capacity;
use crate::decision;
use crate::dedicated;
use crate::error::{LedgerError, Result};
use crate::events;
use crate::offers::{self, Hold};
use crate::outbox;
use crate::requests::{Closing, NewRequest};
use crate::store::new_id;
use crate::words::{Columns, Minutes, language, minutes, to_json};

mod told;

use told::decided;

/// Messages of one answer: an SMS answer has two parts in one message, a web order may ask for both ways.
const MESSAGES_MAX: usize = 64;
const PARTS_MAX: usize = 16;

/// Alternatives of one answer: replied to with one digit.
const OFFERS_MAX: usize = 9;

/// How far ahead a booking may start: 29 February may be eight years away (1896 to 1904, 2096 to 2104).
const AHEAD_MS_MAX: i64 = 9 * 366 * crate::DAY;

/// Why a commit stops, and everything that it did is rolled back.
pub(crate) enum Stop {
    Moved(Moved),
    Failed(LedgerError),
}

impl From<LedgerError> for Stop {
    fn from(error: LedgerError) -> Self {
        Stop::Failed(error)
    }
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Stop::Failed(error.into())
    }
}

pub(crate) type Step<T> = std::result::Result<T, Stop>;

impl Ledger {
    /// Commits a proposal in one transaction, or says that it was done before or that the facts have moved. `policies` is
    /// what the host stamped ([`konf_api::ledger::POLICY_HEADER`]); empty when composed.
    pub async fn commit(&self, proposal: &Proposal, policies: &str) -> Result<Outcome> {
        check(proposal)?;
        let outcome = match self.try_commit(proposal, policies).await {
            Ok(outcome) => outcome,
            Err(Stop::Moved(moved)) => Outcome::Moved(moved),
            Err(Stop::Failed(error)) => return Err(error),
        };
        self.inner.tally.count(&proposal.effect, &outcome);
        Ok(outcome)
    }

    async fn try_commit(&self, proposal: &Proposal, policies: &str) -> Step<Outcome> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        if let Some(inbound) = &proposal.inbound
            && !mark_answered(&mut tx, inbound, now).await?
        {
            tx.leave().await?;
            return Ok(Outcome::Repeated);
        }
        let found = Found::read(&mut tx, &proposal.sender, now).await?;
        if orders(&proposal.effect) && found.is_restricted {
            return Err(Stop::Moved(Moved::Restricted));
        }
        let spent = budget::spent(&mut tx, self.settings().budget, &proposal.messages, now).await?;
        if let Some(spent) = spent {
            self.inner.alarm.ring(spent, self.settings().budget, now);
        }
        // An order whose answer cannot be told would only hold seats that nobody knows of.
        if spent.is_some() && is_mute_without_answer(&proposal.effect) {
            let subject = proposal.inbound.as_deref().unwrap_or_default();
            let decision = decided(proposal, subject, policies, "over-budget");
            decision::log(&mut tx, now, decision).await?;
            tx.commit().await?;
            return Ok(Outcome::OverBudget);
        }
        let closing = Closing::of(&proposal.effect);
        if let Some(closing) = &closing
            && !closing.close(&mut tx, &proposal.sender, now).await?
        {
            tx.leave().await?;
            return Ok(Outcome::Repeated);
        }
        if found.are_offers_over {
            offers::release_expired(&mut tx, now).await?;
        }
        let change = Change {
            sender: &proposal.sender,
            has_offers: found.has_offers,
            policies,
            now,
            rest: self.settings().number_rest_ms,
        };
        let (booking, new) = match &proposal.effect {
            Effect::Answer => (None, false),
            Effect::Book(booking) => (Some(change.book(&mut tx, booking).await?), true),
            Effect::TakeOffer { offer, booking } => {
                (Some(change.take_offer(&mut tx, offer, booking).await?), true)
            }
            Effect::HoldOffers { offers, until } => {
                change.hold_offers(&mut tx, offers, *until).await?;
                (None, false)
            }
            Effect::Cancel { booking } => {
                change.cancel(&mut tx, booking).await?;
                (Some(booking.clone()), false)
            }
            Effect::Change { booking, to } => {
                change.change(&mut tx, booking, to).await?;
                (Some(booking.clone()), false)
            }
            Effect::Enqueue { text, received, due, language, order } => {
                let request = NewRequest {
                    inbound: proposal.inbound.as_deref(),
                    sender: &proposal.sender,
                    text,
                    language: *language,
                    received: *received,
                    due: *due,
                    order: *order,
                };
                request.store(&mut tx).await?;
                (None, false)
            }
            Effect::Approve { booking, .. } => {
                let booking = change.book(&mut tx, booking).await?;
                if let Some(closing) = &closing {
                    closing.note_booking(&mut tx, &booking).await?;
                }
                (Some(booking), true)
            }
            Effect::Dedicate(proposal) => (Some(change.dedicate(&mut tx, proposal).await?), true),
            Effect::CancelDedicated { dedicated } => {
                change.cancel_dedicated(&mut tx, dedicated).await?;
                (None, false)
            }
            Effect::Settle { .. } => (None, false),
        };
        let asked = match &closing {
            Some(closing) => closing.inbound(&mut tx).await?,
            None => None,
        };
        let inbound = proposal.inbound.as_deref().or(asked.as_deref());
        for message in proposal.messages.iter().filter(|_| spent.is_none()) {
            let about = outbox::About { inbound, booking: booking.as_deref() };
            outbox::insert(&mut tx, now, about, message).await?;
        }
        if let Some(booking) = &booking
            && self.has_listeners()
        {
            events::tell_effect(&mut tx, now, &proposal.effect, booking).await?;
        }
        let subject = booking.as_deref().or(proposal.inbound.as_deref()).unwrap_or_default();
        let decision = decided(proposal, subject, policies, "committed");
        decision::log(&mut tx, now, decision).await?;
        tx.commit().await?;
        Ok(Outcome::Committed { booking: booking.filter(|_| new) })
    }
}

/// What a change must know of its sender, read in one statement: each is two ways between threads.
struct Found {
    is_restricted: bool,
    /// Held for this sender.
    has_offers: bool,
    /// Of anybody, held beyond their time.
    are_offers_over: bool,
}

impl Found {
    async fn read(tx: &mut SqliteConnection, sender: &Sender, now: UnixMs) -> Result<Found> {
        let row = sqlx::query(
            "SELECT
                 EXISTS (SELECT 1 FROM restriction WHERE sender_key = $1
                     AND (until_ms IS NULL OR until_ms > $2)) AS is_restricted,
                 EXISTS (SELECT 1 FROM offer_set WHERE sender_key = $1) AS has_offers,
                 EXISTS (SELECT 1 FROM offer_set WHERE until_ms <= $2) AS are_offers_over",
        )
        .bind(sender.key())
        .bind(now.0)
        .fetch_one(tx)
        .await?;
        Ok(Found {
            is_restricted: row.value("is_restricted")?,
            has_offers: row.value("has_offers")?,
            are_offers_over: row.value("are_offers_over")?,
        })
    }
}

/// Whether an effect is an order, which a restricted sender may not make.
fn orders(effect: &Effect) -> bool {
    match effect {
        Effect::Book(_)
        | Effect::TakeOffer { .. }
        | Effect::HoldOffers { .. }
        | Effect::Change { .. }
        | Effect::Enqueue { .. }
        | Effect::Approve { .. }
        | Effect::Dedicate(_) => true,
        Effect::Answer
        | Effect::Cancel { .. }
        | Effect::CancelDedicated { .. }
        | Effect::Settle { .. } => false,
    }
}

/// Whether an effect is of no use to a sender who does not hear of it. A cancelled booking gives its seats back all the
/// same, and a request reaches the operators. What an operator answers beyond the budget leaves the request open.
fn is_mute_without_answer(effect: &Effect) -> bool {
    match effect {
        Effect::Answer
        | Effect::Book(_)
        | Effect::TakeOffer { .. }
        | Effect::HoldOffers { .. }
        | Effect::Approve { .. }
        | Effect::Dedicate(_)
        | Effect::Settle { .. } => true,
        Effect::Cancel { .. }
        | Effect::CancelDedicated { .. }
        | Effect::Change { .. }
        | Effect::Enqueue { .. } => false,
    }
}

fn check(proposal: &Proposal) -> Result<()> {
    if proposal.messages.len() > MESSAGES_MAX {
        return Err(LedgerError::Invalid("an answer has at most 64 messages"));
    }
    if proposal.messages.iter().any(|message| outbox::rows(&message.body) > PARTS_MAX) {
        return Err(LedgerError::Invalid("an SMS has at most 16 parts"));
    }
    match &proposal.effect {
        Effect::Book(booking)
        | Effect::TakeOffer { booking, .. }
        | Effect::Approve { booking, .. } => {
            minutes(booking.window)?;
            check_seats(booking.seats)
        }
        Effect::Change { to, .. } => {
            minutes(to.window)?;
            check_seats(to.seats)
        }
        Effect::HoldOffers { offers, .. } => {
            if offers.is_empty() || offers.len() > OFFERS_MAX {
                return Err(LedgerError::Invalid("an answer offers one to nine alternatives"));
            }
            for offer in offers {
                minutes(offer.window)?;
                check_seats(offer.seats)?;
            }
            Ok(())
        }
        Effect::Dedicate(proposal) => {
            dedicated::check(proposal)?;
            check_seats(proposal.seats)
        }
        Effect::Enqueue { order: Some(order), .. } => {
            minutes(order.window)?;
            check_seats(order.seats)
        }
        Effect::Answer
        | Effect::Cancel { .. }
        | Effect::CancelDedicated { .. }
        | Effect::Enqueue { .. }
        | Effect::Settle { .. } => Ok(()),
    }
}

fn check_seats(seats: u32) -> Result<()> {
    if seats == 0 { Err(LedgerError::Invalid("a booking has at least one seat")) } else { Ok(()) }
}

/// False when it was answered before.
async fn mark_answered(tx: &mut SqliteConnection, inbound: &str, now: UnixMs) -> Result<bool> {
    let marked =
        sqlx::query("UPDATE inbound SET answered_ms = $1 WHERE id = $2 AND answered_ms IS NULL")
            .bind(now.0)
            .bind(inbound)
            .execute(&mut *tx)
            .await?;
    if marked.rows_affected() == 1 {
        return Ok(true);
    }
    let known = sqlx::query("SELECT id FROM inbound WHERE id = $1")
        .bind(inbound)
        .fetch_optional(tx)
        .await?;
    match known {
        Some(_) => Ok(false),
        None => Err(LedgerError::Invalid("there is no such message in")),
    }
}

/// One change, whoever asked for it and whenever.
pub(crate) struct Change<'a> {
    pub(crate) sender: &'a Sender,
    has_offers: bool,
    pub(crate) policies: &'a str,
    pub(crate) now: UnixMs,
    pub(crate) rest: i64,
}

impl Change<'_> {
    /// A new order releases what was held for its sender before.
    async fn book(&self, tx: &mut SqliteConnection, booking: &BookingProposal) -> Step<String> {
        self.check_start(booking.window)?;
        self.release_offers(tx).await?;
        if !capacity::take(tx, &booking.edge, minutes(booking.window)?, booking.seats).await? {
            return Err(Stop::Moved(Moved::Capacity));
        }
        self.insert_booking(tx, booking).await
    }

    /// The offer's seats become the booking's: nothing is taken anew, so nothing can come between.
    async fn take_offer(
        &self,
        tx: &mut SqliteConnection,
        offer: &str,
        booking: &BookingProposal,
    ) -> Step<String> {
        let held = offers::held(tx, self.sender, self.now).await?;
        let Some(held) = held.iter().find(|held| held.offer == offer) else {
            return Err(Stop::Moved(Moved::OfferGone));
        };
        if !same_seats(held, booking) {
            return Err(LedgerError::Invalid("a booking from an offer is what was offered").into());
        }
        let keep = Hold {
            edge: booking.edge.clone(),
            span: minutes(booking.window)?,
            seats: booking.seats,
        };
        offers::release_of(tx, self.sender, Some(&keep)).await?;
        self.insert_booking(tx, booking).await
    }

    async fn release_offers(&self, tx: &mut SqliteConnection) -> Result<()> {
        if self.has_offers { offers::release_of(tx, self.sender, None).await } else { Ok(()) }
    }

    pub(crate) fn check_start(&self, window: Window) -> Result<()> {
        if window.end <= self.now || window.start.since(self.now) > AHEAD_MS_MAX {
            return Err(LedgerError::Invalid(
                "a booking ends in the future and starts within 9 years",
            ));
        }
        Ok(())
    }

    async fn insert_booking(
        &self,
        tx: &mut SqliteConnection,
        booking: &BookingProposal,
    ) -> Step<String> {
        let id = self.insert_row(tx, booking, None).await?;
        self.use_number(tx, &booking.number, booking.window.end, &id).await?;
        Ok(id)
    }

    /// `dedicated`: the id of the one of which it is an occurrence.
    pub(crate) async fn insert_row(
        &self,
        tx: &mut SqliteConnection,
        booking: &BookingProposal,
        dedicated: Option<&str>,
    ) -> Step<String> {
        let id = new_id("booking")?;
        sqlx::query(
            "INSERT INTO booking (id, number, sender_key, sender, edge, start_ms, end_ms,
                 booked_end_ms, wall, zone, seats, language, state, pin, password, policies,
                 created_ms, dedicated)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10, $11, 'booked', $12, $13, $14, $15,
                 $16)",
        )
        .bind(&id)
        .bind(booking.number.as_str())
        .bind(self.sender.key())
        .bind(to_json(self.sender)?)
        .bind(&booking.edge)
        .bind(booking.window.start.0)
        .bind(booking.window.end.0)
        .bind(&booking.wall)
        .bind(&booking.zone)
        .bind(i64::from(booking.seats))
        .bind(language(booking.language))
        .bind(booking.pin.expose())
        .bind(booking.password.expose())
        .bind(self.policies)
        .bind(self.now.0)
        .bind(dedicated)
        .execute(&mut *tx)
        .await?;
        Ok(id)
    }

    /// A number is in use until its booking is over and rests then, so that a late caller does not land among strangers.
    pub(crate) async fn use_number(
        &self,
        tx: &mut SqliteConnection,
        number: &ConferenceNumber,
        end: UnixMs,
        id: &str,
    ) -> Step<()> {
        let used = sqlx::query(
            "INSERT INTO number_use (number, booking, free_ms) VALUES ($1, $2, $3)
             ON CONFLICT (number) DO UPDATE SET booking = excluded.booking,
                 free_ms = excluded.free_ms
             WHERE number_use.free_ms <= $4",
        )
        .bind(number.as_str())
        .bind(id)
        .bind(end.plus_ms(self.rest).0)
        .bind(self.now.0)
        .execute(tx)
        .await?;
        if used.rows_affected() == 1 { Ok(()) } else { Err(Stop::Moved(Moved::NumberTaken)) }
    }

    async fn hold_offers(
        &self,
        tx: &mut SqliteConnection,
        offers: &[OfferProposal],
        until: UnixMs,
    ) -> Step<()> {
        self.release_offers(tx).await?;
        if until <= self.now {
            return Err(LedgerError::Invalid("offers are held until a time to come").into());
        }
        if offers::hold(tx, self.sender, offers, until).await? {
            Ok(())
        } else {
            Err(Stop::Moved(Moved::Capacity))
        }
    }

    /// Before anybody is in, so that no room and no seat has to move.
    async fn change(
        &self,
        tx: &mut SqliteConnection,
        booking: &str,
        to: &BookingChange,
    ) -> Step<()> {
        let row = sqlx::query(
            "SELECT edge, start_ms, end_ms, seats FROM booking
             WHERE id = $1 AND sender_key = $2 AND state = 'booked' AND start_ms > $3
                 AND seats_taken = 0",
        )
        .bind(booking)
        .bind(self.sender.key())
        .bind(self.now.0)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Err(Stop::Moved(Moved::BookingGone)) };
        self.check_start(to.window)?;
        offers::release_of(tx, self.sender, None).await?;
        let window = row.window()?;
        capacity::release(tx, &row.text("edge")?, minutes(window)?, row.count("seats")?).await?;
        if !capacity::take(tx, &to.edge, minutes(to.window)?, to.seats).await? {
            return Err(Stop::Moved(Moved::Capacity));
        }
        sqlx::query(
            "UPDATE booking SET edge = $1, start_ms = $2, end_ms = $3, booked_end_ms = $3, wall = $4,
                 zone = $5, seats = $6, first_start_ms = coalesce(first_start_ms, start_ms),
                 changes = changes + 1
             WHERE id = $7",
        )
        .bind(&to.edge)
        .bind(to.window.start.0)
        .bind(to.window.end.0)
        .bind(&to.wall)
        .bind(&to.zone)
        .bind(i64::from(to.seats))
        .bind(booking)
        .execute(&mut *tx)
        .await?;
        sqlx::query("UPDATE number_use SET free_ms = $1 WHERE booking = $2")
            .bind(to.window.end.plus_ms(self.rest).0)
            .bind(booking)
            .execute(&mut *tx)
            .await?;
        Ok(())
    }

    async fn cancel(&self, tx: &mut SqliteConnection, booking: &str) -> Step<()> {
        let row = sqlx::query(
            "UPDATE booking SET state = 'cancelled', closed_ms = $1
             WHERE id = $2 AND sender_key = $3 AND state = 'booked' AND end_ms > $1
             RETURNING edge, start_ms, end_ms, seats",
        )
        .bind(self.now.0)
        .bind(booking)
        .bind(self.sender.key())
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Err(Stop::Moved(Moved::BookingGone)) };
        let window = row.window()?;
        let span = Minutes { from: window.start.minutes(), to: window.end.minutes() };
        capacity::release(tx, &row.text("edge")?, span, row.count("seats")?).await?;
        sqlx::query(
            "UPDATE number_use SET free_ms = $1
             WHERE number = (SELECT number FROM booking WHERE id = $2) AND booking = $2",
        )
        .bind(self.now.plus_ms(self.rest).0)
        .bind(booking)
        .execute(&mut *tx)
        .await?;
        outbox::drop_waiting(tx, booking, self.now).await?;
        Ok(())
    }
}

fn same_seats(held: &HeldOffer, booking: &BookingProposal) -> bool {
    held.edge == booking.edge && held.window == booking.window && held.seats == booking.seats
}
