//! Webhooks: who is told of events, and what became of each.

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::Method;
use konf_ledger::{DeliveryLine, EVENTS, NewWebhook, WebhookLine, WebhookSecret};
use rand::TryRngCore;
use rand::rngs::OsRng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::problem::{Fault, Kind, Problem};
use super::route::{Answer, Answered, Call, Parameter, Route, Shape};
use super::time;
use super::token::Scope;
use crate::webhooks;

/// As many lines as one reads.
const LINES_MAX: u32 = 200;
/// Standard Webhooks asks for 24 to 64 bytes.
const SECRET_BYTES: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EventKind")]
enum Event {
    #[serde(rename = "conference.booked")]
    Booked,
    #[serde(rename = "conference.changed")]
    Changed,
    #[serde(rename = "conference.cancelled")]
    Cancelled,
    #[serde(rename = "conference.started")]
    Started,
    #[serde(rename = "conference.ended")]
    Ended,
    #[serde(rename = "participant.joined")]
    Joined,
    #[serde(rename = "participant.left")]
    Left,
    #[serde(rename = "participant.muted")]
    Muted,
    #[serde(rename = "participant.unmuted")]
    Unmuted,
    #[serde(rename = "record.rated")]
    Rated,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewHook {
    /// `https://…`, on the public internet.
    #[schemars(length(min = 9, max = 1_000))]
    url: String,
    #[schemars(length(min = 1, max = 20))]
    events: Vec<Event>,
    /// What it is for.
    #[schemars(length(max = 100))]
    label: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct MadeHook {
    id: String,
    /// Signs what is told (Standard Webhooks); shown now and never again.
    secret: String,
}

#[derive(Serialize, JsonSchema)]
struct Webhook {
    id: String,
    url: String,
    events: Vec<String>,
    label: String,
    /// In part; absent when it is told of all conferences.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    by: String,
    #[schemars(extend("format" = "date-time"))]
    created: String,
    /// Events that wait to be told.
    waiting: u32,
    /// Events that could not be told.
    dead: u32,
}

#[derive(Serialize, JsonSchema)]
struct WebhookList {
    items: Vec<Webhook>,
}

#[derive(Serialize, JsonSchema)]
struct Delivery {
    /// As in the header `webhook-id`.
    event: String,
    kind: String,
    /// `waiting`, `sending`, `delivered` or `dead`.
    state: String,
    attempts: u32,
    #[schemars(extend("format" = "date-time"))]
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    finished: Option<String>,
    /// Of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct DeliveryList {
    /// The latest first; told ones for 7 days, dead ones for 30.
    items: Vec<Delivery>,
}

#[derive(Serialize, JsonSchema)]
struct Named {
    id: String,
}

const ID: &str = "webhook-0123456789abcdef0123456789abcdef";
const EVENT_ID: &str = "event-0123456789abcdef0123456789abcdef";
const NAMED: Shape = Shape::of::<Named>(|| json!({ "id": ID }));

const WEBHOOK: Shape = Shape::of::<Webhook>(|| {
    json!({
        "id": ID, "url": "https://shop.example/konf", "events": ["conference.started"], "label": "shop",
        "by": "api token-1", "created": "2027-07-08T09:00:00+02:00", "waiting": 0, "dead": 0,
    })
});

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: Method::GET,
        path: "/webhooks",
        id: "listWebhooks",
        tag: "webhooks",
        summary: "Who is told of events",
        about: "With how many events wait to be told, and how many could not be.",
        scope: Some(Scope::WebhooksRead),
        query: &[],
        body: None,
        answers: &[Answered {
            status: 200,
            about: "The webhooks.",
            body: Some(Shape::of::<WebhookList>(|| json!({ "items": [(WEBHOOK.example)()] }))),
        }],
        problems: &[],
        noted_below: false,
        run: |call| Box::pin(list(call)),
    },
    Route {
        method: Method::POST,
        path: "/webhooks",
        id: "makeWebhook",
        tag: "webhooks",
        summary: "Be told of events",
        about: "Each event is a POST of `{\"type\", \"timestamp\", \"data\"}`, signed as Standard Webhooks ask (`webhook-id`, \
                `webhook-timestamp`, `webhook-signature`): at least once, under the same id, again for a day and a half until it \
                is answered 2xx. 410 ends the webhook. A customer's token is told of the customer's conferences.",
        scope: Some(Scope::WebhooksWrite),
        query: &[],
        body: Some(Shape::of::<NewHook>(|| {
            json!({
                "url": "https://shop.example/konf", "events": ["conference.started", "participant.joined"], "label": "shop",
            })
        })),
        answers: &[Answered {
            status: 201,
            about: "Made: keep the secret, it is shown only now.",
            body: Some(Shape::of::<MadeHook>(|| json!({ "id": ID, "secret": "whsec_…" }))),
        }],
        problems: &[Kind::Conflict],
        noted_below: false,
        run: |call| Box::pin(make(call)),
    },
    Route {
        method: Method::GET,
        path: "/webhooks/{webhook}",
        id: "getWebhook",
        tag: "webhooks",
        summary: "One webhook",
        about: "But not its secret.",
        scope: Some(Scope::WebhooksRead),
        query: &[],
        body: None,
        answers: &[Answered { status: 200, about: "The webhook.", body: Some(WEBHOOK) }],
        problems: &[],
        noted_below: false,
        run: |call| Box::pin(get(call)),
    },
    Route {
        method: Method::DELETE,
        path: "/webhooks/{webhook}",
        id: "removeWebhook",
        tag: "webhooks",
        summary: "Be told no more",
        about: "What waits to be told is given up.",
        scope: Some(Scope::WebhooksWrite),
        query: &[],
        body: None,
        answers: &[Answered { status: 200, about: "Removed.", body: Some(NAMED) }],
        problems: &[],
        noted_below: false,
        run: |call| Box::pin(remove(call)),
    },
    Route {
        method: Method::POST,
        path: "/webhooks/{webhook}/test",
        id: "testWebhook",
        tag: "webhooks",
        summary: "Be told something, to try it out",
        about: "An event of the kind `webhook.test`.",
        scope: Some(Scope::WebhooksWrite),
        query: &[],
        body: None,
        answers: &[Answered {
            status: 202,
            about: "On its way, as the event of that id.",
            body: Some(Shape::of::<Named>(|| json!({ "id": EVENT_ID }))),
        }],
        problems: &[],
        noted_below: false,
        run: |call| Box::pin(test(call)),
    },
    Route {
        method: Method::GET,
        path: "/webhooks/{webhook}/deliveries",
        id: "listDeliveries",
        tag: "webhooks",
        summary: "What was told, and what was not",
        about: "The latest 200.",
        scope: Some(Scope::WebhooksRead),
        query: &[Parameter {
            name: "state",
            about: "Only those that are so.",
            schema: || json!({ "type": "string", "enum": ["waiting", "delivered", "dead"] }),
        }],
        body: None,
        answers: &[Answered {
            status: 200,
            about: "The deliveries.",
            body: Some(Shape::of::<DeliveryList>(|| {
                json!({ "items": [{
                    "event": EVENT_ID, "kind": "conference.started", "state": "delivered", "attempts": 1,
                    "created": "2027-07-09T14:00:00+02:00", "finished": "2027-07-09T14:00:01+02:00", "status": 204,
                }] })
            })),
        }],
        problems: &[],
        noted_below: false,
        run: |call| Box::pin(deliveries(call)),
    },
    Route {
        method: Method::POST,
        path: "/webhooks/{webhook}/deliveries/{event}/retry",
        id: "retryDelivery",
        tag: "webhooks",
        summary: "Tell it again",
        about: "One that is dead or waits.",
        scope: Some(Scope::WebhooksWrite),
        query: &[],
        body: None,
        answers: &[Answered {
            status: 202,
            about: "On its way.",
            body: Some(Shape::of::<Named>(|| json!({ "id": EVENT_ID }))),
        }],
        problems: &[],
        noted_below: false,
        run: |call| Box::pin(retry(call)),
    },
];

