//! Messages out: written with what they tell, claimed by one sender at a time, tried until the gateway takes them.

use konf_api::ledger::{InboundMessage, MessageBody, OutboxMessage, Sender};
use konf_api::mail::Thread;
use konf_contract::UnixMs;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use crate::Ledger;
use crate::error::Result;
use crate::reports;
use crate::store::new_id;
use crate::words::{Columns, from_json, to_json};

/// A message that the caller has claimed and must now send and settle with [`Ledger::outbox_sent`],
/// [`Ledger::outbox_failed`] or [`Ledger::outbox_unknown`]; unsettled it comes again after the lease
/// ([`crate::Settings::outbox_lease_ms`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxItem {
    pub id: String,
    /// From 1.
    pub attempt: u32,
    pub message: OutboxMessage,
    /// The same at every attempt.
    pub idempotency_key: String,
}

/// A message out to which a reply may come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answerable {
    /// What its gateway calls it.
    pub gateway_id: String,
    pub sent: UnixMs,
}

impl Ledger {
    /// What gateways have taken since then and called by an id.
    pub async fn answerable(&self, since: UnixMs) -> Result<Vec<Answerable>> {
        let mut tx = self.store().read().await?;
        let rows = sqlx::query(
            "SELECT gateway_id, finished_ms FROM outbox
             WHERE state = 'sent' AND gateway_id IS NOT NULL AND finished_ms > $1
             ORDER BY finished_ms",
        )
        .bind(since.0)
        .fetch_all(&mut *tx)
        .await?;
        let answerable = |row: &SqliteRow| {
            let sent = row.instant_or_none("finished_ms")?.unwrap_or(since);
            Ok(Answerable { gateway_id: row.text("gateway_id")?, sent })
        };
        rows.iter().map(answerable).collect()
    }

    /// Claims messages that are due, the longest due first. A part of an SMS is not due before the one that it follows is
    /// finished.
    pub async fn outbox_due(&self, limit: u32) -> Result<Vec<OutboxItem>> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        let rows = sqlx::query(
            "SELECT id, recipient, kind, body, attempts FROM outbox o
             WHERE state IN ('waiting', 'sending') AND next_ms <= $1 AND body IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM outbox before WHERE before.id = o.follows
                     AND before.state IN ('waiting', 'sending'))
             ORDER BY next_ms, seq LIMIT $2",
        )
        .bind(now.0)
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await?;
        let items: Vec<OutboxItem> = rows.iter().map(claimed).collect::<Result<_>>()?;
        for item in &items {
            sqlx::query(
                "UPDATE outbox SET state = 'sending', attempts = attempts + 1, next_ms = $1
                 WHERE id = $2",
            )
            .bind(now.plus_ms(self.settings().outbox_lease_ms).0)
            .bind(&item.id)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(items)
    }

    /// The gateway took it.
    pub async fn outbox_sent(&self, id: &str, gateway_id: Option<&str>) -> Result<()> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        sqlx::query(
            "UPDATE outbox SET state = 'sent', finished_ms = $1, gateway_id = $2, last_error = NULL
             WHERE id = $3 AND state <> 'sent'",
        )
        .bind(now.0)
        .bind(gateway_id)
        .bind(id)
        .execute(&mut *tx)
        .await?;
        reports::catch_up(&mut tx, id, gateway_id, now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The gateway did not take it: tried again at `retry_at`, or a dead letter when absent.
    pub async fn outbox_failed(
        &self,
        id: &str,
        error: &str,
        retry_at: Option<UnixMs>,
    ) -> Result<()> {
        self.not_sent(id, scrubbed(error), retry_at).await
    }

    /// Nobody knows whether the gateway took it (no answer came): as [`Ledger::outbox_failed`], and the error says so.
    pub async fn outbox_unknown(
        &self,
        id: &str,
        error: &str,
        retry_at: Option<UnixMs>,
    ) -> Result<()> {
        self.not_sent(id, format!("outcome unknown: {}", scrubbed(error)), retry_at).await
    }

    /// Only what is being sent: a late failure does not undo another attempt's success.
    async fn not_sent(&self, id: &str, error: String, retry_at: Option<UnixMs>) -> Result<()> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        let query = match retry_at {
            Some(at) => sqlx::query(
                "UPDATE outbox SET state = 'waiting', next_ms = $1, last_error = $2
                 WHERE id = $3 AND state = 'sending'",
            )
            .bind(at.0),
            None => sqlx::query(
                "UPDATE outbox SET state = 'dead', finished_ms = $1, last_error = $2
                 WHERE id = $3 AND state = 'sending'",
            )
            .bind(now.0),
        };
        query.bind(error).bind(id).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }
}

