//! Tables for people, JSON for programs.
#![expect(clippy::print_stdout, reason = "a command line speaks to a person")]

use konf_contract::UnixMs;
use serde_json::Value;

/// A column: its heading, where its value stands in a row, and how it is shown.
pub(super) struct Column {
    heading: &'static str,
    pointer: &'static str,
    form: Form,
}

#[derive(Clone, Copy)]
enum Form {
    Plain,
    /// Milliseconds since the epoch, shown in Czech wall time.
    Time,
    /// RFC 3339 with its offset, shown without the offset.
    Minute,
    /// Milliseconds, shown in seconds.
    Seconds,
    /// Hundredths of what is shown.
    Hundredths,
    /// An exact amount, shown in CZK with four decimals, half up as on a statement.
    Price,
    /// A list of words.
    Words,
    /// As it is.
    Json,
    /// `sha256:` and 64 digits, of which the first eight tell one from another.
    Digest,
}

const fn column(heading: &'static str, pointer: &'static str, form: Form) -> Column {
    Column { heading, pointer, form }
}

pub(super) const BOOKINGS: &[Column] = &[
    column("NUMBER", "/number", Form::Plain),
    column("START", "/window/start", Form::Time),
    column("END", "/window/end", Form::Time),
    column("PEOPLE", "/seats", Form::Plain),
    column("INSIDE", "/seats_taken", Form::Plain),
    column("EDGE", "/edge", Form::Plain),
    column("STATE", "/state", Form::Plain),
    column("ORDERED BY", "/sender", Form::Plain),
];
pub(super) const ROOMS: &[Column] = &[
    column("NUMBER", "/conference", Form::Plain),
    column("EDGE", "/edge", Form::Plain),
    column("CALLER", "/caller", Form::Plain),
    column("ROLE", "/role", Form::Plain),
    column("SINCE", "/joined", Form::Time),
    column("MUTED", "/muted", Form::Plain),
    column("HAND", "/hand", Form::Plain),
    column("MODE", "/mode", Form::Plain),
    column("LOCKED", "/locked", Form::Plain),
    column("ENDS", "/ends", Form::Time),
    column("PEOPLE", "/people", Form::Plain),
    column("LOST", "/quality/packets_lost", Form::Plain),
    column("JITTER µs", "/quality/jitter_us", Form::Plain),
    column("MOS", "/quality/mos_now_x100", Form::Hundredths),
];
pub(super) const OUTBOX: &[Column] = &[
    column("ID", "/id", Form::Plain),
    column("KIND", "/kind", Form::Plain),
    column("TO", "/recipient", Form::Plain),
    column("STATE", "/state", Form::Plain),
    column("ATTEMPTS", "/attempts", Form::Plain),
    column("WRITTEN", "/created", Form::Time),
    column("NEXT", "/next", Form::Time),
    column("LAST ERROR", "/last_error", Form::Plain),
];
pub(super) const REQUESTS: &[Column] = &[
    column("ID", "/id", Form::Plain),
    column("DUE", "/due", Form::Time),
    column("LATE", "/late", Form::Plain),
    column("RECEIVED", "/received", Form::Time),
    column("FROM", "/sender", Form::Plain),
    column("TEXT", "/text", Form::Plain),
];
pub(super) const REQUESTS_DONE: &[Column] = &[
    column("ID", "/id", Form::Plain),
    column("DONE", "/closed", Form::Time),
    column("LATE", "/late", Form::Plain),
    column("RESULT", "/result", Form::Plain),
    column("BY", "/by", Form::Plain),
    column("FROM", "/sender", Form::Plain),
    column("NOTE", "/note", Form::Plain),
];
pub(super) const DEDICATED: &[Column] = &[
    column("ID", "/id", Form::Plain),
    column("NUMBER", "/number", Form::Plain),
    column("CUSTOMER", "/customer", Form::Plain),
    column("PEOPLE", "/seats", Form::Plain),
    column("FROM", "/window/start", Form::Time),
    column("TO", "/window/end", Form::Time),
    column("WEEKLY", "/weekly", Form::Json),
    column("NEXT", "/next/start", Form::Time),
    column("STATE", "/state", Form::Plain),
    column("EDGE", "/edge", Form::Plain),
    column("SENT TO", "/sender", Form::Plain),
];
pub(super) const OPERATORS: &[Column] = &[
    column("NAME", "/name", Form::Plain),
    column("ROLE", "/role", Form::Plain),
    column("SINCE", "/created", Form::Time),
    column("CHANGED", "/changed", Form::Time),
];
pub(super) const TOKENS: &[Column] = &[
    column("ID", "/id", Form::Plain),
    column("LABEL", "/label", Form::Plain),
    column("CUSTOMER", "/owner", Form::Plain),
    column("BY", "/by", Form::Plain),
    column("MADE", "/created", Form::Time),
    column("USED", "/used", Form::Time),
    column("EXPIRES", "/expires", Form::Time),
    column("REVOKED", "/revoked", Form::Time),
    column("SCOPES", "/scopes", Form::Words),
];
pub(super) const AUDIT: &[Column] = &[
    column("AT", "/at", Form::Time),
    column("BY", "/by", Form::Plain),
    column("ACTION", "/action", Form::Plain),
    column("ABOUT", "/subject", Form::Plain),
    column("DETAIL", "/detail", Form::Plain),
];
pub(super) const TEMPLATES: &[Column] = &[
    column("NAME", "/name", Form::Plain),
    column("CZECH", "/cs", Form::Plain),
    column("ENGLISH", "/en", Form::Plain),
];
/// One request, whole: each column is a line.
pub(super) const REQUEST: &[Column] = &[
    column("id", "/id", Form::Plain),
    column("from", "/sender", Form::Plain),
    column("received", "/received", Form::Time),
    column("due", "/due", Form::Time),
    column("language", "/language", Form::Plain),
    column("start", "/order/window/start", Form::Time),
    column("end", "/order/window/end", Form::Time),
    column("people", "/order/seats", Form::Plain),
    column("done", "/closed", Form::Time),
    column("result", "/result", Form::Plain),
    column("by", "/by", Form::Plain),
    column("note", "/note", Form::Plain),
    column("text", "/text", Form::Plain),
];
pub(super) const CALLS: &[Column] = &[
    column("CALLER", "/caller", Form::Plain),
    column("NETWORK", "/network", Form::Plain),
    column("FROM", "/answered", Form::Time),
    column("TO", "/ended", Form::Time),
    column("SECONDS", "/duration_ms", Form::Seconds),
    column("BILLED", "/rating/billed_s", Form::Plain),
    column("PRICE CZK", "/rating/amount", Form::Price),
    column("RULE", "/rating/rule", Form::Plain),
    column("ENDED", "/end/reason", Form::Plain),
    column("BY", "/end/who", Form::Plain),
];
pub(super) const RESTRICTIONS: &[Column] = &[
    column("SENDER", "/sender", Form::Plain),
    column("SINCE", "/since", Form::Time),
    column("UNTIL", "/until", Form::Time),
    column("REASON", "/reason", Form::Plain),
    column("BY", "/by", Form::Plain),
];
pub(super) const EDGES: &[Column] = &[
    column("EDGE", "/edge", Form::Plain),
    column("VERSION", "/version", Form::Plain),
    column("ADDRESS", "/address", Form::Plain),
    column("SEATS", "/capacity", Form::Plain),
    column("CALLS", "/legs", Form::Plain),
    column("HEARD", "/heard", Form::Time),
    column("BOOT", "/boot", Form::Plain),
];
pub(super) const POLICIES: &[Column] = &[
    column("WORLD", "/world", Form::Plain),
    column("VERSION", "/version", Form::Plain),
    column("STATE", "/state", Form::Plain),
    column("DECIDES", "/decides", Form::Plain),
    column("SHARE %", "/percent", Form::Plain),
    column("DIGEST", "/digest", Form::Digest),
    column("SIGNED BY", "/signer", Form::Plain),
    column("CALLS", "/counted/calls", Form::Plain),
    column("FAILED", "/counted/failures", Form::Plain),
    column("P50 µs", "/counted/p50_us", Form::Plain),
    column("P99 µs", "/counted/p99_us", Form::Plain),
    column("COMPARED", "/counted/compared", Form::Plain),
    column("DIFFERENT", "/counted/different", Form::Plain),
    column("SINCE", "/changed", Form::Time),
    column("NOTE", "/note", Form::Plain),
    column("FAULT", "/fault", Form::Plain),
];
pub(super) const POLICY_AUDIT: &[Column] = &[
    column("AT", "/at", Form::Time),
    column("WORLD", "/world", Form::Plain),
    column("VERSION", "/version", Form::Plain),
    column("CHANGE", "/change", Form::Plain),
    column("BY", "/by", Form::Plain),
    column("DIGEST", "/digest", Form::Digest),
    column("NOTE", "/note", Form::Plain),
];
pub(super) const POLICY_LOG: &[Column] = &[
    column("NO", "/seq", Form::Plain),
    column("AT", "/at", Form::Time),
    column("WORLD", "/world", Form::Plain),
    column("BY", "/digest", Form::Digest),
    column("AS", "/part", Form::Plain),
    column("CONFERENCE", "/conference", Form::Plain),
    column("RECORD", "/record", Form::Plain),
    column("ANSWER", "/output", Form::Json),
    column("FAULT", "/fault", Form::Plain),
    column("µs", "/micros", Form::Plain),
];
pub(super) const FUNCTIONS: &[Column] = &[
    column("FUNCTION", "/name", Form::Plain),
    column("VERSION", "/version", Form::Plain),
    column("DIGEST", "/digest", Form::Digest),
    column("SIGNED BY", "/signer", Form::Plain),
    column("AT WORK", "/in_flight", Form::Plain),
    column("LEAVING", "/leaving/0/in_flight", Form::Plain),
    column("LEAVING DIGEST", "/leaving/0/digest", Form::Digest),
];
const STATEMENT: &[Column] = &[
    column("CALLER", "/caller", Form::Plain),
    column("NETWORK", "/network", Form::Plain),
    column("FROM", "/from", Form::Minute),
    column("TO", "/to", Form::Minute),
    column("SECONDS", "/duration_ms", Form::Seconds),
    column("BILLED", "/price/billed_s", Form::Plain),
    column("PRICE CZK", "/price/czk", Form::Plain),
    column("RULE", "/price/rule", Form::Plain),
    column("TARIFF", "/price/tariff", Form::Digest),
    column("ENDED", "/why_ended", Form::Plain),
    column("BY", "/ended_by", Form::Plain),
];

