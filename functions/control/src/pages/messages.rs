//! Messages out: dead letters first, which wait for somebody to try or drop them.

use konf_ledger::OutboxLine;

use super::markup::{Form, Tongue, second, table, text};

/// `form` is none for those who only look.
pub(super) fn body(tongue: Tongue, lines: &[OutboxLine], form: Option<&Form>) -> String {
    let dead = lines.iter().filter(|line| line.state == "dead");
    let others = lines.iter().filter(|line| line.state != "dead");
    section(tongue, tongue.say("Nedoručitelné", "Dead letters"), "dead", dead, form)
        + &section(tongue, tongue.say("Ostatní", "Others"), "others", others, form)
}

fn section<'a>(
    tongue: Tongue,
    title: &str,
    id: &str,
    lines: impl Iterator<Item = &'a OutboxLine>,
    form: Option<&Form>,
) -> String {
    let heads = [
        tongue.say("Napsáno", "Written"),
        tongue.say("Komu", "To"),
        tongue.say("Co", "What"),
        tongue.say("Stav", "State"),
        tongue.say("Pokusů", "Tries"),
        tongue.say("Poslední chyba", "Last error"),
        "",
    ];
    let rows = lines.map(|line| {
        let error = text(line.last_error.as_deref().unwrap_or_default());
        let buttons = form.map_or(String::new(), |form| buttons(tongue, line, form));
        [
            second(tongue, line.created),
            text(&line.recipient),
            kind(tongue, &line.kind),
            state(tongue, line),
            line.attempts.to_string(),
            error,
            buttons,
        ]
    });
    table(title, id, &heads, rows, tongue)
}

fn buttons(tongue: Tongue, line: &OutboxLine, form: &Form) -> String {
    let button = |action: &str, name: &str| {
        let who = text(&line.recipient);
        format!(
            "{}<input type=hidden name=id value=\"{}\"><button class=quiet aria-label=\"{name} {who}\">{name}</button></form>",
            form.open(action),
            text(&line.id)
        )
    };
    let retry = || button("/desk/messages/retry", tongue.say("Zkusit znovu", "Try again"));
    let drop = || button("/desk/messages/drop", tongue.say("Zahodit", "Drop"));
    match line.state.as_str() {
        "dead" => retry() + &drop(),
        "waiting" => drop(),
        _ => String::new(),
    }
}

fn kind(tongue: Tongue, kind: &str) -> String {
    let name = match kind {
        "credentials" => tongue.say("přístupové údaje", "credentials"),
        "offers" => tongue.say("nabídka", "offers"),
        "refusal" => tongue.say("odmítnutí", "refusal"),
        "question" => tongue.say("dotaz", "question"),
        "receipt" => tongue.say("potvrzení přijetí", "receipt"),
        "reply" => tongue.say("odpověď operátora", "an operator's reply"),
        "cancelled" => tongue.say("zrušení", "cancellation"),
        "reminder" => tongue.say("připomenutí", "reminder"),
        other => other,
    };
    text(name)
}

fn state(tongue: Tongue, line: &OutboxLine) -> String {
    let name = match line.state.as_str() {
        "waiting" => tongue.say("čeká", "waiting"),
        "sending" => tongue.say("odesílá se", "sending"),
        "sent" if line.delivered.is_some() => tongue.say("doručeno", "delivered"),
        "sent" => tongue.say("odesláno", "sent"),
        "dead" => tongue.say("nedoručitelné", "dead"),
        "dropped" => tongue.say("zahozeno", "dropped"),
        other => other,
    };
    match line.state.as_str() {
        "dead" => format!("<span class=bad>{name}</span>"),
        _ => text(name),
    }
}
