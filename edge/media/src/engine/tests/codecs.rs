//! What the network does to each codec.

use super::hall::{Hall, Network, Sound, envelope_at, level_db_at, silence, tone_at};
use crate::{Codec, Command, Direction, OpusWishes, Rate, Stream};

const CODECS: [Codec; 3] = [Codec::Pcma, Codec::G722, Codec::Opus];

/// Both sides have the codec; the first sings at 440 Hz and the second listens.
fn duet(seed: u64, codec: Codec) -> (Hall, usize, usize) {
    let mut hall = Hall::new(seed);
    let talker = hall.enter(1, codec, 3_000, sings(codec));
    let listener = hall.enter(1, codec, 9_000, silence());
    (hall, talker, listener)
}

fn sings(codec: Codec) -> Sound {
    tone_at(codec.sampling(), 440.0, 8_000.0)
}

/// The lowest and highest RMS of 20 ms that `phone` heard from `from_ms` on.
fn steadiness(hall: &Hall, phone: usize, from_ms: usize) -> (f32, f32) {
    let phone = &hall.phones[phone];
    let rate = phone.codec.sampling();
    envelope_at(rate, &phone.heard[rate.hz() as usize / 1_000 * from_ms..])
}

fn heard_ms(hall: &Hall, phone: usize) -> usize {
    let phone = &hall.phones[phone];
    phone.heard.len() * 1_000 / phone.codec.rate() as usize
}

fn level(hall: &Hall, phone: usize, hz: f64) -> f64 {
    let phone = &hall.phones[phone];
    let second = phone.codec.rate() as usize;
    level_db_at(phone.codec.sampling(), &phone.heard[phone.heard.len() - second..], hz, 8_000.0)
}

#[test]
fn a_steady_tone_stays_steady_in_each_codec_with_no_delay_but_that_of_a_tick() {
    for codec in CODECS {
        for phase_us in [100, 7_000, 19_900] {
            let mut hall = Hall::new(41);
            let talker = hall.enter(1, codec, phase_us, sings(codec));
            let listener = hall.enter(1, codec, 5_000, silence());
            hall.run_ms(20_000);
            let (low, high) = steadiness(&hall, listener, 1_000);
            let stats = hall.stats(talker);
            println!("{codec:?}, {phase_us} us: {low} to {high}, {stats:?}");
            assert!(low > 0.95 * high, "{codec:?}: between {low} and {high}");
            assert!(stats.delay_ms <= 22 && stats.concealed_ms == 0, "{codec:?}: {stats:?}");
        }
    }
}

#[test]
fn packets_of_any_length_make_a_steady_tone_in_each_codec() {
    for codec in CODECS {
        for (ms, most_ms) in [(10, 20), (20, 22), (30, 42), (40, 42), (60, 62)] {
            // Opus has no packets of 30 ms unless it makes them of two frames.
            if codec == Codec::Opus && ms == 30 {
                continue;
            }
            let (mut hall, talker, listener) = duet(42, codec);
            hall.phones[talker].length = codec.rate() as usize / 1_000 * ms;
            hall.run_ms(10_000);
            let (low, high) = steadiness(&hall, listener, 1_000);
            let stats = hall.stats(talker);
            println!("{codec:?}, {ms} ms: {low} to {high}, {stats:?}");
            assert!(low > 0.93 * high, "{codec:?}, {ms} ms: between {low} and {high}");
            assert!(stats.delay_ms <= most_ms, "{codec:?}, {ms} ms: {stats:?}");
            assert_eq!((stats.packets_late, stats.packets_lost), (0, 0), "{codec:?}, {ms} ms");
        }
    }
}

#[test]
fn disorder_and_duplicates_are_not_heard() {
    for codec in CODECS {
        let (mut hall, talker, listener) = duet(43, codec);
        hall.phones[talker].network =
            Network { jitter_us: 30_000, duplicates: 0.1, ..Network::default() };
        hall.run_ms(30_000);
        let (low, high) = steadiness(&hall, listener, 5_000);
        let stats = hall.stats(talker);
        println!("{codec:?}: {low} to {high}, {stats:?}");
        assert!(low > 0.7 * high, "{codec:?}: between {low} and {high}");
        assert!(stats.delay_ms < 60, "{codec:?}: {stats:?}");
    }
}

#[test]
fn after_a_stall_the_delay_is_back_within_ten_seconds_in_each_codec() {
    for codec in CODECS {
        let (mut hall, talker, _) = duet(44, codec);
        hall.phones[talker].network.stall = Some((5_000_000, 5_200_000));
        hall.run_ms(5_300);
        assert!(hall.stats(talker).delay_ms > 100, "{codec:?}: {:?}", hall.stats(talker));
        let mut ms = 0;
        while hall.stats(talker).delay_ms >= 40 {
            hall.step();
            ms += 20;
            assert!(ms < 10_000, "{codec:?}: {:?}", hall.stats(talker));
        }
        println!("{codec:?}: back after {ms} ms");
    }
}

