//! In the room: who is heard, who comes in, what keys do.

use konf_contract::keys::KeyBinding;
use konf_contract::link::{ControlCall, EdgeReply};
use konf_contract::{LegId, Role};

use super::driver::{Desk, conference, config, grant, honest, minutes, seconds};
use crate::{Config, Input, Output};

/// An organiser (1) and two participants (2, 3), nothing waiting to be heard.
fn three() -> Desk {
    let mut desk = Desk::new();
    desk.enter_organiser(1);
    desk.enter(2);
    desk.enter(3);
    desk.wait(seconds(10));
    desk.forget();
    desk
}

#[test]
fn no_more_come_in_than_seats_even_if_control_grants_more() {
    let mut desk = Desk::granting(|grant| grant.seats = 5);
    for leg in 1..=100 {
        desk.enter(leg);
    }
    assert_eq!(desk.switchboard.rooms()[0].legs.len(), 5);
    assert_eq!(desk.left.len(), 95);
    assert!(desk.take().iter().filter(|line| line.ends_with("hears Full Goodbye")).count() == 95);
    // The record of who was turned away names the grant, so that control takes its seat back.
    assert_eq!(desk.left[0].grant, Some(grant(LegId(6), Role::Participant).grant));
    desk.hang_up(1);
    desk.enter(101);
    assert_eq!(desk.take_of("101 joins"), ["101 joins"]);
}

#[test]
fn who_waits_for_the_start_takes_a_seat() {
    let mut desk = Desk::granting(|grant| {
        grant.seats = 1;
        grant.window.start = grant.window.start.plus_ms(60_000);
    });
    desk.enter(1);
    desk.enter(2);
    assert_eq!(desk.take_of("2 hears").last().unwrap(), "2 hears Full Goodbye");
}

#[test]
fn a_locked_room_lets_only_organisers_in() {
    let mut desk = three();
    desk.keys(1, "*5");
    assert_eq!(desk.take(), ["room hears Locked"]);
    desk.enter(4);
    desk.enter_organiser(5);
    let lines = desk.take();
    assert!(lines.contains(&"4 hears RoomIsLocked Goodbye".into()), "{lines:?}");
    assert!(lines.contains(&"4 is hung up denied".into()));
    assert!(lines.contains(&"5 joins".into()));
    desk.wait(seconds(5));
    desk.forget();
    desk.keys(1, "*5");
    assert_eq!(desk.take_of("room"), ["room hears Unlocked"]);
    desk.enter(6);
    assert_eq!(desk.take_of("6 joins"), ["6 joins"]);
}

#[test]
fn who_comes_back_to_a_held_seat_enters_a_locked_room() {
    let mut desk = three();
    desk.keys(1, "*5");
    desk.admit = Box::new(|request| {
        let mut grant = grant(request.leg, Role::Participant);
        grant.returning = true;
        konf_contract::link::Admission::Granted(grant).into()
    });
    desk.call(4);
    assert_eq!(desk.take_of("4 joins"), ["4 joins"]);
}

#[test]
fn star_six_mutes_and_unmutes_privately() {
    let mut desk = three();
    desk.keys(2, "*6");
    assert_eq!(desk.take(), ["2 muted true", "2 hears Muted"]);
    desk.keys(2, "*6");
    assert_eq!(desk.take(), ["2 muted false", "2 hears Unmuted"]);
}

#[test]
fn help_names_the_organisers_keys_to_organisers_alone() {
    let mut desk = three();
    desk.keys(2, "*1");
    desk.keys(1, "*1");
    assert_eq!(desk.take(), ["2 hears HelpHand Help", "1 hears Help HelpOrganiser HelpModes"]);
}

#[test]
fn star_eight_changes_what_the_caller_alone_hears_in_three_steps() {
    let mut desk = three();
    desk.keys(2, "*8*8*8");
    assert_eq!(
        desk.take(),
        [
            "2 volume 6",
            "2 hears Louder",
            "2 volume -6",
            "2 hears Softer",
            "2 volume 0",
            "2 hears NormalVolume"
        ]
    );
}

#[test]
fn star_two_says_how_many_are_here() {
    let mut desk = three();
    desk.keys(2, "*2");
    assert_eq!(desk.take(), ["2 hears PeopleHere(3)"]);
}

#[test]
fn an_answer_to_a_key_takes_the_place_of_the_one_before() {
    let mut desk = three();
    desk.plays = false;
    desk.keys(2, "*1*2");
    assert_eq!(desk.take(), ["2 hears HelpHand Help", "2 hears no more", "2 hears PeopleHere(3)"]);
}

