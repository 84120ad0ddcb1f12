//! Another time, length or number of people for a conference that has not begun.

use konf_api::ledger::{BookingChange, BookingState, Effect, OwnBooking};
use konf_api::portal::{ChangeFacts, ChangeQuestion};
use konf_api::render::Message;
use konf_api::schedule::{ChangeRequest, Manner, OrderAnswer};
use konf_contract::{UnixMs, Window};

use crate::ROUNDS_MAX;
use crate::load::Seats;
use crate::order::{Decided, MINUTES, Reply};
use crate::outside::{CallError, Outside};
use crate::place::{PlacementPolicyFacts, Wanted, place};

/// Moves a conference that has not begun, or leaves it as it is.
pub async fn change(
    outside: &impl Outside,
    request: &ChangeRequest,
) -> Result<OrderAnswer, CallError> {
    for _ in 0..ROUNDS_MAX {
        let order = &request.order;
        // Where there is room to extend is for the placement policy to see.
        let end = order.window.end.plus_ms(*MINUTES.end() * UnixMs::MINUTE);
        let span = Window { end, ..order.window };
        let question =
            ChangeQuestion { sender: request.sender.clone(), number: request.number.clone(), span };
        let facts: ChangeFacts = outside.ledger("/v1/facts/change", &question).await?;
        let (now, language) =
            (facts.now, facts.booking.as_ref().map_or(order.language, |booking| booking.language));
        let decided =
            match decide_change(request, facts, span, |facts| outside.placement_policy(facts)) {
                Ok(decided) => decided,
                Err(reason) => return Ok(OrderAnswer::Refused { reason: reason.to_owned() }),
            };
        let reply = Reply {
            inbound: None,
            sender: &request.sender,
            language,
            now,
            manner: &Manner::default(),
        };
        if let Some(answer) = reply.propose(outside, decided).await? {
            return Ok(answer);
        }
    }
    Err(CallError::Moving)
}

/// Decides on a change; `span` is what was asked of the ledger, the error is why everything stays as it is.
pub fn decide_change(
    request: &ChangeRequest,
    facts: ChangeFacts,
    span: Window,
    placement: impl Fn(&PlacementPolicyFacts) -> String,
) -> Result<Decided, &'static str> {
    let ChangeRequest { number, order, .. } = request;
    let is_ahead = |booking: &OwnBooking| {
        booking.state == BookingState::Booked && booking.window.start > facts.now
    };
    let booking = facts.booking.filter(is_ahead).ok_or("nothing to change")?;
    if facts.restriction.is_some() {
        return Err("restricted");
    }
    if order.window.start.minutes() < facts.now.minutes() {
        return Err("past");
    }
    let edges: Vec<Seats> = facts.edges.iter().map(|load| Seats::new(load, span)).collect();
    let wanted = Wanted {
        now: facts.now,
        window: order.window,
        seats: order.seats,
        language: booking.language,
    };
    let at = place(&edges, wanted, placement).ok_or("nothing fits")?;
    let to = BookingChange {
        edge: edges[at].edge().to_owned(),
        window: order.window,
        wall: order.wall.clone(),
        zone: order.zone.clone(),
        seats: order.seats,
    };
    Ok(Decided {
        effect: Effect::Change { booking: booking.booking, to },
        others: facts
            .guests
            .into_iter()
            .filter(|guest| guest.contact != request.sender)
            .map(|guest| {
                let message = Message::Moved {
                    number: number.clone(),
                    pin: guest.pin,
                    window: order.window,
                    zone: order.zone.clone(),
                    event: booking.event,
                };
                (guest.contact, message)
            })
            .collect(),
        message: Message::Changed {
            number: number.clone(),
            pin: facts.pin,
            window: order.window,
            zone: order.zone.clone(),
            seats: order.seats,
            event: booking.event,
        },
        answer: OrderAnswer::Changed,
    })
}

#[cfg(test)]
mod tests {
    use konf_api::schedule::Order;
    use konf_contract::{ConferenceNumber, Language};
    use serde_json::{Value, json};

    use super::*;
    use crate::load::window;
    use crate::testing::{NOW, START, Script, edge, now, sender};

    fn request() -> ChangeRequest {
        let order = Order {
            language: Language::En,
            window: window(START, 60),
            wall: "2027-07-09T14:00".into(),
            zone: "Europe/Prague".into(),
            seats: 10,
        };
        ChangeRequest { sender: sender(), number: ConferenceNumber::new("123456").unwrap(), order }
    }

    fn facts(starts: UnixMs, state: &str, taken: u32) -> Value {
        json!({
            "now": NOW, "restriction": null, "edges": [edge("a", 20, &[(0, taken)])],
            "booking": {
                "booking": "b1", "number": "123456", "window": window(starts, 60), "seats": 4, "language": "cs", "state": state,
            },
        })
    }

    const FACTS: &str = "/v1/facts/change";
    const COMMIT: &str = "/v1/commit";

    #[test]
    fn what_fits_is_moved_and_told_in_the_language_of_the_order() {
        let committed = json!({ "committed": { "booking": null } });
        let script = Script::new([(FACTS, facts(START, "booked", 10)), (COMMIT, committed)]);
        assert_eq!(now(change(&script, &request())), Ok(OrderAnswer::Changed));
        let told = script.last(COMMIT);
        assert_eq!(told["inbound"], Value::Null);
        assert_eq!(told["effect"]["change"]["booking"], "b1");
        assert_eq!(told["effect"]["change"]["to"]["edge"], "a");
        assert_eq!(script.last("render")["language"], "cs");
        assert_eq!(script.last("render")["message"]["changed"]["seats"], 10);
    }

    #[test]
    fn guests_are_told_with_their_pin_and_whoever_ordered_is_told_once() {
        let guest = |contact: Value, pin: &str| json!({ "contact": contact, "pin": pin });
        let petr = json!({ "email": "petr@example.cz" });
        let mut moved = facts(START, "booked", 0);
        moved["pin"] = "135790".into();
        moved["guests"] = json!([
            guest(petr.clone(), "777888"),
            guest(serde_json::to_value(sender()).unwrap(), "777999"),
        ]);
        let committed = json!({ "committed": { "booking": null } });
        let script = Script::new([(FACTS, moved), (COMMIT, committed)]);
        assert_eq!(now(change(&script, &request())), Ok(OrderAnswer::Changed));
        let [(organiser, changed), (guest, moved)] = &script.written()[..] else {
            panic!("{:?}", script.written())
        };
        assert_eq!((organiser, guest), (&serde_json::to_value(sender()).unwrap(), &petr));
        assert_eq!(changed["changed"]["pin"], "135790");
        assert_eq!(moved["moved"]["pin"], "777888");
        assert_eq!(moved["moved"]["window"], changed["changed"]["window"]);
    }

    #[test]
    fn what_does_not_fit_or_has_begun_stays_and_nobody_is_told() {
        let mut restricted = facts(START, "booked", 0);
        restricted["restriction"] = json!({ "reason": "abuse", "until": null });
        for (facts, reason) in [
            (facts(START, "booked", 11), "nothing fits"),
            (facts(NOW, "booked", 0), "nothing to change"),
            (facts(START, "cancelled", 0), "nothing to change"),
            (restricted, "restricted"),
        ] {
            let script = Script::new([(FACTS, facts)]);
            let refused = OrderAnswer::Refused { reason: reason.into() };
            assert_eq!(now(change(&script, &request())), Ok(refused));
        }
    }
}
