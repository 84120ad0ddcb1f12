//! What would fit when an order does not (PRODUCT.md, section 2): the nearest other time, fewer people, a shorter
//! conference.

use konf_api::ledger::OfferProposal;
use konf_api::schedule::Order;
use konf_contract::{UnixMs, Window};

use crate::load::{Seats, least_loaded, roomiest, window};
use crate::wall;

/// How far from the asked start another time may lie: half a day, so that "the same day" is always within reach.
pub const SEARCH_MIN: i64 = 12 * 60;

/// Round steps are tried first, since people keep 14:05 better than 14:03.
const STEP_MIN: i64 = 5;

/// A shorter conference than this is no use to anybody; also the step in which it is shortened.
const SHORTEST_MIN: i64 = 5;

/// A conference has at least two people (PRODUCT.md, section 1).
const FEWEST_SEATS: u32 = 2;

/// How long offers are held, in milliseconds: "a few minutes" (PRODUCT.md, section 2), long enough to read and answer
/// an SMS that a network delivers late.
pub const HELD_MS: i64 = 10 * UnixMs::MINUTE;

/// At most three offers in order of their worth: another time, fewer people, shorter.
///
/// All of them are held at the same time, so each is looked for with the seats of the earlier ones taken; what does not
/// fit beside a better one is dropped. `edges` shows the load from [`SEARCH_MIN`] before the window to as long after.
///
/// So many of the nearest times are passed over as `skip` says, while there are others: a crowd that is refused at once
/// would otherwise run after the same few seats.
pub fn offers(
    mut edges: Vec<Seats>,
    order: &Order,
    now: UnixMs,
    skip: usize,
) -> Vec<OfferProposal> {
    let finders: [Finder; 3] = [other_time, fewer_people, shorter];
    let mut offers = Vec::new();
    for find in finders {
        let Some(found) = find(&edges, order, now, skip) else { continue };
        edges[found.edge].take(found.window, found.seats);
        offers.push(OfferProposal {
            index: offers.len() as u32 + 1,
            edge: edges[found.edge].edge().to_owned(),
            window: found.window,
            seats: found.seats,
            language: order.language,
        });
    }
    offers
}

type Finder = fn(&[Seats], &Order, UnixMs, usize) -> Option<Alternative>;

/// What fits, and on which of the edges.
struct Alternative {
    edge: usize,
    window: Window,
    seats: u32,
}

fn other_time(edges: &[Seats], order: &Order, now: UnixMs, skip: usize) -> Option<Alternative> {
    let minutes = order.window.minutes();
    let fitting = starts(order.window.start, now).filter_map(|start| {
        let window = window(start, minutes);
        let edge = least_loaded(edges, window, order.seats)?;
        Some(Alternative { edge, window, seats: order.seats })
    });
    fitting.take(skip.saturating_add(1)).last()
}

/// Other starts in the order in which they are tried: on the same day in Prague before any other day, in round steps
/// before exact minutes, near before far, later before earlier. Never in the past.
fn starts(asked: UnixMs, now: UnixMs) -> impl Iterator<Item = UnixMs> {
    let day = wall::day(asked).unwrap_or(Window { start: asked, end: asked });
    let passes = [(true, STEP_MIN), (true, 1), (false, STEP_MIN), (false, 1)];
    passes.into_iter().flat_map(move |(same_day, step)| {
        let distances = (1..=SEARCH_MIN / step).flat_map(move |n| [n * step, -n * step]);
        distances
            .map(move |minutes| asked.plus_ms(minutes * UnixMs::MINUTE))
            .filter(move |start| *start > now)
            .filter(move |start| (*start >= day.start && *start < day.end) == same_day)
    })
}

fn fewer_people(edges: &[Seats], order: &Order, now: UnixMs, _: usize) -> Option<Alternative> {
    let (edge, free) = roomiest(edges, order.window)?;
    let seats = free.min(order.seats.saturating_sub(1));
    let fits = seats >= FEWEST_SEATS && order.window.start > now;
    fits.then_some(Alternative { edge, window: order.window, seats })
}

fn shorter(edges: &[Seats], order: &Order, now: UnixMs, _: usize) -> Option<Alternative> {
    if order.window.start <= now {
        return None;
    }
    let longest = (order.window.minutes() - 1) / SHORTEST_MIN;
    (1..=longest).rev().find_map(|steps| {
        let window = window(order.window.start, steps * SHORTEST_MIN);
        let edge = least_loaded(edges, window, order.seats)?;
        Some(Alternative { edge, window, seats: order.seats })
    })
}

#[cfg(test)]
mod tests;
