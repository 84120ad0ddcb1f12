//! What would fit when an order does not (PRODUCT.md, section 2): the offers policy proposes, and what is a standard
//! order and really free is offered.

use konf_api::ledger::OfferProposal;
use konf_api::schedule::Order;
use konf_contract::{UnixMs, Window};

use crate::load::{Seats, window};
use crate::order::within_limits;
use crate::place::{PlacementPolicyFacts, Wanted, place};
use crate::wall;

/// How far around the order the policy sees the load: half a day, so that "the same day" is always within reach.
pub const SEARCH_MIN: i64 = 12 * 60;

/// How long offers are held, in milliseconds: "a few minutes" (PRODUCT.md, section 2), long enough to read and answer
/// an SMS that a network delivers late.
pub const HELD_MS: i64 = 10 * UnixMs::MINUTE;

/// An SMS has room for three, and nobody weighs more.
const OFFERS_MAX: usize = 3;

/// What the policy sees at most (`wit/policy.wit`): what it is asked stands in the log, and 500 steps have about 20 kB.
const EDGES_MAX: usize = 16;
const STEPS_MAX: usize = 500;

/// Minutes of a step, finer before coarser: in steps of an hour sixteen edges have 432 in 26 hours.
const GRAINS_MIN: [usize; 4] = [1, 5, 15, 60];

/// What the policy is asked: the record `facts` of the interface `offers` in `wit/policy.wit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffersPolicyFacts {
    pub now: UnixMs,
    pub order: Alternative,
    /// From one midnight to the next, around the asked start.
    pub day: Window,
    /// What `edges` show.
    pub span: Window,
    pub edges: Vec<FreeSeats>,
    /// So many of the nearest times may be passed over, while there are others.
    pub pass_over: u32,
}

/// An edge as the policy sees it: from each instant on so many seats are free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeSeats {
    pub edge: String,
    pub capacity: u32,
    pub steps: Vec<(UnixMs, u32)>,
}

/// What the policy proposes: the record `alternative` there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alternative {
    pub start: UnixMs,
    pub minutes: u32,
    pub seats: u32,
}

/// At most three offers in the order in which the policy proposes them. `edges` shows the load from [`SEARCH_MIN`] before
/// the window to as long after.
///
/// All of them are held at the same time, so each is looked at with the seats of the earlier ones taken. What is no
/// standard order, in the past, said before, or does not fit beside the others, is dropped. `placement` says on which edge
/// each is held.
///
/// So many of the nearest times are to be passed over as `skip` says: a crowd that is refused at once would otherwise run
/// after the same few seats.
pub fn offers(
    mut edges: Vec<Seats>,
    order: &Order,
    now: UnixMs,
    skip: usize,
    policy: impl Fn(&OffersPolicyFacts) -> Vec<Alternative>,
    placement: impl Fn(&PlacementPolicyFacts) -> String,
) -> Vec<OfferProposal> {
    let Some(span) = edges.first().map(Seats::span) else { return Vec::new() };
    let proposed = policy(&policy_facts(&edges, span, order, now, skip));
    let mut offers: Vec<OfferProposal> = Vec::new();
    for Alternative { start, minutes, seats } in proposed {
        let window = window(start, i64::from(minutes));
        let said = offers.iter().any(|offer| (offer.window, offer.seats) == (window, seats));
        if said || start <= now || !within_limits(window, seats) {
            continue;
        }
        let wanted = Wanted { now, window, seats, language: order.language };
        let Some(at) = place(&edges, wanted, &placement) else { continue };
        edges[at].take(window, seats);
        offers.push(OfferProposal {
            index: offers.len() as u32 + 1,
            edge: edges[at].edge().to_owned(),
            window,
            seats,
            language: order.language,
        });
        if offers.len() == OFFERS_MAX {
            break;
        }
    }
    offers
}

fn policy_facts(
    edges: &[Seats],
    span: Window,
    order: &Order,
    now: UnixMs,
    skip: usize,
) -> OffersPolicyFacts {
    let start = order.window.start;
    OffersPolicyFacts {
        now,
        order: Alternative {
            start,
            minutes: u32::try_from(order.window.minutes()).unwrap_or(0),
            seats: order.seats,
        },
        day: wall::day(start).unwrap_or(Window { start, end: start }),
        span,
        edges: free_seats(edges),
        pass_over: u32::try_from(skip).unwrap_or(u32::MAX),
    }
}

/// In the finest steps that are few enough. Of more edges than the policy sees, those with the most seats.
fn free_seats(edges: &[Seats]) -> Vec<FreeSeats> {
    let mut seen: Vec<&Seats> = edges.iter().collect();
    if seen.len() > EDGES_MAX {
        seen.sort_by_key(|edge| std::cmp::Reverse(edge.capacity()));
        seen.truncate(EDGES_MAX);
        seen.sort_by_key(|edge| edge.edge());
    }
    let in_steps = |grain: usize| -> Vec<FreeSeats> {
        let free = |edge: &&Seats| FreeSeats {
            edge: edge.edge().to_owned(),
            capacity: edge.capacity(),
            steps: edge.free_steps(grain),
        };
        seen.iter().map(free).collect()
    };
    let few = |edges: &Vec<FreeSeats>| {
        edges.iter().map(|edge| edge.steps.len()).sum::<usize>() <= STEPS_MAX
    };
    GRAINS_MIN.into_iter().map(in_steps).find(few).unwrap_or_default()
}

#[cfg(test)]
mod tests;
