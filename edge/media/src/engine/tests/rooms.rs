//! Who hears whom.

use super::hall::{Hall, envelope, level_db, silence, tone};
use crate::{Codec, Command, Direction, Event, RoomId};

const AMPLITUDE: f64 = 3_000.0;

fn hz(phone: usize) -> f64 {
    400.0 + 50.0 * phone as f64
}

fn singers(rooms: &[u64]) -> Hall {
    let mut hall = Hall::new(1);
    for (phone, &room) in rooms.iter().enumerate() {
        let codec = if phone % 2 == 0 { Codec::Pcma } else { Codec::Pcmu };
        hall.enter(room, codec, 1_900 * phone as i64 % 20_000, tone(hz(phone), AMPLITUDE));
    }
    hall
}

/// Level of each tone at `phone` in the last second.
fn hears(hall: &Hall, phone: usize, tone: usize) -> f64 {
    let heard = &hall.phones[phone].heard;
    level_db(&heard[heard.len() - 8_000..], hz(tone), AMPLITUDE)
}

#[track_caller]
fn assert_heard(hall: &Hall, phone: usize, tone: usize) {
    let level = hears(hall, phone, tone);
    assert!(level.abs() < 0.5, "{phone} hears {tone} at {level:.1} dB");
}

#[track_caller]
fn assert_unheard(hall: &Hall, phone: usize, tone: usize) {
    let level = hears(hall, phone, tone);
    assert!(level < -40.0, "{phone} hears {tone} at {level:.1} dB");
}

#[test]
fn everybody_hears_everybody_else_of_the_room_and_nobody_of_another() {
    let rooms = [1, 1, 1, 1, 2, 2, 2, 3];
    let mut hall = singers(&rooms);
    hall.run_ms(3_000);
    for phone in 0..rooms.len() {
        for other in 0..rooms.len() {
            if phone != other && rooms[phone] == rooms[other] {
                assert_heard(&hall, phone, other);
            } else {
                assert_unheard(&hall, phone, other);
            }
        }
    }
}

#[test]
fn a_muted_leg_hears_and_is_not_heard() {
    let mut hall = singers(&[1, 1, 1]);
    let leg = hall.phones[0].leg;
    hall.command(Command::Mute { leg, muted: true });
    hall.run_ms(2_000);
    assert_unheard(&hall, 1, 0);
    assert_heard(&hall, 0, 1);
    assert_heard(&hall, 2, 1);
    hall.command(Command::Mute { leg, muted: false });
    hall.run_ms(2_000);
    assert_heard(&hall, 1, 0);
}

#[test]
fn a_leg_on_hold_is_not_heard_and_its_stream_goes_on_afterwards() {
    let mut hall = singers(&[1, 1]);
    hall.run_ms(1_000);
    let held = hall.stream(0);
    let leg = hall.phones[0].leg;
    for direction in [Direction::ReceiveOnly, Direction::SendOnly, Direction::Inactive] {
        let before = hall.phones[0].heard.len();
        let stream = crate::Stream { direction, ..held.clone() };
        hall.command(Command::UpdateLeg { leg, stream });
        hall.run_ms(1_200);
        assert_unheard(&hall, 1, 0);
        let got = hall.phones[0].heard.len() > before;
        assert_eq!(got, direction == Direction::SendOnly, "{direction:?}");
    }
    hall.command(Command::UpdateLeg { leg, stream: held });
    hall.run_ms(2_000);
    assert_heard(&hall, 1, 0);
    assert_heard(&hall, 0, 1);
    // Sequence without a gap, timestamp by time, a marker where sound begins again.
    for pair in hall.phones[0].packets.windows(2) {
        let ((at, _, sequence, timestamp), (then, marker, next, later)) = (pair[0], pair[1]);
        assert_eq!(next, sequence.wrapping_add(1));
        assert_eq!(later.wrapping_sub(timestamp), ((then - at) / 125) as u32);
        assert_eq!(marker, then - at > 20_000);
    }
}

#[test]
fn a_leg_that_moves_leaves_its_old_room() {
    let mut hall = singers(&[1, 1, 2]);
    hall.run_ms(1_500);
    let leg = hall.phones[0].leg;
    hall.command(Command::Join { leg, room: RoomId(2) });
    hall.command(Command::Join { leg, room: RoomId(2) });
    hall.run_ms(2_000);
    assert_unheard(&hall, 1, 0);
    assert_unheard(&hall, 0, 1);
    assert_heard(&hall, 2, 0);
    hall.command(Command::Leave { leg });
    hall.run_ms(2_000);
    assert_unheard(&hall, 2, 0);
    assert_unheard(&hall, 0, 2);
}

#[test]
fn packets_go_out_at_every_tick_even_to_a_leg_that_hears_nothing() {
    let mut hall = Hall::new(2);
    hall.call(Codec::Pcma, 0, silence());
    hall.call(Codec::Pcmu, 0, silence());
    hall.run_ms(2_000);
    for phone in &hall.phones {
        assert_eq!(phone.packets.len(), 100);
        assert!(crate::frame::is_silent(&phone.heard));
        let (_, marker, sequence, timestamp) = phone.packets[0];
        assert!(marker && sequence == 65_500 && timestamp == u32::MAX - 3_000);
        assert!(phone.packets.windows(2).all(|p| !p[1].1
            && p[1].2 == p[0].2.wrapping_add(1)
            && p[1].3 == p[0].3.wrapping_add(160)));
    }
}

