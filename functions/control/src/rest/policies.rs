//! The life of policies and functions: push, list, replay, shadow, canary, activate, roll back, log, explain. What is done
//! is what `konf policy` and the desk do.

mod asking;

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::meta;
use super::problem::Kind;
use super::route::{Answer, Answered, Call, Parameter, Route, Shape};
use super::token::Scope;
use asking::{ask, explain, functions, go, list, log, named, push, roll_back};

/// Where the larger bodies go.
pub(crate) const PUSH: [&str; 2] = ["/policies", "/functions"];

/// Component, manifest and signature, as `konf policy sign --out` writes it.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PolicyPackage {
    /// JSON of `world`, `version`, `component` (`sha256:…`) and `cases`; these very bytes are signed.
    #[schemars(length(max = 1_048_576))]
    manifest: String,
    /// Base64.
    component: String,
    /// Ed25519, by a key that control's configuration names.
    signature: Option<PackageSignature>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PackageSignature {
    /// The key's name.
    #[schemars(length(max = 100))]
    key: String,
    /// Base64.
    #[schemars(length(max = 200))]
    value: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MoveNote {
    /// Why, for those who come after.
    #[schemars(length(max = 1_000))]
    note: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Canary {
    /// Of the conferences it decides for.
    #[schemars(range(min = 1, max = 99))]
    percent: Option<u32>,
    /// It is rolled back when so many of a hundred decisions differ.
    #[schemars(range(min = 0, max = 100))]
    differences_max: Option<u32>,
    #[schemars(length(max = 1_000))]
    note: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Replay {
    /// How far it looks back.
    #[schemars(range(min = 1, max = 90))]
    days: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ObjectList")]
struct Objects {
    items: Vec<serde_json::Map<String, Value>>,
}

const PACKAGE: Shape = Shape::of::<PolicyPackage>(|| {
    json!({
        "manifest": "{\"world\":\"tariff\",\"version\":2,\"component\":\"sha256:…\"}", "component": "AGFzbQ0AAQA=",
        "signature": { "key": "jana", "value": "…" },
    })
});
const NOTE: Shape = Shape::of::<MoveNote>(|| json!({ "note": "cheaper at night" }));
const ANY: &[Answered] = &[Answered { status: 200, about: "Done.", body: Some(meta::ANY) }];
const LIST: &[Answered] = &[Answered {
    status: 200,
    about: "One line for each.",
    body: Some(Shape::of::<Objects>(|| json!({ "items": [] }))),
}];
const PUSHED: &[Answered] = &[Answered {
    status: 201,
    about: "Stored; what a replay of the last days says.",
    body: Some(meta::ANY),
}];

/// One that changes something.
const fn moving(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    about: &'static str,
    body: Shape,
    answers: &'static [Answered],
    run: fn(Call) -> super::route::Running,
) -> Route {
    Route {
        method: Method::POST,
        path,
        id,
        tag: "policies",
        summary,
        about,
        scope: Some(Scope::PoliciesWrite),
        query: &[],
        body: Some(body),
        answers,
        problems: &[Kind::Conflict, Kind::NotFound],
        noted_below: false,
        run,
    }
}

const fn looking(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    about: &'static str,
    query: &'static [Parameter],
    answers: &'static [Answered],
    run: fn(Call) -> super::route::Running,
) -> Route {
    Route {
        method: Method::GET,
        path,
        id,
        tag: "policies",
        summary,
        about,
        scope: Some(Scope::PoliciesRead),
        query,
        body: None,
        answers,
        problems: &[Kind::NotFound],
        noted_below: false,
        run,
    }
}

pub(crate) const ROUTES: &[Route] = &[
    looking(
        "/policies",
        "listPolicies",
        "Policies of all worlds",
        "With their state and how they did since they were loaded; version 0 is the default.",
        &[],
        LIST,
        |call| Box::pin(async move { list(ask(&call, Method::GET, "", &Value::Null).await?) }),
    ),
    moving(
        "/policies",
        "pushPolicy",
        "Push a version",
        "Checked: signature, world, types, imports, golden cases. It decides nothing before it is activated.",
        PACKAGE,
        PUSHED,
        |call| Box::pin(push(call)),
    ),
    looking(
        "/policies/audit",
        "listPolicyChanges",
        "Who changed what",
        "The latest first.",
        &[],
        LIST,
        |call| Box::pin(async move { list(ask(&call, Method::GET, "audit", &Value::Null).await?) }),
    ),
    looking(
        "/policies/log",
        "listDecisions",
        "Calls of policies",
        "The latest first: what was asked, what was answered, how long it took.",
        &[
            Parameter {
                name: "world",
                about: "Of one world.",
                schema: || json!({ "type": "string", "maxLength": 40, "example": "tariff" }),
            },
            Parameter {
                name: "conference",
                about: "About one conference.",
                schema: || json!({ "type": "string", "minLength": 6, "maxLength": 6, "pattern": "^[0-9]{6}$" }),
            },
            Parameter {
                name: "limit",
                about: "Lines.",
                schema: || json!({ "type": "integer", "minimum": 1, "maximum": 500, "default": 100 }),
            },
        ],
        LIST,
        |call| Box::pin(log(call)),
    ),
    looking(
        "/policies/explain",
        "explainDecision",
        "Why a decision is what it is",
        "The same component is asked the same again.",
        &[Parameter {
            name: "record",
            about: "`edge/boot/sequence` of a leg, or a number in the log. Needed.",
            schema: || json!({ "type": "string", "minLength": 1, "maxLength": 200 }),
        }],
        ANY,
        |call| Box::pin(explain(call)),
    ),
    moving(
        "/policies/{world}/{version}/activate",
        "activatePolicy",
        "Let it decide",
        "For conferences that begin from now on. Versions only rise.",
        NOTE,
        ANY,
        |call| Box::pin(go(call, "activate")),
    ),
    moving(
        "/policies/{world}/{version}/shadow",
        "shadowPolicy",
        "Ask it beside the active one",
        "What it answers is only compared.",
        NOTE,
        ANY,
        |call| Box::pin(go(call, "shadow")),
    ),
    moving(
        "/policies/{world}/{version}/canary",
        "canaryPolicy",
        "Let it decide for some conferences",
        "It is rolled back when it fails or differs too much.",
        Shape::of::<Canary>(|| json!({ "percent": 5, "differences_max": 20 })),
        ANY,
        |call| Box::pin(go(call, "canary")),
    ),
    moving(
        "/policies/{world}/{version}/withdraw",
        "withdrawPolicy",
        "Stop its shadow or canary",
        "The active one goes on.",
        NOTE,
        ANY,
        |call| Box::pin(go(call, "withdraw")),
    ),
    moving(
        "/policies/{world}/{version}/reject",
        "rejectPolicy",
        "Never let it decide",
        "For good.",
        NOTE,
        ANY,
        |call| Box::pin(go(call, "reject")),
    ),
    moving(
        "/policies/{world}/{version}/replay",
        "replayPolicy",
        "What would have been different",
        "It is asked what was asked in the last days; the answer tells the difference in people and money.",
        Shape::of::<Replay>(|| json!({ "days": 7 })),
        ANY,
        |call| Box::pin(go(call, "replay")),
    ),
    moving(
        "/policies/{world}/rollback",
        "rollBackPolicy",
        "Back to the one before",
        "At once, also for conferences that are going on.",
        NOTE,
        ANY,
        |call| Box::pin(roll_back(call)),
    ),
    looking(
        "/functions",
        "listFunctions",
        "Functions that run",
        "With their digests, and what is leaving.",
        &[],
        LIST,
        |call| {
            Box::pin(async move { list(functions(&call, Method::GET, "", &Value::Null).await?) })
        },
    ),
    moving(
        "/functions",
        "pushFunction",
        "Swap a function",
        "Checked against what stands there; requests end on the one that they began with.",
        PACKAGE,
        PUSHED,
        |call| {
            Box::pin(async move {
                let pushed = functions(&call, Method::POST, "push", &call.body).await?;
                Ok(Answer { status: http::StatusCode::CREATED, ..Answer::ok(&pushed) })
            })
        },
    ),
    moving(
        "/functions/{function}/rollback",
        "rollBackFunction",
        "Back to the one before",
        "At once.",
        NOTE,
        ANY,
        |call| {
            Box::pin(async move {
                let mut body = named(&call.body);
                body["name"] = json!(call.part(0));
                Ok(Answer::ok(&functions(&call, Method::POST, "rollback", &body).await?))
            })
        },
    ),
];
