//! Who may speak: hands, modes, names.

use konf_contract::LegId;
use konf_contract::link::{ControlCall, RoomMode};

use super::driver::{Desk, conference, config, seconds};
use crate::{Config, Input};

/// An organiser (1) and three participants (2, 3, 4) with names, nothing waiting to be heard.
fn four() -> Desk {
    let mut desk = Desk::with(Config { ask_names: true, ..config() });
    desk.enter_organiser(1);
    for leg in 2..=4 {
        desk.enter(leg);
    }
    desk.wait(seconds(20));
    desk.forget();
    desk
}

/// `*9`, and the time in which it may become another key.
fn hand(desk: &mut Desk, leg: u64) -> Vec<String> {
    desk.keys(leg, "*9");
    desk.wait(seconds(2));
    desk.take()
}

fn hands(desk: &Desk) -> Vec<Option<u32>> {
    desk.switchboard.rooms()[0].legs.iter().map(|leg| leg.hand).collect()
}

fn mode(desk: &Desk) -> RoomMode {
    desk.switchboard.rooms()[0].mode.unwrap()
}

#[test]
fn star_nine_raises_a_hand_and_the_organiser_hears_whose_privately() {
    let mut desk = four();
    desk.keys(2, "*9");
    assert_eq!(desk.take(), [""; 0], "star nine waits for its second digit");
    desk.wait(seconds(2));
    assert_eq!(desk.take(), ["2 hears HandRaised", "1 hears HandUp NameOf(2)"]);
    assert_eq!(hand(&mut desk, 2), ["2 hears HandLowered"]);
    assert_eq!(hands(&desk), [None; 4]);
}

#[test]
fn hands_are_a_queue_from_which_the_organiser_lets_the_first_speak() {
    let mut desk = four();
    for leg in [4, 2] {
        hand(&mut desk, leg);
    }
    assert_eq!(hands(&desk), [None, Some(2), None, Some(1)]);
    assert_eq!(hand(&mut desk, 1), ["4 hears YouMaySpeak", "1 hears NextSpeaks NameOf(4)"]);
    assert_eq!(hand(&mut desk, 1), ["2 hears YouMaySpeak", "1 hears NextSpeaks NameOf(2)"]);
    assert_eq!(hand(&mut desk, 1), ["1 hears NoHands"]);
}

#[test]
fn a_hand_goes_down_when_its_owner_unmutes_or_leaves() {
    let mut desk = four();
    desk.keys(2, "*6");
    hand(&mut desk, 2);
    hand(&mut desk, 3);
    desk.keys(2, "*6");
    assert_eq!(hands(&desk), [None, None, Some(1), None]);
    desk.hang_up(3);
    assert_eq!(hands(&desk), [None; 3]);
}

#[test]
fn a_hand_that_goes_up_and_down_all_the_time_is_told_once() {
    let mut desk = four();
    desk.keys(2, &"*9".repeat(99));
    desk.wait(seconds(2));
    assert_eq!(desk.take_of("1 "), ["1 hears HandUp NameOf(2)"]);
    hand(&mut desk, 2);
    desk.wait(seconds(10));
    hand(&mut desk, 2);
    hand(&mut desk, 2);
    assert_eq!(desk.take_of("1 "), ["1 hears HandUp NameOf(2)"; 0]);
}

#[test]
fn an_organiser_who_comes_later_hears_of_the_first_hand() {
    let mut desk = four();
    desk.hang_up(1);
    hand(&mut desk, 3);
    hand(&mut desk, 2);
    desk.enter_organiser(5);
    assert_eq!(desk.take_of("5 hears").last().unwrap(), "5 hears HandUp NameOf(3)");
}

#[test]
fn star_seven_goes_from_everybody_to_questions_to_lecture_and_back() {
    let mut desk = four();
    let muted = |to| (2..=4).map(move |leg| format!("{leg} muted {to}")).collect::<Vec<_>>();
    desk.keys(1, "*7");
    assert_eq!(desk.take(), [muted(true), vec!["room hears ModeQuestions".into()]].concat());
    desk.wait(seconds(5));
    desk.keys(1, "*7");
    assert_eq!(desk.take(), ["room hears ModeLecture"]);
    desk.wait(seconds(5));
    desk.keys(1, "*7");
    assert_eq!(desk.take(), [muted(false), vec!["room hears AllUnmuted".into()]].concat());
    assert_eq!(mode(&desk), RoomMode::Everybody);
}

#[test]
fn in_questions_only_the_one_who_was_given_the_word_is_heard() {
    let mut desk = four();
    desk.keys(1, "*7");
    desk.wait(seconds(5));
    desk.forget();
    desk.keys(2, "*6");
    assert_eq!(desk.take(), ["2 hears Muted ModeQuestions"]);
    hand(&mut desk, 2);
    hand(&mut desk, 3);
    desk.forget();
    let given = ["2 muted false", "2 hears YouMaySpeak", "1 hears NextSpeaks NameOf(2)"];
    assert_eq!(hand(&mut desk, 1), given);
    assert_eq!(
        hand(&mut desk, 1),
        [
            "2 muted true",
            "2 hears Muted",
            "3 muted false",
            "3 hears YouMaySpeak",
            "1 hears NextSpeaks NameOf(3)"
        ]
    );
    // Who mutes gives the word back.
    desk.keys(3, "*6*6");
    assert_eq!(desk.take(), ["3 muted true", "3 hears Muted", "3 hears Muted ModeQuestions"]);
    assert_eq!(hand(&mut desk, 1), ["1 hears NoHands"]);
}

