//! Orders, taken offers and cancellations: each is read, decided, worded and proposed until the ledger has committed it.

use konf_api::ledger::{
    BookingFacts, BookingProposal, BookingQuestion, BookingState, Effect, HeldOffer, OfferProposal,
    OffersFacts, OffersQuestion, OrderFacts, OrderQuestion, Outcome, Proposal, Sender,
};
use konf_api::render::{Fault, Message, OfferedAlternative, RenderRequest};
use konf_api::schedule::{
    CancelRequest, Manner, Order, OrderAnswer, OrderRequest, TakeOfferRequest,
};
use konf_contract::{Language, UnixMs, Window};

use crate::ROUNDS_MAX;
use crate::draw::credentials;
use crate::load::Seats;
use crate::offers::{Alternative, HELD_MS, OffersPolicyFacts, SEARCH_MIN, offers};
use crate::outside::{CallError, Outside};
use crate::place::{PlacementPolicyFacts, Wanted, place};
use crate::wall::{ZONE, day_and_time, wall};

/// Limits of a standard order (PRODUCT.md, section 1).
pub(crate) const MINUTES: std::ops::RangeInclusive<i64> = 1..=120;
const SEATS: std::ops::RangeInclusive<u32> = 2..=20;

/// By SMS and by e-mail: the form asks for no more.
const COPIES_MAX: usize = 1;

/// Whether the order is a standard one on whole minutes. `order` asks for nothing else, so anything else is a mistake.
pub fn is_standard(order: &Order) -> bool {
    within_limits(order.window, order.seats) && wall(order.window.start).is_some()
}

/// Whether so long a conference for so many lies within the limits, on whole minutes.
pub fn within_limits(window: Window, seats: u32) -> bool {
    let whole = |at: UnixMs| at.0.rem_euclid(UnixMs::MINUTE) == 0;
    whole(window.start)
        && whole(window.end)
        && MINUTES.contains(&window.minutes())
        && SEATS.contains(&seats)
}

/// Books, or offers what would fit, or refuses.
pub async fn order(
    outside: &impl Outside,
    request: &OrderRequest,
) -> Result<OrderAnswer, CallError> {
    for round in 0..ROUNDS_MAX {
        let span = span(&request.order.window, request.now);
        let question = OrderQuestion { sender: request.sender.clone(), span };
        let facts: OrderFacts = outside.ledger("/v1/facts/order", &question).await?;
        let skip = spread(round, outside.random());
        let decided = decide(
            &request.order,
            &facts,
            span,
            skip,
            |facts| outside.offers_policy(facts),
            |facts| outside.placement_policy(facts),
            || outside.random(),
        );
        let reply = Reply {
            inbound: Some(&request.inbound),
            sender: &request.sender,
            language: request.order.language,
            now: facts.now,
            manner: &request.manner,
        };
        if let Some(answer) = reply.propose(outside, decided).await? {
            return Ok(answer);
        }
    }
    Err(CallError::Moving)
}

/// Turns an offer that is still held into a booking.
pub async fn take_offer(
    outside: &impl Outside,
    request: &TakeOfferRequest,
) -> Result<OrderAnswer, CallError> {
    for _ in 0..ROUNDS_MAX {
        let question = OffersQuestion { sender: request.sender.clone() };
        let facts: OffersFacts = outside.ledger("/v1/facts/offers", &question).await?;
        let held = facts.offers.iter().find(|offer| offer.index == request.index);
        let decided = decide_offer(held, &facts, || outside.random());
        // All offers of a sender come from one order.
        let language = facts.offers.first().map_or(request.language, |offer| offer.language);
        let reply = Reply {
            inbound: Some(&request.inbound),
            sender: &request.sender,
            language: held.map_or(language, |offer| offer.language),
            now: facts.now,
            manner: &request.manner,
        };
        if let Some(answer) = reply.propose(outside, decided).await? {
            return Ok(answer);
        }
    }
    Err(CallError::Moving)
}

/// Cancels a booking of the sender. The answer is in the language of the order, as every later message about it.
pub async fn cancel(
    outside: &impl Outside,
    request: &CancelRequest,
) -> Result<OrderAnswer, CallError> {
    for _ in 0..ROUNDS_MAX {
        let question =
            BookingQuestion { number: request.number.clone(), sender: request.sender.clone() };
        let facts: BookingFacts = outside.ledger("/v1/facts/booking", &question).await?;
        let reply = Reply {
            inbound: Some(&request.inbound),
            sender: &request.sender,
            language: facts.booking.as_ref().map_or(request.language, |booking| booking.language),
            now: facts.now,
            manner: &Manner::default(),
        };
        if let Some(answer) = reply.propose(outside, decide_cancel(request, facts)).await? {
            return Ok(answer);
        }
    }
    Err(CallError::Moving)
}

