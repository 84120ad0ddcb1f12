use konf_contract::Language;
use konf_prompts::{Catalogue, Phrase};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

const ALL: [Digit; 16] = [
    Digit::Number(1),
    Digit::Number(2),
    Digit::Number(3),
    Digit::Letter(0),
    Digit::Number(4),
    Digit::Number(5),
    Digit::Number(6),
    Digit::Letter(1),
    Digit::Number(7),
    Digit::Number(8),
    Digit::Number(9),
    Digit::Letter(2),
    Digit::Star,
    Digit::Number(0),
    Digit::Hash,
    Digit::Letter(3),
];

struct Press {
    key: usize,
    off: f64,
    /// Of the upper tone, in dB.
    twist_db: f64,
    amplitude: f64,
    ms: usize,
}

fn press(press: &Press) -> Vec<i16> {
    let tone = |hz: f32, i: usize| {
        (std::f64::consts::TAU * f64::from(hz) * (1.0 + press.off) * i as f64 / 8_000.0).sin()
    };
    let twist = 10f64.powf(press.twist_db / 20.0);
    let sample = |i| {
        let low = tone(ROWS[press.key / 4], i);
        let high = twist * tone(COLUMNS[press.key % 4], i);
        (press.amplitude * (low + high)) as i16
    };
    (0..press.ms * 8).map(sample).collect()
}

fn heard(samples: &[i16]) -> Vec<Digit> {
    let mut detector = ToneDetector::new(Rate::Narrow);
    let mut padded = samples.to_vec();
    padded.resize(samples.len().next_multiple_of(FRAME) + 2 * FRAME, 0);
    padded.chunks_exact(FRAME).filter_map(|chunk| detector.handle(chunk)).collect()
}

#[test]
fn short_presses_of_every_key_are_heard_once_wherever_they_begin() {
    for begin in (0..160).step_by(7) {
        let mut samples = vec![0; begin];
        for key in (0..16).chain([5, 5]) {
            let one = Press { key, off: 0.0, twist_db: 0.0, amplitude: 6_000.0, ms: 40 };
            samples.extend(press(&one));
            samples.extend([0; 320]);
        }
        let wanted = [&ALL[..], &[ALL[5], ALL[5]]].concat();
        assert_eq!(heard(&samples), wanted, "begin {begin}");
    }
}

#[test]
fn keys_a_little_off_in_frequency_and_balance_are_heard() {
    for (key, digit) in ALL.into_iter().enumerate() {
        for off in [-0.015, 0.015] {
            for twist_db in [-8.0, 0.0, 4.0] {
                let one = Press { key, off, twist_db, amplitude: 2_000.0, ms: 60 };
                assert_eq!(heard(&press(&one)), [digit], "{key} {off} {twist_db}");
            }
        }
    }
}

#[test]
fn a_long_press_is_one_digit() {
    let one = Press { key: 14, off: 0.0, twist_db: 0.0, amplitude: 6_000.0, ms: 5_000 };
    assert_eq!(heard(&press(&one)), [Digit::Hash]);
}

#[test]
fn single_tones_noise_and_voices_are_no_keys() {
    let mut rng = StdRng::seed_from_u64(4);
    for hz in (300..3_400).step_by(13) {
        let step = std::f64::consts::TAU * f64::from(hz) / 8_000.0;
        let tone: Vec<i16> =
            (0..4_000).map(|i| (9_000.0 * (f64::from(i) * step).sin()) as i16).collect();
        assert_eq!(heard(&tone), [], "{hz} Hz");
    }
    let noise: Vec<i16> = (0..800_000).map(|_| rng.random_range(-9_000..9_000)).collect();
    assert_eq!(heard(&noise), []);
    // A voice: harmonics of a gliding pitch, as strong as formants make them.
    let (mut phase, mut pitch) = (0f64, 120f64);
    let voice: Vec<i16> = (0..8_000 * 60)
        .map(|i| {
            if i % 800 == 0 {
                pitch = rng.random_range(90.0..250.0);
            }
            phase += std::f64::consts::TAU * pitch / 8_000.0;
            let sample: f64 =
                (1..14).map(|h| (phase * f64::from(h)).sin() / f64::from(h).sqrt()).sum();
            (sample * 4_000.0) as i16
        })
        .collect();
    assert_eq!(heard(&voice), []);
}

#[test]
fn the_leg_is_quiet_from_the_tone_on_until_just_after_it() {
    let mut detector = ToneDetector::new(Rate::Narrow);
    let one = Press { key: 0, off: 0.0, twist_db: 0.0, amplitude: 6_000.0, ms: 100 };
    let mut samples = press(&one);
    samples.resize(20 * FRAME, 0);
    let quiet: Vec<bool> = samples
        .chunks_exact(FRAME)
        .map(|chunk| {
            detector.handle(chunk);
            detector.is_pressing()
        })
        .collect();
    assert!(quiet[1..7].iter().all(|&q| q) && quiet[9..].iter().all(|&q| !q), "{quiet:?}");
}

/// Two voices, each saying every sentence, number and month there is: a quarter of an hour.
#[test]
fn nothing_that_voices_say_is_a_key_however_loud_or_bent() {
    let catalogue = Catalogue::built_in();
    let mut minutes = 0.0;
    for language in [Language::Cs, Language::En] {
        for phrase in Phrase::all() {
            let said = catalogue.samples_8k(language, phrase);
            minutes += said.len() as f64 / 8_000.0 / 60.0;
            // As it is; overdriven by 12 dB, as a shout into a telephone is; and softly.
            for factor in [1.0, 4.0, 0.2] {
                let bent: Vec<i16> = said.iter().map(|&s| (f32::from(s) * factor) as i16).collect();
                assert_eq!(heard(&bent), [], "{language:?} {phrase:?} times {factor}");
            }
        }
    }
    assert!(minutes > 10.0, "{minutes} minutes");
}

#[test]
fn a_key_pressed_while_somebody_speaks_softly_beside_it_is_heard() {
    let said = Catalogue::built_in().samples_8k(Language::En, Phrase::Help);
    for (key, digit) in ALL.into_iter().enumerate() {
        let one = Press { key, off: 0.0, twist_db: 0.0, amplitude: 6_000.0, ms: 100 };
        let pressed = press(&one);
        // 20 dB below the key.
        let beside = said[2_000 * key..].iter().map(|&s| s / 16);
        let both: Vec<i16> = pressed.iter().zip(beside).map(|(&a, b)| a + b).collect();
        assert_eq!(heard(&both), [digit], "{key}");
    }
}
