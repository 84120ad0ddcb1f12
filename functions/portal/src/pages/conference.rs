//! One of the own conferences.

use konf_api::ledger::{BookingState, OwnBooking};
use konf_api::portal::Guest;
use konf_contract::{Password, Pin, UnixMs};
use maud::{Markup, html};

use crate::answer::Answer;
use crate::order_form::OrderForm;
use crate::pages::shell::{Place, Shell, alert, good};
use crate::pages::statement::{self, Statement};
use crate::tongue::{minutes, people};
use crate::when;

/// Callers may wait inside before the start; a deployment may let them in earlier than the usual quarter of an hour.
const LIVE_BEFORE_MS: i64 = 60 * UnixMs::MINUTE;

/// What is shown of it.
pub struct Shown<'a> {
    pub booking: &'a OwnBooking,
    pub now: UnixMs,
    pub access_number: &'a str,
    /// On demand alone.
    pub secrets: Option<(&'a Pin, &'a Password)>,
    pub note: Note<'a>,
    /// Once people have called.
    pub statement: Option<&'a Statement>,
    /// A change that was not done: what was typed in.
    pub form: Option<&'a OrderForm>,
    pub guests: &'a [Guest],
    /// What became of each week that was asked for.
    pub weeks: &'a [String],
}

#[derive(Clone, Copy, Default)]
pub enum Note<'a> {
    #[default]
    None,
    Good(&'a str),
    Bad(&'a str),
}

impl Note<'_> {
    fn markup(self) -> Markup {
        match self {
            Note::None => html! {},
            Note::Good(text) => good(text),
            Note::Bad(text) => alert(text),
        }
    }
}

pub fn page(shell: &Shell<'_>, shown: &Shown<'_>) -> Answer {
    let (tongue, booking) = (shell.tongue, shown.booking);
    let title = tongue.say("Konference", "Conference");
    let title = format!("{title} {}", booking.number);
    let is_open = booking.state == BookingState::Booked;
    let body = html! {
        (shown.note.markup())
        section {
            dl {
                dt { (tongue.say("Kdy", "When")) } dd { strong { (when::moment(booking.window.start, tongue)) } "–" (when::clock(booking.window.end)) }
                dt { (tongue.say("Délka", "Length")) } dd { (minutes(booking.window.minutes(), tongue)) }
                dt { (tongue.say("Nejvýš", "At most")) } dd { (people(booking.seats, tongue)) }
                dt { (tongue.say("Stav", "State")) } dd { (state(shell, shown)) }
            }
        }
        @if is_open && shown.now >= booking.window.start.plus_ms(-LIVE_BEFORE_MS) {
            p { a.button href={ "/conferences/" (booking.number) "/live" } { (tongue.say("Kdo je uvnitř", "Who is inside")) } }
        }
        @if let Some(statement) = shown.statement { (statement::section(tongue, statement)) }
        @if is_open {
            (credentials(shell, shown))
            (guests(shell, shown))
            @if booking.window.start > shown.now { (change(shell, shown)) }
        }
        (weekly(shell, shown))
        @if is_open { (cancel(shell, booking)) }
        p { a href="/conferences" { (tongue.say("Všechny moje konference", "All my conferences")) } }
    };
    shell.page(200, Place::Conferences, &title, body)
}

fn state(shell: &Shell<'_>, shown: &Shown<'_>) -> &'static str {
    let (tongue, window) = (shell.tongue, shown.booking.window);
    match shown.booking.state {
        BookingState::Cancelled => tongue.say("zrušena", "cancelled"),
        BookingState::Ended => tongue.say("skončila", "over"),
        BookingState::Booked if window.start <= shown.now => tongue.say("právě teď", "now"),
        BookingState::Booked => tongue.say("objednána", "booked"),
    }
}

fn credentials(shell: &Shell<'_>, shown: &Shown<'_>) -> Markup {
    let (tongue, number) = (shell.tongue, &shown.booking.number);
    html! {
        section #codes aria-labelledby="codes-title" {
            h2 #codes-title { (tongue.say("Přístupové údaje", "Access codes")) }
            @match shown.secrets {
                Some((pin, password)) => {
                    dl {
                        dt { (tongue.say("Volejte", "Call")) } dd { a href={ "tel:" (shown.access_number) } { (shown.access_number) } }
                        dt { (tongue.say("Číslo konference", "Conference number")) } dd { code { (number) "#" } }
                        dt { "PIN" } dd { code { (pin.expose()) "#" } }
                        dt { (tongue.say("Heslo organizátora", "Organiser's password")) } dd { code { (password.expose()) "#" } }
                    }
                    p.hint { (tongue.say(
                        "Kdo místo PIN zadá heslo, řídí konferenci. Účastníkům pošlete jen číslo a PIN.",
                        "Whoever keys in the password instead of the PIN leads the conference. Give participants only number and PIN.",
                    )) }
                }
                None => form method="post" action={ "/conferences/" (number) "/codes" } {
                    (shell.guard())
                    button.plain { (tongue.say("Ukázat PIN a heslo", "Show PIN and password")) }
                }
            }
        }
    }
}

