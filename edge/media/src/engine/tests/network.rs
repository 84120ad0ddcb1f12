//! What bad networks do to the sound, and what the delay is.

use super::hall::{Hall, Network, Sound, envelope, level_db, silence, tone};
use crate::Codec;

/// A click of eight samples at the beginning of every second, over a faint tone.
fn clicks() -> Sound {
    Box::new(|n| {
        let hum = 200.0 * (std::f64::consts::TAU * 310.0 * n as f64 / 8_000.0).sin();
        if n % 8_000 < 8 { 20_000 } else { hum as i16 }
    })
}

/// Delays in ms of the clicks of `talker` as `listener` hears them, from `from_s` on: from when the packet with the click
/// left to when the packet with the click came, corrected for its places in both.
fn delays_ms(
    hall: &Hall,
    talker: usize,
    phase_us: i64,
    listener: usize,
    from_s: usize,
) -> Vec<f64> {
    let listener = &hall.phones[listener];
    let mut delays = Vec::new();
    let mut at = 0;
    while let Some(ahead) = listener.heard.iter().skip(at).position(|&s| s > 10_000) {
        let heard = at + ahead;
        at = heard + 4_000;
        let (came_us, ..) = listener.packets[heard / 160];
        if came_us < from_s as i64 * 1_000_000 {
            continue;
        }
        // Less than a second: the click is the last one said before.
        let said = (came_us - phase_us) / 1_000_000 * 8_000;
        let (left_us, place) = hall.phones[talker].left_us(phase_us as f64, said);
        delays.push((came_us as f64 - left_us) / 1e3 + ((heard % 160) as f64 - place as f64) / 8.0);
    }
    delays
}

/// p50 and p99 over many phones whose packets leave at any time.
fn spread_ms(slice_us: Option<i64>) -> (f64, f64) {
    let mut hall = Hall::new(11);
    hall.slice_us = slice_us;
    let phases: Vec<i64> = (0..40).map(|i| i * 500 + 17).collect();
    for (room, &phase_us) in phases.iter().enumerate() {
        let talker = hall.enter(room as u64, Codec::Pcma, phase_us, clicks());
        // A busy machine: up to 0.2 ms.
        hall.phones[talker].network.jitter_us = 200;
        hall.enter(room as u64, Codec::Pcma, phase_us, silence());
    }
    hall.run_ms(20_000);
    let mut delays: Vec<f64> = phases
        .iter()
        .enumerate()
        .flat_map(|(i, &phase_us)| delays_ms(&hall, 2 * i, phase_us, 2 * i + 1, 4))
        .collect();
    delays.sort_by(f64::total_cmp);
    assert!(delays.len() > 600);
    let (p50, p99) = (delays[delays.len() / 2], delays[delays.len() * 99 / 100]);
    println!("delay p50 {p50:.1} ms, p99 {p99:.1} ms");
    (p50, p99)
}

#[test]
fn without_network_jitter_the_delay_is_half_a_tick() {
    let (p50, p99) = spread_ms(None);
    assert!(p50 <= 12.0 && p99 <= 22.0, "p50 {p50:.1} ms, p99 {p99:.1} ms");
}

#[test]
fn a_thread_that_reads_every_5_ms_adds_no_delay() {
    let (p50, p99) = spread_ms(Some(5_000));
    assert!(p50 <= 12.0 && p99 <= 22.0, "p50 {p50:.1} ms, p99 {p99:.1} ms");
}

#[test]
fn a_tone_is_steady_at_any_phase_on_a_busy_machine() {
    for slice_us in [None, Some(5_000)] {
        for phase_us in (0..20_000).step_by(800).chain([4_900, 14_900, 19_800, 19_900, 19_990]) {
            let mut hall = Hall::new(phase_us as u64);
            hall.slice_us = slice_us;
            let talker = hall.enter(1, Codec::Pcma, phase_us, tone(1_005.0, 8_000.0));
            hall.phones[talker].network.jitter_us = 200;
            let listener = hall.enter(1, Codec::Pcma, 5_000, silence());
            hall.run_ms(20_000);
            let (low, high) = envelope(&hall.phones[listener].heard[3 * 8_000..]);
            assert!(low > 0.9 * high, "{slice_us:?}, {phase_us} us: between {low} and {high}");
        }
    }
}