/// What is to be done, what is said about it, and what the caller of the function hears once it is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    pub effect: Effect,
    pub message: Message,
    pub answer: OrderAnswer,
    /// Who hears of it besides, and what.
    pub others: Vec<(Sender, Message)>,
}

impl Decided {
    fn refused(reason: &str, message: Message) -> Self {
        let answer = OrderAnswer::Refused { reason: reason.to_owned() };
        Decided { effect: Effect::Answer, message, answer, others: Vec::new() }
    }
}

/// How many of the nearest times are passed over when offers are looked for again: none at first, then at random among
/// four, sixteen and sixty-four (five hours in steps of five minutes), so that a crowd comes apart in a few rounds.
fn spread(round: usize, random: u64) -> usize {
    (random % (1 << (2 * round.min(3)))) as usize
}

/// Decides on an order. `span` is what was asked of the ledger, `skip` as in [`offers`], `random` as in [`credentials`];
/// `alternatives` and `placement` are the policies.
pub fn decide(
    order: &Order,
    facts: &OrderFacts,
    span: Window,
    skip: usize,
    alternatives: impl Fn(&OffersPolicyFacts) -> Vec<Alternative>,
    placement: impl Fn(&PlacementPolicyFacts) -> String,
    random: impl FnMut() -> u64,
) -> Decided {
    if let Some(restriction) = &facts.restriction {
        return restricted(restriction.until);
    }
    if order.window.end <= facts.now {
        return past(order, facts.now);
    }
    let edges: Vec<Seats> = facts.edges.iter().map(|load| Seats::new(load, span)).collect();
    let wanted = Wanted {
        now: facts.now,
        window: order.window,
        seats: order.seats,
        language: order.language,
    };
    if let Some(at) = place(&edges, wanted, &placement) {
        let place = Place {
            edge: edges[at].edge(),
            window: order.window,
            wall: order.wall.clone(),
            zone: order.zone.clone(),
            seats: order.seats,
            language: order.language,
        };
        return book(place, random, Effect::Book);
    }
    offer(offers(edges, order, facts.now, skip, alternatives, placement), facts.now)
}

/// Decides on a reply to offers.
pub fn decide_offer(
    held: Option<&HeldOffer>,
    facts: &OffersFacts,
    random: impl FnMut() -> u64,
) -> Decided {
    if let Some(restriction) = &facts.restriction {
        return restricted(restriction.until);
    }
    let found = held.and_then(|offer| Some((offer, wall(offer.window.start)?)));
    let Some((offer, wall)) = found else { return no_such_offer(facts) };
    let place = Place {
        edge: &offer.edge,
        window: offer.window,
        wall,
        zone: ZONE.to_owned(),
        seats: offer.seats,
        language: offer.language,
    };
    book(place, random, |booking| Effect::TakeOffer { offer: offer.offer.clone(), booking })
}

/// Who still has others hears of them again; who has none, that it is over.
fn no_such_offer(facts: &OffersFacts) -> Decided {
    let Some(first) = facts.offers.first() else {
        return Decided::refused("offer gone", Message::OfferGone);
    };
    let offers = facts.offers.iter().map(|offer| OfferedAlternative {
        index: offer.index,
        window: offer.window,
        seats: offer.seats,
    });
    let message =
        Message::Offers { offers: offers.collect(), until: first.until, zone: ZONE.to_owned() };
    Decided::refused("no such offer", message)
}

/// Decides on a cancellation. A booking that is not this sender's is absent from the facts: the same as none at all.
pub fn decide_cancel(request: &CancelRequest, facts: BookingFacts) -> Decided {
    match facts.booking {
        Some(booking) if booking.state == BookingState::Booked => {
            let message = Message::Cancelled {
                number: booking.number,
                window: booking.window,
                zone: ZONE.to_owned(),
                event: booking.event,
            };
            let guests = facts.guests.into_iter().map(|guest| (guest.contact, message.clone()));
            Decided {
                effect: Effect::Cancel { booking: booking.booking },
                others: guests.filter(|(contact, _)| *contact != request.sender).collect(),
                message,
                answer: OrderAnswer::Cancelled,
            }
        }
        _ => Decided::refused(
            "nothing to cancel",
            Message::NothingToCancel { number: request.number.clone() },
        ),
    }
}

/// Where and when a conference is booked.
pub(crate) struct Place<'a> {
    pub(crate) edge: &'a str,
    pub(crate) window: Window,
    pub(crate) wall: String,
    pub(crate) zone: String,
    pub(crate) seats: u32,
    pub(crate) language: Language,
}