#[test]
fn organisers_keys_are_refused_to_participants() {
    let mut desk = three();
    desk.keys(2, "*5##*7*92*98*99");
    assert_eq!(desk.take(), ["2 hears OrganiserOnly"; 6]);
}

#[test]
fn bare_digits_do_nothing_in_the_room() {
    let mut desk = three();
    desk.keys(1, "0123456789");
    desk.wait(seconds(5));
    assert_eq!(desk.take(), [""; 0]);
}

#[test]
fn a_half_sequence_is_forgotten_after_two_seconds() {
    let mut desk = three();
    desk.keys(2, "*");
    desk.wait(seconds(2));
    desk.keys(2, "6");
    desk.keys(1, "#");
    desk.wait(seconds(2));
    desk.keys(1, "#");
    assert_eq!(desk.take(), [""; 0]);
}

#[test]
fn keys_without_a_meaning_are_said_to_have_none() {
    let mut desk = three();
    desk.keys(2, "*4*0*91");
    assert_eq!(desk.take(), ["2 hears UnknownKey"; 3]);
}

#[test]
fn a_policys_keys_are_those_of_the_leg_that_it_was_granted_for() {
    let mut desk = Desk::granting(|grant| {
        let row =
            |keys: &str, action: &str| KeyBinding { keys: keys.into(), action: action.into() };
        if grant.role == Role::Participant {
            grant.keys = Some(vec![row("*4", "mute"), row("*0", "lock"), row("*7", "fly")]);
        }
    });
    desk.enter_organiser(1);
    desk.enter(2);
    desk.wait(seconds(10));
    desk.forget();
    desk.keys(2, "*4");
    assert_eq!(desk.take(), ["2 muted true", "2 hears Muted"]);
    desk.keys(2, "*4*6*0*7");
    assert_eq!(
        desk.take(),
        [
            "2 muted false",
            "2 hears Unmuted",
            "2 hears UnknownKey",
            "2 hears OrganiserOnly",
            "2 hears UnknownKey"
        ]
    );
    desk.keys(1, "*6*4");
    assert_eq!(desk.take(), ["1 muted true", "1 hears Muted", "1 hears UnknownKey"]);
}

#[test]
fn mute_all_mutes_all_but_organisers_and_late_joiners_too() {
    let mut desk = three();
    desk.enter_organiser(4);
    desk.wait(seconds(5));
    desk.forget();
    desk.keys(1, "##");
    assert_eq!(desk.take(), ["2 muted true", "3 muted true", "room hears AllMuted"]);
    desk.enter(5);
    let lines = desk.take_of("5 ");
    assert_eq!(lines[lines.len() - 3..], ["5 joins", "5 muted true", "5 hears Entered Muted"]);
}

#[test]
fn who_was_muted_by_mute_all_can_unmute() {
    let mut desk = three();
    desk.keys(1, "##");
    desk.forget();
    desk.keys(2, "*6");
    assert_eq!(desk.take(), ["2 muted false", "2 hears Unmuted"]);
}

#[test]
fn the_end_of_mute_all_leaves_those_muted_who_muted_themselves() {
    let mut desk = three();
    desk.keys(2, "*6");
    desk.forget();
    desk.keys(1, "##");
    desk.wait(seconds(5));
    desk.keys(1, "##");
    assert_eq!(
        desk.take(),
        ["3 muted true", "room hears AllMuted", "3 muted false", "room hears AllUnmuted"]
    );
}

#[test]
fn star_nine_two_drops_the_last_who_came_and_never_an_organiser() {
    let mut desk = three();
    desk.enter_organiser(4);
    desk.wait(seconds(5));
    desk.forget();
    desk.keys(1, "*92");
    assert_eq!(
        desk.take(),
        [
            "3 leaves",
            "room hears LeaveChime",
            "3 hears YouAreDropped",
            "1 hears LastDropped",
            "3 is hung up dropped",
            "record left 3 Dropped Organiser"
        ]
    );
    desk.keys(1, "*92");
    desk.forget();
    desk.keys(1, "*92");
    assert_eq!(desk.take(), ["1 hears NobodyToDrop"]);
    assert_eq!(desk.switchboard.rooms()[0].legs.len(), 2);
}

#[test]
fn a_dropped_leg_hears_why_even_if_that_is_never_reported_as_played() {
    let mut desk = three();
    desk.plays = false;
    desk.keys(1, "*92");
    assert_eq!(desk.take_of("3 is"), [""; 0]);
    desk.wait(seconds(20));
    assert_eq!(desk.take_of("3 is"), ["3 is hung up dropped"]);
}

