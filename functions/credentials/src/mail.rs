//! An e-mail answer: subject, text, HTML and, for a booking, an invitation.

use konf_api::ledger::MessageBody;
use konf_api::mail::Confirmation;
use konf_api::render::{Message, OfferedAlternative};
use konf_contract::{Language, UnixMs, Window};

use crate::html;
use crate::invitation::{Invitation, Status};
use crate::render::Settings;
use crate::sentences;
use crate::sms;
use crate::when::When;

use Language::{Cs, En};

/// What a mail says, before it is set as text or as HTML.
pub(crate) struct Letter {
    pub(crate) subject: String,
    pub(crate) language: Language,
    pub(crate) lead: String,
    /// What its reader is asked to do: a label and the address of a page.
    pub(crate) action: Option<(&'static str, String)>,
    /// Label and value.
    pub(crate) rows: Vec<(&'static str, String)>,
    pub(crate) items: Vec<String>,
    pub(crate) notes: Vec<String>,
}

pub(crate) fn body(
    recipient: &str,
    message: &Message,
    language: Language,
    now: UnixMs,
    settings: &Settings,
) -> MessageBody {
    let letter = letter(message, language, settings);
    MessageBody::Email {
        text: text(&letter),
        html: html::page(&letter),
        calendar: calendar(recipient, message, language, now, settings),
        subject: letter.subject,
        thread: None,
    }
}

fn text(letter: &Letter) -> String {
    let mut paragraphs = vec![letter.lead.clone()];
    paragraphs.extend(letter.action.iter().map(|(label, link)| format!("{label}: {link}")));
    if !letter.rows.is_empty() {
        let rows: Vec<String> =
            letter.rows.iter().map(|(label, value)| format!("{label}: {value}")).collect();
        paragraphs.push(rows.join("\n"));
    }
    if !letter.items.is_empty() {
        paragraphs.push(letter.items.join("\n"));
    }
    paragraphs.extend(letter.notes.iter().cloned());
    paragraphs.join("\n\n") + "\n"
}

fn letter(message: &Message, language: Language, settings: &Settings) -> Letter {
    let plain = Letter {
        subject: subject(message, language),
        language,
        lead: sentence(message, language),
        action: None,
        rows: Vec::new(),
        items: Vec::new(),
        notes: Vec::new(),
    };
    match message {
        Message::Credentials { .. } => credentials(plain, message, settings),
        Message::Invited { number, pin, window, .. }
        | Message::Moved { number, pin, window, .. } => {
            let values = [
                When::new(window.start).long(language),
                format!("{} min", window.minutes()),
                settings.access_number.clone(),
                format!("{number}#"),
                format!("{}#", pin.expose()),
                "*6".to_owned(),
            ];
            let labels = match language {
                Cs => ["Začátek", "Délka", "Volejte", "Číslo konference", "Váš PIN", "Ztlumit"],
                En => ["Start", "Length", "Call", "Conference number", "Your PIN", "Mute"],
            };
            let note = match language {
                Cs => "PIN je jen pro Vás.",
                En => "The PIN is for you alone.",
            };
            let rows = labels.into_iter().zip(values).collect();
            Letter { rows, notes: vec![note.to_owned()], ..plain }
        }
        Message::Dedicated { number, pin, password, .. } => {
            let values = [
                settings.access_number.clone(),
                format!("{number}#"),
                format!("{}#", pin.expose()),
                format!("{}#", password.expose()),
                "*6".to_owned(),
            ];
            let labels = match language {
                Cs => ["Volejte", "Číslo konference", "PIN", "Heslo organizátora", "Ztlumit"],
                En => ["Call", "Conference number", "PIN", "Organiser's password", "Mute"],
            };
            let note = match language {
                Cs => {
                    "Kdo místo PIN zadá heslo, řídí konferenci. Účastníkům pošlete jen číslo a PIN."
                }
                En => {
                    "Whoever keys the password instead of the PIN leads the conference. Give participants only the number and the PIN."
                }
            };
            let rows = labels.into_iter().zip(values).collect();
            Letter { rows, notes: vec![note.to_owned()], ..plain }
        }
        Message::Offers { offers, .. } => {
            let items = offers.iter().map(|offer| offer_line(offer, language)).collect();
            Letter { items, ..plain }
        }
        Message::Confirm(Confirmation { base, token, .. }) => {
            let link = format!("{base}/confirm/{}", token.expose());
            let (label, note) = match language {
                Cs => ("Potvrdit", "Pokud jste nám nic neposlali, nedělejte nic."),
                En => ("Confirm", "If you have sent us nothing, do nothing."),
            };
            Letter { action: Some((label, link)), notes: vec![note.to_owned()], ..plain }
        }
        Message::SignInLink { base, token, .. } => {
            let link = format!("{base}/sign-in/link/{}", token.expose());
            let (label, note) = match language {
                Cs => ("Přihlásit", "Pokud jste o to nežádali, nedělejte nic."),
                En => ("Sign in", "If you did not ask for this, do nothing."),
            };
            Letter { action: Some((label, link)), notes: vec![note.to_owned()], ..plain }
        }
        _ => plain,
    }
}

/// The one sentence of a message; for credentials and offers the one above the rest.
pub(crate) fn sentence(message: &Message, language: Language) -> String {
    match message {
        Message::Credentials { .. } => match language {
            Cs => "Vaše konference je objednána.".to_owned(),
            En => "Your conference is booked.".to_owned(),
        },
        Message::Dedicated { .. } => sentences::dedicated(message, language),
        Message::Offers { offers, until, .. } => sentences::offers_head(offers, *until, language),
        Message::NothingFits => sentences::nothing_fits(language),
        Message::Cancelled { number, window, .. } => sentences::cancelled(number, window, language),
        Message::Invited { .. } => match language {
            Cs => "Jste zváni na telefonickou konferenci.".to_owned(),
            En => "You are invited to a telephone conference.".to_owned(),
        },
        Message::Changed { number, window, seats, .. } => {
            sentences::changed(number, window, *seats, language)
        }
        Message::Moved { number, window, .. } => sentences::moved(number, window, language),
        Message::NothingToCancel { number } => sentences::nothing_to_cancel(number, language),
        Message::OfferGone => sentences::offer_gone(language),
        Message::Restricted { until, .. } => sentences::restricted(*until, language),
        Message::Refusal { fault, example } => sentences::refusal(*fault, example, language),
        Message::Question { wall, choices } => sentences::question(wall, choices, language),
        Message::Receipt { due, .. } => sentences::receipt(*due, language),
        Message::Reply { text } => text.clone(),
        Message::Declined { reason } => sentences::declined(reason, language),
        Message::SignInCode { code, minutes } => sentences::sign_in_code(code, *minutes, language),
        Message::SignInLink { minutes, .. } => sentences::sign_in_link(*minutes, language),
        Message::Confirm(asked) => sentences::confirm(asked, language),
    }
}

fn subject(message: &Message, language: Language) -> String {
    let start = |window: &Window| When::new(window.start).short(language);
    match (message, language) {
        (Message::Invited { window, .. }, Cs) => format!("Pozvánka: konference {}", start(window)),
        (Message::Invited { window, .. }, En) => {
            format!("Invitation: conference {}", start(window))
        }
        (Message::Credentials { window, .. }, Cs) => format!("Konference {}", start(window)),
        (Message::Credentials { window, .. }, En) => format!("Conference {}", start(window)),
        (Message::Dedicated { .. }, Cs) => "Vyhrazená konference".to_owned(),
        (Message::Dedicated { .. }, En) => "Dedicated conference".to_owned(),
        (Message::Cancelled { number, .. }, Cs) => format!("Konference {number} je zrušena"),
        (Message::Cancelled { number, .. }, En) => format!("Conference {number} is cancelled"),
        (Message::Receipt { .. } | Message::Reply { .. } | Message::Declined { .. }, Cs) => {
            "Váš požadavek na konferenci".to_owned()
        }
        (Message::Receipt { .. } | Message::Reply { .. } | Message::Declined { .. }, En) => {
            "Your conference request".to_owned()
        }
        (Message::Changed { number, .. } | Message::Moved { number, .. }, Cs) => {
            format!("Konference {number} je změněna")
        }
        (Message::Changed { number, .. } | Message::Moved { number, .. }, En) => {
            format!("Conference {number} is changed")
        }
        (Message::SignInCode { .. } | Message::SignInLink { .. }, Cs) => {
            "Přihlášení do Konf".to_owned()
        }
        (Message::SignInCode { .. } | Message::SignInLink { .. }, En) => {
            "Signing in to Konf".to_owned()
        }
        (Message::Confirm(_), Cs) => "Potvrďte prosím svou zprávu".to_owned(),
        (Message::Confirm(_), En) => "Please confirm your message".to_owned(),
        (Message::Question { .. }, Cs) => "Dotaz k objednávce konference".to_owned(),
        (Message::Question { .. }, En) => "A question about your conference order".to_owned(),
        (_, Cs) => "Vaše objednávka konference".to_owned(),
        (_, En) => "Your conference order".to_owned(),
    }
}

fn credentials(plain: Letter, message: &Message, settings: &Settings) -> Letter {
    let Message::Credentials { number, pin, password, window, seats, .. } = message else {
        return plain;
    };
    let start = When::new(window.start).long(plain.language);
    let (minutes, people) = (window.minutes(), sentences::people(*seats, plain.language));
    let values = [
        start,
        format!("{minutes} min"),
        people,
        settings.access_number.clone(),
        format!("{number}#"),
        format!("{}#", pin.expose()),
        format!("{}#", password.expose()),
        "*6".to_owned(),
    ];
    let labels = match plain.language {
        Cs => [
            "Začátek",
            "Délka",
            "Nejvýše",
            "Volejte",
            "Číslo konference",
            "PIN",
            "Heslo organizátora",
            "Ztlumit",
        ],
        En => [
            "Start",
            "Length",
            "At most",
            "Call",
            "Conference number",
            "PIN",
            "Organiser's password",
            "Mute",
        ],
    };
    let mut rows: Vec<_> = labels.into_iter().zip(values).collect();
    if !settings.web_url.is_empty() {
        rows.push(("Web", settings.web_link(number)));
    }
    let notes = match plain.language {
        Cs => vec![
            "Kdo místo PIN zadá heslo, řídí konferenci. Účastníkům pošlete jen číslo a PIN.".to_owned(),
            format!("Zrušit můžete zprávou: storno {number}"),
        ],
        En => vec![
            "Whoever keys the password instead of the PIN leads the conference. Give participants only the number and \
             the PIN."
                .to_owned(),
            format!("To cancel, send: cancel {number}"),
        ],
    };
    Letter { rows, notes, ..plain }
}

fn offer_line(offer: &OfferedAlternative, language: Language) -> String {
    let start = When::new(offer.window.start).long(language);
    let people = sentences::people(offer.seats, language);
    format!("{}) {start}, {} min, {people}", offer.index, offer.window.minutes())
}

/// The invitation may be forwarded: the password is not in it.
fn calendar(
    recipient: &str,
    message: &Message,
    language: Language,
    now: UnixMs,
    settings: &Settings,
) -> Option<String> {
    let (number, window, event, pin) = match message {
        Message::Credentials { number, pin, window, .. } => (number, window, None, Some(pin)),
        Message::Invited { number, pin, window, event, .. }
        | Message::Moved { number, pin, window, event, .. } => (number, window, *event, Some(pin)),
        Message::Changed { number, pin, window, event, .. } => {
            (number, window, *event, pin.as_ref())
        }
        Message::Cancelled { number, window, event, .. } => (number, window, *event, None),
        _ => return None,
    };
    let description = match pin {
        Some(pin) => sms::way_in(number, pin, language, settings),
        None => sentence(message, language),
    };
    let status = match message {
        Message::Cancelled { .. } => Status::Cancelled,
        _ => Status::Confirmed,
    };
    // What is told of as it stands has been moved as often before; anything else moves it once more.
    let stands = matches!(message, Message::Credentials { .. } | Message::Invited { .. });
    let changes = event.map_or(0, |event| event.changes);
    let organiser = settings.organiser.as_str();
    let summary = match language {
        Cs => format!("Konference {number}"),
        En => format!("Conference {number}"),
    };
    let location = settings.access_number.clone();
    Some(
        Invitation {
            number,
            first_start: event.map_or(window.start, |event| event.first_start),
            sequence: changes.saturating_add(u32::from(!stands)),
            between: (!organiser.is_empty()).then_some((organiser, recipient)),
            window,
            status,
            summary,
            location,
            description,
            url: &settings.web_url,
        }
        .text(now),
    )
}
