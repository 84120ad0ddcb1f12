//! What the API says of itself: to anybody.

use http::Method;
use serde_json::{Value, json};

use super::openapi;
use super::problem::{Kind, Problem};
use super::route::{Answer, Answered, Route, Shape};

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: Method::GET,
        path: "/openapi.json",
        id: "getDocument",
        tag: "about",
        summary: "This document",
        about: "OpenAPI 3.1, made of the table that answers requests.",
        scope: None,
        query: &[],
        body: None,
        answers: &[Answered { status: 200, about: "The document.", body: Some(ANY) }],
        problems: &[],
        noted_below: false,
        run: |_| Box::pin(async { Ok(Answer::ok(openapi::document())) }),
    },
    Route {
        method: Method::GET,
        path: "/problems/{kind}",
        id: "getProblem",
        tag: "about",
        summary: "What a kind of problem means",
        about: "The `type` of each problem is such an address.",
        scope: None,
        query: &[],
        body: None,
        answers: &[Answered {
            status: 200,
            about: "The kind, and what may be done.",
            body: Some(ANY),
        }],
        problems: &[],
        noted_below: false,
        run: |call| {
            Box::pin(async move {
                let none = || Problem::new(Kind::NotFound, "there is no such kind of problem");
                Kind::about(call.part(0)).map(|about| Answer::ok(&about)).ok_or_else(none)
            })
        },
    },
];

/// Any object.
pub(crate) const ANY: Shape =
    Shape { schema: |_| schemars::json_schema!({ "type": "object" }), example: nothing };

fn nothing() -> Value {
    json!({})
}
