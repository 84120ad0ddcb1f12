//! Who speaks and whose line is noisy, through the whole engine.

use std::cell::RefCell;
use std::rc::Rc;

use konf_contract::{Language, LegId};
use konf_prompts::{Catalogue, Phrase};

use super::hall::{Hall, Sound, silence, tone};
use crate::codec::g711;
use crate::frame::power;
use crate::{Codec, Command, Event, RoomId};

/// Says a sentence again and again, with two seconds of silence behind it.
fn sentence(phrase: Phrase) -> Sound {
    let said = Catalogue::built_in().samples_8k(Language::En, phrase);
    let around = said.len() as i64 + 16_000;
    Box::new(move |n| said.get((n.rem_euclid(around)) as usize).copied().unwrap_or(0))
}

/// White, of an RMS of `amplitude` / 1.7.
fn hiss(amplitude: i64) -> Sound {
    Box::new(move |n| {
        let random = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_mul(n as u64 | 1);
        ((random >> 33) as i64 % (2 * amplitude + 1) - amplitude) as i16
    })
}

fn speaking(hall: &Hall) -> Vec<(u64, bool)> {
    let of = |event: &Event| match event {
        Event::Speaking { leg, speaking } => Some((leg.0, *speaking)),
        _ => None,
    };
    hall.events.iter().filter_map(of).collect()
}

