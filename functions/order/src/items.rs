//! Finds the four items of an order, `ddmm hhmm ddd nn`, in the tokens after the keyword.
//!
//! People write the items in many ways, and some ways can be read twice. So every reading is tried; the text counts
//! only when exactly one of them is a possible order. What can be read in two ways is asked about, never guessed.

use konf_contract::Language;

use crate::spellings::{Cursor, Date, Split, dates, durations, people, times};
use crate::tokens::Token;

/// PRODUCT.md, section 1: a standard order has 1 to 120 minutes and 2 to 20 people.
pub(crate) const MINUTES_MAX: u32 = 120;
pub(crate) const PEOPLE_MIN: u32 = 2;
pub(crate) const PEOPLE_MAX: u32 = 20;

/// Twice what the longest spelling in the table of `grammar/tests.rs` has; what comes later is no part of the order.
const TOKENS_MAX: usize = 40;

/// More readings than these would be ambiguous anyway.
const READINGS_MAX: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Items {
    pub(crate) day: u32,
    pub(crate) month: u32,
    /// Written only by those who write more than they need.
    pub(crate) year: Option<i16>,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
    pub(crate) minutes: u32,
    pub(crate) people: u32,
    pub(crate) turn: Option<Turn>,
}

/// Which of the two: in the night when the clock goes back, 02:30 comes twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Written `A`: summer time.
    First,
    /// Written `B`: winter time.
    Second,
}

impl Items {
    /// The order as PRODUCT.md writes it; a year that was written stays.
    pub(crate) fn text(&self, language: Language) -> String {
        let keyword = match language {
            Language::Cs => "konf",
            Language::En => "conf",
        };
        let turn = match self.turn {
            None => "",
            Some(Turn::First) => " A",
            Some(Turn::Second) => " B",
        };
        let date = match self.year {
            None => format!("{:02}{:02}", self.day, self.month),
            Some(year) => format!("{}.{}.{year}", self.day, self.month),
        };
        let Items { hour, minute, minutes, people, .. } = self;
        format!("{keyword} {date} {hour:02}{minute:02} {minutes} {people}{turn}")
    }

    fn is_standard(&self) -> bool {
        self.has_date_and_time() && self.has_standard_size()
    }

    fn has_standard_size(&self) -> bool {
        (1..=MINUTES_MAX).contains(&self.minutes)
            && (PEOPLE_MIN..=PEOPLE_MAX).contains(&self.people)
    }

    fn has_date_and_time(&self) -> bool {
        is_date(self.day, self.month) && self.hour < 24 && self.minute < 60
    }
}

/// Whether that day exists in some year.
pub(crate) fn is_date(day: u32, month: u32) -> bool {
    day >= 1 && day <= last_day(month)
}

/// The last day of a month in a leap year; 0 for no month.
pub(crate) fn last_day(month: u32) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 29,
        _ => 0,
    }
}

/// As far as the items could be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Partial {
    pub(crate) date: Option<(u32, u32)>,
    pub(crate) time: Option<(u32, u32)>,
    pub(crate) minutes: Option<u32>,
    /// All four were there, but more figures follow.
    pub(crate) people: Option<u32>,
}

impl Partial {
    pub(crate) fn found(&self) -> u32 {
        u32::from(self.date.is_some())
            + u32::from(self.time.is_some())
            + u32::from(self.minutes.is_some())
            + u32::from(self.people.is_some())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// All four items; not necessarily possible ones.
    One(Items),
    /// Two different orders could be meant.
    Several,
    /// Not all four.
    Incomplete(Partial),
}

pub(crate) fn read(tokens: &[Token<'_>]) -> Reading {
    let tokens = &tokens[..tokens.len().min(TOKENS_MAX)];
    let mut search = Search::default();
    search.run(Cursor::new(tokens));
    search.verdict()
}

#[derive(Default)]
struct Search {
    readings: Vec<(Items, Split)>,
    furthest: Partial,
}

impl Search {
    fn run(&mut self, start: Cursor<'_>) {
        for (date, after_date) in dates(start.past_fillers(true)) {
            let so_far = Partial { date: Some((date.day, date.month)), ..Partial::default() };
            self.reached(so_far);
            for (time, after_time) in times(after_date.past_fillers(false)) {
                let so_far = Partial { time: Some(time), ..so_far };
                self.reached(so_far);
                self.sizes(date, time, so_far, after_time.past_fillers(false));
            }
        }
    }

    /// Minutes and people, after a date and a time have been read.
    fn sizes(
        &mut self,
        date: Date,
        (hour, minute): (u32, u32),
        so_far: Partial,
        start: Cursor<'_>,
    ) {
        for (minutes, split, after) in durations(start) {
            let so_far = Partial { minutes: Some(minutes), ..so_far };
            if split == Split::Written {
                self.reached(so_far);
            }
            let Some((people, end)) = people(after.past_fillers(false)) else { continue };
            if end.goes_on_with_figures() {
                self.reached(Partial { people: Some(people), ..so_far });
                continue;
            }
            let Date { day, month, year } = date;
            let turn = end.turn();
            let items = Items { day, month, year, hour, minute, minutes, people, turn };
            if self.readings.len() < READINGS_MAX {
                self.readings.push((items, split));
            }
        }
    }

    fn reached(&mut self, partial: Partial) {
        if partial.found() > self.furthest.found() {
            self.furthest = partial;
        }
    }

    fn verdict(&self) -> Reading {
        let mut standard = self.readings.iter().filter(|(items, _)| items.is_standard());
        if let Some((first, _)) = standard.next() {
            return if standard.all(|(other, _)| other == first) {
                Reading::One(*first)
            } else {
                Reading::Several
            };
        }
        let written = || self.readings.iter().filter(|(_, split)| *split == Split::Written);
        let possible = written().find(|(items, _)| items.has_date_and_time());
        // With a wrong date or time a cut may still be the only one that makes sense.
        let mut cut = self.readings.iter().filter(|(items, _)| items.has_standard_size());
        let only_cut = cut.next().filter(|_| cut.next().is_none());
        match possible.or_else(|| written().next()).or(only_cut) {
            Some((items, _)) => Reading::One(*items),
            None => Reading::Incomplete(self.furthest),
        }
    }
}