fn none() -> Problem {
    Problem::new(Kind::NotFound, "there is no such webhook, or no such event that waits or is dead")
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let lines = call.rest.desk.ledger.webhooks(call.caller()?.owner.as_ref()).await?;
    Ok(Answer::ok(&WebhookList { items: lines.into_iter().map(shown).collect() }))
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let lines = call.rest.desk.ledger.webhooks(call.caller()?.owner.as_ref()).await?;
    let found = lines.into_iter().find(|line| line.id == call.part(0));
    Ok(Answer::ok(&shown(found.ok_or_else(none)?)))
}

fn shown(line: WebhookLine) -> Webhook {
    Webhook {
        id: line.id,
        url: line.url,
        events: line.events,
        label: line.label,
        owner: line.owner,
        by: line.by,
        created: time::text(line.created),
        waiting: line.waiting,
        dead: line.dead,
    }
}

async fn make(call: Call) -> Result<Answer, Problem> {
    let new: NewHook = call.read()?;
    webhooks::check(&new.url, call.rest.private_webhooks)
        .map_err(|unfit| Problem::invalid(vec![Fault::at("/url", unfit.to_string())]))?;
    let mut events: Vec<&str> = EVENTS.iter().map(|event| event.0).collect();
    events.retain(|name| new.events.iter().any(|event| json!(event) == *name));
    let secret = secret()?;
    let caller = call.caller()?;
    let hook = NewWebhook {
        url: new.url,
        events: events.into_iter().map(str::to_owned).collect(),
        label: new.label.unwrap_or_default().trim().to_owned(),
        secret: secret.clone(),
        owner: caller.owner.clone(),
        by: caller.name(),
    };
    let id = call.rest.desk.ledger.put_webhook(&hook).await?;
    let made = MadeHook { secret: secret.expose().to_owned(), id };
    Ok(Answer::created(&format!("/webhooks/{}", made.id), &made))
}

