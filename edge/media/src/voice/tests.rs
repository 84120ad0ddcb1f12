//! What is told of speech, noise and tones.

mod levels;
mod lines;
mod suppression;

use konf_contract::Language;
use konf_prompts::{Catalogue, Phrase};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

const FRAME: usize = 160;

/// Sentences with pauses of half a second between them, at a level of speech (dBov).
fn speech(language: Language, dbov: f32) -> Vec<i16> {
    let catalogue = Catalogue::built_in();
    let sentences = [Phrase::Help, Phrase::EnterNumber, Phrase::LegLimitInFive, Phrase::SayName];
    let mut samples = vec![0; 4_000];
    for sentence in sentences {
        samples.extend(catalogue.samples_8k(language, sentence).iter());
        samples.extend([0; 4_000]);
    }
    let loud: Vec<f32> =
        samples.chunks(FRAME).map(power_in).filter(|&power| power > power_of(-45.0)).collect();
    let level = loud.iter().sum::<f32>() / loud.len() as f32;
    let factor = (power_of(dbov) / level).sqrt();
    samples.iter().map(|&s| (f32::from(s) * factor).clamp(-32_768.0, 32_767.0) as i16).collect()
}

fn power_in(samples: &[i16]) -> f32 {
    crate::frame::power(samples)
}

fn noise(seed: u64, dbov: f32, length: usize) -> Vec<i16> {
    let mut rng = StdRng::seed_from_u64(seed);
    let most = (power_of(dbov) * 3.0).sqrt();
    (0..length).map(|_| rng.random_range(-most..=most).round() as i16).collect()
}

fn tone(hz: f64, dbov: f32, length: usize) -> Vec<i16> {
    let amplitude = f64::from((power_of(dbov) * 2.0).sqrt());
    let step = std::f64::consts::TAU * hz / 8_000.0;
    (0..length).map(|i| (amplitude * (i as f64 * step).sin()).round() as i16).collect()
}

fn sum(a: &[i16], b: &[i16]) -> Vec<i16> {
    a.iter().zip(b).map(|(&a, &b)| a.saturating_add(b)).collect()
}

/// Whether somebody was found to speak, tick by tick.
fn speaking(voice: &mut Voice, samples: &[i16]) -> Vec<bool> {
    let mut stats = LegStats::default();
    voice.report(&mut stats);
    samples
        .chunks_exact(FRAME)
        .map(|frame| {
            let news = voice.listen(&mut frame.to_vec(), false, false);
            let before = stats.speaking;
            voice.report(&mut stats);
            let changed = before != stats.speaking;
            assert_eq!(news, changed.then_some(News::Speaking(stats.speaking)));
            stats.speaking
        })
        .collect()
}

#[test]
fn speech_is_found_soon_at_any_level_and_in_noise() {
    for language in [Language::Cs, Language::En] {
        for (level, noise_level) in [(-20.0, -80.0), (-45.0, -75.0), (-26.0, -45.0), (-26.0, -40.0)]
        {
            let mut samples = speech(language, level);
            samples = sum(&samples, &noise(1, noise_level, samples.len()));
            let mut voice = Voice::new();
            let quiet = speaking(&mut voice, &noise(2, noise_level, 40_000));
            assert!(quiet.iter().all(|speaks| !speaks), "noise of {noise_level} dBov speaks");
            let found = speaking(&mut voice, &samples);
            // The sentence begins at 0.5 s.
            let first = found.iter().position(|&speaks| speaks).unwrap();
            assert!((25..50).contains(&first), "{language:?} {level} {noise_level}: at {first}");
            let share = found.iter().filter(|&&speaks| speaks).count() * 100 / found.len();
            assert!(share > 75, "{language:?} {level} in {noise_level}: {share} %");
        }
    }
}

