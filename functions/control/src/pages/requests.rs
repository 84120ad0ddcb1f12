//! Requests for operators: the queue by deadline, and one of them with what can be done about it.

use std::fmt::Write as _;

use konf_contract::{Language, UnixMs};
use konf_ledger::{RequestLine, SOON_MS, masked};

use super::markup::{Form, Tongue, minute, table, text};
use crate::operator::requests::{ANSWER_CHARACTERS_MAX, TEMPLATES};

pub(super) fn list(
    tongue: Tongue,
    open: &[RequestLine],
    closed: &[RequestLine],
    now: UnixMs,
) -> String {
    let late = open.iter().filter(|request| request.due <= now).count();
    let soon = open.iter().filter(|request| is_soon(request, now)).count();
    let summary = match tongue {
        Tongue::Cs => format!("Čeká {}; do 15 minut vyprší {soon}, po termínu {late}.", open.len()),
        Tongue::En => {
            format!("{} wait: {soon} due within 15 minutes, {late} late.", open.len())
        }
    };
    let class = if late + soon > 0 { "bad" } else { "soft" };
    let mut out = format!("<p class={class} role=status>{summary}</p>");
    let heads = [
        tongue.say("Vyřídit do", "Due"),
        tongue.say("Od koho", "From"),
        tongue.say("Co chce", "What"),
        tongue.say("Přijato", "Received"),
    ];
    let rows = open.iter().map(|request| {
        let link = format!(
            "<a href=\"/desk/requests/{}\">{}</a>",
            text(&request.id),
            wanted(tongue, request)
        );
        [
            due(tongue, request, now),
            text(&masked(&request.sender)),
            link,
            minute(tongue, request.received),
        ]
    });
    out += &table(tongue.say("Čekají", "Waiting"), "open", &heads, rows, tongue);
    let heads = [
        tongue.say("Vyřízeno", "Done"),
        tongue.say("Od koho", "From"),
        tongue.say("Výsledek", "Result"),
        tongue.say("Kdo", "Who"),
        tongue.say("Poznámka", "Note"),
    ];
    let rows = closed.iter().map(|request| {
        let missed = request.closed.is_some_and(|closed| closed > request.due);
        let class = if missed { "bad" } else { "good" };
        let when = request.closed.map(|at| minute(tongue, at)).unwrap_or_default();
        let when = format!("<span class={class}>{when}</span>");
        let result = result(tongue, request.result.as_deref().unwrap_or_default());
        let by = text(request.by.as_deref().unwrap_or_default());
        let note = text(request.note.as_deref().unwrap_or_default());
        [when, text(&masked(&request.sender)), result.to_owned(), by, note]
    });
    out + &table(tongue.say("Vyřízené", "Done"), "closed", &heads, rows, tongue)
}

/// `sender` is in full where an operator asked for it. `form` is none for those who only look.
pub(super) fn one(
    tongue: Tongue,
    request: &RequestLine,
    sender: Option<&str>,
    form: Option<&Form>,
    now: UnixMs,
) -> String {
    let who = text(sender.unwrap_or(&masked(&request.sender)));
    let mut out = format!(
        "<section><p><strong>{}</strong>: {}</p><p>{}: {who}</p><p>{}: {}</p><pre>{}</pre>",
        tongue.say("Vyřídit do", "Due"),
        due(tongue, request, now),
        tongue.say("Od koho", "From"),
        tongue.say("Přijato", "Received"),
        minute(tongue, request.received),
        text(&request.text),
    );
    let show = tongue.say("Ukázat celé číslo (zapíše se)", "Show the whole number (this is noted)");
    if let (Some(form), None) = (form, sender) {
        out += &form.open(&action(request, "show"));
        let _ = write!(out, "<button class=quiet>{show}</button></form>");
    }
    out += "</section>";
    match (form, request.closed) {
        (Some(form), None) => out + &actions(tongue, request, form),
        (_, Some(closed)) => {
            let result = result(tongue, request.result.as_deref().unwrap_or_default());
            let by = text(request.by.as_deref().unwrap_or_default());
            let note = text(request.note.as_deref().unwrap_or_default());
            out + &format!(
                "<section><p>{result}, {by}, {}</p><p>{note}</p></section>",
                minute(tongue, closed)
            )
        }
        (None, None) => out,
    }
}

fn actions(tongue: Tongue, request: &RequestLine, form: &Form) -> String {
    approve(tongue, request, form)
        + &answer(tongue, request, form)
        + &short(tongue, request, form, Short::Decline)
        + &short(tongue, request, form, Short::Close)
}