fn secret() -> anyhow::Result<WebhookSecret> {
    let mut bits = [0; SECRET_BYTES];
    OsRng.try_fill_bytes(&mut bits).context("the system gives no randomness")?;
    Ok(WebhookSecret::new(format!("whsec_{}", BASE64.encode(bits))))
}

async fn remove(call: Call) -> Result<Answer, Problem> {
    let (id, caller) = (call.part(0).to_owned(), call.caller()?);
    let why = format!("removed by {}", caller.name());
    match call.rest.desk.ledger.remove_webhook(&id, caller.owner.as_ref(), &why).await? {
        true => Ok(Answer::ok(&Named { id })),
        false => Err(none()),
    }
}

async fn test(call: Call) -> Result<Answer, Problem> {
    let owner = call.caller()?.owner.as_ref();
    let event = call.rest.desk.ledger.tell_test(call.part(0), owner).await?;
    Ok(Answer::accepted(&Named { id: event.ok_or_else(none)? }))
}

async fn deliveries(call: Call) -> Result<Answer, Problem> {
    let (id, owner) = (call.part(0), call.caller()?.owner.as_ref());
    let state = call.query.text("state");
    let lines = call.rest.desk.ledger.webhook_deliveries(id, owner, state, LINES_MAX).await?;
    let items = lines.ok_or_else(none)?.into_iter().map(delivery).collect();
    Ok(Answer::ok(&DeliveryList { items }))
}

fn delivery(line: DeliveryLine) -> Delivery {
    Delivery {
        event: line.event,
        kind: line.kind,
        state: line.state,
        attempts: line.attempts,
        created: time::text(line.created),
        next: line.next.map(time::text),
        finished: line.finished.map(time::text),
        status: line.status,
        error: line.error,
    }
}

async fn retry(call: Call) -> Result<Answer, Problem> {
    let (webhook, event) = (call.part(0), call.part(1));
    let owner = call.caller()?.owner.as_ref();
    match call.rest.desk.ledger.retry_delivery(webhook, event, owner).await? {
        true => Ok(Answer::accepted(&Named { id: event.to_owned() })),
        false => Err(none()),
    }
}