#[test]
fn noise_that_begins_suddenly_is_no_speech() {
    for level in [-60.0, -40.0, -20.0] {
        let mut voice = Voice::new();
        speaking(&mut voice, &noise(3, -70.0, 24_000));
        let found = speaking(&mut voice, &noise(4, level, 160_000));
        assert!(found.iter().all(|speaks| !speaks), "noise of {level} dBov");
    }
}

#[test]
fn a_tone_is_no_speech_once_it_is_known() {
    for hz in [300.0, 440.0, 1_005.0, 2_600.0] {
        let mut voice = Voice::new();
        let found = speaking(&mut voice, &tone(hz, -23.0, 8_000 * 60));
        assert!(found[60..].iter().all(|speaks| !speaks), "{hz} Hz");
    }
}

#[test]
fn levels_are_those_of_what_is_heard() {
    let mut voice = Voice::new();
    speaking(&mut voice, &noise(5, -52.0, 40_000));
    let mut stats = LegStats::default();
    voice.report(&mut stats);
    assert!((-53..=-51).contains(&stats.level_dbov), "{stats:?}");
    assert!((-54..=-51).contains(&stats.noise_dbov), "{stats:?}");
    let samples = speech(Language::En, -26.0);
    speaking(&mut voice, &sum(&samples, &noise(6, -52.0, samples.len())));
    voice.report(&mut stats);
    assert!((-56..=-50).contains(&stats.noise_dbov), "{stats:?}");
    speaking(&mut voice, &vec![0; 40_000]);
    voice.report(&mut stats);
    assert_eq!((stats.noise_dbov, stats.speaking), (-127, false));
    assert!(stats.level_dbov < -70, "{stats:?}");
}

#[test]
fn keys_tell_nothing_about_the_voice() {
    let mut voice = Voice::new();
    for frame in tone(697.0, -10.0, 16_000).chunks_exact(FRAME) {
        voice.listen(&mut frame.to_vec(), true, false);
    }
    let mut stats = LegStats::default();
    voice.report(&mut stats);
    assert_eq!((stats.level_dbov, stats.speaking), (-127, false));
}

#[test]
fn any_rate_and_any_length_is_listened_to() {
    let mut rng = StdRng::seed_from_u64(7);
    for length in [160, 320, 960, 0, 1, 3, 79, 4_000] {
        let mut voice = Voice::new();
        for _ in 0..200 {
            let frame: Vec<i16> = (0..length).map(|_| rng.random()).collect();
            voice.listen(&mut frame.clone(), false, true);
        }
    }
}

#[test]
fn a_noisy_line_is_known_for_one_and_a_voice_is_not() {
    let finds = |samples: &[i16]| {
        let mut voice = Voice::new();
        voice.leave_noise();
        for frame in samples.chunks_exact(FRAME) {
            voice.listen(&mut frame.to_vec(), false, false);
        }
        voice.noise().map(dbov)
    };
    for language in [Language::Cs, Language::En] {
        let clean = speech(language, -20.0);
        assert_eq!(finds(&clean), None, "{language:?}");
        let noisy = sum(&speech(language, -26.0), &noise(8, -44.0, clean.len()));
        let found = finds(&noisy).unwrap();
        assert!((-46..=-42).contains(&found), "{language:?}: {found}");
    }
    // Something falls down each second.
    let knock = |i: usize| if i % 8_000 < 300 { noise(i as u64, -20.0, 1)[0] } else { 0 };
    assert!(finds(&(0..80_000).map(knock).collect::<Vec<_>>()).is_some());
    assert_eq!(finds(&noise(9, -55.0, 80_000)), None);
}

#[test]
fn decibels_are_those_of_the_system() {
    let mut rng = StdRng::seed_from_u64(1);
    for _ in 0..100_000 {
        let number = 10f32.powf(rng.random_range(-18.0..=1.0));
        let (own, system) = (log10(number), number.log10());
        assert!((own - system).abs() < 3e-6, "{number}: {own}, {system}");
    }
    assert_eq!((log10(1.0), decibels(32_768.0 * 32_768.0)), (0.0, 0.0));
}
