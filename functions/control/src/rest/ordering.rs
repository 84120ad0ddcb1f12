//! Orders: each becomes the text that an SMS would say and goes the way of one, so that limits, nights when the clocks
//! change, restrictions, offers and requests for operators are the same however it came.

use jiff::Timestamp;
use konf_api::ledger::{InboundMessage, InboundState, OffersQuestion, Sender};
use konf_api::ordering::{ProcessRequest, Processed, ReadRequest, Reading};
use konf_api::portal::API_GATEWAY;
use konf_api::render::Fault as Wrong;
use konf_api::schedule::{Order, OrderAnswer};
use konf_contract::{ConferenceNumber, Language, UnixMs};
use konf_ledger::Made;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::offers::OfferShape;
use super::problem::{Fault, Kind, Problem};
use super::route::{Answer, Call};
use super::{refused, time};
use crate::clock;
use crate::functions::ask;
use crate::operator;

/// The ledger books no further ahead than nine years.
const AHEAD_MS_MAX: i64 = 8 * 365 * 24 * 60 * UnixMs::MINUTE;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tongue {
    Cs,
    En,
}

impl Tongue {
    pub(crate) fn language(self) -> Language {
        match self {
            Tongue::Cs => Language::Cs,
            Tongue::En => Language::En,
        }
    }

    pub(crate) fn of(language: Language) -> Tongue {
        match language {
            Language::Cs => Tongue::Cs,
            Language::En => Tongue::En,
        }
    }
}

/// Whom the credentials go to.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Orderer {
    /// Telephone number in E.164 form.
    Phone(#[schemars(length(min = 5, max = 30), example = "+420606123456")] String),
    Email(#[schemars(length(min = 3, max = 254), example = "jana@example.cz")] String),
}

impl Orderer {
    /// `at`: where it stands in the body.
    pub(crate) fn sender(&self, at: &str) -> Result<Sender, Problem> {
        let (below, text) = match self {
            Orderer::Phone(text) => ("phone", text),
            Orderer::Email(text) => ("email", text),
        };
        let read = operator::sender(text).ok().filter(|sender| match self {
            Orderer::Phone(_) => matches!(sender, Sender::Sms(_)),
            Orderer::Email(_) => matches!(sender, Sender::Email(_)),
        });
        read.ok_or_else(|| {
            let right = match self {
                Orderer::Phone(_) => "expected a telephone number such as +420606123456",
                Orderer::Email(_) => "expected an e-mail address such as jana@example.cz",
            };
            Problem::invalid(vec![Fault::at(&format!("{at}/{below}"), right)])
        })
    }
}

/// What is wanted, as numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) start: UnixMs,
    pub(crate) minutes: u32,
    pub(crate) people: u32,
    pub(crate) language: Language,
}

/// What the grammar of orders makes of it.
pub(crate) enum Understood {
    Standard(Order),
    /// Longer or larger: an operator's.
    Larger,
}

impl Wanted {
    /// The text that means it, and what is understood by it.
    pub(crate) async fn read(&self, call: &Call) -> Result<(String, Understood), Problem> {
        let now = clock::now();
        if self.start.0.rem_euclid(UnixMs::MINUTE) != 0 {
            return Err(at_start("a conference starts on a whole minute"));
        }
        if self.start.since(now) > AHEAD_MS_MAX {
            return Err(at_start("a conference starts within eight years"));
        }
        if self.start.minutes() < now.minutes() {
            return Err(refused::past());
        }
        let text = self.text().ok_or_else(|| at_start("there is no such time"))?;
        let mut reading = self.ask(call, &text, now).await?;
        let mut chosen = text;
        if let Reading::Question { choices } = &reading {
            // The wall time exists twice, and start says which is meant.
            let meant = choices.iter().find(|choice| choice.start == self.start);
            chosen = meant.ok_or_else(|| at_start("there is no such time"))?.text.clone();
            reading = self.ask(call, &chosen, now).await?;
        }
        match reading {
            Reading::Order(order) if order.window.start == self.start => {
                Ok((chosen, Understood::Standard(order)))
            }
            Reading::NonStandard { .. } => Ok((chosen, Understood::Larger)),
            Reading::Fault(wrong) => Err(fault(wrong)),
            Reading::Order(_) | Reading::Question { .. } | Reading::Other => {
                Err(at_start("this time cannot be ordered"))
            }
        }
    }

    async fn ask(&self, call: &Call, text: &str, now: UnixMs) -> Result<Reading, Problem> {
        let question = ReadRequest { text: text.to_owned(), now };
        Ok(ask(call.host()?, "order", "/read", &question).await?)
    }

