//! A statement: what the legs of one conference cost, line by line, and the sum with tax.
//!
//! Its JSON form is these types; times carry their offset, amounts are decimal numbers in text.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use konf_api::ledger::{BookingState, OwnBooking, RatedLeg, Rating, StatementFacts};
use konf_contract::link::{EndReason, Party};
use konf_contract::{ConferenceNumber, Language, UnixMs};
use serde::Serialize;

use crate::money::{LINE_DECIMALS, SUM_DECIMALS, Sum, decimal};
use crate::vat;

static PRAGUE: TimeZone = jiff::tz::get!("Europe/Prague");

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    pub conference: ConferenceNumber,
    pub booking: String,
    pub state: BookingState,
    /// Wall time in Prague with its offset, as are all times here: `2027-07-09T14:00:00+02:00`.
    pub starts: String,
    /// With extensions.
    pub ends: String,
    pub made: String,
    pub legs: Vec<Line>,
    pub total: Total,
    #[serde(skip)]
    pub language: Language,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Country and last digits; absent when withheld.
    pub caller: Option<String>,
    pub network: String,
    pub from: String,
    pub to: String,
    /// By the monotonic clock; this is what is rated.
    pub duration_ms: u64,
    /// Absent until the leg has been rated.
    pub price: Option<Price>,
    pub why_ended: EndReason,
    pub ended_by: Party,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Price {
    pub billed_s: u32,
    /// CZK without VAT to four decimals, rounded half up: the one rounding of a line.
    pub czk: String,
    pub rule: String,
    /// Digest of the tariff that rated the leg; absent when the host composed the policy into the function.
    pub tariff: Option<String>,
}

/// Sums of the rated legs in CZK to two decimals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Total {
    /// Summed exactly, then rounded half up.
    pub without_vat: String,
    pub vat_percent: u32,
    /// On the rounded sum, so that the shown numbers add up.
    pub vat: String,
    pub with_vat: String,
    /// Legs whose price is still to come: the sum is final at 0.
    pub legs_unrated: u32,
}

/// The statement of the booking in `facts`; none without one.
pub fn statement(facts: &StatementFacts) -> Option<Statement> {
    let booking = facts.booking.as_ref()?;
    let mut legs: Vec<&RatedLeg> = facts.legs.iter().collect();
    legs.sort_by_key(|rated| (rated.leg.answered, &rated.record));
    Some(Statement {
        conference: booking.number.clone(),
        booking: booking.booking.clone(),
        state: booking.state,
        starts: wall(booking.window.start),
        ends: wall(booking.window.end),
        made: wall(facts.now),
        legs: legs.into_iter().map(line).collect(),
        total: total(booking, &facts.legs),
        language: booking.language,
    })
}

fn line(rated: &RatedLeg) -> Line {
    let leg = &rated.leg;
    Line {
        caller: leg.caller.number.as_ref().map(|number| number.masked()),
        network: leg.caller.network.clone(),
        from: wall(leg.answered),
        to: wall(leg.ended),
        duration_ms: leg.duration_ms,
        price: rated.rating.as_ref().map(price),
        why_ended: leg.end.reason,
        ended_by: leg.end.who,
    }
}

fn price(rating: &Rating) -> Price {
    Price {
        billed_s: rating.billed_s,
        czk: decimal(Sum::from(rating.amount).rounded(LINE_DECIMALS), LINE_DECIMALS),
        rule: rating.rule.clone(),
        tariff: Some(rating.policy.clone()).filter(|digest| !digest.is_empty()),
    }
}

fn total(booking: &OwnBooking, legs: &[RatedLeg]) -> Total {
    let mut sum = Sum::default();
    let rated = legs.iter().filter_map(|leg| leg.rating.as_ref());
    rated.for_each(|rating| sum.add(rating.amount));
    // One conference is one supply: it has the rate of the day on which it starts.
    let vat_percent =
        vat::percent(zoned(booking.window.start).map_or(Date::MAX, |start| start.date()));
    let net = sum.rounded(SUM_DECIMALS);
    let vat = vat::tax(net, vat_percent);
    Total {
        without_vat: decimal(net, SUM_DECIMALS),
        vat_percent,
        vat: decimal(vat, SUM_DECIMALS),
        with_vat: decimal(net + vat, SUM_DECIMALS),
        legs_unrated: legs.iter().filter(|leg| leg.rating.is_none()).count() as u32,
    }
}

/// An instant beyond the calendar stands as its number: one mad leg must not hide the others.
fn wall(at: UnixMs) -> String {
    match zoned(at) {
        Some(zoned) => zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        None => format!("{} ms", at.0),
    }
}

fn zoned(at: UnixMs) -> Option<Zoned> {
    Some(Timestamp::from_millisecond(at.0).ok()?.to_zoned(PRAGUE.clone()))
}

#[cfg(test)]
pub(crate) mod tests;
