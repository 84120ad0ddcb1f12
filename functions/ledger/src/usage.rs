//! Who takes the seats: for the operators' picture of the capacity over time.

use konf_contract::{UnixMs, Window};
use serde::Serialize;
use sqlx::sqlite::SqliteRow;

use crate::Ledger;
use crate::error::{LedgerError, Result};
use crate::words::{Columns, Minutes, minutes};

/// The seats of one edge over a span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EdgeUsage {
    pub edge: String,
    pub capacity: u32,
    /// Takes new bookings.
    pub active: bool,
    /// One for each step of the span, in order.
    pub steps: Vec<UsageStep>,
}

/// As it is in the busiest minute of a step; the rest of the capacity is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct UsageStep {
    pub from: UnixMs,
    pub booked: u32,
    /// By conferences that went on past their booked end.
    pub extended: u32,
    /// Held for those who were offered them.
    pub offered: u32,
}

impl UsageStep {
    pub fn taken(&self) -> u32 {
        self.booked + self.extended + self.offered
    }
}

/// What takes seats, for how long.
struct Part {
    edge: String,
    span: Minutes,
    seats: u32,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Booked,
    Extended,
    Offered,
}

impl Ledger {
    /// `span` is at most 48 hours; `step_min` from 1.
    pub async fn usage(&self, span: Window, step_min: u32) -> Result<Vec<EdgeUsage>> {
        let span = minutes(span)?;
        if step_min == 0 {
            return Err(LedgerError::Invalid("a step has at least one minute"));
        }
        let mut tx = self.store().read().await?;
        let (from, to) = (UnixMs::from_minutes(span.from), UnixMs::from_minutes(span.to));
        let bookings = sqlx::query(
            "SELECT edge, start_ms, booked_end_ms, end_ms, seats FROM booking
             WHERE state = 'booked' AND end_ms > $1 AND start_ms < $2",
        )
        .bind(from.0)
        .bind(to.0)
        .fetch_all(&mut *tx)
        .await?;
        let offers = sqlx::query(
            "SELECT h.edge, h.from_minute, h.to_minute, h.seats
             FROM offer_hold h JOIN offer_set s ON s.id = h.offer_set
             WHERE s.until_ms > $1 AND h.to_minute > $2 AND h.from_minute < $3",
        )
        .bind(self.now().0)
        .bind(span.from)
        .bind(span.to)
        .fetch_all(&mut *tx)
        .await?;
        let edges = sqlx::query("SELECT name, capacity, active FROM edge ORDER BY name")
            .fetch_all(&mut *tx)
            .await?;
        let mut parts = Vec::new();
        for row in &bookings {
            parts.extend(of_booking(row)?);
        }
        for row in &offers {
            parts.push(of_offer(row)?);
        }
        let usage = |row: &SqliteRow| {
            let edge = row.text("name")?;
            let of_edge = parts.iter().filter(|part| part.edge == edge);
            let steps = steps(span, i64::from(step_min), of_edge);
            let (capacity, active) = (row.count("capacity")?, row.value::<i64>("active")? == 1);
            Ok(EdgeUsage { edge, capacity, active, steps })
        };
        edges.iter().map(usage).collect()
    }
}

fn of_booking(row: &SqliteRow) -> Result<[Part; 2]> {
    let (edge, seats) = (row.text("edge")?, row.count("seats")?);
    let booked_end = row.instant("booked_end_ms")?.minutes();
    let window = row.window()?;
    let booked = Minutes { from: window.start.minutes(), to: booked_end };
    let extended = Minutes { from: booked_end, to: window.end.minutes() };
    Ok([(booked, Kind::Booked), (extended, Kind::Extended)].map(|(span, kind)| Part {
        edge: edge.clone(),
        span,
        seats,
        kind,
    }))
}

fn of_offer(row: &SqliteRow) -> Result<Part> {
    Ok(Part {
        edge: row.text("edge")?,
        span: Minutes { from: row.value("from_minute")?, to: row.value("to_minute")? },
        seats: row.count("seats")?,
        kind: Kind::Offered,
    })
}

/// Differences first, so that each part costs two numbers and not its minutes.
fn steps<'a>(
    span: Minutes,
    step_min: i64,
    parts: impl Iterator<Item = &'a Part>,
) -> Vec<UsageStep> {
    let mut changes = vec![[0_i64; 3]; span.count() as usize + 1];
    for part in parts {
        let inside = span.both(part.span);
        if inside.count() == 0 {
            continue;
        }
        let seats = i64::from(part.seats);
        changes[(inside.from - span.from) as usize][part.kind as usize] += seats;
        changes[(inside.to - span.from) as usize][part.kind as usize] -= seats;
    }
    let (mut now, mut steps) = ([0_i64; 3], Vec::new());
    for (minute, change) in (span.from..span.to).zip(&changes) {
        now.iter_mut().zip(change).for_each(|(now, change)| *now += change);
        let [booked, extended, offered] = now.map(|seats| u32::try_from(seats).unwrap_or(0));
        let from = UnixMs::from_minutes(minute);
        let this = UsageStep { from, booked, extended, offered };
        match steps.last_mut() {
            Some(last) if (minute - span.from) % step_min != 0 => busier(last, this),
            _ => steps.push(this),
        }
    }
    steps
}

fn busier(step: &mut UsageStep, minute: UsageStep) {
    if minute.taken() > step.taken() {
        *step = UsageStep { from: step.from, ..minute };
    }
}
