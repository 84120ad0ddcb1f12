//! The order form, what is free, and what is offered instead.

use konf_api::ledger::{HeldOffer, Sender};
use konf_api::render::{Choice, Fault};
use konf_contract::Language;
use maud::{Markup, html};

use crate::answer::Answer;
use crate::contact::masked;
use crate::free::Slot;
use crate::order_form::{Item, OrderForm};
use crate::pages::shell::{Place, Shell, alert};
use crate::tongue::{Tongue, minutes, people};
use crate::when;

/// What is said about a form that was sent.
#[derive(Default)]
pub struct Said {
    /// Beside its field.
    pub faults: Vec<(Item, String)>,
    /// Above the form.
    pub note: Option<String>,
    /// The asked time does not exist or exists twice.
    pub choices: Vec<Choice>,
}

pub struct Form<'a> {
    pub form: &'a OrderForm,
    pub said: Said,
    /// None when it is not known.
    pub slots: Option<Vec<Slot>>,
    pub order_number: &'a str,
}

pub fn page(shell: &Shell<'_>, status: u16, shown: &Form<'_>) -> Answer {
    let tongue = shell.tongue;
    let title = tongue.say("Objednat konferenci", "Order a conference");
    let body = html! {
        p { (tongue.say(
            "Účastníci ve sjednaný čas zavolají jedno číslo z jakéhokoli telefonu. Přístupové údaje Vám pošleme.",
            "At the agreed time everybody calls one number from any phone. We send you the access codes.",
        )) }
        @if let Some(note) = &shown.said.note { (alert(note)) }
        @if !shown.said.faults.is_empty() { (summary(tongue, &shown.said.faults)) }
        form #order method="post" action="/" novalidate autocomplete="on" {
            (shell.guard())
            input type="hidden" name="once" value=(shown.form.once);
            // The first button is what Enter presses.
            section {
                @if shown.said.choices.is_empty() { (fields(shell, shown)) }
                @else { (kept(shown.form)) (choices(tongue, &shown.said.choices)) }
            }
            @if shown.said.choices.is_empty() {
                section aria-labelledby="free-title" {
                    h2 #free-title { (tongue.say("Co je volné", "What is free")) }
                    div #free { (free(tongue, shown)) }
                    p { button.plain name="do" value="look" { (tongue.say("Podívat se znovu", "Look again")) } }
                }
            }
        }
    };
    shell.page(status, Place::Order, title, body)
}

fn summary(tongue: Tongue, faults: &[(Item, String)]) -> Markup {
    html! {
        div.alert role="alert" {
            p { strong { (tongue.say("Takhle to objednat nejde:", "This cannot be ordered yet:")) } }
            @for (item, text) in faults {
                p { a href={ "#" (id(*item)) } { (text) } }
            }
        }
    }
}

