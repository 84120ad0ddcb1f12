use std::f64::consts::TAU;

use super::*;
use crate::frame::power;

const FRAME: usize = 960;

/// Something that libopus takes for a voice: a buzz of 140 Hz that swells and sinks like syllables.
fn voice(length: usize) -> Vec<i16> {
    let sample = |i: usize| {
        let t = i as f64 / f64::from(RATE);
        let pitch = 140.0 + 8.0 * (TAU * 0.7 * t).sin();
        let partials = (1..24).map(|k| (TAU * pitch * f64::from(k) * t).sin() / f64::from(k));
        (5_000.0 * (0.6 + 0.4 * (TAU * 3.0 * t).sin()) * partials.sum::<f64>()) as i16
    };
    (0..length).map(sample).collect()
}

fn payloads(wishes: &OpusWishes, loss: u8, sound: &[i16]) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(wishes);
    encoder.set_loss(loss);
    let mut encode = |frame: &[i16]| {
        let mut payload = [0; PAYLOAD_MAX];
        let length = encoder.encode(frame, &mut payload);
        payload[..length].to_vec()
    };
    sound.chunks_exact(FRAME).map(&mut encode).collect()
}

fn with_copies() -> OpusWishes {
    OpusWishes { in_band_fec: true, ..OpusWishes::default() }
}

fn kilobits_per_second(payloads: &[Vec<u8>]) -> f64 {
    let octets: usize = payloads.iter().map(Vec::len).sum();
    octets as f64 * 8.0 / (payloads.len() as f64 * 20.0)
}

#[test]
fn a_lost_frame_is_recovered_from_the_next_better_than_concealed() {
    let sound = voice(60 * FRAME);
    let payloads = payloads(&with_copies(), 20, &sound);
    let lost = 40;
    let mut complete = Decoder::new();
    let mut truth = [0; FRAME];
    for payload in &payloads[..=lost] {
        complete.decode(payload, &mut truth).unwrap();
    }
    let error = |make: &dyn Fn(&mut Decoder, &mut [i16])| {
        let mut decoder = Decoder::new();
        let mut out = [0; FRAME];
        for payload in &payloads[..lost] {
            decoder.decode(payload, &mut out).unwrap();
        }
        make(&mut decoder, &mut out);
        let difference: Vec<i16> =
            out.iter().zip(&truth).map(|(a, b)| a.saturating_sub(*b)).collect();
        power(&difference) / power(&truth)
    };
    let recovered = error(&|decoder, out| {
        assert_eq!(decoder.recover(&payloads[lost + 1], out), Some(FRAME));
    });
    let concealed = error(&|decoder, out| assert!(decoder.conceal(out)));
    assert!(recovered < 0.5 * concealed, "{recovered} {concealed}");
}

#[test]
fn copies_are_made_when_wished_and_found_where_they_are() {
    let sound = voice(50 * FRAME);
    let copied = payloads(&with_copies(), 20, &sound).iter().filter(|p| carries_copy(p)).count();
    assert!(copied > 25, "{copied} of 50");
    let plain = payloads(&OpusWishes::default(), 20, &sound);
    assert!(plain.iter().all(|payload| !carries_copy(payload)));
    let mut out = [0; FRAME];
    assert_eq!(Decoder::new().recover(&plain[9], &mut out), None);
}

#[test]
fn a_voice_is_modelled_for_whom_much_is_lost_until_little_is() {
    let sound = voice(10 * FRAME);
    let mut encoder = Encoder::new(&with_copies());
    let mut is_modelled = |loss: u8| {
        encoder.set_loss(loss);
        let mut payload = [0; PAYLOAD_MAX];
        // The first packet after a change is still of the former half.
        for frame in sound.chunks_exact(FRAME) {
            encoder.encode(frame, &mut payload);
        }
        payload[0] >> 3 < 16
    };
    let found = [0, 2, 3, 20, 2, 1].map(&mut is_modelled);
    assert_eq!(found, [false, false, true, true, true, false]);
    // Nor is it ever anything else where that is wanted.
    for wishes in [
        OpusWishes { dtx: true, ..with_copies() },
        OpusWishes { max_average_bitrate: Some(36_000), ..with_copies() },
    ] {
        assert!(payloads(&wishes, 0, &sound).iter().all(|payload| payload[0] >> 3 < 16));
    }
}

