use konf_api::ledger::HeldSeat;
use konf_contract::link::{AdmissionRequest, KeyedCredentials};
use konf_contract::{ConferenceNumber, GrantId, Language, LegId};
use serde_json::{Value, json};

use super::*;
use crate::load::window;
use crate::testing::{START, Script, at, caller, now};

const FACTS: &str = "/v1/facts/admission";
const PROPOSE: &str = "/v1/admissions";

fn request(credentials: Option<(&str, &str)>) -> AdmitRequest {
    let credentials = credentials
        .map(|(number, code)| KeyedCredentials { number: number.into(), code: code.into() });
    let request = AdmissionRequest { leg: LegId(7), caller: caller(), credentials };
    AdmitRequest { edge: "a".into(), boot: "boot".into(), request }
}

fn keyed() -> AdmitRequest {
    request(Some(("284917", "135792")))
}

/// A minute after the start of an hour for five, with the right PIN.
fn facts() -> AdmissionFacts {
    AdmissionFacts {
        now: at(1),
        booking: Some(AdmissionBooking {
            booking: "b1".into(),
            number: ConferenceNumber::new("284917").unwrap(),
            edge: "a".into(),
            window: window(START, 60),
            seats: 5,
            seats_taken: 2,
            language: Language::En,
            state: BookingState::Booked,
        }),
        matched: Some(Role::Participant),
        held: None,
        wrong_by_caller: 0,
        wrong_by_trunk: 0,
        wrong_by_conference: 0,
        known_caller: false,
        unpinned: false,
    }
}

fn value(facts: &AdmissionFacts) -> Value {
    serde_json::to_value(facts).unwrap()
}

fn with_booking(change: impl FnOnce(&mut AdmissionBooking)) -> AdmissionFacts {
    let mut facts = facts();
    change(facts.booking.as_mut().unwrap());
    facts
}

fn admitted(returning: bool) -> Value {
    json!({ "admitted": { "grant": "g1", "returning": returning, "former_leg": null, "policy": "sha256:1" } })
}

/// The answer when no seat is proposed, and the paths that were asked.
fn denied(facts: &AdmissionFacts) -> (Admission, Vec<&'static str>) {
    let script = Script::new([(FACTS, value(facts)), (PROPOSE, json!("noted"))]);
    let answer = now(admit(&script, &keyed(), 15)).unwrap();
    (answer, script.paths())
}

#[test]
fn the_right_code_gets_a_grant_with_all_that_the_edge_needs() {
    let script = Script::new([(FACTS, value(&facts())), (PROPOSE, admitted(false))]);
    let Ok(Admission::Granted(grant)) = now(admit(&script, &keyed(), 15)) else { panic!("denied") };
    assert_eq!(grant.grant, GrantId("g1".into()));
    assert_eq!((grant.seats, grant.role, grant.language), (5, Role::Participant, Language::En));
    assert_eq!((grant.leg_limit_s, grant.policy.as_str()), (Some(4200), "sha256:1"));
    assert_eq!(grant.window, window(START, 60));
    let proposed = script.last(PROPOSE);
    let expected = json!({ "admit": { "booking": "b1", "role": "participant", "held": null } });
    assert_eq!(proposed["verdict"], expected);
    assert_eq!(
        (&proposed["edge"], &proposed["boot"], &proposed["leg"]),
        (&json!("a"), &json!("boot"), &json!(7))
    );
}

#[test]
fn who_is_overtaken_by_a_first_caller_under_other_policies_is_decided_on_again() {
    let script = Script::new([
        (FACTS, value(&AdmissionFacts { unpinned: true, ..facts() })),
        (PROPOSE, json!("moved")),
        (FACTS, value(&facts())),
        (PROPOSE, admitted(false)),
    ]);
    let answer = now(admit(&script, &keyed(), 15)).unwrap();
    assert!(matches!(answer, Admission::Granted(_)), "{answer:?}");
    assert_eq!(script.paths(), [FACTS, PROPOSE, FACTS, PROPOSE]);
    assert_eq!(script.last(PROPOSE)["unpinned"], json!(false));
}

#[test]
fn a_leg_from_a_fixed_line_has_no_limit() {
    let mut request = keyed();
    request.request.caller.mobile = false;
    let script = Script::new([(FACTS, value(&facts())), (PROPOSE, admitted(false))]);
    let Ok(Admission::Granted(grant)) = now(admit(&script, &request, 15)) else { panic!("denied") };
    assert_eq!(grant.leg_limit_s, None);
}

#[test]
fn wrong_number_wrong_code_and_cancelled_take_the_same_steps_to_the_same_answer() {
    let wrong_number = AdmissionFacts { booking: None, matched: None, ..facts() };
    let wrong_code = AdmissionFacts { matched: None, ..facts() };
    let ended_wrong = AdmissionFacts {
        matched: None,
        ..with_booking(|booking| booking.state = BookingState::Ended)
    };
    let cancelled = with_booking(|booking| booking.state = BookingState::Cancelled);
    for facts in [wrong_number, wrong_code, ended_wrong, cancelled] {
        let (answer, paths) = denied(&facts);
        assert_eq!(answer, Admission::Denied(Denial::Unknown), "{facts:?}");
        assert_eq!(paths, [FACTS, PROPOSE], "{facts:?}");
    }
}

