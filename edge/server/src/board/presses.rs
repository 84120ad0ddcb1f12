//! One press, however many ways it comes: some telephones send a key by SIP INFO as well as in the stream, and neither
//! can be told from one that uses either alone.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use konf_switchboard::Key;

/// How far apart both reports of a press may come: the stream tells when a key goes down, INFO when it comes up again,
/// and INFO may be repeated over a bad network.
const APART: Duration = Duration::from_secs(5);

/// More keys than anybody presses in that time.
const PRESSES_MAX: usize = 32;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// RFC 4733, or tones in the sound.
    Stream,
    Info,
}

/// Of one leg: presses that came one way and not yet the other, the oldest first.
#[derive(Default)]
pub(super) struct Presses {
    stream: VecDeque<(Instant, Key)>,
    info: VecDeque<(Instant, Key)>,
}

impl Presses {
    /// Whether the key counts: not if it is the other report of a press. Both ways tell presses in their order, so what
    /// was pressed before that one will not be told again.
    pub(super) fn counts(&mut self, now: Instant, way: Way, key: Key) -> bool {
        let (own, other) = match way {
            Way::Stream => (&mut self.stream, &mut self.info),
            Way::Info => (&mut self.info, &mut self.stream),
        };
        other.retain(|(at, _)| now.saturating_duration_since(*at) <= APART);
        if let Some(place) = other.iter().position(|(_, told)| *told == key) {
            other.drain(..=place);
            return false;
        }
        if own.len() == PRESSES_MAX {
            own.pop_front();
        }
        own.push_back((now, key));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    fn keys(text: &str) -> Vec<Key> {
        let key = |c: char| match c {
            '#' => Key::Hash,
            '*' => Key::Star,
            digit => Key::Number(digit as u8 - b'0'),
        };
        text.chars().map(key).collect()
    }

    /// Reports (milliseconds, way, key) in the order of time; what counts of them.
    fn counted(mut reports: Vec<(u64, Way, Key)>) -> Vec<Key> {
        reports.sort_by_key(|(at, ..)| *at);
        let start = crate::clock::monotonic();
        let mut presses = Presses::default();
        let at = |ms| start + Duration::from_millis(ms);
        reports.retain(|(ms, way, key)| presses.counts(at(*ms), *way, *key));
        reports.into_iter().map(|(_, _, key)| key).collect()
    }

    #[test]
    fn a_phone_that_sends_both_is_heard_once_whatever_comes_first() {
        let seed = 11;
        println!("seed {seed}");
        let mut rng = StdRng::seed_from_u64(seed);
        for entry in 0..10_000 {
            let text: String =
                (0..8).map(|_| char::from(b"0123456789*#"[rng.random_range(0..12)])).collect();
            let mut reports = Vec::new();
            let (mut streamed, mut informed) = (0, 0);
            for (n, key) in (0..).zip(keys(&text)) {
                // Each way keeps its order; INFO comes up to 190 ms before and 4 s behind.
                streamed = (1_000 + 200 * n + rng.random_range(0..150)).max(streamed + 1);
                let behind = rng.random_range(0..if entry % 10 == 0 { 3_500 } else { 300 });
                informed = (1_000 + 200 * n - 190 + behind).max(informed + 1);
                reports.push((streamed, Way::Stream, key));
                reports.push((informed, Way::Info, key));
            }
            let heard = counted(reports);
            assert!(heard == keys(&text), "entry {entry}: {text}");
        }
    }

    #[test]
    fn what_only_one_way_told_counts_too() {
        let reports = |way, text, from: u64, step: u64| {
            let told = keys(text).into_iter().zip(0..);
            told.map(move |(key, n)| (from + step * n, way, key)).collect::<Vec<_>>()
        };
        // The stream lost the 2 and the 4.
        let both = [reports(Way::Stream, "1", 0, 1), reports(Way::Info, "12", 50, 100)];
        let rest = [reports(Way::Stream, "3", 250, 1), reports(Way::Info, "34", 300, 100)];
        assert!(counted([both, rest].concat().concat()) == keys("1234"));
        // The other way, INFO lost the 2.
        let both = [reports(Way::Stream, "123", 0, 100), reports(Way::Info, "13", 450, 100)];
        assert!(counted(both.concat()) == keys("123"));
        assert!(counted(reports(Way::Info, "1122", 0, 100)) == keys("1122"));
    }

    #[test]
    fn who_presses_the_same_key_again_later_is_heard_again() {
        let five = Key::Number(5);
        let reports = vec![(0, Way::Stream, five), (5_100, Way::Info, five)];
        assert_eq!(counted(reports).len(), 2);
    }

    #[test]
    fn a_flood_of_keys_is_bounded() {
        let start = crate::clock::monotonic();
        let mut presses = Presses::default();
        for _ in 0..10_000 {
            presses.counts(start, Way::Stream, Key::Star);
        }
        assert_eq!(presses.stream.len(), PRESSES_MAX);
    }
}
