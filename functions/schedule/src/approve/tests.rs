use konf_api::ledger::Outcome;
use konf_contract::Language;
use serde_json::json;

use super::*;
use crate::load::window;
use crate::testing::{NOW, START, Script, edge, now, sender};

fn request(minutes: i64, seats: u32) -> ApproveRequest {
    ApproveRequest {
        request: "request-1".to_owned(),
        by: "jana".to_owned(),
        sender: sender(),
        now: NOW,
        language: Language::Cs,
        window: window(START, minutes),
        seats,
    }
}

fn facts(capacity: u32, taken: u32) -> serde_json::Value {
    let edges = [edge("edge-1", capacity, &[(0, taken)])];
    json!({ "now": NOW, "restriction": null, "edges": edges })
}

#[test]
fn a_long_and_large_conference_is_booked_and_its_request_closed_in_one_commit() {
    let committed = json!(Outcome::Committed { booking: Some("booking-1".to_owned()) });
    let world = Script::new([("/v1/facts/order", facts(100, 60)), ("/v1/commit", committed)]);
    let answer = now(approve(&world, &request(180, 30))).unwrap();
    assert!(matches!(answer, OrderAnswer::Booked { .. }), "{answer:?}");
    let proposal = world.last("/v1/commit");
    let approved = &proposal["effect"]["approve"];
    assert_eq!((&approved["request"], &approved["by"]), (&json!("request-1"), &json!("jana")));
    assert_eq!(approved["booking"]["seats"], 30);
    assert_eq!(approved["booking"]["wall"], "2027-07-09T14:00");
    assert_eq!(proposal["inbound"], json!(null));
}

#[test]
fn what_does_not_fit_is_told_to_the_operator_and_nothing_is_committed() {
    let world = Script::new([("/v1/facts/order", facts(100, 71))]);
    let answer = now(approve(&world, &request(180, 30))).unwrap();
    assert_eq!(answer, OrderAnswer::Refused { reason: "nothing fits".to_owned() });
    assert!(world.is_over());
}

#[test]
fn a_day_and_five_hundred_people_are_the_most() {
    for (minutes, seats, good) in [
        (1_440, 500, true),
        (1, 2, true),
        (1_441, 500, false),
        (60, 501, false),
        (60, 1, false),
        (0, 10, false),
    ] {
        assert_eq!(may_be_approved(&request(minutes, seats)), good, "{minutes} {seats}");
    }
    let uneven = ApproveRequest { window: window(START.plus_ms(1), 60), ..request(60, 10) };
    assert!(!may_be_approved(&uneven));
}
