//! From the answer to the room or to a goodbye.

use konf_contract::link::{Admission, ControlReply, Denial, EndReason, Party};
use konf_contract::{Language, LegId, Role, UnixMs};

use super::driver::{Answer, Desk, WALL, config, grant, honest, minutes, seconds};
use crate::{Input, Key, Output};

fn at(minutes: i64) -> UnixMs {
    WALL.plus_ms(minutes * UnixMs::MINUTE)
}

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
fn each_denial_has_its_words() {
    let language = Language::En;
    let cases = [
        (
            Denial::NotYet { starts: at(90), language },
            "en:StartsAt en:TodayAt en:Hour(15) en:Minute(30) en:Goodbye",
        ),
        (
            Denial::NotYet { starts: at(120), language },
            "en:StartsAt en:TodayAt en:Hour(16) en:Goodbye",
        ),
        (
            Denial::NotYet { starts: at(24 * 60), language },
            "en:StartsAt en:Day(10) en:Month(7) en:Hour(14) en:Goodbye",
        ),
        (Denial::Ended { language }, "en:Ended en:Goodbye"),
        (Denial::Full { language }, "en:Full en:Goodbye"),
        (Denial::TooManyTries, "TooManyTries"),
        (Denial::Unavailable, "Unavailable"),
    ];
    for (denial, words) in cases {
        let mut desk = Desk::answering(denial);
        desk.call(1);
        desk.keys(1, "100001#");
        desk.forget();
        desk.keys(1, "1234#");
        assert_eq!(
            desk.take()[1..],
            [
                format!("1 hears {words}"),
                "1 is hung up denied".into(),
                "record left 1 Denied Konf".into()
            ]
        );
    }
}

#[test]
fn who_comes_before_the_start_waits_with_music_and_is_let_in_at_the_start() {
    let mut desk = Desk::granting(|grant| grant.window.start = at(10));
    desk.enter(1);
    assert_eq!(
        desk.take_of("1 ")[3..],
        [
            "1 hears EnterPin",
            "1 hears StartsAt TodayAt Hour(14) Minute(10) MayWait",
            "1 music true"
        ]
    );
    desk.wait(minutes(10) - seconds(1));
    assert_eq!(desk.take(), [""; 0]);
    desk.wait(seconds(1));
    assert_eq!(
        desk.take(),
        ["1 music false", "record joined 1", "1 joins", "1 hears Entered FirstHere"]
    );
}

#[test]
fn keys_pressed_while_waiting_mean_nothing_later() {
    let mut desk = Desk::with(crate::Config { ask_names: true, ..config() });
    desk.admit = Box::new(|request| honest(request, |grant| grant.window.start = at(10)));
    desk.enter(1);
    desk.keys(1, "*6123*1");
    desk.forget();
    desk.wait(minutes(10));
    assert_eq!(desk.take()[..2], ["1 music false", "1 hears SayName RecordTone"]);
}

#[test]
fn a_telephone_that_dials_by_itself_mutes_nobody_when_it_is_let_back_in() {
    let mut desk = Desk::new();
    desk.admit = Box::new(|request| {
        let mut grant = grant(request.leg, Role::Organiser);
        grant.returning = true;
        Admission::Granted(grant).into()
    });
    desk.call(1);
    desk.forget();
    desk.keys(1, "100001#98765432##");
    assert_eq!(desk.take(), [""; 0]);
}

#[test]
fn a_wall_clock_that_jumps_does_not_move_the_start() {
    let mut desk = Desk::granting(|grant| grant.window.start = at(10));
    desk.enter(1);
    desk.now.wall = at(-600);
    desk.wait(minutes(10));
    assert_eq!(desk.take_of("1 joins"), ["1 joins"]);
}

