//! Who was there, for how long, and what it cost each of them.

use maud::{Markup, html};
use serde::Deserialize;

use crate::tongue::Tongue;

/// The part of billing's statement that is shown; amounts are CZK as decimal numbers in text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Statement {
    pub legs: Vec<Line>,
    pub total: Total,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Line {
    /// Country and last digits; absent when withheld.
    pub caller: Option<String>,
    /// `2027-07-09T14:00:00+02:00`.
    pub from: String,
    pub to: String,
    pub duration_ms: u64,
    pub price: Option<Price>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Price {
    pub czk: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Total {
    pub without_vat: String,
    pub vat_percent: u32,
    pub vat: String,
    pub with_vat: String,
    pub legs_unrated: u32,
}

pub fn section(tongue: Tongue, statement: &Statement) -> Markup {
    let columns = tongue.say(
        ["Volající", "Od", "Do", "Doba", "Kč bez DPH"],
        ["Caller", "From", "To", "Length", "CZK without VAT"],
    );
    html! {
        section aria-labelledby="attendance" {
            h2 #attendance { (tongue.say("Kdo volal a za kolik", "Who called, and what it cost")) }
            @if statement.legs.is_empty() {
                p { (tongue.say("Nikdo nevolal.", "Nobody called.")) }
            } @else {
                table {
                    thead { tr { @for column in columns { th scope="col" { (column) } } } }
                    tbody { @for line in &statement.legs { (row(tongue, columns, line)) } }
                }
                p { (tongue.say("Každý platí svůj hovor svému operátorovi. Dohromady ", "Everybody pays for their own call. In all "))
                    strong { (amount(tongue, &statement.total.with_vat)) }
                    (tongue.say(" s DPH ", " with VAT of ")) (statement.total.vat_percent) " % ("
                    (amount(tongue, &statement.total.without_vat)) " + " (amount(tongue, &statement.total.vat)) ")." }
                @if statement.total.legs_unrated > 0 {
                    p.hint { (tongue.say("Hovorů, které ještě nemají cenu: ", "Calls that have no price yet: ")) (statement.total.legs_unrated) }
                }
            }
        }
    }
}

fn row(tongue: Tongue, columns: [&str; 5], line: &Line) -> Markup {
    let price = line.price.as_ref();
    html! {
        tr {
            td data-l=(columns[0]) { (line.caller.as_deref().unwrap_or(tongue.say("skryté číslo", "number withheld"))) }
            td data-l=(columns[1]) { (clock(&line.from)) }
            td data-l=(columns[2]) { (clock(&line.to)) }
            td data-l=(columns[3]) { (duration(line.duration_ms)) }
            td data-l=(columns[4]) { @match price { Some(price) => (decimal(tongue, &price.czk)), None => "–" } }
        }
    }
}

/// Of `2027-07-09T14:00:00+02:00` what a day's list needs.
fn clock(text: &str) -> &str {
    text.get(11..16).unwrap_or(text)
}

/// `1:02:03`, `2:03`.
fn duration(ms: u64) -> String {
    let seconds = ms.div_ceil(1_000);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

fn amount(tongue: Tongue, czk: &str) -> String {
    format!("{}\u{a0}{}", decimal(tongue, czk), tongue.say("Kč", "CZK"))
}

fn decimal(tongue: Tongue, number: &str) -> String {
    tongue.say(number.replace('.', ","), number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use konf_contract::Language;

    #[test]
    fn a_statement_of_billing_is_understood() {
        let statement: Statement = serde_json::from_value(serde_json::json!({
            "conference": "123456", "booking": "b", "state": "ended", "starts": "x", "ends": "x", "made": "x",
            "legs": [{
                "caller": "+420…456", "network": "o2-mobile", "from": "2027-07-09T14:00:00+02:00",
                "to": "2027-07-09T15:01:00+02:00", "duration_ms": 3_660_500, "why_ended": "hung-up", "ended_by": "caller",
                "price": { "billed_s": 3661, "czk": "244.0667", "rule": "own", "tariff": null },
            }],
            "total": { "without_vat": "244.07", "vat_percent": 21, "vat": "51.25", "with_vat": "295.32", "legs_unrated": 0 },
        }))
        .unwrap();
        let shown = section(Tongue(Language::Cs), &statement).into_string();
        for part in ["+420…456", "14:00", "15:01", "1:01:01", "244,0667", "295,32\u{a0}Kč"] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }
}
