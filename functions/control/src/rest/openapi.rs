//! The OpenAPI document, made of the table of routes and of the types that they read and write.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use http::Method;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::problem::{self, Kind, ProblemShape};
use super::route::{PARTS, Parameter, Route, Shape, routes};
use super::token::Scope;

const ABOUT: &str = "Conference calls on demand: order, lead and bill conferences, answer requests, swap policies.

* **Tokens**: `Authorization: Bearer konf_…`. `konf token create --label shop --scope conferences:write` makes one; it is \
shown once. A token is the operator's, or a customer's, which sees the own conferences only.
* **Idempotency-Key**: on whatever changes something. The same key with the same request gets the same answer for 24 \
hours; with another request it is refused (422); while the first is worked on the second hears 409.
* **Problems** are `application/problem+json` (RFC 9457); `errors` says where in the request something is wrong.
* **Times** are RFC 3339 with their offset. Amounts are decimal numbers in text.";

struct Document {
    value: Value,
    /// What bodies refer to.
    named: Map<String, Value>,
}

fn whole() -> &'static Document {
    static DOCUMENT: OnceLock<Document> = OnceLock::new();
    DOCUMENT.get_or_init(make)
}

pub(crate) fn document() -> &'static Value {
    &whole().value
}

pub(crate) fn named() -> &'static Map<String, Value> {
    &whole().named
}

/// The schema of a route's body, as the document has it.
pub(crate) fn body_schema(route: &Route) -> Option<&'static Value> {
    let place = &document()["paths"][route.path][method(route)]["requestBody"]["content"];
    place.get("application/json")?.get("schema")
}

fn make() -> Document {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
        .into_generator();
    let problem = generator.subschema_for::<ProblemShape>().to_value();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in routes() {
        let operation = operation(route, &mut generator, &problem);
        paths.entry(route.path).or_default().insert(method(route), operation);
    }
    let named = generator.take_definitions(true);
    let scopes = Scope::ALL.map(|(_, name, about, _)| format!("* `{name}`: {about}")).join("\n");
    let value = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Konf", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT,
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": super::PATH }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "schemas": named,
            "securitySchemes": { "token": {
                "type": "http", "scheme": "bearer", "description": format!("What a token may open:\n{scopes}"),
            } },
        },
    });
    Document { value, named }
}

fn method(route: &Route) -> String {
    route.method.as_str().to_ascii_lowercase()
}

fn operation(route: &Route, generator: &mut SchemaGenerator, problem: &Value) -> Value {
    let mut operation = json!({
        "operationId": route.id, "tags": [route.tag], "summary": route.summary, "description": route.about,
        "parameters": parameters(route), "responses": responses(route, generator, problem),
    });
    operation["security"] = match route.scope {
        Some(scope) => json!([{ "token": [scope.name()] }]),
        None => json!([]),
    };
    if let Some(body) = route.body {
        operation["requestBody"] = json!({ "required": true, "content": content(body, generator) });
    }
    operation
}

fn content(shape: Shape, generator: &mut SchemaGenerator) -> Value {
    let schema = (shape.schema)(generator);
    json!({ "application/json": { "schema": schema, "example": (shape.example)() } })
}

fn parameters(route: &Route) -> Vec<Value> {
    let names = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let part = |name: &str| {
        let Parameter { about, schema, .. } = PARTS.iter().find(|part| part.name == name)?;
        Some(
            json!({ "name": name, "in": "path", "required": true, "description": about, "schema": schema() }),
        )
    };
    let query = route.query.iter().map(|parameter| {
        json!({ "name": parameter.name, "in": "query", "description": parameter.about, "schema": (parameter.schema)() })
    });
    let key = is_change(route).then(|| {
        json!({
            "name": "Idempotency-Key", "in": "header", "schema": { "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$" },
            "description": "Drawn for this request: it is done once under it, and answered the same for 24 hours.",
            "example": "8e03978e-40d5-43e8-bc93-6894a57f9324",
        })
    });
    names.filter_map(part).chain(query).chain(key).collect()
}

/// Whether something may be different afterwards.
pub(crate) fn is_change(route: &Route) -> bool {
    route.method != Method::GET
}

/// What any such route may answer.
fn problems(route: &Route) -> Vec<Kind> {
    let mut kinds = route.problems.to_vec();
    if route.scope.is_some() {
        kinds.extend([Kind::Unauthorised, Kind::Forbidden, Kind::TooMany, Kind::Unavailable]);
    }
    if route.path.contains('{') {
        kinds.push(Kind::NotFound);
    }
    // Each says which parameters of a query there are, if only that there are none.
    kinds.push(Kind::Invalid);
    if is_change(route) {
        kinds.extend([Kind::Malformed, Kind::KeyInUse, Kind::KeyReused]);
    }
    if route.body.is_some() {
        kinds.extend([Kind::Timeout, Kind::TooLong, Kind::MediaType]);
    }
    kinds.sort();
    kinds.dedup();
    kinds
}

fn responses(route: &Route, generator: &mut SchemaGenerator, problem: &Value) -> Value {
    let mut responses = Map::new();
    for answered in route.answers {
        let mut response = json!({ "description": answered.about });
        if let Some(body) = answered.body {
            response["content"] = content(body, generator);
        }
        if answered.status == 201 {
            response["headers"] = json!({ "Location": { "schema": { "type": "string" } } });
        }
        responses.insert(answered.status.to_string(), response);
    }
    let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for kind in problems(route) {
        by_status.entry(kind.status().as_u16()).or_default().push(kind.title());
    }
    for (status, titles) in by_status {
        let response = json!({
            "description": titles.join("; "), "content": { problem::MEDIA_TYPE: { "schema": problem } },
        });
        responses.insert(status.to_string(), response);
    }
    Value::Object(responses)
}
