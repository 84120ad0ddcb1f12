//! The table of routes: what dispatches is what the OpenAPI document is made of. To add a route: a [`Route`] in the table of
//! its module.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::Context;
use http::{Method, StatusCode};
use konf_host::Host;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::Rest;
use super::problem::{Fault, Kind, Problem};
use super::token::{Caller, Scope};
use super::{conferences, meta, offers, policies, requests, rooms, schema, tokens, webhooks};

pub(crate) struct Route {
    pub(crate) method: Method,
    /// Below `/api/v1`; `{name}` stands for one part.
    pub(crate) path: &'static str,
    pub(crate) id: &'static str,
    pub(crate) tag: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) about: &'static str,
    /// None: anybody may ask.
    pub(crate) scope: Option<Scope>,
    pub(crate) query: &'static [Parameter],
    pub(crate) body: Option<Shape>,
    pub(crate) answers: &'static [Answered],
    /// Beside those that every route has.
    pub(crate) problems: &'static [Kind],
    /// What it calls writes the line of the audit.
    pub(crate) noted_below: bool,
    pub(crate) run: fn(Call) -> Running,
}

pub(crate) type Running = Pin<Box<dyn Future<Output = Result<Answer, Problem>> + Send>>;

/// A parameter of the query.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) schema: fn() -> Value,
}

/// A body: its schema, and one that is right.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) schema: fn(&mut SchemaGenerator) -> Schema,
    pub(crate) example: fn() -> Value,
}

impl Shape {
    pub(crate) const fn of<T: JsonSchema>(example: fn() -> Value) -> Shape {
        Shape { schema: |generator| generator.subschema_for::<T>(), example }
    }
}

/// An answer that is no problem.
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) about: &'static str,
    pub(crate) body: Option<Shape>,
}

/// The parts of paths.
pub(crate) const PARTS: &[Parameter] = &[
    Parameter {
        name: "number",
        about: "Number of a conference, as callers key it in.",
        schema: || json!({ "type": "string", "pattern": "^[0-9]{6}$", "example": "123456" }),
    },
    Parameter { name: "offer", about: "Id of an offer.", schema: id_schema },
    Parameter { name: "token", about: "Id of a token.", schema: id_schema },
    Parameter { name: "request", about: "Id of a request.", schema: id_schema },
    Parameter { name: "webhook", about: "Id of a webhook.", schema: id_schema },
    Parameter { name: "event", about: "Id of an event.", schema: id_schema },
    Parameter {
        name: "leg",
        about: "A participant's number at the edge.",
        schema: || json!({ "type": "integer", "minimum": 0 }),
    },
    Parameter {
        name: "world",
        about: "World of policies.",
        schema: || json!({ "type": "string", "example": "tariff" }),
    },
    Parameter {
        name: "version",
        about: "Version of a policy.",
        schema: || json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
    },
    Parameter {
        name: "function",
        about: "Name of a function.",
        schema: || json!({ "type": "string", "example": "order" }),
    },
    Parameter {
        name: "kind",
        about: "Name of a kind of problem.",
        schema: || json!({ "type": "string", "example": "past" }),
    },
];

fn id_schema() -> Value {
    json!({ "type": "string", "maxLength": 64, "pattern": "^[a-z0-9-]+$" })
}

pub(crate) fn routes() -> impl Iterator<Item = &'static Route> {
    [
        conferences::ROUTES,
        offers::ROUTES,
        rooms::ROUTES,
        requests::ROUTES,
        policies::ROUTES,
        webhooks::ROUTES,
        tokens::ROUTES,
        meta::ROUTES,
    ]
    .into_iter()
    .flatten()
}

/// A request that may be worked on: by a token that reaches so far, with a body and a query that are as described.
pub(crate) struct Call {
    pub(crate) rest: Arc<Rest>,
    /// None where anybody may ask.
    pub(crate) caller: Option<Caller>,
    /// What stands for the parts of the path, in their order.
    pub(crate) parts: Vec<String>,
    pub(crate) query: Query,
    pub(crate) body: Value,
    /// The same for the same request, however often it is worked on.
    pub(crate) once: String,
}

