//! What edges report: each record once, applied and acknowledged in one transaction.

use konf_contract::link::{
    EndReason, Hello, LegJoined, LegLeft, Record, RecordAck, RecordBatch, RecordEvent,
};
use konf_contract::{ConferenceNumber, LegId, UnixMs};
use serde_json::Value;
use sqlx::SqliteConnection;

use crate::error::{LedgerError, Result};
use crate::events;
use crate::extension::shrink_if_empty;
use crate::seats::release_grant;
use crate::words::{Columns, Minutes, minute_after, to_json};
use crate::{Ledger, capacity};

/// What the ledger knows of an edge that said hello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelloNoted {
    /// Records of this boot are committed through this one; 0 for none.
    pub through: u64,
    /// Seats of the edge's former boots that were released.
    pub released: u32,
    /// Seats that the settings give the edge; a warning is due when the edge says it holds fewer.
    pub seats: u32,
}

/// A cancelled booking that still has people in its room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomToClose {
    pub edge: String,
    pub conference: ConferenceNumber,
    pub booking: String,
}

impl Ledger {
    /// A start of an edge: the seats of its former starts go back. [`LedgerError::Invalid`] for an unknown edge, and for
    /// a boot in whose place a later one has come: two processes of one name would undo each other's seats.
    pub async fn edge_hello(&self, hello: &Hello) -> Result<HelloNoted> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        let seats = edge_seats(&mut tx, &hello.edge).await?;
        let through = boot_through(&mut tx, &hello.edge, &hello.boot).await?;
        let noted = sqlx::query(
            "UPDATE boot SET hello_ms = $1, version = $2, capacity = $3
             WHERE edge = $4 AND boot = $5 AND former = 0",
        )
        .bind(now.0)
        .bind(&hello.version)
        .bind(i64::from(hello.capacity))
        .bind(&hello.edge)
        .bind(&hello.boot)
        .execute(&mut *tx)
        .await?;
        if noted.rows_affected() == 0 {
            return Err(LedgerError::Invalid("a later start of this edge has taken its place"));
        }
        sqlx::query("UPDATE boot SET former = 1 WHERE edge = $1 AND boot <> $2 AND former = 0")
            .bind(&hello.edge)
            .bind(&hello.boot)
            .execute(&mut *tx)
            .await?;
        let released = release_former(&mut tx, hello, now).await?;
        tx.commit().await?;
        Ok(HelloNoted { through, released, seats })
    }

    /// Applies records, each once; answered after the commit. [`LedgerError::Gap`] when records are missing: those before
    /// the gap are committed and may be acknowledged.
    pub async fn apply_records(&self, batch: &RecordBatch) -> Result<RecordAck> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        edge_seats(&mut tx, &batch.edge).await?;
        let mut through = boot_through(&mut tx, &batch.edge, &batch.boot).await?;
        let before = through;
        let mut records: Vec<&Record> = batch.records.iter().collect();
        records.sort_by_key(|record| record.sequence);
        let mut gap = None;
        let edge = Edge {
            edge: &batch.edge,
            boot: &batch.boot,
            now,
            held_ms: self.settings().held_seat_ms,
            tells: self.has_listeners(),
        };
        for record in records {
            match record.sequence {
                sequence if sequence <= through => edge.compare(&mut tx, record).await?,
                sequence if sequence == through + 1 => {
                    edge.apply(&mut tx, record).await?;
                    through = sequence;
                }
                sequence => {
                    gap = Some(sequence);
                    break;
                }
            }
        }
        if through > before {
            sqlx::query("UPDATE boot SET through = $1 WHERE edge = $2 AND boot = $3")
                .bind(stored_sequence(through)?)
                .bind(&batch.edge)
                .bind(&batch.boot)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        match gap {
            None => Ok(RecordAck { boot: batch.boot.clone(), through }),
            Some(found) => Err(LedgerError::Gap {
                edge: batch.edge.clone(),
                boot: batch.boot.clone(),
                through,
                found,
            }),
        }
    }

    /// Rooms of bookings cancelled within a day in which people still are: control closes them.
    pub async fn rooms_to_close(&self, limit: u32) -> Result<Vec<RoomToClose>> {
        let mut tx = self.store().read().await?;
        let rows = sqlx::query(
            "SELECT DISTINCT g.edge, b.number, b.id FROM seat_grant g
             JOIN booking b ON b.id = g.booking
             WHERE g.state IN ('granted', 'joined') AND b.state = 'cancelled'
                 AND b.closed_ms > $1 LIMIT $2",
        )
        .bind(self.now().0.saturating_sub(crate::DAY))
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(RoomToClose {
                    edge: row.text("edge")?,
                    conference: row.number("number")?,
                    booking: row.text("id")?,
                })
            })
            .collect()
    }
}

