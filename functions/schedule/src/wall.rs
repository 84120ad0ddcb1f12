//! Wall time in Prague: the zone in which orders are understood (PRODUCT.md, section 1).

use jiff::Timestamp;
use jiff::tz::TimeZone;
use konf_contract::{UnixMs, Window};

/// IANA name of the zone of all wall times.
pub const ZONE: &str = "Europe/Prague";

static PRAGUE: TimeZone = jiff::tz::get!("Europe/Prague");

/// `2027-07-09T14:00`; none beyond the year 9999.
pub fn wall(at: UnixMs) -> Option<String> {
    let zoned = Timestamp::from_millisecond(at.0).ok()?.to_zoned(PRAGUE.clone());
    Some(zoned.strftime("%Y-%m-%dT%H:%M").to_string())
}

/// As an order says it: `0907 1400`.
pub fn day_and_time(at: UnixMs) -> Option<String> {
    let zoned = Timestamp::from_millisecond(at.0).ok()?.to_zoned(PRAGUE.clone());
    Some(zoned.strftime("%d%m %H%M").to_string())
}

/// From one midnight in Prague to the next, around `at`; 23 or 25 hours on the nights when the clock is changed.
pub fn day(at: UnixMs) -> Option<Window> {
    let zoned = Timestamp::from_millisecond(at.0).ok()?.to_zoned(PRAGUE.clone());
    let start = zoned.start_of_day().ok()?;
    let end = zoned.tomorrow().ok()?.start_of_day().ok()?;
    let unix = |zoned: &jiff::Zoned| UnixMs(zoned.timestamp().as_millisecond());
    Some(Window { start: unix(&start), end: unix(&end) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summer_instant_is_two_hours_ahead_of_utc() {
        // 2027-07-09T12:00:00Z
        assert_eq!(wall(UnixMs(1_815_134_400_000)).unwrap(), "2027-07-09T14:00");
    }

    #[test]
    fn the_day_of_the_spring_change_has_23_hours() {
        // 2027-03-28T12:00:00Z
        let day = day(UnixMs(1_806_235_200_000)).unwrap();
        assert_eq!(day.minutes(), 23 * 60);
        assert_eq!(wall(day.start).unwrap(), "2027-03-28T00:00");
    }

    #[test]
    fn an_instant_beyond_the_calendar_is_none() {
        assert_eq!(wall(UnixMs(i64::MAX)), None);
        assert_eq!(day(UnixMs(i64::MIN)), None);
    }
}
