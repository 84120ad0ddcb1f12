//! What is done about a stored message: pure, so that it can be tried without a network.

use konf_api::ledger::{
    Effect, InboundMessage, InboundStored, Proposal, RequestedOrder, Restriction, Sender,
};
use konf_api::ordering::Reading;
use konf_api::portal::is_seen;
use konf_api::render::{Fault, Message, RenderRequest};
use konf_api::schedule::{
    CancelRequest, Manner, Order, OrderAnswer, OrderRequest, TakeOfferRequest,
};
use konf_contract::{Language, UnixMs};

use crate::calendar::ZONE;
use crate::deadline;
use crate::grammar::{self, Understood};

/// What an operator reads of a long mail; the whole of it is stored with the message.
const QUEUE_CHARACTERS_MAX: usize = 4_000;

/// The next step for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// `POST http://schedule.spin.internal/orders`.
    Order(OrderRequest),
    /// `POST http://schedule.spin.internal/offers/take`.
    TakeOffer(TakeOfferRequest),
    /// `POST http://schedule.spin.internal/cancel`.
    Cancel(CancelRequest),
    /// Have the answer written and commit it with its effect.
    Answer(Box<Answer>),
}

impl Work {
    /// The same, with credentials for others as well.
    pub fn copied_to(mut self, copies: &[Sender]) -> Work {
        match &mut self {
            Work::Order(OrderRequest { manner, .. })
            | Work::TakeOffer(TakeOfferRequest { manner, .. }) => manner.copies = copies.to_vec(),
            Work::Cancel(_) | Work::Answer(_) => {}
        }
        self
    }
}

/// An answer that is not the schedule's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub inbound: String,
    pub effect: Effect,
    pub render: RenderRequest,
}

impl Answer {
    pub fn proposal(self, messages: Vec<konf_api::ledger::OutboxMessage>) -> Proposal {
        Proposal {
            inbound: Some(self.inbound),
            sender: self.render.recipient,
            effect: self.effect,
            messages,
        }
    }

    /// What whoever sees the answer in the web hears, with nothing sent; none where something is to be sent.
    pub fn seen(&self) -> Option<OrderAnswer> {
        let reason = match (&self.effect, &self.render.message) {
            (Effect::Answer, Message::Restricted { .. }) => "restricted",
            (Effect::Answer, _) => "not an order",
            _ => return None,
        };
        Some(OrderAnswer::Refused { reason: reason.to_owned() })
    }

    /// The same message answered to a sender who is restricted: nothing but that is said.
    pub fn restricted(self, until: Option<UnixMs>) -> Self {
        let message = Message::Restricted { until, zone: ZONE.to_owned() };
        Answer { effect: Effect::Answer, render: RenderRequest { message, ..self.render }, ..self }
    }

    /// What a restriction makes of this answer.
    pub fn under(self, restriction: Option<Restriction>) -> Self {
        match restriction {
            Some(restriction) => self.restricted(restriction.until),
            None => self,
        }
    }
}

/// Reads the message as of when its first copy came, so that a retry reads the same order. Whether it has come too late
/// meanwhile, for instance since the database was down, is the schedule's to say.
pub fn plan(stored: &InboundStored, message: &InboundMessage) -> Work {
    let inbound = stored.id.clone();
    let sender = message.sender.clone();
    let manner = Manner { seen: is_seen(&message.gateway), copies: Vec::new() };
    if message.mail.as_ref().is_some_and(|mail| !mail.orders) {
        return enqueue(stored, message, language_of(&message.sender, &message.text), None);
    }
    match grammar::understand(&message.text, stored.received) {
        Understood::Order(order) => {
            Work::Order(OrderRequest { inbound, sender, now: stored.now, order, manner })
        }
        Understood::TakeOffer(index) => {
            let language = language_of(&message.sender, &message.text);
            Work::TakeOffer(TakeOfferRequest { inbound, sender, index, language, manner })
        }
        Understood::Cancel { number, language } => {
            Work::Cancel(CancelRequest { inbound, sender, number, language })
        }
        Understood::NonStandard { language, order } => enqueue(stored, message, language, order),
        Understood::Question { language, wall, choices } => {
            answer(stored, message, language, Effect::Answer, Message::Question { wall, choices })
        }
        Understood::Refusal { language, fault, example } => {
            answer(stored, message, language, Effect::Answer, Message::Refusal { fault, example })
        }
        Understood::NotAnOrder => not_an_order(stored, message),
    }
}

