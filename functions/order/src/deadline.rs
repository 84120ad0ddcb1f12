//! By when an operator handles a request (PRODUCT.md, section 1, "non-standard").
//!
//! Received on a working day from 8:00 to 17:00: within 60 minutes. Otherwise by 9:00 of the next working day; before
//! 8:00 of a working day that is this very day, since its office hours are the next to come.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time, Weekday, date, time};
use konf_contract::UnixMs;

use crate::calendar;

const OPENS: Time = time(8, 0, 0, 0);
const CLOSES: Time = time(17, 0, 0, 0);
const FIRST_ANSWERS: Time = time(9, 0, 0, 0);
const WITHIN_MINUTES: i64 = 60;

/// Czech public holidays with a fixed date, as (month, day): Act 245/2000 Coll.
const HOLIDAYS: [(i8, i8); 11] = [
    (1, 1),
    (5, 1),
    (5, 8),
    (7, 5),
    (7, 6),
    (9, 28),
    (10, 28),
    (11, 17),
    (12, 24),
    (12, 25),
    (12, 26),
];

/// The longest chain of days off has five (a weekend and three holidays); twice that is a bound that can't be met.
const DAYS_OFF_MAX: usize = 10;

/// When a request received at `received` is to be handled.
pub fn due(received: UnixMs) -> UnixMs {
    let wall = calendar::wall(received);
    let works = is_working_day(wall.date());
    if works && (OPENS..=CLOSES).contains(&wall.time()) {
        return received.plus_ms(WITHIN_MINUTES * UnixMs::MINUTE);
    }
    let first = if works && wall.time() < OPENS {
        Some(wall.date())
    } else {
        next_working_day(wall.date())
    };
    let by = first.map(|day| DateTime::from_parts(day, FIRST_ANSWERS));
    // Nine in the morning exists once on every day of Prague; only the end of the calendar has no tomorrow.
    by.and_then(calendar::meaning).map_or(received, |meaning| meaning.latest())
}

/// Monday to Friday but for Czech public holidays.
pub fn is_working_day(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !is_holiday(day)
}

fn is_holiday(day: Date) -> bool {
    if HOLIDAYS.contains(&(day.month(), day.day())) {
        return true;
    }
    let Some(sunday) = easter_sunday(day.year()) else { return false };
    let (friday, monday) = (sunday.checked_sub(2.days()), sunday.checked_add(1.day()));
    friday.is_ok_and(|friday| friday == day) || monday.is_ok_and(|monday| monday == day)
}

fn next_working_day(day: Date) -> Option<Date> {
    let days = std::iter::successors(day.tomorrow().ok(), |day| day.tomorrow().ok());
    days.take(DAYS_OFF_MAX).find(|day| is_working_day(*day))
}

/// Easter Sunday by the anonymous Gregorian computus (Meeus, Astronomical Algorithms, chapter 8).
fn easter_sunday(year: i16) -> Option<Date> {
    if year < 1583 {
        return None;
    }
    let y = i32::from(year);
    let a = y % 19;
    let (b, c) = (y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let f = (b + 8) / 25;
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let sum = h + l - 7 * m + 114;
    let (month, day) = (i8::try_from(sum / 31).ok()?, i8::try_from(sum % 31 + 1).ok()?);
    Some(date(year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixMs {
        let wall: DateTime = text.parse().unwrap();
        calendar::meaning(wall).unwrap().latest()
    }

    fn due_text(text: &str) -> String {
        calendar::wall_text(calendar::wall(due(at(text))))
    }

    #[test]
    fn days_off_are_those_of_the_law() {
        let table = [
            (2026, "01-01 04-03 04-06 05-01 05-08 07-05 07-06 09-28 10-28 11-17 12-24 12-25 12-26"),
            (2027, "01-01 03-26 03-29 05-01 05-08 07-05 07-06 09-28 10-28 11-17 12-24 12-25 12-26"),
        ];
        for (year, expected) in table {
            let days = std::iter::successors(Some(date(year, 1, 1)), |day| day.tomorrow().ok());
            let found: Vec<String> = days
                .take_while(|day| day.year() == year)
                .filter(|day| is_holiday(*day))
                .map(|day| format!("{:02}-{:02}", day.month(), day.day()))
                .collect();
            assert_eq!(found.join(" "), expected, "{year}");
        }
    }

    #[test]
    fn easter_falls_as_in_the_tables() {
        // Easter Sundays as the United States Naval Observatory lists them, with the earliest and latest that occur.
        for (year, month, day) in [
            (1818, 3, 22),
            (2000, 4, 23),
            (2024, 3, 31),
            (2025, 4, 20),
            (2038, 4, 25),
            (2049, 4, 18),
        ] {
            assert_eq!(easter_sunday(year), Some(date(year, month, day)));
        }
    }

    #[test]
    fn within_office_hours_an_hour_is_promised() {
        assert_eq!(due_text("2026-11-20T08:00"), "2026-11-20T09:00");
        assert_eq!(due_text("2026-11-20T16:45"), "2026-11-20T17:45");
        assert_eq!(due_text("2026-11-20T17:00"), "2026-11-20T18:00");
    }

    #[test]
    fn outside_office_hours_nine_of_the_next_working_day_is_promised() {
        let table = [
            ("2026-11-19T17:01", "2026-11-20T09:00"),
            ("2026-11-19T07:59", "2026-11-19T09:00"),
            // Friday evening, Saturday, Sunday.
            ("2026-11-20T17:01", "2026-11-23T09:00"),
            ("2026-11-21T10:00", "2026-11-23T09:00"),
            ("2026-11-22T23:59", "2026-11-23T09:00"),
            // A holiday on Tuesday.
            ("2026-11-17T10:00", "2026-11-18T09:00"),
            ("2026-11-16T18:00", "2026-11-18T09:00"),
            // Easter from Thursday evening to Tuesday.
            ("2027-03-25T18:00", "2027-03-30T09:00"),
            // Christmas 2026: Thursday to Saturday, then Sunday.
            ("2026-12-23T17:30", "2026-12-28T09:00"),
            // The new year.
            ("2026-12-31T20:00", "2027-01-04T09:00"),
        ];
        for (received, expected) in table {
            assert_eq!(due_text(received), expected, "{received}");
        }
    }
}
