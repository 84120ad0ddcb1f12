//! How people write each of the four items: all the ways in which the tokens at hand can be read as one.
//!
//! To add a spelling, add an alternative here and a row to the table in `grammar/tests.rs`. `items` tries every
//! combination, so an alternative that makes others ambiguous shows there.

use crate::items::Turn;
use crate::tokens::{Kind, Token};

/// Whether minutes and people were written as one number and cut in two here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Split {
    Written,
    Guessed,
}

/// Where the reading stands; `head` is what is left of a number whose beginning has been taken.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a> {
    tokens: &'a [Token<'a>],
    head: Option<&'a str>,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(tokens: &'a [Token<'a>]) -> Self {
        Cursor { tokens, head: None }
    }

    fn kind(&self) -> Option<Kind<'a>> {
        match self.head {
            Some(digits) => Some(Kind::Digits(digits)),
            None => self.tokens.first().map(|token| token.kind),
        }
    }

    fn next(self) -> Self {
        match self.head {
            Some(_) => Cursor { head: None, ..self },
            None => Cursor { tokens: self.tokens.get(1..).unwrap_or_default(), head: None },
        }
    }

    fn is_attached(&self) -> bool {
        self.head.is_some() || self.tokens.first().is_some_and(|token| token.attached)
    }

    fn digits(self) -> Option<(&'a str, Self)> {
        match self.kind() {
            Some(Kind::Digits(digits)) => Some((digits, self.next())),
            _ => None,
        }
    }

    fn sign(self, signs: &[char]) -> Option<Self> {
        match self.kind() {
            Some(Kind::Sign(sign)) if signs.contains(&sign) => Some(self.next()),
            _ => None,
        }
    }

    fn word(self, words: &[&str]) -> Option<Self> {
        match self.kind() {
            Some(Kind::Word(word)) if words.contains(&word) => Some(self.next()),
            _ => None,
        }
    }

    /// Past the signs and small words that people put between items.
    pub(crate) fn past_fillers(self, at_start: bool) -> Self {
        let mut cursor = self;
        loop {
            let skipped = cursor
                .sign(&[',', ';', '/', '-', '.', '|', '_', '(', ')', '\'', '"'])
                .or_else(|| if at_start { cursor.sign(&[':', '=', '<', '>', '*']) } else { None })
                .or_else(|| cursor.word(FILLERS));
            match skipped {
                Some(next) => cursor = next,
                None => return cursor,
            }
        }
    }

    pub(crate) fn goes_on_with_figures(self) -> bool {
        let after = self.sign(&[',', ';', '/', '-', '.', ':']).unwrap_or(self);
        matches!(after.kind(), Some(Kind::Digits(_)))
    }

    /// `A` or `B` as the very last word.
    pub(crate) fn turn(self) -> Option<Turn> {
        let (turn, rest) = if let Some(rest) = self.word(&["a"]) {
            (Turn::First, rest)
        } else {
            (Turn::Second, self.word(&["b"])?)
        };
        rest.sign(&['.']).unwrap_or(rest).kind().is_none().then_some(turn)
    }
}

