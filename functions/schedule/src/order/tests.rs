use konf_api::ledger::{BookingFacts, OwnBooking, Restriction};
use konf_contract::ConferenceNumber;
use serde_json::{Value, json};

use super::*;
use crate::load::window;
use crate::testing::{
    NOW, START, Script, SplitMix, at, default_offers, default_placement, edge, now, sender,
};

fn request() -> OrderRequest {
    let order = Order {
        language: Language::En,
        window: window(START, 60),
        wall: "2027-07-09T14:00".into(),
        zone: "Europe/Prague".into(),
        seats: 10,
    };
    OrderRequest {
        inbound: "m1".into(),
        sender: sender(),
        now: NOW,
        order,
        manner: Manner::default(),
    }
}

fn facts(edges: Vec<konf_api::ledger::EdgeLoad>) -> Value {
    serde_json::to_value(OrderFacts { now: NOW, restriction: None, edges }).unwrap()
}

fn free() -> Value {
    facts(vec![edge("a", 20, &[(0, 10)]), edge("b", 20, &[(0, 4)])])
}

const FACTS: &str = "/v1/facts/order";
const COMMIT: &str = "/v1/commit";

fn committed() -> Value {
    json!({ "committed": { "booking": "b1" } })
}

fn held(index: u32, start: i64) -> HeldOffer {
    HeldOffer {
        offer: format!("o{index}"),
        index,
        edge: "a".into(),
        window: window(at(start), 60),
        seats: 10,
        language: Language::En,
        until: NOW.plus_ms(HELD_MS),
    }
}

fn offers_facts(offers: Vec<HeldOffer>) -> Value {
    serde_json::to_value(OffersFacts { now: NOW, restriction: None, offers }).unwrap()
}

fn take(index: u32) -> TakeOfferRequest {
    TakeOfferRequest {
        inbound: "m2".into(),
        sender: sender(),
        index,
        language: Language::En,
        manner: Manner::default(),
    }
}

#[test]
fn an_order_that_fits_is_booked_on_the_least_loaded_edge() {
    let script = Script::new([(FACTS, free()), (COMMIT, committed())]);
    let answer = now(order(&script, &request())).unwrap();
    let proposal = script.last(COMMIT);
    let booking = &proposal["effect"]["book"];
    assert_eq!((&booking["edge"], &booking["seats"]), (&json!("b"), &json!(10)));
    assert_eq!(booking["wall"], "2027-07-09T14:00");
    assert_eq!(proposal["inbound"], "m1");
    let number = booking["number"].as_str().unwrap();
    assert_eq!(answer, OrderAnswer::Booked { number: ConferenceNumber::new(number).unwrap() });
    // The message tells what is booked, in the language of the order.
    let render = script.last("render");
    assert_eq!(render["language"], "en");
    let told = &render["message"]["credentials"];
    for what in ["number", "pin", "password", "window", "seats"] {
        assert_eq!(told[what], booking[what], "{what}");
    }
}

#[test]
fn the_load_is_asked_for_half_a_day_around_but_not_in_the_past() {
    let window = window(START, 60);
    assert_eq!(span(&window, NOW), Window { start: at(-720), end: at(780) });
    let soon = span(&window, at(-30).plus_ms(1));
    assert_eq!(soon, Window { start: at(-30), end: at(780) });
    assert!(span(&window, at(500)).start <= window.start);
}

#[test]
fn when_another_takes_the_seats_or_the_number_it_is_decided_again() {
    for moved in ["capacity", "number-taken"] {
        let script = Script::new([
            (FACTS, free()),
            (COMMIT, json!({ "moved": moved })),
            (FACTS, free()),
            (COMMIT, committed()),
        ]);
        let first_and_second = |script: &Script| -> Vec<Value> {
            let asked = script.asked.borrow();
            let commits = asked.iter().filter(|(path, _)| *path == COMMIT);
            commits.map(|(_, asked)| asked["effect"]["book"]["number"].clone()).collect()
        };
        assert!(matches!(now(order(&script, &request())), Ok(OrderAnswer::Booked { .. })));
        let numbers = first_and_second(&script);
        assert_ne!(numbers[0], numbers[1], "each round draws anew");
    }
}

#[test]
fn when_the_facts_move_in_every_round_the_caller_may_try_again() {
    let rounds = [(FACTS, free()), (COMMIT, json!({ "moved": "capacity" }))];
    let script = Script::new(std::iter::repeat_n(rounds, ROUNDS_MAX).flatten());
    assert_eq!(now(order(&script, &request())), Err(CallError::Moving));
    assert!(script.is_over());
}

