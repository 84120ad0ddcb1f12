use konf_contract::Language;

use super::*;
use crate::testing::{NOW, START, SplitMix, at, edge, span};

/// An hour for ten at 14:00 in Prague.
fn order() -> Order {
    Order {
        language: Language::Cs,
        window: window(START, 60),
        wall: "2027-07-09T14:00".into(),
        zone: "Europe/Prague".into(),
        seats: 10,
    }
}

/// Minutes after the asked start, length, seats.
fn found(edges: &[konf_api::ledger::EdgeLoad], order: &Order, now: UnixMs) -> Vec<(i64, i64, u32)> {
    let seats = edges.iter().map(|load| Seats::new(load, span())).collect();
    let offers = offers(seats, order, now, 0);
    let shape = |offer: &OfferProposal| {
        let after = offer.window.start.minutes() - START.minutes();
        (after, offer.window.minutes(), offer.seats)
    };
    offers.iter().map(shape).collect()
}

#[test]
fn full_for_a_while_the_conference_may_be_earlier_later_smaller_or_shorter() {
    // Twelve of twenty seats are taken from 14:40 to 15:20.
    let edges = [edge("a", 20, &[(40, 12), (80, 0)])];
    // Twenty minutes earlier ends just in time. Beside those ten, eight people fit at 14:00, and beside them all no ten
    // more for a shorter time.
    assert_eq!(found(&edges, &order(), NOW), [(-20, 60, 10), (0, 60, 8)]);
}

#[test]
fn offers_are_held_together_so_each_is_found_beside_the_others() {
    let edges = [edge("a", 20, &[(40, 12), (80, 0)]), edge("b", 10, &[(50, 1)])];
    let order = Order { seats: 10, ..order() };
    let offers = found(&edges, &order, NOW);
    assert_eq!(offers, [(-10, 60, 10), (0, 60, 8), (0, 40, 10)]);
}

#[test]
fn a_round_time_comes_before_a_nearer_odd_one() {
    // Free from 14:03 on, and before 13:00.
    let edges = [edge("a", 10, &[(-60, 5), (3, 0)])];
    assert_eq!(found(&edges, &order(), NOW)[0], (5, 60, 10));
    // Only 14:03 itself is free for an hour.
    let edges = [edge("a", 10, &[(-720, 5), (3, 0), (63, 5)])];
    assert_eq!(found(&edges, &order(), NOW)[0], (3, 60, 10));
}

#[test]
fn of_two_times_equally_near_the_later_is_offered() {
    let edges = [edge("a", 10, &[(-5, 5), (5, 0)])];
    assert_eq!(found(&edges, &order(), NOW)[0].0, 5);
}

#[test]
fn the_same_day_comes_before_a_nearer_time_on_another() {
    // 14:00 is ten hours before midnight: nothing on Friday after 06:00, all of it after midnight and before 05:00.
    let edges = [edge("a", 10, &[(-540, 5), (600, 0)])];
    assert_eq!(found(&edges, &order(), NOW)[0].0, -600);
    // Nothing on Friday at all: then Saturday 00:00.
    let edges = [edge("a", 10, &[(-720, 5), (600, 0)])];
    assert_eq!(found(&edges, &order(), NOW)[0].0, 600);
}

#[test]
fn the_past_is_never_offered() {
    // Ordered at 13:50 for 14:00; 13:40 would be free.
    let edges = [edge("a", 10, &[(40, 5), (200, 0)])];
    let offers = found(&edges, &order(), at(-10));
    assert_eq!(offers, [(200, 60, 10), (0, 60, 5),]);
    assert_eq!(found(&edges, &order(), at(-20))[0].0, 200);
    assert_eq!(found(&edges, &order(), at(-21))[0].0, -20);
}

#[test]
fn when_nothing_is_near_nothing_is_offered() {
    let edges = [edge("a", 100, &[(-3000, 99)])];
    assert_eq!(found(&edges, &order(), NOW), []);
    assert_eq!(found(&[], &order(), NOW), []);
}

#[test]
fn more_people_than_any_edge_holds_are_offered_fewer() {
    let edges = [edge("a", 8, &[]), edge("b", 6, &[])];
    assert_eq!(found(&edges, &order(), NOW), [(0, 60, 8)]);
}

#[test]
fn in_a_crowd_the_nearest_times_are_skipped_but_one_that_fits_is_offered() {
    // Taken from 13:00 to 15:00: free at 12:00, 15:00, 11:55, 15:05, 11:50 …
    let seats = || vec![Seats::new(&edge("a", 10, &[(-60, 5), (60, 0)]), span())];
    let first = |skip| offers(seats(), &order(), NOW, skip)[0].window.start;
    assert_eq!([first(0), first(1), first(2)], [at(60), at(65), at(70)]);
    // Only one time fits: from 14:03.
    let seats = || vec![Seats::new(&edge("a", 10, &[(-720, 5), (3, 0), (63, 5)]), span())];
    assert_eq!(offers(seats(), &order(), NOW, 1_000)[0].window.start, at(3));
}

#[test]
fn offers_are_numbered_from_one_and_name_their_edge() {
    let seats = vec![Seats::new(&edge("a", 20, &[(0, 12), (60, 0)]), span())];
    let offers = offers(seats, &order(), NOW, 0);
    let named: Vec<_> = offers.iter().map(|offer| (offer.index, offer.edge.as_str())).collect();
    assert_eq!(named, [(1, "a"), (2, "a")]);
}

/// Whatever the load: offers fit side by side, lie in the future and near, and differ from the order in one way each.
#[test]
fn random_loads_give_offers_that_hold_what_they_promise() {
    let mut random = SplitMix(2027);
    let mut below = |limit: u64| random.next() % limit;
    let mut offered = 0;
    for round in 0..400 {
        let loads: Vec<_> = (0..1 + below(3))
            .map(|n| {
                let capacity = 4 + below(40) as u32;
                let mut minute = -720;
                let mut steps = vec![];
                while minute < 1_400 {
                    steps.push((minute, below(u64::from(capacity) + 1) as u32));
                    minute += 1 + below(90) as i64;
                }
                edge(&format!("edge-{n}"), capacity, &steps)
            })
            .collect();
        let order = Order {
            window: window(START, 1 + below(120) as i64),
            seats: 2 + below(19) as u32,
            ..order()
        };
        let now = at(-(below(900) as i64));
        let free: Vec<Seats> = loads.iter().map(|load| Seats::new(load, span())).collect();
        if least_loaded(&free, order.window, order.seats).is_some() {
            continue;
        }
        let mut left = free.clone();
        for offer in offers(free.clone(), &order, now, 0) {
            offered += 1;
            let edge = left.iter_mut().find(|edge| edge.edge() == offer.edge).unwrap();
            assert!(edge.free(offer.window).unwrap() >= offer.seats, "round {round}: {offer:?}");
            edge.take(offer.window, offer.seats);
            assert!(offer.window.start > now, "round {round}: {offer:?}");
            let distance = offer.window.start.since(START).abs();
            assert!(distance <= SEARCH_MIN * UnixMs::MINUTE, "round {round}: {offer:?}");
            let changed = [
                offer.window.start != order.window.start,
                offer.seats < order.seats,
                offer.window.minutes() < order.window.minutes(),
            ];
            assert_eq!(changed.iter().filter(|changed| **changed).count(), 1, "{offer:?}");
        }
    }
    assert!(offered > 100, "the loads were too easy or too hard: {offered} offers");
}
