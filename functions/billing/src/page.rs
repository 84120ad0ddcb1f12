//! A statement for people: one HTML page without scripts, in the language of the order.
//!
//! To add a language: a row of [`Words`] and its arm in [`words`].

use std::fmt::Write;

use konf_contract::Language;
use konf_contract::link::{EndReason, Party};

use crate::statement::{Line, Statement};

/// The page may load nothing and run nothing; only its own style counts.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// On a narrow screen each row is a card, and each cell says its column.
const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;margin:1.5rem auto;padding:0 1rem;max-width:72rem;color:#1c2430}\
    h1{font-size:1.4rem}table{border-collapse:collapse;width:100%}\
    th,td{padding:.4rem .6rem;text-align:left;border-bottom:1px solid #d8dde4;vertical-align:top}\
    .n{text-align:right;font-variant-numeric:tabular-nums}small{color:#4a5666}\
    @media(max-width:48rem){thead{display:none}tr{display:block;border:1px solid #d8dde4;border-radius:8px;\
    padding:.4rem .8rem;margin:.8rem 0}td{display:flex;justify-content:space-between;gap:1rem;border:0;padding:.15rem 0}\
    td::before{content:attr(data-column);color:#4a5666}td.n{text-align:inherit}}";

/// The whole page.
pub fn page(statement: &Statement) -> String {
    let words = words(statement.language);
    let title = format!("{} {}", words.title, statement.conference);
    let mut rows = String::new();
    for line in &statement.legs {
        rows.push_str(&row(line, &statement.starts, words));
    }
    let head = words.columns.map(|column| format!("<th scope=\"col\">{column}</th>")).concat();
    format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n<p>{window}</p>\n\
         <table><thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table>\n{totals}</body></html>\n",
        lang = words.lang,
        title = escaped(&title),
        window = span(&statement.starts, &statement.ends, ""),
        totals = totals(statement, words),
    )
}

fn row(line: &Line, conference_starts: &str, words: &Words) -> String {
    let (billed, price, rule) = match &line.price {
        Some(price) => (
            price.billed_s.to_string(),
            price.czk.clone(),
            rule(&price.rule, price.tariff.as_deref()),
        ),
        None => (String::new(), words.unrated.to_owned(), String::new()),
    };
    let ended = format!("{} ({})", (words.reason)(line.why_ended), (words.party)(line.ended_by));
    let cells = [
        escaped(line.caller.as_deref().unwrap_or(words.withheld)),
        escaped(&line.network),
        span(&line.from, &line.to, conference_starts),
        duration(line.duration_ms),
        billed,
        price,
        rule,
        ended,
    ];
    let cell = |(at, text): (usize, String)| {
        let class = if (3..=5).contains(&at) { " class=\"n\"" } else { "" };
        format!("<td{class} data-column=\"{}\"><span>{text}</span></td>", words.columns[at])
    };
    format!("<tr>{}</tr>\n", cells.into_iter().enumerate().map(cell).collect::<String>())
}

/// The rule, and of the digest what tells one tariff from another; all of it where the pointer rests.
fn rule(rule: &str, digest: Option<&str>) -> String {
    let digest = digest.unwrap_or_default();
    let short = digest.get(..DIGEST_SHOWN).unwrap_or(digest);
    format!("{}<br><small title=\"{}\">{}</small>", escaped(rule), escaped(digest), escaped(short))
}

/// `sha256:` and eight digits.
const DIGEST_SHOWN: usize = 15;

fn totals(statement: &Statement, words: &Words) -> String {
    let total = &statement.total;
    let mut text = format!(
        "<p>{}: {} CZK<br>{} {} %: {} CZK<br><strong>{}: {} CZK</strong></p>\n",
        words.without_vat,
        total.without_vat,
        words.vat,
        total.vat_percent,
        total.vat,
        words.with_vat,
        total.with_vat,
    );
    if total.legs_unrated > 0 {
        let _ = writeln!(text, "<p>{}: {}</p>", words.to_come, total.legs_unrated);
    }
    text
}

/// From and to in wall time: `2027-07-09 14:00:03 – 14:01:04`. The day is left out when it is that of `known`, the
/// offset when both have the same (on the night of a change they have not).
fn span(from: &str, to: &str, known: &str) -> String {
    let split = |at: &str| {
        let (wall, offset) = at.split_at_checked(19).unwrap_or((at, ""));
        let (day, time) = wall.split_once('T').unwrap_or((wall, ""));
        (day.to_owned(), time.to_owned(), offset.to_owned())
    };
    let (from, to, known) = (split(from), split(to), split(known));
    let shown = |this: &(String, String, String), day_before: &str| {
        let day = if this.0 == day_before { String::new() } else { format!("{} ", this.0) };
        let offset = if from.2 == to.2 { String::new() } else { format!(" {}", this.2) };
        escaped(&format!("{day}{}{offset}", this.1))
    };
    format!("{} – {}", shown(&from, &known.0), shown(&to, &from.0))
}

/// Hours, minutes and seconds, with the milliseconds that decide whether another second is billed.
fn duration(ms: u64) -> String {
    let (s, ms) = (ms / 1000, ms % 1000);
    format!("{}:{:02}:{:02}.{ms:03}", s / 3600, s / 60 % 60, s % 60)
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

struct Words {
    lang: &'static str,
    title: &'static str,
    columns: [&'static str; 8],
    withheld: &'static str,
    unrated: &'static str,
    without_vat: &'static str,
    vat: &'static str,
    with_vat: &'static str,
    to_come: &'static str,
    reason: fn(EndReason) -> &'static str,
    party: fn(Party) -> &'static str,
}

fn words(language: Language) -> &'static Words {
    match language {
        Language::Cs => &CZECH,
        Language::En => &ENGLISH,
    }
}

static ENGLISH: Words = Words {
    lang: "en",
    title: "Statement of conference",
    columns: [
        "Caller",
        "Network",
        "From – to",
        "Duration",
        "Billed s",
        "CZK without VAT",
        "Tariff",
        "Ended",
    ],
    withheld: "withheld",
    unrated: "not rated yet",
    without_vat: "Without VAT",
    vat: "VAT",
    with_vat: "With VAT",
    to_come: "Calls still to be rated",
    reason: |reason| match reason {
        EndReason::HungUp => "hung up",
        EndReason::ConferenceEnded => "conference ended",
        EndReason::ClosedByOrganiser => "closed by the organiser",
        EndReason::Dropped => "dropped",
        EndReason::LegLimit => "70 minutes of a mobile network",
        EndReason::Denied => "not let in",
        EndReason::MediaLost => "no sound came any more",
        EndReason::EdgeFailed => "a failure of the service",
        EndReason::Operator => "ended by the operator",
    },
    party: |party| match party {
        Party::Caller => "caller",
        Party::Organiser => "organiser",
        Party::Konf => "service",
        Party::Network => "network",
    },
};

static CZECH: Words = Words {
    lang: "cs",
    title: "Výpis konference",
    columns: ["Volající", "Síť", "Od – do", "Délka", "Účtováno s", "Kč bez DPH", "Tarif", "Konec"],
    withheld: "skryté číslo",
    unrated: "zatím neoceněno",
    without_vat: "Bez DPH",
    vat: "DPH",
    with_vat: "S DPH",
    to_come: "Hovory, které se teprve ocení",
    reason: |reason| match reason {
        EndReason::HungUp => "zavěšeno",
        EndReason::ConferenceEnded => "konec konference",
        EndReason::ClosedByOrganiser => "ukončeno organizátorem",
        EndReason::Dropped => "odpojeno",
        EndReason::LegLimit => "70 minut mobilní sítě",
        EndReason::Denied => "nevpuštěno",
        EndReason::MediaLost => "ztráta zvuku",
        EndReason::EdgeFailed => "porucha služby",
        EndReason::Operator => "ukončeno operátorem",
    },
    party: |party| match party {
        Party::Caller => "volající",
        Party::Organiser => "organizátor",
        Party::Konf => "služba",
        Party::Network => "síť",
    },
};

#[cfg(test)]
mod tests;
