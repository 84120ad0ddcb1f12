//! Asks the running control over its operator interface.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::config::Config;

pub(super) async fn get(config: &Config, path: &str) -> Result<Value> {
    let request = Request::builder()
        .uri(format!("http://{}{path}", config.http_listen))
        .header(header::AUTHORIZATION, format!("Bearer {}", config.operator_token.expose()))
        .header(header::ACCEPT, "application/json")
        .body(Full::default())?;
    send(config, request).await
}

pub(super) async fn post(config: &Config, path: &str, body: &Value) -> Result<Value> {
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("http://{}{path}", config.http_listen))
        .header(header::AUTHORIZATION, format!("Bearer {}", config.operator_token.expose()))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body.to_string())))?;
    send(config, request).await
}

/// The answer's JSON, or an error with what the answer said.
pub(super) async fn send(config: &Config, request: Request<Full<Bytes>>) -> Result<Value> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.with_context(|| {
        format!("control does not answer on {}; start it with `konf up`", config.http_listen)
    })?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    let value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    if status.is_success() {
        return Ok(value);
    }
    match (status, value["error"].as_str()) {
        (_, Some(said)) => bail!("{said}"),
        (StatusCode::UNAUTHORIZED, None) => {
            bail!("operator_token is not the one that control runs with")
        }
        (_, None) => bail!("control answered {status}"),
    }
}
