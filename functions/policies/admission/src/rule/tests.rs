use super::*;

const MINUTE: i64 = 60_000;
const START: i64 = 1_000_000 * MINUTE;

/// A conference of five that started a minute ago, two inside, and a caller with the right PIN.
fn facts() -> Facts {
    Facts {
        now_ms: START + MINUTE,
        starts_ms: START,
        ends_ms: START + 60 * MINUTE,
        state: State::Booked,
        grace_min: 15,
        seats: 5,
        seats_taken: 2,
        matched: Some(Role::Participant),
        returning: false,
        wrong_by_caller: 0,
        wrong_by_trunk: 0,
        wrong_by_conference: 0,
        known_caller: false,
    }
}

/// Every combination of what a conference may be like, with the given start.
fn everything(base: &Facts) -> Vec<Facts> {
    let mut all = Vec::new();
    for state in [State::Booked, State::Cancelled, State::Ended] {
        for now_ms in [START - 60 * MINUTE, START - 15 * MINUTE, START, START + 60 * MINUTE] {
            for seats_taken in [0, 4, 5, 6] {
                for known_caller in [false, true] {
                    all.push(Facts { state, now_ms, seats_taken, known_caller, ..base.clone() });
                }
            }
        }
    }
    all
}

#[test]
fn the_right_code_in_time_is_admitted_in_its_role() {
    assert_eq!(decide(&facts()), Verdict::Admit(Role::Participant));
    let organiser = Facts { matched: Some(Role::Organiser), ..facts() };
    assert_eq!(decide(&organiser), Verdict::Admit(Role::Organiser));
}

#[test]
fn a_wrong_code_sounds_the_same_whatever_became_of_the_conference() {
    for facts in everything(&Facts { matched: None, ..facts() }) {
        assert_eq!(decide(&facts), Verdict::Unknown, "{facts:?}");
    }
}

#[test]
fn over_the_limit_a_right_code_sounds_like_a_wrong_one() {
    let over = [
        Facts { wrong_by_caller: 10, ..facts() },
        Facts { wrong_by_trunk: 200, ..facts() },
        Facts { wrong_by_conference: 10, ..facts() },
    ];
    for facts in over.iter().flat_map(everything).filter(|facts| !facts.known_caller) {
        for matched in [None, Some(Role::Participant), Some(Role::Organiser)] {
            let tried = Facts { matched, ..facts.clone() };
            assert_eq!(decide(&tried), Verdict::TooManyTries, "{tried:?}");
        }
    }
}

#[test]
fn just_below_the_limits_nobody_is_slowed() {
    let facts =
        Facts { wrong_by_caller: 9, wrong_by_trunk: 199, wrong_by_conference: 9, ..facts() };
    assert_eq!(decide(&facts), Verdict::Admit(Role::Participant));
}

#[test]
fn a_known_caller_is_slowed_by_the_own_tries_only() {
    let strangers =
        Facts { wrong_by_trunk: 500, wrong_by_conference: 500, known_caller: true, ..facts() };
    assert_eq!(decide(&strangers), Verdict::Admit(Role::Participant));
    let own = Facts { wrong_by_caller: 10, ..strangers };
    assert_eq!(decide(&own), Verdict::TooManyTries);
}

#[test]
fn a_cancelled_conference_is_as_if_it_had_never_been() {
    assert_eq!(decide(&Facts { state: State::Cancelled, ..facts() }), Verdict::Unknown);
}

#[test]
fn after_the_end_the_right_code_is_told_so() {
    assert_eq!(decide(&Facts { state: State::Ended, ..facts() }), Verdict::Ended);
    assert_eq!(decide(&Facts { now_ms: START + 60 * MINUTE, ..facts() }), Verdict::Ended);
    assert!(matches!(
        decide(&Facts { now_ms: START + 60 * MINUTE - 1, ..facts() }),
        Verdict::Admit(_)
    ));
}

#[test]
fn callers_may_wait_inside_from_the_grace_on() {
    assert_eq!(decide(&Facts { now_ms: START - 15 * MINUTE - 1, ..facts() }), Verdict::NotYet);
    assert!(matches!(decide(&Facts { now_ms: START - 15 * MINUTE, ..facts() }), Verdict::Admit(_)));
}

#[test]
fn the_last_seat_is_given_and_none_after_it() {
    assert!(matches!(decide(&Facts { seats_taken: 4, ..facts() }), Verdict::Admit(_)));
    assert_eq!(decide(&Facts { seats_taken: 5, ..facts() }), Verdict::Full);
}

#[test]
fn who_comes_back_to_a_held_seat_passes_all_but_the_end() {
    let back = Facts {
        returning: true,
        seats_taken: 5,
        wrong_by_caller: 99,
        wrong_by_trunk: 999,
        ..facts()
    };
    assert_eq!(decide(&back), Verdict::Admit(Role::Participant));
    assert_eq!(decide(&Facts { now_ms: START + 60 * MINUTE, ..back.clone() }), Verdict::Ended);
    assert_eq!(decide(&Facts { state: State::Ended, ..back.clone() }), Verdict::Ended);
    assert_eq!(decide(&Facts { state: State::Cancelled, ..back }), Verdict::Unknown);
}

#[test]
fn instants_at_the_edge_of_time_do_not_overflow() {
    let facts = Facts { starts_ms: i64::MIN, grace_min: u32::MAX, ..facts() };
    assert!(matches!(decide(&facts), Verdict::Admit(_)));
}
