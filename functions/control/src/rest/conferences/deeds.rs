//! What the routes of conferences do.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use konf_api::ledger::{BookingQuestion, BookingState, Sender, StatementQuestion};
use konf_api::schedule::{ChangeRequest, OrderAnswer};
use konf_contract::{ConferenceNumber, UnixMs};
use konf_ledger::{ApiConference, ConferenceFilter, PageKey};
use serde_json::Value;

use super::{
    Conference, ConferenceChange, ConferencePage, Credentials, NewConference, PAGE_DEFAULT,
};
use crate::functions::ask;
use crate::rest::ordering::{Orderer, Placed, Tongue, Understood, Wanted, answer, place};
use crate::rest::problem::{Fault, Kind, Problem};
use crate::rest::route::{Answer, Call};
use crate::rest::{refused, time};

fn number(call: &Call) -> Result<ConferenceNumber, Problem> {
    ConferenceNumber::new(call.part(0)).map_err(|_| none())
}

fn none() -> Problem {
    Problem::new(Kind::NotFound, "there is no conference of that number that this token sees")
}

pub(crate) async fn found(call: &Call) -> Result<ApiConference, Problem> {
    let owner = call.caller()?.owner.as_ref();
    call.rest.desk.ledger.api_conference(&number(call)?, owner).await?.ok_or_else(none)
}

/// As it is now.
pub(crate) async fn one(call: &Call, number: &ConferenceNumber) -> Result<Conference, Problem> {
    let owner = call.caller()?.owner.as_ref();
    let line = call.rest.desk.ledger.api_conference(number, owner).await?.ok_or_else(none)?;
    Ok(Conference::of(&line))
}

pub(super) async fn list(call: Call) -> Result<Answer, Problem> {
    let instant = |name| call.query.text(name).and_then(time::instant);
    let state = call.query.text("state").map(|state| match state {
        "booked" => BookingState::Booked,
        "cancelled" => BookingState::Cancelled,
        _ => BookingState::Ended,
    });
    let after = call.query.text("cursor").map(cursor).transpose()?;
    let limit = call.query.number("limit").and_then(|limit| u32::try_from(limit).ok());
    let limit = limit.unwrap_or(PAGE_DEFAULT);
    let filter = ConferenceFilter {
        owner: call.caller()?.owner.clone(),
        state,
        from: instant("from"),
        to: instant("to"),
        after,
        // One more shows whether there is another page.
        limit: limit + 1,
    };
    let mut lines = call.rest.desk.ledger.api_conferences(&filter).await?;
    let more = lines.len() > limit as usize;
    lines.truncate(limit as usize);
    let next = lines
        .last()
        .filter(|_| more)
        .map(|last| URL_SAFE_NO_PAD.encode(format!("{} {}", last.window.start.0, last.booking)));
    let items = lines.iter().map(Conference::of).collect();
    Ok(Answer::ok(&ConferencePage { items, next }))
}

fn cursor(text: &str) -> Result<PageKey, Problem> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (start, booking) = text.split_once(' ')?;
        Some(PageKey { start: UnixMs(start.parse().ok()?), booking: booking.to_owned() })
    };
    read().ok_or_else(|| {
        let detail = "expected `next` of the page before".to_owned();
        let parameter = Some("cursor".to_owned());
        Problem::invalid(vec![Fault { pointer: None, parameter, detail }])
    })
}

pub(super) async fn order(call: Call) -> Result<Answer, Problem> {
    let new: NewConference = call.read()?;
    let sender = orderer(&call, new.orderer.as_ref())?;
    let wanted = Wanted {
        start: instant(&new.start)?,
        minutes: new.minutes,
        people: new.people,
        language: new.language.unwrap_or(Tongue::Cs).language(),
    };
    let (text, _) = wanted.read(&call).await?;
    let placed = place(&call, &sender, &text, &call.once).await?;
    answer(&call, placed).await
}

