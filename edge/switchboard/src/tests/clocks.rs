//! The ends of conferences and legs, to the second.

use std::cell::RefCell;
use std::rc::Rc;

use konf_contract::link::{Admission, ControlReply, EndReason, ExtensionReply, Party};
use konf_contract::{LegId, Role, UnixMs};

use super::driver::{Answer, Desk, WALL, conference, config, grant, honest, minutes, seconds};
use crate::{AskId, Input};

fn at(minutes: i64) -> UnixMs {
    WALL.plus_ms(minutes * UnixMs::MINUTE)
}

fn extend_by_half_an_hour(desk: &mut Desk) {
    desk.extend = Box::new(|request| {
        ExtensionReply::Extended { end: request.end.plus_ms(30 * UnixMs::MINUTE) }.into()
    });
}

/// An organiser (1) and a participant (2) in a conference of an hour.
fn two() -> Desk {
    let mut desk = Desk::new();
    desk.enter_organiser(1);
    desk.enter(2);
    desk.wait(seconds(0));
    desk.forget();
    desk
}

#[test]
fn five_minutes_before_the_end_all_are_warned_and_at_the_end_the_room_closes() {
    let mut desk = two();
    desk.wait(minutes(55) - seconds(1));
    assert_eq!(desk.take(), [""; 0]);
    desk.wait(seconds(1));
    assert_eq!(desk.take(), ["ask extend 60", "room hears WarningTone EndsInFive"]);
    desk.wait(minutes(5) - seconds(4));
    assert_eq!(desk.take(), [""; 0]);
    desk.wait(seconds(1));
    assert_eq!(desk.take(), ["room hears ConferenceOver"]);
    desk.wait(seconds(2));
    assert_eq!(desk.take(), [""; 0]);
    desk.wait(seconds(1));
    assert_eq!(
        desk.take(),
        [
            "1 is hung up conference-ended",
            "2 is hung up conference-ended",
            "record left 1 ConferenceEnded Konf",
            "1 leaves",
            "record left 2 ConferenceEnded Konf",
            "2 leaves",
            "record empty"
        ]
    );
    assert_eq!(desk.left[0].duration_ms, 3_600_000);
}

#[test]
fn an_extension_disturbs_nobody_and_is_decided_again_five_minutes_before_its_end() {
    let mut desk = two();
    extend_by_half_an_hour(&mut desk);
    desk.wait(minutes(80));
    assert_eq!(desk.take(), ["ask extend 60"]);
    assert_eq!(desk.switchboard.rooms()[0].window.end, at(90));
    desk.extend = Box::new(|request| ExtensionReply::Refused { end: request.end }.into());
    desk.wait(minutes(5));
    assert_eq!(desk.take(), ["ask extend 90", "room hears WarningTone EndsInFive"]);
    desk.wait(minutes(5));
    assert_eq!(desk.take().last().unwrap(), "record empty");
}

#[test]
fn without_an_answer_all_are_warned_once_and_control_is_asked_again() {
    let mut desk = two();
    desk.extend = Box::new(|_| Answer::Silence);
    desk.wait(minutes(55));
    assert_eq!(desk.take(), ["ask extend 60"]);
    desk.wait(seconds(5));
    assert_eq!(desk.take(), ["room hears WarningTone EndsInFive"]);
    desk.wait(minutes(2));
    assert_eq!(desk.take(), ["ask extend 60"; 3]);
    // Those who were told that it ends are told that it does not.
    extend_by_half_an_hour(&mut desk);
    desk.wait(seconds(40));
    assert_eq!(desk.take(), ["ask extend 60", "room hears Extended"]);
    desk.extend = Box::new(|request| ExtensionReply::Refused { end: request.end }.into());
    desk.wait(minutes(30));
    assert_eq!(desk.take()[..2], ["ask extend 90", "room hears WarningTone EndsInFive"]);
}

#[test]
fn a_refusal_is_final() {
    for answer in [
        ExtensionReply::Refused { end: at(60) }.into(),
        ExtensionReply::Extended { end: at(60) }.into(),
        Answer::Reply(ControlReply::Failed { reason: "gone".into(), retry: false }),
    ] {
        let mut desk = two();
        desk.extend = Box::new(move |_| answer.clone());
        desk.wait(minutes(59));
        assert_eq!(desk.take(), ["ask extend 60", "room hears WarningTone EndsInFive"]);
    }
}

