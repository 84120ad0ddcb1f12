//! Alternatives that are held for a sender until they are taken or their time is over.
//!
//! Only one alternative of a set can be taken, so a set holds, in each minute, the seats of its largest alternative there
//! and not their sum: three alternatives around one time would otherwise refuse each other.

use std::collections::{BTreeMap, BTreeSet};

use konf_api::ledger::{HeldOffer, OfferProposal, Sender};
use konf_contract::UnixMs;
use sqlx::SqliteConnection;

use crate::capacity::{release, take};
use crate::error::Result;
use crate::store::new_id;
use crate::words::{Columns, Minutes, language, minutes};

/// Seats that a set of alternatives holds at an edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hold {
    pub(crate) edge: String,
    pub(crate) span: Minutes,
    pub(crate) seats: u32,
}

/// What alternatives hold together: spans that do not overlap, each with the seats of the largest alternative there.
pub(crate) fn holds(offers: &[OfferProposal]) -> Result<Vec<Hold>> {
    let mut edges: BTreeMap<&str, Vec<(Minutes, u32)>> = BTreeMap::new();
    for offer in offers {
        edges.entry(&offer.edge).or_default().push((minutes(offer.window)?, offer.seats));
    }
    Ok(edges.into_iter().flat_map(|(edge, offers)| holds_of_edge(edge, &offers)).collect())
}

fn holds_of_edge(edge: &str, offers: &[(Minutes, u32)]) -> Vec<Hold> {
    let cuts: BTreeSet<i64> = offers.iter().flat_map(|(span, _)| [span.from, span.to]).collect();
    let cuts: Vec<i64> = cuts.into_iter().collect();
    let mut holds: Vec<Hold> = Vec::new();
    for pair in cuts.windows(2) {
        let span = Minutes { from: pair[0], to: pair[1] };
        let covers = |offer: &Minutes| offer.from <= span.from && span.to <= offer.to;
        let seats = offers.iter().filter(|(o, _)| covers(o)).map(|&(_, seats)| seats).max();
        let Some(seats) = seats else { continue };
        match holds.last_mut() {
            Some(last) if last.seats == seats && last.span.to == span.from => {
                last.span.to = span.to;
            }
            _ => holds.push(Hold { edge: edge.to_owned(), span, seats }),
        }
    }
    holds
}

/// Holds alternatives. False when they do not fit any more: the caller must roll back.
pub(crate) async fn hold(
    tx: &mut SqliteConnection,
    sender: &Sender,
    offers: &[OfferProposal],
    until: UnixMs,
) -> Result<bool> {
    let set = new_id("offers")?;
    sqlx::query("INSERT INTO offer_set (id, sender_key, until_ms) VALUES ($1, $2, $3)")
        .bind(&set)
        .bind(sender.key())
        .bind(until.0)
        .execute(&mut *tx)
        .await?;
    for hold in holds(offers)? {
        if !take(tx, &hold.edge, hold.span, hold.seats).await? {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO offer_hold (offer_set, edge, from_minute, to_minute, seats)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(&set)
        .bind(&hold.edge)
        .bind(hold.span.from)
        .bind(hold.span.to)
        .bind(i64::from(hold.seats))
        .execute(&mut *tx)
        .await?;
    }
    for offer in offers {
        insert_offer(tx, &set, offer).await?;
    }
    Ok(true)
}

async fn insert_offer(tx: &mut SqliteConnection, set: &str, offer: &OfferProposal) -> Result<()> {
    sqlx::query(
        "INSERT INTO offer (id, offer_set, position, edge, start_ms, end_ms, seats, language)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(new_id("offer")?)
    .bind(set)
    .bind(i64::from(offer.index))
    .bind(&offer.edge)
    .bind(offer.window.start.0)
    .bind(offer.window.end.0)
    .bind(i64::from(offer.seats))
    .bind(language(offer.language))
    .execute(tx)
    .await?;
    Ok(())
}

/// What offers hold whose time is over: nothing stands in the way there.
pub(crate) async fn expired_holds(tx: &mut SqliteConnection, now: UnixMs) -> Result<Vec<Hold>> {
    let rows = sqlx::query(
        "SELECT h.edge, h.from_minute, h.to_minute, h.seats
         FROM offer_set s JOIN offer_hold h ON h.offer_set = s.id WHERE s.until_ms <= $1",
    )
    .bind(now.0)
    .fetch_all(tx)
    .await?;
    rows.iter().map(to_hold).collect()
}

fn to_hold(row: &sqlx::sqlite::SqliteRow) -> Result<Hold> {
    Ok(Hold {
        edge: row.text("edge")?,
        span: Minutes { from: row.value("from_minute")?, to: row.value("to_minute")? },
        seats: row.count("seats")?,
    })
}

/// The offers that are held for `sender`, in the order of their index.
pub(crate) async fn held(
    tx: &mut SqliteConnection,
    sender: &Sender,
    now: UnixMs,
) -> Result<Vec<HeldOffer>> {
    let rows = sqlx::query(
        "SELECT o.id, o.position, o.edge, o.start_ms, o.end_ms, o.seats, o.language, s.until_ms
         FROM offer_set s JOIN offer o ON o.offer_set = s.id
         WHERE s.sender_key = $1 AND s.until_ms > $2 ORDER BY o.position",
    )
    .bind(sender.key())
    .bind(now.0)
    .fetch_all(tx)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(HeldOffer {
                offer: row.text("id")?,
                index: row.count("position")?,
                edge: row.text("edge")?,
                window: row.window()?,
                seats: row.count("seats")?,
                language: row.word("language")?,
                until: row.instant("until_ms")?,
            })
        })
        .collect()
}

