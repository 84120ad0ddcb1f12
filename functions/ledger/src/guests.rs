//! Who was invited to a conference: each by a message, with a PIN that lets in as the conference's own does, and that its
//! organiser may take back.

use konf_api::ledger::{BookingQuestion, BookingState, InvitedGuest, Sender};
use konf_api::portal::{
    Guest, GuestOutcome, GuestProposal, GuestRevocation, GuestRevoked, GuestsFacts,
};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::error::{LedgerError, Result};
use crate::facts::own_booking;
use crate::store::new_id;
use crate::words::{Columns, masked, to_json};
use crate::{Ledger, budget, outbox};

/// Of one conference, those taken back counted: twice the people of the largest standard order.
const GUESTS_MAX: i64 = 40;

/// By one organiser within a day, over all conferences: four full ones.
const INVITED_A_DAY_MAX: i64 = 80;

impl Ledger {
    pub async fn guests_facts(&self, question: &BookingQuestion) -> Result<GuestsFacts> {
        let mut tx = self.store().read().await?;
        let now = self.now();
        let Some((booking, _)) = own(&mut tx, question).await? else {
            return Ok(GuestsFacts { now, guests: Vec::new() });
        };
        let rows = sqlx::query(
            "SELECT id, contact, revoked_ms FROM guest WHERE booking = $1 ORDER BY created_ms, id",
        )
        .bind(&booking)
        .fetch_all(&mut *tx)
        .await?;
        let guests = rows.iter().map(|row| {
            let contact: Sender = row.json("contact")?;
            let revoked = row.instant_or_none("revoked_ms")?.is_some();
            Ok(Guest { guest: row.text("id")?, contact: masked(&contact), revoked })
        });
        Ok(GuestsFacts { now, guests: guests.collect::<Result<_>>()? })
    }

    /// Keeps a guest with a PIN, and has the invitation sent. Who was invited before and taken back is so again.
    pub async fn invite(&self, proposal: &GuestProposal) -> Result<GuestOutcome> {
        let [message] = &proposal.messages[..] else {
            return Err(LedgerError::Invalid("an invitation is one message"));
        };
        if message.recipient != proposal.contact {
            return Err(LedgerError::Invalid("an invitation is told to its guest"));
        }
        let mut tx = self.store().write().await?;
        let now = self.now();
        let question =
            BookingQuestion { number: proposal.number.clone(), sender: proposal.sender.clone() };
        let Some((booking, pin)) = own(&mut tx, &question).await? else {
            return Ok(GuestOutcome::Gone);
        };
        if !self.is_open(&mut tx, &booking).await? || pin.is_none() {
            return Ok(GuestOutcome::Gone);
        }
        if pin.as_deref() == Some(proposal.pin.expose()) {
            return Ok(GuestOutcome::PinTaken);
        }
        let (of_booking, of_day, taken): (i64, i64, i64) = sqlx::query_as(
            "SELECT
                 (SELECT count(*) FROM guest WHERE booking = $1),
                 (SELECT count(*) FROM guest g JOIN booking b ON b.id = g.booking
                  WHERE b.sender_key = $2 AND g.created_ms > $3),
                 (SELECT count(*) FROM guest WHERE booking = $1 AND pin = $4)",
        )
        .bind(&booking)
        .bind(proposal.sender.key())
        .bind(now.0.saturating_sub(crate::DAY))
        .bind(proposal.pin.expose())
        .fetch_one(&mut *tx)
        .await?;
        if taken > 0 {
            return Ok(GuestOutcome::PinTaken);
        }
        if of_booking >= GUESTS_MAX || of_day >= INVITED_A_DAY_MAX {
            return Ok(GuestOutcome::TooMany);
        }
        let budget = self.settings().budget;
        if let Some(spent) = budget::spent(&mut tx, budget, &proposal.messages, now).await? {
            self.inner.alarm.ring(spent, budget, now);
            return Ok(GuestOutcome::OverBudget);
        }
        sqlx::query(
            "INSERT INTO guest (id, booking, contact, pin, created_ms) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (booking, contact) DO UPDATE SET pin = excluded.pin,
                 created_ms = excluded.created_ms, revoked_ms = NULL",
        )
        .bind(new_id("guest")?)
        .bind(&booking)
        .bind(to_json(&proposal.contact)?)
        .bind(proposal.pin.expose())
        .bind(now.0)
        .execute(&mut *tx)
        .await?;
        let about = outbox::About { inbound: None, booking: Some(&booking) };
        outbox::insert(&mut tx, now, about, message).await?;
        tx.commit().await?;
        Ok(GuestOutcome::Invited)
    }

    /// The PIN no longer lets in; who is inside stays until dropped.
    pub async fn revoke_guest(&self, revocation: &GuestRevocation) -> Result<GuestRevoked> {
        let mut tx = self.store().write().await?;
        let question = BookingQuestion {
            number: revocation.number.clone(),
            sender: revocation.sender.clone(),
        };
        if let Some((booking, _)) = own(&mut tx, &question).await? {
            sqlx::query(
                "UPDATE guest SET revoked_ms = $1
                 WHERE id = $2 AND booking = $3 AND revoked_ms IS NULL",
            )
            .bind(self.now().0)
            .bind(&revocation.guest)
            .bind(booking)
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
        }
        Ok(GuestRevoked {})
    }

    async fn is_open(&self, tx: &mut SqliteConnection, booking: &str) -> Result<bool> {
        let row = sqlx::query(
            "SELECT id, number, start_ms, end_ms, seats, language, state, first_start_ms, changes
             FROM booking WHERE id = $1",
        )
        .bind(booking)
        .fetch_one(tx)
        .await?;
        Ok(own_booking(&row, self.now())?.state == BookingState::Booked)
    }
}

/// The latest booking of a number and its PIN, if it is this sender's.
async fn own(
    tx: &mut SqliteConnection,
    question: &BookingQuestion,
) -> Result<Option<(String, Option<String>)>> {
    Ok(sqlx::query_as(
        "SELECT b.id, b.pin FROM number_use u JOIN booking b ON b.id = u.booking
         WHERE u.number = $1 AND b.sender_key = $2",
    )
    .bind(question.number.as_str())
    .bind(question.sender.key())
    .fetch_optional(tx)
    .await?)
}

/// Whoever has been invited and not taken back.
pub(crate) async fn invited(tx: &mut SqliteConnection, booking: &str) -> Result<Vec<InvitedGuest>> {
    let rows = sqlx::query(
        "SELECT contact, pin FROM guest
         WHERE booking = $1 AND revoked_ms IS NULL AND pin IS NOT NULL ORDER BY created_ms, id",
    )
    .bind(booking)
    .fetch_all(tx)
    .await?;
    let guest = |row: &SqliteRow| {
        let pin = row.pin_or_none("pin")?.ok_or(LedgerError::Stored("pin"))?;
        Ok(InvitedGuest { contact: row.json("contact")?, pin })
    };
    rows.iter().map(guest).collect()
}

/// The PINs that let in beside the conference's own.
pub(crate) async fn pins(tx: &mut SqliteConnection, booking: &str) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(
        "SELECT pin FROM guest WHERE booking = $1 AND revoked_ms IS NULL AND pin IS NOT NULL",
    )
    .bind(booking)
    .fetch_all(tx)
    .await?)
}

/// Of a booking that closed long enough ago: its secrets, and who was invited.
pub(crate) async fn erase(tx: &mut SqliteConnection, booking: &str) -> Result<()> {
    sqlx::query("DELETE FROM guest WHERE booking = $1").bind(booking).execute(tx).await?;
    Ok(())
}