#[test]
fn when_control_stays_away_the_conference_ends_in_time() {
    let mut desk = two();
    desk.extend = Box::new(|_| Answer::Lost);
    desk.wait(minutes(60));
    assert_eq!(desk.take().last().unwrap(), "record empty");
    assert_eq!((desk.switchboard.legs(), desk.switchboard.poll_timeout()), (0, None));
}

#[test]
fn a_conference_that_began_less_than_five_minutes_before_its_end_is_not_told_of_five() {
    let mut desk = Desk::granting(|grant| grant.window.end = at(3));
    desk.enter(1);
    desk.wait(seconds(0));
    assert_eq!(
        desk.take()[6..],
        [
            "record joined 1",
            "1 joins",
            "1 hears Entered FirstHere",
            "ask extend 3",
            "room hears WarningTone"
        ]
    );
}

#[test]
fn before_the_start_nothing_is_decided() {
    let mut desk = Desk::granting(|grant| {
        (grant.window.start, grant.window.end) = (at(10), at(13));
    });
    desk.enter(1);
    desk.forget();
    desk.wait(minutes(10) - seconds(1));
    assert_eq!(desk.take(), [""; 0]);
}

#[test]
fn a_wall_clock_that_jumps_moves_no_end() {
    let mut desk = two();
    desk.now.wall = at(-6000);
    desk.wait(minutes(30));
    desk.now.wall = at(6000);
    desk.wait(minutes(30) - seconds(1));
    assert_eq!(desk.switchboard.legs(), 2);
    desk.wait(seconds(1));
    assert_eq!(desk.switchboard.legs(), 0);
    assert_eq!(desk.left[0].duration_ms, 3_600_000);
}

#[test]
fn a_later_grant_may_move_the_end_and_never_to_an_earlier_one() {
    let end = Rc::new(RefCell::new(at(60)));
    let granted = end.clone();
    let mut desk = Desk::granting(move |grant| grant.window.end = *granted.borrow());
    desk.enter(1);
    *end.borrow_mut() = at(90);
    desk.enter(2);
    *end.borrow_mut() = at(30);
    desk.enter(3);
    assert_eq!(desk.switchboard.rooms()[0].window.end, at(90));
    desk.wait(seconds(10));
    desk.forget();
    desk.wait(minutes(84));
    assert_eq!(desk.take(), [""; 0]);
    desk.wait(seconds(50));
    assert_eq!(desk.take(), ["ask extend 90", "room hears WarningTone EndsInFive"]);
}

#[test]
fn an_answer_about_an_end_that_has_moved_warns_nobody() {
    let end = Rc::new(RefCell::new(at(60)));
    let granted = end.clone();
    let mut desk = Desk::granting(move |grant| grant.window.end = *granted.borrow());
    desk.enter(1);
    desk.extend = Box::new(|_| Answer::Silence);
    desk.wait(minutes(55));
    *end.borrow_mut() = at(90);
    desk.enter(2);
    desk.forget();
    desk.wait(minutes(1));
    assert_eq!(desk.take(), [""; 0]);
}

#[test]
fn a_grant_for_a_conference_that_is_over_is_none() {
    let mut desk = Desk::granting(|grant| grant.window.end = WALL);
    desk.enter(1);
    assert_eq!(desk.take_of("1 hears").last().unwrap(), "1 hears Ended Goodbye");
}

#[test]
fn an_extension_that_comes_when_all_have_left_is_given_back() {
    let mut desk = Desk::new();
    desk.enter(1);
    desk.extend = Box::new(|_| Answer::Silence);
    desk.wait(minutes(55));
    desk.hang_up(1);
    desk.forget();
    // After the held seat and the credentials.
    let reply = Some(ControlReply::Extension(ExtensionReply::Extended { end: at(90) }));
    desk.input(Input::Reply { ask: AskId(3), reply });
    assert_eq!(desk.take(), ["record empty"]);
}

#[test]
fn the_organiser_may_ask_for_an_extension() {
    let mut desk = two();
    desk.keys(1, "*98");
    assert_eq!(desk.take(), ["ask extend 60 by organiser", "1 hears CannotExtend"]);
    extend_by_half_an_hour(&mut desk);
    desk.keys(1, "*98");
    assert_eq!(desk.take(), ["ask extend 60 by organiser", "1 hears Extended"]);
    assert_eq!(desk.switchboard.rooms()[0].window.end, at(90));
}

