use std::collections::HashSet;

use super::*;
use crate::testing::SplitMix;

#[test]
fn what_people_guess_first_is_trivial() {
    for text in [
        "000000", "123456", "654321", "012345", "890123", "121212", "123123", "777777", "12341234",
        "98765432",
    ] {
        assert!(trivial(text), "{text}");
    }
    for text in ["284917", "123465", "100000", "123412", "19283746"] {
        assert!(!trivial(text), "{text}");
    }
}

#[test]
fn the_trivial_codes_are_few() {
    let trivial = (0..1_000_000).filter(|n| trivial(&format!("{n:06}"))).count();
    // 1,000 with a group of three (those of one digit among them), 90 more with a group of two, 10 + 10 runs.
    assert_eq!(trivial, 1_110);
}

#[test]
fn drawn_credentials_have_their_lengths_and_are_neither_trivial_nor_alike() {
    let mut random = SplitMix(7);
    let mut numbers = HashSet::new();
    for _ in 0..10_000 {
        let drawn = credentials(|| random.next());
        let (number, pin) = (drawn.number.as_str(), drawn.pin.expose());
        let password = drawn.password.expose();
        assert_eq!((number.len(), pin.len(), password.len()), (6, 6, 8));
        assert!(!number.starts_with('0'));
        assert!(![number, pin, password].into_iter().any(trivial));
        assert!(number != pin && !password.contains(pin));
        numbers.insert(number.to_owned());
    }
    // 10,000 of 900,000: about 55 pairs by chance.
    assert!(numbers.len() > 9_900, "{}", numbers.len());
}

#[test]
fn every_digit_is_drawn_equally_often_at_every_place() {
    let mut random = SplitMix(11);
    let mut counts = [[0_u32; 10]; 6];
    for _ in 0..20_000 {
        let drawn = credentials(|| random.next());
        for (place, digit) in drawn.pin.expose().bytes().enumerate() {
            counts[place][usize::from(digit - b'0')] += 1;
        }
    }
    // 2,000 expected, standard deviation 42.
    for count in counts.iter().flatten() {
        assert!((1_750..2_250).contains(count), "{counts:?}");
    }
}