#[test]
fn a_steady_tone_stays_steady_for_a_minute() {
    for phase_us in [100, 7_000, 19_900] {
        let mut hall = Hall::new(3);
        hall.enter(1, Codec::Pcma, phase_us, tone(1_005.0, 8_000.0));
        let listener = hall.enter(1, Codec::Pcma, 5_000, silence());
        hall.run_ms(61_000);
        let heard = &hall.phones[listener].heard[8_000..];
        let (low, high) = envelope(heard);
        assert!(high / low < 1.01, "between {low} and {high}");
        // The period in samples is 1600 / 201: after 1600 samples the tone is the same again.
        let shifted = heard.iter().zip(&heard[1_600..]).all(|(a, b)| (a - b).abs() < 600);
        assert!(shifted, "phase {phase_us}: a jump in the tone");
    }
}

#[test]
fn a_loud_room_is_turned_down_and_not_clipped() {
    let mut hall = Hall::new(4);
    for phone in 0..8 {
        hall.enter(1, Codec::Pcma, 1_000 * phone, tone(400.0 + 100.0 * phone as f64, 20_000.0));
    }
    let listener = hall.enter(1, Codec::Pcma, 0, silence());
    hall.run_ms(4_000);
    let heard = &hall.phones[listener].heard[8_000..];
    let levels: Vec<f64> = (0..8)
        .map(|i| level_db(&heard[8_000..16_000], 400.0 + 100.0 * f64::from(i), 20_000.0))
        .collect();
    let (low, high) = levels.iter().fold((0.0f64, -99.0f64), |(l, h), &v| (l.min(v), h.max(v)));
    assert!(high - low < 1.0 && high < 0.0, "{levels:?}");
    // Between the tones there is next to nothing.
    assert!(level_db(&heard[8_000..16_000], 1_650.0, 20_000.0) < -40.0);
}

#[test]
fn those_who_only_listen_share_one_mix() {
    let mut hall = singers(&[1, 1]);
    let a = hall.enter(1, Codec::Pcma, 100, silence());
    let b = hall.enter(1, Codec::Pcma, 9_000, silence());
    hall.run_ms(2_000);
    assert_eq!(hall.phones[a].heard, hall.phones[b].heard);
    assert_heard(&hall, a, 0);
    assert_heard(&hall, b, 1);
}

#[test]
fn a_removed_leg_says_goodbye_with_its_numbers_and_the_others_go_on() {
    let mut hall = singers(&[1, 1, 1]);
    hall.run_ms(1_000);
    let leg = hall.phones[0].leg;
    hall.command(Command::RemoveLeg { leg });
    hall.command(Command::RemoveLeg { leg });
    let closed: Vec<_> = hall
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Closed { leg, stats } => Some((*leg, stats.packets_received)),
            _ => None,
        })
        .collect();
    // The first of them left at 0 s.
    assert_eq!(closed, [(leg, 51)]);
    assert!(hall.engine.stats(leg).is_none());
    hall.run_ms(2_000);
    assert_heard(&hall, 1, 2);
    assert_heard(&hall, 2, 1);
    assert_unheard(&hall, 1, 0);
}

#[test]
fn a_leg_without_packets_is_reported_once_until_they_come_again() {
    let mut hall = singers(&[1, 1]);
    let lost =
        |hall: &Hall| hall.events.iter().filter(|e| matches!(e, Event::MediaLost { .. })).count();
    hall.phones[0].sending = false;
    hall.run_ms(29_900);
    assert_eq!(lost(&hall), 0);
    hall.run_ms(40_000);
    assert_eq!(lost(&hall), 1);
    hall.phones[0].sending = true;
    hall.run_ms(2_000);
    assert_heard(&hall, 1, 0);
    hall.phones[0].sending = false;
    hall.run_ms(31_000);
    assert_eq!(lost(&hall), 2);
}

#[test]
fn a_leg_on_hold_or_with_rtcp_alone_is_not_lost() {
    let mut hall = singers(&[1, 1]);
    let stream = crate::Stream { direction: Direction::Inactive, ..hall.stream(0) };
    let leg = hall.phones[0].leg;
    hall.command(Command::UpdateLeg { leg, stream });
    for phone in &mut hall.phones {
        phone.sending = false;
    }
    for _ in 0..20 {
        hall.inject(1, hall.phones[1].address, vec![0x80, 201, 0, 1, 0, 0, 0, 1]);
        hall.run_ms(5_000);
    }
    assert!(hall.events.is_empty(), "{:?}", hall.events);
    // Off hold, the 30 s begin anew; the last RTCP was 5 s ago.
    let stream = hall.stream(0);
    hall.command(Command::UpdateLeg { leg, stream });
    hall.run_ms(24_000);
    assert!(hall.events.is_empty(), "{:?}", hall.events);
    hall.run_ms(7_000);
    assert_eq!(hall.events.len(), 2, "{:?}", hall.events);
}
