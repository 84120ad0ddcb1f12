//! Reads a message: an order, a chosen offer, a cancellation, or why it is none of them (PRODUCT.md, section 1).
//!
//! [`understand`] is total: any text gives an answer, in time bounded by a constant.
//!
//! Readings that PRODUCT.md leaves open, as Konf takes them:
//! * **Today, but past.** `konf 0907 1400 …` sent on 9 July at 15:00 is refused as past; it is not next year's. The
//!   minute that runs now may still be ordered.
//! * **Too long, or for an operator?** More than 120 minutes or 20 people is an operator's, as long as somebody could
//!   mean it: up to [`QUEUE_MINUTES_MAX`] minutes and [`QUEUE_PEOPLE_MAX`] people. Beyond that it is a slip of the
//!   finger and is refused by name.
//! * **Ambiguous.** Items without spaces count only when one single standard order can be meant; a number with three
//!   digits is never a date (112 is 1.12. or 11.2.) and never minutes together with people.
//! * **A year** may be written after a date with separators (`9.7.2027 14:00 60 10`); then it counts.
//! * **Several lines.** One message is one order: the first that can be ordered counts. An order may go on over a line's
//!   end.

use jiff::civil::DateTime;
use konf_api::render::{Choice, Fault};
use konf_api::schedule::Order;
use konf_contract::{ConferenceNumber, Language, UnixMs, Window};

use crate::calendar::{self, Meaning};
use crate::example;
use crate::items::{self, Items, MINUTES_MAX, PEOPLE_MAX, PEOPLE_MIN, Reading, Turn};
use crate::text;
use crate::tokens::{Kind, Token, tokens};

/// A whole day: nobody confers longer, so more is a slip.
pub const QUEUE_MINUTES_MAX: u32 = 1_440;

/// Far above what one room seats; more is a slip.
pub const QUEUE_PEOPLE_MAX: u32 = 500;

/// As many keywords of one message are tried; mails that talk about conferences have a few.
const KEYWORDS_MAX: usize = 16;

/// What stands above a chosen offer in a mail: a greeting and a line more.
const GREETING_LINES_MAX: usize = 3;

/// What people write around the number of an offer, folded.
const CHOOSING: [&str; 25] = [
    "ano", "beru", "bereme", "c", "cislo", "dekuji", "diky", "dobre", "moznost", "nabidka",
    "nabidku", "number", "ok", "offer", "option", "please", "plati", "prosim", "take", "thanks",
    "the", "varianta", "variantu", "volim", "yes",
];

/// What a message asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Understood {
    /// Within the limits, not past, at a time that exists once.
    Order(Order),
    /// The number of a held offer, from 1.
    TakeOffer(u32),
    Cancel {
        number: ConferenceNumber,
        language: Language,
    },
    /// An order for an operator: longer or larger than the standard.
    NonStandard {
        language: Language,
        /// None in the night when the clock changes, where the time does not say which instant is meant.
        order: Option<Order>,
    },
    /// The time does not exist or exists twice in the night when the clock changes.
    Question {
        language: Language,
        wall: String,
        choices: Vec<Choice>,
    },
    /// One item is wrong; `example` is an order that would be taken.
    Refusal {
        language: Language,
        fault: Fault,
        example: String,
    },
    /// It has no keyword of ours.
    NotAnOrder,
}

/// Reads `message` as sent at `now`.
pub fn understand(message: &str, now: UnixMs) -> Understood {
    let lines = text::own_lines(message);
    if let Some(index) = lines.first().and_then(|line| chosen(line)) {
        return Understood::TakeOffer(index);
    }
    let greeted = lines.iter().take(GREETING_LINES_MAX).find_map(|line| chosen(line));
    let mut refusal = None;
    let lines: Vec<Vec<Token<'_>>> = lines.iter().map(|line| tokens(line)).collect();
    for (keyword, line, at) in keywords(&lines).take(KEYWORDS_MAX) {
        let understood = match keyword {
            Keyword::Order(language) => read_order(&lines, line, at + 1, language, now),
            Keyword::Cancel(language) => read_cancel(&lines[line][at + 1..], language),
        };
        match understood {
            Understood::Refusal { .. } => refusal = refusal.or(Some(understood)),
            understood => return understood,
        }
    }
    let otherwise = greeted.map_or(Understood::NotAnOrder, Understood::TakeOffer);
    refusal.unwrap_or(otherwise)
}

/// The example for those who sent nothing like an order.
pub fn standard_example(language: Language, now: UnixMs) -> String {
    example::standard(now).text(language)
}