#[test]
fn star_nine_nine_ends_the_conference_for_all() {
    let mut desk = three();
    desk.keys(1, "*99");
    assert_eq!(desk.take(), ["room hears ConferenceOver"]);
    desk.enter(4);
    assert_eq!(desk.take_of("4 hears").last().unwrap(), "4 hears Ended Goodbye");
    desk.wait(seconds(3));
    let lines = desk.take();
    for leg in 1..=3 {
        assert!(lines.contains(&format!("{leg} is hung up closed-by-organiser")), "{lines:?}");
        assert!(lines.contains(&format!("record left {leg} ClosedByOrganiser Organiser")));
    }
    assert_eq!(lines.iter().filter(|line| *line == "record closed").count(), 1);
    assert_eq!((desk.switchboard.legs(), desk.switchboard.poll_timeout()), (0, None));
}

#[test]
fn after_star_nine_nine_nobody_calls_back_even_before_control_knows() {
    let mut desk = three();
    desk.keys(1, "*99");
    desk.wait(seconds(3));
    desk.forget();
    desk.enter(4);
    desk.enter_organiser(5);
    let ended = |leg| format!("{leg} hears Ended Goodbye");
    let heard: Vec<_> = desk.take().into_iter().filter(|line| line.contains("Ended")).collect();
    assert_eq!(heard, [ended(4), ended(5)]);
    assert_eq!(desk.switchboard.rooms(), []);
}

#[test]
fn a_conference_that_is_over_by_the_clock_is_not_closed_for_good() {
    let mut desk = three();
    desk.wait(minutes(61));
    assert_eq!(desk.take_of("record empty"), ["record empty"]);
}

#[test]
fn who_waits_for_a_start_that_control_takes_back_does_not_come_back_either() {
    let mut desk = Desk::granting(|grant| {
        grant.window.start = grant.window.start.plus_ms(600_000);
    });
    desk.enter(1);
    desk.order(ControlCall::Close { conference: conference() });
    assert_eq!(desk.take_of("record"), ["record left 1 ClosedByOrganiser Konf", "record closed"]);
    desk.enter(2);
    assert_eq!(desk.take_of("2 hears").last().unwrap(), "2 hears Ended Goodbye");
}

#[test]
fn a_room_is_found_as_it_was_left_locked_and_muted() {
    let mut desk = three();
    desk.keys(1, "*5##");
    for leg in 1..=3 {
        desk.hang_up(leg);
    }
    desk.forget();
    desk.enter(4);
    assert_eq!(desk.take_of("4 hears").last().unwrap(), "4 hears RoomIsLocked Goodbye");
    desk.enter_organiser(5);
    desk.wait(seconds(5));
    desk.keys(5, "*5");
    desk.enter(6);
    assert_eq!(desk.take_of("6 muted"), ["6 muted true"]);
    desk.hang_up(5);
    desk.hang_up(6);
    desk.enter(7);
    assert_eq!(desk.take_of("7 joins"), ["7 joins"]);
}

#[test]
fn a_crowd_that_joins_is_announced_by_chimes_not_for_minutes() {
    let mut desk = Desk::with(Config { ask_names: true, ..config() });
    desk.admit = Box::new(|request| honest(request, |grant| grant.seats = 20));
    for leg in 1..=20 {
        desk.enter(leg);
    }
    desk.wait(seconds(10));
    let heard = desk.take_of("room");
    assert!(heard.len() <= 5, "{heard:?}");
    assert_eq!(heard[0], "room hears Joining NameOf(2)");
    assert!(heard.contains(&"room hears EntryChime".into()), "{heard:?}");
    desk.wait(minutes(1));
    assert_eq!(desk.take_of("room"), [""; 0]);
}

#[test]
fn two_who_join_together_are_announced_one_after_the_other() {
    let mut desk = Desk::with(Config { ask_names: true, ..config() });
    for leg in 1..=3 {
        desk.enter(leg);
    }
    assert_eq!(desk.take_of("room"), ["room hears Joining NameOf(2)"]);
    desk.wait(seconds(3));
    assert_eq!(desk.take_of("room"), ["room hears Joining NameOf(3)"]);
}

#[test]
fn toggling_the_lock_a_hundred_times_does_not_fill_the_room_with_words() {
    let mut desk = three();
    desk.keys(1, &"*5".repeat(100));
    desk.wait(seconds(30));
    assert_eq!(desk.take_of("room"), ["room hears Locked", "room hears Unlocked"]);
}

