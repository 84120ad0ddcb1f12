//! The list of the own conferences.

use konf_api::ledger::{BookingState, OwnBooking};
use konf_api::portal::OwnFacts;
use maud::{Markup, html};

use crate::answer::Answer;
use crate::pages::shell::{Place, Shell, good};
use crate::tongue::{Tongue, minutes, people};
use crate::when;

pub fn page(shell: &Shell<'_>, own: &OwnFacts, note: Option<&str>) -> Answer {
    let tongue = shell.tongue;
    let title = tongue.say("Moje konference", "My conferences");
    let body = html! {
        @if let Some(note) = note { (good(note)) }
        section aria-labelledby="ahead" {
            h2 #ahead { (tongue.say("Co bude", "To come")) }
            @if own.ahead.is_empty() {
                p { (tongue.say("Nic. ", "Nothing. ")) a href="/" { (tongue.say("Objednat konferenci", "Order a conference")) } }
            }
            (list(tongue, own, &own.ahead))
        }
        @if !own.past.is_empty() {
            section aria-labelledby="past" {
                h2 #past { (tongue.say("Co bylo", "Past")) }
                (list(tongue, own, &own.past))
            }
        }
    };
    shell.page(200, Place::Conferences, title, body)
}

fn list(tongue: Tongue, own: &OwnFacts, bookings: &[OwnBooking]) -> Markup {
    html! {
        ul.plain {
            @for booking in bookings {
                li {
                    a.line href={ "/conferences/" (booking.number) } {
                        span {
                            strong { (when::moment(booking.window.start, tongue)) }
                            @if booking.window.start <= own.now && own.now < booking.window.end && booking.state == BookingState::Booked {
                                " " span.speaks { (tongue.say("právě teď", "now")) }
                            }
                        }
                        span.soft {
                            (minutes(booking.window.minutes(), tongue)) ", " (people(booking.seats, tongue))
                            ", " (booking.number)
                            @if booking.state == BookingState::Cancelled { ", " (tongue.say("zrušena", "cancelled")) }
                        }
                    }
                }
            }
        }
    }
}
