//! The example in a refusal: the sender's own order with the one wrong item put right.

use konf_api::render::Fault;
use konf_contract::{Language, UnixMs};

use crate::calendar;
use crate::grammar::{Verdict, judge};
use crate::items::{Items, MINUTES_MAX, PEOPLE_MAX, PEOPLE_MIN, Partial, is_date, last_day};

/// An example whose every item is right: tomorrow at two in the afternoon, an hour, ten people.
pub(crate) fn standard(now: UnixMs) -> Items {
    let today = calendar::wall(now).date();
    let tomorrow = today.tomorrow().unwrap_or(today);
    Items {
        day: u32::from(tomorrow.day().unsigned_abs()),
        month: u32::from(tomorrow.month().unsigned_abs()),
        year: None,
        hour: 14,
        minute: 0,
        minutes: 60,
        people: 10,
        turn: None,
    }
}

/// The order that was meant, as far as can be told, put right until it can be ordered.
pub(crate) fn corrected(fault: Fault, order: Items, language: Language, now: UnixMs) -> String {
    let fallback = standard(now);
    let repaired = repair(fault, order, fallback, now);
    // What was wrong besides the item that the refusal names.
    let bounded = Items {
        minutes: repaired.minutes.clamp(1, MINUTES_MAX),
        people: repaired.people.clamp(PEOPLE_MIN, PEOPLE_MAX),
        ..repaired
    };
    let tomorrow = Items { day: fallback.day, month: fallback.month, ..bounded };
    [repaired, bounded, tomorrow]
        .into_iter()
        .find(|items| matches!(judge(items, language, now), Verdict::Order(_)))
        .unwrap_or(fallback)
        .text(language)
}

/// What was found, filled up.
pub(crate) fn completed(found: Partial, language: Language, now: UnixMs) -> String {
    let fallback = standard(now);
    let (day, month) = found
        .date
        .filter(|(day, month)| is_date(*day, *month))
        .unwrap_or((fallback.day, fallback.month));
    let (hour, minute) = found.time.unwrap_or((fallback.hour, fallback.minute));
    let order = Items {
        day,
        month,
        hour,
        minute,
        minutes: found.minutes.unwrap_or(fallback.minutes),
        people: found.people.unwrap_or(fallback.people),
        ..fallback
    };
    corrected(Fault::Missing { found: found.found() }, order, language, now)
}

fn repair(fault: Fault, order: Items, fallback: Items, now: UnixMs) -> Items {
    let order = Items { year: None, turn: None, ..order };
    match fault {
        Fault::NoSuchDate => repair_date(order, fallback, now),
        Fault::NoSuchTime => Items {
            hour: if order.hour < 24 { order.hour } else { fallback.hour },
            minute: if order.minute < 60 { order.minute } else { 0 },
            ..order
        },
        Fault::Past { .. } => Items { day: fallback.day, month: fallback.month, ..order },
        Fault::NoMinutes => Items { minutes: fallback.minutes, ..order },
        Fault::TooLong => Items { minutes: MINUTES_MAX, ..order },
        Fault::TooFewPeople => Items { people: PEOPLE_MIN, ..order },
        Fault::TooManyPeople => Items { people: PEOPLE_MAX, ..order },
        Fault::Missing { .. } | Fault::Unreadable => order,
    }
}

/// 31.6. becomes 30.6., and a month before its day is turned round. The last day is that of the month that comes next:
/// 31.2. is mostly meant as 28.2., not as a leap day years ahead.
fn repair_date(order: Items, fallback: Items, now: UnixMs) -> Items {
    if is_date(order.month, order.day) {
        return Items { day: order.month, month: order.day, ..order };
    }
    let today = calendar::wall(now).date();
    let year_ahead = today.checked_add(jiff::Span::new().years(1)).unwrap_or(today);
    let comes_soon = |day: &u32| {
        calendar::next_date(*day, order.month, None, today).is_some_and(|date| date <= year_ahead)
    };
    let last = last_day(order.month);
    match (1..=order.day.clamp(1, last.max(1))).rev().find(comes_soon) {
        Some(day) => Items { day, ..order },
        None => Items { day: fallback.day, month: fallback.month, ..order },
    }
}