#[test]
fn a_name_is_asked_recorded_and_told_to_the_room() {
    let mut desk = Desk::with(crate::Config { ask_names: true, ..config() });
    desk.enter(1);
    desk.forget();
    desk.says_name = None;
    desk.enter(2);
    assert_eq!(
        desk.take()[5..],
        ["ask 2 100001 1234", "2 hears SayName RecordTone", "2 says a name"]
    );
    desk.keys(2, "#");
    assert_eq!(
        desk.take(),
        [
            "2 has said it",
            "record joined 2",
            "room hears Joining NameOf(2)",
            "2 joins",
            "2 hears Entered"
        ]
    );
    desk.wait(seconds(5));
    desk.hang_up(2);
    assert_eq!(
        desk.take(),
        ["record left 2 HungUp Caller", "2 leaves", "room hears Leaving NameOf(2)"]
    );
    desk.wait(minutes(1));
    assert_eq!(desk.take(), ["forget [2]"]);
}

#[test]
fn who_says_nothing_comes_with_a_chime() {
    let mut desk = Desk::with(crate::Config { ask_names: true, ..config() });
    desk.says_name = Some(false);
    desk.enter(1);
    desk.enter(2);
    assert_eq!(desk.take_of("room"), ["room hears EntryChime"]);
    desk.wait(seconds(5));
    desk.hang_up(1);
    assert_eq!(desk.take_of("room"), ["room hears LeaveChime"]);
}

#[test]
fn a_recording_whose_end_is_not_reported_ends_by_itself() {
    let mut desk = Desk::with(crate::Config { ask_names: true, ..config() });
    desk.says_name = None;
    desk.enter(1);
    desk.forget();
    desk.wait(seconds(7));
    assert_eq!(desk.take()[..3], ["1 has said it", "record joined 1", "1 joins"]);
}

#[test]
fn a_held_seat_lets_the_caller_back_in_without_number_pin_and_name() {
    let mut desk = Desk::with(crate::Config { ask_names: true, ..config() });
    desk.enter(1);
    desk.admit = Box::new(|request| honest(request, |grant| grant.leg_limit_s = Some(4200)));
    desk.extend = Box::new(|request| {
        konf_contract::link::ExtensionReply::Extended { end: request.end.plus_ms(3_600_000) }.into()
    });
    desk.enter(2);
    desk.wait(seconds(4200));
    assert_eq!(desk.left[0].end.reason, EndReason::LegLimit);
    desk.forget();
    desk.admit = Box::new(|request| {
        let mut grant = grant(request.leg, Role::Participant);
        grant.window.end = at(120);
        (grant.returning, grant.former_leg) = (true, Some(LegId(2)));
        Admission::Granted(grant).into()
    });
    desk.wait(minutes(4));
    desk.call(3);
    assert_eq!(
        desk.take(),
        [
            "3 is answered",
            "3 hears Welcome",
            "ask 3 held",
            "3 takes over 2",
            "record joined 3",
            "room hears EntryChime",
            "3 joins",
            "3 hears WelcomeBack"
        ]
    );
    desk.wait(seconds(5));
    desk.hang_up(3);
    assert_eq!(desk.take_of("room"), ["room hears Leaving NameOf(3)"]);
}

#[test]
fn a_name_that_is_gone_is_not_taken_over() {
    let mut desk = Desk::new();
    desk.admit = Box::new(|request| {
        let mut grant = grant(request.leg, Role::Participant);
        (grant.returning, grant.former_leg) = (true, Some(LegId(99)));
        Admission::Granted(grant).into()
    });
    desk.call(3);
    assert_eq!(desk.take_of("3 takes"), [""; 0]);
}

#[test]
fn prompts_are_in_the_language_of_the_order() {
    let mut desk = Desk::granting(|grant| grant.language = Language::En);
    desk.enter(1);
    assert_eq!(desk.take().last().unwrap(), "1 hears en:Entered en:FirstHere");
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
    desk.keys(1, "100001#7359");
    let shown =
        format!("{:?} {:?}", desk.switchboard, Input::Key { leg: LegId(1), key: Key::Number(7) });
    assert!(!shown.contains("7359") && !shown.contains("Number(7)"), "{shown}");
}