impl Ledger {
    /// An operator has a dead letter tried again, from the first attempt on. False when there is none of that id, or its
    /// text has been erased.
    pub async fn outbox_retry(&self, id: &str) -> Result<bool> {
        let mut tx = self.store().write().await?;
        let retried = sqlx::query(
            "UPDATE outbox SET state = 'waiting', attempts = 0, next_ms = $1, finished_ms = NULL
             WHERE id = $2 AND state = 'dead' AND body IS NOT NULL",
        )
        .bind(self.now().0)
        .bind(id)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(retried.rows_affected() == 1)
    }

    /// An operator gives up a message that waits or is dead. False when there is none of that id.
    pub async fn outbox_drop(&self, id: &str) -> Result<bool> {
        let mut tx = self.store().write().await?;
        let dropped = sqlx::query(
            "UPDATE outbox SET state = 'dropped', finished_ms = $1
             WHERE id = $2 AND state IN ('waiting', 'dead')",
        )
        .bind(self.now().0)
        .bind(id)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(dropped.rows_affected() == 1)
    }
}

fn claimed(row: &SqliteRow) -> Result<OutboxItem> {
    let id = row.text("id")?;
    Ok(OutboxItem {
        attempt: row.count("attempts")?.saturating_add(1),
        message: OutboxMessage {
            recipient: row.json("recipient")?,
            kind: row.text("kind")?,
            body: row.json("body")?,
            not_before: None,
        },
        idempotency_key: id.clone(),
        id,
    })
}

/// What a message belongs to.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) inbound: Option<&'a str>,
    pub(crate) booking: Option<&'a str>,
}

/// Each part of an SMS is a row: a part that has left is not sent again when a later one fails.
pub(crate) async fn insert(
    tx: &mut SqliteConnection,
    now: UnixMs,
    about: About<'_>,
    message: &OutboxMessage,
) -> Result<()> {
    let bodies = match &message.body {
        MessageBody::Sms { .. } => apart(&message.body),
        body => vec![threaded(tx, about, &message.recipient, body).await?],
    };
    let ids: Vec<String> = bodies.iter().map(|_| new_id("out")).collect::<Result<_>>()?;
    let bodies: Vec<String> = bodies.iter().map(to_json).collect::<Result<_>>()?;
    let recipient = to_json(&message.recipient)?;
    let due = message.not_before.map_or(now.0, |at| at.0.max(now.0));
    let mut insert = QueryBuilder::<Sqlite>::new(
        "INSERT INTO outbox (id, inbound, booking, recipient, kind, body, follows, state,
             created_ms, next_ms) ",
    );
    insert.push_values(ids.iter().zip(bodies).enumerate(), |mut row, (at, (id, body))| {
        let follows = at.checked_sub(1).map(|before| ids[before].clone());
        row.push_bind(id.clone())
            .push_bind(about.inbound)
            .push_bind(about.booking)
            .push_bind(recipient.clone())
            .push_bind(message.kind.clone())
            .push_bind(body)
            .push_bind(follows)
            .push("'waiting'")
            .push_bind(now.0)
            .push_bind(due);
    });
    insert.build().execute(tx).await?;
    Ok(())
}

