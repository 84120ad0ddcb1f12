//! Ids, times and secrets.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a word from the wire was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordError {
    #[error("expected {expected} decimal digits")]
    Digits { expected: &'static str },
    #[error("expected an international number such as +420606000600")]
    Number,
    #[error("expected 64 hexadecimal digits in lower case")]
    Token,
}

/// Milliseconds since 1970-01-01T00:00:00Z. A label, never a measure: durations come from a monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMs(pub i64);

impl UnixMs {
    pub const MINUTE: i64 = 60_000;

    pub fn from_minutes(minutes: i64) -> Self {
        UnixMs(minutes * Self::MINUTE)
    }

    /// Whole minutes since the epoch, rounded down.
    pub fn minutes(self) -> i64 {
        self.0.div_euclid(Self::MINUTE)
    }

    pub fn plus_ms(self, ms: i64) -> Self {
        UnixMs(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to `self`; negative when `self` comes first.
    pub fn since(self, earlier: UnixMs) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// From `start` until just before `end`. A booking's window lies on whole minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    pub start: UnixMs,
    pub end: UnixMs,
}

impl Window {
    pub fn minutes(&self) -> i64 {
        self.end.minutes() - self.start.minutes()
    }
}

/// The language of messages and prompts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    Cs,
    En,
}

/// What the credentials that a caller keyed in make of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Participant,
    Organiser,
}