/// Gives back what the offers of `sender` hold, except `keep` of it, which the caller turns into a booking.
pub(crate) async fn release_of(
    tx: &mut SqliteConnection,
    sender: &Sender,
    keep: Option<&Hold>,
) -> Result<()> {
    let set: Option<String> = sqlx::query_scalar("SELECT id FROM offer_set WHERE sender_key = $1")
        .bind(sender.key())
        .fetch_optional(&mut *tx)
        .await?;
    match set {
        Some(set) => release_set(tx, &set, keep).await,
        None => Ok(()),
    }
}

/// Gives back what offers hold whose time is over; how many there were.
pub(crate) async fn release_expired(tx: &mut SqliteConnection, now: UnixMs) -> Result<u32> {
    let sets: Vec<String> = sqlx::query_scalar("SELECT id FROM offer_set WHERE until_ms <= $1")
        .bind(now.0)
        .fetch_all(&mut *tx)
        .await?;
    let mut offers = 0;
    for set in sets {
        let of_set: i64 = sqlx::query_scalar("SELECT count(*) FROM offer WHERE offer_set = $1")
            .bind(&set)
            .fetch_one(&mut *tx)
            .await?;
        offers += of_set as u32;
        release_set(tx, &set, None).await?;
    }
    Ok(offers)
}

async fn release_set(tx: &mut SqliteConnection, set: &str, keep: Option<&Hold>) -> Result<()> {
    let rows = sqlx::query(
        "SELECT edge, from_minute, to_minute, seats FROM offer_hold WHERE offer_set = $1",
    )
    .bind(set)
    .fetch_all(&mut *tx)
    .await?;
    for row in &rows {
        for rest in without(&to_hold(row)?, keep) {
            release(tx, &rest.edge, rest.span, rest.seats).await?;
        }
    }
    sqlx::query("DELETE FROM offer_set WHERE id = $1").bind(set).execute(tx).await?;
    Ok(())
}

/// What is left of a hold when `keep` stays taken.
fn without(hold: &Hold, keep: Option<&Hold>) -> Vec<Hold> {
    let Some(keep) = keep.filter(|keep| keep.edge == hold.edge) else { return vec![hold.clone()] };
    let kept = hold.span.both(keep.span);
    if kept.count() == 0 {
        return vec![hold.clone()];
    }
    let part =
        |from, to, seats| Hold { edge: hold.edge.clone(), span: Minutes { from, to }, seats };
    vec![
        part(hold.span.from, kept.from, hold.seats),
        part(kept.from, kept.to, hold.seats.saturating_sub(keep.seats)),
        part(kept.to, hold.span.to, hold.seats),
    ]
}

#[cfg(test)]
mod tests;