fn approve(tongue: Tongue, request: &RequestLine, form: &Form) -> String {
    let order = request.order;
    let at = order.map(|order| form_time(order.window.start)).unwrap_or_default();
    let number = |value: Option<i64>| value.map(|value| value.to_string()).unwrap_or_default();
    let minutes = number(order.map(|order| order.window.minutes()));
    let people = number(order.map(|order| i64::from(order.seats)));
    let help = tongue.say(
        "Objedná konferenci i nad běžné limity (nejvýše den a 500 osob) a pošle přístupové údaje.",
        "Books it beyond the usual limits (a day and 500 people at most) and sends the credentials.",
    );
    format!(
        "<section><h2>{title}</h2><p class=soft>{help}</p>{open}\
        <p><label for=at>{start}</label><input id=at name=at type=datetime-local value=\"{at}\" required></p>\
        <p><label for=minutes>{length}</label><input id=minutes name=minutes type=number min=1 max=1440 value=\"{minutes}\" required></p>\
        <p><label for=people>{seats}</label><input id=people name=people type=number min=2 max=500 value=\"{people}\" required></p>\
        <p><button>{do_it}</button></p></form></section>",
        title = tongue.say("Schválit", "Approve"),
        open = form.open(&action(request, "approve")),
        start = tongue.say("Začátek (pražský čas)", "Start (Prague time)"),
        length = tongue.say("Minut", "Minutes"),
        seats = tongue.say("Osob", "People"),
        do_it = tongue.say("Schválit a objednat", "Approve and book"),
    )
}

/// A template is chosen by its own button: it fills nothing in, since no script runs here.
fn answer(tongue: Tongue, request: &RequestLine, form: &Form) -> String {
    let language = match request.language {
        Language::Cs => tongue.say("česky", "in Czech"),
        Language::En => tongue.say("anglicky", "in English"),
    };
    let open = form.open(&action(request, "answer"));
    let mut out = format!(
        "<section><h2>{} {language}</h2>{open}\
        <p><label for=text>{}</label><textarea id=text name=text rows=3 maxlength={ANSWER_CHARACTERS_MAX} required></textarea></p>\
        <p><button>{}</button></p></form><h3>{}</h3>",
        tongue.say("Odpovědět", "Answer"),
        tongue.say("Text", "Text"),
        tongue.say("Odeslat", "Send"),
        tongue.say("Hotové odpovědi", "Ready answers"),
    );
    for template in TEMPLATES {
        let (name, said) = (template.name, text(template.text(request.language)));
        let _ = write!(
            out,
            "{open}<p>{said}<input type=hidden name=template value={name}> <button class=quiet>{}</button></p></form>",
            tongue.say("Odeslat toto", "Send this"),
        );
    }
    out + "</section>"
}

enum Short {
    Decline,
    Close,
}

fn short(tongue: Tongue, request: &RequestLine, form: &Form, what: Short) -> String {
    let (way, field, title, label) = match what {
        Short::Decline => (
            "decline",
            "reason",
            tongue.say("Odmítnout", "Decline"),
            tongue.say("Důvod, jak ho dostane zákazník", "The reason, as the customer gets it"),
        ),
        Short::Close => (
            "close",
            "note",
            tongue.say("Uzavřít bez zprávy", "Close without a message"),
            tongue.say("Poznámka pro záznam", "A note for the record"),
        ),
    };
    let open = form.open(&action(request, way));
    format!(
        "<section><h2>{title}</h2>{open}<p><label for={field}>{label}</label>\
        <input id={field} name={field} maxlength={ANSWER_CHARACTERS_MAX} required></p>\
        <p><button>{title}</button></p></form></section>"
    )
}

fn action(request: &RequestLine, way: &str) -> String {
    format!("/desk/requests/{}/{way}", request.id)
}

fn due(tongue: Tongue, request: &RequestLine, now: UnixMs) -> String {
    let when = minute(tongue, request.due);
    if request.closed.is_some() {
        return when;
    }
    let left = request.due.since(now) / UnixMs::MINUTE;
    match tongue {
        _ if request.due <= now => {
            let late = tongue.say("po termínu", "late");
            format!("<span class=bad>{when} {late}</span>")
        }
        Tongue::Cs if is_soon(request, now) => {
            format!("<span class=bad>{when}, zbývá {left} min</span>")
        }
        Tongue::En if is_soon(request, now) => {
            format!("<span class=bad>{when}, {left} min left</span>")
        }
        _ => when,
    }
}

fn is_soon(request: &RequestLine, now: UnixMs) -> bool {
    request.due > now && request.due.since(now) <= SOON_MS
}

/// What was understood of it, or the first words.
fn wanted(tongue: Tongue, request: &RequestLine) -> String {
    const CHARACTERS: usize = 60;
    match request.order {
        Some(order) => format!(
            "{}, {} min, {} {}",
            minute(tongue, order.window.start),
            order.window.minutes(),
            order.seats,
            tongue.say("osob", "people"),
        ),
        None => {
            let mut words: String = request.text.chars().take(CHARACTERS).collect();
            if request.text.chars().count() > CHARACTERS {
                words.push('…');
            }
            if words.trim().is_empty() {
                tongue.say("(bez textu)", "(no text)").to_owned()
            } else {
                text(&words)
            }
        }
    }
}

fn result(tongue: Tongue, result: &str) -> &'static str {
    match result {
        "approved" => tongue.say("schváleno", "approved"),
        "answered" => tongue.say("odpovězeno", "answered"),
        "declined" => tongue.say("odmítnuto", "declined"),
        _ => tongue.say("uzavřeno", "closed"),
    }
}

/// As a field of a form has it.
fn form_time(at: UnixMs) -> String {
    let zone = jiff::tz::get!("Europe/Prague");
    let time = jiff::Timestamp::from_millisecond(at.0).map(|time| time.to_zoned(zone));
    time.map(|time| time.strftime("%Y-%m-%dT%H:%M").to_string()).unwrap_or_default()
}
