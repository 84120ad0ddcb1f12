//! Seats per edge and minute: the one place from which bookings, held offers and extensions take.
//!
//! The table's CHECK holds `taken <= capacity`. Taking is one statement for a whole window: either every minute has the
//! seats, or the caller rolls back.

use konf_api::ledger::LoadStep;
use sqlx::SqliteConnection;

use crate::Ledger;
use crate::error::{LedgerError, Result};
use crate::words::Minutes;

/// Takes `seats` in each minute of `span`. False when a minute lacks them or the edge takes no bookings: some minutes may
/// be taken then, so the caller must roll back.
pub(crate) async fn take(
    tx: &mut SqliteConnection,
    edge: &str,
    span: Minutes,
    seats: u32,
) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO seat_minute (edge, minute, taken, capacity)
         WITH RECURSIVE span (minute) AS (
             SELECT CAST($1 AS BIGINT)
             UNION ALL SELECT minute + 1 FROM span WHERE minute + 1 < $2)
         SELECT e.name, span.minute, CAST($3 AS BIGINT), e.capacity
         FROM span CROSS JOIN edge e
         WHERE e.name = $4 AND e.active = 1 AND e.capacity >= $3
         ORDER BY span.minute
         ON CONFLICT (edge, minute) DO UPDATE SET taken = seat_minute.taken + excluded.taken
         WHERE seat_minute.taken + excluded.taken <= seat_minute.capacity",
    )
    .bind(span.from)
    .bind(span.to)
    .bind(i64::from(seats))
    .bind(edge)
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == span.count())
}

/// Gives `seats` back in each minute of `span`. Where the edge's capacity was lowered below what was taken, it comes down
/// with what is given back. Minutes that were swept are past and need nothing.
pub(crate) async fn release(
    tx: &mut SqliteConnection,
    edge: &str,
    span: Minutes,
    seats: u32,
) -> Result<()> {
    if span.count() == 0 || seats == 0 {
        return Ok(());
    }
    sqlx::query(
        "UPDATE seat_minute SET
             taken = taken - $1,
             capacity = (SELECT CASE WHEN e.capacity < seat_minute.taken - $1
                                THEN seat_minute.taken - $1 ELSE e.capacity END
                         FROM edge e WHERE e.name = seat_minute.edge)
         WHERE edge = $2 AND minute >= $3 AND minute < $4",
    )
    .bind(i64::from(seats))
    .bind(edge)
    .bind(span.from)
    .bind(span.to)
    .execute(tx)
    .await?;
    Ok(())
}

/// Seats of each minute of a span.
pub(crate) struct Load {
    span: Minutes,
    taken: Vec<u32>,
}

impl Load {
    /// From minutes, counted from the first of `span`, each followed by its seats. A statement gives them as one text,
    /// since a row for each would come alone from the thread of the database, up to two days of them. `span` is bounded
    /// by the caller.
    pub(crate) fn of(span: Minutes, taken: &str) -> Result<Load> {
        let mut load = Load { span, taken: vec![0; span.count() as usize] };
        let mut numbers = taken.split(' ').filter(|number| !number.is_empty());
        while let (Some(minute), Some(seats)) = (numbers.next(), numbers.next()) {
            let at: usize = minute.parse().map_err(|_| LedgerError::Stored("minute"))?;
            let of_minute = load.taken.get_mut(at).ok_or(LedgerError::Stored("minute"))?;
            *of_minute = seats.parse().map_err(|_| LedgerError::Stored("taken"))?;
        }
        Ok(load)
    }

    /// Leaves out what a hold takes.
    pub(crate) fn without(&mut self, hold: Minutes, seats: u32) {
        let part = self.span.both(hold);
        for minute in part.from..part.to {
            let taken = &mut self.taken[(minute - self.span.from) as usize];
            *taken = taken.saturating_sub(seats);
        }
    }

    pub(crate) fn steps(&self) -> Vec<LoadStep> {
        let mut steps: Vec<LoadStep> = Vec::new();
        for (minute, &taken) in (self.span.from..).zip(&self.taken) {
            if steps.last().is_none_or(|step| step.taken != taken) {
                steps.push(LoadStep { minute, taken });
            }
        }
        steps
    }
}

impl Ledger {
    /// Brings the edges in line with the settings. Bookings that a lowered capacity no longer holds stay; nothing more is
    /// taken in their minutes.
    pub(crate) async fn set_edges(&self) -> Result<()> {
        let mut tx = self.store().write().await?;
        sqlx::query("UPDATE edge SET active = 0").execute(&mut *tx).await?;
        for edge in &self.settings().edges {
            sqlx::query(
                "INSERT INTO edge (name, capacity, active) VALUES ($1, $2, 1)
                 ON CONFLICT (name) DO UPDATE SET capacity = excluded.capacity, active = 1",
            )
            .bind(&edge.name)
            .bind(i64::from(edge.seats))
            .execute(&mut *tx)
            .await?;
            sqlx::query(
                "UPDATE seat_minute SET capacity = CASE WHEN taken > $1 THEN taken ELSE $1 END
                 WHERE edge = $2 AND capacity <> $1",
            )
            .bind(i64::from(edge.seats))
            .bind(&edge.name)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