/// Each has a PIN of their own, which can be taken back.
fn guests(shell: &Shell<'_>, shown: &Shown<'_>) -> Markup {
    let (tongue, number) = (shell.tongue, &shown.booking.number);
    html! {
        section aria-labelledby="guests-title" {
            h2 #guests-title { (tongue.say("Pozvat lidi", "Invite people")) }
            @if !shown.guests.is_empty() {
                ul.plain {
                    @for guest in shown.guests {
                        li { div.row {
                            span { (guest.contact) @if guest.revoked { " " span.soft { (tongue.say("zrušeno", "taken back")) } } }
                            @if !guest.revoked {
                                form method="post" action={ "/conferences/" (number) "/revoke" } {
                                    (shell.guard())
                                    button.plain name="guest" value=(guest.guest) aria-label={ (tongue.say("Zrušit PIN: ", "Take back the PIN of ")) (guest.contact) } {
                                        (tongue.say("Zrušit PIN", "Take back the PIN"))
                                    }
                                }
                            }
                        } }
                    }
                }
            }
            form method="post" action={ "/conferences/" (number) "/invite" } novalidate {
                (shell.guard())
                div.field {
                    label for="contact" { (tongue.say("Telefon nebo e-mail", "Telephone or e-mail")) }
                    input #contact name="contact" type="text" autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby="contact-hint";
                    span.hint #contact-hint { (tongue.say(
                        "Pošleme pozvánku s vlastním PIN, který můžete zrušit. Dáme vědět i o změně nebo zrušení konference.",
                        "We send an invitation with a PIN of their own, which you can take back, and word of any change or cancellation.",
                    )) }
                }
                div.row { button.plain { (tongue.say("Pozvat", "Invite")) } }
            }
        }
    }
}

fn change(shell: &Shell<'_>, shown: &Shown<'_>) -> Markup {
    let (tongue, booking) = (shell.tongue, shown.booking);
    let wall = when::wall(booking.window.start);
    let as_it_is = OrderForm::again(booking, wall.date(), wall.time());
    let form = shown.form.unwrap_or(&as_it_is);
    let fields = [
        ("day", tongue.say("Den", "Day"), "date", &form.day),
        ("time", tongue.say("Čas v Praze", "Time in Prague"), "time", &form.time),
        ("minutes", tongue.say("Minut", "Minutes"), "text", &form.minutes),
        ("people", tongue.say("Lidí nejvýš", "People at most"), "text", &form.people),
    ];
    html! {
        section {
            details open[shown.form.is_some()] {
                summary { (tongue.say("Změnit čas, délku nebo počet lidí", "Change time, length or people")) }
                form method="post" action={ "/conferences/" (booking.number) "/change" } novalidate {
                    (shell.guard())
                    input type="hidden" name="language" value=(form.language);
                    div.grid {
                        @for (name, label, kind, value) in fields {
                            div.field {
                                label for=(name) { (label) }
                                input id=(name) name=(name) type=(kind) value=(value) autocomplete="off"
                                    inputmode=[(kind == "text").then_some("numeric")];
                            }
                        }
                    }
                    div.row { button { (tongue.say("Změnit", "Change")) } }
                }
            }
        }
    }
}

fn weekly(shell: &Shell<'_>, shown: &Shown<'_>) -> Markup {
    let tongue = shell.tongue;
    html! {
        section {
            details open[!shown.weeks.is_empty()] {
                summary { (tongue.say("Opakovat každý týden", "Repeat every week")) }
                @if !shown.weeks.is_empty() {
                    div role="status" { ul { @for week in shown.weeks { li { (week) } } } }
                }
                p.hint { (tongue.say(
                    "Každý týden je vlastní konference s vlastními údaji.",
                    "Each week is a conference of its own, with codes of its own.",
                )) }
                form method="post" action={ "/conferences/" (shown.booking.number) "/weekly" } {
                    (shell.guard())
                    div.field {
                        label for="weeks" { (tongue.say("Kolik dalších týdnů", "How many more weeks")) }
                        select #weeks name="weeks" { @for week in 1..=8 { option value=(week) { (week) } } }
                    }
                    div.row { button.plain { (tongue.say("Objednat", "Order")) } }
                }
            }
        }
    }
}

fn cancel(shell: &Shell<'_>, booking: &OwnBooking) -> Markup {
    let tongue = shell.tongue;
    html! {
        section {
            details {
                summary { (tongue.say("Zrušit konferenci", "Cancel the conference")) }
                p { (tongue.say(
                    "Místa se hned uvolní a údaje přestanou platit. Kdo je uvnitř, bude odpojen.",
                    "The seats become free at once, and the codes stop working. Whoever is inside is disconnected.",
                )) }
                form method="post" action={ "/conferences/" (booking.number) "/cancel" } {
                    (shell.guard())
                    button.bad { (tongue.say("Ano, zrušit", "Yes, cancel it")) }
                }
            }
        }
    }
}