/// An e-mail with what it answers: the message in that it is about, else what its recipient was told of the same booking
/// before.
async fn threaded(
    tx: &mut SqliteConnection,
    about: About<'_>,
    recipient: &Sender,
    body: &MessageBody,
) -> Result<MessageBody> {
    let mut body = body.clone();
    if let MessageBody::Email { thread, .. } = &mut body
        && thread.is_none()
    {
        *thread = match (about.inbound, about.booking) {
            (Some(inbound), _) => thread_of_message(tx, inbound, recipient).await?,
            (None, Some(booking)) => thread_of_booking(tx, booking, recipient).await?,
            (None, None) => None,
        };
    }
    Ok(body)
}

/// Only its sender's: a copy to somebody else answers nothing that they wrote.
async fn thread_of_message(
    tx: &mut SqliteConnection,
    inbound: &str,
    recipient: &Sender,
) -> Result<Option<Thread>> {
    let message: Option<Option<String>> =
        sqlx::query_scalar("SELECT message FROM inbound WHERE id = $1")
            .bind(inbound)
            .fetch_optional(tx)
            .await?;
    let Some(message) = message.flatten() else { return Ok(None) };
    let message: InboundMessage = from_json(&message, "message")?;
    let mail = message.mail.filter(|_| message.sender == *recipient);
    Ok(mail.map(|mail| mail.thread))
}

async fn thread_of_booking(
    tx: &mut SqliteConnection,
    booking: &str,
    recipient: &Sender,
) -> Result<Option<Thread>> {
    let body: Option<String> = sqlx::query_scalar(
        "SELECT body FROM outbox WHERE booking = $1 AND recipient = $2 AND body IS NOT NULL
         ORDER BY seq LIMIT 1",
    )
    .bind(booking)
    .bind(to_json(recipient)?)
    .fetch_optional(tx)
    .await?;
    let body = body.map(|body| from_json::<MessageBody>(&body, "body")).transpose()?;
    Ok(match body {
        Some(MessageBody::Email { thread, .. }) => thread,
        _ => None,
    })
}

fn apart(body: &MessageBody) -> Vec<MessageBody> {
    match body {
        MessageBody::Sms { parts } if parts.len() > 1 => {
            parts.iter().map(|part| MessageBody::Sms { parts: vec![part.clone()] }).collect()
        }
        body => vec![body.clone()],
    }
}

/// How many rows a message takes.
pub(crate) fn rows(body: &MessageBody) -> usize {
    match body {
        MessageBody::Sms { parts } => parts.len().max(1),
        MessageBody::Email { .. } => 1,
    }
}

/// What a cancelled booking no longer has to tell.
pub(crate) async fn drop_waiting(
    tx: &mut SqliteConnection,
    booking: &str,
    now: UnixMs,
) -> Result<()> {
    sqlx::query(
        "UPDATE outbox SET state = 'dropped', finished_ms = $1
         WHERE booking = $2 AND state = 'waiting' AND kind IN ('credentials', 'reminder')",
    )
    .bind(now.0)
    .bind(booking)
    .execute(tx)
    .await?;
    Ok(())
}

/// The longest error that is kept, in characters.
const ERROR_CHARS_MAX: usize = 200;

/// An error as gateways word it, without addresses and long numbers: it is listed and logged.
pub(crate) fn scrubbed(error: &str) -> String {
    let mut out = String::new();
    for word in error.chars().take(ERROR_CHARS_MAX).collect::<String>().split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        if word.contains('@') {
            out.push_str("…@…");
        } else if word.bytes().filter(u8::is_ascii_digit).count() >= 6 {
            out.extend(word.chars().map(|c| if c.is_ascii_digit() { '•' } else { c }));
        } else {
            out.push_str(word);
        }
    }
    out
}

#[cfg(test)]
mod tests;
