//! Asks as the desk does.

use http::Method;
use serde_json::{Value, json};

use crate::rest::problem::{Fault, Kind, Problem};
use crate::rest::route::{Answer, Call};

pub(super) async fn ask(
    call: &Call,
    method: Method,
    what: &str,
    body: &Value,
) -> Result<Value, Problem> {
    ask_with(call, method, what, "", body).await
}

async fn ask_with(
    call: &Call,
    method: Method,
    what: &str,
    query: &str,
    body: &Value,
) -> Result<Value, Problem> {
    let Some(policies) = &call.rest.desk.policies else { return Err(none()) };
    let (body, by) = (body.to_string(), call.caller()?.name());
    understood(policies.answer(&method, what, query, body.as_bytes(), &by).await)
}

pub(super) async fn functions(
    call: &Call,
    method: Method,
    what: &str,
    body: &Value,
) -> Result<Value, Problem> {
    let Some(policies) = &call.rest.desk.policies else { return Err(none()) };
    let (body, by) = (body.to_string(), call.caller()?.name());
    understood(policies.answer_functions(&method, what, body.as_bytes(), &by).await)
}

fn understood(answer: anyhow::Result<Option<Value>>) -> Result<Value, Problem> {
    match answer {
        Ok(answer) => answer.ok_or_else(none),
        Err(error) if error.is::<serde_json::Error>() => {
            Err(Problem::invalid(vec![Fault::at("", format!("{error:#}"))]))
        }
        Err(error) => Err(error.into()),
    }
}

fn none() -> Problem {
    Problem::new(Kind::NotFound, "there is no such policy or function")
}

pub(super) fn list(lines: Value) -> Result<Answer, Problem> {
    Ok(Answer::ok(&json!({ "items": lines })))
}

pub(super) async fn push(call: Call) -> Result<Answer, Problem> {
    let pushed = ask(&call, Method::POST, "push", &call.body).await?;
    Ok(Answer { status: http::StatusCode::CREATED, ..Answer::ok(&pushed) })
}

pub(super) async fn log(call: Call) -> Result<Answer, Problem> {
    let number = call.query.number("limit").map(|limit| limit.to_string());
    let given = [
        ("world", call.query.text("world")),
        ("conference", call.query.text("conference")),
        ("limit", number.as_deref()),
    ];
    let query = pairs(given.into_iter().filter_map(|(name, value)| Some((name, value?))));
    list(ask_with(&call, Method::GET, "log", &query, &Value::Null).await?)
}

fn pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

pub(super) async fn explain(call: Call) -> Result<Answer, Problem> {
    let Some(record) = call.query.text("record") else {
        let detail = "which decision? this is missing".to_owned();
        let parameter = Some("record".to_owned());
        return Err(Problem::invalid(vec![Fault { pointer: None, parameter, detail }]));
    };
    let query = pairs([("record", record)]);
    Ok(Answer::ok(&ask_with(&call, Method::GET, "explain", &query, &Value::Null).await?))
}

/// What stands in the path goes into the body, as the desk takes it.
pub(super) async fn go(call: Call, what: &str) -> Result<Answer, Problem> {
    let Ok(version) = call.part(1).parse::<u32>() else { return Err(none()) };
    let mut body = named(&call.body);
    body["world"] = json!(call.part(0));
    body["version"] = json!(version);
    Ok(Answer::ok(&ask(&call, Method::POST, what, &body).await?))
}

pub(super) async fn roll_back(call: Call) -> Result<Answer, Problem> {
    let mut body = named(&call.body);
    body["world"] = json!(call.part(0));
    Ok(Answer::ok(&ask(&call, Method::POST, "rollback", &body).await?))
}

/// What is null is absent.
pub(super) fn named(body: &Value) -> Value {
    let fields = body.as_object().into_iter().flatten();
    fields
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