#[test]
fn control_asks_for_an_extension_as_the_organiser_does() {
    let mut desk = two();
    let extend = konf_contract::link::ControlCall::Extend { conference: conference() };
    desk.order(extend.clone());
    assert_eq!(desk.take(), ["ask extend 60 by organiser", "control hears Done"]);
    extend_by_half_an_hour(&mut desk);
    desk.order(extend);
    assert_eq!(desk.take(), ["ask extend 60 by organiser", "control hears Done"]);
    assert_eq!(desk.switchboard.rooms()[0].window.end, at(90));
}

#[test]
fn an_extension_after_the_warning_is_told_to_all() {
    let mut desk = two();
    desk.wait(minutes(56));
    desk.forget();
    extend_by_half_an_hour(&mut desk);
    desk.keys(1, "*98");
    assert_eq!(desk.take(), ["ask extend 60 by organiser", "room hears Extended"]);
}

#[test]
fn the_organiser_is_answered_when_control_is_not() {
    let mut desk = two();
    desk.extend = Box::new(|_| Answer::Silence);
    desk.keys(1, "*98*98");
    desk.wait(seconds(5));
    assert_eq!(desk.take(), ["ask extend 60 by organiser", "1 hears CannotExtend"]);
}

#[test]
fn who_still_waits_at_the_end_is_told_and_hung_up() {
    let mut desk = Desk::granting(|grant| {
        (grant.window.start, grant.window.end) = (at(10), at(20));
    });
    desk.enter(1);
    desk.forget();
    desk.order(konf_contract::link::ControlCall::Close { conference: conference() });
    assert_eq!(
        desk.take(),
        [
            "1 music false",
            "1 hears ConferenceOver",
            "control hears Done",
            "1 is hung up closed-by-organiser",
            "record left 1 ClosedByOrganiser Konf",
            "record closed"
        ]
    );
}

#[test]
fn a_mobile_leg_is_warned_privately_and_ends_after_seventy_minutes_from_its_answer() {
    let mut desk = Desk::granting(|grant| {
        grant.leg_limit_s = Some(4200);
        grant.window.end = at(120);
    });
    desk.call(1);
    desk.wait(seconds(5));
    desk.keys(1, "100001#1234#");
    desk.forget();
    desk.wait(minutes(65) - seconds(5));
    assert_eq!(desk.take(), ["1 hears LegLimitInFive"]);
    desk.now.wall = at(-100);
    desk.wait(minutes(5) - seconds(1));
    assert_eq!(desk.take(), ["1 hears LegLimitNow"]);
    desk.wait(seconds(1));
    assert_eq!(
        desk.take(),
        ["1 is hung up leg-limit", "record left 1 LegLimit Network", "1 leaves", "record empty"]
    );
    assert_eq!(desk.left[0].duration_ms, 4_200_000);
}

#[test]
fn a_network_that_is_a_little_quicker_than_we_are_still_gets_the_seat_held() {
    let mut desk = Desk::granting(|grant| {
        grant.leg_limit_s = Some(4200);
        grant.window.end = at(120);
    });
    desk.enter(1);
    desk.wait(seconds(4198));
    desk.ended(1, Party::Network);
    assert_eq!(desk.left[0].end.reason, EndReason::LegLimit);
}

#[test]
fn the_limit_counts_while_waiting_too() {
    let mut desk = Desk::granting(|grant| {
        grant.leg_limit_s = Some(600);
        (grant.window.start, grant.window.end) = (at(15), at(60));
    });
    desk.enter(1);
    desk.wait(seconds(600));
    assert_eq!(desk.left[0].end.reason, EndReason::LegLimit);
}

#[test]
fn the_name_of_who_reached_the_limit_last_is_kept_for_five_minutes() {
    for (away, line) in [(4, "2 takes over 1"), (6, "forget [1]")] {
        let mut desk = Desk::with(crate::Config { ask_names: true, ..config() });
        desk.admit = Box::new(|request| {
            honest(request, |grant| (grant.leg_limit_s, grant.window.end) = (Some(600), at(60)))
        });
        desk.enter(1);
        desk.wait(seconds(600));
        assert_eq!(desk.take().last().unwrap(), "record empty");
        desk.wait(minutes(away));
        desk.admit = Box::new(|request| {
            let mut grant = grant(request.leg, Role::Participant);
            (grant.returning, grant.former_leg) = (true, Some(LegId(1)));
            Admission::Granted(grant).into()
        });
        desk.call(2);
        assert!(desk.take().contains(&line.to_owned()), "{away}");
    }
}
