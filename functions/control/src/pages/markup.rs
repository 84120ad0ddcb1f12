//! What all pages have in common: the frame, the style, two languages, and text that cannot become markup.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, header};
use konf_contract::UnixMs;
use konf_ledger::OperatorRole;
use sha2::{Digest as _, Sha256};

use super::form::cookie_named;
use super::people::role;
use crate::accounts::{Session, SessionToken};
use crate::operator::same;

/// Text in dark and light, on a phone and on a desk; numbers stand in columns, and on a phone each cell beside its
/// heading. Contrasts are at least 4.5 (WCAG 2.2, 1.4.3).
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2430;--paper:#f6f7f9;--card:#fff;--line:#d3d9e0;--soft:#4a5666;--good:#0b6b3a;--bad:#b3261e;--bar:#0b57a4;--ext:#b3541e;--held:#7a5ea8}\
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--paper:#12161c;--card:#1b212a;--line:#38424f;--soft:#a9b4c2;--good:#6fd39b;--bad:#ff9b93;--bar:#7db7f5;--ext:#f0a35e;--held:#c3a6f2}}\
*{box-sizing:border-box}body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:72rem;padding:1rem;color:var(--ink);background:var(--paper)}\
header{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;align-items:baseline;justify-content:space-between}\
h1{font-size:1.4rem;margin:.5rem 0}h2{font-size:1.1rem;margin:0}p{margin:.25rem 0}a{color:var(--bar)}\
section{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.75rem 1rem;margin:1rem 0}\
.wide{overflow-x:auto}:focus-visible{outline:3px solid var(--bar);outline-offset:2px}\
nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;border-bottom:1px solid var(--line);padding-bottom:.5rem;margin-bottom:.5rem}\
nav a{padding:.25rem 0;text-decoration:none}nav a[aria-current]{color:var(--ink);font-weight:600;border-bottom:3px solid var(--bar)}\
.me{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:center}form{margin:0}.skip:not(:focus){position:absolute;left:-99rem}\
label{display:block;font-size:.9rem;color:var(--soft)}input,select,textarea{font:inherit;width:100%;max-width:32rem;min-height:2.5rem;padding:.3rem .6rem;color:var(--ink);background:var(--paper);border:1px solid var(--soft);border-radius:6px}\
fieldset{border:1px solid var(--line);border-radius:6px;max-width:32rem}.day{display:inline-flex;align-items:center;gap:.4rem;margin-right:1rem;min-height:2rem}.day input{width:1.25rem;min-height:1.25rem}\
button{font:inherit;min-height:2.5rem;padding:.3rem 1rem;border:1px solid var(--bar);border-radius:6px;color:var(--paper);background:var(--bar);cursor:pointer}\
a.button{display:inline-block;padding:.5rem 1rem;border-radius:6px;color:var(--paper);background:var(--bar);text-decoration:none}\
button.quiet{color:var(--bar);background:none;min-height:2rem;padding:.1rem .7rem}.narrow{max-width:26rem}\
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;border-left:3px solid var(--line);padding-left:.75rem;margin:.5rem 0}h3{font-size:1rem;margin:.75rem 0 0}\
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}caption{text-align:left;color:var(--soft);font-size:.9rem}\
th,td{text-align:left;padding:.3rem .75rem .3rem 0;border-top:1px solid var(--line);white-space:nowrap;vertical-align:top}\
th{font-size:.85rem;color:var(--soft);border-top:0}td.n,th.n{text-align:right}td.t{white-space:normal;min-width:12rem}\
@media(min-width:60rem){.counts{table-layout:fixed}.counts th:first-child{width:8%}.counts th:nth-child(2){width:22%}.counts th:nth-child(8){width:15%}}\
@media(max-width:40rem){tr:has(th){display:none}tr{display:block;border-top:1px solid var(--line);padding:.4rem 0}\
td,td.n{display:flex;justify-content:space-between;gap:1rem;border:0;padding:.1rem 0;text-align:right;white-space:normal}\
td:empty{display:none}td:has(form){justify-content:flex-end}td[data-l]::before{content:attr(data-l);white-space:nowrap;color:var(--soft);font-size:.85rem}}\
.soft{color:var(--soft)}.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}\
svg{display:inline-block;vertical-align:middle;margin-left:.5rem}rect{fill:var(--line)}rect+rect{fill:var(--bar)}\
svg.cap{display:block;width:100%;height:10rem;margin:.5rem 0 0}.cap .b{fill:var(--bar)}.cap .e{fill:var(--ext)}.cap .o{fill:var(--held)}.cap .f{fill:var(--line)}\
.cap line{stroke:var(--soft);stroke-width:1;stroke-dasharray:2 4}.hours{display:flex;justify-content:space-between;font-size:.8rem;color:var(--soft)}@media(max-width:40rem){svg.cap{height:7rem}.hours span:nth-child(even){display:none}}\
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;padding:0;margin:.5rem 0}.legend svg.cap{display:inline-block;width:16px;height:16px;margin:0 .25rem 0 0}summary{cursor:pointer;padding:.25rem 0}details section{border:0;padding:0;margin:0}\
ol{padding-left:1.5rem}li{margin:.25rem 0}";

