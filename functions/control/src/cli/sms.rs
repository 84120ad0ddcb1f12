//! Sends a message to the running control as the generic gateway would.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::Full;

use super::{client, table};
use crate::clock;
use crate::config::Config;
use crate::delivery::sms::sign;

pub(super) async fn send(config: &Config, from: &str, text: &str, id: Option<&str>) -> Result<()> {
    let secrets = config
        .variables
        .get("sms_secrets")
        .context("variables.sms_secrets is not set in the configuration")?;
    let secret = secrets.expose().split(',').next().unwrap_or_default();
    let id = id.map_or_else(|| format!("cli-{:016x}", rand::random::<u64>()), str::to_owned);
    let timestamp = (clock::now().0 / 1000).to_string();
    let body = serde_json::json!({ "from": from, "to": "+420720002233", "text": text }).to_string();
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("http://{}/sms/generic", config.http_listen))
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", &timestamp)
        .header("webhook-signature", sign(secret, &id, &timestamp, body.as_bytes())?)
        .body(Full::new(Bytes::from(body)))?;
    client::send(config, request).await?;
    table::say(&format!("Taken as message {id}. The answer goes to the sender."));
    if config.mailbox_smtp_listen.is_some() {
        table::say(&format!("It can be read at {}/mailbox", config.public_url));
    }
    Ok(())
}
