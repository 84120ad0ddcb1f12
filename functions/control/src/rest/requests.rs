//! Requests for operators: what is longer or larger than the standard, and free text.

use http::Method;
use konf_ledger::{RequestLine, masked};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::conferences::{CONFERENCE, one};
use super::ordering::Tongue;
use super::problem::{Fault, Kind, Problem};
use super::route::{Answer, Answered, Call, Parameter, Route, Shape};
use super::time;
use super::token::Scope;
use crate::clock;
use crate::operator::requests::Approval;
use crate::operator::{Refusal, whole};

/// As many lines as one reads.
const LINES_MAX: u32 = 500;

#[derive(Serialize, JsonSchema)]
struct Asked {
    #[schemars(extend("format" = "date-time"))]
    start: String,
    minutes: i64,
    people: u32,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Request")]
struct Shown {
    id: String,
    /// In part in a list, whole where one is asked for, which is noted in the audit.
    orderer: String,
    text: String,
    language: Tongue,
    /// What is wanted, where the text says it as an order does.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<Asked>,
    #[schemars(extend("format" = "date-time"))]
    received: String,
    /// When it is to be handled at the latest.
    #[schemars(extend("format" = "date-time"))]
    due: String,
    /// Was or is past that time.
    late: bool,
    /// Absent while open.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    closed: Option<String>,
    /// `approved`, `answered`, `declined` or `closed`; absent while open.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct RequestList {
    /// Open ones: the first due first; closed ones: the latest first. 500 at most.
    items: Vec<Shown>,
}

/// What is booked; what is absent is as it was asked for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Approve {
    #[schemars(extend("format" = "date-time"))]
    start: Option<String>,
    #[schemars(range(min = 1, max = 1_440))]
    minutes: Option<u32>,
    #[schemars(range(min = 2, max = 500))]
    people: Option<u32>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RequestAnswer")]
struct Said {
    /// What is sent to whoever asked, in the language of the request: two SMS hold it.
    #[schemars(length(min = 1, max = 250))]
    text: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RequestNote")]
struct Note {
    /// What became of it; nothing is sent.
    #[schemars(length(min = 1, max = 1_000))]
    note: String,
}

const REQUEST: Shape = Shape::of::<Shown>(|| {
    json!({
        "id": "request-0123456789abcdef0123456789abcdef", "orderer": "+420…456", "text": "konf 0907 1400 180 30",
        "language": "cs", "received": "2027-07-08T09:00:00+02:00", "due": "2027-07-08T10:00:00+02:00", "late": false,
        "order": { "start": "2027-07-09T14:00:00+02:00", "minutes": 180, "people": 30 },
    })
});

const DONE: &[Answered] =
    &[Answered { status: 200, about: "The request as it is then.", body: Some(REQUEST) }];
const SAID: Shape =
    Shape::of::<Said>(|| json!({ "text": "We will call you today and agree on the details." }));

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: Method::GET,
        path: "/requests",
        id: "listRequests",
        tag: "requests",
        summary: "Requests for operators",
        about: "With the deadline of each.",
        scope: Some(Scope::RequestsRead),
        query: &[Parameter {
            name: "state",
            about: "Open ones when absent.",
            schema: || json!({ "type": "string", "enum": ["open", "closed"], "default": "open" }),
        }],
        body: None,
        answers: &[Answered {
            status: 200,
            about: "The requests.",
            body: Some(Shape::of::<RequestList>(|| json!({ "items": [(REQUEST.example)()] }))),
        }],
        problems: &[],
        noted_below: false,
        run: |call| Box::pin(list(call)),
    },
    Route {
        method: Method::GET,
        path: "/requests/{request}",
        id: "getRequest",
        tag: "requests",
        summary: "One request",
        about: "With its orderer in full, which is noted in the audit.",
        scope: Some(Scope::RequestsRead),
        query: &[],
        body: None,
        answers: &[Answered { status: 200, about: "The request.", body: Some(REQUEST) }],
        problems: &[],
        noted_below: false,
        run: |call| Box::pin(get(call)),
    },
    Route {
        method: Method::POST,
        path: "/requests/{request}/approve",
        id: "approveRequest",
        tag: "requests",
        summary: "Book what is asked for",
        about: "Up to a day and 500 people. The credentials are sent; the request is closed with it.",
        scope: Some(Scope::RequestsWrite),
        query: &[],
        body: Some(Shape::of::<Approve>(|| json!({ "minutes": 150 }))),
        answers: &[Answered { status: 201, about: "Booked.", body: Some(CONFERENCE) }],
        problems: &[Kind::Full, Kind::Past, Kind::Restricted, Kind::OverBudget],
        noted_below: true,
        run: |call| Box::pin(approve(call)),
    },
    Route {
        method: Method::POST,
        path: "/requests/{request}/answer",
        id: "answerRequest",
        tag: "requests",
        summary: "Write to whoever asked",
        about: "The request is closed with it.",
        scope: Some(Scope::RequestsWrite),
        query: &[],
        body: Some(SAID),
        answers: DONE,
        problems: &[Kind::OverBudget],
        noted_below: true,
        run: |call| {
            Box::pin(async move {
                let (Said { text }, by) = (call.read()?, call.caller()?.name());
                call.rest.desk.answer_request(call.part(0), &text, &by).await?;
                closed(&call).await
            })
        },
    },
    Route {
        method: Method::POST,
        path: "/requests/{request}/decline",
        id: "declineRequest",
        tag: "requests",
        summary: "Tell whoever asked that it cannot be",
        about: "`text` says why. The request is closed with it.",
        scope: Some(Scope::RequestsWrite),
        query: &[],
        body: Some(SAID),
        answers: DONE,
        problems: &[Kind::OverBudget],
        noted_below: true,
        run: |call| {
            Box::pin(async move {
                let (Said { text }, by) = (call.read()?, call.caller()?.name());
                call.rest.desk.decline_request(call.part(0), &text, &by).await?;
                closed(&call).await
            })
        },
    },
    Route {
        method: Method::POST,
        path: "/requests/{request}/close",
        id: "closeRequest",
        tag: "requests",
        summary: "Note that it has been dealt with",
        about: "Nothing is sent.",
        scope: Some(Scope::RequestsWrite),
        query: &[],
        body: Some(Shape::of::<Note>(|| json!({ "note": "called back" }))),
        answers: DONE,
        problems: &[],
        noted_below: true,
        run: |call| {
            Box::pin(async move {
                let (Note { note }, by) = (call.read()?, call.caller()?.name());
                call.rest.desk.close_request(call.part(0), &note, &by).await?;
                closed(&call).await
            })
        },
    },
];