#[test]
fn copies_are_found_in_packets_of_several_frames() {
    let flags = |bits: u8| [bits, 0, 0, 0];
    let packet = |head: &[u8], bits: u8| [head, &flags(bits)].concat();
    // SILK, wide band: 20 ms (configuration 9), 40 ms (10), 60 ms (11); hybrid of 20 ms (15).
    assert!(carries_copy(&packet(&[9 << 3], 0b0100_0000)));
    assert!(!carries_copy(&packet(&[9 << 3], 0b1010_0000)));
    assert!(carries_copy(&packet(&[10 << 3], 0b0010_0000)));
    assert!(!carries_copy(&packet(&[10 << 3], 0b1100_0000)));
    assert!(carries_copy(&packet(&[11 << 3], 0b0001_0000)));
    assert!(carries_copy(&packet(&[15 << 3], 0b0100_0000)));
    // The second channel's flags stand behind the first's.
    assert!(carries_copy(&packet(&[9 << 3 | 4], 0b0001_0000)));
    // Two frames, the length of the first in one octet or in two.
    assert!(carries_copy(&packet(&[9 << 3 | 2, 2], 0b0100_0000)));
    assert!(carries_copy(&packet(&[9 << 3 | 2, 252, 0], 0b0100_0000)));
    // Three of any lengths, behind a padding's.
    assert!(carries_copy(&packet(&[9 << 3 | 3, 0xc3, 255, 3, 1, 1], 0b0100_0000)));
    assert!(carries_copy(&packet(&[9 << 3 | 3, 0x03], 0b0100_0000)));
    // CELT has none, an empty first frame neither.
    assert!(!carries_copy(&packet(&[31 << 3], 0b0100_0000)));
    assert!(!carries_copy(&packet(&[9 << 3 | 2, 0], 0b0100_0000)));
    assert!(!carries_copy(&[9 << 3]) && !carries_copy(&[]));
}

#[test]
fn the_bit_rate_is_what_the_listener_wants_at_most() {
    let sound = voice(100 * FRAME);
    let free = kilobits_per_second(&payloads(&OpusWishes::default(), 0, &sound));
    assert!((20.0..49.0).contains(&free), "{free} kb/s");
    let wishes = OpusWishes { max_average_bitrate: Some(12_000), ..OpusWishes::default() };
    let bound = kilobits_per_second(&payloads(&wishes, 0, &sound));
    assert!(bound < 14.0, "{bound} kb/s");
}

#[test]
fn nothing_is_sent_above_what_the_listener_can_play() {
    let sound = voice(20 * FRAME);
    for (rate, widest) in [
        (8_000, Bandwidth::Narrowband),
        (12_000, Bandwidth::Mediumband),
        (16_000, Bandwidth::Wideband),
        (24_000, Bandwidth::Superwideband),
        (48_000, Bandwidth::Fullband),
    ] {
        let wishes = OpusWishes { max_playback_rate: rate, ..OpusWishes::default() };
        for payload in payloads(&wishes, 0, &sound) {
            assert!(packet::get_bandwidth(&payload).unwrap() as i32 <= widest as i32, "{rate}");
        }
    }
}

#[test]
fn a_listener_that_asks_for_it_is_sent_next_to_nothing_in_silence() {
    let wishes = OpusWishes { dtx: true, ..OpusWishes::default() };
    let payloads = payloads(&wishes, 0, &[0; 100 * FRAME]);
    let short = payloads.iter().filter(|payload| payload.len() <= 2).count();
    assert!(short > 50, "{short} of 100");
    let mut decoder = Decoder::new();
    for payload in &payloads {
        decoder.decode(payload, &mut [0; FRAME]).unwrap();
    }
}

#[test]
fn stereo_is_heard_as_one_channel() {
    let mut encoder = ::opus::Encoder::new(RATE, Channels::Stereo, Application::Audio).unwrap();
    encoder.set_bitrate(Bitrate::Bits(64_000)).unwrap();
    let mut decoder = Decoder::new();
    let left = voice(20 * FRAME);
    let mut last = [0; FRAME];
    for frame in left.chunks_exact(FRAME) {
        let both: Vec<i16> = frame.iter().flat_map(|&sample| [sample, sample]).collect();
        let payload = encoder.encode_vec(&both, 1_000).unwrap();
        assert_eq!(samples(&payload), Some(FRAME));
        decoder.decode(&payload, &mut last).unwrap();
    }
    let db = 10.0 * (power(&last) / power(&left[19 * FRAME..])).log10();
    assert!(db.abs() < 2.0, "{db} dB");
}