fn fields(shell: &Shell<'_>, shown: &Form<'_>) -> Markup {
    let (tongue, form) = (shell.tongue, shown.form);
    let one = |item, label, kind, value: &str, more| {
        field(shown, Field { item, label, kind, value, more })
    };
    html! {
        div.grid {
            (one(Item::Day, tongue.say("Den", "Day"), Kind::Date, &form.day, ""))
            (one(Item::Time, tongue.say("Čas v Praze", "Time in Prague"), Kind::Time, &form.time, ""))
            (one(Item::Minutes, tongue.say("Minut", "Minutes"), Kind::Number, &form.minutes, tongue.say("1 až 120", "1 to 120")))
            (one(Item::People, tongue.say("Lidí nejvýš", "People at most"), Kind::Number, &form.people, tongue.say("2 až 20", "2 to 20")))
            p.hint.wide { (tongue.say(
                "Delší nebo větší konferenci vyřídí operátor.",
                "A longer or larger one is handled by an operator.",
            )) }
            fieldset.wide {
                legend { (tongue.say("Jazyk zpráv a hlášení", "Language of messages and prompts")) }
                div.choice {
                    @for (tag, name, language) in [("cs", "česky", Language::Cs), ("en", "English", Language::En)] {
                        label lang=(tag) {
                            input type="radio" name="language" value=(tag) checked[form.language() == language];
                            (name)
                        }
                    }
                }
            }
            (contacts(shell, shown))
        }
        div.row { button #submit name="do" value="order" { (tongue.say("Objednat", "Order")) } }
        @if shell.contact.is_none() {
            p.hint { (tongue.say(
                "Nejdřív ověříme, že číslo nebo adresa je Vaše: pošleme kód nebo odkaz. Objednávku zatím podržíme.",
                "First we make sure that the number or address is yours: we send a code or a link, and remember the order meanwhile.",
            )) }
        }
    }
}

/// Where the credentials go. Who is signed in has proven one of the two.
fn contacts(shell: &Shell<'_>, shown: &Form<'_>) -> Markup {
    let (tongue, form) = (shell.tongue, shown.form);
    let phone = Field {
        item: Item::Phone,
        label: tongue.say("Telefon", "Telephone"),
        kind: Kind::Phone,
        value: &form.phone,
        more: tongue.say("údaje přijdou SMS", "codes come by SMS"),
    };
    let email = Field {
        item: Item::Email,
        label: tongue.say("E-mail", "E-mail"),
        kind: Kind::Email,
        value: &form.email,
        more: tongue
            .say("údaje a pozvánka do kalendáře", "codes, and an invitation for the calendar"),
    };
    html! {
        @match shell.contact {
            None => {
                (field(shown, phone)) (field(shown, email))
                p.hint.wide { (tongue.say("Stačí jedno z obou.", "One of the two is enough.")) }
            }
            Some(contact) => {
                p.wide { (tongue.say("Údaje pošleme na ", "The codes go to ")) strong { (masked(contact)) } "." }
                @match contact {
                    Sender::Sms(_) => (field(shown, Field { label: tongue.say("Také e-mailem (nemusí být)", "Also by e-mail (optional)"), ..email })),
                    Sender::Email(_) => (field(shown, Field { label: tongue.say("Také SMS (nemusí být)", "Also by SMS (optional)"), ..phone })),
                }
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Date,
    Time,
    Number,
    Phone,
    Email,
}

struct Field<'a> {
    item: Item,
    label: &'a str,
    kind: Kind,
    value: &'a str,
    more: &'a str,
}

fn field(shown: &Form<'_>, field: Field<'_>) -> Markup {
    let id = id(field.item);
    let mut faults = shown.said.faults.iter().filter(|(item, _)| *item == field.item);
    let fault = faults.next().map(|(_, text)| text);
    let is_first = shown.said.faults.first().is_some_and(|(item, _)| *item == field.item);
    let (kind, mode, complete) = match field.kind {
        Kind::Date => ("date", None, "off"),
        Kind::Time => ("time", None, "off"),
        Kind::Number => ("text", Some("numeric"), "off"),
        Kind::Phone => ("tel", None, "tel"),
        Kind::Email => ("email", None, "email"),
    };
    let class =
        if matches!(field.kind, Kind::Phone | Kind::Email) { "field wide" } else { "field" };
    let described = match (field.more, fault) {
        ("", None) => None,
        ("", Some(_)) => Some(format!("{id}-error")),
        (_, None) => Some(format!("{id}-hint")),
        (_, Some(_)) => Some(format!("{id}-error {id}-hint")),
    };
    html! {
        div class=(class) {
            label for=(id) { (field.label) }
            input id=(id) name=(id) type=(kind) inputmode=[mode] autocomplete=(complete) value=(field.value)
                aria-describedby=[described] aria-invalid=[fault.map(|_| "true")] autofocus[is_first];
            @if !field.more.is_empty() { span.hint id={ (id) "-hint" } { (field.more) } }
            @if let Some(fault) = fault { p.error id={ (id) "-error" } { (fault) } }
        }
    }
}

fn id(item: Item) -> &'static str {
    match item {
        Item::Day => "day",
        Item::Time => "time",
        Item::Minutes => "minutes",
        Item::People => "people",
        Item::Phone => "phone",
        Item::Email => "email",
    }
}

/// The same form, not shown.
fn kept(form: &OrderForm) -> Markup {
    let fields = [
        ("day", &form.day),
        ("time", &form.time),
        ("minutes", &form.minutes),
        ("people", &form.people),
        ("language", &form.language),
        ("phone", &form.phone),
        ("email", &form.email),
    ];
    html! { @for (name, value) in fields { input type="hidden" name=(name) value=(value); } }
}

fn choices(tongue: Tongue, choices: &[Choice]) -> Markup {
    html! {
        h2 { (tongue.say("Kdy přesně?", "When exactly?")) }
        p { (tongue.say(
            "V tu noc se mění čas: zvolená doba neexistuje, nebo nastane dvakrát.",
            "The clocks change that night: the time that you chose does not exist, or comes twice.",
        )) }
        div.row {
            @for (at, choice) in choices.iter().enumerate() {
                button name="do" value={ "choice:" (at) } { (when::moment(choice.start, tongue)) " (" code { (choice.text) } ")" }
            }
        }
    }
}

/// The part of the page that is looked at again and again.
pub fn free(tongue: Tongue, shown: &Form<'_>) -> Markup {
    let form = shown.form;
    let wanted = format!("{} {}", form.day, form.time);
    html! {
        @match &shown.slots {
            None => p.hint { (tongue.say(
                "Vyplňte den, čas, délku a počet lidí.",
                "Fill in day, time, length and people.",
            )) },
            Some(slots) if slots.is_empty() => p.hint { (tongue.say("Ten čas už minul.", "That time is past.")) },
            Some(slots) => {
                p.hint { (day_of(tongue, slots)) }
                ul.slots { @for slot in slots { (slot_markup(tongue, *slot, &wanted)) } }
            }
        }
        @if let Some(sms) = form.sms() {
            p { (tongue.say("Totéž jako SMS na ", "The same by SMS to ")) (shown.order_number) ": " code { (sms) } }
        }
    }
}

fn day_of(tongue: Tongue, slots: &[Slot]) -> String {
    slots.first().map_or_else(String::new, |slot| when::day(when::wall(slot.start).date(), tongue))
}

fn slot_markup(tongue: Tongue, slot: Slot, wanted: &str) -> Markup {
    let wall = when::wall(slot.start);
    let (day, time) = (wall.date().to_string(), when::time(wall.time()));
    let at = format!("{day} {time}");
    html! {
        li.now[at == wanted] {
            @if slot.free {
                button id={ "slot-" (slot.start.minutes()) } name="do" value={ "at:" (at) } data-day=(day) data-time=(time) {
                    (time) " " (tongue.say("volno", "free"))
                }
            } @else {
                span.full { (time) " " (tongue.say("plno", "full")) }
            }
        }
    }
}

/// The one sentence about an item; the same readings as the answer to an SMS has.
pub fn sentence(fault: Fault, tongue: Tongue) -> &'static str {
    match fault {
        Fault::NoSuchDate => tongue.say("Takové datum není.", "There is no such date."),
        Fault::NoSuchTime => tongue.say("Takový čas není.", "There is no such time."),
        Fault::Past { .. } => tongue.say("Tento čas už minul.", "This time is past."),
        Fault::NoMinutes => {
            tongue.say("Délka musí být aspoň 1 minuta.", "The length must be at least 1 minute.")
        }
        Fault::TooLong => tongue
            .say("Konference může trvat nejvýše jeden den.", "A conference lasts at most a day."),
        Fault::TooFewPeople => {
            tongue.say("Lidé musí být aspoň 2.", "There must be at least 2 people.")
        }
        Fault::TooManyPeople => {
            tongue.say("Lidí může být nejvýše 500.", "There may be at most 500 people.")
        }
        Fault::Missing { .. } | Fault::Unreadable => {
            tongue.say("Objednávce nerozumíme.", "We do not understand the order.")
        }
    }
}

/// What stands beside an item that is not what its field takes.
pub fn unreadable(item: Item, tongue: Tongue) -> &'static str {
    match item {
        Item::Day => tongue.say("Den napište jako 9.7.2027.", "Write the day as 9.7.2027."),
        Item::Time => tongue.say("Čas napište jako 14:00.", "Write the time as 14:00."),
        Item::Minutes => tongue
            .say("Délku napište číslem, třeba 60.", "Write the length as a number, such as 60."),
        Item::People => tongue.say(
            "Počet lidí napište číslem, třeba 10.",
            "Write the people as a number, such as 10.",
        ),
        Item::Phone => crate::contact::no_phone(tongue),
        Item::Email => crate::contact::no_email(tongue),
    }
}

