//! Measures every built-in sound, since nobody listens to hundreds of files at each change.

use std::collections::BTreeSet;
use std::path::Path;

use konf_contract::Language;
use konf_prompts::{Catalogue, Phrase, RATE};

#[path = "../examples/make/texts.rs"]
#[expect(dead_code, reason = "only the written form is compared")]
mod texts;

const LANGUAGES: [Language; 2] = [Language::Cs, Language::En];

/// Calls `check` with a name for messages, the phrase, its text and its samples (16 kHz).
fn each(check: impl Fn(&str, Phrase, &str, &[i16])) {
    let catalogue = Catalogue::built_in();
    for language in LANGUAGES {
        for phrase in Phrase::all() {
            let name = format!("{language:?} {}", phrase.file_name());
            let samples =
                catalogue.read(language, phrase).unwrap_or_else(|error| panic!("{name}: {error}"));
            check(&name, phrase, catalogue.text(language, phrase), &samples);
        }
    }
}

fn peak_db(samples: &[i16]) -> f64 {
    let peak = samples.iter().map(|s| s.unsigned_abs()).max().unwrap_or_default();
    20.0 * (f64::from(peak) / 32_768.0).log10()
}

fn rms_db(samples: &[i16]) -> f64 {
    let power = samples.iter().map(|s| (f64::from(*s) / 32_768.0).powi(2)).sum::<f64>();
    10.0 * (power / samples.len() as f64).max(1e-12).log10()
}

#[test]
fn every_phrase_says_what_the_table_says() {
    for language in LANGUAGES {
        for phrase in Phrase::all().filter(|phrase| !phrase.is_wordless()) {
            let text = Catalogue::built_in().text(language, phrase).to_owned();
            assert_eq!(text, texts::written(language, phrase), "run the example `make` again");
        }
    }
}

#[test]
fn speech_peaks_at_minus_three_db_and_nothing_clips() {
    each(|name, phrase, _, samples| {
        let peak = peak_db(samples);
        let expected = if phrase.is_wordless() { -16.0..-6.0 } else { -3.2..-2.8 };
        assert!(expected.contains(&peak), "{name} peaks at {peak:.1} dB");
        assert!(samples.iter().all(|s| s.unsigned_abs() < 32_000), "{name} clips");
    });
}

#[test]
fn nothing_is_silent_and_speech_is_about_equally_loud() {
    each(|name, phrase, _, samples| {
        let expected = if phrase.is_wordless() { -26.0..-8.0 } else { -28.0..-12.0 };
        let level = rms_db(samples);
        assert!(expected.contains(&level), "{name} has {level:.1} dB");
    });
}

#[test]
fn each_lasts_as_long_as_its_text_takes() {
    each(|name, phrase, text, samples| {
        let seconds = samples.len() as f64 / f64::from(RATE);
        match phrase {
            Phrase::Music => assert!((20.0..=30.0).contains(&seconds), "{name}: {seconds:.1} s"),
            _ if phrase.is_wordless() => assert!(seconds < 1.0, "{name}: {seconds:.1} s"),
            // People say 10 to 20 characters a second; one short word takes longer.
            _ => {
                let characters = text.chars().count() as f64;
                let plausible = characters / 24.0..characters / 8.0 + 0.5;
                assert!(plausible.contains(&seconds), "{name}: {seconds:.1} s for {text:?}");
                assert!(seconds <= 15.0, "{name}: {seconds:.1} s");
            }
        }
    });
}

#[test]
fn phrases_in_a_row_do_not_wait_for_each_other() {
    each(|name, phrase, _, samples| {
        if phrase.is_wordless() {
            return;
        }
        // 40 ms are left at each end; a soft consonant may lie below the threshold for as long again.
        let quiet = |s: &&i16| s.unsigned_abs() < 330;
        let (head, tail) = (
            samples.iter().take_while(quiet).count(),
            samples.iter().rev().take_while(quiet).count(),
        );
        for (end, silent) in [("start", head), ("end", tail)] {
            assert!(silent < 4_000, "{name} is silent for {} ms at its {end}", silent / 16);
        }
    });
}

#[test]
fn music_goes_on_without_a_seam() {
    let music = Catalogue::built_in().samples_8k(Language::En, Phrase::Music);
    let step = |a: i16, b: i16| (i32::from(a) - i32::from(b)).abs();
    let largest = music.windows(2).map(|pair| step(pair[0], pair[1])).max().unwrap();
    let seam = step(*music.last().unwrap(), music[0]);
    assert!(seam <= largest, "the seam jumps by {seam}, the rest by {largest} at most");
    let level = rms_db(&music);
    assert!((-21.0..-19.0).contains(&level), "music at {level:.1} dB");
}

#[test]
fn telephone_sound_is_half_as_many_samples_and_as_loud() {
    let catalogue = Catalogue::built_in();
    for phrase in [Phrase::Welcome, Phrase::Hour(14), Phrase::EntryChime] {
        let wide = catalogue.samples_16k(Language::Cs, phrase);
        let narrow = catalogue.samples_8k(Language::Cs, phrase);
        assert_eq!(narrow.len(), wide.len().div_ceil(2));
        assert!((rms_db(&narrow) - rms_db(&wide)).abs() < 2.0, "{phrase:?}");
    }
}

#[test]
fn no_file_is_left_over_or_missing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (folder, wordless) in [("cs", false), ("en", false), ("common", true)] {
        let mut expected = BTreeSet::new();
        for phrase in Phrase::all().filter(|phrase| phrase.is_wordless() == wordless) {
            expected.extend(["wav", "txt"].map(|e| format!("{}.{e}", phrase.file_name())));
        }
        expected.insert("LICENSE".to_owned());
        let found: BTreeSet<String> = std::fs::read_dir(root.join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(found, expected, "{folder}");
    }
}
