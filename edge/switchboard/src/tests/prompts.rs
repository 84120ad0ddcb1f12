//! The built-in prompts and the times that are kept for them.

use std::time::Duration;

use konf_contract::Language;
use konf_prompts::{Catalogue, Phrase, RATE};

use crate::announcements::{CHIME_LENGTH, MODE_LENGTH, WORDS_LENGTH};
use crate::clock::{CLOSING, LIMIT_SAID};
use crate::entry::PROMPT_LONGEST;

/// In the slower of the two languages.
fn length(phrases: &[Phrase]) -> Duration {
    let catalogue = Catalogue::built_in();
    let length = |language| {
        let samples = phrases.iter().map(|phrase| {
            let samples = catalogue.samples_16k(language, *phrase).len();
            assert!(samples > 0, "{phrase:?} is heard");
            samples
        });
        Duration::from_secs(1) * samples.sum::<usize>() as u32 / RATE
    };
    length(Language::Cs).max(length(Language::En))
}

#[test]
fn the_end_is_said_before_it_comes() {
    assert!(length(&[Phrase::ConferenceOver]) < CLOSING);
    assert!(length(&[Phrase::LegLimitNow]) < LIMIT_SAID);
}

#[test]
fn announcements_have_the_time_that_is_kept_for_them() {
    for chime in [Phrase::EntryChime, Phrase::LeaveChime] {
        assert!(length(&[chime]) < CHIME_LENGTH, "{chime:?}");
    }
    for said in [Phrase::Locked, Phrase::Unlocked, Phrase::AllMuted, Phrase::AllUnmuted] {
        assert!(length(&[said]) < WORDS_LENGTH, "{said:?}");
    }
    for said in [Phrase::ModeQuestions, Phrase::ModeLecture] {
        assert!(length(&[said]) < MODE_LENGTH, "{said:?}");
    }
}

#[test]
fn help_names_exactly_the_keys_that_work() {
    use konf_contract::keys::{KeyAction, KeyTable};
    let (table, catalogue) = (KeyTable::default(), Catalogue::built_in());
    let helps = [Phrase::Help, Phrase::HelpHand, Phrase::HelpOrganiser, Phrase::HelpModes];
    #[rustfmt::skip]
    let languages = [
        (Language::Cs, "hvězdič", ["jedna", "dva", "tři", "čtyři", "pět", "šest", "sedm", "osm", "devět"]),
        (Language::En, "star", ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]),
    ];
    for (language, star, digits) in languages {
        let text = helps.map(|help| catalogue.text(language, help).to_lowercase()).join(" ");
        for (digit, word) in (1_u8..).zip(digits) {
            // Behind the star, whatever its ending.
            let named = text.split(star).skip(1).any(|rest| {
                rest.split(' ').nth(1).is_some_and(|named| named.trim_end_matches(',') == word)
            });
            let works = table.rows().any(|(keys, _)| keys.starts_with(&format!("*{digit}")));
            assert_eq!(named, works, "{language:?}: star {word}");
            let nine = digits[8];
            let named = text.contains(&format!("{nine} {word}"));
            let works = table.action(&format!("*9{digit}")).is_some();
            assert_eq!(named, works, "{language:?}: star nine {word}");
        }
        let named = if language == Language::Cs { "dva křížky" } else { "hash hash" };
        assert!(text.contains(named) && table.action("##") == Some(KeyAction::MuteAll));
    }
}

#[test]
fn the_longest_last_words_are_not_cut_off() {
    use Phrase::*;
    let starts = [StartsAt, Day(29), Month(9), Hour(21), Minute(59), Goodbye];
    for last in [&starts[..], &[RoomIsLocked, Goodbye], &[Unavailable], &[TooManyTries]] {
        assert!(length(last) < PROMPT_LONGEST, "{last:?}");
    }
    assert!(length(&[Welcome, WrongCredentials, EnterNumber]) < PROMPT_LONGEST);
}
