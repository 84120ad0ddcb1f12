//! Legs that move between two engines while something plays, is said or is recorded.

use std::time::Duration;

use super::hall::{Hall, envelope, level_db, silence, tone};
use crate::{Clip, Codec, Command, Event, PlaybackId, Rate, RoomId};

/// Moves all phones to a new engine and into the room again.
fn move_all(hall: &mut Hall, room: Option<u64>) {
    let mut other = hall.another_engine(99);
    for leg in hall.phones.iter().map(|phone| phone.leg) {
        let moving = hall.engine.detach(leg).expect("the leg is here");
        assert_eq!(moving.id(), leg);
        other.attach(moving);
    }
    assert!(hall.engine.poll_event().is_none(), "nobody is told");
    assert!(hall.engine.detach(hall.phones[0].leg).is_none());
    hall.engine = other;
    for leg in hall.phones.iter().map(|phone| phone.leg).collect::<Vec<_>>() {
        if let Some(room) = room {
            hall.command(Command::Join { leg, room: RoomId(room) });
        }
    }
}

fn sing(hz: f64, ms: i64) -> Clip {
    let sound = tone(hz, 4_000.0);
    Clip { samples: (0..ms * 8).map(sound).collect(), rate: Rate::Narrow }
}

#[test]
fn a_prompt_goes_on_and_its_end_is_told_by_the_new_engine() {
    let mut hall = Hall::new(1);
    let phone = hall.call(Codec::Pcma, 3_000, silence());
    let leg = hall.phones[phone].leg;
    let clips = vec![sing(500.0, 2_000)];
    hall.command(Command::Play { leg, playback: PlaybackId(5), clips });
    hall.run_ms(1_000);
    move_all(&mut hall, None);
    hall.run_ms(900);
    let heard = &hall.phones[phone].heard;
    let (low, high) = envelope(&heard[800..]);
    assert!(high - low < 0.02 * high, "the tone goes on without a seam: {low} to {high}");
    let headers = &hall.phones[phone].packets;
    assert!(headers.windows(2).all(|pair| pair[1].2 == pair[0].2.wrapping_add(1)));
    assert!(headers.windows(2).all(|pair| pair[1].3 == pair[0].3.wrapping_add(160)));
    assert!(headers[1..].iter().all(|packet| !packet.1), "no marker in between");
    hall.run_ms(200);
    assert!(matches!(hall.events[..], [Event::Played { playback: PlaybackId(5), .. }]));
}

#[test]
fn talkers_of_a_room_that_moves_are_heard_on_without_a_seam() {
    let mut hall = Hall::new(2);
    hall.enter(1, Codec::Pcma, 5_000, tone(400.0, 4_000.0));
    let listener = hall.enter(1, Codec::Pcmu, 9_000, silence());
    hall.run_ms(2_000);
    let moved_at = hall.phones[listener].heard.len();
    move_all(&mut hall, Some(1));
    hall.run_ms(1_000);
    let heard = &hall.phones[listener].heard;
    assert!(level_db(&heard[moved_at..], 400.0, 4_000.0).abs() < 0.5);
    let (low, high) = envelope(&heard[moved_at - 1_600..]);
    // Into a room a voice comes in softly, within 5 ms.
    assert!(low > 0.7 * high, "{low} to {high}");
    assert_eq!(hall.stats(0).packets_lost + hall.stats(0).packets_late, 0);
    assert_eq!(hall.stats(0).packets_received, 150);
}

#[test]
fn a_talker_who_moves_to_an_engine_that_ticks_later_is_soon_as_near_as_before() {
    for later_us in [5_000, 10_000, 15_000] {
        let mut hall = Hall::new(4);
        let talker = hall.enter(1, Codec::Pcma, 5_000, tone(400.0, 4_000.0));
        let listener = hall.enter(1, Codec::Pcma, 9_000, silence());
        hall.run_ms(4_000);
        let before = hall.stats(talker).delay_ms;
        move_all(&mut hall, Some(1));
        hall.now_us += later_us;
        hall.run_ms(4_000);
        let after = hall.stats(talker).delay_ms;
        assert!(after <= before + 5, "{later_us} µs later: {before} ms, then {after} ms");
        let heard = &hall.phones[listener].heard;
        let (low, high) = envelope(&heard[heard.len() - 16_000..]);
        assert!(low > 0.9 * high, "{later_us} µs later: {low} to {high}");
        assert_eq!(hall.stats(talker).packets_lost + hall.stats(talker).packets_late, 0);
    }
}

#[test]
fn a_recording_goes_on_in_the_new_engine() {
    let mut hall = Hall::new(3);
    let phone = hall.call(Codec::Pcma, 3_000, tone(400.0, 4_000.0));
    let leg = hall.phones[phone].leg;
    hall.run_ms(400);
    hall.command(Command::Record { leg, longest: Duration::from_secs(2) });
    hall.run_ms(1_000);
    move_all(&mut hall, None);
    hall.run_ms(1_200);
    let Some(Event::Recorded { clip: Some(clip), .. }) = hall.events.last() else {
        panic!("{:?}", hall.events)
    };
    assert!((15_000..=16_000).contains(&clip.samples.len()), "{}", clip.samples.len());
    assert!(level_db(&clip.samples, 400.0, 4_000.0).abs() < 0.5);
}