#[derive(Debug, Clone, Copy)]
enum Keyword {
    Order(Language),
    Cancel(Language),
}

impl Keyword {
    fn of(token: &Token<'_>) -> Option<Self> {
        match token.kind {
            Kind::Word("konf" | "konference") => Some(Keyword::Order(Language::Cs)),
            Kind::Word("conf" | "conference") => Some(Keyword::Order(Language::En)),
            Kind::Word("storno") => Some(Keyword::Cancel(Language::Cs)),
            Kind::Word("cancel") => Some(Keyword::Cancel(Language::En)),
            _ => None,
        }
    }
}

/// Each keyword with its line and its place there. A word that hangs on digits (`o2konf`) is none.
fn keywords<'a>(lines: &'a [Vec<Token<'a>>]) -> impl Iterator<Item = (Keyword, usize, usize)> + 'a {
    lines.iter().enumerate().flat_map(|(line, tokens)| {
        tokens.iter().enumerate().filter_map(move |(at, token)| {
            let hangs = token.attached
                && at
                    .checked_sub(1)
                    .is_some_and(|before| matches!(tokens[before].kind, Kind::Digits(_)));
            Keyword::of(token).filter(|_| !hangs).map(|keyword| (keyword, line, at))
        })
    })
}

/// `2`, `2.`, `(2)`, `ano, 2 prosím`, `option 2`: the line is one number below 100 and words that say nothing else.
fn chosen(line: &str) -> Option<u32> {
    let mut number = None;
    for token in tokens(line) {
        match token.kind {
            Kind::Digits(digits) if number.is_none() => number = Some(digits),
            Kind::Word(word) if CHOOSING.contains(&word) => {}
            Kind::Sign('(' | ')' | '.' | ',' | '!' | '#') => {}
            Kind::Digits(_) | Kind::Word(_) | Kind::Sign(_) => return None,
        }
    }
    let is_index = |digits: &&str| digits.len() <= 2;
    number.filter(is_index)?.parse().ok().filter(|index| *index > 0)
}

// ── cancelling ──────────────────────────────────────────────────────────────────────────────────────────────────────

fn read_cancel(tokens: &[Token<'_>], language: Language) -> Understood {
    match cancelled_number(tokens) {
        Some(number) => Understood::Cancel { number, language },
        None => Understood::Refusal {
            language,
            fault: Fault::Missing { found: 0 },
            example: match language {
                Language::Cs => "storno 123456".to_owned(),
                Language::En => "cancel 123456".to_owned(),
            },
        },
    }
}

/// `123456`, `123 456`, `konf. c. 123456`, `#123456`.
fn cancelled_number(tokens: &[Token<'_>]) -> Option<ConferenceNumber> {
    let between = |token: &&Token<'_>| match token.kind {
        Kind::Sign(_) => true,
        Kind::Word(word) => [
            "konf",
            "konference",
            "konferenci",
            "conf",
            "conference",
            "c",
            "cislo",
            "no",
            "nr",
            "number",
            "the",
        ]
        .contains(&word),
        Kind::Digits(_) => false,
    };
    let mut groups = tokens.iter().skip_while(between).map_while(|token| match token.kind {
        Kind::Digits(digits) => Some(digits),
        _ => None,
    });
    let first = groups.next()?;
    let together: String = std::iter::once(first).chain(groups.take(3)).collect();
    ConferenceNumber::new(together).or_else(|_| ConferenceNumber::new(first)).ok()
}

// ── ordering ────────────────────────────────────────────────────────────────────────────────────────────────────────

fn read_order(
    lines: &[Vec<Token<'_>>],
    line: usize,
    from: usize,
    language: Language,
    now: UnixMs,
) -> Understood {
    let alone = items::read(&lines[line][from..]);
    if let Reading::One(found) = alone {
        return answer(&found, language, now);
    }
    let rest = &lines[line + 1..];
    if !rest.is_empty() {
        let joined: Vec<Token<'_>> =
            lines[line][from..].iter().chain(rest.iter().flatten()).copied().take(64).collect();
        if let Reading::One(found) = items::read(&joined) {
            return answer(&found, language, now);
        }
    }
    let (fault, example) = match alone {
        Reading::Incomplete(found) if found.found() < 4 => {
            (Fault::Missing { found: found.found() }, example::completed(found, language, now))
        }
        Reading::Incomplete(found) => (Fault::Unreadable, example::completed(found, language, now)),
        Reading::One(_) | Reading::Several => (Fault::Unreadable, standard_example(language, now)),
    };
    Understood::Refusal { language, fault, example }
}

fn answer(found: &Items, language: Language, now: UnixMs) -> Understood {
    match judge(found, language, now) {
        Verdict::Order(order) => Understood::Order(order),
        Verdict::NonStandard(order) => Understood::NonStandard { language, order },
        Verdict::Question { wall, choices } => Understood::Question { language, wall, choices },
        Verdict::Fault(fault) => {
            let example = example::corrected(fault, *found, language, now);
            Understood::Refusal { language, fault, example }
        }
    }
}

/// What becomes of four items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Order(Order),
    NonStandard(Option<Order>),
    Question { wall: String, choices: Vec<Choice> },
    Fault(Fault),
}

/// The first wrong item in the order in which they are written, if any.
pub(crate) fn judge(found: &Items, language: Language, now: UnixMs) -> Verdict {
    let today = calendar::wall(now).date();
    let Some(date) = calendar::next_date(found.day, found.month, found.year, today) else {
        return Verdict::Fault(Fault::NoSuchDate);
    };
    let (Some(hour), Some(minute)) = (below(found.hour, 24), below(found.minute, 60)) else {
        return Verdict::Fault(Fault::NoSuchTime);
    };
    let wall = date.at(hour, minute, 0, 0);
    let Some(meaning) = calendar::meaning(wall) else { return Verdict::Fault(Fault::NoSuchDate) };
    let settled = meaning.settled(found.turn);
    let latest = settled.unwrap_or(meaning.latest());
    if is_past(latest, now) {
        return Verdict::Fault(Fault::Past { start: latest });
    }
    if let Some(fault) = wrong_size(found) {
        return Verdict::Fault(fault);
    }
    if found.minutes > MINUTES_MAX || found.people > PEOPLE_MAX {
        return Verdict::NonStandard(settled.map(|start| order(found, wall, start, language)));
    }
    match settled {
        Some(start) => Verdict::Order(order(found, wall, start, language)),
        None => Verdict::Question {
            wall: calendar::wall_text(wall),
            choices: choices(found, meaning, language, now),
        },
    }
}

/// Whether an order for `start` comes too late at `now`. The minute that runs may be ordered.
pub(crate) fn is_past(start: UnixMs, now: UnixMs) -> bool {
    start.minutes() < now.minutes()
}

fn below(number: u32, limit: u32) -> Option<i8> {
    i8::try_from(number).ok().filter(|_| number < limit)
}

fn wrong_size(found: &Items) -> Option<Fault> {
    match (found.minutes, found.people) {
        (0, _) => Some(Fault::NoMinutes),
        (minutes, _) if minutes > QUEUE_MINUTES_MAX => Some(Fault::TooLong),
        (_, people) if people < PEOPLE_MIN => Some(Fault::TooFewPeople),
        (_, people) if people > QUEUE_PEOPLE_MAX => Some(Fault::TooManyPeople),
        _ => None,
    }
}

fn order(found: &Items, wall: DateTime, start: UnixMs, language: Language) -> Order {
    Order {
        language,
        window: Window { start, end: start.plus_ms(i64::from(found.minutes) * UnixMs::MINUTE) },
        wall: calendar::wall_text(wall),
        zone: calendar::ZONE.to_owned(),
        seats: found.people,
    }
}

/// The instants that could be meant and are not past, each with the order that means just it.
fn choices(found: &Items, meaning: Meaning, language: Language, now: UnixMs) -> Vec<Choice> {
    let at = |wall: DateTime, turn| {
        let items = Items {
            day: u32::from(wall.day().unsigned_abs()),
            month: u32::from(wall.month().unsigned_abs()),
            hour: u32::from(wall.hour().unsigned_abs()),
            minute: u32::from(wall.minute().unsigned_abs()),
            turn,
            ..*found
        };
        items.text(language)
    };
    let both = match meaning {
        Meaning::Once(_) => Vec::new(),
        Meaning::Never { before, after } => {
            vec![(before.1, at(before.0, None)), (after.1, at(after.0, None))]
        }
        Meaning::Twice { first, second } => {
            let wall = calendar::wall(first);
            vec![(first, at(wall, Some(Turn::First))), (second, at(wall, Some(Turn::Second)))]
        }
    };
    both.into_iter()
        .filter(|(start, _)| !is_past(*start, now))
        .map(|(start, text)| Choice { start, text })
        .collect()
}

#[cfg(test)]
mod tests;
