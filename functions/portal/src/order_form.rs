//! An order as the form has it, and as an SMS would say it: the order itself is that text, read by the same grammar.

use jiff::civil::{Date, Time};
use konf_api::ledger::OwnBooking;
use konf_api::render::Fault;
use konf_contract::{Language, UnixMs};
use serde::{Deserialize, Serialize};

use crate::asked::Fields;
use crate::when;

/// As typed in; nothing of it is believed before [`OrderForm::text`] has read it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderForm {
    pub day: String,
    pub time: String,
    pub minutes: String,
    pub people: String,
    /// `cs` or `en`.
    pub language: String,
    pub phone: String,
    pub email: String,
    /// Drawn with the page: the same form sent twice is one order.
    pub once: String,
}

/// What a sentence about a mistake stands beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    Day,
    Time,
    Minutes,
    People,
    Phone,
    Email,
}

impl OrderForm {
    /// An hour for ten, at the next half hour that is half an hour away.
    pub fn blank(now: UnixMs, language: Language, once: String) -> OrderForm {
        const HALF_HOUR: i64 = 30 * UnixMs::MINUTE;
        let start = UnixMs((now.0.div_euclid(HALF_HOUR) + 2) * HALF_HOUR);
        let wall = when::wall(start);
        OrderForm {
            day: wall.date().to_string(),
            time: when::time(wall.time()),
            minutes: "60".to_owned(),
            people: "10".to_owned(),
            language: tag(language).to_owned(),
            once,
            ..OrderForm::default()
        }
    }

    pub fn of(fields: &Fields) -> OrderForm {
        OrderForm {
            day: fields.text("day"),
            time: fields.text("time"),
            minutes: fields.text("minutes"),
            people: fields.text("people"),
            language: fields.text("language"),
            phone: fields.text("phone"),
            email: fields.text("email"),
            once: fields.text("once"),
        }
    }

    /// What a booking would be ordered with, on another day or at its own.
    pub fn again(booking: &OwnBooking, date: Date, time: Time) -> OrderForm {
        OrderForm {
            day: date.to_string(),
            time: when::time(time),
            minutes: booking.window.minutes().to_string(),
            people: booking.seats.to_string(),
            language: tag(booking.language).to_owned(),
            ..OrderForm::default()
        }
    }

    pub fn language(&self) -> Language {
        if self.language == "en" { Language::En } else { Language::Cs }
    }

    /// `konf 9.7.2027 14:00 60 10`: with the year, so that it means the day that was chosen.
    pub fn text(&self) -> Result<String, Item> {
        let (date, time, minutes, people) = self.items()?;
        let (keyword, day, month, year) =
            (keyword(self.language()), date.day(), date.month(), date.year());
        Ok(format!("{keyword} {day}.{month}.{year} {} {minutes} {people}", when::time(time)))
    }

    /// `konf 0907 1400 60 10`: what to send by SMS next time.
    pub fn sms(&self) -> Option<String> {
        let (date, time, minutes, people) = self.items().ok()?;
        let keyword = keyword(self.language());
        let (day, month) = (date.day(), date.month());
        let (hour, minute) = (time.hour(), time.minute());
        Some(format!("{keyword} {day:02}{month:02} {hour:02}{minute:02} {minutes} {people}"))
    }

    /// Day, time, minutes and people, whether or not they can be ordered.
    pub fn items(&self) -> Result<(Date, Time, u32, u32), Item> {
        let date = date(&self.day).ok_or(Item::Day)?;
        let time = time(&self.time).ok_or(Item::Time)?;
        let number = |text: &str| text.parse::<u32>().ok().filter(|number| *number <= NUMBER_MAX);
        let minutes = number(&self.minutes).ok_or(Item::Minutes)?;
        let people = number(&self.people).ok_or(Item::People)?;
        Ok((date, time, minutes, people))
    }
}

/// The grammar reads four digits.
const NUMBER_MAX: u32 = 9_999;

/// `2027-07-09` as a browser's calendar says it, or `9.7.2027` where there is none.
fn date(text: &str) -> Option<Date> {
    if let Ok(date) = text.parse::<Date>() {
        return Some(date);
    }
    let mut parts = text.split('.').map(|part| part.trim().parse::<i16>().ok());
    let (day, month, year) = (parts.next()??, parts.next()??, parts.next()??);
    let small = |number: i16| i8::try_from(number).ok();
    match parts.next() {
        None => Date::new(year, small(month)?, small(day)?).ok(),
        Some(_) => None,
    }
}

/// `14:00`, `14.00`, `14:00:00`.
fn time(text: &str) -> Option<Time> {
    let mut parts = text.split([':', '.']).map(|part| part.trim().parse::<i8>().ok());
    let (hour, minute) = (parts.next()??, parts.next()??);
    Time::new(hour, minute, 0, 0).ok()
}

fn keyword(language: Language) -> &'static str {
    match language {
        Language::Cs => "konf",
        Language::En => "conf",
    }
}

pub(crate) fn tag(language: Language) -> &'static str {
    match language {
        Language::Cs => "cs",
        Language::En => "en",
    }
}

/// The field that a fault of the grammar is about.
pub(crate) fn item(fault: Fault) -> Item {
    match fault {
        Fault::NoSuchDate | Fault::Missing { .. } | Fault::Unreadable => Item::Day,
        Fault::NoSuchTime | Fault::Past { .. } => Item::Time,
        Fault::NoMinutes | Fault::TooLong => Item::Minutes,
        Fault::TooFewPeople | Fault::TooManyPeople => Item::People,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(day: &str, time: &str, minutes: &str, people: &str) -> OrderForm {
        let [day, time, minutes, people] = [day, time, minutes, people].map(str::to_owned);
        OrderForm { day, time, minutes, people, ..OrderForm::default() }
    }

    #[test]
    fn a_form_says_what_an_sms_says() {
        let form = form("2027-07-09", "14:00", "60", "10");
        assert_eq!(form.text().unwrap(), "konf 9.7.2027 14:00 60 10");
        assert_eq!(form.sms().unwrap(), "konf 0907 1400 60 10");
        let english = OrderForm { language: "en".to_owned(), ..form };
        assert_eq!(english.sms().unwrap(), "conf 0907 1400 60 10");
    }

    #[test]
    fn the_first_item_that_cannot_be_read_is_named() {
        assert_eq!(form("31. 6. 2027", "14:00", "60", "10").text(), Err(Item::Day));
        assert_eq!(form("9. 7. 2027", "24:00", "60", "10").text(), Err(Item::Time));
        assert_eq!(form("9.7.2027", "14.00", "", "10").text(), Err(Item::Minutes));
        assert_eq!(form("9.7.2027", "14:00:00", "60", "-1").text(), Err(Item::People));
        assert_eq!(form("<script>", "", "", "").text(), Err(Item::Day));
        assert_eq!(form("2027-07-09", "14:00", "99999999999", "10").text(), Err(Item::Minutes));
    }

    #[test]
    fn a_blank_form_is_for_soon() {
        // 2027-07-09T11:10Z, 13:10 in Prague.
        let blank = OrderForm::blank(UnixMs(1_815_131_400_000), Language::Cs, String::new());
        assert_eq!((blank.day.as_str(), blank.time.as_str()), ("2027-07-09", "14:00"));
    }
}
