//! What is played to one leg or to a room, and what is recorded.

use std::time::Duration;

use super::hall::{Hall, level_db, silence, tone};
use crate::{Clip, Codec, Command, Event, PlaybackId, Rate, RoomId};

fn clip(hz: f64, ms: i64) -> Clip {
    let sound = tone(hz, 4_000.0);
    Clip { samples: (0..ms * 8).map(sound).collect(), rate: Rate::Narrow }
}

fn level(hall: &Hall, phone: usize, hz: f64) -> f64 {
    let heard = &hall.phones[phone].heard;
    level_db(&heard[heard.len() - 4_000..], hz, 4_000.0)
}

fn played(hall: &Hall) -> Vec<u64> {
    let id = |event: &Event| match event {
        Event::Played { playback, .. } => Some(playback.0),
        _ => None,
    };
    hall.events.iter().filter_map(id).collect()
}

#[test]
fn a_prompt_is_for_one_leg_alone_and_turns_the_room_down_for_it() {
    let mut hall = Hall::new(1);
    hall.enter(1, Codec::Pcma, 1_000, tone(400.0, 4_000.0));
    let asked = hall.enter(1, Codec::Pcma, 2_000, silence());
    let other = hall.enter(1, Codec::Pcma, 3_000, silence());
    hall.run_ms(1_000);
    let leg = hall.phones[asked].leg;
    let clips = vec![clip(700.0, 500), clip(700.0, 1_000)];
    hall.command(Command::Play { leg, playback: PlaybackId(7), clips });
    hall.run_ms(1_000);
    assert!(level(&hall, asked, 700.0).abs() < 0.5);
    assert!((level(&hall, asked, 400.0) + 12.0).abs() < 0.5);
    assert!(level(&hall, other, 700.0) < -40.0);
    assert!(level(&hall, other, 400.0).abs() < 0.5);
    assert!(played(&hall).is_empty());
    hall.run_ms(500);
    assert_eq!(played(&hall), [7]);
    hall.run_ms(1_000);
    assert!(level(&hall, asked, 400.0).abs() < 0.5);
    assert!(level(&hall, asked, 700.0) < -40.0);
}

#[test]
fn a_talker_hears_a_prompt_and_still_not_itself() {
    let mut hall = Hall::new(2);
    let talker = hall.enter(1, Codec::Pcmu, 1_000, tone(400.0, 4_000.0));
    let other = hall.enter(1, Codec::Pcma, 2_000, tone(1_000.0, 4_000.0));
    let leg = hall.phones[talker].leg;
    hall.command(Command::Play { leg, playback: PlaybackId(1), clips: vec![clip(700.0, 3_000)] });
    hall.run_ms(2_000);
    assert!(level(&hall, talker, 400.0) < -40.0);
    assert!(level(&hall, talker, 700.0).abs() < 0.5);
    assert!(level(&hall, other, 400.0).abs() < 0.5);
}

#[test]
fn stopping_forgets_the_queue_and_says_nothing() {
    let mut hall = Hall::new(3);
    let phone = hall.call(Codec::Pcma, 0, silence());
    let leg = hall.phones[phone].leg;
    for id in 1..4 {
        let clips = vec![clip(700.0, 1_000)];
        hall.command(Command::Play { leg, playback: PlaybackId(id), clips });
    }
    hall.run_ms(1_500);
    hall.command(Command::StopPlaying { leg });
    hall.run_ms(1_000);
    assert_eq!(played(&hall), [1]);
    assert!(level(&hall, phone, 700.0) < -40.0);
}

#[test]
fn more_than_a_queue_holds_counts_as_played() {
    let mut hall = Hall::new(3);
    let phone = hall.call(Codec::Pcma, 0, silence());
    let leg = hall.phones[phone].leg;
    for id in 0..70 {
        let clips = vec![clip(700.0, 1_000)];
        hall.command(Command::Play { leg, playback: PlaybackId(id), clips });
    }
    assert_eq!(played(&hall), (64..70).collect::<Vec<_>>());
}

#[test]
fn everybody_in_the_room_hears_what_is_played_to_it_and_nobody_else() {
    let mut hall = Hall::new(4);
    let talker = hall.enter(1, Codec::Pcma, 1_000, tone(400.0, 4_000.0));
    let listener = hall.enter(1, Codec::Pcmu, 2_000, silence());
    let elsewhere = hall.enter(2, Codec::Pcma, 2_000, silence());
    hall.run_ms(500);
    let clips = vec![clip(900.0, 600), clip(900.0, 400)];
    hall.command(Command::PlayToRoom { room: RoomId(1), clips });
    hall.command(Command::PlayToRoom { room: RoomId(9), clips: vec![clip(900.0, 500)] });
    hall.run_ms(1_000);
    for phone in [talker, listener] {
        assert!(level(&hall, phone, 900.0).abs() < 0.5);
    }
    assert!(level(&hall, listener, 400.0).abs() < 0.5);
    assert!(level(&hall, elsewhere, 900.0) < -40.0);
    hall.run_ms(1_000);
    assert!(level(&hall, listener, 900.0) < -40.0);
}

#[test]
fn music_plays_under_prompts_until_it_is_ended() {
    let mut hall = Hall::new(5);
    let phone = hall.call(Codec::Pcma, 0, silence());
    let leg = hall.phones[phone].leg;
    hall.command(Command::Music { leg, clip: Some(clip(500.0, 500)) });
    hall.run_ms(3_000);
    assert!(level(&hall, phone, 500.0).abs() < 0.5);
    hall.command(Command::Play { leg, playback: PlaybackId(1), clips: vec![clip(900.0, 1_000)] });
    hall.run_ms(1_000);
    assert!((level(&hall, phone, 500.0) + 12.0).abs() < 0.5);
    hall.command(Command::Music { leg, clip: None });
    hall.run_ms(1_000);
    assert!(level(&hall, phone, 500.0) < -40.0);
}

#[test]
fn a_name_is_recorded_without_the_silence_around_it() {
    let mut hall = Hall::new(6);
    let name: super::hall::Sound = {
        let voice = tone(300.0, 6_000.0);
        Box::new(move |n| if (8_000..16_000).contains(&n) { voice(n) } else { 0 })
    };
    let phone = hall.call(Codec::Pcma, 0, name);
    let leg = hall.phones[phone].leg;
    hall.command(Command::Record { leg, longest: Duration::from_secs(4) });
    hall.run_ms(3_960);
    // A voice was heard, and nothing is recorded yet.
    assert!(hall.events.iter().all(|event| matches!(event, Event::Speaking { .. })));
    hall.events.clear();
    hall.run_ms(40);
    let [Event::Recorded { clip: Some(clip), .. }] = &hall.events[..] else {
        panic!("{:?}", hall.events)
    };
    // A second, 60 ms before and 120 ms behind.
    assert!((9_400..=9_600).contains(&clip.samples.len()), "{clip:?}");
    hall.events.clear();
    hall.command(Command::Record { leg, longest: Duration::from_secs(4) });
    hall.run_ms(1_000);
    hall.command(Command::StopRecording { leg });
    hall.command(Command::StopRecording { leg });
    assert!(matches!(hall.events[..], [Event::Recorded { clip: None, .. }]), "{:?}", hall.events);
}
