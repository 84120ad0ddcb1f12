//! Conferences: order, look, change, cancel, credentials, statement.

mod deeds;

use http::Method;
use konf_api::ledger::BookingState;
use konf_contract::UnixMs;
use konf_ledger::{ApiConference, masked};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ordering::{Orderer, Queued, Tongue};
use super::problem::Kind;
use super::route::{Answer, Answered, Parameter, Route, Shape};
use super::token::Scope;
use super::{meta, time};
pub(crate) use deeds::{found, one};

const PAGE_DEFAULT: u32 = 50;

/// What is ordered. Up to 120 minutes and 20 people are booked at once; more becomes a request for an operator.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewConference {
    /// On a whole minute, within eight years.
    #[schemars(extend("format" = "date-time"))]
    start: String,
    #[schemars(range(min = 1, max = 1_440))]
    minutes: u32,
    #[schemars(range(min = 2, max = 500))]
    people: u32,
    /// Of the messages and prompts; Czech when absent.
    language: Option<Tongue>,
    /// Who gets the credentials. A customer's token orders for the customer: leave it out.
    orderer: Option<Orderer>,
}

/// What is to be different; what is absent stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ConferenceChange {
    #[schemars(extend("format" = "date-time"))]
    start: Option<String>,
    #[schemars(range(min = 1, max = 120))]
    minutes: Option<u32>,
    #[schemars(range(min = 2, max = 20))]
    people: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    /// To come, or going on.
    Booked,
    Cancelled,
    Ended,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Conference {
    number: String,
    state: State,
    #[schemars(extend("format" = "date-time"))]
    start: String,
    /// With extensions.
    #[schemars(extend("format" = "date-time"))]
    end: String,
    /// As it was booked.
    minutes: i64,
    people: u32,
    /// How many seats are taken by those who are inside, or held for those who come back.
    inside: u32,
    language: Tongue,
    /// Who ordered it, in part: `+420…456`.
    orderer: String,
    #[schemars(extend("format" = "date-time"))]
    created: String,
}

