//! What becomes louder and softer, and what never does.

use super::*;

/// What comes out, and the gain of each tick in dB as far as it can be told.
fn through(voice: &mut Voice, samples: &[i16], crowded: bool) -> Vec<i16> {
    let mut out = samples.to_vec();
    for frame in out.chunks_exact_mut(FRAME) {
        voice.listen(frame, false, crowded);
    }
    out
}

/// Of what is above -60 dBov, in dB.
fn level_of(samples: &[i16]) -> f32 {
    let loud: Vec<f32> =
        samples.chunks(FRAME).map(power_in).filter(|&power| power > power_of(-55.0)).collect();
    decibels(loud.iter().sum::<f32>() / loud.len().max(1) as f32)
}

/// Four minutes of the same voice.
fn long_speech(dbov: f32) -> Vec<i16> {
    speech(Language::En, dbov).repeat(12)
}

#[test]
fn speech_at_a_usual_level_is_left_exactly_as_it_is() {
    for level in [-29.0, -25.0, -21.0] {
        let samples = long_speech(level);
        assert!(through(&mut Voice::new(), &samples, false) == samples, "{level} dBov");
    }
}

#[test]
fn quiet_and_loud_callers_come_nearer_and_slowly() {
    for (level, from, to) in [(-45.0, -34.0, -31.0), (-38.0, -30.0, -26.0), (-9.0, -24.0, -19.0)] {
        let samples = long_speech(level);
        let out = through(&mut Voice::new(), &samples, false);
        let quarter = samples.len() / 4;
        let after = level_of(&out[3 * quarter..]);
        assert!((from..to).contains(&after), "{level} became {after:.1} dBov");
        // Never faster than 1.5 dB a second, seen over each second in which something was said.
        let gains: Vec<f32> = samples
            .chunks(8_000)
            .zip(out.chunks(8_000))
            .filter(|(a, _)| power_in(a) > power_of(level - 20.0))
            .map(|(a, b)| decibels(power_in(b)) - decibels(power_in(a)))
            .collect();
        assert!(gains.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 2.0), "{gains:?}");
        let peak = |samples: &[i16]| crate::frame::peak(samples);
        assert!(peak(&out) <= peak(&samples).max(31_100));
    }
}

#[test]
fn tones_noise_and_silence_are_never_turned_up_or_down() {
    for hz in [112.0, 313.0, 1_005.0, 3_000.0] {
        for level in [-50.0, -37.0, -10.0] {
            let samples = tone(hz, level, 8_000 * 20);
            for crowded in [false, true] {
                let out = through(&mut Voice::new(), &samples, crowded);
                assert!(out == samples, "{hz} Hz at {level} dBov, crowded: {crowded}");
            }
        }
    }
    for level in [-70.0, -40.0, -20.0] {
        let samples = noise(1, level, 8_000 * 60);
        assert!(through(&mut Voice::new(), &samples, false) == samples, "noise of {level} dBov");
    }
}

#[test]
fn a_tone_with_clicks_and_chirps_in_it_is_left_as_it_is() {
    let mut samples = tone(613.0, -31.0, 8_000 * 30);
    for (n, start) in (0..samples.len() - 400).step_by(12_345).enumerate() {
        for i in 0..320 {
            let phase = (2_600.0 + 10.0 * i as f64) * i as f64 / 8_000.0;
            let chirp = 3_900.0 * (std::f64::consts::TAU * phase).sin();
            samples[start + i] += chirp as i16;
        }
        if n % 3 == 0 {
            // A lost packet.
            samples[start + 320..start + 400].fill(0);
        }
    }
    assert!(through(&mut Voice::new(), &samples, true) == samples);
}

#[test]
fn noise_under_a_quiet_voice_is_not_lifted_into_hearing() {
    let clean = long_speech(-42.0);
    let noisy = sum(&clean, &noise(2, -56.0, clean.len()));
    let mut voice = Voice::new();
    through(&mut voice, &noisy, false);
    let before = noise(3, -56.0, 16_000);
    let after = through(&mut voice, &before, false);
    // The voice is lifted by 12 dB; its noise is known by then and taken out from under it.
    let lifted = decibels(power_in(&after)) - decibels(power_in(&before));
    assert!((-12.0..0.0).contains(&lifted), "{lifted:.1} dB");
}

#[test]
fn a_shout_after_a_whisper_does_not_clip() {
    let mut voice = Voice::new();
    through(&mut voice, &long_speech(-45.0), false);
    let shout = speech(Language::Cs, -12.0);
    let out = through(&mut voice, &shout, false);
    let clipped = |samples: &[i16]| samples.iter().filter(|s| s.unsigned_abs() >= 32_767).count();
    assert!(clipped(&out) <= clipped(&shout));
    assert!(level_of(&out) > -16.0);
}

