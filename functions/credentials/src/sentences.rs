//! What Konf says about everything but credentials and offers: one sentence for SMS and e-mail alike.

use jiff::civil::DateTime;
use konf_api::mail::{Asked, Confirmation};
use konf_api::render::{Choice, Fault, Message, OfferedAlternative};
use konf_contract::{ConferenceNumber, Language, OneTimeCode, UnixMs, Window};

use crate::when::{When, short_date};

use Language::{Cs, En};

/// The longest order that an example holds has 31 characters (`konf 31.12.2027 2359 1440 500 A`).
const EXAMPLE_CHARACTERS_MAX: usize = 40;

/// `1 osoba`, `2 osoby`, `5 osob`; `1 person`, `2 people`.
pub(crate) fn people(count: u32, language: Language) -> String {
    let word = match (language, count) {
        (Cs, 1) => "osoba",
        (Cs, 2..=4) => "osoby",
        (Cs, _) => "osob",
        (En, 1) => "person",
        (En, _) => "people",
    };
    format!("{count} {word}")
}

/// `Plno. Odpovězte 1, 2 nebo 3 do 14:05:`
pub(crate) fn offers_head(
    offers: &[OfferedAlternative],
    until: UnixMs,
    language: Language,
) -> String {
    let indexes = alternatives(offers.iter().map(|offer| offer.index.to_string()), language);
    let until = When::new(until).time();
    match language {
        Cs => format!("Plno. Odpovězte {indexes} do {until}:"),
        En => format!("Full. Reply {indexes} by {until}:"),
    }
}

/// `1, 2 nebo 3`.
fn alternatives(words: impl Iterator<Item = String>, language: Language) -> String {
    let mut words: Vec<String> = words.collect();
    let or = match language {
        Cs => "nebo",
        En => "or",
    };
    match words.pop() {
        None => String::new(),
        Some(last) if words.is_empty() => last,
        Some(last) => format!("{} {or} {last}", words.join(", ")),
    }
}

pub(crate) fn nothing_fits(language: Language) -> String {
    match language {
        Cs => "V tu dobu ani kolem ní nemáme volno. Zkuste prosím jiný den nebo méně osob.",
        En => "We have no room at that time or near it. Please try another day or fewer people.",
    }
    .to_owned()
}

pub(crate) fn cancelled(number: &ConferenceNumber, window: &Window, language: Language) -> String {
    let start = When::new(window.start).short(language);
    match language {
        Cs => format!("Konference {number} ({start}) je zrušena."),
        En => format!("Conference {number} ({start}) is cancelled."),
    }
}

pub(crate) fn changed(
    number: &ConferenceNumber,
    window: &Window,
    seats: u32,
    language: Language,
) -> String {
    let start = When::new(window.start).short(language);
    let (minutes, people) = (window.minutes(), people(seats, language));
    match language {
        Cs => format!(
            "Konference {number} je nově {start}, {minutes} min, {people}. PIN a heslo zůstávají."
        ),
        En => format!(
            "Conference {number} is now {start}, {minutes} min, {people}. PIN and password stay."
        ),
    }
}

/// To a guest.
pub(crate) fn moved(number: &ConferenceNumber, window: &Window, language: Language) -> String {
    let start = When::new(window.start).short(language);
    let minutes = window.minutes();
    match language {
        Cs => format!("Konference {number} je nově {start}, {minutes} min. Váš PIN zůstává."),
        En => format!("Conference {number} is now {start}, {minutes} min. Your PIN stays."),
    }
}

pub(crate) fn nothing_to_cancel(number: &ConferenceNumber, language: Language) -> String {
    match language {
        Cs => format!("Konferenci {number} od Vás objednanou nemáme. Zkontrolujte prosím číslo."),
        En => format!("You have no conference {number} to cancel. Please check the number."),
    }
}

pub(crate) fn offer_gone(language: Language) -> String {
    match language {
        Cs => "Tato nabídka už neplatí. Pošlete prosím objednávku znovu.",
        En => "This offer is no longer held. Please send your order again.",
    }
    .to_owned()
}

pub(crate) fn restricted(until: Option<UnixMs>, language: Language) -> String {
    let until = until.map(|until| When::new(until).short(language));
    match (language, until) {
        (Cs, Some(until)) => {
            format!("Objednávání konferencí je pro Vás omezeno. Skončí to {until}.")
        }
        (En, Some(until)) => format!("Ordering conferences is restricted for you until {until}."),
        (Cs, None) => "Objednávání konferencí je pro Vás omezeno.".to_owned(),
        (En, None) => "Ordering conferences is restricted for you.".to_owned(),
    }
}

