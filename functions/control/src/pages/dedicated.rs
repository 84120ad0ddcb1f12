//! Dedicated conferences: a customer's standing room.

use konf_api::ledger::{BookingState, Weekly};
use konf_ledger::DedicatedLine;

use super::markup::{Form, Tongue, minute, table, text};

/// `form` is none for those who only look.
pub(super) fn body(tongue: Tongue, lines: &[DedicatedLine], form: Option<&Form>) -> String {
    let heads = [
        tongue.say("Zákazník", "Customer"),
        tongue.say("Číslo", "Number"),
        tongue.say("Osob", "People"),
        tongue.say("Kdy", "When"),
        tongue.say("Příště", "Next"),
        tongue.say("Stav", "State"),
        tongue.say("Edge", "Edge"),
        tongue.say("Údaje dostal", "Credentials went to"),
        "",
    ];
    let rows = lines.iter().map(|line| {
        let number = line.number.as_str();
        [
            text(&line.customer),
            format!("<a href=/desk/price/{number}>{number}</a>"),
            line.seats.to_string(),
            when(tongue, line),
            line.next.map_or("–".to_owned(), |next| minute(tongue, next.start)),
            state(tongue, line.state).to_owned(),
            text(&line.edge),
            text(&line.sender),
            form.map_or(String::new(), |form| cancel(tongue, line, form)),
        ]
    });
    let list = table(
        tongue.say("Vyhrazené konference", "Dedicated conferences"),
        "dedicated",
        &heads,
        rows,
        tongue,
    );
    form.map_or(list.clone(), |form| list + &order(tongue, form))
}

fn cancel(tongue: Tongue, line: &DedicatedLine, form: &Form) -> String {
    if line.state != BookingState::Booked {
        return String::new();
    }
    let name = tongue.say("Zrušit", "Cancel");
    format!(
        "{}<input type=hidden name=id value=\"{}\"><button class=quiet aria-label=\"{name} {}\">{name}</button></form>",
        form.open("/desk/dedicated/cancel"),
        text(&line.id),
        text(&line.customer),
    )
}

fn order(tongue: Tongue, form: &Form) -> String {
    let days: String = (1..=7_u8)
        .map(|day| {
            format!(
                "<label class=day><input type=checkbox name=day{day} value=1> {}</label>",
                day_name(tongue, day)
            )
        })
        .collect();
    format!(
        "<section><h2>{title}</h2><p class=soft>{help}</p>{open}\
        <p><label for=customer>{customer}</label><input id=customer name=customer maxlength=200 required></p>\
        <p><label for=sender>{sender}</label><input id=sender name=sender autocomplete=off required></p>\
        <p><label for=people>{people}</label><input id=people name=people type=number min=2 max=500 required></p>\
        <p><label for=from>{from}</label><input id=from name=from type=date required></p>\
        <p><label for=to>{to}</label><input id=to name=to type=date required></p>\
        <fieldset><legend>{which}</legend>{days}</fieldset>\
        <p><label for=at>{at}</label><input id=at name=at type=time></p>\
        <p><label for=minutes>{minutes}</label><input id=minutes name=minutes type=number min=1 max=1440></p>\
        <p><label for=language>{language}</label><select id=language name=language><option value=cs>Česky</option><option value=en>English</option></select></p>\
        <p><button>{title}</button></p></form></section>",
        title = tongue.say("Vyhradit", "Reserve"),
        help = tongue.say(
            "Číslo a PIN zůstávají, místa jsou vyhrazena v každé minutě; nejvýš sto dnů nepřetržitě nebo 400 setkání.",
            "Number and PIN stay, and seats are reserved in each minute; at most a hundred days around the clock or 400 meetings."
        ),
        open = form.open("/desk/dedicated"),
        customer = tongue.say("Zákazník", "Customer"),
        sender = tongue.say("Kam poslat údaje (telefon nebo e-mail)", "Where the credentials go (telephone or e-mail)"),
        people = tongue.say("Osob", "People"),
        from = tongue.say("První den", "First day"),
        to = tongue.say("Poslední den", "Last day"),
        which = tongue.say("Dny v týdnu (žádný: kdykoli)", "Days of the week (none: at any time)"),
        at = tongue.say("Začátek v ty dny", "Start on those days"),
        minutes = tongue.say("Minut v ty dny", "Minutes on those days"),
        language = tongue.say("Jazyk zpráv", "Language of messages"),
    )
}

fn when(tongue: Tongue, line: &DedicatedLine) -> String {
    let span =
        format!("{} – {}", minute(tongue, line.window.start), minute(tongue, line.window.end));
    match &line.weekly {
        None => span,
        Some(Weekly { days, at, minutes }) => {
            let days: Vec<&str> = days.iter().map(|day| day_name(tongue, *day)).collect();
            format!("{span}<br>{} {} ({minutes} min)", days.join(", "), text(at))
        }
    }
}

fn day_name(tongue: Tongue, day: u8) -> &'static str {
    match day {
        1 => tongue.say("po", "Mon"),
        2 => tongue.say("út", "Tue"),
        3 => tongue.say("st", "Wed"),
        4 => tongue.say("čt", "Thu"),
        5 => tongue.say("pá", "Fri"),
        6 => tongue.say("so", "Sat"),
        _ => tongue.say("ne", "Sun"),
    }
}

fn state(tongue: Tongue, state: BookingState) -> &'static str {
    match state {
        BookingState::Booked => tongue.say("platí", "reserved"),
        BookingState::Cancelled => tongue.say("zrušeno", "cancelled"),
        BookingState::Ended => tongue.say("skončilo", "over"),
    }
}