/// What is held for the one who ordered.
pub fn offers(shell: &Shell<'_>, offers: &[HeldOffer], note: Option<&str>) -> Answer {
    let tongue = shell.tongue;
    let title = tongue.say("Plno, ale tohle jde", "Full, but this fits");
    let body = html! {
        @if let Some(note) = note { (alert(note)) }
        @match offers.first() {
            None => p { (tongue.say(
                "Žádnou nabídku pro Vás nedržíme. Objednejte prosím znovu.",
                "No offer is held for you. Please order again.",
            )) },
            Some(first) => p { (tongue.say("Místa držíme do ", "The seats are held until ")) strong { (when::clock(first.until)) } "." }
        }
        @for offer in offers {
            section {
                form method="post" action="/offers" {
                    (shell.guard())
                    p { strong { (when::moment(offer.window.start, tongue)) } ", "
                        (minutes(offer.window.minutes(), tongue)) ", " (people(offer.seats, tongue)) }
                    button name="index" value=(offer.index) {
                        (tongue.say("Vzít ", "Take ")) (offer.index)
                    }
                }
            }
        }
        p { a href="/" { (tongue.say("Objednat jinak", "Order something else")) } }
    };
    let title = if offers.is_empty() { tongue.say("Nabídky", "Offers") } else { title };
    shell.page(200, Place::Order, title, body)
}