fn all_digits(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

macro_rules! digits_word {
    ($name:ident, $range:expr, $expected:literal) => {
        impl $name {
            pub fn new(text: impl Into<String>) -> Result<Self, WordError> {
                let text = text.into();
                if all_digits(&text, $range) {
                    Ok($name(text))
                } else {
                    Err(WordError::Digits { expected: $expected })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = WordError;
            fn try_from(text: String) -> Result<Self, WordError> {
                $name::new(text)
            }
        }

        impl FromStr for $name {
            type Err = WordError;
            fn from_str(text: &str) -> Result<Self, WordError> {
                $name::new(text)
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> String {
                word.0
            }
        }
    };
}

/// A word that opens something: no `Display`, and `Debug` shows only the name. `expose` is the one way to its text.
macro_rules! secret_word {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl $name {
            /// The text itself: for messages to its owner and for comparison, never for a log.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }
    };
}

/// The number of a conference that callers key in: 6 digits (4 to 10 are understood). Not secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConferenceNumber(String);
digits_word!(ConferenceNumber, 4..=10, "4 to 10");

impl ConferenceNumber {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConferenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lets people in: 6 digits (4 to 10 are understood).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pin(String);
digits_word!(Pin, 4..=10, "4 to 10");
secret_word!(Pin);

/// Makes the one who keys it in, in place of the PIN, the organiser: 8 digits (6 to 12 are understood).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Password(String);
digits_word!(Password, 6..=12, "6 to 12");
secret_word!(Password);

/// Proves once that somebody reads what is sent to a telephone number: 6 digits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OneTimeCode(String);
digits_word!(OneTimeCode, 6..=6, "6");
secret_word!(OneTimeCode);

/// What a browser keeps in its cookie, or a link in an e-mail ends with: 256 random bits as 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebToken(String);
secret_word!(WebToken);

impl WebToken {
    pub fn new(text: impl Into<String>) -> Result<Self, WordError> {
        let text = text.into();
        let hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 64 && text.bytes().all(hexadecimal) {
            Ok(WebToken(text))
        } else {
            Err(WordError::Token)
        }
    }
}

impl TryFrom<String> for WebToken {
    type Error = WordError;
    fn try_from(text: String) -> Result<Self, WordError> {
        WebToken::new(text)
    }
}

impl From<WebToken> for String {
    fn from(token: WebToken) -> String {
        token.0
    }
}

/// A telephone number in E.164 form with its plus sign. Personal: no `Display`; `masked` is what others may see.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Msisdn(String);

impl Msisdn {
    /// Reads `+420606000600`, `00420 606 000 600`, `420606000600` and, as Czech, `606000600` (FIELD.md, section 4).
    pub fn parse(text: &str) -> Result<Self, WordError> {
        let mut digits = String::with_capacity(text.len());
        let mut plus = false;
        for (at, c) in text.trim().chars().enumerate() {
            match c {
                '+' if at == 0 => plus = true,
                '0'..='9' => digits.push(c),
                ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' => {}
                _ => return Err(WordError::Number),
            }
        }
        if !plus {
            if let Some(rest) = digits.strip_prefix("00") {
                digits = rest.to_owned();
            } else if digits.len() == 9 {
                digits.insert_str(0, "420");
            }
        }
        // E.164: at most 15 digits, no leading zero. Short numbers (112, service codes) are no senders of orders.
        if (8..=15).contains(&digits.len()) && !digits.starts_with('0') {
            Ok(Msisdn(format!("+{digits}")))
        } else {
            Err(WordError::Number)
        }
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Country and the last three digits: `+420 … 600`.
    pub fn masked(&self) -> String {
        let (head, tail) = (&self.0[..self.0.len().min(4)], &self.0[self.0.len() - 3..]);
        format!("{head}…{tail}")
    }
}

impl TryFrom<String> for Msisdn {
    type Error = WordError;
    fn try_from(text: String) -> Result<Self, WordError> {
        Msisdn::parse(&text)
    }
}

impl From<Msisdn> for String {
    fn from(number: Msisdn) -> String {
        number.0
    }
}

impl fmt::Debug for Msisdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// One call at an edge, unique within the edge's boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LegId(pub u64);

impl fmt::Display for LegId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The right of one leg to be in one room, given by control.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GrantId(pub String);

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who calls, as the trunk or the phone says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// Absent when withheld or not a telephone number.
    pub number: Option<Msisdn>,
    /// The network the call came from, such as `o2-mobile`, from the trunk's header, its identity, or as a fallback the
    /// prefix; `internet` for SIP phones.
    pub network: String,
    /// The configured name of the trunk; `internet` for strangers.
    pub trunk: String,
    /// Whether the call comes from a mobile network, which ends it after 70 minutes.
    pub mobile: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_numbers_do_not_print() {
        let pin = Pin::new("123456").unwrap();
        let password = Password::new("98765432").unwrap();
        let number = Msisdn::parse("606 123 456").unwrap();
        let shown = format!("{pin:?} {password:?} {number:?}");
        assert_eq!(shown, "Pin(…) Password(…) +420…456");
    }

    #[test]
    fn one_number_has_one_form() {
        for text in [
            "606 000 600",
            "+420606000600",
            "00420 606 000 600",
            "420606000600",
            "+420 606-000-600",
        ] {
            assert_eq!(Msisdn::parse(text).unwrap().expose(), "+420606000600", "{text}");
        }
        for text in ["", "112", "abc", "+0123456789", "++420606000600", "1234567890123456"] {
            assert!(Msisdn::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn digits_words_refuse_what_is_no_digit() {
        assert!(Pin::new("12a4").is_err());
        assert!(ConferenceNumber::new("123").is_err());
        assert!(serde_json::from_str::<Pin>("\"12345x\"").is_err());
        assert!(OneTimeCode::new("12345").is_err());
    }

    #[test]
    fn a_token_has_one_form_and_does_not_print() {
        let token = WebToken::new("0123456789abcdef".repeat(4)).unwrap();
        let code = OneTimeCode::new("012345").unwrap();
        assert_eq!(format!("{token:?} {code:?}"), "WebToken(…) OneTimeCode(…)");
        for text in ["", "0123", &"0123456789ABCDEF".repeat(4), &"g".repeat(64)] {
            assert!(WebToken::new(text).is_err(), "{text}");
        }
    }
}
