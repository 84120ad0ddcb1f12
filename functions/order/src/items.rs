//! Finds the four items of an order, `ddmm hhmm ddd nn`, in the tokens after the keyword.
//!
//! People write the items in many ways, and some ways can be read twice. So every reading is tried; the text counts
//! only when exactly one of them is a possible order. What can be read in two ways is asked about, never guessed.

use konf_contract::Language;

use crate::tokens::{Kind, Token};

/// PRODUCT.md, section 1: a standard order has 1 to 120 minutes and 2 to 20 people.
pub(crate) const MINUTES_MAX: u32 = 120;
pub(crate) const PEOPLE_MIN: u32 = 2;
pub(crate) const PEOPLE_MAX: u32 = 20;

/// The longest spelling of the table in `grammar/tests.rs` has 18 tokens; what comes later is no part of the order.
const TOKENS_MAX: usize = 40;

/// More readings than these would be ambiguous anyway.
const READINGS_MAX: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Items {
    pub(crate) day: u32,
    pub(crate) month: u32,
    /// Written only by those who write more than they need.
    pub(crate) year: Option<i16>,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
    pub(crate) minutes: u32,
    pub(crate) people: u32,
    pub(crate) turn: Option<Turn>,
}

/// Which of the two: in the night when the clock goes back, 02:30 comes twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Written `A`: summer time.
    First,
    /// Written `B`: winter time.
    Second,
}

impl Items {
    /// The order as PRODUCT.md writes it; a year that was written stays.
    pub(crate) fn text(&self, language: Language) -> String {
        let keyword = match language {
            Language::Cs => "konf",
            Language::En => "conf",
        };
        let turn = match self.turn {
            None => "",
            Some(Turn::First) => " A",
            Some(Turn::Second) => " B",
        };
        let date = match self.year {
            None => format!("{:02}{:02}", self.day, self.month),
            Some(year) => format!("{}.{}.{year}", self.day, self.month),
        };
        let Items { hour, minute, minutes, people, .. } = self;
        format!("{keyword} {date} {hour:02}{minute:02} {minutes} {people}{turn}")
    }

    fn is_standard(&self) -> bool {
        self.has_date_and_time() && self.has_standard_size()
    }

    fn has_standard_size(&self) -> bool {
        (1..=MINUTES_MAX).contains(&self.minutes)
            && (PEOPLE_MIN..=PEOPLE_MAX).contains(&self.people)
    }

    fn has_date_and_time(&self) -> bool {
        is_date(self.day, self.month) && self.hour < 24 && self.minute < 60
    }
}

/// Whether that day exists in some year.
pub(crate) fn is_date(day: u32, month: u32) -> bool {
    day >= 1 && day <= last_day(month)
}

/// The last day of a month in a leap year; 0 for no month.
pub(crate) fn last_day(month: u32) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 29,
        _ => 0,
    }
}

/// As far as the items could be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Partial {
    pub(crate) date: Option<(u32, u32)>,
    pub(crate) time: Option<(u32, u32)>,
    pub(crate) minutes: Option<u32>,
    /// All four were there, but more figures follow.
    pub(crate) people: Option<u32>,
}

impl Partial {
    pub(crate) fn found(&self) -> u32 {
        u32::from(self.date.is_some())
            + u32::from(self.time.is_some())
            + u32::from(self.minutes.is_some())
            + u32::from(self.people.is_some())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// All four items; not necessarily possible ones.
    One(Items),
    /// Two different orders could be meant.
    Several,
    /// Not all four.
    Incomplete(Partial),
}

pub(crate) fn read(tokens: &[Token<'_>]) -> Reading {
    let tokens = &tokens[..tokens.len().min(TOKENS_MAX)];
    let mut search = Search::default();
    search.run(Cursor { tokens, head: None });
    search.verdict()
}

#[derive(Default)]
struct Search {
    readings: Vec<(Items, Split)>,
    furthest: Partial,
}

/// Whether minutes and people were written as one number and cut in two here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Split {
    Written,
    Guessed,
}

impl Search {
    fn run(&mut self, start: Cursor<'_>) {
        for (date, after_date) in dates(start.past_fillers(true)) {
            self.reached(Partial { date: Some((date.day, date.month)), ..Partial::default() });
            for ((hour, minute), after_time) in times(after_date.past_fillers(false)) {
                let so_far = Partial {
                    date: Some((date.day, date.month)),
                    time: Some((hour, minute)),
                    ..Partial::default()
                };
                self.reached(so_far);
                for (minutes, split, after) in durations(after_time.past_fillers(false)) {
                    let so_far = Partial { minutes: Some(minutes), ..so_far };
                    if split == Split::Written {
                        self.reached(so_far);
                    }
                    let Some((people, end)) = people(after.past_fillers(false)) else { continue };
                    if end.goes_on_with_figures() {
                        self.reached(Partial { people: Some(people), ..so_far });
                        continue;
                    }
                    let items = Items {
                        day: date.day,
                        month: date.month,
                        year: date.year,
                        hour,
                        minute,
                        minutes,
                        people,
                        turn: end.turn(),
                    };
                    if self.readings.len() < READINGS_MAX {
                        self.readings.push((items, split));
                    }
                }
            }
        }
    }

    fn reached(&mut self, partial: Partial) {
        if partial.found() > self.furthest.found() {
            self.furthest = partial;
        }
    }

    fn verdict(&self) -> Reading {
        let mut standard = self.readings.iter().filter(|(items, _)| items.is_standard());
        if let Some((first, _)) = standard.next() {
            return if standard.all(|(other, _)| other == first) {
                Reading::One(*first)
            } else {
                Reading::Several
            };
        }
        let written = || self.readings.iter().filter(|(_, split)| *split == Split::Written);
        let possible = written().find(|(items, _)| items.has_date_and_time());
        // With a wrong date or time a cut may still be the only one that makes sense.
        let mut cut = self.readings.iter().filter(|(items, _)| items.has_standard_size());
        let only_cut = cut.next().filter(|_| cut.next().is_none());
        match possible.or_else(|| written().next()).or(only_cut) {
            Some((items, _)) => Reading::One(*items),
            None => Reading::Incomplete(self.furthest),
        }
    }
}

/// Where the reading stands; `head` is what is left of a number whose beginning has been taken.
#[derive(Clone, Copy)]
struct Cursor<'a> {
    tokens: &'a [Token<'a>],
    head: Option<&'a str>,
}

impl<'a> Cursor<'a> {
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
    fn past_fillers(self, at_start: bool) -> Self {
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

    fn goes_on_with_figures(self) -> bool {
        let after = self.sign(&[',', ';', '/', '-', '.', ':']).unwrap_or(self);
        matches!(after.kind(), Some(Kind::Digits(_)))
    }

    /// `A` or `B` as the very last word.
    fn turn(self) -> Option<Turn> {
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
struct Date {
    day: u32,
    month: u32,
    year: Option<i16>,
}

fn dates(start: Cursor<'_>) -> Vec<(Date, Cursor<'_>)> {
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

fn times(start: Cursor<'_>) -> Vec<((u32, u32), Cursor<'_>)> {
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

fn durations(start: Cursor<'_>) -> Vec<(u32, Split, Cursor<'_>)> {
    let Some((digits, after)) = start.digits() else { return Vec::new() };
    let mut found = Vec::new();
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

fn people(start: Cursor<'_>) -> Option<(u32, Cursor<'_>)> {
    let (digits, after) = start.digits()?;
    Some((number(digits), after))
}
