//! The component: HTTP in, HTTP and the policy out.
#![allow(
    unsafe_code,
    unreachable_pub,
    reason = "the generated bindings cross the component's boundary"
)]

use konf_api::ledger::{RatingOutcome, StatementFacts, StatementQuestion};
use konf_api::rating::RateRequest;
use konf_contract::ConferenceNumber;
use serde::Serialize;
use serde::de::DeserializeOwned;
use spin_sdk::http::{Method, Request, Response, send};
use spin_sdk::{http_component, variables};

use crate::rate::{Charge, PolicyLeg};
use crate::{access, page, rate, statement};

mod policy {
    wit_bindgen::generate!({ path: "../../wit/policy.wit", world: "tariff-user" });
    pub(super) use self::konf::policy::tariff::*;
}

#[http_component]
async fn handle(request: Request) -> Response {
    let path = request.path();
    match (request.method(), path, path.strip_prefix("/statements/")) {
        (Method::Post, "/rate", _) => rate_leg(&request).await,
        (Method::Post, "/statement", _) => tell_statement(&request).await,
        (Method::Get, _, Some(number)) => show_statement(&request, number).await,
        (_, "/rate" | "/statement", _) => failure(405, "only POST is understood here"),
        (_, _, Some(_)) => failure(405, "only GET is understood here"),
        _ => failure(404, "no such route"),
    }
}

async fn rate_leg(request: &Request) -> Response {
    let Ok(asked) = serde_json::from_slice::<RateRequest>(request.body()) else {
        return failure(400, "not understood");
    };
    let proposal = match rate::proposal(&asked, ask_policy(rate::policy_leg(&asked.leg))) {
        Ok(proposal) => proposal,
        Err(cause) => {
            eprintln!("billing: {cause}");
            return failure(500, &cause.to_string());
        }
    };
    match ledger::<_, RatingOutcome>("/v1/ratings", &proposal).await {
        Ok(outcome) => json(200, &outcome),
        Err(cause) => unavailable(&cause),
    }
}

async fn show_statement(request: &Request, number: &str) -> Response {
    let shown = request.header("authorization").map(|value| value.as_bytes());
    if !access::allowed(shown, &variables::get("operator_token").unwrap_or_default()) {
        let mut refused = failure(401, "the operator's token is needed");
        refused.set_header("www-authenticate", "Bearer");
        return refused;
    }
    let Ok(number) = ConferenceNumber::new(number) else {
        return failure(404, "no such conference");
    };
    let facts: StatementFacts =
        match ledger("/v1/facts/statement", &StatementQuestion { number }).await {
            Ok(facts) => facts,
            Err(cause) => return unavailable(&cause),
        };
    match statement::statement(&facts) {
        None => failure(404, "no such conference"),
        Some(statement) if wants_html(request) => Response::builder()
            .status(200)
            .header("content-type", "text/html; charset=utf-8")
            .header("content-security-policy", page::CONTENT_SECURITY_POLICY)
            .header("x-content-type-options", "nosniff")
            .header("cache-control", "no-store")
            .body(page::page(&statement))
            .build(),
        Some(statement) => json(200, &statement),
    }
}

/// For other functions, which have seen whose conference it is: a route that nobody reaches from outside.
async fn tell_statement(request: &Request) -> Response {
    let Ok(question) = serde_json::from_slice::<StatementQuestion>(request.body()) else {
        return failure(400, "not understood");
    };
    match ledger::<_, StatementFacts>("/v1/facts/statement", &question).await {
        Ok(facts) => match statement::statement(&facts) {
            Some(statement) => json(200, &statement),
            None => failure(404, "no such conference"),
        },
        Err(cause) => unavailable(&cause),
    }
}

fn wants_html(request: &Request) -> bool {
    let accept = request.header("accept").and_then(|value| value.as_str());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

fn ask_policy(leg: PolicyLeg) -> Charge {
    let charge = policy::rate(&policy::Leg {
        network: leg.network,
        mobile: leg.mobile,
        answered_ms: leg.answered_ms,
        duration_ms: leg.duration_ms,
    });
    Charge { amount: charge.amount, billed_s: charge.billed_s, rule: charge.rule }
}

/// One call of the ledger's HTTP interface; the error is a sentence for the log.
async fn ledger<Q: Serialize, A: DeserializeOwned>(path: &str, question: &Q) -> Result<A, String> {
    let variable = |name: &str| variables::get(name).map_err(|_| format!("{name} is not set"));
    let url = format!("{}{path}", variable("ledger_url")?.trim_end_matches('/'));
    let body = serde_json::to_vec(question).map_err(|_| "the question is no JSON".to_owned())?;
    let request = Request::post(url, body)
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {}", variable("ledger_token")?))
        .build();
    let response: Response =
        send(request).await.map_err(|_| "the ledger cannot be reached".to_owned())?;
    match *response.status() {
        200 => serde_json::from_slice(response.body())
            .map_err(|_| format!("the ledger's answer to {path} is not understood")),
        status => Err(format!("the ledger answered {path} with status {status}")),
    }
}

fn unavailable(cause: &str) -> Response {
    eprintln!("billing: {cause}");
    failure(503, cause)
}

fn failure(status: u16, error: &str) -> Response {
    json(status, &serde_json::json!({ "error": error }))
}

fn json(status: u16, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => Response::builder()
            .status(status)
            .header("content-type", "application/json")
            .header("cache-control", "no-store")
            .body(body)
            .build(),
        Err(_) => Response::new(500, ()),
    }
}
