//! The live room: who is in, who speaks, and what an organiser does there.

use konf_api::ledger::OwnBooking;
use konf_contract::Role;
use konf_contract::UnixMs;
use konf_contract::link::{LegStatus, RoomMode, RoomStatus};
use maud::{Markup, html};

use crate::answer::Answer;
use crate::pages::shell::{Place, Shell, alert};
use crate::tongue::Tongue;
use crate::when;

/// Milliseconds after which a browser asks for events again.
const RETRY_MS: u32 = 1_500;

pub struct Live<'a> {
    pub booking: &'a OwnBooking,
    pub room: Option<&'a RoomStatus>,
    pub now: UnixMs,
    pub fault: Option<&'a str>,
}

pub fn page(shell: &Shell<'_>, live: &Live<'_>) -> Answer {
    let (tongue, number) = (shell.tongue, &live.booking.number);
    let title = format!("{} {number}", tongue.say("Živě:", "Live:"));
    let path = format!("/conferences/{number}");
    let body = html! {
        @if let Some(fault) = live.fault { (alert(fault)) }
        div #live data-events={ (path) "/events" } { (room(shell, live)) }
        div.row {
            a.button.plain href={ (path) "/live" } { (tongue.say("Podívat se znovu", "Look again")) }
            a href=(path) { (tongue.say("Zpět ke konferenci", "Back to the conference")) }
        }
    };
    shell.page(200, Place::Conferences, &title, body)
}

/// For `EventSource`: the room as it is, and when to ask again. Any host can answer that, since it ends.
pub fn events(shell: &Shell<'_>, live: &Live<'_>) -> Answer {
    let markup = room(shell, live).into_string().replace(['\r', '\n'], " ");
    Answer::events(format!("retry: {RETRY_MS}\n\ndata: {markup}\n\n"))
}

/// The conference is over: a browser that asks again would do so for ever.
pub fn over() -> Answer {
    Answer::events("event: over\ndata: over\n\n".to_owned())
}

fn room(shell: &Shell<'_>, live: &Live<'_>) -> Markup {
    let tongue = shell.tongue;
    let Some(room) = live.room.filter(|room| !room.legs.is_empty()) else {
        return html! {
            section { p role="status" { (tongue.say("Nikdo tu není.", "Nobody is here.")) } }
        };
    };
    let inside = room.legs.iter().filter(|leg| leg.joined.is_some()).count();
    html! {
        section aria-labelledby="people" {
            h2 #people {
                (tongue.say("Lidé", "People")) ": " (inside) " / " (room.seats)
            }
            p.soft {
                (mode(tongue, room.mode.unwrap_or_default())) ". "
                @if room.locked { (tongue.say("Zamčeno. ", "Locked. ")) }
                (tongue.say("Končí ", "Ends at ")) (when::clock(room.window.end)) "."
            }
            ul.plain { @for leg in &room.legs { (person(shell, live, leg)) } }
        }
        section aria-labelledby="lead" {
            h2 #lead { (tongue.say("Řízení", "Lead")) }
            (lead(shell, live, room))
        }
    }
}

fn person(shell: &Shell<'_>, live: &Live<'_>, leg: &LegStatus) -> Markup {
    let tongue = shell.tongue;
    let id = leg.leg;
    let (word, act) = match leg.muted {
        true => (tongue.say("Nechat mluvit", "Let speak"), "unmute"),
        false => (tongue.say("Ztlumit", "Mute"), "mute"),
    };
    let who = if leg.caller.is_empty() {
        tongue.say("skryté číslo", "number withheld")
    } else {
        &leg.caller
    };
    html! {
        li {
            div.row {
                span {
                    strong { (who) }
                    @if leg.role == Role::Organiser { " " span.soft { (tongue.say("organizátor", "organiser")) } }
                    @if leg.joined.is_none() { " " span.soft { (tongue.say("čeká na začátek", "waits for the start")) } }
                    @if leg.muted { " " span.soft { (tongue.say("ztlumen", "muted")) } }
                    @else if leg.speaking == Some(true) { " " span.speaks { (tongue.say("mluví", "speaks")) } }
                    @if let Some(hand) = leg.hand { " " span.speaks { (tongue.say("hlásí se", "hand up")) " (" (hand) ")" } }
                }
                // In a lecture nobody but organisers speaks.
                @if !(leg.muted && is_lecture(live)) {
                    (button(shell, live, &format!("{act}-{id}"), word, &format!("{act}:{id}"), Some(who)))
                }
                (button(shell, live, &format!("drop-{id}"), tongue.say("Odpojit", "Drop"), &format!("drop:{id}"), Some(who)))
            }
        }
    }
}

fn is_lecture(live: &Live<'_>) -> bool {
    live.room.and_then(|room| room.mode) == Some(RoomMode::Lecture)
}

fn lead(shell: &Shell<'_>, live: &Live<'_>, room: &RoomStatus) -> Markup {
    let tongue = shell.tongue;
    let mode = room.mode.unwrap_or_default();
    let all = match mode {
        RoomMode::Everybody => (tongue.say("Ztlumit všechny", "Mute all"), "mute-all"),
        _ => (tongue.say("Ať mluví všichni", "Let everybody speak"), "unmute-all"),
    };
    let lock = match room.locked {
        true => (tongue.say("Odemknout", "Unlock"), "unlock"),
        false => (tongue.say("Zamknout", "Lock"), "lock"),
    };
    let mut buttons = vec![all, lock];
    if mode != RoomMode::Questions {
        buttons.push((tongue.say("Dotazy", "Questions"), "questions"));
    }
    if mode != RoomMode::Lecture {
        buttons.push((tongue.say("Přednáška", "Lecture"), "lecture"));
    }
    buttons.push((tongue.say("Prodloužit", "Extend"), "extend"));
    html! {
        div.row {
            @for (word, act) in buttons { (button(shell, live, act, word, act, None)) }
        }
        details #end {
            summary { (tongue.say("Ukončit pro všechny", "End for all")) }
            (button(shell, live, "close", tongue.say("Ano, ukončit", "Yes, end it"), "close", None))
        }
    }
}

/// A form of one button; `whom` is for those who hear it without seeing where it stands.
fn button(
    shell: &Shell<'_>,
    live: &Live<'_>,
    id: &str,
    word: &str,
    act: &str,
    whom: Option<&str>,
) -> Markup {
    let label = whom.map(|whom| format!("{word} {whom}"));
    html! {
        form method="post" action={ "/conferences/" (live.booking.number) "/act" } {
            (shell.guard())
            button.plain id=(id) name="act" value=(act) aria-label=[label] { (word) }
        }
    }
}

fn mode(tongue: Tongue, mode: RoomMode) -> &'static str {
    match mode {
        RoomMode::Everybody => tongue.say("Mluví, kdo chce", "Whoever wants speaks"),
        RoomMode::Muted => {
            tongue.say("Všichni jsou ztlumeni a mohou se zapnout", "All are muted and may unmute")
        }
        RoomMode::Questions => {
            tongue.say("Dotazy: mluví, komu dáte slovo", "Questions: those speak whom you let")
        }
        RoomMode::Lecture => {
            tongue.say("Přednáška: mluví jen organizátor", "Lecture: only the organiser speaks")
        }
    }
}