async fn edge_seats(tx: &mut SqliteConnection, edge: &str) -> Result<u32> {
    let row = sqlx::query("SELECT capacity FROM edge WHERE name = $1")
        .bind(edge)
        .fetch_optional(tx)
        .await?;
    match row {
        Some(row) => row.count("capacity"),
        None => Err(LedgerError::Invalid("no edge of that name is configured")),
    }
}

/// Through which record of a boot everything is committed; the boot is noted.
async fn boot_through(tx: &mut SqliteConnection, edge: &str, boot: &str) -> Result<u64> {
    sqlx::query(
        "INSERT INTO boot (edge, boot) VALUES ($1, $2) ON CONFLICT (edge, boot) DO NOTHING",
    )
    .bind(edge)
    .bind(boot)
    .execute(&mut *tx)
    .await?;
    let through: i64 = sqlx::query_scalar("SELECT through FROM boot WHERE edge = $1 AND boot = $2")
        .bind(edge)
        .bind(boot)
        .fetch_one(tx)
        .await?;
    Ok(through.cast_unsigned())
}

/// Held seats stay: their callers are on their way back.
async fn release_former(tx: &mut SqliteConnection, hello: &Hello, now: UnixMs) -> Result<u32> {
    let grants: Vec<String> = sqlx::query_scalar(
        "SELECT id FROM seat_grant WHERE state IN ('granted', 'joined')
             AND edge = $1 AND boot <> $2",
    )
    .bind(&hello.edge)
    .bind(&hello.boot)
    .fetch_all(&mut *tx)
    .await?;
    for grant in &grants {
        release_grant(tx, grant, now).await?;
    }
    Ok(grants.len() as u32)
}

fn stored_sequence(sequence: u64) -> Result<i64> {
    i64::try_from(sequence).map_err(|_| LedgerError::Invalid("a sequence has at most 63 bits"))
}

struct Edge<'a> {
    edge: &'a str,
    boot: &'a str,
    now: UnixMs,
    held_ms: i64,
    /// Whether a webhook may want to hear of it.
    tells: bool,
}