/// The code first: a telephone shows the beginning.
pub(crate) fn sign_in_code(code: &OneTimeCode, minutes: u32, language: Language) -> String {
    let code = code.expose();
    match language {
        Cs => format!(
            "{code} je kód pro přihlášení do Konf. Platí {minutes} min. Nikomu ho neříkejte."
        ),
        En => {
            format!("{code} is your code to sign in to Konf, for {minutes} min. Tell it to nobody.")
        }
    }
}

pub(crate) fn sign_in_link(minutes: u32, language: Language) -> String {
    match language {
        Cs => format!("Tento odkaz Vás přihlásí. Platí {minutes} minut a jen jednou."),
        En => format!("This link signs you in. It works for {minutes} minutes, and once."),
    }
}

/// Says what was understood and nothing that the sender wrote: whoever reads it may not be the one who sent it.
pub(crate) fn confirm(confirmation: &Confirmation, language: Language) -> String {
    let minutes = confirmation.minutes;
    let what = asked(&confirmation.what, language);
    match language {
        Cs => format!(
            "Z Vaší adresy jsme dostali {what}. E-mail může poslat kdokoli Vaším jménem, proto ji prosím do {minutes} minut potvrďte. Do té doby se nic nestane."
        ),
        En => format!(
            "We have received {what} from your address. Anybody can send an e-mail in your name, so please confirm it within {minutes} minutes. Nothing is done before that."
        ),
    }
}

fn asked(what: &Asked, language: Language) -> String {
    match (what, language) {
        (Asked::Order { window, seats }, language) => {
            let start = When::new(window.start).long(language);
            let (minutes, people) = (window.minutes(), people(*seats, language));
            match language {
                Cs => format!("objednávku konference ({start}, {minutes} min, {people})"),
                En => format!("an order of a conference ({start}, {minutes} min, {people})"),
            }
        }
        (Asked::Cancel { number }, Cs) => format!("žádost o zrušení konference {number}"),
        (Asked::Cancel { number }, En) => format!("a request to cancel conference {number}"),
        (Asked::TakeOffer { index }, Cs) => format!("volbu nabídky {index}"),
        (Asked::TakeOffer { index }, En) => format!("a choice of offer {index}"),
        (Asked::Request, Cs) => "zprávu pro operátora".to_owned(),
        (Asked::Request, En) => "a message for an operator".to_owned(),
    }
}

pub(crate) fn receipt(due: UnixMs, language: Language) -> String {
    let due = When::new(due).short(language);
    match language {
        Cs => format!("Požadavek jsme přijali. Operátor ho vyřídí nejpozději {due}."),
        En => format!("We have received your request. An operator will handle it by {due}."),
    }
}

/// `Vyhrazená konference 1.12.2026 – 31.1.2027, po st 09:30 (90 min), 20 osob.`
pub(crate) fn dedicated(message: &Message, language: Language) -> String {
    let Message::Dedicated { window, weekly, seats, .. } = message else { return String::new() };
    // The last minute, not the midnight after it, is on the last day.
    let last = window.end.plus_ms(-UnixMs::MINUTE);
    let [from, to] =
        [window.start, last].map(|at| short_date(When::new(at).wall().date(), language));
    let people = people(*seats, language);
    let when = match (weekly, language) {
        (None, Cs) => "kdykoli".to_owned(),
        (None, En) => "at any time".to_owned(),
        (Some(weekly), language) => {
            let days: Vec<&str> =
                weekly.days.iter().map(|day| day_of_week(*day, language)).collect();
            format!("{} {} ({} min)", days.join(" "), weekly.at, weekly.minutes)
        }
    };
    match language {
        Cs => format!("Vyhrazená konference {from} - {to}, {when}, {people}."),
        En => format!("Dedicated conference {from} - {to}, {when}, {people}."),
    }
}

fn day_of_week(day: u8, language: Language) -> &'static str {
    const CS: [&str; 7] = ["po", "út", "st", "čt", "pá", "so", "ne"];
    const EN: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let names = match language {
        Cs => CS,
        En => EN,
    };
    names[usize::from(day.clamp(1, 7) - 1)]
}