#[test]
fn the_word_never_opens_the_microphone_of_who_muted_it() {
    let mut desk = four();
    desk.keys(2, "*6");
    desk.keys(1, "*7");
    hand(&mut desk, 2);
    desk.forget();
    let given = ["2 hears YouMaySpeak Muted", "1 hears NextSpeaks NameOf(2)"];
    assert_eq!(hand(&mut desk, 1), given);
    desk.keys(2, "*6");
    assert_eq!(desk.take(), ["2 muted false", "2 hears Unmuted"]);
    desk.keys(1, "*7*7");
    desk.wait(seconds(20));
    assert!(desk.switchboard.rooms()[0].legs.iter().all(|leg| !leg.muted));
}

#[test]
fn in_a_lecture_nobody_else_speaks_and_each_is_told_so() {
    let mut desk = four();
    hand(&mut desk, 2);
    desk.keys(1, "*7*7");
    desk.wait(seconds(20));
    assert_eq!(hands(&desk), [None; 4]);
    desk.forget();
    desk.keys(2, "*6");
    assert_eq!(desk.take(), ["2 hears Muted ModeLecture"]);
    assert_eq!(hand(&mut desk, 3), ["3 hears ModeLecture"]);
    desk.keys(1, "*6*6");
    assert_eq!(
        desk.take(),
        ["1 muted true", "1 hears Muted", "1 muted false", "1 hears Unmuted"],
        "the organiser is free"
    );
    desk.enter(5);
    let lines = desk.take_of("5 ");
    assert_eq!(
        lines[lines.len() - 3..],
        ["5 joins", "5 muted true", "5 hears Entered Muted ModeLecture"]
    );
}

#[test]
fn hash_hash_ends_a_lecture_and_star_seven_makes_mute_all_strict() {
    let mut desk = four();
    desk.keys(1, "##");
    desk.keys(2, "*6");
    desk.keys(1, "*7");
    assert_eq!(mode(&desk), RoomMode::Questions);
    assert!(desk.switchboard.rooms()[0].legs[1].muted);
    desk.order(ControlCall::MuteAll { conference: conference(), muted: true });
    assert_eq!(mode(&desk), RoomMode::Questions, "all are muted already");
    desk.keys(1, "*7##");
    assert_eq!(mode(&desk), RoomMode::Everybody);
    assert!(desk.switchboard.rooms()[0].legs.iter().all(|leg| !leg.muted));
}

#[test]
fn control_mutes_one_and_lets_one_speak() {
    let mut desk = four();
    let mute = |leg, muted| ControlCall::Mute { conference: conference(), leg: LegId(leg), muted };
    desk.order(mute(2, true));
    assert_eq!(desk.take(), ["2 muted true", "2 hears Muted", "control hears Done"]);
    desk.order(mute(2, true));
    assert_eq!(desk.take(), ["control hears Done"]);
    desk.order(mute(2, false));
    assert_eq!(desk.take(), ["2 muted false", "2 hears YouMaySpeak", "control hears Done"]);
    // Who muted themselves stays muted, and hears that others are waiting.
    desk.keys(3, "*6");
    desk.forget();
    desk.order(mute(3, false));
    assert_eq!(desk.take(), ["3 hears YouMaySpeak Muted", "control hears Done"]);
    // In questions the word goes from one to the next.
    desk.order(ControlCall::Mode { conference: conference(), mode: RoomMode::Questions });
    assert_eq!(mode(&desk), RoomMode::Questions);
    desk.order(mute(2, false));
    desk.forget();
    desk.order(mute(4, false));
    assert_eq!(
        desk.take(),
        [
            "2 muted true",
            "2 hears Muted",
            "4 muted false",
            "4 hears YouMaySpeak",
            "control hears Done"
        ]
    );
    desk.order(mute(9, true));
    assert_eq!(desk.take(), ["control hears NotFound"]);
    // In a lecture nobody but organisers speaks.
    desk.order(ControlCall::Mode { conference: conference(), mode: RoomMode::Lecture });
    desk.wait(seconds(5));
    desk.forget();
    desk.order(mute(2, false));
    assert_eq!(desk.take(), ["control hears NotFound"]);
}

#[test]
fn star_three_says_who_is_here_in_the_order_of_entry_and_only_to_the_one_who_asks() {
    let mut desk = four();
    desk.keys(3, "*3");
    assert_eq!(desk.take(), ["3 hears PeopleHere(4) NameOf(1) NameOf(2) NameOf(3) NameOf(4)"]);
}

#[test]
fn who_has_no_name_is_counted_and_long_names_end_after_twenty_seconds() {
    let mut desk = Desk::with(Config { ask_names: true, ..config() });
    desk.says_name = None;
    for leg in 1..=6 {
        desk.enter(leg);
        desk.wait(seconds(5));
        desk.input(Input::NameRecorded { leg: LegId(leg), said: leg != 2 });
    }
    desk.wait(seconds(20));
    desk.forget();
    desk.keys(6, "*3");
    assert_eq!(desk.take(), ["6 hears PeopleHere(6) NameOf(1) NameOf(3) NameOf(4)"]);
}
