//! The component's door: HTTP in, HTTP out, variables. All sense is in the pure modules.
//!
//! | variable | |
//! |---|---|
//! | `ledger_url`, `ledger_token` | where the ledger answers, and the token that it asks for |
//! | `sms_secrets` | one or two `whsec_…` for `/sms/generic`; empty: not configured |
//! | `twilio_auth_token`, `public_url` | for `/sms/twilio`; empty: not configured |
//! | `bulkgate_secret` | for `/sms/bulkgate/SECRET`; empty: not configured |
//! | `gosms_auth` | for `/sms/gosms`, `USER:PASSWORD`; empty: not configured |
//! | `vonage_signature_secret`, `vonage_signature_method` | for `/sms/vonage`; empty: not configured |
//! | `telnyx_public_key` | for `/sms/telnyx`; empty: not configured |
//! | `infobip_auth` | for `/sms/infobip`; empty: not configured |
//! | `mailgun_signing_key`, `postmark_auth`, `sendgrid_secret` | for `/mail/…`; empty: not configured |
//! | `order_address`, `mail_from`, `mail_subject` | for e-mail: see [`crate::mail::MailSettings`] |

mod mail;

use std::time::{SystemTime, UNIX_EPOCH};

use futures::StreamExt;
use konf_api::ledger::{
    InboundMessage, InboundState, InboundStored, Moved, OffersFacts, OffersQuestion, OutboxMessage,
    Outcome, PartStored, Proposal, ReportOutcome, Sender, SenderFacts, SenderQuestion,
};
use konf_api::ordering::{ProcessRequest, Processed, ReadRequest};
use konf_api::portal::is_seen;
use konf_api::schedule::OrderAnswer;
use konf_contract::{Language, UnixMs};
use serde::Serialize;
use serde::de::DeserializeOwned;
use spin_sdk::http::{IncomingRequest, Method, Request, Response, send};
use spin_sdk::{http_component, variables};

use crate::gateway::{Delivery, Gateway, Item, Received, Secrets, twilio};
use crate::mail::webhook::Webhook;
use crate::restriction::{self, PolicyFacts, Verdict};
use crate::work::{self, Answer, Work};

/// A stored mail has up to 256 kB of text; written as JSON a character takes up to six times its size.
const STORED_BYTES_MAX: usize = 2 * 1024 * 1024;

/// An order has some 30 characters.
const READ_BYTES_MAX: usize = 4 * 1024;

/// Of a batch; the rest is the reconciler's, which looks every few seconds. A gateway waits 2 s at worst (FIELD.md,
/// section 1), and an answer takes some milliseconds.
const ANSWERED_AT_ONCE: usize = 20;

const SCHEDULE: &str = "http://schedule.spin.internal";
const RENDER: &str = "http://credentials.spin.internal/render";

#[http_component]
async fn handle(request: IncomingRequest) -> Response {
    let method = request.method();
    let target = request.path_with_query().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let is_post = matches!(method, Method::Post);
    if let Some(name) = path.strip_prefix("/sms/") {
        let is_get = matches!(method, Method::Get);
        return match Gateway::at(name) {
            Ok(gateway) if !(is_post || is_get && gateway.takes_get()) => {
                with_error(405, "expected POST")
            }
            Ok(gateway) => receive(gateway, path, query, request).await,
            Err(rejected) => with_error(rejected.status(), &rejected.to_string()),
        };
    }
    if let Some(webhook) = path.strip_prefix("/mail/").and_then(Webhook::at)
        && is_post
    {
        return mail::hand_on(webhook, path, request).await;
    }
    match path {
        _ if !is_post => with_error(405, "expected POST"),
        "/mail/generic" => receive(Gateway::Mail, path, query, request).await,
        "/message" => mail::receive(request).await,
        "/process" => process(request).await,
        "/read" => read(request).await,
        _ => with_error(404, "expected /sms/NAME or /mail/generic"),
    }
}

/// Proves, stores, then works; a failure after the proof is a 503, so that the gateway comes again.
async fn receive(gateway: Gateway, path: &str, query: &str, request: IncomingRequest) -> Response {
    let headers = request.headers().entries();
    let header = |name: &str| {
        let (_, value) = headers.iter().find(|(this, _)| this.eq_ignore_ascii_case(name))?;
        String::from_utf8(value.clone()).ok()
    };
    let body = match bounded_body(request, gateway.body_bytes_max()).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let delivery = Delivery { path, query, headers: &header, body: &body, now: clock() };
    let received = match gateway.receive(&delivery, &secrets()) {
        Ok(received) => received,
        Err(rejected) => return with_error(rejected.status(), &rejected.to_string()),
    };
    match take(gateway, received).await {
        Ok(()) => accepted(gateway),
        Err(failure) => retry_later(&failure),
    }
}