pub(crate) fn declined(reason: &str, language: Language) -> String {
    match language {
        Cs => format!("Vašemu požadavku bohužel nemůžeme vyhovět: {reason}"),
        En => format!("We are sorry, we cannot do what you asked for: {reason}"),
    }
}

pub(crate) fn refusal(fault: Fault, example: &str, language: Language) -> String {
    let cancels = example.starts_with("storno") || example.starts_with("cancel");
    let what = if cancels { number_missing(language).to_owned() } else { wrong(fault, language) };
    let example: String = example.chars().take(EXAMPLE_CHARACTERS_MAX).collect();
    match language {
        Cs => format!("{what} Příklad: {example}"),
        En => format!("{what} Example: {example}"),
    }
}

fn number_missing(language: Language) -> &'static str {
    match language {
        Cs => "Ke zrušení napište i číslo konference.",
        En => "To cancel, write the conference number too.",
    }
}

/// The one wrong item.
fn wrong(fault: Fault, language: Language) -> String {
    match (fault, language) {
        (Fault::NoSuchDate, Cs) => "Takové datum (ddmm) není.",
        (Fault::NoSuchDate, En) => "There is no such date (ddmm).",
        (Fault::NoSuchTime, Cs) => "Takový čas (hhmm) není.",
        (Fault::NoSuchTime, En) => "There is no such time (hhmm).",
        (Fault::Past { start }, language) => return past(start, language),
        (Fault::NoMinutes, Cs) => "Délka musí být aspoň 1 minuta.",
        (Fault::NoMinutes, En) => "The length must be at least 1 minute.",
        (Fault::TooLong, Cs) => "Délka může být nejvýše 120 minut.",
        (Fault::TooLong, En) => "The length may be at most 120 minutes.",
        (Fault::TooFewPeople, Cs) => "Osoby musí být aspoň 2.",
        (Fault::TooFewPeople, En) => "There must be at least 2 people.",
        (Fault::TooManyPeople, Cs) => "Osob může být nejvýše 20.",
        (Fault::TooManyPeople, En) => "There may be at most 20 people.",
        (Fault::Missing { found }, language) => return missing(found, language),
        (Fault::Unreadable, Cs) => "Zprávě nerozumíme. Objednávka je: konf ddmm hhmm minuty osoby.",
        (Fault::Unreadable, En) => {
            "We do not understand. An order is: conf ddmm hhmm minutes people."
        }
    }
    .to_owned()
}

/// With the weekday: whoever mistook the date sees which day was understood.
fn past(start: UnixMs, language: Language) -> String {
    let start = When::new(start).short(language);
    match language {
        Cs => format!("Začátek {start} už minul."),
        En => format!("{start} is past."),
    }
}

fn missing(found: u32, language: Language) -> String {
    match language {
        Cs => format!("Objednávka má 4 údaje (ddmm hhmm minuty osoby), našli jsme {found}."),
        En => format!("An order has 4 items (ddmm hhmm minutes people), we found {found}."),
    }
}

/// Asks which instant is meant. Choices that show the asked time itself are the two of a doubled hour.
pub(crate) fn question(wall: &str, choices: &[Choice], language: Language) -> String {
    let shown: Option<DateTime> = wall.parse().ok();
    let starts: Vec<When> = choices.iter().map(|choice| When::new(choice.start)).collect();
    let is_doubled = shown.is_some_and(|wall| starts.iter().any(|start| start.wall() == wall));
    let when = shown.map_or_else(
        || wall.to_owned(),
        |at| format!("{} {:02}:{:02}", short_date(at.date(), language), at.hour(), at.minute()),
    );
    let texts = choices.iter().zip(&starts).map(|(choice, start)| {
        if is_doubled { format!("{} ({})", choice.text, turn(start)) } else { choice.text.clone() }
    });
    let texts = alternatives(texts, language);
    match (language, is_doubled) {
        (Cs, true) => format!("{when} nastane dvakrát. Pošlete {texts}"),
        (En, true) => format!("{when} comes twice. Send {texts}"),
        (Cs, false) => format!("{when} kvůli změně času neexistuje. Pošlete třeba {texts}"),
        (En, false) => format!("{when} does not exist: the clock changes. Send {texts}"),
    }
}

fn turn(start: &When) -> String {
    start.time().split_once(' ').map(|(_, turn)| turn.to_owned()).unwrap_or_default()
}