pub(super) fn say(line: &str) {
    println!("{line}");
}

pub(super) fn json(value: &Value) {
    println!("{value:#}");
}

pub(super) fn print(columns: &[Column], value: &Value) {
    match value.as_array() {
        Some(rows) if rows.is_empty() => say("None."),
        Some(rows) => print!("{}", lay_out(columns, rows)),
        None => json(value),
    }
}

/// One thing whole: a line for each column that it has, the longest text last.
pub(super) fn lines(columns: &[Column], value: &Value) {
    let width = columns.iter().map(|column| column.heading.len()).max().unwrap_or(0);
    for column in columns {
        match value.pointer(column.pointer) {
            None | Some(Value::Null) => {}
            Some(found) => {
                say(&format!("{:<width$}  {}", column.heading, show(found, column.form)))
            }
        }
    }
}

/// The same as text.
#[cfg(test)]
fn text(columns: &[Column], value: &Value) -> String {
    match value.as_array() {
        Some(rows) if !rows.is_empty() => lay_out(columns, rows),
        _ => "None.\n".to_owned(),
    }
}

pub(super) fn statement(value: &Value) {
    let rows = value["legs"].as_array().cloned().unwrap_or_default();
    let plain = |pointer: &str| show(value.pointer(pointer).unwrap_or(&Value::Null), Form::Minute);
    say(&format!(
        "Conference {}, {} to {}",
        plain("/conference"),
        plain("/starts"),
        plain("/ends")
    ));
    print!("{}", lay_out(STATEMENT, &rows));
    for (name, pointer) in
        [("Without VAT", "/total/without_vat"), ("VAT", "/total/vat"), ("Total", "/total/with_vat")]
    {
        say(&format!("{name:<12} {:>12} CZK", plain(pointer)));
    }
}

