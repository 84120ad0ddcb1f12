//! Extension: five minutes before the end, may the conference go on (PRODUCT.md, section 4, row "end")?

use konf_api::ledger::{
    BookingState, ExtensionFacts, ExtensionOutcome, ExtensionProposal, ExtensionQuestion,
};
use konf_contract::UnixMs;
use konf_contract::link::{ExtensionReply, ExtensionRequest};

use crate::ROUNDS_MAX;
use crate::load::{Seats, window};
use crate::outside::{CallError, Outside};

/// The ledger shows the load for so long after a booking's end (`konf_api::ledger::ExtensionFacts`), in minutes.
pub const SLICE_MIN_MAX: i64 = 120;

/// A slice is decided again five minutes before it ends, so a shorter one would end while it is being decided.
const SLICE_MIN_MIN: i64 = 5;

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
        let (from, to) = match decide(request, &facts, slice_min) {
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

/// Decides by the facts alone: the largest part of the slice, in whole minutes, for which the edge has the seats.
///
/// Booked conferences are in the load already, so none of them can be hurt.
pub fn decide(request: &ExtensionRequest, facts: &ExtensionFacts, slice_min: i64) -> Decided {
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
    let fits = facts.load.as_ref().and_then(|load| {
        let seats = Seats::new(load, window(end, SLICE_MIN_MAX));
        (SLICE_MIN_MIN..=slice_min.min(SLICE_MIN_MAX))
            .rev()
            .map(|minutes| window(end, minutes))
            .find(|slice| seats.free(*slice).is_some_and(|free| free >= booking.seats))
    });
    match fits {
        Some(slice) => Decided::Reserve { from: end, to: slice.end },
        None => Decided::Answer(ExtensionReply::Refused { end }),
    }
}

#[cfg(test)]
mod tests;