    /// `konf 9.7.2027 14:00 60 10`, in wall time of Prague.
    fn text(&self) -> Option<String> {
        let keyword = match self.language {
            Language::Cs => "konf",
            Language::En => "conf",
        };
        let zone = jiff::tz::get!("Europe/Prague");
        let at = Timestamp::from_millisecond(self.start.0).ok()?.to_zoned(zone);
        let (day, month, year) = (at.day(), at.month(), at.year());
        let (hour, minute) = (at.hour(), at.minute());
        let (minutes, people) = (self.minutes, self.people);
        Some(format!("{keyword} {day}.{month}.{year} {hour:02}:{minute:02} {minutes} {people}"))
    }
}

fn at_start(detail: &str) -> Problem {
    Problem::invalid(vec![Fault::at("/start", detail)])
}

fn fault(wrong: Wrong) -> Problem {
    let (at, detail) = match wrong {
        Wrong::Past { .. } => return refused::past(),
        Wrong::NoSuchDate | Wrong::NoSuchTime | Wrong::Missing { .. } | Wrong::Unreadable => {
            ("/start", "there is no such time")
        }
        Wrong::NoMinutes => ("/minutes", "a conference lasts at least a minute"),
        Wrong::TooLong => ("/minutes", "a conference lasts 1440 minutes at most"),
        Wrong::TooFewPeople => ("/people", "a conference is for at least 2 people"),
        Wrong::TooManyPeople => ("/people", "a conference is for 500 people at most"),
    };
    Problem::invalid(vec![Fault::at(at, detail)])
}

/// A request that an operator has to look at.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Queued {
    /// Absent when it was added to one of this orderer's that is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request: Option<String>,
    /// When it is handled at the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub(crate) due: Option<String>,
}

/// Puts a message in, as a gateway does, and says what became of it: a conference, or something for an operator.
/// `once` makes it one message, however often it comes.
pub(crate) async fn place(
    call: &Call,
    sender: &Sender,
    text: &str,
    once: &str,
) -> Result<Placed, Problem> {
    let ledger = &call.rest.desk.ledger;
    let message = InboundMessage {
        gateway: API_GATEWAY.to_owned(),
        gateway_id: Some(once.to_owned()),
        sender: sender.clone(),
        recipient: API_GATEWAY.to_owned(),
        text: text.to_owned(),
        mail: None,
    };
    let stored = ledger.inbound(&message).await?;
    let id = stored.id.clone();
    let answer = match stored.state {
        InboundState::Answered => Some(OrderAnswer::Repeated),
        InboundState::Received => {
            let request = ProcessRequest { stored, message, copies: Vec::new() };
            let processed: Processed = ask(call.host()?, "order", "/process", &request).await?;
            call.rest.desk.outbox.notify_one();
            processed.answer
        }
    };
    match answer {
        Some(OrderAnswer::Booked { number }) => Ok(Placed::Conference(number)),
        Some(OrderAnswer::Offered { .. }) => Err(offers(call, sender).await?),
        Some(OrderAnswer::Refused { reason }) => Err(refused::order(&reason)),
        Some(OrderAnswer::Cancelled) => Ok(Placed::Cancelled),
        Some(OrderAnswer::Changed | OrderAnswer::Repeated) | None => {
            Ok(match ledger.made_of(&id).await? {
                Made::Conference(number) => Placed::Conference(number),
                Made::Request { id, due } => {
                    Placed::Queued(Queued { request: Some(id), due: Some(time::text(due)) })
                }
                Made::Nothing if answer.is_none() => {
                    Placed::Queued(Queued { request: None, due: None })
                }
                // Answered before a crash, with something that only this answer would have told.
                Made::Nothing => return Err(offers(call, sender).await?),
            })
        }
    }
}

pub(crate) enum Placed {
    Conference(ConferenceNumber),
    Queued(Queued),
    Cancelled,
}

/// What is held for the orderer, as a problem that says so.
async fn offers(call: &Call, sender: &Sender) -> Result<Problem, Problem> {
    let question = OffersQuestion { sender: sender.clone() };
    let facts = call.rest.desk.ledger.offers_facts(&question).await?;
    let offers: Vec<OfferShape> = facts.offers.iter().map(OfferShape::of).collect();
    if offers.is_empty() {
        return Ok(refused::order("nothing fits"));
    }
    let detail = "there is no room for this then; each of these is held until held_until";
    Ok(Problem::new(Kind::Offers, detail).with("offers", json!(offers)))
}

/// The answer to an order or a taken offer.
pub(crate) async fn answer(call: &Call, placed: Placed) -> Result<Answer, Problem> {
    match placed {
        Placed::Conference(number) => {
            let conference = super::conferences::one(call, &number).await?;
            Ok(Answer::created(&format!("/conferences/{number}"), &conference))
        }
        Placed::Queued(queued) => Ok(Answer::accepted(&queued)),
        Placed::Cancelled => Err(Problem::new(Kind::NotOpen, "it was cancelled meanwhile")),
    }
}