fn noisy(seed: u64, network: Network, seconds: i64) -> (Hall, usize) {
    let mut hall = Hall::new(seed);
    let talker = hall.enter(1, Codec::Pcma, 3_000, tone(440.0, 8_000.0));
    hall.phones[talker].network = network;
    let listener = hall.enter(1, Codec::Pcma, 9_000, silence());
    hall.run_ms(seconds * 1_000);
    (hall, listener)
}

/// The part of stretches of 20 ms that are 6 dB too quiet or 2 dB too loud.
fn dented(heard: &[i16], amplitude: f32) -> f64 {
    let rms = amplitude / std::f32::consts::SQRT_2;
    let stretches: Vec<f32> =
        heard.chunks_exact(160).map(|c| crate::frame::power(c).sqrt()).collect();
    let bad = stretches.iter().filter(|&&s| s < rms * 0.5 || s > rms * 1.26).count();
    bad as f64 / stretches.len() as f64
}

#[test]
fn jitter_and_disorder_of_40_ms_are_hardly_heard() {
    for seed in 0..5 {
        let network = Network { jitter_us: 40_000, duplicates: 0.05, ..Network::default() };
        let (hall, listener) = noisy(seed, network, 30);
        let dented = dented(&hall.phones[listener].heard[3 * 8_000..], 8_000.0);
        let stats = hall.stats(0);
        println!("dented {dented:.4}, {stats:?}");
        assert!(dented < 0.002, "{dented}");
        // Some are still on their way.
        assert!(stats.packets_lost <= 3 && stats.packets_late < 25, "{stats:?}");
        assert!((20..=75).contains(&stats.delay_ms), "{stats:?}");
    }
}

#[test]
fn five_percent_loss_is_hardly_heard_in_a_tone() {
    for seed in 0..5 {
        let network = Network { loss: 0.05, ..Network::default() };
        let (hall, listener) = noisy(seed, network, 30);
        let dented = dented(&hall.phones[listener].heard[8_000..], 8_000.0);
        let stats = hall.stats(0);
        println!("dented {dented:.4}, {stats:?}");
        assert!(dented < 0.01, "{dented}");
        assert!((40..=120).contains(&stats.packets_lost), "{stats:?}");
        // Each packet waits for the one behind it, which a lost one is led to.
        assert!(stats.delay_ms < 45 && stats.packets_late == 0, "{stats:?}");
    }
}

#[test]
fn after_a_stall_of_200_ms_the_delay_comes_back_within_10_s() {
    for (seed, jitter_us) in [(1, 0), (2, 5_000)] {
        let mut hall = Hall::new(seed);
        let talker = hall.enter(1, Codec::Pcma, 3_000, clicks());
        hall.phones[talker].network =
            Network { jitter_us, stall: Some((5_000_000, 5_200_000)), ..Network::default() };
        let listener = hall.enter(1, Codec::Pcma, 0, silence());
        hall.run_ms(5_400);
        println!("0.2 s after: {:?}", hall.stats(talker));
        assert!(hall.stats(talker).delay_ms > 100, "late packets are played, not dropped");
        hall.run_ms(15_000);
        let delays = delays_ms(&hall, talker, 3_000, listener, 10);
        println!("{delays:?}");
        assert!(delays.len() >= 9 && delays.iter().all(|&d| d < 40.0), "{delays:?}");
        assert_eq!(hall.stats(talker).packets_late, 0);
    }
}