async fn list(call: Call) -> Result<Answer, Problem> {
    let ledger = &call.rest.desk.ledger;
    let lines = match call.query.text("state") {
        Some("closed") => ledger.closed_requests(LINES_MAX).await?,
        _ => ledger.requests(LINES_MAX).await?,
    };
    let items = lines.iter().map(|line| shown(line, masked(&line.sender))).collect();
    Ok(Answer::ok(&RequestList { items }))
}

async fn found(call: &Call) -> Result<RequestLine, Problem> {
    let none = || Problem::new(Kind::NotFound, "there is no request of that id");
    call.rest.desk.ledger.request(call.part(0)).await?.ok_or_else(none)
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let line = found(&call).await?;
    let by = call.caller()?.name();
    call.rest.desk.ledger.note(&by, "show sender", &line.id, "").await?;
    Ok(Answer::ok(&shown(&line, whole(&line.sender))))
}

async fn closed(call: &Call) -> Result<Answer, Problem> {
    let line = found(call).await?;
    Ok(Answer::ok(&shown(&line, masked(&line.sender))))
}

async fn approve(call: Call) -> Result<Answer, Problem> {
    let Approve { start, minutes, people } = call.read()?;
    let at = start.as_deref().and_then(time::instant).map(|at| {
        // The desk takes wall time.
        time::text(at).get(..16).map(str::to_owned).unwrap_or_default()
    });
    let approval = Approval { id: call.part(0).to_owned(), at, minutes, people };
    let by = call.caller()?.name();
    let number =
        call.rest.desk.approve_request(&approval, &by).await.map_err(|error| {
            match error.downcast_ref::<Refusal>() {
                Some(Refusal::At(_)) => Problem::invalid(vec![Fault::at(
                    "/start",
                    "the clocks change then: choose a time that exists once",
                )]),
                _ => error.into(),
            }
        })?;
    let conference = one(&call, &number).await?;
    Ok(Answer::created(&format!("/conferences/{number}"), &conference))
}

fn shown(line: &RequestLine, orderer: String) -> Shown {
    Shown {
        id: line.id.clone(),
        orderer,
        text: line.text.clone(),
        language: Tongue::of(line.language),
        order: line.order.map(|order| Asked {
            start: time::text(order.window.start),
            minutes: order.window.minutes(),
            people: order.seats,
        }),
        received: time::text(line.received),
        due: time::text(line.due),
        late: line.closed.unwrap_or_else(clock::now) > line.due,
        closed: line.closed.map(time::text),
        result: line.result.clone(),
        by: line.by.clone(),
        note: line.note.clone(),
    }
}
