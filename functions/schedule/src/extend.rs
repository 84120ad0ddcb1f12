//! Extension: five minutes before the end, may the conference go on (PRODUCT.md, section 4, row "end")?
//!
//! The policy decides, and what it decides is reserved only as far as it is free.

use konf_api::ledger::{
    BookingState, EdgeLoad, ExtensionFacts, ExtensionOutcome, ExtensionProposal, ExtensionQuestion,
};
use konf_contract::link::{ExtensionReply, ExtensionRequest};
use konf_contract::{UnixMs, Window};

use crate::ROUNDS_MAX;
use crate::load::{Seats, window};
use crate::outside::{CallError, Outside};

/// The ledger shows the load for so long after a booking's end (`konf_api::ledger::ExtensionFacts`), in minutes.
pub const SLICE_MIN_MAX: i64 = 120;

/// A slice is decided again five minutes before it ends, so a shorter one would end while it is being decided.
const SLICE_MIN_MIN: i64 = 5;

/// What the policy is asked: the record `facts` of the interface `extension` in `wit/policy.wit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionPolicyFacts {
    pub now: UnixMs,
    /// With earlier extensions.
    pub window: Window,
    pub booked_end: UnixMs,
    pub seats: u32,
    pub seats_taken: u32,
    pub slice_min: u32,
    /// Minutes after the end for which all seats are free.
    pub free_min: u32,
    pub by_organiser: bool,
}

/// What an extension comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// Nothing needs to be reserved: this is the answer.
    Answer(ExtensionReply),
    Reserve {
        from: UnixMs,
        to: UnixMs,
    },
}

/// Reserves `slice_min` minutes more, or as many as fit, or refuses.
///
/// The end that the edge knows makes the request idempotent: asked twice, the conference is extended once.
pub async fn extend(
    outside: &impl Outside,
    request: &ExtensionRequest,
    slice_min: i64,
) -> Result<ExtensionReply, CallError> {
    for _ in 0..ROUNDS_MAX {
        let question = ExtensionQuestion { booking: request.booking.clone() };
        let facts: ExtensionFacts = outside.ledger("/v1/facts/extension", &question).await?;
        let policy = |facts: &ExtensionPolicyFacts| outside.extension_policy(facts);
        let (from, to) = match decide(request, &facts, slice_min, policy) {
            Decided::Answer(reply) => return Ok(reply),
            Decided::Reserve { from, to } => (from, to),
        };
        let proposal = ExtensionProposal { booking: request.booking.clone(), from, to };
        match outside.ledger("/v1/extensions", &proposal).await? {
            ExtensionOutcome::Reserved => return Ok(ExtensionReply::Extended { end: to }),
            ExtensionOutcome::Moved { .. } => {}
            ExtensionOutcome::Gone => return Ok(ExtensionReply::Refused { end: request.end }),
        }
    }
    Err(CallError::Moving)
}

/// Decides by the facts and the policy alone.
///
/// Booked conferences are in the load already, so none of them can be hurt.
pub fn decide(
    request: &ExtensionRequest,
    facts: &ExtensionFacts,
    slice_min: i64,
    policy: impl Fn(&ExtensionPolicyFacts) -> Option<u32>,
) -> Decided {
    let Some(booking) = &facts.booking else {
        return Decided::Answer(ExtensionReply::Refused { end: request.end });
    };
    let end = booking.window.end;
    if booking.state != BookingState::Booked {
        return Decided::Answer(ExtensionReply::Refused { end });
    }
    if end > request.end {
        return Decided::Answer(ExtensionReply::Extended { end });
    }
    let free_min = facts.load.as_ref().map_or(0, |load| free_minutes(load, end, booking.seats));
    let minutes = policy(&ExtensionPolicyFacts {
        now: facts.now,
        window: booking.window,
        booked_end: facts.booked_end.unwrap_or(end),
        seats: booking.seats,
        seats_taken: booking.seats_taken,
        slice_min: u32::try_from(slice_min).unwrap_or(0),
        free_min: u32::try_from(free_min).unwrap_or(0),
        by_organiser: request.by_organiser,
    });
    match minutes.map(i64::from) {
        Some(minutes) if (SLICE_MIN_MIN..=free_min).contains(&minutes) => {
            Decided::Reserve { from: end, to: window(end, minutes).end }
        }
        _ => Decided::Answer(ExtensionReply::Refused { end }),
    }
}

/// Minutes after `end` for which so many seats are free.
fn free_minutes(load: &EdgeLoad, end: UnixMs, seats: u32) -> i64 {
    let free = Seats::new(load, window(end, SLICE_MIN_MAX));
    let fits = |minutes: &i64| free.free(window(end, *minutes)).is_some_and(|free| free >= seats);
    (1..=SLICE_MIN_MAX).take_while(fits).last().unwrap_or(0)
}

#[cfg(test)]
mod tests;