impl Edge<'_> {
    async fn apply(&self, tx: &mut SqliteConnection, record: &Record) -> Result<()> {
        let new = self.insert(tx, record).await?;
        match &record.event {
            // A leg that left twice is kept as it left first: its seconds are billed once.
            RecordEvent::LegLeft(_) if !new => {
                tracing::error!(
                    edge = self.edge,
                    boot = self.boot,
                    sequence = record.sequence,
                    "a leg left twice; the first record stays"
                );
                Ok(())
            }
            RecordEvent::LegLeft(left) => self.leg_left(tx, left).await,
            RecordEvent::LegJoined(joined) => self.leg_joined(tx, joined).await,
            RecordEvent::RoomEmpty { booking, closed: Some(true), .. } => {
                self.room_closed(tx, booking).await
            }
            RecordEvent::RoomEmpty { booking, .. } => self.room_empty(tx, booking).await,
        }
    }

    async fn insert(&self, tx: &mut SqliteConnection, record: &Record) -> Result<bool> {
        let row = Row::of(&record.event)?;
        let inserted = sqlx::query(
            "INSERT INTO record (edge, boot, sequence, at_ms, kind, body, booking, conference, leg,
                 network, answered_ms, ended_ms, duration_ms, reason, unrated, applied_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
             ON CONFLICT DO NOTHING",
        )
        .bind(self.edge)
        .bind(self.boot)
        .bind(stored_sequence(record.sequence)?)
        .bind(record.at.0)
        .bind(row.kind)
        .bind(row.body)
        .bind(row.booking)
        .bind(row.conference)
        .bind(row.leg.map(|leg| leg.0.cast_signed()))
        .bind(row.left.map(|left| left.caller.network.as_str()))
        .bind(row.left.map(|left| left.answered.0))
        .bind(row.left.map(|left| left.ended.0))
        .bind(row.left.map(|left| i64::try_from(left.duration_ms).unwrap_or(i64::MAX)))
        .bind(row.left.map(|left| to_json(&left.end.reason)).transpose()?)
        .bind(i64::from(row.left.is_some()))
        .bind(self.now.0)
        .execute(tx)
        .await?;
        Ok(inserted.rows_affected() == 1)
    }

    /// A record that came before must be the same one: a boot's name that was used twice would lose records.
    async fn compare(&self, tx: &mut SqliteConnection, record: &Record) -> Result<()> {
        let stored: Option<String> = sqlx::query_scalar(
            "SELECT body FROM record WHERE edge = $1 AND boot = $2 AND sequence = $3",
        )
        .bind(self.edge)
        .bind(self.boot)
        .bind(stored_sequence(record.sequence)?)
        .fetch_optional(tx)
        .await?;
        if stored.is_some_and(|stored| Row::of(&record.event).is_ok_and(|row| row.body != stored)) {
            tracing::error!(
                edge = self.edge,
                boot = self.boot,
                sequence = record.sequence,
                "a record came again with another content; the first stays"
            );
        }
        Ok(())
    }

    async fn leg_joined(&self, tx: &mut SqliteConnection, joined: &LegJoined) -> Result<()> {
        sqlx::query(
            "UPDATE seat_grant SET state = 'joined', joined_ms = $1
             WHERE edge = $2 AND boot = $3 AND leg = $4 AND state = 'granted'",
        )
        .bind(joined.joined.0)
        .bind(self.edge)
        .bind(self.boot)
        .bind(joined.leg.0.cast_signed())
        .execute(&mut *tx)
        .await?;
        if self.tells {
            let place = (self.edge, self.boot, joined.leg);
            events::tell_joined(tx, self.now, place, joined.joined).await?;
        }
        Ok(())
    }

    /// By the leg and not by the grant that the record names: a leg whose grant did not reach its edge in time has a seat
    /// as well, and no edge can release another's.
    async fn leg_left(&self, tx: &mut SqliteConnection, left: &LegLeft) -> Result<()> {
        if self.tells {
            events::tell_left(tx, self.now, left).await?;
        }
        let row = sqlx::query(
            "SELECT id, booking, caller FROM seat_grant
             WHERE edge = $1 AND boot = $2 AND leg = $3 AND state IN ('granted', 'joined')",
        )
        .bind(self.edge)
        .bind(self.boot)
        .bind(left.leg.0.cast_signed())
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(()) };
        let grant = row.text("id")?;
        let until = left.ended.min(self.now).plus_ms(self.held_ms);
        let back = left.end.reason == EndReason::LegLimit
            && row.value::<Option<String>>("caller")?.is_some()
            && until > self.now;
        if !back {
            release_grant(tx, &grant, self.now).await?;
            shrink_if_empty(tx, &row.text("booking")?, self.now).await?;
            return Ok(());
        }
        sqlx::query("UPDATE seat_grant SET state = 'held', held_until_ms = $1 WHERE id = $2")
            .bind(until.0)
            .bind(&grant)
            .execute(tx)
            .await?;
        Ok(())
    }

    async fn room_empty(&self, tx: &mut SqliteConnection, booking: &str) -> Result<()> {
        sqlx::query(
            "UPDATE booking SET emptied_ms = $1 WHERE id = $2 AND edge = $3 AND state = 'booked'",
        )
        .bind(self.now.0)
        .bind(booking)
        .bind(self.edge)
        .execute(&mut *tx)
        .await?;
        shrink_if_empty(tx, booking, self.now).await?;
        Ok(())
    }

    /// Ended for all before its time: nobody is let in any more, and the minutes that are left go back. A dedicated
    /// conference stays its customer's: who comes again comes in.
    async fn room_closed(&self, tx: &mut SqliteConnection, booking: &str) -> Result<()> {
        let row = sqlx::query(
            "UPDATE booking SET state = 'ended', closed_ms = $1, emptied_ms = $1
             WHERE id = $2 AND edge = $3 AND state = 'booked' AND end_ms > $1
                 AND dedicated IS NULL
             RETURNING start_ms, end_ms, seats",
        )
        .bind(self.now.0)
        .bind(booking)
        .bind(self.edge)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(()) };
        let window = row.window()?;
        let from = window.start.minutes().max(minute_after(self.now));
        let span = Minutes { from, to: window.end.minutes() };
        if span.from < span.to {
            capacity::release(tx, self.edge, span, row.count("seats")?).await?;
        }
        if self.tells {
            events::tell(tx, self.now, "conference.ended", booking, Value::Null).await?;
        }
        Ok(())
    }
}

/// A record's columns.
struct Row<'a> {
    kind: &'static str,
    body: String,
    booking: Option<&'a str>,
    conference: Option<&'a str>,
    leg: Option<LegId>,
    left: Option<&'a LegLeft>,
}

impl<'a> Row<'a> {
    fn of(event: &'a RecordEvent) -> Result<Row<'a>> {
        Ok(match event {
            RecordEvent::LegJoined(joined) => Row {
                kind: "leg-joined",
                body: to_json(joined)?,
                booking: None,
                conference: Some(joined.conference.as_str()),
                leg: Some(joined.leg),
                left: None,
            },
            RecordEvent::LegLeft(left) => Row {
                kind: "leg-left",
                body: to_json(left)?,
                booking: left.booking.as_deref(),
                conference: left.conference.as_ref().map(ConferenceNumber::as_str),
                leg: Some(left.leg),
                left: Some(left),
            },
            RecordEvent::RoomEmpty { conference, booking, .. } => Row {
                kind: "room-empty",
                body: to_json(event)?,
                booking: Some(booking),
                conference: Some(conference.as_str()),
                leg: None,
                left: None,
            },
        })
    }
}
