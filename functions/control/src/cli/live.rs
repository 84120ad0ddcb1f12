//! Live rooms for a person at a terminal: each room with its legs, how they speak and how they are heard.

use konf_contract::UnixMs;
use serde_json::Value;

use super::table::wall_time;

/// Fits 100 columns.
const NARROW: &[Column] = &[
    ("CALLER", caller),
    ("ROLE", |leg| text(leg, "/role")),
    ("STATE", state),
    ("LEVEL", level),
    ("CODEC", codec),
    ("JITTER", |leg| milliseconds(leg, "/quality/jitter_us", 1_000.0)),
    ("LOST", lost),
    ("BUFFER", |leg| milliseconds(leg, "/quality/delay_ms", 1.0)),
    ("MADE UP", made_up),
    ("RTT", |leg| milliseconds(leg, "/quality/round_trip_ms", 1.0)),
    ("MOS", |leg| mos(leg, "/quality/mos_now_x100")),
];

/// Behind those, for wide terminals.
const WIDE: &[Column] = &[
    ("MOS MEAN", |leg| mos(leg, "/quality/mos_x100")),
    ("LOST THERE", |leg| percent(number(leg, "/quality/remote_loss_percent"))),
    ("JITTER THERE", |leg| milliseconds(leg, "/quality/remote_jitter_us", 1_000.0)),
    ("NOISE", |leg| {
        number(leg, "/suppressed_db").map_or(UNKNOWN.to_owned(), |db| format!("-{db} dB"))
    }),
    ("REFUSED", |leg| text(leg, "/quality/packets_refused")),
    ("FROM", |leg| text(leg, "/remote")),
    ("AT", |leg| text(leg, "/local")),
];

type Column = (&'static str, fn(&Value) -> String);

/// What stands for something that is not known.
const UNKNOWN: &str = "–";
const BAR: usize = 8;
/// The quietest that the bar shows, in dBov: below it a room is silent.
const BAR_FLOOR: f64 = -64.0;

/// `lines` are those of `GET rooms`: one for each leg, those of a room together.
pub(super) fn rooms(lines: &[Value], wide: bool) -> String {
    if lines.is_empty() {
        return "Nobody is in any room.\n".to_owned();
    }
    let same = |a: &Value, b: &Value| a["conference"] == b["conference"] && a["edge"] == b["edge"];
    let shown: Vec<String> = lines.chunk_by(same).map(|legs| room(legs, wide)).collect();
    shown.join("\n")
}

fn room(legs: &[Value], wide: bool) -> String {
    let first = &legs[0];
    let ends = first["ends"].as_i64().map_or(UNKNOWN.to_owned(), |at| wall_time(UnixMs(at)));
    let lock = if first["locked"] == true { ", locked" } else { "" };
    let title = format!(
        "{} on {}: {} people, {}{lock}, until {ends}\n",
        text(first, "/conference"),
        text(first, "/edge"),
        text(first, "/people"),
        text(first, "/mode"),
    );
    let more = if wide { WIDE } else { &[] };
    let columns: Vec<&Column> = NARROW.iter().chain(more).collect();
    let head: Vec<String> = columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
    let rows = legs.iter().map(|leg| columns.iter().map(|(_, show)| show(leg)).collect());
    title + &aligned(std::iter::once(head).chain(rows).collect())
}

fn aligned(rows: Vec<Vec<String>>) -> String {
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        format!("  {}\n", line.trim_end())
    };
    rows.iter().map(line).collect()
}

// ── cells ───────────────────────────────────────────────────────────────────────────────────────────────────────────

fn caller(leg: &Value) -> String {
    match leg["caller"].as_str() {
        None | Some("") => "withheld".to_owned(),
        Some(masked) => masked.to_owned(),
    }
}

/// The one thing that matters most about a leg now.
fn state(leg: &Value) -> String {
    match leg {
        _ if leg["joined"].is_null() => "waits".to_owned(),
        _ if leg["hand"].is_u64() => format!("hand {}", leg["hand"]),
        _ if leg["muted"] == true => "muted".to_owned(),
        _ if leg["speaking"] == true => "speaks".to_owned(),
        _ => String::new(),
    }
}

fn level(leg: &Value) -> String {
    let Some(level) = number(leg, "/level_dbov") else { return UNKNOWN.to_owned() };
    let share = (1.0 - level / BAR_FLOOR).clamp(0.0, 1.0);
    let full = (share * BAR as f64).round() as usize;
    "█".repeat(full) + &"·".repeat(BAR - full)
}