fn lay_out(columns: &[Column], rows: &[Value]) -> String {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            columns
                .iter()
                .map(|c| show(row.pointer(c.pointer).unwrap_or(&Value::Null), c.form))
                .collect()
        })
        .collect();
    let width = |at: usize| {
        cells
            .iter()
            .map(|row| row[at].chars().count())
            .chain([columns[at].heading.chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<_> = (0..columns.len()).map(width).collect();
    let line = |texts: Vec<&str>| {
        let padded: Vec<_> =
            texts.iter().zip(&widths).map(|(text, width)| format!("{text:<width$}")).collect();
        padded.join("  ").trim_end().to_owned() + "\n"
    };
    let head = line(columns.iter().map(|c| c.heading).collect());
    head + &cells
        .iter()
        .map(|row| line(row.iter().map(String::as_str).collect()))
        .collect::<String>()
}

fn show(value: &Value, form: Form) -> String {
    match (form, value) {
        (_, Value::Null) => "–".to_owned(),
        (Form::Time, Value::Number(ms)) => wall_time(UnixMs(ms.as_i64().unwrap_or_default())),
        (Form::Minute, Value::String(text)) => text.get(..19).unwrap_or(text).replace('T', " "),
        (Form::Json, Value::Object(_)) => value.to_string(),
        (Form::Words, Value::Array(words)) => {
            words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        }
        (Form::Digest, Value::String(text)) => text.get(..15).unwrap_or(text).to_owned(),
        (Form::Seconds, Value::Number(ms)) => {
            format!("{:.1}", ms.as_f64().unwrap_or_default() / 1000.0)
        }
        (Form::Hundredths, Value::Number(x100)) => {
            format!("{:.2}", x100.as_f64().unwrap_or_default() / 100.0)
        }
        (Form::Price, Value::Number(amount)) => price(amount.as_i64().unwrap_or_default()),
        (_, Value::String(text)) => one_line(text),
        (_, Value::Bool(true)) => "yes".to_owned(),
        (_, Value::Bool(false)) => "no".to_owned(),
        // A variant with one value, such as a sender, is its value.
        (_, Value::Object(fields)) if fields.len() == 1 => {
            fields.values().map(|v| show(v, form)).collect()
        }
        (_, other) => other.to_string(),
    }
}

/// What strangers wrote neither breaks a table nor speaks to the terminal.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn price(amount: i64) -> String {
    let unit = konf_api::ledger::Amount::PER_CZK / DECIMALS;
    let rounded = amount.saturating_add(unit / 2).div_euclid(unit);
    format!("{}.{:04}", rounded / DECIMALS, rounded % DECIMALS)
}

/// Four decimals of a crown.
const DECIMALS: i64 = 10_000;

pub(super) fn wall_time(at: UnixMs) -> String {
    let zone = jiff::tz::get!("Europe/Prague");
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(time) => time.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => at.0.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_shown_as_on_a_statement() {
        // 61 seconds at 4 CZK a minute.
        assert_eq!(price(24_000_000 * 61 / 60), "4.0667");
        assert_eq!(price(0), "0.0000");
        assert_eq!(price(299), "0.0000");
        assert_eq!(price(300), "0.0001");
    }

    #[test]
    fn hands_and_modes_of_rooms_are_shown() {
        let rows = serde_json::json!([{ "hand": 1, "mode": "questions", "muted": true }]);
        let shown = text(ROOMS, &rows);
        let line = shown.lines().nth(1).unwrap_or_default();
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[5..8], ["yes", "1", "questions"], "{shown}");
        assert_eq!(text(ROOMS, &serde_json::json!([])), "None.\n");
    }

    #[test]
    fn what_strangers_wrote_stays_in_its_cell() {
        let rows = serde_json::json!([{ "id": "r", "text": "a\u{1b}[2J\nb" }]);
        assert!(text(REQUESTS, &rows).ends_with("a [2J b\n"), "{}", text(REQUESTS, &rows));
    }

    #[test]
    fn a_table_is_as_wide_as_its_widest_cell() {
        let rows = [
            serde_json::json!({ "number": "123456", "state": "booked", "window": { "start": 0 } }),
        ];
        let table = lay_out(&BOOKINGS[..2], &rows);
        assert_eq!(table, "NUMBER  START\n123456  1970-01-01 01:00:00\n");
    }
}
