//! Instants as people read and write them: wall time in Prague (PRODUCT.md, section 1).

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use konf_contract::UnixMs;

use crate::tongue::Tongue;

/// IANA name of the zone of all wall times.
pub(crate) const ZONE: &str = "Europe/Prague";

static PRAGUE: TimeZone = jiff::tz::get!("Europe/Prague");

fn zoned(at: UnixMs) -> Zoned {
    Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(PRAGUE.clone())
}

/// On Prague's clocks.
pub(crate) fn wall(at: UnixMs) -> DateTime {
    zoned(at).datetime()
}

/// The first instant of that wall time; of one that does not exist, the one after the gap.
pub(crate) fn instant(wall: DateTime) -> Option<UnixMs> {
    let zoned = wall.to_zoned(PRAGUE.clone()).ok()?;
    Some(UnixMs(zoned.timestamp().as_millisecond()))
}

/// `pá 9. 7. 2027`, `Fri 9 Jul 2027`.
pub(crate) fn day(date: Date, tongue: Tongue) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (weekday, day, year) = (weekday(date.weekday(), tongue), date.day(), date.year());
    let month = usize::try_from(date.month() - 1).ok().and_then(|at| MONTHS.get(at)).unwrap_or(&"");
    tongue.say(
        format!("{weekday} {day}. {}. {year}", date.month()),
        format!("{weekday} {day} {month} {year}"),
    )
}

/// `14:00`.
pub(crate) fn time(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// `pá 9. 7. 2027 14:00`.
pub(crate) fn moment(at: UnixMs, tongue: Tongue) -> String {
    let wall = wall(at);
    format!("{} {}", day(wall.date(), tongue), time(wall.time()))
}

pub(crate) fn clock(at: UnixMs) -> String {
    time(wall(at).time())
}

fn weekday(day: Weekday, tongue: Tongue) -> &'static str {
    match day {
        Weekday::Monday => tongue.say("po", "Mon"),
        Weekday::Tuesday => tongue.say("út", "Tue"),
        Weekday::Wednesday => tongue.say("st", "Wed"),
        Weekday::Thursday => tongue.say("čt", "Thu"),
        Weekday::Friday => tongue.say("pá", "Fri"),
        Weekday::Saturday => tongue.say("so", "Sat"),
        Weekday::Sunday => tongue.say("ne", "Sun"),
    }
}
