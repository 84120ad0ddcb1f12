//! Offers: what would fit instead of an order, held for some minutes.

use http::Method;
use konf_api::ledger::{HeldOffer, Sender};
use konf_api::portal::API_GATEWAY;
use konf_ledger::Made;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::conferences::{CONFERENCE, QUEUED};
use super::ordering::{Placed, Tongue, answer, place};
use super::problem::{Kind, Problem};
use super::route::{Answer, Answered, Call, Route, Shape};
use super::time;
use super::token::Scope;

/// An alternative, held for the orderer alone.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Offer")]
pub(crate) struct OfferShape {
    id: String,
    /// From 1: what an orderer would reply by SMS.
    index: u32,
    #[schemars(extend("format" = "date-time"))]
    start: String,
    #[schemars(extend("format" = "date-time"))]
    end: String,
    minutes: i64,
    people: u32,
    language: Tongue,
    #[schemars(extend("format" = "date-time"))]
    held_until: String,
    /// Where to POST to take it.
    accept: String,
}

impl OfferShape {
    pub(crate) fn of(held: &HeldOffer) -> OfferShape {
        OfferShape {
            id: held.offer.clone(),
            index: held.index,
            start: time::text(held.window.start),
            end: time::text(held.window.end),
            minutes: held.window.minutes(),
            people: held.seats,
            language: Tongue::of(held.language),
            held_until: time::text(held.until),
            accept: format!("{}/offers/{}/accept", super::PATH, held.offer),
        }
    }
}

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: Method::GET,
        path: "/offers/{offer}",
        id: "getOffer",
        tag: "conferences",
        summary: "What is offered",
        about: "Only while it is held.",
        scope: Some(Scope::ConferencesRead),
        query: &[],
        body: None,
        answers: &[Answered { status: 200, about: "The offer.", body: Some(OFFER) }],
        problems: &[],
        noted_below: false,
        run: |call| Box::pin(async move { Ok(Answer::ok(&OfferShape::of(&held(&call).await?.1))) }),
    },
    Route {
        method: Method::POST,
        path: "/offers/{offer}/accept",
        id: "acceptOffer",
        tag: "conferences",
        summary: "Book what is offered",
        about: "The seats are held, so that it fits. The other offers to this orderer are given back.",
        scope: Some(Scope::ConferencesWrite),
        query: &[],
        body: None,
        answers: &[
            Answered {
                status: 201,
                about: "Booked; the credentials are on their way.",
                body: Some(CONFERENCE),
            },
            Answered { status: 202, about: "An operator looks at it.", body: Some(QUEUED) },
        ],
        problems: &[
            Kind::Full,
            Kind::Offers,
            Kind::NotOpen,
            Kind::Restricted,
            Kind::OverBudget,
            Kind::Past,
        ],
        noted_below: false,
        run: |call| Box::pin(accept(call)),
    },
];

const OFFER: Shape = Shape::of::<OfferShape>(|| {
    json!({
        "id": "offer-0123456789abcdef0123456789abcdef", "index": 1, "minutes": 60, "people": 10, "language": "cs",
        "start": "2027-07-09T14:30:00+02:00", "end": "2027-07-09T15:30:00+02:00",
        "held_until": "2027-07-09T09:10:00+02:00",
        "accept": "/api/v1/offers/offer-0123456789abcdef0123456789abcdef/accept",
    })
});

async fn held(call: &Call) -> Result<(Sender, HeldOffer), Problem> {
    let owner = call.caller()?.owner.as_ref();
    let held = call.rest.desk.ledger.held_offer(call.part(0), owner).await?;
    held.ok_or_else(|| Problem::new(Kind::NotFound, "this offer is not held: order again"))
}

/// As the reply `1` by SMS. One offer is taken once, whoever asks how often.
async fn accept(call: Call) -> Result<Answer, Problem> {
    let (sender, offer) = match held(&call).await {
        Ok(held) => held,
        Err(gone) => {
            // Taken before, and the answer may not have arrived.
            let owner = call.caller()?.owner.as_ref();
            let taken = call.rest.desk.ledger.made_under(API_GATEWAY, call.part(0), owner).await?;
            let Made::Conference(number) = taken else { return Err(gone) };
            return answer(&call, Placed::Conference(number)).await;
        }
    };
    let placed = place(&call, &sender, &offer.index.to_string(), &offer.offer).await?;
    answer(&call, placed).await
}
