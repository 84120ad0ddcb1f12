//! Opus packets that say again what the packet before said, on networks that lose some.

use std::f64::consts::TAU;

use super::hall::{Hall, Sound, silence};
use super::reports::answer;
use crate::codec::Encoder;
use crate::{Codec, Command, OpusWishes, Stream};

/// What libopus takes for a voice, and so copies: a buzz that swells and sinks like syllables.
fn voice() -> Sound {
    let sample = |n: usize| {
        let turn = TAU * n as f64 / 48_000.0;
        let partials = (1..24).map(|k| (turn * 120.0 * f64::from(k)).sin() / f64::from(k));
        (4_000.0 * (0.5 + 0.5 * (turn * 3.0).sin()) * partials.sum::<f64>()) as i16
    };
    let second: Vec<i16> = (0..48_000).map(sample).collect();
    Box::new(move |n| second[n.rem_euclid(48_000) as usize])
}

#[test]
fn copies_are_awaited_as_long_as_packets_are_lost_and_no_longer() {
    let mut hall = Hall::new(23);
    let speaker = hall.enter(1, Codec::Opus, 3_000, voice());
    hall.enter(1, Codec::Opus, 3_000, silence());
    let wishes = OpusWishes { in_band_fec: true, ..OpusWishes::default() };
    hall.phones[speaker].encoder = Encoder::new(Codec::Opus, &wishes);
    hall.phones[speaker].encoder.set_loss(10);
    hall.run_ms(2_000);
    let usual = hall.stats(speaker).delay_ms;
    assert!(usual <= 22, "{usual} ms");
    for half_second in 0..30 {
        // Never two in a row: a copy fills each hole.
        hall.phones[speaker].network.loss = 1.0;
        hall.run_ms(20);
        hall.phones[speaker].network.loss = 0.0;
        for _ in 0..4 {
            hall.run_ms(120);
            let delay = hall.stats(speaker).delay_ms;
            let settled = half_second > 4;
            assert!(!settled || (20..=45).contains(&delay), "{delay} ms after {half_second} / 2 s");
        }
    }
    hall.run_ms(15_000);
    let again = hall.stats(speaker).delay_ms;
    assert!(again <= 22, "{again} ms");
}

#[test]
fn who_loses_packets_gets_copies_until_it_says_that_it_does_not() {
    // Alone, and among those who share an encoder.
    for listeners in [1, 3] {
        let mut hall = Hall::new(7);
        hall.enter(1, Codec::Opus, 1_000, voice());
        let phones: Vec<usize> =
            (0..listeners).map(|_| hall.enter(1, Codec::Opus, 1_000, silence())).collect();
        for &phone in &phones {
            let wishes = OpusWishes { in_band_fec: true, ..OpusWishes::default() };
            let stream = Stream { opus: wishes, ..hall.stream(phone) };
            hall.command(Command::UpdateLeg { leg: hall.phones[phone].leg, stream });
        }
        hall.run_ms(10_000);
        let mut copies_in_a_second = |loss| {
            let (_, to, report) = hall.phones[phones[0]].reports.last().unwrap().clone();
            let bytes = answer(&hall, phones[0], loss, &report);
            hall.inject(phones[0], to, bytes);
            hall.run_ms(2_000);
            let before: Vec<usize> =
                phones.iter().map(|&phone| hall.phones[phone].copies).collect();
            hall.run_ms(1_000);
            let after = phones.iter().map(|&phone| hall.phones[phone].copies);
            after.zip(before).map(|(after, before)| after - before).collect::<Vec<_>>()
        };
        let tenth = copies_in_a_second(26);
        assert!(tenth.iter().all(|&copies| copies >= 40), "{tenth:?} of 50");
        assert_eq!(copies_in_a_second(0), vec![0; listeners]);
    }
}