#[test]
fn lines_that_bring_only_noise_are_turned_down_in_a_crowd_and_never_among_few() {
    let hiss = noise(4, -48.0, 8_000 * 20);
    assert!(through(&mut Voice::new(), &hiss, false) == hiss);
    let out = through(&mut Voice::new(), &hiss, true);
    let down = decibels(power_in(&out[80_000..])) - decibels(power_in(&hiss[80_000..]));
    assert!((-10.5..-9.5).contains(&down), "{down:.1} dB");
    // Up again as slowly, once the others are gone.
    let mut voice = Voice::new();
    through(&mut voice, &hiss, true);
    let out = through(&mut voice, &hiss, false);
    assert!(out[16_000..] == hiss[16_000..]);
    assert!(power_in(&out[..800]) < power_in(&hiss[..800]) / 4.0);
}

#[test]
fn no_onset_is_cut_wherever_it_begins() {
    let seed = 5;
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    for round in 0..60 {
        let background = noise(round, -52.0, 60_000);
        let clean = speech(if round % 2 == 0 { Language::Cs } else { Language::En }, -28.0);
        // The first sample that can be heard.
        let begins = clean.iter().position(|s| s.unsigned_abs() > 100).unwrap();
        let at = 40_000 + rng.random_range(0..8_000);
        let mut samples = background.clone();
        for (sample, &said) in samples[at..].iter_mut().zip(&clean[begins..]) {
            *sample = sample.saturating_add(said);
        }
        let out = through(&mut Voice::new(), &samples, true);
        assert!(
            power_in(&out[at - 2_000..at - 400]) < power_in(&samples[at - 2_000..at - 400]) / 5.0
        );
        let (first, came) = (&samples[at..at + FRAME], &out[at..at + FRAME]);
        let lost = decibels(power_in(first)) - decibels(power_in(came));
        // A beginning that is as soft as the noise itself may be softer still.
        let audible = power_in(first) > 4.0 * power_of(-52.0);
        assert!(!audible || lost < 1.0, "round {round}: {lost:.1} dB lost");
        let (next, came) = (&samples[at + FRAME..at + 8_000], &out[at + FRAME..at + 8_000]);
        assert!(decibels(power_in(next)) - decibels(power_in(came)) < 0.2, "round {round}");
    }
}

/// The same at 16 and 48 kHz: each sample several times over, with the steps smoothed.
fn at_rate(samples: &[i16], times: usize) -> Vec<i16> {
    let pairs = samples.windows(2);
    let between = |a: i16, b: i16, i: usize| {
        (i32::from(a) + (i32::from(b) - i32::from(a)) * i as i32 / times as i32) as i16
    };
    pairs.flat_map(|pair| (0..times).map(move |i| between(pair[0], pair[1], i))).collect()
}

#[test]
fn what_holds_at_8_khz_holds_at_16_and_48() {
    for times in [2, 6] {
        let through = |samples: &[i16], crowded| {
            let mut voice = Voice::new();
            let (mut out, mut spoke) = (at_rate(samples, times), 0);
            for frame in out.chunks_exact_mut(FRAME * times) {
                spoke +=
                    u32::from(voice.listen(frame, false, crowded) == Some(News::Speaking(true)));
            }
            (out, spoke)
        };
        for hz in [313.0, 1_005.0, 1_400.0] {
            let samples = tone(hz, -37.0, 8_000 * 20);
            let (out, spoke) = through(&samples, true);
            assert!(out == at_rate(&samples, times) && spoke <= 1, "{hz} Hz, {times} times 8 kHz");
        }
        let hiss = noise(6, -48.0, 8_000 * 10);
        let (out, spoke) = through(&hiss, true);
        let before = at_rate(&hiss, times);
        let half = before.len() / 2;
        let down = decibels(power_in(&out[half..])) - decibels(power_in(&before[half..]));
        assert!((-10.5..-9.5).contains(&down) && spoke == 0, "{down:.1} dB");
        let quiet = speech(Language::Cs, -42.0).repeat(4);
        let (out, spoke) = through(&quiet, false);
        let quarter = out.len() / 4;
        let lifted = decibels(power_in(&out[3 * quarter..]))
            - decibels(power_in(&at_rate(&quiet, times)[3 * quarter..]));
        assert!((11.0..12.5).contains(&lifted) && spoke > 4, "{lifted:.1} dB, spoke {spoke} times");
    }
}