#[test]
fn clocks_that_drift_for_half_an_hour_neither_dent_a_tone_nor_raise_the_delay() {
    // The others for less: their coding takes the time.
    for (codec, minutes) in [(Codec::Pcma, 30), (Codec::G722, 2), (Codec::Opus, 1)] {
        for ppm in [-300.0, 300.0] {
            let (mut hall, talker, listener) = duet(45, codec);
            hall.phones[talker].ppm = ppm;
            hall.phones[talker].network.jitter_us = 300;
            let mut longest = 0;
            let (mut low, mut high) = (f32::MAX, 0f32);
            for minute in 0..minutes {
                for _ in 0..50 * 60 {
                    hall.step();
                    longest = longest.max(hall.stats(talker).delay_ms);
                }
                let (l, h) = steadiness(&hall, listener, if minute == 0 { 2_000 } else { 0 });
                (low, high) = (low.min(l), high.max(h));
                hall.phones[listener].heard.clear();
                hall.phones[listener].packets.clear();
            }
            let stats = hall.stats(talker);
            println!("{codec:?}, {ppm} ppm: {low} to {high}, at most {longest} ms, {stats:?}");
            assert!(low > 0.8 * high, "{codec:?}: between {low} and {high}");
            assert!(longest < 30, "{codec:?}: {longest} ms");
            assert_eq!((stats.packets_late, stats.concealed_ms), (0, 0), "{codec:?}");
        }
    }
}

#[test]
fn a_stream_that_begins_anew_is_followed_in_each_codec() {
    let changes: [fn(&mut super::hall::Phone); 5] = [
        |phone| phone.ssrc ^= 0xdead_beef,
        |phone| phone.timestamp = phone.timestamp.wrapping_add(30_000_000),
        |phone| phone.timestamp = phone.timestamp.wrapping_sub(30_000_000),
        |phone| phone.sequence = phone.sequence.wrapping_add(30_000),
        |phone| {
            phone.ssrc ^= 1;
            phone.sequence ^= 0x5555;
            phone.timestamp ^= 0x5555_5555;
        },
    ];
    for codec in [Codec::G722, Codec::Opus] {
        let (mut hall, talker, listener) = duet(46, codec);
        // Wraps of sequence and timestamp within the first second.
        hall.phones[talker].sequence = 65_530;
        hall.phones[talker].timestamp = u32::MAX - codec.clock_rate() / 2;
        hall.run_ms(2_000);
        let (low, high) = steadiness(&hall, listener, 300);
        assert!(low > 0.9 * high, "{codec:?}: a wrap is heard: {low} to {high}");
        for (i, change) in changes.iter().enumerate() {
            change(&mut hall.phones[talker]);
            hall.run_ms(2_000);
            let before = heard_ms(&hall, listener);
            hall.run_ms(2_000);
            let (low, high) = steadiness(&hall, listener, before);
            assert!(low > 0.9 * high, "{codec:?}, change {i}: between {low} and {high}");
            assert!(level(&hall, listener, 440.0).abs() < 1.0, "{codec:?}, change {i}");
            assert!(hall.stats(talker).delay_ms < 30, "{codec:?}, {i}: {:?}", hall.stats(talker));
        }
    }
}

#[test]
fn pauses_without_packets_neither_cut_the_next_words_nor_raise_the_delay_in_each_codec() {
    for (codec, pause_ms) in CODECS.iter().flat_map(|&c| [(c, 200), (c, 1_500), (c, 5_000)]) {
        let (mut hall, talker, listener) = duet(47, codec);
        hall.run_ms(2_000);
        for _ in 0..3 {
            hall.phones[talker].sending = false;
            hall.run_ms(pause_ms);
            hall.phones[talker].sending = true;
            let before = hall.phones[listener].heard.len();
            hall.run_ms(2_000);
            let rate = codec.sampling();
            let heard = &hall.phones[listener].heard[before..];
            let onset = heard.iter().position(|s| s.abs() > 3_000).unwrap() / rate.scale();
            // One packet and its delay, and what Opus looks ahead on both ways.
            let most = if codec == Codec::Opus { 560 } else { 440 };
            assert!(onset <= most, "{codec:?}, {pause_ms} ms: begins after {onset} samples");
            let (low, high) = envelope_at(rate, &heard[(onset + 160) * rate.scale()..]);
            assert!(low > 0.8 * high, "{codec:?}, {pause_ms} ms: between {low} and {high}");
            assert!(hall.stats(talker).delay_ms <= 22, "{codec:?}: {:?}", hall.stats(talker));
        }
        assert_eq!(hall.stats(talker).packets_late, 0, "{codec:?}");
    }
}