/// A customer orders for the customer; an operator's program says for whom.
fn orderer(call: &Call, named: Option<&Orderer>) -> Result<Sender, Problem> {
    let wrong = |detail: &str| Problem::invalid(vec![Fault::at("/orderer", detail)]);
    let named = named.map(|named| named.sender("/orderer")).transpose()?;
    match (&call.caller()?.owner, named) {
        (None, Some(named)) => Ok(named),
        (None, None) => Err(wrong("this is missing: whom do the credentials go to?")),
        (Some(owner), None) => Ok(owner.clone()),
        (Some(owner), Some(named)) if named == *owner => Ok(named),
        (Some(_), Some(_)) => Err(wrong("this token orders for its own customer: leave it out")),
    }
}

/// The schema has been checked.
fn instant(text: &str) -> Result<UnixMs, Problem> {
    time::instant(text).ok_or_else(|| {
        Problem::invalid(vec![Fault::at("/start", "expected a time with its offset")])
    })
}

pub(super) async fn change(call: Call) -> Result<Answer, Problem> {
    let change: ConferenceChange = call.read()?;
    let booked = found(&call).await?;
    if booked.state != BookingState::Booked {
        return Err(refused::order("nothing to change"));
    }
    let minutes = booked.booked_end.since(booked.window.start) / UnixMs::MINUTE;
    let wanted = Wanted {
        start: change.start.as_deref().map(instant).transpose()?.unwrap_or(booked.window.start),
        minutes: change.minutes.unwrap_or(u32::try_from(minutes).unwrap_or(u32::MAX)),
        people: change.people.unwrap_or(booked.seats),
        language: booked.language,
    };
    let order = match wanted.read(&call).await?.1 {
        Understood::Standard(order) => order,
        Understood::Larger => {
            let larger =
                "up to 120 minutes and 20 people are changed at once; ask an operator for more";
            return Err(Problem::new(Kind::BeyondStandard, larger));
        }
    };
    let request =
        ChangeRequest { sender: booked.sender.clone(), number: booked.number.clone(), order };
    let answered: OrderAnswer = ask(call.host()?, "schedule", "/change", &request).await?;
    call.rest.desk.outbox.notify_one();
    match answered {
        OrderAnswer::Refused { reason } => Err(refused::order(&reason)),
        _ => Ok(Answer::ok(&one(&call, &booked.number).await?)),
    }
}

/// As the SMS `storno`. One conference is cancelled once.
pub(super) async fn cancel(call: Call) -> Result<Answer, Problem> {
    let booked = found(&call).await?;
    match booked.state {
        BookingState::Cancelled => return Ok(Answer::ok(&Conference::of(&booked))),
        BookingState::Ended => return Err(refused::order("nothing to cancel")),
        BookingState::Booked => {}
    }
    let text = format!("storno {}", booked.number);
    match place(&call, &booked.sender, &text, &booked.booking).await? {
        Placed::Cancelled | Placed::Conference(_) => {}
        Placed::Queued(_) => return Err(refused::order("nothing to cancel")),
    }
    Ok(Answer::ok(&one(&call, &booked.number).await?))
}

pub(super) async fn credentials(call: Call) -> Result<Answer, Problem> {
    let booked = found(&call).await?;
    let ledger = &call.rest.desk.ledger;
    ledger.note(&call.caller()?.name(), "show credentials", booked.number.as_str(), "").await?;
    let question = BookingQuestion { number: booked.number.clone(), sender: booked.sender };
    let facts = ledger.credentials_facts(&question).await?;
    match (facts.pin, facts.password) {
        (Some(pin), Some(password)) => Ok(Answer::ok(&Credentials {
            number: booked.number.as_str().to_owned(),
            pin: pin.expose().to_owned(),
            password: password.expose().to_owned(),
        })),
        _ => {
            Err(Problem::new(Kind::NotOpen, "it is over or was cancelled: its codes open nothing"))
        }
    }
}

pub(super) async fn statement(call: Call) -> Result<Answer, Problem> {
    let number = found(&call).await?.number;
    let question = StatementQuestion { number };
    let statement: Value = ask(call.host()?, "billing", "/statement", &question).await?;
    Ok(Answer::ok(&statement))
}