fn noisiest(hall: &mut Hall, room: u64) -> Option<LegId> {
    hall.command(Command::FindNoise { room: RoomId(room), asker: LegId(1) });
    match hall.events.last() {
        Some(Event::NoiseFound { asker: LegId(1), noisy }) => *noisy,
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_speaks_is_told_whether_muted_or_not() {
    let mut hall = Hall::new(11);
    let talker = hall.enter(1, Codec::Pcma, 1_000, sentence(Phrase::EnterPin));
    let muted = hall.enter(1, Codec::Pcmu, 7_000, sentence(Phrase::EnterPin));
    hall.enter(1, Codec::Pcma, 3_000, hiss(400));
    hall.enter(1, Codec::Pcma, 9_000, silence());
    let leg = hall.phones[muted].leg;
    hall.command(Command::Mute { leg, muted: true });
    hall.run_ms(1_000);
    assert_eq!(speaking(&hall), [(1, true), (2, true)]);
    assert!(hall.stats(talker).speaking && hall.stats(muted).speaking);
    hall.run_ms(60_000);
    let told = speaking(&hall);
    assert!(told.iter().all(|(leg, _)| *leg <= 2), "{told:?}");
    // A sentence and its pause take about four seconds.
    assert!((20..80).contains(&told.len()), "{}", told.len());
}

#[test]
fn the_noisiest_line_is_found_among_those_that_are_heard() {
    let mut hall = Hall::new(12);
    hall.enter(1, Codec::Pcma, 1_000, sentence(Phrase::EnterPin));
    let loud = hall.enter(1, Codec::Pcma, 2_000, hiss(900));
    let less = hall.enter(1, Codec::Pcmu, 3_000, hiss(400));
    hall.enter(1, Codec::Pcma, 3_000, hiss(40));
    hall.enter(2, Codec::Pcma, 9_000, tone(300.0, 9_000.0));
    hall.run_ms(15_000);
    let (loud, less) = (hall.phones[loud].leg, hall.phones[less].leg);
    assert_eq!(noisiest(&mut hall, 1), Some(loud));
    hall.command(Command::Mute { leg: loud, muted: true });
    hall.run_ms(100);
    assert_eq!(noisiest(&mut hall, 1), Some(less));
    hall.command(Command::Leave { leg: less });
    assert_eq!(noisiest(&mut hall, 1), None, "nobody's noise is loud");
    assert_eq!(noisiest(&mut hall, 3), None, "there is no such room");
}

#[test]
fn among_three_nobody_is_turned_down_and_noise_alone_is_in_a_crowd() {
    let level_of = |lines: i64| {
        let mut hall = Hall::new(13);
        for line in 0..lines {
            hall.enter(1, Codec::Pcma, 1_000 * line, hiss(300 + line));
        }
        let listener = hall.enter(1, Codec::Pcma, 9_000, silence());
        hall.run_ms(12_000);
        10.0 * power(&hall.phones[listener].heard[64_000..]).log10()
    };
    let alone = level_of(1);
    for (lines, expected) in [(2, 3.0), (3, 4.8), (5, 7.0 - 10.0)] {
        let level = level_of(lines) - alone;
        assert!((level - expected).abs() < 0.6, "{lines} lines: {level:.1} dB, not {expected}");
    }
}

#[test]
fn three_who_talk_over_each_other_are_heard_exactly_as_they_are() {
    let mut hall = Hall::new(14);
    let phrases = [Phrase::EnterPin, Phrase::SayName, Phrase::EnterNumber];
    for phrase in phrases {
        hall.enter(1, Codec::Pcma, 100, usual(phrase));
    }
    let listener = hall.enter(1, Codec::Pcma, 100, silence());
    hall.run_ms(30_000);
    let heard = &hall.phones[listener].heard;
    let sounds: Vec<Sound> = phrases.into_iter().map(usual).collect();
    let sum = |n: i64| sounds.iter().map(|sound| through_a_law(sound(n))).sum::<i16>();
    let sent: Vec<i16> = (0..240_000).map(|n| through_a_law(sum(n))).collect();
    let wrong = |from: usize, to: usize, delay: usize| {
        let pairs = heard[from..to].iter().zip(&sent[from - delay..to - delay]);
        let errors: Vec<i16> = pairs.map(|(&a, &b)| a.saturating_sub(b)).collect();
        power(&errors)
    };
    let least = |delay: &usize| wrong(100_000, 140_000, *delay) as i64;
    let delay = (0..1_000).min_by_key(least).unwrap();
    for from in (16_000..220_000).step_by(1_600) {
        // The idle codes of lines that are silent are not added up, 8 each, which also moves a sum into the next step of
        // A-law. One of three turned down by 10 dB would be wrong by 7 %.
        let (error, whole) = (wrong(from, from + 1_600, delay), power(&sent[from..from + 1_600]));
        assert!(error < 600.0 + 0.01 * whole, "{error} of {whole} at {from}, delay {delay}");
    }
}

#[test]
fn a_line_that_sends_back_what_it_hears_is_known_and_named_as_noise() {
    let mut hall = Hall::new(15);
    hall.enter(1, Codec::Pcma, 1_000, sentence(Phrase::SayName));
    hall.enter(1, Codec::Pcmu, 3_000, sentence(Phrase::EnterPin));
    let came = Rc::new(RefCell::new(Vec::new()));
    let back = Rc::clone(&came);
    // 200 ms later and at a third of the amplitude.
    let echo = move |n: i64| {
        let at = usize::try_from(n - 1_600).ok();
        at.and_then(|at| back.borrow().get(at).copied()).unwrap_or(0i16) / 3
    };
    let echoing = hall.enter(1, Codec::Pcma, 5_000, Box::new(echo));
    for _ in 0..50 * 60 {
        hall.step();
        came.borrow_mut().clone_from(&hall.phones[echoing].heard);
    }
    let delay = hall.stats(echoing).echo_ms.expect("an echo");
    assert!((200..=260).contains(&delay), "{delay} ms");
    assert!((0..2).all(|phone| hall.stats(phone).echo_ms.is_none()));
    assert_eq!(noisiest(&mut hall, 1), Some(hall.phones[echoing].leg));
}

#[test]
fn a_line_that_plays_music_is_told_once_and_heard_as_it_is() {
    let mut hall = Hall::new(16);
    let music = Catalogue::built_in().samples_8k(Language::En, Phrase::Music);
    let sound = Box::new(move |n: i64| music[n as usize % music.len()]);
    let phone = hall.enter(1, Codec::Pcma, 1_000, sound);
    let talker = hall.enter(1, Codec::Pcma, 2_000, sentence(Phrase::SayName));
    hall.run_ms(60_000);
    let leg = hall.phones[phone].leg;
    let told = hall.events.iter().filter(|event| matches!(event, Event::Music { .. })).count();
    assert_eq!(told, 1);
    assert!(hall.events.iter().any(|e| matches!(e, Event::Music { leg: of } if *of == leg)));
    assert!(hall.stats(phone).music && !hall.stats(talker).music);
}

/// A voice at -27 dBov, a level that is left as it is.
fn usual(phrase: Phrase) -> Sound {
    let said = Catalogue::built_in().samples_8k(Language::En, phrase);
    let loud = said.chunks(160).map(power).filter(|&power| power > 10_000.0);
    let (sum, count) = loud.fold((0.0, 0.0f32), |(sum, count), power| (sum + power, count + 1.0));
    let factor = (32_768.0f32.powi(2) * 10f32.powf(-2.7) / (sum / count)).sqrt();
    let sound = sentence(phrase);
    Box::new(move |n| (f32::from(sound(n)) * factor) as i16)
}

fn through_a_law(sample: i16) -> i16 {
    let mut payload = [0];
    g711::encode(Codec::Pcma, &[sample], &mut payload);
    let mut decoded = [0];
    g711::decode(Codec::Pcma, &payload, &mut decoded);
    decoded[0]
}
