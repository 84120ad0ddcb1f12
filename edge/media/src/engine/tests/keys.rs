//! Keys pressed on bad networks.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::hall::{EVENT_PAYLOAD_TYPE, Hall, level_db, silence, tone};
use crate::{Codec, Command, Digit, Event, Stream};

const KEYS: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

fn digit(code: u8) -> Digit {
    match code {
        10 => Digit::Star,
        11 => Digit::Hash,
        number => Digit::Number(number),
    }
}

/// Presses `code` for `ms`, as RFC 4733 asks: an update every 20 ms and the end three times. Takes the time it lasts, and
/// `pause_ms` behind.
fn press(hall: &mut Hall, phone: usize, code: u8, ms: u16, pause_ms: i64) {
    let timestamp = hall.phones[phone].timestamp;
    for step in 0..ms / 20 + 3 {
        let end = step >= ms / 20;
        let duration = (step.min(ms / 20 - 1) + 1) * 160;
        let [high, low] = duration.to_be_bytes();
        let payload = [code, if end { 0x8a } else { 0x0a }, high, low];
        let bytes = hall.phones[phone].packet(EVENT_PAYLOAD_TYPE, timestamp, &payload);
        hall.transport(phone, hall.now_us + 1_000, bytes);
        // The ends follow at once.
        if !end {
            hall.step();
        }
    }
    hall.run_ms(pause_ms);
}

fn digits(hall: &Hall) -> Vec<Digit> {
    let digit = |event: &Event| match event {
        Event::Digit { digit, .. } => Some(*digit),
        _ => None,
    };
    hall.events.iter().filter_map(digit).collect()
}

#[test]
fn ten_thousand_entries_are_exact_at_five_percent_loss_with_disorder_and_duplicates() {
    let seed = 34;
    let mut rng = StdRng::seed_from_u64(seed);
    let mut hall = Hall::new(seed);
    let phone = hall.call(Codec::Pcma, 3_000, silence());
    hall.phones[phone].sending = false;
    hall.phones[phone].network.loss = 0.05;
    hall.phones[phone].network.duplicates = 0.05;
    hall.phones[phone].network.jitter_us = 25_000;
    for entry in 0..10_000 {
        let keys: Vec<u8> = (0..4).map(|_| KEYS[rng.random_range(0..KEYS.len())]).collect();
        for &key in &keys {
            press(&mut hall, phone, key, rng.random_range(2..8) * 20, 60);
        }
        hall.run_ms(60);
        let wanted: Vec<Digit> = keys.iter().map(|&key| digit(key)).collect();
        assert_eq!(digits(&hall), wanted, "entry {entry}");
        hall.events.clear();
        hall.phones[phone].heard.clear();
        hall.phones[phone].packets.clear();
    }
}

#[test]
fn what_is_said_while_a_key_is_down_stays_out_of_the_room() {
    let mut hall = Hall::new(1);
    // A phone that sends the tone of the key besides the event.
    let talker = hall.enter(1, Codec::Pcma, 2_000, tone(697.0, 8_000.0));
    let listener = hall.enter(1, Codec::Pcma, 0, silence());
    hall.run_ms(1_000);
    let from = hall.phones[listener].heard.len();
    press(&mut hall, talker, 1, 400, 0);
    let to = hall.phones[listener].heard.len();
    assert!(crate::frame::is_silent(&hall.phones[listener].heard[from..to]));
    hall.run_ms(1_000);
    let heard = &hall.phones[listener].heard;
    assert!(level_db(&heard[heard.len() - 4_000..], 697.0, 8_000.0).abs() < 0.5);
    assert_eq!(digits(&hall), [Digit::Number(1)]);
}

#[test]
fn a_long_press_is_one_digit_and_silent_all_the_time() {
    let mut hall = Hall::new(2);
    let talker = hall.enter(1, Codec::Pcma, 2_000, tone(697.0, 8_000.0));
    let listener = hall.enter(1, Codec::Pcma, 0, silence());
    hall.run_ms(200);
    let from = hall.phones[listener].heard.len();
    press(&mut hall, talker, 9, 8_000, 0);
    let to = hall.phones[listener].heard.len();
    assert!(crate::frame::is_silent(&hall.phones[listener].heard[from..to]));
    assert_eq!(digits(&hall), [Digit::Number(9)]);
}

#[test]
fn a_foreign_source_presses_no_keys() {
    let mut hall = Hall::new(3);
    let phone = hall.call(Codec::Pcma, 0, silence());
    hall.run_ms(100);
    let event = hall.phones[phone].packet(EVENT_PAYLOAD_TYPE, 1, &[1, 0x8a, 1, 0]);
    hall.inject(phone, "203.0.113.1:4000".parse().unwrap(), event);
    hall.run_ms(100);
    assert_eq!(digits(&hall), []);
    assert_eq!(hall.stats(phone).packets_refused, 1);
}

#[test]
fn a_recorded_name_has_no_key_in_it() {
    let mut hall = Hall::new(4);
    let phone = hall.call(Codec::Pcma, 0, tone(500.0, 8_000.0));
    let leg = hall.phones[phone].leg;
    hall.run_ms(200);
    hall.command(Command::Record { leg, longest: std::time::Duration::from_secs(5) });
    hall.run_ms(1_000);
    hall.phones[phone].sound = tone(941.0, 8_000.0);
    press(&mut hall, phone, 11, 200, 0);
    hall.command(Command::StopRecording { leg });
    let clip = hall.events.iter().find_map(|event| match event {
        Event::Recorded { clip, .. } => clip.clone(),
        _ => None,
    });
    let samples = clip.unwrap().samples;
    assert!((7_800..=8_200).contains(&samples.len()), "{}", samples.len());
    assert!(level_db(&samples, 941.0, 8_000.0) < -40.0);
    assert!(level_db(&samples, 500.0, 8_000.0).abs() < 1.0);
}

#[test]
fn a_phone_without_events_is_heard_by_its_tones_and_they_stay_out_of_the_room() {
    let mut hall = Hall::new(5);
    let low = tone(941.0, 5_000.0);
    let high = tone(1_477.0, 5_000.0);
    // The key # for 200 ms each second.
    let phone = hall.call(
        Codec::Pcmu,
        4_000,
        Box::new(move |n| if n % 8_000 < 1_600 { low(n) + high(n) } else { 0 }),
    );
    let leg = hall.phones[phone].leg;
    let stream = Stream { event_payload_type: None, ..hall.stream(phone) };
    hall.command(Command::UpdateLeg { leg, stream });
    hall.command(Command::Join { leg, room: crate::RoomId(1) });
    let listener = hall.enter(1, Codec::Pcma, 0, silence());
    hall.run_ms(10_000);
    assert_eq!(digits(&hall), [Digit::Hash; 10]);
    let loud = hall.phones[listener].heard.iter().filter(|s| s.abs() > 500).count();
    // At most two packets of each press.
    assert!(loud <= 10 * 320, "{loud}");
}
