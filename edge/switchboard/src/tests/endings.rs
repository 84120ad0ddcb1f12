//! Records: one for every call, with reason and who.

use konf_contract::LegId;
use konf_contract::link::{EndReason, Party, Quality};

use super::driver::{Desk, WALL, seconds};
use crate::Input;

#[test]
fn a_record_names_the_whole_call() {
    let mut desk = Desk::new();
    desk.call(1);
    desk.wait(seconds(8));
    desk.keys(1, "100001#1234#");
    desk.wait(seconds(61));
    let quality = Some(Quality { packets_received: 3050, ..Quality::default() });
    desk.input(Input::Ended {
        leg: LegId(1),
        by: Party::Caller,
        detail: String::new(),
        quality: quality.clone(),
    });
    let left = &desk.left[0];
    assert_eq!(left.duration_ms, 69_000);
    assert_eq!(left.answered, WALL);
    assert_eq!(left.joined, Some(WALL.plus_ms(8_000)));
    assert_eq!(left.ended, WALL.plus_ms(69_000));
    assert_eq!(left.booking.as_deref(), Some("b1"));
    assert_eq!((left.end.reason, left.end.who), (EndReason::HungUp, Party::Caller));
    assert_eq!(left.end.detail, None);
    assert_eq!(left.quality.as_deref(), quality.as_ref());
}

#[test]
fn lost_media_ends_the_call() {
    let mut desk = Desk::new();
    desk.enter(1);
    desk.enter(2);
    desk.wait(seconds(5));
    desk.forget();
    desk.input(Input::MediaLost { leg: LegId(2) });
    assert_eq!(
        desk.take(),
        [
            "2 is hung up media-lost",
            "record left 2 MediaLost Network",
            "2 leaves",
            "room hears LeaveChime"
        ]
    );
}

#[test]
fn a_call_that_the_edge_ends_by_itself_is_the_operators() {
    let mut desk = Desk::new();
    desk.enter(1);
    desk.ended(1, Party::Konf);
    assert_eq!(desk.left[0].end.reason, EndReason::Operator);
}

#[test]
fn who_hangs_up_while_hearing_a_denial_was_denied() {
    let mut desk = Desk::answering(konf_contract::link::Denial::TooManyTries);
    desk.plays = false;
    desk.enter(1);
    desk.hang_up(1);
    assert_eq!(desk.left[0].end.reason, EndReason::Denied);
}

#[test]
fn a_long_detail_is_cut() {
    let mut desk = Desk::new();
    desk.call(1);
    let detail = "č".repeat(1000);
    desk.input(Input::Ended { leg: LegId(1), by: Party::Caller, detail, quality: None });
    assert_eq!(desk.left[0].end.detail.as_ref().map(|detail| detail.len()), Some(200));
}

#[test]
fn the_last_words_are_heard_before_the_call_ends_or_for_twenty_seconds() {
    let mut desk = Desk::answering(konf_contract::link::Denial::TooManyTries);
    desk.plays = false;
    desk.enter(1);
    desk.forget();
    desk.wait(seconds(19));
    assert_eq!(desk.take(), [""; 0]);
    desk.wait(seconds(1));
    assert_eq!(desk.take(), ["1 is hung up denied", "record left 1 Denied Konf"]);
}