#[test]
fn lost_packets_are_hardly_heard_in_each_codec() {
    for codec in CODECS {
        let (mut hall, talker, listener) = duet(48, codec);
        hall.phones[talker].network.loss = 0.05;
        hall.run_ms(30_000);
        let (low, _) = steadiness(&hall, listener, 2_000);
        let level = level(&hall, listener, 440.0);
        println!("{codec:?}: lowest {low}, level {level:.1} dB, {:?}", hall.stats(talker));
        assert!(level > -2.0, "{codec:?}: {level:.1} dB");
    }
}

#[test]
fn a_leg_on_hold_is_neither_heard_nor_sent_to_and_comes_back_in_each_codec() {
    for codec in CODECS {
        let (mut hall, talker, listener) = duet(49, codec);
        hall.run_ms(1_000);
        let held = hall.stream(talker);
        let leg = hall.phones[talker].leg;
        let stream = Stream { direction: Direction::Inactive, ..held.clone() };
        let before = hall.phones[talker].packets.len();
        hall.command(Command::UpdateLeg { leg, stream });
        hall.run_ms(2_000);
        assert!(level(&hall, listener, 440.0) < -40.0, "{codec:?}");
        assert_eq!(hall.phones[talker].packets.len(), before);
        hall.command(Command::UpdateLeg { leg, stream: held });
        hall.run_ms(2_000);
        assert!(level(&hall, listener, 440.0).abs() < 1.0, "{codec:?}");
        let [first, second] = hall.phones[talker].packets[before - 1..][..2] else { panic!() };
        let ticks = (second.0 - first.0) * i64::from(codec.clock_rate()) / 1_000_000;
        assert_eq!((second.1, i64::from(second.3.wrapping_sub(first.3))), (true, ticks));
    }
}

#[test]
fn who_wants_few_packets_in_silence_gets_few_and_hears_the_next_words() {
    let mut hall = Hall::new(50);
    let talker = hall.enter(1, Codec::Opus, 3_000, sings(Codec::Opus));
    let listener = hall.enter(1, Codec::Opus, 9_000, silence());
    let leg = hall.phones[listener].leg;
    let opus = OpusWishes { dtx: true, ..OpusWishes::default() };
    let stream = Stream { opus, ..hall.stream(listener) };
    hall.command(Command::UpdateLeg { leg, stream });
    hall.run_ms(2_000);
    hall.phones[talker].sound = silence();
    hall.run_ms(2_000);
    let before = hall.phones[listener].packets.len();
    hall.run_ms(10_000);
    let packets = hall.phones[listener].packets.len() - before;
    assert!(packets < 100, "{packets} of 500");
    hall.phones[talker].sound = sings(Codec::Opus);
    let before = hall.phones[listener].heard.len();
    hall.run_ms(200);
    let onset = &hall.phones[listener].heard[before..];
    assert!(crate::frame::peak(onset) > 6_000, "the next words are heard");
    let times: Vec<(i64, u32)> = hall.phones[listener].packets.iter().map(|p| (p.0, p.3)).collect();
    let steady = |pair: &[(i64, u32)]| {
        i64::from(pair[1].1.wrapping_sub(pair[0].1)) == (pair[1].0 - pair[0].0) * 48 / 1_000
    };
    assert!(times.windows(2).all(steady), "timestamps go on by time");
}

#[test]
fn who_was_muted_at_an_opus_telephone_is_heard_from_the_first_word_on() {
    let (mut hall, talker, listener) = duet(51, Codec::Opus);
    for sound in [440.0, 1_000.0] {
        hall.phones[talker].sound = silence();
        hall.run_ms(10_000);
        let before = hall.phones[listener].heard.len();
        hall.phones[talker].sound = tone_at(Rate::Full, sound, 8_000.0);
        hall.run_ms(2_000);
        let heard = &hall.phones[listener].heard[before..];
        let onset = heard.iter().position(|s| s.abs() > 4_000).unwrap() / 48;
        println!("after {onset} ms");
        // A packet, a tick, and twice what Opus looks ahead.
        assert!(onset <= 75, "after {onset} ms");
        let (low, high) = envelope_at(Rate::Full, &heard[48 * (onset + 40)..]);
        assert!(low > 0.8 * high, "between {low} and {high}");
    }
}