/// With a mark on those that are encrypted.
fn codec(leg: &Value) -> String {
    let lock = if leg["quality"]["encrypted"] == true { "+SRTP" } else { "" };
    text(leg, "/quality/codec") + lock
}

/// Of what was sent to us.
fn lost(leg: &Value) -> String {
    let count = |pointer| number(leg, pointer);
    let (lost, received) = (count("/quality/packets_lost"), count("/quality/packets_received"));
    percent(lost.zip(received).map(|(lost, received)| 100.0 * lost / (lost + received).max(1.0)))
}

/// Seconds of sound.
fn made_up(leg: &Value) -> String {
    let seconds = number(leg, "/quality/concealed_ms").map(|ms| format!("{:.1} s", ms / 1_000.0));
    seconds.unwrap_or_else(|| UNKNOWN.to_owned())
}

fn mos(leg: &Value, pointer: &str) -> String {
    let mos = number(leg, pointer).map(|x100| format!("{:.1}", x100 / 100.0));
    mos.unwrap_or_else(|| UNKNOWN.to_owned())
}

/// A value of so many in a millisecond.
fn milliseconds(leg: &Value, pointer: &str, in_one: f64) -> String {
    let shown = number(leg, pointer).map(|value| format!("{:.0} ms", value / in_one));
    shown.unwrap_or_else(|| UNKNOWN.to_owned())
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |percent| format!("{percent:.1} %"))
}

fn number(leg: &Value, pointer: &str) -> Option<f64> {
    leg.pointer(pointer).and_then(Value::as_f64)
}

fn text(leg: &Value, pointer: &str) -> String {
    match leg.pointer(pointer) {
        None | Some(Value::Null) => UNKNOWN.to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;

    fn leg(conference: &str, more: Value) -> Value {
        let mut leg = json!({
            "edge": "edge-1", "conference": conference, "ends": 0, "locked": false, "mode": "questions",
            "people": "2 of 20", "caller": "+420606…456", "role": "participant", "muted": false, "joined": 1,
        });
        leg.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        leg
    }

    fn lines() -> Vec<Value> {
        let quality = json!({
            "packets_received": 9_900, "packets_lost": 100, "packets_late": 3, "jitter_us": 12_345,
            "packets_refused": 7, "concealed_ms": 2_060, "delay_ms": 61, "round_trip_ms": 240,
            "remote_loss_percent": 3, "remote_jitter_us": 4_000, "mos_x100": 391, "mos_now_x100": 358,
            "codec": "opus", "encrypted": true,
        });
        vec![
            leg(
                "100001",
                json!({
                    "role": "organiser", "speaking": true, "level_dbov": -20, "suppressed_db": 15,
                    "quality": quality,
                    "remote": "198.51.100.77:40000", "local": "192.0.2.1:20000",
                }),
            ),
            leg("100001", json!({ "caller": "", "hand": 1, "muted": true, "level_dbov": -127 })),
            leg("100002", json!({ "joined": null })),
        ]
    }

    #[test]
    fn rooms_stand_apart_and_fit_a_hundred_columns() {
        let shown = rooms(&lines(), false);
        expect![[r#"
            100001 on edge-1: 2 of 20 people, questions, until 1970-01-01 01:00:00
              CALLER       ROLE         STATE   LEVEL     CODEC      JITTER  LOST   BUFFER  MADE UP  RTT     MOS
              +420606…456  organiser    speaks  ██████··  opus+SRTP  12 ms   1.0 %  61 ms   2.1 s    240 ms  3.6
              withheld     participant  hand 1  ········  –          –       –      –       –        –       –

            100002 on edge-1: 2 of 20 people, questions, until 1970-01-01 01:00:00
              CALLER       ROLE         STATE  LEVEL  CODEC  JITTER  LOST  BUFFER  MADE UP  RTT  MOS
              +420606…456  participant  waits  –      –      –       –     –       –        –    –
        "#]]
        .assert_eq(&shown);
        assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
        assert_eq!(rooms(&[], false), "Nobody is in any room.\n");
    }

    #[test]
    fn a_wide_table_has_both_addresses() {
        let shown = rooms(&lines(), true);
        let line = shown.lines().nth(2).unwrap();
        assert!(
            line.ends_with(
                "3.9       3.0 %       4 ms          -15 dB  7        198.51.100.77:40000  192.0.2.1:20000"
            ),
            "{line}"
        );
    }
}