#[test]
fn the_room_is_empty_when_the_last_has_left_and_its_names_are_forgotten() {
    let mut desk = Desk::with(Config { ask_names: true, ..config() });
    desk.enter(1);
    desk.enter(2);
    desk.hang_up(1);
    desk.forget();
    desk.hang_up(2);
    assert_eq!(
        desk.take(),
        ["record left 2 HungUp Caller", "2 leaves", "record empty", "forget [1, 2]"]
    );
    assert_eq!(desk.switchboard.poll_timeout(), None);
}

#[test]
fn who_leaves_before_the_start_does_not_empty_the_room() {
    let mut desk = Desk::granting(|grant| {
        grant.window.start = grant.window.start.plus_ms(600_000);
    });
    desk.enter(1);
    desk.hang_up(1);
    assert_eq!(desk.take_of("record"), ["record left 1 HungUp Caller"]);
    assert_eq!(desk.left[0].grant, Some(grant(LegId(1), Role::Participant).grant));
    assert_eq!(desk.switchboard.rooms(), []);
}

#[test]
fn control_sees_rooms_with_masked_numbers() {
    let mut desk = three();
    desk.keys(2, "*6");
    desk.forget();
    desk.order(ControlCall::Rooms);
    let rooms = desk.switchboard.rooms();
    assert_eq!(desk.take(), [format!("control hears {:?}", EdgeReply::Rooms(rooms.clone()))]);
    assert_eq!(rooms[0].legs[1].caller, "+420…002");
    assert_eq!(rooms[0].legs.iter().map(|leg| leg.muted).collect::<Vec<_>>(), [false, true, false]);
    assert!(rooms[0].legs.iter().all(|leg| leg.joined.is_some()));
}

#[test]
fn control_closes_drops_mutes_and_locks() {
    let mut desk = three();
    let conference = conference();
    desk.order(ControlCall::MuteAll { conference: conference.clone(), muted: true });
    assert_eq!(
        desk.take(),
        ["2 muted true", "3 muted true", "room hears AllMuted", "control hears Done"]
    );
    desk.order(ControlCall::Lock { conference: conference.clone(), locked: true });
    desk.wait(seconds(5));
    assert_eq!(desk.take(), ["control hears Done", "room hears Locked"]);
    desk.order(ControlCall::Drop { conference: conference.clone(), leg: LegId(2) });
    assert_eq!(desk.take_of("record"), ["record left 2 Dropped Organiser"]);
    desk.order(ControlCall::Close { conference: conference.clone() });
    assert_eq!(desk.take(), ["room hears ConferenceOver", "control hears Done"]);
    desk.wait(seconds(3));
    assert_eq!(
        desk.take_of("record left"),
        ["record left 1 ClosedByOrganiser Konf", "record left 3 ClosedByOrganiser Konf"]
    );
    desk.order(ControlCall::Close { conference });
    assert_eq!(desk.take(), ["control hears NotFound"]);
}

#[test]
fn control_is_told_when_the_leg_is_in_no_such_room() {
    let mut desk = three();
    desk.order(ControlCall::Drop { conference: conference(), leg: LegId(9) });
    assert_eq!(desk.take(), ["control hears NotFound"]);
}

#[test]
fn a_drained_switchboard_rejects_new_calls_and_keeps_the_others() {
    let mut desk = three();
    desk.input(Input::Drain);
    desk.call(4);
    assert_eq!(desk.take(), ["4 is rejected 503"]);
    assert_eq!(desk.switchboard.legs(), 3);
}

#[test]
fn no_more_legs_are_taken_than_the_limit() {
    let mut desk = Desk::new();
    for leg in 1..=crate::LEGS_MAX as u64 {
        desk.call_from(leg, None);
    }
    desk.forget();
    desk.call(20_000);
    assert_eq!(desk.take(), ["20000 is rejected 503"]);
}

#[test]
fn what_comes_for_a_leg_that_has_gone_is_ignored() {
    let mut desk = three();
    desk.hang_up(3);
    desk.forget();
    desk.keys(3, "*6");
    desk.hang_up(3);
    let leg = LegId(3);
    desk.input(Input::Answered { leg });
    desk.input(Input::MediaLost { leg });
    desk.input(Input::Reply { ask: crate::AskId(1), reply: None });
    desk.input(Input::Played { leg, playback: crate::PlaybackId(1) });
    assert_eq!(desk.take(), [""; 0]);
    assert_eq!(desk.switchboard.poll_output(), None::<Output>);
}
