//! Number and code, keyed in by people and machines.

use konf_contract::LegId;
use konf_contract::link::{ControlReply, EndReason, Party};

use super::driver::{Answer, Desk, config, honest, minutes, seconds};
use crate::{Input, Key, Output};

#[test]
fn a_caller_enters_number_and_pin_and_is_in() {
    let mut desk = Desk::new();
    desk.call(1);
    assert_eq!(
        desk.take(),
        ["1 is answered", "1 hears Welcome", "ask 1 held", "1 hears EnterNumber"]
    );
    desk.keys(1, "100001#");
    assert_eq!(desk.take(), ["1 hears EnterPin"]);
    desk.keys(1, "1234#");
    assert_eq!(
        desk.take(),
        ["ask 1 100001 1234", "record joined 1", "1 joins", "1 hears Entered FirstHere"]
    );
}

#[test]
fn a_caller_without_a_number_is_not_looked_for_among_held_seats() {
    let mut desk = Desk::new();
    desk.call_from(1, None);
    assert_eq!(desk.take(), ["1 is answered", "1 hears Welcome", "1 hears EnterNumber"]);
}

#[test]
fn everything_may_be_keyed_in_one_go_while_prompts_play_and_control_is_asked() {
    let mut desk = Desk::with(crate::Config { ask_names: true, ..config() });
    desk.plays = false;
    desk.admit = Box::new(|_| Answer::Silence);
    desk.call(1);
    desk.keys(1, "100001#1234##*6");
    assert_eq!(desk.take(), ["1 is answered", "1 hears Welcome", "ask 1 held", "1 hears no more"]);
    desk.admit = Box::new(|request| honest(request, |_| {}));
    desk.wait(seconds(5));
    // The hash ended the name, and `*6` was meant for the room.
    assert_eq!(
        desk.take(),
        [
            "ask 1 100001 1234",
            "record joined 1",
            "1 joins",
            "1 hears Entered FirstHere",
            "1 muted true",
            "1 hears no more",
            "1 hears Muted"
        ]
    );
}

#[test]
fn a_key_silences_the_prompt() {
    let mut desk = Desk::new();
    desk.plays = false;
    desk.call(1);
    desk.forget();
    desk.keys(1, "10");
    assert_eq!(desk.take(), ["1 hears no more"]);
}

#[test]
fn a_star_erases_the_entry() {
    let mut desk = Desk::new();
    desk.call(1);
    desk.keys(1, "999*100001#77*1234#");
    assert_eq!(desk.take_of("ask 1 1"), ["ask 1 100001 1234"]);
}

#[test]
fn wrong_number_and_wrong_pin_sound_alike_and_both_are_asked_first() {
    let said = ["100001#9999#", "999999#1234#"].map(|keys| {
        let mut desk = Desk::new();
        desk.call(1);
        desk.forget();
        desk.keys(1, keys);
        desk.take_of("1 hears")
    });
    assert_eq!(said[0], ["1 hears EnterPin", "1 hears WrongCredentials", "1 hears EnterNumber"]);
    assert_eq!(said[0], said[1]);
}

#[test]
fn after_three_wrong_tries_comes_a_goodbye() {
    let mut desk = Desk::new();
    desk.call(1);
    desk.keys(1, "1#2#3#4#");
    assert_eq!(desk.switchboard.legs(), 1);
    desk.forget();
    desk.keys(1, "5#6#");
    assert_eq!(
        desk.take(),
        [
            "1 hears EnterPin",
            "ask 1 5 6",
            "1 hears WrongCredentials Goodbye",
            "1 is hung up denied",
            "record left 1 Denied Konf"
        ]
    );
    assert_eq!(desk.switchboard.legs(), 0);
}

#[test]
fn three_tries_may_be_keyed_ahead() {
    let mut desk = Desk::new();
    desk.call(1);
    desk.keys(1, "100001#1##100001#1234#");
    assert_eq!(desk.take_of("1 joins"), ["1 joins"]);
}

#[test]
fn entries_are_bounded_and_too_long_ones_are_wrong() {
    let mut desk = Desk::new();
    desk.call(1);
    desk.keys(1, "100001000010000#");
    desk.keys(1, "12341234123412341234#");
    assert_eq!(desk.take_of("ask 1 1"), ["ask 1 10000100001 1234123412341"]);
}

#[test]
fn silence_repeats_the_prompt_twice_and_then_says_goodbye() {
    let mut desk = Desk::new();
    desk.call(1);
    desk.forget();
    desk.wait(seconds(9));
    assert_eq!(desk.take(), [""; 0]);
    desk.wait(seconds(1));
    assert_eq!(desk.take(), ["1 hears EnterNumber"]);
    desk.wait(seconds(10));
    assert_eq!(desk.take(), ["1 hears EnterNumber"]);
    desk.wait(seconds(10));
    assert_eq!(
        desk.take(),
        ["1 hears Goodbye", "1 is hung up denied", "record left 1 Denied Konf"]
    );
}