/// Everything is stored before anything is worked on. What cannot be answered now holds up no other; the gateway's next
/// try or the reconciler takes it up.
async fn take(gateway: Gateway, received: Received) -> Result<(), Failure> {
    for rejected in &received.left_out {
        eprintln!("order: left out of a batch from {}: {rejected}", gateway.name());
    }
    let mut unanswered = Vec::new();
    // Then nothing is accepted that a commit of its answer has not made durable.
    let way = match received.items.len() {
        ..=ANSWERED_AT_ONCE => "/v1/inbound/answering",
        _ => "/v1/inbound",
    };
    for item in received.items {
        unanswered
            .extend(store(item, way).await?.filter(|(it, _)| it.state == InboundState::Received));
    }
    let mut failed = None;
    for (stored, message) in unanswered.iter().take(ANSWERED_AT_ONCE) {
        failed = answer(stored, message, &[]).await.err().or(failed);
    }
    failed.map_or(Ok(()), Err)
}

/// The message, where there is now one to answer.
async fn store(item: Item, way: &str) -> Result<Option<(InboundStored, InboundMessage)>, Failure> {
    match item {
        Item::Message(message) => Ok(Some((ledger(way, &message).await?, message))),
        Item::Part(part) => match ledger("/v1/inbound/part", &part).await? {
            PartStored::Whole { stored, message } => Ok(Some((stored, message))),
            PartStored::Waiting => Ok(None),
        },
        Item::Report(report) => {
            let _: ReportOutcome = ledger("/v1/reports", &report).await?;
            Ok(None)
        }
    }
}

fn accepted(gateway: Gateway) -> Response {
    match gateway {
        Gateway::Twilio => Response::builder()
            .status(200)
            .header("content-type", "text/xml; charset=utf-8")
            .body(twilio::EMPTY_TWIML)
            .build(),
        _ => json(200, &serde_json::json!({ "accepted": true })),
    }
}

/// For the reconciler, which finds messages that a crash left without an answer.
async fn process(request: IncomingRequest) -> Response {
    let body = match bounded_body(request, STORED_BYTES_MAX).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let Ok(asked) = serde_json::from_slice::<ProcessRequest>(&body) else {
        return with_error(400, "expected a stored message");
    };
    match answer(&asked.stored, &asked.message, &asked.copies).await {
        Ok(processed) => json(200, &processed),
        Err(failure) => retry_later(&failure),
    }
}

/// For the web, which shows what is wrong before anything is ordered.
async fn read(request: IncomingRequest) -> Response {
    let body = match bounded_body(request, READ_BYTES_MAX).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    match serde_json::from_slice::<ReadRequest>(&body) {
        Ok(asked) => json(200, &work::reading(&asked.text, asked.now)),
        Err(_) => with_error(400, "expected a text and a time"),
    }
}

async fn answer(
    stored: &InboundStored,
    message: &InboundMessage,
    copies: &[Sender],
) -> Result<Processed, Failure> {
    let planned = permitted(work::plan(stored, message).copied_to(copies), stored, message).await?;
    let scheduled = match planned {
        Work::Order(order) => schedule("/orders", &order).await?,
        Work::TakeOffer(take) => schedule("/offers/take", &take).await?,
        Work::Cancel(cancel) => schedule("/cancel", &cancel).await?,
        Work::Answer(answer) => {
            let seen = answer.seen().filter(|_| is_seen(&message.gateway));
            match seen.is_some() {
                true => drop(conclude(&answer.proposal(Vec::new())).await?),
                false => commit(*answer).await?,
            }
            return Ok(Processed { answer: seen });
        }
    };
    Ok(Processed { answer: Some(scheduled) })
}

/// What is left of an order when the restriction policy was asked about its sender.
async fn permitted(
    work: Work,
    stored: &InboundStored,
    message: &InboundMessage,
) -> Result<Work, Failure> {
    if !restriction::orders(&work) {
        return Ok(work);
    }
    let question = SenderQuestion { sender: message.sender.clone() };
    let sender: SenderFacts = ledger("/v1/facts/sender", &question).await?;
    let Some(facts) = restriction::question(&work, message, sender) else { return Ok(work) };
    let verdict = ask_policy(&facts);
    if let Verdict::Refuse { rule, .. } = &verdict {
        eprintln!("order: refused by the rule {}", restriction::rule_name(rule));
    }
    Ok(restriction::judged(work, &verdict, &facts, stored, message))
}

/// Renders and commits. A sender who is restricted hears just that.
async fn commit(answer: Answer) -> Result<(), Failure> {
    let question = OffersQuestion { sender: answer.render.recipient.clone() };
    let facts: OffersFacts = ledger("/v1/facts/offers", &question).await?;
    let answer = answer.under(facts.restriction);
    match propose(answer.clone()).await? {
        Outcome::Committed { .. } | Outcome::Repeated | Outcome::OverBudget => Ok(()),
        // It happened between the two calls.
        Outcome::Moved(Moved::Restricted) => match propose(answer.restricted(None)).await? {
            Outcome::Committed { .. } | Outcome::Repeated | Outcome::OverBudget => Ok(()),
            Outcome::Moved(_) => Err(Failure("the ledger has moved twice")),
        },
        Outcome::Moved(_) => Err(Failure("the ledger has moved")),
    }
}

async fn propose(answer: Answer) -> Result<Outcome, Failure> {
    let messages: Vec<OutboxMessage> = post(RENDER, None, &answer.render).await?;
    conclude(&answer.proposal(messages)).await
}