#[test]
fn the_delay_comes_back_whatever_is_said() {
    let noise: fn(i64) -> i16 = |n| {
        let mixed = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 50) as i16 - 8_192
    };
    let sounds: [Sound; 3] = [Box::new(noise), tone(1_005.0, 8_000.0), silence()];
    for (i, sound) in sounds.into_iter().enumerate() {
        let mut hall = Hall::new(13);
        let talker = hall.enter(1, Codec::Pcma, 3_000, sound);
        hall.phones[talker].network.stall = Some((5_000_000, 5_200_000));
        hall.enter(1, Codec::Pcma, 0, silence());
        hall.run_ms(5_300);
        assert!(hall.stats(talker).delay_ms > 100, "sound {i}: {:?}", hall.stats(talker));
        let ms = (0..)
            .take_while(|_| {
                hall.step();
                hall.stats(talker).delay_ms >= 40
            })
            .count()
            * 20;
        println!("sound {i}: back after {ms} ms");
        assert!(ms < 9_000, "sound {i}: back after {ms} ms");
    }
}

#[test]
fn the_delay_has_an_upper_bound() {
    let mut hall = Hall::new(5);
    let talker = hall.enter(1, Codec::Pcma, 3_000, tone(440.0, 8_000.0));
    hall.phones[talker].network.stall = Some((5_000_000, 5_900_000));
    hall.enter(1, Codec::Pcma, 0, silence());
    for _ in 0..400 {
        hall.step();
        assert!(hall.stats(talker).delay_ms <= 300, "{:?}", hall.stats(talker));
    }
    assert!(hall.stats(talker).delay_ms < 40);
}

#[test]
fn clocks_that_drift_neither_dent_a_tone_nor_raise_the_delay() {
    for ppm in [-300.0, 300.0] {
        let mut hall = Hall::new(6);
        let talker = hall.enter(1, Codec::Pcma, 3_000, tone(440.0, 8_000.0));
        hall.phones[talker].ppm = ppm;
        hall.phones[talker].network.jitter_us = 300;
        let listener = hall.enter(1, Codec::Pcma, 0, silence());
        let mut longest = 0;
        for _ in 0..50 * 180 {
            hall.step();
            longest = longest.max(hall.stats(talker).delay_ms);
        }
        let heard = &hall.phones[listener].heard[8_000..];
        let (low, high) = envelope(heard);
        let stats = hall.stats(talker);
        println!("{ppm} ppm: {low} to {high}, at most {longest} ms, {stats:?}");
        assert!(low > 0.8 * high, "between {low} and {high}");
        assert!(longest < 30, "{longest} ms");
        assert_eq!(stats.packets_late, 0);
    }
}

#[test]
fn packets_of_any_length_make_a_steady_tone() {
    for (length, most_ms) in [(80, 20), (160, 22), (240, 42), (320, 42), (480, 62), (33, 30)] {
        let mut hall = Hall::new(7);
        let talker = hall.enter(1, Codec::Pcmu, 3_000, tone(440.0, 8_000.0));
        hall.phones[talker].length = length;
        let listener = hall.enter(1, Codec::Pcmu, 0, silence());
        hall.run_ms(20_000);
        let (low, high) = envelope(&hall.phones[listener].heard[8_000..]);
        let stats = hall.stats(talker);
        println!("{length}: {low} to {high}, {stats:?}");
        assert!(low > 0.95 * high, "{length}: between {low} and {high}");
        assert!(stats.delay_ms <= most_ms, "{length}: {stats:?}");
        assert_eq!((stats.packets_late, stats.packets_lost), (0, 0));
    }
}

