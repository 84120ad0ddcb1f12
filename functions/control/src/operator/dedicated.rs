//! Dedicated conferences: ordered and cancelled by operators.

use anyhow::{Context, Result, ensure};
use jiff::civil::{Date, Time, Weekday};
use jiff::{ToSpan, Zoned};
use konf_api::ledger::{Effect, Outcome, Proposal, Weekly};
use konf_api::render::Message;
use konf_api::schedule::{DedicateRequest, OrderAnswer};
use konf_contract::{ConferenceNumber, Language, UnixMs, Window};
use serde::Deserialize;

use super::{Desk, Refusal, sender, text};
use crate::clock;
use crate::functions::ask;

/// What the ledger takes at most of one: a hundred days around the clock, or this many occurrences.
const MINUTES_MAX: i64 = 144_000;
const OCCURRENCES_MAX: usize = 400;
/// Ten years of days are looked through.
const DAYS_MAX: usize = 3_660;

/// What is ordered: from the first day to the last one, at any time or on days of the week.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DedicatedOrder {
    /// What the desk calls the customer.
    pub customer: String,
    /// Where the credentials go: a telephone number or an e-mail address.
    pub sender: String,
    pub language: Language,
    pub people: u32,
    /// `2027-07-09`, Czech days, both included.
    pub from: String,
    pub to: String,
    /// 1 is Monday, 7 is Sunday; empty: at any time.
    #[serde(default)]
    pub days: Vec<u8>,
    /// `14:00`, Czech wall time; with `days`.
    pub at: Option<String>,
    pub minutes: Option<u32>,
}

impl Desk {
    /// # Errors
    ///
    /// A [`Refusal`], or that a part of Konf did not answer; then nothing is booked.
    pub async fn dedicate(&self, order: &DedicatedOrder, by: &str) -> Result<ConferenceNumber> {
        let customer = text("customer", &order.customer)?.to_owned();
        let whom = sender(&order.sender)?;
        ensure!((2..=500).contains(&order.people), Refusal::People);
        let now = clock::now();
        let (windows, weekly) = order.windows(now)?;
        let detail = format!("{} people, {} occurrences", order.people, windows.len());
        self.ledger.note(by, "order dedicated conference", &customer, &detail).await?;
        let asked = DedicateRequest {
            by: by.to_owned(),
            customer,
            sender: whom,
            now,
            language: order.language,
            windows,
            weekly,
            seats: order.people,
        };
        let host = self.host.as_ref().context("no functions run here")?;
        let answer = ask(host, "schedule", "/dedicated", &asked).await?;
        self.outbox.notify_one();
        match answer {
            OrderAnswer::Booked { number } => Ok(number),
            OrderAnswer::Refused { reason } => Err(Refusal::not_approved(&reason).into()),
            other => anyhow::bail!("schedule answered a dedicated conference with {other:?}"),
        }
    }

    /// What is left of it goes back at once, and its customer hears it.
    ///
    /// # Errors
    ///
    /// As above.
    pub async fn cancel_dedicated(&self, id: &str, by: &str) -> Result<()> {
        let found = self.ledger.dedicated_of(id).await?;
        let (whom, line) =
            found.ok_or_else(|| Refusal::NoDedicated(id.chars().take(64).collect()))?;
        self.ledger
            .note(by, "cancel dedicated conference", &line.customer, line.number.as_str())
            .await?;
        let zone = "Europe/Prague".to_owned();
        // Its customer's calendar was told nothing of it.
        let (number, window) = (line.number, line.window);
        let message = Message::Cancelled { number, window, zone, event: None };
        let messages = self.render(&whom, line.language, message).await?;
        let effect = Effect::CancelDedicated { dedicated: line.id };
        let proposal = Proposal { inbound: None, sender: whom, effect, messages };
        match self.ledger.commit(&proposal, "").await? {
            Outcome::Committed { .. } => {}
            _ => return Err(Refusal::NoDedicated(id.to_owned()).into()),
        }
        self.outbox.notify_one();
        Ok(())
    }
}

impl DedicatedOrder {
    /// The occurrences that are not over, in order.
    fn windows(&self, now: UnixMs) -> Result<(Vec<Window>, Option<Weekly>), Refusal> {
        let day =
            |said: &str| said.trim().parse::<Date>().map_err(|_| Refusal::Day(said.to_owned()));
        let (from, to) = (day(&self.from)?, day(&self.to)?);
        if to < from {
            return Err(Refusal::DaysTurned);
        }
        let (mut windows, weekly) = if self.days.is_empty() {
            let end = to.tomorrow().map_err(|_| Refusal::Day(self.to.clone()))?;
            (vec![around_the_clock(from, end).ok_or(Refusal::DaysTurned)?], None)
        } else {
            let weekly = self.weekly()?;
            (occurrences(from, to, &weekly).ok_or(Refusal::Weekly)?, Some(weekly))
        };
        windows.retain(|window| window.end > now);
        // One that runs already begins with the minute that runs.
        if let Some(first) = windows.first_mut() {
            first.start = first.start.max(UnixMs::from_minutes(now.minutes()));
        }
        if windows.is_empty() {
            return Err(Refusal::Past);
        }
        let minutes: i64 = windows.iter().map(Window::minutes).sum();
        if minutes > MINUTES_MAX || windows.len() > OCCURRENCES_MAX {
            return Err(Refusal::TooLongDedicated);
        }
        Ok((windows, weekly))
    }

