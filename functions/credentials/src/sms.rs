//! The parts of an SMS answer; each fits one message.

use konf_api::render::{Message, OfferedAlternative};
use konf_contract::{ConferenceNumber, Language, Password, Pin, Window};

use crate::gsm::{SEPTETS_MAX, fold, pack, septets};
use crate::render::Settings;
use crate::sentences;
use crate::when::When;

use Language::{Cs, En};

pub(crate) fn parts(message: &Message, language: Language, settings: &Settings) -> Vec<String> {
    match message {
        Message::Invited { number, pin, window, .. } => {
            pack([for_everybody(number, pin, window, None, language, settings)])
        }
        Message::Credentials { number, pin, password, window, seats, .. } => {
            let mut parts =
                pack([for_everybody(number, pin, window, Some(*seats), language, settings)]);
            parts.extend(for_the_organiser(number, password, language, settings));
            parts
        }
        Message::Dedicated { number, pin, password, .. } => {
            let mut parts = pack([sentences::dedicated(message, language)]);
            parts.extend(pack([way_in(number, pin, language, settings)]));
            parts.extend(pack([lead(password, language)]));
            parts
        }
        Message::Offers { offers, until, .. } => {
            let head = sentences::offers_head(offers, *until, language);
            let lines = offers.iter().map(|offer| offer_line(offer, language));
            pack(std::iter::once(head).chain(lines))
        }
        other => pack([crate::mail::sentence(other, language)]),
    }
}

/// All that somebody keys who has a PIN.
pub(crate) fn way_in(
    number: &ConferenceNumber,
    pin: &Pin,
    language: Language,
    settings: &Settings,
) -> String {
    let (access, pin) = (&settings.access_number, pin.expose());
    match language {
        Cs => format!("Volejte {access}, číslo {number}#, PIN {pin}#. Ztlumit: *6"),
        En => format!("Call {access}, number {number}#, PIN {pin}#. Mute: *6"),
    }
}

fn lead(password: &Password, language: Language) -> String {
    let password = password.expose();
    match language {
        Cs => format!("Jen pro Vás: heslo {password}# místo PIN Vám dá řízení konference."),
        En => format!("Only for you: password {password}# instead of the PIN lets you lead."),
    }
}

/// To be forwarded: what a participant needs, and nothing that makes an organiser.
fn for_everybody(
    number: &ConferenceNumber,
    pin: &Pin,
    window: &Window,
    seats: Option<u32>,
    language: Language,
    settings: &Settings,
) -> String {
    let start = When::new(window.start).short(language);
    let minutes = window.minutes();
    let people =
        seats.map_or_else(String::new, |seats| format!(", {}", sentences::people(seats, language)));
    let (access, pin) = (&settings.access_number, pin.expose());
    match language {
        Cs => format!(
            "Konference {start}, {minutes} min{people}. Volejte {access}, číslo {number}#, PIN {pin}#. Ztlumit: *6"
        ),
        En => format!(
            "Conference {start}, {minutes} min{people}. Call {access}, number {number}#, PIN {pin}#. Mute: *6"
        ),
    }
}

/// The link stands in this message, or alone when it is too long, or is left out when no message holds it.
fn for_the_organiser(
    number: &ConferenceNumber,
    password: &Password,
    language: Language,
    settings: &Settings,
) -> Vec<String> {
    let password = password.expose();
    let text = match language {
        Cs => format!(
            "Jen pro Vás: heslo {password}# místo PIN Vám dá řízení konference. Zrušit: storno {number}"
        ),
        En => format!(
            "Only for you: password {password}# instead of the PIN lets you lead. To cancel: cancel {number}"
        ),
    };
    let text = fold(&text);
    let link = fold(&settings.web_link(number));
    let together = format!("{text} {link}");
    let fits = |text: &str| septets(text).is_some_and(|septets| septets <= SEPTETS_MAX);
    if link.is_empty() {
        vec![text]
    } else if fits(&together) {
        vec![together]
    } else if fits(&link) {
        vec![text, link]
    } else {
        vec![text]
    }
}

/// `1 pa 9.7.2027 14:00 60min 10os`: three of them and the head fill one message.
fn offer_line(offer: &OfferedAlternative, language: Language) -> String {
    let start = When::new(offer.window.start).short(language);
    let (index, minutes, seats) = (offer.index, offer.window.minutes(), offer.seats);
    match language {
        Cs => format!("{index} {start} {minutes}min {seats}os"),
        En => format!("{index} {start} {minutes}min {seats}ppl"),
    }
}
