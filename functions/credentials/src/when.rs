//! Instants as people read them: wall time in Prague with weekday and year.
//!
//! Orders are written in Europe/Prague (PRODUCT.md, section 1), so that zone alone is told.

use jiff::civil::{DateTime, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, civil};
use konf_contract::{Language, UnixMs};

static PRAGUE: TimeZone = jiff::tz::get!("Europe/Prague");

/// An instant on Prague's clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct When {
    wall: DateTime,
    /// `CEST` or `CET`, where the clocks show this time twice.
    turn: Option<&'static str>,
}

impl When {
    pub(crate) fn new(at: UnixMs) -> Self {
        let instant = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
        let zoned = instant.to_zoned(PRAGUE.clone());
        let turn = match PRAGUE.to_ambiguous_timestamp(zoned.datetime()).offset() {
            AmbiguousOffset::Fold { before, .. } if before == zoned.offset() => Some("CEST"),
            AmbiguousOffset::Fold { .. } => Some("CET"),
            _ => None,
        };
        When { wall: zoned.datetime(), turn }
    }

    pub(crate) fn wall(&self) -> DateTime {
        self.wall
    }

    /// `14:00`, in the doubled hour `02:30 CEST`.
    pub(crate) fn time(&self) -> String {
        let (hour, minute) = (self.wall.hour(), self.wall.minute());
        match self.turn {
            None => format!("{hour:02}:{minute:02}"),
            Some(turn) => format!("{hour:02}:{minute:02} {turn}"),
        }
    }

    /// `pá 9.7.2027 14:00`, `Fri 9 Jul 2027 14:00`: at most 25 characters.
    pub(crate) fn short(&self, language: Language) -> String {
        format!("{} {}", short_date(self.wall.date(), language), self.time())
    }

    /// `pátek 9. července 2027, 14:00`, `Friday 9 July 2027, 14:00`.
    pub(crate) fn long(&self, language: Language) -> String {
        let date = self.wall.date();
        let (day, year) = (date.day(), date.year());
        let weekday = weekday(date.weekday(), language);
        let month = month(date.month(), language);
        match language {
            Language::Cs => format!("{weekday} {day}. {month} {year}, {}", self.time()),
            Language::En => format!("{weekday} {day} {month} {year}, {}", self.time()),
        }
    }
}

/// `pá 9.7.2027`, `Fri 9 Jul 2027`.
pub(crate) fn short_date(date: civil::Date, language: Language) -> String {
    let (day, year) = (date.day(), date.year());
    let name = weekday(date.weekday(), language);
    match language {
        Language::Cs => {
            let name: String = name.chars().take(2).collect();
            format!("{name} {day}.{}.{year}", date.month())
        }
        Language::En => {
            let name: String = name.chars().take(3).collect();
            let month: String = month(date.month(), language).chars().take(3).collect();
            format!("{name} {day} {month} {year}")
        }
    }
}

fn weekday(day: Weekday, language: Language) -> &'static str {
    match (day, language) {
        (Weekday::Monday, Language::Cs) => "pondělí",
        (Weekday::Tuesday, Language::Cs) => "úterý",
        (Weekday::Wednesday, Language::Cs) => "středa",
        (Weekday::Thursday, Language::Cs) => "čtvrtek",
        (Weekday::Friday, Language::Cs) => "pátek",
        (Weekday::Saturday, Language::Cs) => "sobota",
        (Weekday::Sunday, Language::Cs) => "neděle",
        (Weekday::Monday, Language::En) => "Monday",
        (Weekday::Tuesday, Language::En) => "Tuesday",
        (Weekday::Wednesday, Language::En) => "Wednesday",
        (Weekday::Thursday, Language::En) => "Thursday",
        (Weekday::Friday, Language::En) => "Friday",
        (Weekday::Saturday, Language::En) => "Saturday",
        (Weekday::Sunday, Language::En) => "Sunday",
    }
}

/// In Czech in the genitive, as a date takes it.
fn month(month: i8, language: Language) -> &'static str {
    const CS: [&str; 12] = [
        "ledna",
        "února",
        "března",
        "dubna",
        "května",
        "června",
        "července",
        "srpna",
        "září",
        "října",
        "listopadu",
        "prosince",
    ];
    const EN: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let at = usize::try_from(month - 1).unwrap_or(0);
    match language {
        Language::Cs => CS.get(at).unwrap_or(&""),
        Language::En => EN.get(at).unwrap_or(&""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_with_weekday_and_year() {
        // 2027-07-09T12:00Z.
        let when = When::new(UnixMs(1_815_134_400_000));
        assert_eq!(when.short(Language::Cs), "pá 9.7.2027 14:00");
        assert_eq!(when.short(Language::En), "Fri 9 Jul 2027 14:00");
        assert_eq!(when.long(Language::Cs), "pátek 9. července 2027, 14:00");
        assert_eq!(when.long(Language::En), "Friday 9 July 2027, 14:00");
    }

    #[test]
    fn in_the_doubled_hour_the_zone_tells_the_two_apart() {
        // 2027-10-31T00:30Z and T01:30Z, both 02:30 in Prague.
        assert_eq!(
            When::new(UnixMs(1_824_942_600_000)).short(Language::Cs),
            "ne 31.10.2027 02:30 CEST"
        );
        assert_eq!(
            When::new(UnixMs(1_824_946_200_000)).short(Language::En),
            "Sun 31 Oct 2027 02:30 CET"
        );
    }
}