#[test]
fn an_order_that_does_not_fit_is_answered_with_held_offers() {
    let full = facts(vec![edge("a", 20, &[(0, 12), (60, 0)])]);
    let script = Script::new([(FACTS, full), (COMMIT, committed())]);
    assert_eq!(now(order(&script, &request())), Ok(OrderAnswer::Offered { offers: 2 }));
    let held = &script.last(COMMIT)["effect"]["hold-offers"];
    let told = &script.last("render")["message"]["offers"];
    assert_eq!(held["until"], json!(NOW.plus_ms(10 * 60_000)));
    assert_eq!(told["until"], held["until"]);
    for (held, told) in
        held["offers"].as_array().unwrap().iter().zip(told["offers"].as_array().unwrap())
    {
        for what in ["index", "window", "seats"] {
            assert_eq!(held[what], told[what], "{what}");
        }
    }
}

#[test]
fn a_crowd_spreads_over_ever_more_times() {
    for (round, times) in [(0, 1), (1, 4), (2, 16), (3, 64), (23, 64)] {
        assert_eq!((0..64).map(|random| spread(round, random)).max(), Some(times - 1));
    }
}

#[test]
fn when_nothing_fits_the_sender_is_told_so() {
    let script = Script::new([
        (FACTS, facts(vec![])),
        (COMMIT, json!({ "committed": { "booking": null } })),
    ]);
    let answer = now(order(&script, &request())).unwrap();
    assert_eq!(answer, OrderAnswer::Refused { reason: "nothing fits".into() });
    assert_eq!(script.last("render")["message"], "nothing-fits");
    assert_eq!(script.last(COMMIT)["effect"], "answer");
}

#[test]
fn an_order_that_waited_until_it_was_over_is_refused_with_a_right_example() {
    let late = OrderFacts { now: at(60), restriction: None, edges: vec![edge("a", 20, &[])] };
    let decided = |now| {
        let mut random = SplitMix(1);
        let facts = OrderFacts { now, ..late.clone() };
        let span = span(&request().order.window, now);
        let random = || random.next();
        decide(&request().order, &facts, span, 0, default_offers, default_placement, random)
    };
    let message = decided(at(60)).message;
    let example = "conf 1007 1500 60 10".into();
    assert_eq!(message, Message::Refusal { fault: Fault::Past { start: START }, example });
    assert!(matches!(decided(at(59)).effect, Effect::Book(_)));
}

#[test]
fn a_restricted_sender_is_told_so_and_books_nothing() {
    let until = Some(at(0));
    let restriction = Some(Restriction { reason: "abuse".into(), until });
    let edges = vec![edge("a", 20, &[])];
    let facts = serde_json::to_value(OrderFacts { now: NOW, restriction, edges }).unwrap();
    let script = Script::new([(FACTS, facts), (COMMIT, committed())]);
    let answer = now(order(&script, &request())).unwrap();
    assert_eq!(answer, OrderAnswer::Refused { reason: "restricted".into() });
    assert_eq!(script.last("render")["message"]["restricted"]["until"], json!(at(0)));
    assert_eq!(script.last(COMMIT)["effect"], "answer");
}

#[test]
fn a_message_that_was_answered_before_is_repeated() {
    let script = Script::new([(FACTS, free()), (COMMIT, json!("repeated"))]);
    assert_eq!(now(order(&script, &request())), Ok(OrderAnswer::Repeated));
}

#[test]
fn without_the_ledger_nothing_is_promised() {
    let script = Script::new([(FACTS, json!("unreachable"))]);
    assert!(matches!(now(order(&script, &request())), Err(CallError::Unreachable(_))));
    let script = Script::new([(FACTS, free()), (COMMIT, json!("unreachable"))]);
    assert!(matches!(now(order(&script, &request())), Err(CallError::Unreachable(_))));
}

#[test]
fn only_standard_orders_on_whole_minutes_are_decided() {
    let good = request().order;
    assert!(is_standard(&good));
    let end = good.window.end;
    for bad in [
        Order { seats: 1, ..good.clone() },
        Order { seats: 21, ..good.clone() },
        Order { window: window(START, 0), ..good.clone() },
        Order { window: window(START, 121), ..good.clone() },
        Order { window: window(START.plus_ms(1), 60), ..good.clone() },
        Order { window: Window { start: START, end: end.plus_ms(1) }, ..good.clone() },
        Order { window: window(UnixMs(i64::MAX), 60), ..good.clone() },
    ] {
        assert!(!is_standard(&bad), "{bad:?}");
    }
}

#[test]
fn a_held_offer_becomes_a_booking_at_its_own_time() {
    let facts = offers_facts(vec![held(1, -20), held(2, 90)]);
    let script = Script::new([("/v1/facts/offers", facts), (COMMIT, committed())]);
    assert!(matches!(now(take_offer(&script, &take(2))), Ok(OrderAnswer::Booked { .. })));
    let taken = &script.last(COMMIT)["effect"]["take-offer"];
    assert_eq!(taken["offer"], "o2");
    assert_eq!(taken["booking"]["wall"], "2027-07-09T15:30");
    assert_eq!(taken["booking"]["zone"], "Europe/Prague");
    assert_eq!(script.last("render")["language"], "en");
}

