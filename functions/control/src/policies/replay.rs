//! A policy tried on what really happened: what would have been different, in people and in money.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use konf_api::ledger::Amount;
use konf_host::Trial;
use konf_ledger::{Ledger, PolicyCallFilter};
use serde::Serialize;
use serde_json::Value;

use crate::clock;

/// Decisions that one replay looks at, the latest first: 10 s at 100 µs each.
const CALLS_MAX: usize = 100_000;
const PAGE: u32 = 5_000;
const DAY_MS: i64 = 86_400_000;
/// Differences that are shown with what was asked.
const EXAMPLES_MAX: usize = 5;

/// What a replay found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Replayed {
    pub(crate) world: String,
    pub(crate) days: u32,
    pub(crate) decisions: u64,
    /// Answers that differ, and questions that were not answered.
    pub(crate) different: u64,
    pub(crate) failed: u64,
    /// How often which answer took the place of which: `(before, now, times)`.
    pub(crate) changes: Vec<(String, String, u64)>,
    /// Of a tariff: how much more would be billed, in sixtieths of a thousandth of a heller.
    pub(crate) amount: Option<i128>,
    pub(crate) examples: Vec<Example>,
    /// The whole in one sentence.
    pub(crate) said: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Example {
    /// The number in the log, for `konf policy explain`.
    pub(crate) seq: i64,
    pub(crate) before: Value,
    pub(crate) now: Value,
}

/// Asks `trial` what was asked in its world in the last days. A leg that was rated more than once counts once.
pub(crate) async fn replay(ledger: &Ledger, trial: &Trial, days: u32) -> Result<Replayed> {
    let world = &trial.world().name;
    let mut tally = Tally::new(world, days);
    let since = clock::now().plus_ms(-i64::from(days) * DAY_MS);
    let mut filter = PolicyCallFilter {
        world: Some(world.clone()),
        since: Some(since),
        limit: PAGE,
        ..PolicyCallFilter::default()
    };
    let mut records = BTreeSet::new();
    let mut looked_at = 0;
    while looked_at < CALLS_MAX {
        let page = ledger.policy_calls(&filter).await?;
        let Some(last) = page.last() else { break };
        filter.before = Some(last.seq);
        looked_at += page.len();
        for line in page {
            let Some(before) = line.call.output else { continue };
            if line.call.record.is_some_and(|record| !records.insert(record)) {
                continue;
            }
            let now = trial.ask(&line.call.input).await.map(|answer| answer.output);
            tally.add(line.seq, &line.call.input, before, now);
        }
    }
    Ok(tally.told())
}

struct Tally {
    found: Replayed,
    changes: BTreeMap<(String, String), u64>,
}

impl Tally {
    fn new(world: &str, days: u32) -> Tally {
        let amount = (world == TARIFF).then_some(0);
        let found = Replayed { world: world.to_owned(), days, amount, ..Replayed::default() };
        Tally { found, changes: BTreeMap::new() }
    }

    fn add(&mut self, seq: i64, input: &Value, before: Value, now: Result<Value, String>) {
        self.found.decisions += 1;
        let now = match now {
            Ok(now) if now == before => return,
            Ok(now) => now,
            Err(_) => {
                self.found.failed += 1;
                return;
            }
        };
        self.found.different += 1;
        if let Some(amount) = &mut self.found.amount {
            let of = |charge: &Value| i128::from(charge["amount"].as_i64().unwrap_or_default());
            *amount += of(&now) - of(&before);
        } else {
            let change = change(&self.found.world, input, &before, &now);
            *self.changes.entry(change).or_default() += 1;
        }
        if self.found.examples.len() < EXAMPLES_MAX {
            self.found.examples.push(Example { seq, before, now });
        }
    }

    fn told(mut self) -> Replayed {
        let mut changes: Vec<_> =
            self.changes.into_iter().map(|((before, now), times)| (before, now, times)).collect();
        changes.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.cmp(b)));
        self.found.changes = changes;
        self.found.said = sentence(&self.found);
        self.found
    }
}

const TARIFF: &str = "tariff";

/// What took the place of what, in a few words, so that many answers come together under one.
fn change(world: &str, input: &Value, before: &Value, now: &Value) -> (String, String) {
    let kinds = match world {
        OFFERS => [before, now].map(|answer| offered(input, answer)),
        KEYS => [bound(before, now), bound(now, before)],
        _ => [before, now].map(name),
    };
    match kinds {
        [before, now] if before == now => (before, "others of the same kind".to_owned()),
        [before, now] => (before, now),
    }
}