#[test]
fn patience_begins_when_the_prompt_has_been_heard() {
    let mut desk = Desk::new();
    desk.plays = false;
    desk.call(1);
    let outputs = desk.take();
    assert_eq!(outputs.last().unwrap(), "1 hears EnterNumber");
    desk.wait(seconds(12));
    assert_eq!(desk.take(), [""; 0]);
    for playback in 1..=2 {
        desk.input(Input::Played { leg: LegId(1), playback: crate::PlaybackId(playback) });
    }
    desk.wait(seconds(10));
    assert_eq!(desk.take(), ["1 hears EnterNumber"]);
}

#[test]
fn a_prompt_whose_end_is_never_reported_does_not_hold_a_call_for_ever() {
    let mut desk = Desk::new();
    desk.plays = false;
    desk.call(1);
    desk.wait(minutes(3));
    assert_eq!(desk.switchboard.legs(), 0);
}

#[test]
fn a_forgotten_hash_may_follow_the_repeated_prompt_and_digits_start_over() {
    let mut desk = Desk::new();
    desk.call(1);
    desk.keys(1, "100001");
    desk.wait(seconds(10));
    desk.keys(1, "#12");
    desk.wait(seconds(10));
    desk.keys(1, "1234#");
    assert_eq!(desk.take_of("ask 1 1"), ["ask 1 100001 1234"]);
}

#[test]
fn erasing_for_ever_does_not_hold_a_call_for_ever() {
    let mut desk = Desk::new();
    desk.call(1);
    for _ in 0..59 {
        desk.keys(1, "1*");
        desk.wait(seconds(5));
    }
    desk.keys(1, "1*");
    desk.forget();
    desk.wait(seconds(5));
    assert_eq!(desk.take()[..2], ["1 hears Goodbye", "1 is hung up denied"]);
}

#[test]
fn hashes_alone_do_not_hold_a_call_for_ever() {
    let mut desk = Desk::new();
    desk.call(1);
    desk.keys(1, "###");
    assert_eq!(desk.switchboard.legs(), 0);
}

#[test]
fn when_control_cannot_be_reached_it_is_asked_once_more() {
    for answer in [
        Answer::Lost,
        Answer::Silence,
        Answer::Reply(ControlReply::Failed { reason: "busy".into(), retry: true }),
    ] {
        let mut desk = Desk::answering(answer);
        desk.call(1);
        desk.forget();
        desk.keys(1, "100001#1234#");
        desk.wait(seconds(12));
        assert_eq!(
            desk.take(),
            [
                "1 hears EnterPin",
                "ask 1 100001 1234",
                "ask 1 100001 1234",
                "1 hears Unavailable",
                "1 is hung up denied",
                "record left 1 Denied Konf"
            ]
        );
    }
}

#[test]
fn the_retry_may_succeed() {
    let mut desk = Desk::new();
    let mut asked = 0;
    desk.admit = Box::new(move |request| {
        asked += 1;
        if asked == 2 { Answer::Lost } else { honest(request, |_| {}) }
    });
    desk.enter(1);
    desk.wait(seconds(1));
    assert_eq!(desk.take_of("1 joins"), ["1 joins"]);
}

#[test]
fn a_call_that_ends_in_the_menu_leaves_a_record_without_a_grant() {
    let mut desk = Desk::new();
    desk.call(1);
    desk.wait(seconds(7));
    desk.hang_up(1);
    let left = &desk.left[0];
    assert_eq!(
        (left.duration_ms, left.end.reason, left.end.who),
        (7000, EndReason::HungUp, Party::Caller)
    );
    assert_eq!((left.grant.as_ref(), left.joined), (None, None));
    assert_eq!(left.end.detail.as_deref(), Some("BYE"));
}

#[test]
fn a_call_that_was_never_answered_leaves_no_record() {
    let mut desk = Desk::new();
    let caller = konf_contract::Caller {
        number: None,
        network: "internet".into(),
        trunk: "internet".into(),
        mobile: false,
    };
    let leg = LegId(1);
    desk.switchboard.handle_input(desk.now, Input::Incoming { leg, caller });
    assert_eq!(desk.switchboard.poll_output(), Some(Output::Answer { leg }));
    desk.hang_up(1);
    assert_eq!((desk.take(), desk.switchboard.legs()), (vec![], 0));
}

#[test]
fn keys_do_not_print() {
    let mut desk = Desk::new();
    desk.call(1);
    // Longer than what an instant shows by chance.
    desk.keys(1, "100001#73598264");
    let shown =
        format!("{:?} {:?}", desk.switchboard, Input::Key { leg: LegId(1), key: Key::Number(7) });
    assert!(!shown.contains("73598264") && !shown.contains("Number(7)"), "{shown}");
}
