//! Live rooms, and how each caller is heard.

use konf_contract::UnixMs;
use serde_json::Value;

use super::markup::{Tongue, second, table, text, time_of_day};

/// Hundredths of MOS: below 3.6 many, below 3.1 nearly all are not content (ITU-T G.107, annex B).
const FAIR: f64 = 3.6;
const POOR: f64 = 3.1;

/// `lines` are those of `GET rooms`: one for each leg, those of a room together.
pub(super) fn body(tongue: Tongue, lines: &[Value], now: UnixMs) -> String {
    let summary = match tongue {
        Tongue::Cs => format!("Stav v {}", second(tongue, now)),
        Tongue::En => format!("As of {}", second(tongue, now)),
    };
    let mut out = format!("<p class=soft>{summary}</p>");
    if lines.is_empty() {
        let nobody = tongue.say("V žádné místnosti nikdo není.", "Nobody is in any room.");
        return out + "<section><p>" + nobody + "</p></section>";
    }
    let same = |a: &Value, b: &Value| a["conference"] == b["conference"] && a["edge"] == b["edge"];
    for (at, legs) in lines.chunk_by(same).enumerate() {
        out += &room(tongue, at, legs);
    }
    out
}

fn room(tongue: Tongue, at: usize, legs: &[Value]) -> String {
    let first = &legs[0];
    let said = |key: &str| first[key].as_str().unwrap_or_default();
    let ends = first["ends"].as_i64().map(|at| time_of_day(UnixMs(at))).unwrap_or_default();
    let mode = match said("mode") {
        "questions" => tongue.say("otázky", "questions"),
        "lecture" => tongue.say("přednáška", "lecture"),
        _ => tongue.say("mluví všichni", "everybody speaks"),
    };
    let locked = match first["locked"] == true {
        true => tongue.say(", zamčeno", ", locked"),
        false => "",
    };
    let title = match tongue {
        Tongue::Cs => format!(
            "{} ({}, {mode}{locked}, do {ends}, {})",
            said("conference"),
            people(tongue, said("people")),
            said("edge")
        ),
        Tongue::En => format!(
            "{} ({}, {mode}{locked}, until {ends}, on {})",
            said("conference"),
            people(tongue, said("people")),
            said("edge")
        ),
    };
    let heads = [
        tongue.say("Volající", "Caller"),
        tongue.say("Role", "Role"),
        tongue.say("Stav", "State"),
        tongue.say("Kodek", "Codec"),
        tongue.say("Jitter", "Jitter"),
        tongue.say("Ztraceno", "Lost"),
        tongue.say("Zdržení", "Buffer"),
        "MOS",
    ];
    let rows = legs.iter().map(|leg| {
        [
            caller(tongue, leg),
            match leg["role"] == "organiser" {
                true => tongue.say("organizátor", "organiser").to_owned(),
                false => tongue.say("účastník", "participant").to_owned(),
            },
            state(tongue, leg).to_owned(),
            codec(leg),
            number(leg, "/quality/jitter_us")
                .map_or(NONE.to_owned(), |us| format!("{:.0} ms", us / 1_000.0)),
            lost(leg),
            number(leg, "/quality/delay_ms").map_or(NONE.to_owned(), |ms| format!("{ms:.0} ms")),
            mos(tongue, leg),
        ]
    });
    table(&title, &format!("room-{at}"), &heads, rows, tongue)
}

const NONE: &str = "–";

/// `3 of 10`, as an edge's line says it.
fn people(tongue: Tongue, said: &str) -> String {
    match (tongue, said.split_once(" of ")) {
        (Tongue::Cs, Some((inside, seats))) => format!("{inside} z {seats} osob"),
        _ => format!("{said} people"),
    }
}

fn caller(tongue: Tongue, leg: &Value) -> String {
    match leg["caller"].as_str() {
        None | Some("") => tongue.say("skryté číslo", "withheld").to_owned(),
        Some(masked) => text(masked),
    }
}

/// The one thing that matters most about a leg now.
fn state(tongue: Tongue, leg: &Value) -> &'static str {
    match leg {
        _ if leg["joined"].is_null() => tongue.say("čeká", "waits"),
        _ if leg["hand"].is_u64() => tongue.say("hlásí se", "hand up"),
        _ if leg["muted"] == true => tongue.say("ztlumen", "muted"),
        _ if leg["speaking"] == true => tongue.say("mluví", "speaks"),
        _ => "",
    }
}

fn codec(leg: &Value) -> String {
    let lock = if leg["quality"]["encrypted"] == true { " + SRTP" } else { "" };
    leg["quality"]["codec"].as_str().map_or(NONE.to_owned(), |codec| text(codec) + lock)
}

/// Of what was sent to us.
fn lost(leg: &Value) -> String {
    let lost = number(leg, "/quality/packets_lost").zip(number(leg, "/quality/packets_received"));
    lost.map_or(NONE.to_owned(), |(lost, came)| {
        format!("{:.1} %", 100.0 * lost / (lost + came).max(1.0))
    })
}

/// Of the last five seconds; in words too, not by its colour alone.
fn mos(tongue: Tongue, leg: &Value) -> String {
    let Some(mos) = number(leg, "/quality/mos_now_x100").map(|x100| x100 / 100.0) else {
        return NONE.to_owned();
    };
    match mos {
        _ if mos < POOR => {
            format!("<span class=bad>{mos:.1} {}</span>", tongue.say("špatné", "poor"))
        }
        _ if mos < FAIR => format!("{mos:.1} {}", tongue.say("ujde", "fair")),
        _ => format!("<span class=good>{mos:.1}</span>"),
    }
}

fn number(leg: &Value, pointer: &str) -> Option<f64> {
    leg.pointer(pointer).and_then(Value::as_f64)
}
