//! Wall time in Europe/Prague and instants.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Timestamp, ToSpan};
use konf_contract::UnixMs;

use crate::items::Turn;

/// The zone in which orders are written (PRODUCT.md, section 1).
pub(crate) const ZONE: &str = "Europe/Prague";

static PRAGUE: TimeZone = jiff::tz::get!("Europe/Prague");

/// A leap day is at most eight years away, as from 2096 to 2104.
const YEARS_MAX: i16 = 8;

/// The wall clock at an instant. Instants that no calendar holds are taken as the epoch.
pub(crate) fn wall(at: UnixMs) -> DateTime {
    let instant = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    instant.to_zoned(PRAGUE.clone()).datetime()
}

/// The next date, today included, on which that day and month occur; with a year, that date itself.
pub(crate) fn next_date(day: u32, month: u32, year: Option<i16>, today: Date) -> Option<Date> {
    let (day, month) = (i8::try_from(day).ok()?, i8::try_from(month).ok()?);
    if let Some(year) = year {
        return Date::new(year, month, day).ok();
    }
    let mut years = today.year()..=today.year().saturating_add(YEARS_MAX);
    years.find_map(|year| Date::new(year, month, day).ok().filter(|date| *date >= today))
}

/// What a wall time means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    Once(UnixMs),
    /// The clock jumps over it. The same minute of the hour before and of the hour after, as wall time and instant.
    Never {
        before: (DateTime, UnixMs),
        after: (DateTime, UnixMs),
    },
    Twice {
        first: UnixMs,
        second: UnixMs,
    },
}

/// Absent only at the ends of the calendar.
pub(crate) fn meaning(at: DateTime) -> Option<Meaning> {
    Some(match PRAGUE.to_ambiguous_timestamp(at).offset() {
        AmbiguousOffset::Unambiguous { offset } => Meaning::Once(instant(at, offset)?),
        AmbiguousOffset::Gap { before, after } => {
            let (earlier, later) = (at.checked_sub(1.hour()).ok()?, at.checked_add(1.hour()).ok()?);
            Meaning::Never {
                before: (earlier, instant(earlier, before)?),
                after: (later, instant(later, after)?),
            }
        }
        AmbiguousOffset::Fold { before, after } => {
            Meaning::Twice { first: instant(at, before)?, second: instant(at, after)? }
        }
    })
}

impl Meaning {
    /// The instant if there is just one, or if `turn` says which.
    pub(crate) fn settled(&self, turn: Option<Turn>) -> Option<UnixMs> {
        match (*self, turn) {
            (Meaning::Once(at), _) => Some(at),
            (Meaning::Twice { first, .. }, Some(Turn::First)) => Some(first),
            (Meaning::Twice { second, .. }, Some(Turn::Second)) => Some(second),
            _ => None,
        }
    }

    /// The last instant that could be meant.
    pub(crate) fn latest(&self) -> UnixMs {
        match *self {
            Meaning::Once(at) => at,
            Meaning::Never { after, .. } => after.1,
            Meaning::Twice { second, .. } => second,
        }
    }
}

fn instant(at: DateTime, offset: Offset) -> Option<UnixMs> {
    Some(UnixMs(offset.to_timestamp(at).ok()?.as_millisecond()))
}

/// `2027-07-09T14:00`.
pub(crate) fn wall_text(at: DateTime) -> String {
    format!("{}T{:02}:{:02}", at.date(), at.hour(), at.minute())
}