const OFFERS: &str = "offers";
const KEYS: &str = "keys";

/// The rows that only this table has: `*4 mute, *6 hand`.
fn bound(table: &Value, other: &Value) -> String {
    let rows = |table: &Value| table.as_array().cloned().unwrap_or_default();
    let others = rows(other);
    let row = |row: &Value| {
        let word = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        format!("{} {}", word("keys"), word("does"))
    };
    let own: Vec<_> = rows(table).iter().filter(|row| !others.contains(row)).map(row).collect();
    if own.is_empty() { "nothing".to_owned() } else { own.join(", ") }
}

/// Alternatives by what they change about the order: `later + fewer people`.
fn offered(input: &Value, answer: &Value) -> String {
    let asked = &input["order"];
    let kind = |alternative: &Value| {
        let number = |of: &Value, field: &str| of[field].as_i64().unwrap_or_default();
        let differs = |field: &str| number(alternative, field).cmp(&number(asked, field));
        match (differs("starts-ms"), differs("seats"), differs("minutes")) {
            (Ordering::Equal, Ordering::Equal, Ordering::Less) => "shorter",
            (Ordering::Equal, Ordering::Less, Ordering::Equal) => "fewer people",
            (Ordering::Equal, ..) => "something else",
            (Ordering::Less, Ordering::Equal, Ordering::Equal) => "earlier",
            (Ordering::Greater, Ordering::Equal, Ordering::Equal) => "later",
            _ => "something else at another time",
        }
    };
    let kinds: Vec<&str> = answer.as_array().into_iter().flatten().map(kind).collect();
    match kinds[..] {
        [] => "nothing".to_owned(),
        _ => kinds.join(" + "),
    }
}

/// A verdict by its case: `admit (organiser)`.
fn name(answer: &Value) -> String {
    match answer {
        Value::String(case) => case.clone(),
        Value::Object(fields) if fields.len() == 1 => fields
            .iter()
            .map(|(case, value)| match value {
                Value::String(value) => format!("{case} ({value})"),
                value => format!("{case} ({value})"),
            })
            .collect(),
        other => other.to_string(),
    }
}

fn sentence(found: &Replayed) -> String {
    let Replayed { world, days, decisions, different, failed, .. } = found;
    let (what, would) = match world.as_str() {
        TARIFF => ("legs", "would be billed differently"),
        "admission" => ("callers' tries to enter", "would be answered differently"),
        "extension" => ("ends and extensions asked for", "would be decided differently"),
        OFFERS => ("orders that did not fit", "would get other offers"),
        KEYS => ("callers let in", "would have other keys"),
        "placement" => ("conferences to place", "would be on another edge"),
        "restriction" => ("orders and requests", "would be answered differently"),
        _ => ("decisions", "would differ"),
    };
    let days = if *days == 1 { "day".to_owned() } else { format!("{days} days") };
    if *decisions == 0 {
        return format!("No {what} of the last {days} are in the log.");
    }
    let mut said = format!(
        "Of {} {what} of the last {days} {} {would}",
        counted(*decisions),
        counted(*different)
    );
    if let Some(amount) = found.amount.filter(|_| *different > 0) {
        said += &format!(", {} CZK", crowns(amount));
    }
    if !found.changes.is_empty() {
        let change = |(before, now, times): &(String, String, u64)| {
            format!("{} {now} instead of {before}", counted(*times))
        };
        said += &format!(": {}", found.changes.iter().map(change).collect::<Vec<_>>().join(", "));
    }
    if *failed > 0 {
        said += &format!("; {} would get no answer", counted(*failed));
    }
    said + "."
}