    fn weekly(&self) -> Result<Weekly, Refusal> {
        let mut days = self.days.clone();
        days.sort_unstable();
        days.dedup();
        // As people write it: `9:30` as well.
        let padded = |at: &str| format!("{:0>5}", at.trim()).parse::<Time>().ok();
        let at = self.at.as_deref().and_then(padded);
        let (Some(at), Some(minutes)) = (at, self.minutes) else { return Err(Refusal::Weekly) };
        let fine = days.iter().all(|day| (1..=7).contains(day)) && (1..=1_440).contains(&minutes);
        if !fine {
            return Err(Refusal::Weekly);
        }
        Ok(Weekly { days, at: at.strftime("%H:%M").to_string(), minutes })
    }
}

fn around_the_clock(from: Date, end: Date) -> Option<Window> {
    Some(Window { start: unix(&midnight(from)?), end: unix(&midnight(end)?) })
}

fn midnight(day: Date) -> Option<Zoned> {
    day.to_zoned(jiff::tz::get!("Europe/Prague")).ok()
}

/// None when a day's time does not exist, or one occurrence runs into the next.
fn occurrences(from: Date, to: Date, weekly: &Weekly) -> Option<Vec<Window>> {
    let at: Time = weekly.at.parse().ok()?;
    let mut windows: Vec<Window> = Vec::new();
    let days = std::iter::successors(Some(from), |day| day.checked_add(1.day()).ok());
    for day in days.take(DAYS_MAX).take_while(|day| *day <= to) {
        if !weekly.days.contains(&number(day.weekday())) {
            continue;
        }
        // In the night when the clock changes a time that is missing comes an hour later, and one that comes twice is the
        // first: a meeting of every week is not asked about once a year.
        let start = unix(&day.to_datetime(at).to_zoned(jiff::tz::get!("Europe/Prague")).ok()?);
        let end = start.plus_ms(i64::from(weekly.minutes) * UnixMs::MINUTE);
        if windows.last().is_some_and(|last| last.end > start) {
            return None;
        }
        windows.push(Window { start, end });
    }
    Some(windows)
}

fn number(day: Weekday) -> u8 {
    day.to_monday_one_offset().unsigned_abs()
}

fn unix(at: &Zoned) -> UnixMs {
    UnixMs(at.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2027-07-09T12:00:00Z, 14:00 in Prague, a Friday.
    const NOW: UnixMs = UnixMs(1_815_134_400_000);

    fn order(from: &str, to: &str) -> DedicatedOrder {
        DedicatedOrder {
            customer: "Firma".to_owned(),
            sender: "+420606123456".to_owned(),
            language: Language::Cs,
            people: 20,
            from: from.to_owned(),
            to: to.to_owned(),
            days: Vec::new(),
            at: None,
            minutes: None,
        }
    }

    fn weekly(from: &str, to: &str, days: &[u8], at: &str, minutes: u32) -> DedicatedOrder {
        let (days, at, minutes) = (days.to_vec(), Some(at.to_owned()), Some(minutes));
        DedicatedOrder { days, at, minutes, ..order(from, to) }
    }

    #[test]
    fn without_days_it_is_one_occurrence_from_now_or_the_first_midnight_to_the_last() {
        let (windows, none) = order("2027-07-09", "2027-07-10").windows(NOW).unwrap();
        assert_eq!(
            (windows.len(), windows[0].start, windows[0].minutes(), none),
            (1, NOW, 34 * 60, None)
        );
        // The night when the clock goes forward has an hour less.
        let (windows, _) = order("2028-03-26", "2028-03-26").windows(NOW).unwrap();
        assert_eq!(windows[0].minutes(), 23 * 60);
    }

    #[test]
    fn on_days_of_the_week_each_is_an_occurrence_at_the_same_wall_time() {
        let (windows, said) =
            weekly("2027-10-25", "2027-11-07", &[3, 1, 1], "9:30", 90).windows(NOW).unwrap();
        assert_eq!(said.unwrap(), Weekly { days: vec![1, 3], at: "09:30".to_owned(), minutes: 90 });
        assert_eq!(windows.len(), 4);
        assert!(windows.iter().all(|window| window.minutes() == 90));
        // Between the first Monday and the next the clock goes back by an hour.
        assert_eq!(windows[2].start.since(windows[0].start), (7 * 24 + 1) * 3_600_000);
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (order, said) in [
            (order("2027-07-10", "2027-07-09"), "the last day is before"),
            (order("tomorrow", "2027-07-09"), "is no day"),
            (order("2027-07-01", "2027-07-08"), "that time is over"),
            (order("2027-07-09", "2027-12-09"), "a hundred days"),
            (weekly("2027-07-09", "2037-07-09", &[1, 2, 3, 4, 5], "9:00", 60), "a hundred days"),
            (weekly("2027-07-09", "2027-08-09", &[8], "9:00", 60), "days of the week"),
            (weekly("2027-07-09", "2027-08-09", &[1], "25:00", 60), "days of the week"),
            (weekly("2027-07-09", "2027-08-09", &[1], "9:00", 0), "days of the week"),
            (
                DedicatedOrder { days: vec![1], ..order("2027-07-09", "2027-08-09") },
                "days of the week",
            ),
        ] {
            let refused = order.windows(NOW).unwrap_err().to_string();
            assert!(refused.contains(said), "{order:?}: {refused}");
        }
    }
}