/// Weekdays do not count: the answer says the right one.
const FILLERS: &[&str] = &[
    "v",
    "ve",
    "od",
    "na",
    "dne",
    "pro",
    "po",
    "at",
    "from",
    "on",
    "for",
    "and",
    "s",
    "the",
    "ut",
    "st",
    "ct",
    "pa",
    "so",
    "ne",
    "pondeli",
    "utery",
    "streda",
    "stredu",
    "ctvrtek",
    "patek",
    "sobota",
    "sobotu",
    "nedele",
    "nedeli",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

const HOUR_WORDS: &[&str] =
    &["h", "hod", "hodin", "hodina", "hodinu", "hodiny", "hr", "hrs", "hour", "hours"];

const MINUTE_WORDS: &[&str] =
    &["m", "min", "mins", "minut", "minuta", "minutu", "minuty", "minute", "minutes"];

/// Beginnings that tell the months apart; the first that fits counts, so `cervenec` stands before `cerven`.
const MONTHS: &[(&str, u32)] = &[
    ("leden", 1),
    ("ledna", 1),
    ("jan", 1),
    ("unor", 2),
    ("feb", 2),
    ("brez", 3),
    ("mar", 3),
    ("dub", 4),
    ("apr", 4),
    ("kvet", 5),
    ("may", 5),
    ("cervenc", 7),
    ("cervenec", 7),
    ("cerv", 6),
    ("jun", 6),
    ("jul", 7),
    ("srp", 8),
    ("aug", 8),
    ("zari", 9),
    ("sep", 9),
    ("rij", 10),
    ("oct", 10),
    ("list", 11),
    ("nov", 11),
    ("prosin", 12),
    ("dec", 12),
];

/// More digits than a number holds are as good as the largest: both are too many.
fn number(digits: &str) -> u32 {
    digits.parse().unwrap_or(u32::MAX)
}

#[derive(Clone, Copy)]
pub(crate) struct Date {
    pub(crate) day: u32,
    pub(crate) month: u32,
    pub(crate) year: Option<i16>,
}

pub(crate) fn dates(start: Cursor<'_>) -> Vec<(Date, Cursor<'_>)> {
    let Some((digits, after)) = start.digits() else { return Vec::new() };
    match digits.len() {
        1 | 2 => separate_dates(number(digits), after),
        4.. => {
            let (day, month) = (number(&digits[..2]), number(&digits[2..4]));
            vec![(Date { day, month, year: None }, rest_of(digits, 4, after))]
        }
        // 112 is 1.12. or 11.2.
        _ => Vec::new(),
    }
}

fn rest_of<'a>(digits: &'a str, taken: usize, after: Cursor<'a>) -> Cursor<'a> {
    match &digits[taken..] {
        "" => after,
        rest => Cursor { head: Some(rest), ..after },
    }
}

fn separate_dates(day: u32, after_day: Cursor<'_>) -> Vec<(Date, Cursor<'_>)> {
    let at_month = after_day.sign(&['.', '/', '-']).unwrap_or(after_day);
    let Some((month, after_month)) = month(at_month) else { return Vec::new() };
    let mut found = vec![(Date { day, month, year: None }, after_month)];
    let at_year = after_month.sign(&['.', '/', '-', ',']).unwrap_or(after_month);
    if let Some((digits, after)) = at_year.digits()
        && digits.len() == 4
        && let year @ 2000..2200 = number(digits)
        && let Ok(year) = i16::try_from(year)
    {
        found.push((Date { day, month, year: Some(year) }, after));
    }
    found
}

fn month(at: Cursor<'_>) -> Option<(u32, Cursor<'_>)> {
    match at.kind()? {
        Kind::Digits(digits) if digits.len() <= 2 => Some((number(digits), at.next())),
        Kind::Word(word) => {
            let (_, month) = MONTHS.iter().find(|(beginning, _)| word.starts_with(beginning))?;
            Some((*month, at.next()))
        }
        _ => None,
    }
}

pub(crate) fn times(start: Cursor<'_>) -> Vec<((u32, u32), Cursor<'_>)> {
    let Some((digits, after)) = start.digits() else { return Vec::new() };
    let found = match digits.len() {
        1 | 2 => separate_times(number(digits), after),
        3 => vec![((number(&digits[..1]), number(&digits[1..])), after)],
        _ => vec![((number(&digits[..2]), number(&digits[2..4])), rest_of(digits, 4, after))],
    };
    found.into_iter().map(|(time, after)| with_suffix(time, after)).collect()
}

/// 14:00, 14.00, 14h00, 14 00, 14h, 2pm.
fn separate_times(hour: u32, after_hour: Cursor<'_>) -> Vec<((u32, u32), Cursor<'_>)> {
    let two_digits = |at: Cursor<'_>| at.digits().is_some_and(|(digits, _)| digits.len() == 2);
    let sign = after_hour.sign(&[':', '.', ',']).or_else(|| after_hour.word(&["h"]));
    if let Some(at_minute) = sign.filter(|at| at.is_attached() && two_digits(*at)) {
        return at_minute
            .digits()
            .map(|(minute, after)| ((hour, number(minute)), after))
            .into_iter()
            .collect();
    }
    if after_hour.word(HOUR_WORDS).is_some() || after_hour.word(&["am", "pm"]).is_some() {
        return vec![((hour, 0), after_hour)];
    }
    match after_hour.digits() {
        Some((minute, after)) if minute.len() == 2 => vec![((hour, number(minute)), after)],
        _ => Vec::new(),
    }
}

/// What may follow a time of day: `h`, `hod.`, `am`, `pm`.
fn with_suffix((hour, minute): (u32, u32), after: Cursor<'_>) -> ((u32, u32), Cursor<'_>) {
    if let Some(next) = after.word(HOUR_WORDS) {
        return ((hour, minute), next);
    }
    if let Some(next) = after.word(&["am"]) {
        let hour = if hour == 12 { 0 } else { hour };
        return ((hour, minute), next);
    }
    if let Some(next) = after.word(&["pm"]) {
        let hour = if (1..12).contains(&hour) { hour + 12 } else { hour };
        return ((hour, minute), next);
    }
    ((hour, minute), after)
}

pub(crate) fn durations(start: Cursor<'_>) -> Vec<(u32, Split, Cursor<'_>)> {
    let Some((digits, after)) = start.digits() else { return Vec::new() };
    let mut found: Vec<_> = hours_and_more(number(digits), after)
        .map(|(minutes, after)| (minutes, Split::Written, after))
        .into_iter()
        .collect();
    if let Some(next) = after.word(MINUTE_WORDS) {
        found.push((number(digits), Split::Written, next));
    } else if let Some(next) = after.word(HOUR_WORDS) {
        found.push((number(digits).saturating_mul(60), Split::Written, next));
    } else {
        found.push((number(digits), Split::Written, after));
    }
    // `6010` and `06010` are minutes and people without a space. Three digits are minutes: who leaves out the people
    // after 120 does not mean one minute for 20.
    if let 4 | 5 = digits.len() {
        for taken in 2..=3 {
            if let 1 | 2 = digits.len() - taken {
                found.push((
                    number(&digits[..taken]),
                    Split::Guessed,
                    rest_of(digits, taken, after),
                ));
            }
        }
    }
    found
}

/// `1,5 hod` and `1 h 30 min`.
fn hours_and_more(hours: u32, after: Cursor<'_>) -> Option<(u32, Cursor<'_>)> {
    let whole = hours.saturating_mul(60);
    if let Some(at_fraction) = after.sign(&[',', '.']).filter(Cursor::is_attached) {
        let (_, after) = at_fraction.digits().filter(|(fraction, _)| *fraction == "5")?;
        return Some((whole.saturating_add(30), after.word(HOUR_WORDS)?));
    }
    let (minutes, after) = after.word(HOUR_WORDS)?.digits()?;
    Some((whole.saturating_add(number(minutes)), after.word(MINUTE_WORDS)?))
}

/// `1,5 hod` and `2 h 30 min` are no minutes and people: a number before a unit of time counts nobody.
pub(crate) fn people(start: Cursor<'_>) -> Option<(u32, Cursor<'_>)> {
    let (digits, after) = start.digits()?;
    let is_time = after.word(HOUR_WORDS).or_else(|| after.word(MINUTE_WORDS)).is_some();
    (!is_time).then_some((number(digits), after))
}
