//! What all pages have in common: the frame, the style, two languages, and text that cannot become markup.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, header};
use sha2::{Digest as _, Sha256};

/// Text in dark and light, on a phone and on a desk; numbers stand in columns, and on a phone each cell beside its
/// heading. Contrasts are at least 4.5 (WCAG 2.2, 1.4.3).
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2430;--paper:#f6f7f9;--card:#fff;--line:#d3d9e0;--soft:#4a5666;--good:#0b6b3a;--bad:#b3261e;--bar:#0b57a4}\
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--paper:#12161c;--card:#1b212a;--line:#38424f;--soft:#a9b4c2;--good:#6fd39b;--bad:#ff9b93;--bar:#7db7f5}}\
*{box-sizing:border-box}body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:72rem;padding:1rem;color:var(--ink);background:var(--paper)}\
header{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;align-items:baseline;justify-content:space-between}\
h1{font-size:1.4rem;margin:.5rem 0}h2{font-size:1.1rem;margin:0}p{margin:.25rem 0}a{color:var(--bar)}\
section{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.75rem 1rem;margin:1rem 0}\
.wide{overflow-x:auto}.wide:focus-visible,a:focus-visible{outline:3px solid var(--bar);outline-offset:2px}\
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}caption{text-align:left;color:var(--soft);font-size:.9rem}\
th,td{text-align:left;padding:.3rem .75rem .3rem 0;border-top:1px solid var(--line);white-space:nowrap;vertical-align:top}\
th{font-size:.85rem;color:var(--soft);border-top:0}td.n,th.n{text-align:right}td.t{white-space:normal;min-width:12rem}\
@media(min-width:60rem){.counts{table-layout:fixed}.counts th:first-child{width:8%}.counts th:nth-child(2){width:22%}.counts th:nth-child(8){width:15%}}\
@media(max-width:40rem){tr:has(th){display:none}tr{display:block;border-top:1px solid var(--line);padding:.4rem 0}\
td,td.n{display:flex;justify-content:space-between;gap:1rem;border:0;padding:.1rem 0;text-align:right;white-space:normal}\
td:empty{display:none}td[data-l]::before{content:attr(data-l);color:var(--soft);font-size:.85rem}}\
.soft{color:var(--soft)}.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}\
svg{display:inline-block;vertical-align:middle;margin-left:.5rem}rect{fill:var(--line)}rect+rect{fill:var(--bar)}";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tongue {
    Cs,
    En,
}

impl Tongue {
    /// `?lang=` first, then what the browser prefers; Czech where it says neither.
    pub(super) fn of(request: &Request<Bytes>) -> Tongue {
        let asked = request.uri().query().unwrap_or_default().split('&');
        let asked = asked.filter_map(|pair| pair.strip_prefix("lang=")).next();
        let accepted = request.headers().get(header::ACCEPT_LANGUAGE);
        let accepted = accepted.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let known = |tag: &str| match tag.trim().get(..2).unwrap_or_default() {
            "cs" | "sk" => Some(Tongue::Cs),
            "en" => Some(Tongue::En),
            _ => None,
        };
        asked.and_then(known).or_else(|| accepted.split(',').find_map(known)).unwrap_or(Tongue::Cs)
    }

    pub(super) fn say(self, cs: &'static str, en: &'static str) -> &'static str {
        match self {
            Tongue::Cs => cs,
            Tongue::En => en,
        }
    }

    fn tag(self) -> &'static str {
        self.say("cs", "en")
    }
}

/// Nothing runs and nothing is loaded; only the pages' own style counts.
pub(super) fn content_security_policy() -> String {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// A page that renews itself every ten seconds; `body` is markup.
pub(super) fn frame(tongue: Tongue, path: &str, title: &str, body: &str) -> String {
    let (tag, other) = (tongue.tag(), tongue.say("en", "cs"));
    let other_name = tongue.say("English", "Česky");
    let title = text(title);
    format!(
        "<!doctype html><html lang={tag}><head><meta charset=utf-8>\
        <meta name=viewport content=\"width=device-width, initial-scale=1\">\
        <meta http-equiv=refresh content=10><title>{title} – Konf</title><style>{STYLE}</style></head>\
        <body><header><h1>{title}</h1>\
        <a href=\"{path}?lang={other}\" hreflang={other} lang={other}>{other_name}</a></header><main>{body}</main></body></html>"
    )
}

/// What was written by people or programs, as text.
pub(super) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            other => out.push(other),
        }
    }
    out
}

/// A part of a whole in a hundred, drawn; says nothing that does not stand beside it as a number.
pub(super) fn bar(percent: f64) -> String {
    let width = percent.clamp(0.0, 100.0) * 0.6;
    format!(
        "<svg width=60 height=8 aria-hidden=true><rect width=60 height=8 rx=2 /><rect width={width:.1} height=8 rx=2 /></svg>"
    )
}