pub(crate) fn book(
    place: Place<'_>,
    random: impl FnMut() -> u64,
    effect: impl FnOnce(BookingProposal) -> Effect,
) -> Decided {
    let drawn = credentials(random);
    let message = Message::Credentials {
        number: drawn.number.clone(),
        pin: drawn.pin.clone(),
        password: drawn.password.clone(),
        window: place.window,
        zone: place.zone.clone(),
        seats: place.seats,
    };
    let answer = OrderAnswer::Booked { number: drawn.number.clone() };
    let proposal = BookingProposal {
        number: drawn.number,
        pin: drawn.pin,
        password: drawn.password,
        edge: place.edge.to_owned(),
        window: place.window,
        wall: place.wall,
        zone: place.zone,
        seats: place.seats,
        language: place.language,
    };
    Decided { effect: effect(proposal), message, answer, others: Vec::new() }
}

fn offer(offers: Vec<OfferProposal>, now: UnixMs) -> Decided {
    if offers.is_empty() {
        return Decided::refused("nothing fits", Message::NothingFits);
    }
    let until = now.plus_ms(HELD_MS);
    let shown = offers.iter().map(|offer| OfferedAlternative {
        index: offer.index,
        window: offer.window,
        seats: offer.seats,
    });
    Decided {
        message: Message::Offers { offers: shown.collect(), until, zone: ZONE.to_owned() },
        answer: OrderAnswer::Offered { offers: offers.len() as u32 },
        effect: Effect::HoldOffers { offers, until },
        others: Vec::new(),
    }
}

/// An order that waited, for instance for a database that was down, until its conference would be over.
fn past(order: &Order, now: UnixMs) -> Decided {
    let keyword = match order.language {
        Language::Cs => "konf",
        Language::En => "conf",
    };
    let tomorrow = day_and_time(now.plus_ms(24 * 60 * UnixMs::MINUTE)).unwrap_or_default();
    let example = format!("{keyword} {tomorrow} {} {}", order.window.minutes(), order.seats);
    Decided::refused(
        "past",
        Message::Refusal { fault: Fault::Past { start: order.window.start }, example },
    )
}

fn restricted(until: Option<UnixMs>) -> Decided {
    Decided::refused("restricted", Message::Restricted { until, zone: ZONE.to_owned() })
}

/// From half a day before the window, but not in the past, to half a day after it.
pub(crate) fn span(window: &Window, now: UnixMs) -> Window {
    let search_ms = SEARCH_MIN * UnixMs::MINUTE;
    let earliest = UnixMs::from_minutes(now.minutes()).min(window.start);
    Window {
        start: window.start.plus_ms(-search_ms).max(earliest),
        end: window.end.plus_ms(search_ms),
    }
}

/// To whom a message is answered.
pub(crate) struct Reply<'a> {
    /// None where an operator has acted.
    pub(crate) inbound: Option<&'a str>,
    pub(crate) sender: &'a Sender,
    pub(crate) language: Language,
    pub(crate) now: UnixMs,
    pub(crate) manner: &'a Manner,
}

impl Reply<'_> {
    /// Who is sent the answer: credentials go to all, anything else only to one who does not see it.
    fn recipients(&self, effect: &Effect) -> Vec<&Sender> {
        match effect {
            Effect::Book(_) | Effect::TakeOffer { .. } => {
                let copies = self.manner.copies.iter().filter(|copy| *copy != self.sender);
                std::iter::once(self.sender).chain(copies.take(COPIES_MAX)).collect()
            }
            _ if self.manner.seen => Vec::new(),
            _ => vec![self.sender],
        }
    }

    /// Has the message written and proposes all of it; nothing when the facts have moved.
    pub(crate) async fn propose(
        &self,
        outside: &impl Outside,
        decided: Decided,
    ) -> Result<Option<OrderAnswer>, CallError> {
        let mut messages = Vec::new();
        let own = self.recipients(&decided.effect).into_iter().map(|to| (to, &decided.message));
        let others = decided.others.iter().map(|(to, message)| (to, message));
        for (recipient, message) in own.chain(others) {
            let render = RenderRequest {
                recipient: recipient.clone(),
                language: self.language,
                now: self.now,
                message: message.clone(),
            };
            messages.extend(outside.render(&render).await?);
        }
        let proposal = Proposal {
            inbound: self.inbound.map(str::to_owned),
            sender: self.sender.clone(),
            effect: decided.effect,
            messages,
        };
        Ok(match outside.ledger("/v1/commit", &proposal).await? {
            Outcome::Committed { .. } => Some(decided.answer),
            Outcome::Repeated => Some(OrderAnswer::Repeated),
            Outcome::OverBudget => Some(OrderAnswer::Refused { reason: "over budget".to_owned() }),
            Outcome::Moved(_) => None,
        })
    }
}

#[cfg(test)]
mod tests;
