//! A statement for people: one HTML page without scripts, in the language of the order.
//!
//! To add a language: a row of [`Words`] and its arm in [`words`].

use std::fmt::Write;

use konf_contract::Language;
use konf_contract::link::{EndReason, Party};

use crate::statement::{Line, Statement};

/// The page may load nothing and run nothing; only its own style counts.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const STYLE: &str = "body{font:1rem/1.4 system-ui,sans-serif;margin:2rem;color:#222}\
    table{border-collapse:collapse}th,td{padding:.3rem .6rem;text-align:left;border-bottom:1px solid #ccc}\
    .n{text-align:right;font-variant-numeric:tabular-nums}small{color:#666}";

/// The whole page.
pub fn page(statement: &Statement) -> String {
    let words = words(statement.language);
    let title = format!("{} {}", words.title, statement.conference);
    let mut rows = String::new();
    for line in &statement.legs {
        rows.push_str(&row(line, words));
    }
    let head = words.columns.map(|column| format!("<th>{column}</th>")).concat();
    format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n<p>{starts} – {ends}</p>\n\
         <table><thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table>\n{totals}</body></html>\n",
        lang = words.lang,
        title = escaped(&title),
        starts = when(&statement.starts),
        ends = when(&statement.ends),
        totals = totals(statement, words),
    )
}

fn row(line: &Line, words: &Words) -> String {
    let (billed, price, rule) = match &line.price {
        Some(price) => {
            let digest = price.tariff.as_deref().unwrap_or_default();
            let rule = format!("{}<br><small>{}</small>", escaped(&price.rule), escaped(digest));
            (price.billed_s.to_string(), price.czk.clone(), rule)
        }
        None => (String::new(), words.unrated.to_owned(), String::new()),
    };
    format!(
        "<tr><td>{caller}</td><td>{network}</td><td>{from} – {to}</td><td class=\"n\">{duration}</td>\
         <td class=\"n\">{billed}</td><td class=\"n\">{price}</td><td>{rule}</td><td>{why} ({who})</td></tr>\n",
        caller = escaped(line.caller.as_deref().unwrap_or(words.withheld)),
        network = escaped(&line.network),
        from = when(&line.from),
        to = when(&line.to),
        duration = duration(line.duration_ms),
        why = (words.reason)(line.why_ended),
        who = (words.party)(line.ended_by),
    )
}

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

/// `2027-07-09T14:00:03+02:00` as `2027-07-09 14:00:03 +02:00`.
fn when(at: &str) -> String {
    let (wall, offset) = at.split_at_checked(19).unwrap_or((at, ""));
    escaped(&format!("{} {offset}", wall.replace('T', " ")))
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
