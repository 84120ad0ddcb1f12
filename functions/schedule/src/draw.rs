//! Conference numbers, PINs and passwords (FIELD.md, section 4: random, not sequential).

use konf_contract::{ConferenceNumber, Password, Pin};

/// What lets people into one conference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    pub number: ConferenceNumber,
    pub pin: Pin,
    pub password: Password,
}

/// Draws a number of 6 digits that does not begin with a zero, a PIN of 6 and a password of 8 digits from `random`,
/// which gives 64 unguessable bits a call. Codes that people try first (repetitions, runs, the conference number) are
/// drawn again.
pub fn credentials(mut random: impl FnMut() -> u64) -> Credentials {
    let number = digits(&mut random, 6, |text| !text.starts_with('0') && !trivial(text));
    let pin = digits(&mut random, 6, |text| !trivial(text) && text != number);
    let password = digits(&mut random, 8, |text| {
        !trivial(text) && !text.contains(&pin) && !text.contains(&number)
    });
    Credentials {
        number: ConferenceNumber::new(number).expect("six digits are a conference number"),
        pin: Pin::new(pin).expect("six digits are a PIN"),
        password: Password::new(password).expect("eight digits are a password"),
    }
}

/// More than this many draws in a row are refused only by a broken source: of a million PINs not 2,000 are trivial, of
/// numbers a tenth begins with a zero.
const DRAWS_MAX: usize = 1_000;

fn digits(random: &mut impl FnMut() -> u64, length: usize, good: impl Fn(&str) -> bool) -> String {
    for _ in 0..DRAWS_MAX {
        let text = format!("{:0length$}", below(random, 10_u64.pow(length as u32)));
        if good(&text) {
            return text;
        }
    }
    panic!("the source of randomness is broken");
}

/// Uniform below `limit`: what would favour the low numbers is drawn again.
fn below(random: &mut impl FnMut() -> u64, limit: u64) -> u64 {
    let fair = u64::MAX - u64::MAX % limit;
    for _ in 0..DRAWS_MAX {
        let word = random();
        if word < fair {
            return word % limit;
        }
    }
    panic!("the source of randomness is broken");
}

/// One group of digits repeated (`000000`, `121212`, `123123`) or a run up or down (`123456`, `987654`, `890123`).
fn trivial(text: &str) -> bool {
    let digits: Vec<i16> = text.bytes().map(|b| i16::from(b - b'0')).collect();
    let repeats = |period: usize| digits.iter().zip(&digits[period..]).all(|(a, b)| a == b);
    let runs = |step: i16| digits.windows(2).all(|pair| (pair[1] - pair[0] - step) % 10 == 0);
    (1..=digits.len() / 2).any(repeats) || runs(1) || runs(-1)
}

#[cfg(test)]
mod tests;