/// The language in which whoever sent this is answered before anything is done about it.
pub fn language(message: &InboundMessage, now: UnixMs) -> Language {
    match grammar::understand(&message.text, now) {
        Understood::Order(order) => order.language,
        Understood::Cancel { language, .. }
        | Understood::NonStandard { language, .. }
        | Understood::Question { language, .. }
        | Understood::Refusal { language, .. } => language,
        Understood::TakeOffer(_) | Understood::NotAnOrder => {
            language_of(&message.sender, &message.text)
        }
    }
}

/// What would be made of a text, in the words of whoever asks before it is sent.
pub fn reading(text: &str, now: UnixMs) -> Reading {
    match grammar::understand(text, now) {
        Understood::Order(order) => Reading::Order(order),
        Understood::NonStandard { language, .. } => Reading::NonStandard { language },
        Understood::Question { choices, .. } => Reading::Question { choices },
        Understood::Refusal { fault, .. } => Reading::Fault(fault),
        Understood::TakeOffer(_) | Understood::Cancel { .. } | Understood::NotAnOrder => {
            Reading::Other
        }
    }
}

/// Free text is a request for an operator (PRODUCT.md, section 1). An SMS of a word or two, or one that advertises a
/// link, asks for nothing that an operator could do: its sender gets an example, and the queue stays readable.
fn not_an_order(stored: &InboundStored, message: &InboundMessage) -> Work {
    let language = language_of(&message.sender, &message.text);
    match message.sender {
        Sender::Email(_) => enqueue(stored, message, language, None),
        Sender::Sms(_) if asks_for_something(&message.text) => {
            enqueue(stored, message, language, None)
        }
        Sender::Sms(_) => {
            let example = grammar::standard_example(language, stored.now);
            let refusal = Message::Refusal { fault: Fault::Unreadable, example };
            answer(stored, message, language, Effect::Answer, refusal)
        }
    }
}

fn asks_for_something(text: &str) -> bool {
    let folded = text.to_lowercase();
    let words = folded.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic));
    words.count() >= REQUEST_WORDS_MIN && !LINKS.iter().any(|link| folded.contains(link))
}

/// "Wrong number, sorry" and "Who is this" have three; the shortest request that says what and when has more.
const REQUEST_WORDS_MIN: usize = 4;

/// What advertisements by SMS are made of, and no request needs.
const LINKS: [&str; 3] = ["http://", "https://", "www."];

/// The language of one who used no keyword, as far as can be told: plain English words, or a number from abroad. The
/// service is Czech.
fn language_of(sender: &Sender, text: &str) -> Language {
    let words = text.split(|c: char| !c.is_alphabetic()).take(WORDS_LOOKED_AT);
    let english = words.filter(|word| ENGLISH.contains(&word.to_lowercase().as_str())).count();
    let abroad = match sender {
        Sender::Sms(number) => {
            !number.expose().starts_with(CZECH) && !number.expose().starts_with(SLOVAK)
        }
        Sender::Email(_) => false,
    };
    if abroad || english >= 2 { Language::En } else { Language::Cs }
}

pub(crate) const CZECH: &str = "+420";
/// Slovak is read in Czech.
const SLOVAK: &str = "+421";

/// A request says what it wants in its first lines.
const WORDS_LOOKED_AT: usize = 200;

/// Frequent, and no Czech or Slovak words with or without accents.
const ENGLISH: [&str; 16] = [
    "the", "please", "we", "would", "like", "for", "with", "people", "hello", "and", "at", "is",
    "need", "tomorrow", "want", "thanks",
];

/// To the operators, with a receipt that states the deadline.
pub(crate) fn enqueue(
    stored: &InboundStored,
    message: &InboundMessage,
    language: Language,
    order: Option<Order>,
) -> Work {
    let due = deadline::due(stored.received);
    let text = message.text.chars().take(QUEUE_CHARACTERS_MAX).collect();
    let order = order.map(|order| RequestedOrder { window: order.window, seats: order.seats });
    let effect = Effect::Enqueue { text, received: stored.received, due, language, order };
    answer(stored, message, language, effect, Message::Receipt { due, zone: ZONE.to_owned() })
}

pub(crate) fn answer(
    stored: &InboundStored,
    message: &InboundMessage,
    language: Language,
    effect: Effect,
    text: Message,
) -> Work {
    let recipient = message.sender.clone();
    let render = RenderRequest { recipient, language, now: stored.now, message: text };
    Work::Answer(Box::new(Answer { inbound: stored.id.clone(), effect, render }))
}

#[cfg(test)]
mod tests;