#[test]
fn who_has_no_offer_any_more_is_told_so_in_a_language_that_is_likely() {
    for language in [Language::Cs, Language::En] {
        let script =
            Script::new([("/v1/facts/offers", offers_facts(vec![])), (COMMIT, committed())]);
        let answer = now(take_offer(&script, &TakeOfferRequest { language, ..take(2) })).unwrap();
        assert_eq!(answer, OrderAnswer::Refused { reason: "offer gone".into() });
        assert_eq!(script.last("render")["message"], "offer-gone");
        assert_eq!(script.last("render")["language"], json!(language));
        assert_eq!(script.last(COMMIT)["effect"], "answer");
    }
}

#[test]
fn who_replies_a_number_that_was_never_offered_hears_again_what_is_held() {
    let facts = offers_facts(vec![held(1, -20), held(2, 90)]);
    let script = Script::new([("/v1/facts/offers", facts), (COMMIT, committed())]);
    let request = TakeOfferRequest { language: Language::Cs, ..take(3) };
    let answer = now(take_offer(&script, &request)).unwrap();
    assert_eq!(answer, OrderAnswer::Refused { reason: "no such offer".into() });
    assert_eq!(script.last(COMMIT)["effect"], "answer");
    let render = script.last("render");
    // The language of the order counts, and they are not held any longer than they were.
    assert_eq!(render["language"], "en");
    let told = &render["message"]["offers"];
    assert_eq!(told["until"], json!(NOW.plus_ms(HELD_MS)));
    let indexes: Vec<_> =
        told["offers"].as_array().unwrap().iter().map(|it| &it["index"]).collect();
    assert_eq!(indexes, [&json!(1), &json!(2)]);
}

#[test]
fn an_offer_that_goes_while_it_is_taken_is_decided_again() {
    let script = Script::new([
        ("/v1/facts/offers", offers_facts(vec![held(1, -20)])),
        (COMMIT, json!({ "moved": "offer-gone" })),
        ("/v1/facts/offers", offers_facts(vec![])),
        (COMMIT, committed()),
    ]);
    let answer = now(take_offer(&script, &take(1))).unwrap();
    assert_eq!(answer, OrderAnswer::Refused { reason: "offer gone".into() });
}

fn own(state: BookingState) -> Value {
    let booking = OwnBooking {
        booking: "b1".into(),
        number: ConferenceNumber::new("284917").unwrap(),
        window: window(START, 60),
        seats: 10,
        language: Language::En,
        state,
        event: None,
    };
    serde_json::to_value(BookingFacts { now: NOW, booking: Some(booking), guests: Vec::new() })
        .unwrap()
}

fn cancellation() -> CancelRequest {
    let number = ConferenceNumber::new("284917").unwrap();
    CancelRequest { inbound: "m3".into(), sender: sender(), number, language: Language::Cs }
}

#[test]
fn a_booking_is_cancelled_and_told_in_the_language_of_its_order() {
    let script =
        Script::new([("/v1/facts/booking", own(BookingState::Booked)), (COMMIT, committed())]);
    assert_eq!(now(cancel(&script, &cancellation())), Ok(OrderAnswer::Cancelled));
    assert_eq!(script.last(COMMIT)["effect"]["cancel"]["booking"], "b1");
    assert_eq!(script.last("render")["language"], "en");
}

#[test]
fn guests_hear_of_a_cancellation_as_well() {
    let mut facts = own(BookingState::Booked);
    let petr = json!({ "email": "petr@example.cz" });
    facts["guests"] = json!([{ "contact": petr, "pin": "777888" }]);
    let script = Script::new([("/v1/facts/booking", facts), (COMMIT, committed())]);
    assert_eq!(now(cancel(&script, &cancellation())), Ok(OrderAnswer::Cancelled));
    let written = script.written();
    assert_eq!(written.len(), 2);
    assert_eq!(written[1].0, petr);
    assert_eq!(written[0].1, written[1].1);
}

#[test]
fn what_is_not_there_or_over_is_nothing_to_cancel() {
    let none =
        serde_json::to_value(BookingFacts { now: NOW, booking: None, guests: Vec::new() }).unwrap();
    for facts in [none, own(BookingState::Cancelled), own(BookingState::Ended)] {
        let script = Script::new([("/v1/facts/booking", facts), (COMMIT, committed())]);
        let answer = now(cancel(&script, &cancellation())).unwrap();
        assert_eq!(answer, OrderAnswer::Refused { reason: "nothing to cancel".into() });
        assert_eq!(script.last(COMMIT)["effect"], "answer");
    }
}
