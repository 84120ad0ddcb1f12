use std::cell::RefCell;

use super::*;
use crate::testing::{NOW, START, at, default_placement, edge, span};

fn seats(name: &str, capacity: u32, steps: &[(i64, u32)]) -> Seats {
    let load = konf_api::ledger::EdgeLoad {
        labels: vec![format!("near-{name}")],
        ..edge(name, capacity, steps)
    };
    Seats::new(&load, span())
}

fn hour_for(seats: u32) -> Wanted {
    Wanted { now: NOW, window: window(START, 60), seats, language: Language::En }
}

/// Taken in full; an odd load for ten; room.
fn three() -> [Seats; 3] {
    [
        seats("full", 20, &[(30, 15)]),
        seats("busy", 100, &[(0, 50), (75, 95)]),
        seats("small", 10, &[]),
    ]
}

#[test]
fn the_policy_chooses_among_the_edges_on_which_it_fits() {
    let seen = RefCell::new(Vec::new());
    let choose = |facts: &PlacementPolicyFacts| {
        assert_eq!(facts.wanted, hour_for(10));
        seen.borrow_mut().extend(facts.edges.clone());
        "busy".to_owned()
    };
    assert_eq!(place(&three(), hour_for(10), choose), Some(1));
    let edge = |edge: &str, capacity, free, free_after_min| EdgeToPlaceOn {
        edge: edge.to_owned(),
        labels: vec![format!("near-{edge}")],
        capacity,
        free,
        free_after_min,
    };
    assert_eq!(seen.into_inner(), [edge("busy", 100, 50, 15), edge("small", 10, 10, 120)]);
}

#[test]
fn an_edge_that_is_made_up_or_full_is_no_answer() {
    for answer in ["full", "nowhere", "", "small\n", &"x".repeat(10_000)] {
        let placed = place(&three(), hour_for(10), |_| answer.to_owned());
        assert_eq!(placed, Some(2), "{answer:.20}");
    }
}

#[test]
fn without_a_choice_the_policy_is_not_asked() {
    let never = |_: &PlacementPolicyFacts| unreachable!("nothing to choose");
    assert_eq!(place(&three(), hour_for(20), never), Some(1));
    assert_eq!(place(&three(), hour_for(51), never), None);
    assert_eq!(place(&[], hour_for(2), never), None);
    let beyond = Wanted { window: window(at(100_000), 60), ..hour_for(2) };
    assert_eq!(place(&three(), beyond, never), None);
}

#[test]
fn the_default_is_the_least_loaded_edge() {
    for wanted in [2, 6, 10, 20, 50] {
        let wanted = hour_for(wanted);
        let least = least_loaded(&three(), wanted.window, wanted.seats);
        assert_eq!(place(&three(), wanted, default_placement), least);
    }
}

#[test]
fn of_very_many_edges_the_policy_sees_some() {
    let many: Vec<Seats> = (0..200).map(|n| seats(&format!("edge-{n:03}"), 10, &[])).collect();
    let last = |facts: &PlacementPolicyFacts| {
        assert_eq!(facts.edges.len(), EDGES_MAX);
        facts.edges[EDGES_MAX - 1].edge.clone()
    };
    assert_eq!(place(&many, hour_for(10), last), Some(63));
}
