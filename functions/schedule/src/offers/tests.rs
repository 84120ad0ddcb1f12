use konf_contract::Language;

use super::*;
use crate::load::least_loaded;
use crate::testing::{NOW, START, SplitMix, at, default_offers, default_placement, edge, span};

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
    let offers = offers(seats, order, now, 0, default_offers, default_placement);
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
    let first = |skip| {
        offers(seats(), &order(), NOW, skip, default_offers, default_placement)[0].window.start
    };
    assert_eq!([first(0), first(1), first(2)], [at(60), at(65), at(70)]);
    // Only one time fits: from 14:03.
    let seats = || vec![Seats::new(&edge("a", 10, &[(-720, 5), (3, 0), (63, 5)]), span())];
    assert_eq!(
        offers(seats(), &order(), NOW, 1_000, default_offers, default_placement)[0].window.start,
        at(3)
    );
}

#[test]
fn offers_are_numbered_from_one_and_name_their_edge() {
    let seats = vec![Seats::new(&edge("a", 20, &[(0, 12), (60, 0)]), span())];
    let offers = offers(seats, &order(), NOW, 0, default_offers, default_placement);
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
        for offer in offers(free.clone(), &order, now, 0, default_offers, default_placement) {
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

// ── what a policy may not do ────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn what_is_no_standard_order_past_said_before_or_not_free_is_dropped_and_three_are_offered() {
    let alternative = |after, minutes, seats| Alternative { start: at(after), minutes, seats };
    let good = [alternative(60, 30, 5), alternative(90, 60, 8), alternative(0, 60, 2)];
    let odd = Alternative { start: at(60).plus_ms(1), minutes: 30, seats: 5 };
    let far = Alternative { start: UnixMs(i64::MAX), minutes: u32::MAX, seats: 2 };
    let bad = [
        (alternative(60, 0, 5), "no minutes"),
        (alternative(60, 121, 5), "too long"),
        (alternative(60, 30, 1), "nobody to talk to"),
        (alternative(60, 30, 21), "too many"),
        (odd, "not on a minute"),
        (far, "beyond all time"),
        (alternative(-24 * 60 * 3, 30, 5), "past"),
        (alternative(800, 30, 5), "where nothing is known"),
        (alternative(60, 30, 11), "more than are free"),
        (good[0], "said before"),
        // Ten seats are free, and five of them go to the first.
        (alternative(70, 10, 6), "not beside the first"),
    ];
    for (wrong, why) in bad {
        let policy = |_: &OffersPolicyFacts| vec![good[0], wrong, good[1], good[2], good[2]];
        let seats = vec![Seats::new(&edge("a", 10, &[]), span())];
        let offers = offers(seats, &order(), NOW, 0, policy, default_placement);
        let found: Vec<_> =
            offers.iter().map(|offer| (offer.index, offer.window, offer.seats)).collect();
        let of =
            |index: u32, a: &Alternative| (index, window(a.start, i64::from(a.minutes)), a.seats);
        assert_eq!(found, [of(1, &good[0]), of(2, &good[1]), of(3, &good[2])], "{why}");
    }
    let crowd = |_: &OffersPolicyFacts| (0..1_000).map(|n| alternative(n, 1, 2)).collect();
    let seats = vec![Seats::new(&edge("a", 10, &[]), span())];
    assert_eq!(offers(seats, &order(), NOW, 0, crowd, default_placement).len(), OFFERS_MAX);
}

#[test]
fn a_policy_sees_few_steps_and_never_more_free_seats_than_there_are() {
    // Each minute is another step.
    let minutes: Vec<(i64, u32)> =
        (-720..780_i64).map(|minute| (minute, minute.rem_euclid(7) as u32)).collect();
    let edges: Vec<Seats> = (0..20)
        .map(|n| Seats::new(&edge(&format!("edge-{n:02}"), 10 + n, &minutes), span()))
        .collect();
    let seen = std::cell::RefCell::new(None);
    let policy = |facts: &OffersPolicyFacts| {
        seen.replace(Some(facts.clone()));
        Vec::new()
    };
    offers(edges.clone(), &order(), NOW, 3, policy, default_placement);
    let facts = seen.take().unwrap();
    assert_eq!((facts.now, facts.span, facts.pass_over), (NOW, span(), 3));
    assert_eq!(facts.order, Alternative { start: START, minutes: 60, seats: 10 });
    let names: Vec<_> = facts.edges.iter().map(|edge| edge.edge.as_str()).collect();
    assert_eq!(names.len(), EDGES_MAX);
    assert_eq!((names[0], names[15]), ("edge-04", "edge-19"));
    assert!(facts.edges.iter().map(|edge| edge.steps.len()).sum::<usize>() <= STEPS_MAX);
    for edge in &facts.edges {
        let seats = edges.iter().find(|seats| seats.edge() == edge.edge).unwrap();
        let ends = edge.steps.iter().skip(1).map(|step| step.0).chain([span().end]);
        for (&(start, free), end) in edge.steps.iter().zip(ends) {
            assert_eq!(seats.free(Window { start, end }), Some(free));
        }
    }
}