#[test]
fn a_wrong_try_is_noted_against_the_keyed_number_whether_or_not_a_conference_has_it() {
    let cases = [
        (facts().booking, "284917", json!("284917")),
        (None, "284917", json!("284917")),
        (None, "28", json!(null)),
    ];
    for (booking, number, noted) in cases {
        let facts = AdmissionFacts { booking, matched: None, ..facts() };
        let script = Script::new([(FACTS, value(&facts)), (PROPOSE, json!("noted"))]);
        now(admit(&script, &request(Some((number, "000111"))), 15)).unwrap();
        let expected = json!({ "wrong-try": { "conference": noted } });
        assert_eq!(script.last(PROPOSE)["verdict"], expected);
    }
}

#[test]
fn the_right_code_learns_why_it_does_not_get_in() {
    let language = Language::En;
    let early = AdmissionFacts { now: at(-16), ..facts() };
    let ended = with_booking(|booking| booking.state = BookingState::Ended);
    let full = with_booking(|booking| booking.seats_taken = 5);
    for (facts, denial) in [
        (early, Denial::NotYet { starts: START, language }),
        (ended, Denial::Ended { language }),
        (full, Denial::Full { language }),
        (AdmissionFacts { wrong_by_caller: 10, ..facts() }, Denial::TooManyTries),
    ] {
        let (answer, paths) = denied(&facts);
        assert_eq!(answer, Admission::Denied(denial));
        assert_eq!(paths, [FACTS], "nothing is noted");
    }
}

#[test]
fn a_caller_at_another_edge_than_the_conference_takes_no_seat_and_guesses_learn_nothing_by_it() {
    let elsewhere = with_booking(|booking| booking.edge = "b".into());
    let script = Script::new([(FACTS, value(&elsewhere))]);
    let answer = now(admit(&script, &keyed(), 15)).unwrap();
    assert_eq!(answer, Admission::Denied(Denial::Unavailable));
    let (answer, paths) = denied(&AdmissionFacts { matched: None, ..elsewhere });
    assert_eq!((answer, paths), (Admission::Denied(Denial::Unknown), vec![FACTS, PROPOSE]));
}

#[test]
fn the_grace_is_as_configured() {
    let early = AdmissionFacts { now: at(-16), ..facts() };
    let script = Script::new([(FACTS, value(&early)), (PROPOSE, admitted(false))]);
    assert!(matches!(now(admit(&script, &keyed(), 16)), Ok(Admission::Granted(_))));
}

#[test]
fn the_ledger_has_the_last_word_on_the_seat() {
    let language = Language::En;
    for (outcome, denial) in
        [("full", Denial::Full { language }), ("gone", Denial::Ended { language })]
    {
        let script = Script::new([(FACTS, value(&facts())), (PROPOSE, json!(outcome))]);
        assert_eq!(now(admit(&script, &keyed(), 15)), Ok(Admission::Denied(denial)));
    }
}

#[test]
fn without_credentials_and_a_held_seat_there_is_none() {
    let nobody = AdmissionFacts { booking: None, matched: None, ..facts() };
    let script = Script::new([(FACTS, value(&nobody))]);
    assert_eq!(now(admit(&script, &request(None), 15)), Ok(Admission::NoSeatHeld));
    assert!(script.is_over());
}

fn held() -> AdmissionFacts {
    let seat = HeldSeat { grant: GrantId("g0".into()), role: Role::Organiser, until: at(70) };
    AdmissionFacts {
        held: Some(seat),
        matched: None,
        ..with_booking(|booking| booking.seats_taken = 5)
    }
}

#[test]
fn who_comes_back_to_a_held_seat_needs_no_code_and_keeps_the_role() {
    let script = Script::new([(FACTS, value(&held())), (PROPOSE, admitted(true))]);
    let Ok(Admission::Granted(grant)) = now(admit(&script, &request(None), 15)) else {
        panic!("denied")
    };
    assert!(grant.returning);
    assert_eq!(grant.role, Role::Organiser);
    assert_eq!(script.last(PROPOSE)["verdict"]["admit"]["held"], "g0");
}

#[test]
fn a_held_seat_that_goes_meanwhile_is_no_held_seat() {
    let script = Script::new([(FACTS, value(&held())), (PROPOSE, json!("gone"))]);
    assert_eq!(now(admit(&script, &request(None), 15)), Ok(Admission::NoSeatHeld));
}

#[test]
fn a_held_seat_lends_a_wrong_code_nothing_and_a_right_one_gives_its_role() {
    let (answer, paths) = denied(&held());
    assert_eq!(answer, Admission::Denied(Denial::Unknown));
    assert_eq!(paths, [FACTS, PROPOSE]);

    let right = AdmissionFacts { matched: Some(Role::Participant), ..held() };
    let script = Script::new([(FACTS, value(&right)), (PROPOSE, admitted(true))]);
    let Ok(Admission::Granted(grant)) = now(admit(&script, &keyed(), 15)) else { panic!("denied") };
    assert_eq!(grant.role, Role::Participant);
    assert_eq!(script.last(PROPOSE)["verdict"]["admit"]["held"], "g0");
}

#[test]
fn a_held_seat_of_a_cancelled_conference_is_none() {
    let mut cancelled = held();
    cancelled.booking.as_mut().unwrap().state = BookingState::Cancelled;
    let script = Script::new([(FACTS, value(&cancelled))]);
    assert_eq!(now(admit(&script, &request(None), 15)), Ok(Admission::NoSeatHeld));
}
