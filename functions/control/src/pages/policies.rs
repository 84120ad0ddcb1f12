//! Which policies decide, and how they do: versions, calls, latencies, and where one that is tried differs.

use std::fmt::Write as _;

use konf_contract::UnixMs;
use serde_json::Value;

use super::markup::{Tongue, bar, frame, text};

/// The latest changes that are shown.
const CHANGES_SHOWN: usize = 30;
/// Of `sha256:` and 64 digits the first eight tell one from another.
const DIGEST: std::ops::Range<usize> = 7..15;

/// `lines` and `audit` are what `GET policies` and `GET policies/audit` answer.
pub(super) fn page(tongue: Tongue, lines: &[Value], audit: &[Value], now: UnixMs) -> String {
    let mut body = format!("<p class=soft>{}</p>", summary(tongue, now));
    let mut worlds: Vec<&str> = lines.iter().map(|line| said(line, "/world")).collect();
    worlds.dedup();
    for world in worlds {
        let of_world: Vec<&Value> =
            lines.iter().filter(|line| said(line, "/world") == world).collect();
        body += &section(tongue, world, &of_world);
    }
    body += &changes(tongue, audit);
    frame(tongue, "/desk/policies", tongue.say("Pravidla", "Policies"), &body)
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
    let heads = [
        (tongue.say("Verze", "Version"), ""),
        (tongue.say("Stav", "State"), ""),
        (tongue.say("Dotazů", "Calls"), " class=n"),
        (tongue.say("Selhání", "Failures"), " class=n"),
        ("p50 µs", " class=n"),
        ("p99 µs", " class=n"),
        (tongue.say("Liší se", "Differs"), ""),
        (tongue.say("Od", "Since"), ""),
        (tongue.say("Otisk", "Digest"), ""),
    ];
    let mut out = format!(
        "<section><h2 id=\"{name}\">{name}</h2><div class=wide tabindex=0 role=region aria-labelledby=\"{name}\"><table><tr>"
    );
    for (head, class) in heads {
        let _ = write!(out, "<th scope=col{class}>{head}</th>");
    }
    out += "</tr>";
    for line in lines {
        out += &row(tongue, line);
    }
    out + "</table></div></section>"
}

fn row(tongue: Tongue, line: &Value) -> String {
    let failures = number(line, "/counted/failures");
    let alarm = if failures > 0 { " bad" } else { "" };
    let mut out = format!("<tr><td>{}</td><td>{}</td>", version(tongue, line), state(tongue, line));
    let _ = write!(
        out,
        "<td class=n>{}</td><td class=\"n{alarm}\">{failures}</td><td class=n>{}</td><td class=n>{}</td><td>{}</td>",
        number(line, "/counted/calls"),
        number(line, "/counted/p50_us"),
        number(line, "/counted/p99_us"),
        differences(tongue, line),
    );
    let since = line.pointer("/changed").and_then(Value::as_i64);
    let since = since.map(|at| time(tongue, at)).unwrap_or_default();
    let digest = said(line, "/digest").get(DIGEST).unwrap_or_default();
    let _ = write!(out, "<td>{since}</td><td class=soft>{}</td></tr>", text(digest));
    for (what, class) in [("/fault", "bad"), ("/note", "soft")] {
        if !said(line, what).is_empty() {
            let _ = write!(
                out,
                "<tr><td></td><td colspan=8 class=t><span class={class}>{}</span></td></tr>",
                text(said(line, what))
            );
        }
    }
    out
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
    for head in [
        tongue.say("Kdy", "When"),
        tongue.say("Pravidlo", "Policy"),
        tongue.say("Změna", "Change"),
        tongue.say("Kdo", "Who"),
        tongue.say("Poznámka", "Note"),
    ] {
        let _ = write!(out, "<th scope=col>{head}</th>");
    }
    out += "</tr>";
    for change in audit.iter().take(CHANGES_SHOWN) {
        let at = change.pointer("/at").and_then(Value::as_i64).unwrap_or_default();
        let [world, what, by, note] =
            ["/world", "/change", "/by", "/note"].map(|at| text(said(change, at)));
        let version = number(change, "/version");
        let _ = write!(
            out,
            "<tr><td>{}</td><td>{world} {version}</td><td>{what}</td><td>{by}</td><td class=t>{note}</td></tr>",
            time(tongue, at)
        );
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
    let shown = jiff::Timestamp::from_millisecond(at_ms)
        .and_then(|at| at.in_tz("Europe/Prague"))
        .map(|at| at.strftime(tongue.say("%-d. %-m. %H:%M:%S", "%-d %b %H:%M:%S")).to_string());
    shown.unwrap_or_default()
}
