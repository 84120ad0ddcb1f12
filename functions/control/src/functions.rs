//! The functions as control runs and calls them.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Request, StatusCode};
use konf_api::policy::{ABOUT_HEADER, About};
use konf_host::{Host, Internal, Witness};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::{Config, Mail};

/// Under this name components reach the ledger without a socket.
const LEDGER_AUTHORITY: &str = "ledger.konf.internal";

/// The functions of the manifest, which reach `ledger` without a socket.
/// `witness` is told of each call of a policy.
pub async fn load(
    config: &Config,
    ledger: Arc<dyn Internal>,
    witness: Option<Arc<dyn Witness>>,
) -> Result<Arc<Host>> {
    let mut settings = konf_host::Settings::new(&config.manifest);
    settings.variables =
        config.variables.iter().map(|(k, v)| (k.clone(), v.expose().to_owned())).collect();
    settings.variables.insert("ledger_url".to_owned(), format!("http://{LEDGER_AUTHORITY}"));
    settings.variables.insert("ledger_token".to_owned(), config.ledger_token.expose().to_owned());
    settings
        .variables
        .insert("operator_token".to_owned(), config.operator_token.expose().to_owned());
    settings.variables.insert("public_url".to_owned(), config.public_url.clone());
    if let Some(mail) = &config.mail {
        settings.variables.extend(mail_variables(mail)?);
    }
    settings.variables.extend(environment_variables());
    settings.internal.push((LEDGER_AUTHORITY.to_owned(), ledger));
    settings.cache_dir = Some(config.state_dir.join("compiled"));
    settings.witness = witness;
    let host = tokio::task::spawn_blocking(move || Host::load(settings)).await?;
    host.with_context(|| format!("the functions of {}", config.manifest.display()))
}

/// What `[mail]` says is said once.
fn mail_variables(mail: &Mail) -> Result<Vec<(String, String)>> {
    let from = mail.from_address()?;
    let mut variables = vec![("mail_from".to_owned(), from)];
    if let Some(inbound) = &mail.inbound {
        variables.push(("order_address".to_owned(), inbound.address.clone()));
        variables.push(("mail_subject".to_owned(), inbound.subject.clone()));
    }
    Ok(variables)
}

/// `SPIN_VARIABLE_SMS_SECRETS=…` sets the variable `sms_secrets`, as it does under Spin.
fn environment_variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars().filter_map(|(name, value)| {
        name.strip_prefix("SPIN_VARIABLE_").map(|name| (name.to_lowercase(), value))
    })
}

/// Calls a function with JSON and reads its answer.
pub async fn ask<A: DeserializeOwned>(
    host: &Host,
    component: &str,
    path: &str,
    body: &impl Serialize,
) -> Result<A> {
    ask_about(host, component, path, body, &About::default()).await
}

/// The same, with word of the conference that it is about: its policies answer.
pub async fn ask_about<A: DeserializeOwned>(
    host: &Host,
    component: &str,
    path: &str,
    body: &impl Serialize,
    about: &About,
) -> Result<A> {
    let request = Request::builder()
        .method(http::Method::POST)
        .uri(format!("http://{component}.spin.internal{path}"))
        .header(http::header::CONTENT_TYPE, "application/json")
        .header(ABOUT_HEADER, serde_json::to_vec(about)?)
        .body(Bytes::from(serde_json::to_vec(body)?))?;
    let response = host.call(component, request).await;
    if response.status() != StatusCode::OK {
        let said = String::from_utf8_lossy(&response.body()[..response.body().len().min(300)])
            .into_owned();
        bail!("{component}{path} answered {}: {said}", response.status());
    }
    serde_json::from_slice(response.body())
        .with_context(|| format!("{component}{path} answered something else"))
}