impl Call {
    pub(crate) fn caller(&self) -> Result<&Caller, Problem> {
        self.caller.as_ref().ok_or_else(|| Problem::new(Kind::Unauthorised, "a token is missing"))
    }

    pub(crate) fn part(&self, at: usize) -> &str {
        self.parts.get(at).map(String::as_str).unwrap_or_default()
    }

    /// The body as what it is. The schema has been checked; what serde still does not take is told as well.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_value(self.body.clone())
            .map_err(|error| Problem::invalid(vec![Fault::at("", error.to_string())]))
    }

    pub(crate) fn host(&self) -> Result<&Host, Problem> {
        let host = self.rest.desk.host.as_ref().context("no functions run here")?;
        Ok(host)
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
    pub(crate) location: Option<String>,
}

impl Answer {
    pub(crate) fn ok(body: &impl Serialize) -> Answer {
        Answer { status: StatusCode::OK, body: json!(body), location: None }
    }

    /// `location` is below `/api/v1`.
    pub(crate) fn created(location: &str, body: &impl Serialize) -> Answer {
        let location = Some(format!("{}{location}", super::PATH));
        Answer { status: StatusCode::CREATED, body: json!(body), location }
    }

    pub(crate) fn accepted(body: &impl Serialize) -> Answer {
        Answer { status: StatusCode::ACCEPTED, ..Answer::ok(body) }
    }
}

/// The parameters of a query, each as its schema has it.
#[derive(Default)]
pub(crate) struct Query(BTreeMap<&'static str, Value>);

impl Query {
    /// Each is known, comes once and is what its schema describes.
    pub(crate) fn read(text: &str, known: &'static [Parameter]) -> Result<Query, Problem> {
        let (mut query, mut faults) = (Query::default(), Vec::new());
        for (name, given) in form_urlencoded::parse(text.as_bytes()) {
            let mut wrong = |detail: String| {
                let name: String = name.chars().take(40).collect();
                faults.push(Fault { pointer: None, parameter: Some(name), detail });
            };
            let Some(parameter) = known.iter().find(|parameter| parameter.name == name) else {
                let names: Vec<&str> = known.iter().map(|parameter| parameter.name).collect();
                wrong(format!("there is no such parameter: known are {}", names.join(", ")));
                continue;
            };
            let schema = (parameter.schema)();
            let value = match schema["type"].as_str() {
                Some("integer") => given.parse::<u64>().map_or_else(|_| json!(given), Value::from),
                _ => json!(given),
            };
            for fault in schema::check(&value, &schema, &Map::new()) {
                wrong(fault.detail);
            }
            if query.0.insert(parameter.name, value).is_some() {
                wrong("this comes twice".to_owned());
            }
        }
        faults.truncate(20);
        if faults.is_empty() { Ok(query) } else { Err(Problem::invalid(faults)) }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name).and_then(Value::as_u64)
    }
}

/// The route of a method and a path below `/api/v1`, with what stands for the parts.
pub(crate) fn find(method: &Method, path: &str) -> Result<(&'static Route, Vec<String>), Problem> {
    let mut allowed = Vec::new();
    for route in routes() {
        let Some(parts) = parts(route.path, path) else { continue };
        if route.method == method {
            return Ok((route, parts));
        }
        allowed.push(route.method.as_str());
    }
    if allowed.is_empty() {
        return Err(Problem::new(
            Kind::NotFound,
            "there is no such path: see /api/v1/openapi.json",
        ));
    }
    let allowed = allowed.join(", ");
    Err(Problem::new(Kind::Method, format!("this path takes {allowed}")).allow(allowed))
}

/// A part is one or more characters without a slash; an escape stands in none of those that there are.
fn parts(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let (mut patterns, mut givens) = (pattern.split('/'), path.split('/'));
    loop {
        match (patterns.next(), givens.next()) {
            (None, None) => return Some(parts),
            (Some(pattern), Some(given)) if pattern.starts_with('{') && !given.is_empty() => {
                parts.push(given.to_owned());
            }
            (Some(pattern), Some(given)) if pattern == given => {}
            _ => return None,
        }
    }
}
