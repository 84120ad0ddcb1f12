use konf_api::ledger::AdmissionBooking;
use konf_contract::{ConferenceNumber, Language};
use serde_json::{Value, json};

use super::*;
use crate::testing::{START, Script, at, default_extension, edge, now};

const FACTS: &str = "/v1/facts/extension";
const PROPOSE: &str = "/v1/extensions";

/// Asked at the 55th minute of an hour.
fn request() -> ExtensionRequest {
    ExtensionRequest {
        conference: ConferenceNumber::new("284917").unwrap(),
        booking: "b1".into(),
        end: at(60),
        by_organiser: false,
    }
}

/// An hour for five which now ends at `end`.
fn facts(end: i64, load: Option<EdgeLoad>) -> ExtensionFacts {
    let booking = AdmissionBooking {
        booking: "b1".into(),
        number: ConferenceNumber::new("284917").unwrap(),
        edge: "a".into(),
        window: Window { start: START, end: at(end) },
        seats: 5,
        seats_taken: 2,
        language: Language::En,
        state: BookingState::Booked,
    };
    ExtensionFacts { now: at(55), booking: Some(booking), load, booked_end: Some(at(60)) }
}

fn value(facts: &ExtensionFacts) -> Value {
    serde_json::to_value(facts).unwrap()
}

fn reserve(minutes: i64) -> Decided {
    Decided::Reserve { from: at(60), to: at(60 + minutes) }
}

/// By the default policy.
fn decide(request: &ExtensionRequest, facts: &ExtensionFacts, slice_min: i64) -> Decided {
    super::decide(request, facts, slice_min, default_extension)
}

fn refused() -> Decided {
    Decided::Answer(ExtensionReply::Refused { end: at(60) })
}

#[test]
fn a_free_edge_gives_the_whole_slice() {
    let free = facts(60, Some(edge("a", 20, &[])));
    assert_eq!(decide(&request(), &free, 15), reserve(15));
    assert_eq!(decide(&request(), &free, 30), reserve(30));
    assert_eq!(decide(&request(), &free, 1_000), reserve(120));
}

#[test]
fn a_booked_conference_wins_over_an_extension() {
    for (next, decided) in [(75, reserve(15)), (70, reserve(10)), (65, reserve(5)), (64, refused())]
    {
        // From then on only four of twenty seats are left.
        let load = edge("a", 20, &[(next, 16)]);
        assert_eq!(decide(&request(), &facts(60, Some(load)), 15), decided, "next at {next}");
    }
}

#[test]
fn a_policy_gets_the_facts_and_no_more_than_is_free() {
    let free = facts(60, Some(edge("a", 20, &[(90, 16)])));
    let asked = std::cell::RefCell::new(None);
    let by = |answer: Option<u32>| {
        super::decide(&request(), &free, 15, |facts| {
            asked.replace(Some(facts.clone()));
            answer
        })
    };
    assert_eq!(by(Some(30)), reserve(30));
    let asked_of = asked.borrow().clone().unwrap();
    assert_eq!((asked_of.slice_min, asked_of.free_min, asked_of.seats_taken), (15, 30, 2));
    assert_eq!((asked_of.booked_end, asked_of.window.end, asked_of.now), (at(60), at(60), at(55)));
    for answer in [None, Some(0), Some(4), Some(31), Some(u32::MAX)] {
        assert_eq!(by(answer), refused(), "{answer:?}");
    }
}

#[test]
fn asked_twice_the_conference_is_extended_once() {
    let extended = facts(75, Some(edge("a", 20, &[])));
    let decided = decide(&request(), &extended, 15);
    assert_eq!(decided, Decided::Answer(ExtensionReply::Extended { end: at(75) }));
}

#[test]
fn what_is_gone_cancelled_or_unknown_is_not_extended() {
    let none = ExtensionFacts { now: at(55), booking: None, load: None, booked_end: None };
    assert_eq!(decide(&request(), &none, 15), refused());
    assert_eq!(decide(&request(), &facts(60, None), 15), refused());
    for state in [BookingState::Cancelled, BookingState::Ended] {
        let mut over = facts(60, Some(edge("a", 20, &[])));
        over.booking.as_mut().unwrap().state = state;
        assert_eq!(decide(&request(), &over, 15), refused());
    }
}

#[test]
fn what_is_decided_is_reserved() {
    let free = facts(60, Some(edge("a", 20, &[])));
    let script = Script::new([(FACTS, value(&free)), (PROPOSE, json!("reserved"))]);
    assert_eq!(now(extend(&script, &request(), 15)), Ok(ExtensionReply::Extended { end: at(75) }));
    let proposed = script.last(PROPOSE);
    assert_eq!((&proposed["from"], &proposed["to"]), (&json!(at(60)), &json!(at(75))));
}

#[test]
fn when_the_seats_go_meanwhile_a_shorter_one_is_tried() {
    let script = Script::new([
        (FACTS, value(&facts(60, Some(edge("a", 20, &[]))))),
        (PROPOSE, json!({ "moved": { "end": at(60) } })),
        (FACTS, value(&facts(60, Some(edge("a", 20, &[(70, 18)]))))),
        (PROPOSE, json!("reserved")),
    ]);
    assert_eq!(now(extend(&script, &request(), 15)), Ok(ExtensionReply::Extended { end: at(70) }));
}

#[test]
fn when_the_same_request_wins_elsewhere_its_end_is_the_answer() {
    let script = Script::new([
        (FACTS, value(&facts(60, Some(edge("a", 20, &[]))))),
        (PROPOSE, json!({ "moved": { "end": at(75) } })),
        (FACTS, value(&facts(75, Some(edge("a", 20, &[]))))),
    ]);
    assert_eq!(now(extend(&script, &request(), 15)), Ok(ExtensionReply::Extended { end: at(75) }));
}

#[test]
fn a_booking_that_goes_meanwhile_is_refused_and_endless_moving_is_an_error() {
    let free = value(&facts(60, Some(edge("a", 20, &[]))));
    let script = Script::new([(FACTS, free.clone()), (PROPOSE, json!("gone"))]);
    assert_eq!(now(extend(&script, &request(), 15)), Ok(ExtensionReply::Refused { end: at(60) }));
    let rounds = [(FACTS, free), (PROPOSE, json!({ "moved": { "end": at(60) } }))];
    let script = Script::new(std::iter::repeat_n(rounds, ROUNDS_MAX).flatten());
    assert_eq!(now(extend(&script, &request(), 15)), Err(CallError::Moving));
}