#[test]
fn pauses_without_packets_neither_cut_the_next_words_nor_raise_the_delay() {
    for pause_ms in [200, 900, 1_500, 5_000] {
        let mut hall = Hall::new(8);
        let talker = hall.enter(1, Codec::Pcma, 3_000, tone(440.0, 8_000.0));
        let listener = hall.enter(1, Codec::Pcma, 0, silence());
        hall.run_ms(2_000);
        for _ in 0..5 {
            hall.phones[talker].sending = false;
            hall.run_ms(pause_ms);
            hall.phones[talker].sending = true;
            let before = hall.phones[listener].heard.len();
            hall.run_ms(2_000);
            let heard = &hall.phones[listener].heard[before..];
            let onset = heard.iter().position(|s| s.abs() > 3_000).unwrap();
            let (low, high) = envelope(&heard[onset + 160..]);
            // One packet and its delay, not more.
            assert!(onset <= 400, "{pause_ms} ms: begins after {onset} samples");
            assert!(low > 0.9 * high, "{pause_ms} ms: between {low} and {high}");
            assert!(hall.stats(talker).delay_ms <= 22, "{:?}", hall.stats(talker));
        }
        assert_eq!(hall.stats(talker).packets_late, 0);
    }
}

#[test]
fn a_stream_that_begins_anew_is_followed() {
    let mut hall = Hall::new(9);
    let talker = hall.enter(1, Codec::Pcma, 3_000, tone(440.0, 8_000.0));
    let listener = hall.enter(1, Codec::Pcma, 0, silence());
    // Wraps of sequence and timestamp within the first second.
    hall.phones[talker].sequence = 65_530;
    hall.phones[talker].timestamp = u32::MAX - 4_000;
    hall.run_ms(2_000);
    let (low, high) = envelope(&hall.phones[listener].heard[1_600..]);
    assert!(low > 0.95 * high, "a wrap is heard: {low} to {high}");
    let changes: [fn(&mut super::hall::Phone); 8] = [
        |phone| phone.ssrc ^= 0xdead_beef,
        |phone| phone.timestamp = phone.timestamp.wrapping_add(3_000_000),
        |phone| phone.timestamp = phone.timestamp.wrapping_sub(1_000),
        |phone| phone.timestamp = phone.timestamp.wrapping_add(4_000),
        |phone| phone.timestamp = phone.timestamp.wrapping_sub(4_000),
        |phone| phone.timestamp = phone.timestamp.wrapping_sub(3_000_000),
        |phone| phone.sequence = phone.sequence.wrapping_add(30_000),
        |phone| {
            phone.ssrc ^= 1;
            phone.sequence ^= 0x5555;
            phone.timestamp ^= 0x5555_5555;
        },
    ];
    for (i, change) in changes.iter().enumerate() {
        change(&mut hall.phones[talker]);
        hall.run_ms(2_000);
        let before = hall.phones[listener].heard.len();
        hall.run_ms(2_000);
        let heard = &hall.phones[listener].heard[before..];
        let (low, high) = envelope(heard);
        assert!(low > 0.9 * high, "change {i}: between {low} and {high}");
        assert!(level_db(heard, 440.0, 8_000.0).abs() < 0.5, "change {i}");
        assert!(hall.stats(talker).delay_ms < 30, "change {i}: {:?}", hall.stats(talker));
    }
}

#[test]
fn jitter_of_a_busy_machine_is_not_heard() {
    let network = Network { jitter_us: 2_000, ..Network::default() };
    let (hall, listener) = noisy(10, network, 60);
    let (low, high) = envelope(&hall.phones[listener].heard[2 * 8_000..]);
    assert!(low > 0.9 * high, "between {low} and {high}");
}

#[test]
fn a_thread_that_oversleeps_makes_up_for_it_unheard() {
    let mut hall = Hall::new(12);
    let talker = hall.enter(1, Codec::Pcma, 3_000, tone(440.0, 8_000.0));
    let listener = hall.enter(1, Codec::Pcma, 9_000, silence());
    hall.run_ms(2_000);
    for ticks in [2, 3, 5, 10] {
        hall.oversleep(ticks);
        hall.run_ms(3_000);
    }
    let (low, high) = envelope(&hall.phones[listener].heard[8_000..]);
    let stats = hall.stats(talker);
    assert!(low > 0.95 * high, "between {low} and {high}");
    assert!(stats.delay_ms < 22 && stats.packets_late == 0, "{stats:?}");
}
