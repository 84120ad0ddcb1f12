use std::f64::consts::TAU;

use super::*;
use crate::frame::power;

/// All that lie apart, the lower one first.
const PAIRS: [(Rate, Rate); 3] =
    [(Rate::Narrow, Rate::Wide), (Rate::Wide, Rate::Full), (Rate::Narrow, Rate::Full)];

const AMPLITUDE: f64 = 10_000.0;

fn per_second(rate: Rate) -> usize {
    rate.hz() as usize
}

fn tone(hz: f64, rate: Rate, length: usize) -> Vec<i16> {
    let angle = |i: usize| TAU * hz * i as f64 / f64::from(rate.hz());
    (0..length).map(|i| (AMPLITUDE * angle(i).sin()).round() as i16).collect()
}

/// Half a second in frames of 20 ms, without the beginning.
fn resampled(input: &[i16], from: Rate, to: Rate) -> Vec<i16> {
    let mut resampler = Resampler::new(from, to);
    let frame = per_second(to) / 50;
    let mut out = vec![0; input.len() / (per_second(from) / 50) * frame];
    for (input, out) in input.chunks_exact(per_second(from) / 50).zip(out.chunks_exact_mut(frame)) {
        resampler.process(input, out);
    }
    out.split_off(frame)
}

/// In dB relative to [`AMPLITUDE`]: the tone at `hz`, and all that is not it.
fn measured(sound: &[i16], hz: f64, rate: Rate) -> (f64, f64) {
    let length = sound.len() as f64;
    let angle = |i: usize| TAU * hz * i as f64 / f64::from(rate.hz());
    let part = |wave: fn(f64) -> f64| {
        sound.iter().enumerate().map(|(i, &s)| f64::from(s) * wave(angle(i))).sum::<f64>() * 2.0
            / length
    };
    let (re, im) = (part(f64::cos), part(f64::sin));
    let rest: f64 = sound
        .iter()
        .enumerate()
        .map(|(i, &s)| (f64::from(s) - re * angle(i).cos() - im * angle(i).sin()).powi(2))
        .sum();
    let db = |amplitude: f64| 20.0 * (amplitude.max(1e-9) / AMPLITUDE).log10();
    (db(re.hypot(im)), db((2.0 * rest / length).sqrt()))
}

/// The voice band of telephony: 3.4 kHz of 8, 7 kHz of 16, and so on.
fn band(low: Rate) -> impl Iterator<Item = f64> {
    let top = if low == Rate::Narrow { 3_400 } else { 7_000 };
    (1..).map(|k| f64::from(k) * 100.0).take_while(move |&hz| hz <= f64::from(top))
}

#[test]
fn up_is_flat_and_has_no_images() {
    for (low, high) in PAIRS {
        for hz in band(low) {
            let out = resampled(&tone(hz, low, per_second(low) / 2), low, high);
            let (level, rest) = measured(&out, hz, high);
            assert!(level.abs() < 0.1 && rest < -55.0, "{low:?} {high:?} {hz} Hz: {level} {rest}");
        }
    }
}

#[test]
fn down_is_flat_and_has_no_aliases() {
    for (low, high) in PAIRS {
        for hz in band(low) {
            let out = resampled(&tone(hz, high, per_second(high) / 2), high, low);
            let (level, rest) = measured(&out, hz, low);
            assert!(level.abs() < 0.1 && rest < -55.0, "{high:?} {low:?} {hz} Hz: {level} {rest}");
        }
        // Whatever would fold into the band.
        let first = low.hz() - if low == Rate::Narrow { 3_400 } else { 7_000 };
        for hz in (first..high.hz() / 2).step_by(500).map(f64::from) {
            let out = resampled(&tone(hz, high, per_second(high) / 2), high, low);
            let level = 10.0 * (2.0 * f64::from(power(&out)) / AMPLITUDE.powi(2)).log10();
            assert!(level < -55.0, "{high:?} {low:?} {hz} Hz: {level}");
        }
    }
}

#[test]
fn frames_leave_no_trace() {
    for (low, high) in PAIRS {
        for (from, to) in [(low, high), (high, low)] {
            let input = tone(997.0, from, per_second(from) / 5);
            let mut whole = vec![0; input.len() * per_second(to) / per_second(from)];
            Resampler::new(from, to).process(&input, &mut whole);
            let mut pieces = vec![0; whole.len()];
            let mut resampler = Resampler::new(from, to);
            let (from_step, to_step) = (from.hz() / low.hz(), to.hz() / low.hz());
            let (mut rest, mut out) = (&input[..], &mut pieces[..]);
            for length in 1..50 {
                let (piece, behind) = rest.split_at(length * from_step as usize);
                let (made, to_make) = out.split_at_mut(length * to_step as usize);
                resampler.process(piece, made);
                (rest, out) = (behind, to_make);
            }
            let left = out.len();
            let made = whole.len() - left;
            assert_eq!(whole[..made], pieces[..made], "{from:?} {to:?}");
        }
    }
}

#[test]
fn a_constant_stays_the_same_constant() {
    for (low, high) in PAIRS {
        for (from, to) in [(low, high), (high, low)] {
            for level in [1, -1, 1_000, 32_767, -32_768] {
                let out = resampled(&vec![level; per_second(from) / 10], from, to);
                assert!(out.iter().all(|&sample| sample == level), "{from:?} {to:?} {level}");
            }
        }
    }
}

#[test]
fn no_sum_of_products_leaves_an_i32() {
    for filter in FILTERS.iter() {
        for taps in filter.phases.iter().map(|phase| &phase[..]).chain([&*filter.whole]) {
            let magnitudes: i64 = taps.iter().map(|&tap| i64::from(tap.unsigned_abs())).sum();
            assert!(magnitudes * 32_768 + (1 << UNIT_BITS) < i64::from(i32::MAX));
        }
    }
}

#[test]
fn the_delay_is_16_samples_of_the_lower_rate() {
    for (low, high) in PAIRS {
        for (from, to) in [(low, high), (high, low)] {
            let mut input = vec![0; per_second(from) / 50];
            input[per_second(from) / 500] = 20_000;
            let mut out = vec![0; per_second(to) / 50];
            Resampler::new(from, to).process(&input, &mut out);
            let peak = (0..out.len()).max_by_key(|&i| out[i].unsigned_abs()).unwrap();
            let delay_us = peak as f64 / f64::from(to.hz()) * 1e6 - 2_000.0;
            let expected_us = 16e6 / f64::from(low.hz());
            assert!(
                (delay_us - expected_us).abs() <= 1e6 / f64::from(low.hz()),
                "{from:?} {to:?} {delay_us}"
            );
        }
    }
}

#[test]
fn silence_after_sound_is_silent_and_the_same_rate_is_untouched() {
    let mut resampler = Resampler::new(Rate::Narrow, Rate::Full);
    let mut out = [0; 960];
    resampler.process(&tone(440.0, Rate::Narrow, 160), &mut out);
    resampler.process(&[0; 160], &mut out);
    assert!(power(&out[..120]) > 0.0, "the end of the sound is still in the filter");
    resampler.process(&[0; 160], &mut out);
    assert_eq!(power(&out), 0.0);
    let mut same = [0; 160];
    Resampler::new(Rate::Narrow, Rate::Narrow).process(&[7; 160], &mut same);
    assert_eq!(same, [7; 160]);
}
