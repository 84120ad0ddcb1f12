use konf_contract::Language;
use serde_json::{Value, json};

use super::*;
use crate::load::window;
use crate::testing::{NOW, Script, at, edge, now, sender};

fn request() -> DedicateRequest {
    DedicateRequest {
        by: "jana".to_owned(),
        customer: "Firma s.r.o.".to_owned(),
        sender: sender(),
        now: NOW,
        language: Language::Cs,
        windows: vec![window(at(0), 120), window(at(7 * 1_440), 120)],
        weekly: None,
        seats: 20,
    }
}

fn facts() -> Value {
    json!({ "now": NOW, "restriction": null, "edges": [edge("a", 10, &[]), edge("b", 100, &[])] })
}

#[test]
fn the_next_edge_is_tried_where_one_lacks_the_seats() {
    let full = json!(Outcome::Moved(Moved::Capacity));
    let taken = json!(Outcome::Moved(Moved::NumberTaken));
    let done = json!(Outcome::Committed { booking: Some("booking-1".to_owned()) });
    let world = Script::new([
        ("/v1/facts/order", facts()),
        ("/v1/commit", full),
        ("/v1/commit", taken),
        ("/v1/commit", done),
    ]);
    let answer = now(dedicate(&world, &request())).unwrap();
    let proposal = world.last("/v1/commit");
    let dedicated = &proposal["effect"]["dedicate"];
    assert_eq!(
        answer,
        OrderAnswer::Booked {
            number: serde_json::from_value(dedicated["number"].clone()).unwrap()
        }
    );
    assert_eq!((&dedicated["edge"], &dedicated["customer"]), (&json!("b"), &json!("Firma s.r.o.")));
    assert_eq!(dedicated["occurrences"][1]["wall"], "2027-07-16T14:00");
    assert!(world.is_over());
}

#[test]
fn where_no_edge_has_the_seats_the_operator_hears_it() {
    let full = || ("/v1/commit", json!(Outcome::Moved(Moved::Capacity)));
    let world = Script::new([("/v1/facts/order", facts()), full(), full()]);
    let answer = now(dedicate(&world, &request())).unwrap();
    assert_eq!(answer, OrderAnswer::Refused { reason: "nothing fits".to_owned() });
}

#[test]
fn it_is_for_two_people_at_least_and_on_whole_minutes() {
    assert!(may_be_dedicated(&request()));
    for bad in [
        DedicateRequest { seats: 1, ..request() },
        DedicateRequest { seats: 501, ..request() },
        DedicateRequest { windows: vec![], ..request() },
        DedicateRequest { windows: vec![window(at(0).plus_ms(1), 60)], ..request() },
    ] {
        assert!(!may_be_dedicated(&bad), "{bad:?}");
    }
}
