//! A dedicated conference: one number, PIN and password for all its occurrences, on the first edge that has the seats in
//! each of their minutes.
//!
//! The load of months is not asked for: the ledger takes the seats or says that an edge lacks them, and the next is tried.
//! So the `placement` policy, which weighs edges by their load, has no say here.

use konf_api::ledger::{
    DedicatedProposal, Effect, Moved, Occurrence, OrderFacts, OrderQuestion, Outcome, Proposal,
};
use konf_api::render::{Message, RenderRequest};
use konf_api::schedule::{DedicateRequest, OrderAnswer};
use konf_contract::{UnixMs, Window};

use crate::ROUNDS_MAX;
use crate::draw::credentials;
use crate::outside::{CallError, Outside};
use crate::wall::{ZONE, wall};

/// As for what an operator approves ([`crate::approve`]).
const SEATS: std::ops::RangeInclusive<u32> = 2..=500;

/// Whether it may be asked for: people and whole minutes. How many and how long is the ledger's to say.
pub fn may_be_dedicated(request: &DedicateRequest) -> bool {
    let whole = |window: &Window| {
        window.start.0.rem_euclid(UnixMs::MINUTE) == 0 && wall(window.start).is_some()
    };
    SEATS.contains(&request.seats)
        && !request.windows.is_empty()
        && request.windows.iter().all(whole)
}

/// Books it, or tells the operator why not; then nothing is sent.
///
/// # Errors
///
/// When another part does not answer, or each number that was drawn is taken.
pub async fn dedicate(
    outside: &impl Outside,
    request: &DedicateRequest,
) -> Result<OrderAnswer, CallError> {
    let now = UnixMs::from_minutes(request.now.minutes());
    let span = Window { start: now, end: now.plus_ms(UnixMs::MINUTE) };
    let question = OrderQuestion { sender: request.sender.clone(), span };
    let facts: OrderFacts = outside.ledger("/v1/facts/order", &question).await?;
    if facts.restriction.is_some() {
        return Ok(refused("restricted"));
    }
    let mut edges = facts.edges.iter().map(|load| load.edge.as_str()).peekable();
    for _ in 0..ROUNDS_MAX {
        let Some(edge) = edges.peek() else { return Ok(refused("nothing fits")) };
        match propose(outside, request, edge, facts.now).await? {
            (Outcome::Committed { .. }, answer) => return Ok(answer),
            (Outcome::Moved(Moved::Capacity), _) => drop(edges.next()),
            (Outcome::Moved(Moved::NumberTaken), _) => {}
            (Outcome::Moved(Moved::Restricted), _) => return Ok(refused("restricted")),
            (Outcome::OverBudget, _) => return Ok(refused("over budget")),
            (Outcome::Moved(_) | Outcome::Repeated, _) => return Err(CallError::Moving),
        }
    }
    Err(CallError::Moving)
}

fn refused(reason: &str) -> OrderAnswer {
    OrderAnswer::Refused { reason: reason.to_owned() }
}

async fn propose(
    outside: &impl Outside,
    request: &DedicateRequest,
    edge: &str,
    now: UnixMs,
) -> Result<(Outcome, OrderAnswer), CallError> {
    let drawn = credentials(|| outside.random());
    let occurrence = |window: &Window| Occurrence {
        window: *window,
        wall: wall(window.start).unwrap_or_default(),
    };
    let ends = |of: Option<&Window>| of.copied().unwrap_or(Window { start: now, end: now });
    let window = Window {
        start: ends(request.windows.first()).start,
        end: ends(request.windows.last()).end,
    };
    let message = Message::Dedicated {
        number: drawn.number.clone(),
        pin: drawn.pin.clone(),
        password: drawn.password.clone(),
        window,
        weekly: request.weekly.clone(),
        seats: request.seats,
    };
    let render = RenderRequest {
        recipient: request.sender.clone(),
        language: request.language,
        now,
        message,
    };
    let answer = OrderAnswer::Booked { number: drawn.number.clone() };
    let effect = Effect::Dedicate(DedicatedProposal {
        customer: request.customer.clone(),
        by: request.by.clone(),
        number: drawn.number,
        pin: drawn.pin,
        password: drawn.password,
        edge: edge.to_owned(),
        occurrences: request.windows.iter().map(occurrence).collect(),
        weekly: request.weekly.clone(),
        zone: ZONE.to_owned(),
        seats: request.seats,
        language: request.language,
    });
    let proposal = Proposal {
        inbound: None,
        sender: request.sender.clone(),
        effect,
        messages: outside.render(&render).await?,
    };
    Ok((outside.ledger("/v1/commit", &proposal).await?, answer))
}

#[cfg(test)]
mod tests;