#[derive(Serialize, JsonSchema)]
struct ConferencePage {
    /// By their start.
    items: Vec<Conference>,
    /// The `cursor` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// What opens a conference. Of one that is not open there is none.
#[derive(Serialize, JsonSchema)]
struct Credentials {
    number: String,
    /// Lets people in.
    pin: String,
    /// Keyed in place of the PIN it makes its caller the organiser.
    password: String,
}

impl Conference {
    fn of(line: &ApiConference) -> Conference {
        Conference {
            number: line.number.as_str().to_owned(),
            state: match line.state {
                BookingState::Booked => State::Booked,
                BookingState::Cancelled => State::Cancelled,
                BookingState::Ended => State::Ended,
            },
            start: time::text(line.window.start),
            end: time::text(line.window.end),
            minutes: line.booked_end.since(line.window.start) / UnixMs::MINUTE,
            people: line.seats,
            inside: line.seats_taken,
            language: Tongue::of(line.language),
            orderer: masked(&line.sender),
            created: time::text(line.created),
        }
    }
}

pub(crate) const CONFERENCE: Shape = Shape::of::<Conference>(|| {
    json!({
        "number": "123456", "state": "booked", "start": "2027-07-09T14:00:00+02:00", "end": "2027-07-09T15:00:00+02:00",
        "minutes": 60, "people": 10, "inside": 0, "language": "cs", "orderer": "+420…456", "created": "2027-07-08T09:00:00+02:00",
    })
});

pub(crate) const QUEUED: Shape = Shape::of::<Queued>(
    || json!({ "request": "request-0123456789abcdef0123456789abcdef", "due": "2027-07-08T10:00:00+02:00" }),
);

const FOUND: Answered = Answered { status: 200, about: "The conference.", body: Some(CONFERENCE) };

const LIST: &[Parameter] = &[
    Parameter {
        name: "state",
        about: "Only those that are so.",
        schema: || json!({ "type": "string", "enum": ["booked", "cancelled", "ended"] }),
    },
    Parameter { name: "from", about: "Those that start then or later.", schema: instant_schema },
    Parameter { name: "to", about: "Those that start before.", schema: instant_schema },
    Parameter {
        name: "cursor",
        about: "`next` of the page before.",
        schema: || json!({ "type": "string", "maxLength": 200 }),
    },
    Parameter {
        name: "limit",
        about: "Lines of a page.",
        schema: || json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": PAGE_DEFAULT }),
    },
];

fn instant_schema() -> Value {
    json!({ "type": "string", "format": "date-time", "example": "2027-07-09T14:00:00+02:00" })
}

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: Method::GET,
        path: "/conferences",
        id: "listConferences",
        tag: "conferences",
        summary: "Conferences by their start",
        about: "A customer's token sees the customer's. Dedicated conferences are not among them.",
        scope: Some(Scope::ConferencesRead),
        query: LIST,
        body: None,
        answers: &[Answered {
            status: 200,
            about: "A page.",
            body: Some(Shape::of::<ConferencePage>(
                || json!({ "items": [(CONFERENCE.example)()] }),
            )),
        }],
        problems: &[],
        noted_below: false,
        run: |call| Box::pin(deeds::list(call)),
    },
    Route {
        method: Method::POST,
        path: "/conferences",
        id: "orderConference",
        tag: "conferences",
        summary: "Order a conference",
        about: "Goes the way of an order by SMS: the same limits, restrictions and offers. The credentials are sent to the \
                orderer. Send an Idempotency-Key, so that it is booked once whatever the network does.",
        scope: Some(Scope::ConferencesWrite),
        query: &[],
        body: Some(Shape::of::<NewConference>(|| {
            json!({
                "start": "2027-07-09T14:00:00+02:00", "minutes": 60, "people": 10, "language": "cs",
                "orderer": { "phone": "+420606123456" },
            })
        })),
        answers: &[
            Answered {
                status: 201,
                about: "Booked; the credentials are on their way.",
                body: Some(CONFERENCE),
            },
            Answered {
                status: 202,
                about: "Longer or larger than the standard: an operator looks at it.",
                body: Some(QUEUED),
            },
        ],
        problems: &[
            Kind::Full,
            Kind::Offers,
            Kind::NotOpen,
            Kind::Restricted,
            Kind::OverBudget,
            Kind::Past,
            Kind::NotFound,
        ],
        noted_below: false,
        run: |call| Box::pin(deeds::order(call)),
    },
    Route {
        method: Method::GET,
        path: "/conferences/{number}",
        id: "getConference",
        tag: "conferences",
        summary: "One conference",
        about: "The latest of that number.",
        scope: Some(Scope::ConferencesRead),
        query: &[],
        body: None,
        answers: &[FOUND],
        problems: &[],
        noted_below: false,
        run: |call| Box::pin(async move { Ok(Answer::ok(&Conference::of(&found(&call).await?))) }),
    },
    Route {
        method: Method::PATCH,
        path: "/conferences/{number}",
        id: "changeConference",
        tag: "conferences",
        summary: "Another time, length or number of people",
        about: "Before it begins. Number, PIN and password stay; the orderer hears of it.",
        scope: Some(Scope::ConferencesWrite),
        query: &[],
        body: Some(Shape::of::<ConferenceChange>(|| json!({ "minutes": 90 }))),
        answers: &[FOUND],
        problems: &[
            Kind::Full,
            Kind::NotOpen,
            Kind::Restricted,
            Kind::OverBudget,
            Kind::Past,
            Kind::BeyondStandard,
        ],
        noted_below: false,
        run: |call| Box::pin(deeds::change(call)),
    },
    Route {
        method: Method::DELETE,
        path: "/conferences/{number}",
        id: "cancelConference",
        tag: "conferences",
        summary: "Cancel",
        about: "Its seats are free at once, who is inside is let go, and the orderer hears of it. One that is cancelled stays so.",
        scope: Some(Scope::ConferencesWrite),
        query: &[],
        body: None,
        answers: &[FOUND],
        problems: &[Kind::NotOpen, Kind::OverBudget],
        noted_below: false,
        run: |call| Box::pin(deeds::cancel(call)),
    },
    Route {
        method: Method::GET,
        path: "/conferences/{number}/credentials",
        id: "getCredentials",
        tag: "conferences",
        summary: "PIN and password",
        about: "While it is open. Each look is noted in the audit.",
        scope: Some(Scope::CredentialsRead),
        query: &[],
        body: None,
        answers: &[Answered {
            status: 200,
            about: "What opens it.",
            body: Some(Shape::of::<Credentials>(
                || json!({ "number": "123456", "pin": "246813", "password": "24681357" }),
            )),
        }],
        problems: &[Kind::NotOpen],
        noted_below: false,
        run: |call| Box::pin(deeds::credentials(call)),
    },
    Route {
        method: Method::GET,
        path: "/conferences/{number}/statement",
        id: "getStatement",
        tag: "conferences",
        summary: "What its calls cost",
        about: "A line for each leg, with its price once it is rated, and the sum with VAT.",
        scope: Some(Scope::StatementsRead),
        query: &[],
        body: None,
        answers: &[Answered { status: 200, about: "The statement.", body: Some(meta::ANY) }],
        problems: &[],
        noted_below: false,
        run: |call| Box::pin(deeds::statement(call)),
    },
];
