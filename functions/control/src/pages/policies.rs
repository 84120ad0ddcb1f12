//! Which policies decide, and how they do: versions, calls, latencies, and where one that is tried differs.

use std::fmt::Write as _;

use konf_contract::UnixMs;
use serde_json::Value;

use super::markup::{Tongue, bar, text};

/// The latest changes that are shown.
const CHANGES_SHOWN: usize = 30;
/// Of `sha256:` and 64 digits the first eight tell one from another.
const DIGEST: std::ops::Range<usize> = 7..15;

/// `lines` and `audit` are what `GET policies` and `GET policies/audit` answer.
pub(super) fn body(tongue: Tongue, lines: &[Value], audit: &[Value], now: UnixMs) -> String {
    let mut body = format!("<p class=soft>{}</p>", summary(tongue, now));
    let mut worlds: Vec<&str> = lines.iter().map(|line| said(line, "/world")).collect();
    worlds.dedup();
    for world in worlds {
        let of_world: Vec<&Value> =
            lines.iter().filter(|line| said(line, "/world") == world).collect();
        body += &section(tongue, world, &of_world);
    }
    body += &changes(tongue, audit);
    body
}

fn summary(tongue: Tongue, now: UnixMs) -> String {
    let now = time(tongue, now.0);
    match tongue {
        Tongue::Cs => format!(
            "Stav v {now}; čísla platí od načtení pravidla. Pravidla se mění příkazem konf policy."
        ),
        Tongue::En => format!(
            "As of {now}; numbers count from when a policy was loaded. Policies are changed by konf policy."
        ),
    }
}

fn section(tongue: Tongue, world: &str, lines: &[&Value]) -> String {
    let name = text(world);
    let mut out = format!(
        "<section><h2 id=\"{name}\">{name}</h2><div class=wide tabindex=0 role=region aria-labelledby=\"{name}\"><table class=counts><tr>"
    );
    for (head, numbers) in heads(tongue) {
        let class = if numbers { " class=n" } else { "" };
        let _ = write!(out, "<th scope=col{class}>{head}</th>");
    }
    out += "</tr>";
    for line in lines {
        out += &row(tongue, line);
    }
    out + "</table></div></section>"
}