async fn conclude(proposal: &Proposal) -> Result<Outcome, Failure> {
    ledger("/v1/commit", proposal).await
}

// ── the policy ──────────────────────────────────────────────────────────────────────────────────────────────────────

#[allow(
    unsafe_code,
    unreachable_pub,
    reason = "the generated bindings cross the component's boundary"
)]
mod policy {
    wit_bindgen::generate!({ path: "../../wit/policy.wit", world: "restriction-user" });
    pub(super) use self::konf::policy::restriction::*;
}

fn ask_policy(facts: &PolicyFacts) -> Verdict {
    match policy::decide(&to_wit(facts)) {
        policy::Verdict::Accept => Verdict::Accept,
        policy::Verdict::Refuse(refusal) => {
            Verdict::Refuse { rule: refusal.rule, until: refusal.until_ms.map(UnixMs) }
        }
        policy::Verdict::AskOperator => Verdict::AskOperator,
    }
}

fn to_wit(facts: &PolicyFacts) -> policy::Facts {
    let sender = &facts.sender;
    policy::Facts {
        now_ms: sender.now.0,
        sender: sender.pseudonym.clone(),
        channel: if facts.by_mail { policy::Channel::Mail } else { policy::Channel::Sms },
        abroad: facts.abroad,
        language: match facts.language {
            Language::Cs => policy::Language::Cs,
            Language::En => policy::Language::En,
        },
        order: facts.order.as_ref().map(|order| policy::Order {
            starts_ms: order.window.start.0,
            minutes: u32::try_from(order.window.minutes()).unwrap_or(0),
            seats: order.seats,
        }),
        restricted: sender.restriction.as_ref().map(|restriction| policy::Restricted {
            reason: restriction.reason.clone(),
            until_ms: restriction.until.map(|until| until.0),
        }),
        messages_hour: sender.messages_hour,
        messages_day: sender.messages_day,
        booked_hour: sender.booked_hour,
        booked_day: sender.booked_day,
        booked_ahead: sender.booked_ahead,
    }
}

// ── HTTP ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/// What failed, in words that hold nothing of the message.
struct Failure(&'static str);

async fn schedule<Q: Serialize>(path: &str, question: &Q) -> Result<OrderAnswer, Failure> {
    post(&format!("{SCHEDULE}{path}"), None, question).await
}

async fn ledger<Q: Serialize, A: DeserializeOwned>(path: &str, question: &Q) -> Result<A, Failure> {
    let url = variable("ledger_url");
    let token = variable("ledger_token");
    post(&format!("{}{path}", url.trim_end_matches('/')), Some(&token), question).await
}

async fn post<Q: Serialize, A: DeserializeOwned>(
    url: &str,
    token: Option<&str>,
    question: &Q,
) -> Result<A, Failure> {
    let body = serde_json::to_vec(question).map_err(|_| Failure("a request can't be written"))?;
    let mut request = Request::builder();
    request.method(Method::Post).uri(url).header("content-type", "application/json");
    if let Some(token) = token {
        request.header("authorization", format!("Bearer {token}"));
    }
    let response: Response = send(request.body(body).build())
        .await
        .map_err(|_| Failure("another part can't be reached"))?;
    if *response.status() / 100 != 2 {
        return Err(Failure("another part has refused"));
    }
    serde_json::from_slice(response.body())
        .map_err(|_| Failure("another part's answer can't be read"))
}

/// The body, or why it can't be had; nothing beyond the limit is kept.
async fn bounded_body(request: IncomingRequest, bytes_max: usize) -> Result<Vec<u8>, Response> {
    let mut chunks = std::pin::pin!(request.into_body_stream());
    let mut body = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| with_error(400, "the body broke off"))?;
        if body.len() + chunk.len() > bytes_max {
            return Err(with_error(413, &format!("the body has more than {bytes_max} bytes")));
        }
        body.extend(chunk);
    }
    Ok(body)
}

fn secrets() -> Secrets {
    Secrets {
        sms_secrets: variable("sms_secrets"),
        twilio_auth_token: variable("twilio_auth_token"),
        infobip_auth: variable("infobip_auth"),
        bulkgate_secret: variable("bulkgate_secret"),
        gosms_auth: variable("gosms_auth"),
        telnyx_public_key: variable("telnyx_public_key"),
        vonage_signature_secret: variable("vonage_signature_secret"),
        vonage_signature_method: variable("vonage_signature_method"),
        public_url: variable("public_url"),
    }
}

/// A variable that the manifest does not give is as good as an empty one.
fn variable(name: &str) -> String {
    variables::get(name).unwrap_or_default()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the shell reads the clock, to judge a delivery's time stamp"
)]
fn clock() -> UnixMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn retry_later(failure: &Failure) -> Response {
    eprintln!("order: a message waits for another try: {}", failure.0);
    with_error(503, "not answered yet; send it again")
}

fn with_error(status: u16, text: &str) -> Response {
    json(status, &serde_json::json!({ "error": text }))
}

fn json(status: u16, value: &impl Serialize) -> Response {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(serde_json::to_vec(value).unwrap_or_default())
        .build()
}
