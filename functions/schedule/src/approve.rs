//! What an operator has approved is booked, beyond the limits of a standard order but never beyond the seats.

use konf_api::ledger::{Effect, OrderFacts, OrderQuestion};
use konf_api::schedule::{ApproveRequest, Manner, OrderAnswer};
use konf_contract::{UnixMs, Window};

use crate::ROUNDS_MAX;
use crate::load::Seats;
use crate::order::{Place, Reply, book, span};
use crate::outside::{CallError, Outside};
use crate::place::{Wanted, place};
use crate::wall::{ZONE, wall};

/// A whole day, and far above what one room seats: what `order` takes for a slip of the finger, it is here too.
const MINUTES: std::ops::RangeInclusive<i64> = 1..=1_440;
const SEATS: std::ops::RangeInclusive<u32> = 2..=500;

/// Whether an operator may approve it: on whole minutes, for at most a day and 500 people.
pub fn may_be_approved(request: &ApproveRequest) -> bool {
    let whole = |at: UnixMs| at.0.rem_euclid(UnixMs::MINUTE) == 0;
    whole(request.window.start)
        && whole(request.window.end)
        && MINUTES.contains(&request.window.minutes())
        && SEATS.contains(&request.seats)
        && wall(request.window.start).is_some()
}

/// Books it, or tells the operator why not; then nothing is sent and the request stays open.
///
/// # Errors
///
/// When another part does not answer, or the facts moved in each round.
pub async fn approve(
    outside: &impl Outside,
    request: &ApproveRequest,
) -> Result<OrderAnswer, CallError> {
    let span = span(&request.window, request.now);
    for _ in 0..ROUNDS_MAX {
        let question = OrderQuestion { sender: request.sender.clone(), span };
        let facts: OrderFacts = outside.ledger("/v1/facts/order", &question).await?;
        let place = match decide(outside, request, &facts, span) {
            Ok(place) => place,
            Err(reason) => return Ok(OrderAnswer::Refused { reason: reason.to_owned() }),
        };
        let decided = book(
            place,
            || outside.random(),
            |booking| Effect::Approve {
                request: request.request.clone(),
                by: request.by.clone(),
                booking,
            },
        );
        let reply = Reply {
            inbound: None,
            sender: &request.sender,
            language: request.language,
            now: facts.now,
            manner: &Manner::default(),
        };
        if let Some(answer) = reply.propose(outside, decided).await? {
            return Ok(answer);
        }
    }
    Err(CallError::Moving)
}

fn decide<'a>(
    outside: &impl Outside,
    request: &ApproveRequest,
    facts: &'a OrderFacts,
    span: Window,
) -> Result<Place<'a>, &'static str> {
    if facts.restriction.is_some() {
        return Err("restricted");
    }
    if request.window.end <= facts.now {
        return Err("past");
    }
    let edges: Vec<Seats> = facts.edges.iter().map(|load| Seats::new(load, span)).collect();
    let wanted = Wanted {
        now: facts.now,
        window: request.window,
        seats: request.seats,
        language: request.language,
    };
    let at =
        place(&edges, wanted, |facts| outside.placement_policy(facts)).ok_or("nothing fits")?;
    Ok(Place {
        edge: &facts.edges[at].edge,
        window: request.window,
        wall: wall(request.window.start).unwrap_or_default(),
        zone: ZONE.to_owned(),
        seats: request.seats,
        language: request.language,
    })
}

#[cfg(test)]
mod tests;