/// Says nothing of anybody.
const LANGUAGE_COOKIE: &str = "konf-desk-lang";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tongue {
    Cs,
    En,
}

impl Tongue {
    /// `?lang=` first, then what was chosen before, then what the browser prefers; Czech where it says neither.
    pub(super) fn of(request: &Request<Bytes>) -> Tongue {
        let chosen = cookie_named(request.headers(), LANGUAGE_COOKIE);
        let accepted = request.headers().get(header::ACCEPT_LANGUAGE);
        let accepted = accepted.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let known = |tag: &str| match tag.trim().get(..2).unwrap_or_default() {
            "cs" | "sk" => Some(Tongue::Cs),
            "en" => Some(Tongue::En),
            _ => None,
        };
        let asked = Tongue::asked(request).or(chosen);
        asked.and_then(known).or_else(|| accepted.split(',').find_map(known)).unwrap_or(Tongue::Cs)
    }

    /// What `?lang=` says, known or not.
    fn asked(request: &Request<Bytes>) -> Option<&str> {
        let pairs = request.uri().query().unwrap_or_default().split('&');
        pairs.filter_map(|pair| pair.strip_prefix("lang=")).next()
    }

    /// Keeps the choice for a year where one was made.
    pub(super) fn cookie(self, request: &Request<Bytes>) -> Option<String> {
        Tongue::asked(request)?;
        let tag = self.tag();
        Some(format!("{LANGUAGE_COOKIE}={tag}; Path=/desk; Max-Age=31536000; SameSite=Lax"))
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

/// What is live comes by itself, but not under the fingers of who is in the middle of it. A page that is no longer
/// given, for instance since its session has ended, is loaded anew to say so.
const SCRIPT: &str = "\
const main=document.getElementById('main'),news=new EventSource(location.pathname+location.search);\
news.onmessage=e=>{if(!main.contains(document.activeElement))main.innerHTML=e.data};\
news.onerror=()=>{if(news.readyState===EventSource.CLOSED)location.reload()}";

/// Nothing runs but [`SCRIPT`] and nothing is loaded; only the pages' own style counts, and forms and questions go to these
/// pages alone.
pub(super) fn content_security_policy() -> String {
    let [style, script] = [STYLE, SCRIPT].map(|text| STANDARD.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; connect-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// What stands around the body of a page.
pub(super) struct Frame<'a> {
    pub(super) tongue: Tongue,
    /// Where the page is, for the language's link.
    pub(super) path: &'a str,
    pub(super) title: &'a str,
    /// Who is signed in, and the session's forms; nobody on the page where one signs in.
    pub(super) session: Option<(&'a Session, &'a Form)>,
    /// The page is live: without scripts it renews itself after so many seconds. Never one on which somebody writes.
    pub(super) renew_s: Option<u32>,
    /// What has just been done, or why it was not.
    pub(super) notice: Option<Notice>,
}

pub(super) enum Notice {
    Done(String),
    Fault(String),
}

impl Frame<'_> {
    /// `body` is markup.
    pub(super) fn around(&self, body: &str) -> String {
        let Frame { tongue, path, .. } = self;
        let (tag, other) = (tongue.tag(), tongue.say("en", "cs"));
        let other_name = tongue.say("English", "Česky");
        let (title, path) = (text(self.title), text(path));
        let renew = self
            .renew_s
            .map(|s| format!("<noscript><meta http-equiv=refresh content={s}></noscript>"));
        let script =
            self.renew_s.map_or_else(String::new, |_| format!("<script>{SCRIPT}</script>"));
        let (renew, notice) = (renew.unwrap_or_default(), self.notice());
        let skip = tongue.say("Přeskočit na obsah", "Skip to the content");
        let (nav, me) = self.session.map(|of| self.navigation(of)).unwrap_or_default();
        format!(
            "<!doctype html><html lang={tag}><head><meta charset=utf-8>\
            <meta name=viewport content=\"width=device-width, initial-scale=1\">{renew}\
            <title>{title} – Konf</title><style>{STYLE}</style></head>\
            <body><a class=skip href=#main>{skip}</a><header><h1>{title}</h1><div class=me>{me}\
            <a href=\"{path}?lang={other}\" hreflang={other} lang={other}>{other_name}</a></div></header>{nav}\
            <main id=main>{notice}{body}</main>{script}</body></html>"
        )
    }

    fn notice(&self) -> String {
        match &self.notice {
            None => String::new(),
            Some(Notice::Done(said)) => {
                format!("<section role=status><p class=good>{}</p></section>", text(said))
            }
            Some(Notice::Fault(said)) => {
                format!("<section role=alert><p class=bad>{}</p></section>", text(said))
            }
        }
    }

    fn navigation(&self, (session, form): (&Session, &Form)) -> (String, String) {
        let shown = PAGES.iter().filter(|page| session.role >= page.role);
        let links: String = shown
            .map(|page| {
                let here = self.path == page.path
                    || self.path.starts_with(&format!("{}/", page.path)) && page.path != "/desk";
                let current = if here { " aria-current=page" } else { "" };
                let name = self.tongue.say(page.cs, page.en);
                format!("<a href={}{current}>{name}</a>", page.path)
            })
            .collect();
        let label = self.tongue.say("Stránky", "Pages");
        let (who, leave) = (text(&session.name), self.tongue.say("Odhlásit", "Sign out"));
        let open = form.open("/desk/sign-out");
        let me = format!(
            "<span class=soft>{who} ({})</span>{open}<button class=quiet>{leave}</button></form>",
            role(self.tongue, session.role)
        );
        (format!("<nav aria-label=\"{label}\">{links}</nav>"), me)
    }
}

/// A page in the navigation, and who sees it.
struct PageLink {
    path: &'static str,
    cs: &'static str,
    en: &'static str,
    role: OperatorRole,
}

const fn link(
    path: &'static str,
    cs: &'static str,
    en: &'static str,
    role: OperatorRole,
) -> PageLink {
    PageLink { path, cs, en, role }
}

const PAGES: &[PageLink] = &[
    link("/desk", "Kapacita", "Capacity", OperatorRole::Viewer),
    link("/desk/rooms", "Místnosti", "Rooms", OperatorRole::Viewer),
    link("/desk/requests", "Požadavky", "Requests", OperatorRole::Viewer),
    link("/desk/dedicated", "Vyhrazené", "Dedicated", OperatorRole::Viewer),
    link("/desk/messages", "Zprávy", "Messages", OperatorRole::Viewer),
    link("/desk/search", "Hledání", "Search", OperatorRole::Viewer),
    link("/desk/restrictions", "Omezení", "Restrictions", OperatorRole::Viewer),
    link("/desk/policies", "Pravidla", "Policies", OperatorRole::Viewer),
    link("/desk/audit", "Záznam", "Audit", OperatorRole::Operator),
    link("/desk/operators", "Účty", "Accounts", OperatorRole::Admin),
];

/// Forms of one session: each carries the token that no other site knows.
pub(super) struct Form(String);

impl Form {
    pub(super) fn of(token: &SessionToken) -> Form {
        Form(token.form_token())
    }

    /// Whether a form that was sent was one of these; takes the same time wherever the first difference is.
    pub(super) fn sent(&self, shown: &str) -> bool {
        same(self.0.as_bytes(), shown.as_bytes())
    }

    /// Up to and with the hidden field; `</form>` is for whoever opens it.
    pub(super) fn open(&self, action: &str) -> String {
        format!(
            "<form method=post action=\"{}\"><input type=hidden name=form value=\"{}\">",
            text(action),
            self.0
        )
    }
}

/// A section with a table; cells are markup. On a phone each cell stands beside its heading.
pub(super) fn table<const N: usize>(
    title: &str,
    id: &str,
    heads: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
    tongue: Tongue,
) -> String {
    let mut out = format!(
        "<section><h2 id={id}>{}</h2><div class=wide tabindex=0 role=region aria-labelledby={id}>",
        text(title)
    );
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return out + "<p>" + tongue.say("Nic.", "None.") + "</p></div></section>";
    }
    out += "<table><tr>";
    for head in heads {
        out += &format!("<th scope=col>{head}</th>");
    }
    out += "</tr>";
    for row in rows {
        out += "<tr>";
        for (cell, head) in row.iter().zip(heads) {
            let cell = if cell.is_empty() { String::new() } else { format!("<span>{cell}</span>") };
            out += &match head.is_empty() {
                true => format!("<td>{cell}</td>"),
                false => format!("<td data-l=\"{head}\">{cell}</td>"),
            };
        }
        out += "</tr>";
    }
    out + "</table></div></section>"
}

/// Czech wall time to the minute.
pub(super) fn minute(tongue: Tongue, at: UnixMs) -> String {
    wall(at, tongue.say("%-d.%-m.%Y %H:%M", "%-d %b %Y %H:%M"))
}

/// Czech wall time to the second.
pub(super) fn second(tongue: Tongue, at: UnixMs) -> String {
    wall(at, tongue.say("%-d.%-m.%Y %H:%M:%S", "%-d %b %Y %H:%M:%S"))
}

/// Czech wall time, `14:05`.
pub(super) fn time_of_day(at: UnixMs) -> String {
    wall(at, "%H:%M")
}

fn wall(at: UnixMs, form: &str) -> String {
    let zone = jiff::tz::get!("Europe/Prague");
    let time = jiff::Timestamp::from_millisecond(at.0).map(|time| time.to_zoned(zone));
    time.map(|time| time.strftime(form).to_string()).unwrap_or_default()
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
