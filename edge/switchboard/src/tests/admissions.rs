//! From control's answer to the room: waiting, names, held seats, or the words of a denial.

use konf_contract::link::{Admission, Denial, EndReason};
use konf_contract::{Language, LegId, Role, UnixMs};

use super::driver::{Desk, WALL, config, grant, honest, minutes, seconds};

fn at(minutes: i64) -> UnixMs {
    WALL.plus_ms(minutes * UnixMs::MINUTE)
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
