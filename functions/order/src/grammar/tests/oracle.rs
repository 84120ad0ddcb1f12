//! The next occurrence of a wall time, computed otherwise than by the code under test: day by day, with the European
//! rule for summer time written out, no library.

/// What an order for that day and time means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    NoSuchDate,
    Past,
    Question,
    At { wall: String, minute: i64 },
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn month_length(year: i64, month: i64) -> i64 {
    [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        [usize::try_from(month - 1).unwrap()]
}

/// Days since 1970-01-01, counted year by year and month by month.
pub(super) fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let years: i64 = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    let months: i64 = (1..month).map(|month| month_length(year, month)).sum();
    years + months + day - 1
}

pub(super) fn last_sunday(year: i64, month: i64) -> i64 {
    // 1970-01-01 was a Thursday, so a Sunday has remainder 3.
    (1..=month_length(year, month))
        .rev()
        .find(|day| day_number(year, month, *day) % 7 == 3)
        .unwrap()
}

/// Whether that minute since the epoch lies in summer time: from 01:00 UTC on the last Sunday of March until 01:00 UTC
/// on the last Sunday of October (Directive 2000/84/EC).
fn is_summer(minute: i64) -> bool {
    let year = (1970..).find(|year| day_number(year + 1, 1, 1) * 1_440 > minute).unwrap();
    let change = |month| day_number(year, month, last_sunday(year, month)) * 1_440 + 60;
    (change(3)..change(10)).contains(&minute)
}

/// The instants, in minutes since the epoch, at which Prague's clocks show that wall time.
fn instants(wall_minute: i64) -> Vec<i64> {
    [(120, true), (60, false)]
        .into_iter()
        .map(|(offset, summer)| (wall_minute - offset, summer))
        .filter(|(minute, summer)| is_summer(*minute) == *summer)
        .map(|(minute, _)| minute)
        .collect()
}

pub(super) fn next(day: u32, month: u32, hour: u32, minute: u32, now_minute: i64) -> Next {
    let wall_now = now_minute + if is_summer(now_minute) { 120 } else { 60 };
    let today = wall_now.div_euclid(1_440);
    let (mut year, mut this_month, mut this_day) = (1970, 1, 1);
    for number in 0..today + 9 * 366 {
        if number >= today && (this_month, this_day) == (i64::from(month), i64::from(day)) {
            let wall_minute = number * 1_440 + i64::from(hour) * 60 + i64::from(minute);
            let wall = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}");
            return judged(wall, wall_minute, now_minute);
        }
        this_day += 1;
        if this_day > month_length(year, this_month) {
            (this_month, this_day) = (this_month + 1, 1);
        }
        if this_month > 12 {
            (year, this_month) = (year + 1, 1);
        }
    }
    Next::NoSuchDate
}

fn judged(wall: String, wall_minute: i64, now_minute: i64) -> Next {
    match instants(wall_minute)[..] {
        [only] if only < now_minute => Next::Past,
        [only] => Next::At { wall, minute: only },
        // In the missing hour the later of the two proposals still lies ahead.
        [] if wall_minute + 60 - 120 < now_minute => Next::Past,
        [_, second] if second < now_minute => Next::Past,
        _ => Next::Question,
    }
}