/// With a comma at each thousand.
fn counted(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// With sign and hellers, rounded once, half up.
pub(super) fn crowns(amount: i128) -> String {
    let heller = i128::from(Amount::PER_CZK / 100);
    let hellers = (2 * amount + heller).div_euclid(2 * heller);
    let sign = if hellers < 0 { '-' } else { '+' };
    let (whole, part) = (hellers.unsigned_abs() / 100, hellers.unsigned_abs() % 100);
    format!("{sign}{}.{part:02}", counted(u64::try_from(whole).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn legs_are_told_in_people_and_money() {
        let mut tally = Tally::new("tariff", 7);
        let charge = |hellers: i64| json!({ "amount": hellers * Amount::PER_CZK / 100, "billed-s": 60, "rule": "x" });
        for leg in 0..3_310 {
            let now = if leg < 40 { charge(400 - 850) } else { charge(400) };
            tally.add(leg, &Value::Null, charge(400), Ok(now));
        }
        assert_eq!(
            tally.told().said,
            "Of 3,310 legs of the last 7 days 40 would be billed differently, -340.00 CZK."
        );
    }

    #[test]
    fn verdicts_are_told_by_what_takes_the_place_of_what() {
        let mut tally = Tally::new("admission", 1);
        let admitted = json!({ "admit": "participant" });
        tally.add(1, &Value::Null, admitted.clone(), Ok(json!("full")));
        tally.add(2, &Value::Null, json!("not-yet"), Ok(admitted.clone()));
        tally.add(3, &Value::Null, admitted.clone(), Ok(json!("full")));
        tally.add(4, &Value::Null, admitted.clone(), Ok(admitted.clone()));
        tally.add(5, &Value::Null, admitted, Err("it trapped".to_owned()));
        let told = tally.told();
        assert_eq!(
            told.said,
            "Of 5 callers' tries to enter of the last day 3 would be answered differently: 2 full instead of admit \
             (participant), 1 admit (participant) instead of not-yet; 1 would get no answer."
        );
        assert_eq!(told.examples.iter().map(|e| e.seq).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn offers_are_told_by_what_they_change_about_the_order() {
        let mut tally = Tally::new("offers", 7);
        let alternative = |starts: i64, minutes: u32, seats: u32| json!({ "starts-ms": starts, "minutes": minutes, "seats": seats });
        let asked = json!({ "order": alternative(100, 60, 10) });
        let later = alternative(200, 60, 10);
        let before = json!([later, alternative(100, 60, 8)]);
        tally.add(1, &asked, before.clone(), Ok(before.clone()));
        tally.add(2, &asked, before.clone(), Ok(json!([alternative(100, 45, 10)])));
        tally.add(
            3,
            &asked,
            before.clone(),
            Ok(json!([alternative(300, 60, 10), alternative(100, 60, 8)])),
        );
        tally.add(4, &asked, before, Ok(json!([])));
        tally.add(5, &asked, json!([]), Ok(json!([alternative(50, 30, 10)])));
        assert_eq!(
            tally.told().said,
            "Of 5 orders that did not fit of the last 7 days 4 would get other offers: 1 nothing instead of later + \
             fewer people, 1 others of the same kind instead of later + fewer people, 1 shorter instead of later + \
             fewer people, 1 something else at another time instead of nothing."
        );
    }

    #[test]
    fn keys_are_told_by_the_rows_that_differ() {
        let mut tally = Tally::new("keys", 7);
        let row = |keys: &str, does: &str| json!({ "keys": keys, "does": does });
        let before = json!([row("*6", "mute"), row("*1", "help")]);
        let moved = json!([row("*1", "help"), row("*4", "mute")]);
        tally.add(1, &Value::Null, before.clone(), Ok(before.clone()));
        tally.add(2, &Value::Null, before.clone(), Ok(moved));
        tally.add(3, &Value::Null, before, Ok(json!([row("*6", "mute")])));
        assert_eq!(
            tally.told().said,
            "Of 3 callers let in of the last 7 days 2 would have other keys: 1 nothing instead of *1 help, 1 *4 mute \
             instead of *6 mute."
        );
    }

    #[test]
    fn nothing_recorded_and_nothing_different_are_told_apart() {
        assert_eq!(
            Tally::new("tariff", 7).told().said,
            "No legs of the last 7 days are in the log."
        );
        let mut tally = Tally::new("tariff", 7);
        tally.add(1, &Value::Null, json!(1), Ok(json!(1)));
        let told = tally.told().said;
        assert_eq!(told, "Of 1 legs of the last 7 days 0 would be billed differently.");
    }

    #[test]
    fn crowns_are_rounded_once_half_up() {
        let heller = i128::from(Amount::PER_CZK / 100);
        assert_eq!(crowns(heller * 123_456_789), "+1,234,567.89");
        assert_eq!(crowns(heller / 2), "+0.01");
        assert_eq!(crowns(-heller / 2), "+0.00");
        assert_eq!(crowns(-heller / 2 - 1), "-0.01");
    }
}
