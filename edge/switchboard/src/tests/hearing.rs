//! Who speaks while muted, who makes noise, whose line plays music.

use std::time::Duration;

use konf_contract::LegId;

use super::driver::{Desk, config, seconds};
use crate::{Config, Input};

/// An organiser (1) and participants (2, 3, 4), of whom the last gave no name; nothing waits to be heard.
fn four() -> Desk {
    let mut desk = Desk::with(Config { ask_names: true, ..config() });
    desk.enter_organiser(1);
    desk.enter(2);
    desk.enter(3);
    desk.says_name = Some(false);
    desk.enter(4);
    desk.wait(seconds(20));
    desk.forget();
    desk
}

impl Desk {
    fn speaks(&mut self, leg: u64, speaking: bool) {
        self.input(Input::Speaking { leg: LegId(leg), speaking });
    }

    fn noise_found(&mut self, asker: u64, noisy: Option<u64>) {
        self.input(Input::NoiseFound { asker: LegId(asker), noisy: noisy.map(LegId) });
    }
}

fn milliseconds(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn who_speaks_while_muted_is_told_after_a_second_and_a_half_and_how_to_be_heard() {
    let mut desk = four();
    desk.keys(2, "*6");
    desk.forget();
    desk.speaks(2, true);
    desk.wait(milliseconds(1_490));
    assert_eq!(desk.take(), [""; 0]);
    desk.wait(milliseconds(20));
    assert_eq!(desk.take(), ["2 hears NobodyHearsYou StarSixUnmutes"]);
}

#[test]
fn who_only_coughs_or_is_heard_is_told_nothing() {
    let mut desk = four();
    desk.speaks(3, true);
    desk.keys(2, "*6");
    desk.forget();
    for _ in 0..20 {
        desk.speaks(2, true);
        desk.wait(milliseconds(1_400));
        desk.speaks(2, false);
        desk.wait(seconds(1));
    }
    desk.speaks(2, true);
    desk.wait(seconds(1));
    desk.keys(2, "*6");
    desk.wait(seconds(30));
    assert_eq!(desk.take(), ["2 muted false", "2 hears Unmuted"]);
}

#[test]
fn who_goes_on_speaking_is_told_again_after_twenty_seconds_and_then_ever_more_rarely() {
    let mut desk = four();
    desk.keys(2, "*6");
    desk.forget();
    desk.speaks(2, true);
    let mut told = Vec::new();
    for second in 0..2_000 {
        desk.wait(seconds(1));
        if second % 5 == 0 {
            desk.speaks(2, false);
            desk.speaks(2, true);
        }
        told.extend(desk.take_of("2 hears NobodyHearsYou").iter().map(|_| second));
    }
    let pauses: Vec<i32> = told.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(told[0] <= 2, "{told:?}");
    let least = [20, 40, 80, 160, 320, 320, 320, 320, 320];
    assert_eq!(pauses.len(), least.len(), "{pauses:?}");
    assert!(pauses.iter().zip(least).all(|(&p, l)| (l..l + 5).contains(&p)), "{pauses:?}");
    // After the microphone was on, it begins anew.
    desk.keys(2, "*6*6");
    desk.forget();
    desk.speaks(2, true);
    desk.wait(seconds(2));
    assert_eq!(desk.take_of("2 ").len(), 1);
}

#[test]
fn in_questions_and_lectures_a_muted_speaker_is_told_the_rules() {
    let mut desk = four();
    desk.keys(1, "*7");
    desk.wait(seconds(20));
    desk.forget();
    desk.speaks(2, true);
    desk.wait(seconds(2));
    assert_eq!(desk.take(), ["2 hears NobodyHearsYou ModeQuestions"]);
    desk.keys(1, "*7*6");
    desk.speaks(3, true);
    desk.speaks(1, true);
    desk.wait(seconds(2));
    assert_eq!(desk.take_of("3 hears"), ["3 hears NobodyHearsYou ModeLecture"]);
    desk.speaks(1, true);
    desk.wait(seconds(30));
    // The organiser may unmute at any time.
    assert!(desk.take().contains(&"1 hears NobodyHearsYou StarSixUnmutes".to_owned()));
}

#[test]
fn who_was_muted_by_all_or_waits_outside_is_treated_as_usual() {
    let mut desk = four();
    desk.keys(1, "##");
    desk.wait(seconds(20));
    desk.forget();
    desk.speaks(4, true);
    desk.speaks(99, true);
    desk.wait(seconds(2));
    assert_eq!(desk.take(), ["4 hears NobodyHearsYou StarSixUnmutes"]);
    desk.speaks(3, true);
    desk.hang_up(3);
    desk.wait(seconds(2));
    assert_eq!(desk.take_of("3 hears"), [""; 0]);
}

#[test]
fn star_nine_three_tells_the_organiser_alone_who_makes_most_noise() {
    let mut desk = four();
    desk.keys(1, "*93");
    assert_eq!(desk.take(), ["1 looks for noise"]);
    desk.noise_found(1, Some(3));
    assert_eq!(desk.take(), ["1 hears NoiseFrom NameOf(3)"]);
    desk.noise_found(1, Some(4));
    assert_eq!(desk.take(), ["1 hears NoiseFromUnnamed"]);
    desk.noise_found(1, Some(1));
    assert_eq!(desk.take(), ["1 hears NoiseFromYou"]);
    desk.noise_found(1, None);
    assert_eq!(desk.take(), ["1 hears NoNoise"]);
    desk.hang_up(3);
    desk.forget();
    desk.noise_found(1, Some(3));
    assert_eq!(desk.take(), ["1 hears NoNoise"]);
}

#[test]
fn only_organisers_look_for_noise() {
    let mut desk = four();
    desk.keys(2, "*93");
    assert_eq!(desk.take(), ["2 hears OrganiserOnly"]);
    // An answer that nobody asked for.
    desk.noise_found(2, Some(3));
    desk.noise_found(77, None);
    assert_eq!(desk.take(), [""; 0]);
}

#[test]
fn organisers_are_told_of_music_once_for_each_leg_and_nobody_is_muted() {
    let mut desk = four();
    let music = |desk: &mut Desk, leg| desk.input(Input::Music { leg: LegId(leg) });
    for leg in [2, 2, 4, 2, 1] {
        music(&mut desk, leg);
    }
    assert_eq!(desk.take(), ["1 hears MusicFrom NameOf(2)", "1 hears MusicFromUnnamed"]);
    // Of a muted leg nobody hears any.
    desk.keys(3, "*6");
    desk.forget();
    music(&mut desk, 3);
    assert_eq!(desk.take(), [""; 0]);
    desk.keys(3, "*6");
    desk.forget();
    music(&mut desk, 3);
    assert_eq!(desk.take(), ["1 hears MusicFrom NameOf(3)"]);
}
