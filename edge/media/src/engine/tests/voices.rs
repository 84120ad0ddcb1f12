//! Who speaks and whose line is noisy, through the whole engine.

use konf_contract::{Language, LegId};
use konf_prompts::{Catalogue, Phrase};

use super::hall::{Hall, Sound, silence, tone};
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