/// Headings, and whether numbers stand below.
fn heads(tongue: Tongue) -> [(&'static str, bool); 9] {
    [
        (tongue.say("Verze", "Version"), false),
        (tongue.say("Stav", "State"), false),
        (tongue.say("Dotazů", "Calls"), true),
        (tongue.say("Selhání", "Failures"), true),
        ("p50 µs", true),
        ("p99 µs", true),
        (tongue.say("Liší se", "Differs"), false),
        (tongue.say("Od", "Since"), false),
        (tongue.say("Otisk", "Digest"), false),
    ]
}

fn row(tongue: Tongue, line: &Value) -> String {
    let counted = |what: &str| number(line, &format!("/counted/{what}")).to_string();
    let since = line.pointer("/changed").and_then(Value::as_i64);
    let digest = said(line, "/digest").get(DIGEST).unwrap_or_default();
    let cells = [
        version(tongue, line),
        state(tongue, line),
        counted("calls"),
        failures(line),
        counted("p50_us"),
        counted("p99_us"),
        differences(tongue, line),
        since.map(|at| time(tongue, at)).unwrap_or_default(),
        text(digest),
    ];
    let mut out = "<tr>".to_owned();
    for (cell, (head, numbers)) in cells.iter().zip(heads(tongue)) {
        let class = if numbers { " class=n" } else { "" };
        let _ = write!(out, "<td{class} data-l=\"{head}\">{}</td>", whole(cell));
    }
    out += "</tr>";
    for (what, class) in [("/fault", "bad"), ("/note", "soft")] {
        if !said(line, what).is_empty() {
            let said = text(said(line, what));
            let _ = write!(
                out,
                "<tr><td></td><td colspan=8 class=t><span class={class}>{said}</span></td></tr>"
            );
        }
    }
    out
}

/// On a phone a cell stands beside its heading, as one.
fn whole(cell: &str) -> String {
    if cell.is_empty() { String::new() } else { format!("<span>{cell}</span>") }
}

fn failures(line: &Value) -> String {
    match number(line, "/counted/failures") {
        0 => "0".to_owned(),
        failures => format!("<span class=bad>{failures}</span>"),
    }
}

fn version(tongue: Tongue, line: &Value) -> String {
    match number(line, "/version") {
        0 => tongue.say("výchozí", "default").to_owned(),
        version => version.to_string(),
    }
}

fn state(tongue: Tongue, line: &Value) -> String {
    let state = said(line, "/state");
    let name = match state {
        "pushed" => tongue.say("nahráno", "pushed"),
        "shadow" => tongue.say("stín", "shadow"),
        "canary" => tongue.say("na zkoušku", "canary"),
        "active" => tongue.say("aktivní", "active"),
        "retired" => tongue.say("dříve aktivní", "retired"),
        "rejected" => tongue.say("vráceno zpět", "rejected"),
        "default" => tongue.say("vestavěné", "built in"),
        other => other,
    };
    let mut out = text(name);
    if state == "canary" {
        let percent = number(line, "/percent");
        let _ = write!(out, " {percent} %{}", bar(percent as f64));
    }
    if line.pointer("/decides").and_then(Value::as_bool) == Some(true) {
        let _ = write!(out, " <span class=good>{}</span>", tongue.say("● rozhoduje", "● decides"));
    }
    out
}

fn differences(tongue: Tongue, line: &Value) -> String {
    let (compared, different) =
        (number(line, "/counted/compared"), number(line, "/counted/different"));
    if compared == 0 {
        return "–".to_owned();
    }
    let percent = 100.0 * different as f64 / compared as f64;
    let of = tongue.say("z", "of");
    format!("{different} {of} {compared} ({percent:.1} %){}", bar(percent))
}

fn changes(tongue: Tongue, audit: &[Value]) -> String {
    let title = tongue.say("Poslední změny", "Latest changes");
    let mut out = format!(
        "<section><h2 id=changes>{title}</h2><div class=wide tabindex=0 role=region aria-labelledby=changes>"
    );
    if audit.is_empty() {
        let none = tongue.say("Zatím žádné.", "None so far.");
        return out + "<p>" + none + "</p></div></section>";
    }
    out += "<table><tr>";
    let heads = [
        tongue.say("Kdy", "When"),
        tongue.say("Pravidlo", "Policy"),
        tongue.say("Změna", "Change"),
        tongue.say("Kdo", "Who"),
        tongue.say("Poznámka", "Note"),
    ];
    for head in heads {
        let _ = write!(out, "<th scope=col>{head}</th>");
    }
    out += "</tr>";
    for change in audit.iter().take(CHANGES_SHOWN) {
        let at = change.pointer("/at").and_then(Value::as_i64).unwrap_or_default();
        let [world, what, by, note] =
            ["/world", "/change", "/by", "/note"].map(|at| text(said(change, at)));
        let policy = format!("{world} {}", number(change, "/version"));
        out += "<tr>";
        for (cell, head) in [time(tongue, at), policy, what, by, note].iter().zip(heads) {
            let _ = write!(out, "<td data-l=\"{head}\">{cell}</td>");
        }
        out += "</tr>";
    }
    out + "</table></div></section>"
}

fn said<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
}

/// Czech wall time, as all of Konf tells it.
fn time(tongue: Tongue, at_ms: i64) -> String {
    let form = tongue.say("%-d. %-m. %H:%M:%S", "%-d %b %H:%M:%S");
    match jiff::Timestamp::from_millisecond(at_ms) {
        Ok(at) => at.to_zoned(jiff::tz::get!("Europe/Prague")).strftime(form).to_string(),
        Err(_) => at_ms.to_string(),
    }
}
