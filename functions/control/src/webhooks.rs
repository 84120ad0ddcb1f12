//! Delivers events to webhooks, signed as Standard Webhooks ask: at least once, each under the same id.
//!
//! An address is a stranger's word, so that it reaches nothing of the inside: names are resolved here, and what is not an
//! address of the public internet is not dialled ([`address`]); no redirect is followed, and no answer is read.

mod address;
pub mod muted;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use konf_contract::UnixMs;
use konf_ledger::{Ledger, WebhookItem};
use tokio::task::JoinSet;

use crate::clock;
use crate::delivery::sms::sign;
use address::PublicNames;
pub use address::{Unfit, check};

/// Taken up at once.
const BATCH: u32 = 20;
/// An endpoint stores what it is told and answers; a slower one is down.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between attempts: a day and a half in all.
const BACKOFF_S: [i64; 10] = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 57_600];

pub struct Teller {
    ledger: Ledger,
    client: Client<HttpsConnector<HttpConnector<PublicNames>>, Full<Bytes>>,
    /// Whether addresses of the inside are told as well.
    private: bool,
}

/// Why an event was not told.
struct Missed {
    status: Option<u16>,
    why: String,
    /// The endpoint says that it is no more.
    gone: bool,
}

impl Missed {
    fn new(why: impl Into<String>) -> Missed {
        Missed { status: None, why: why.into(), gone: false }
    }
}

impl Teller {
    pub fn new(ledger: Ledger, private: bool) -> Result<Teller> {
        let mut http = HttpConnector::new_with_resolver(PublicNames { private });
        http.enforce_http(false);
        http.set_connect_timeout(Some(PATIENCE));
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())?
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        // A connection that is kept could be to an address that the name no longer has.
        let client =
            Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(Teller { ledger, client, private })
    }

    /// Tells what is due. True when there may be more.
    pub async fn round(self: Arc<Self>) -> Result<bool> {
        let due = self.ledger.webhooks_due(BATCH).await?;
        let more = due.len() == BATCH as usize;
        let mut telling = JoinSet::new();
        for item in due {
            let this = self.clone();
            telling.spawn(async move { this.settle(&item).await });
        }
        for outcome in telling.join_all().await {
            outcome?;
        }
        Ok(more)
    }

    async fn settle(&self, item: &WebhookItem) -> Result<()> {
        let (event, webhook, kind) = (&item.event, &item.webhook, &item.kind);
        let told = tokio::time::timeout(PATIENCE, self.tell(item, clock::now())).await;
        match told.unwrap_or_else(|_| Err(Missed::new("no answer within 10 s"))) {
            Ok(status) => {
                self.ledger.webhook_delivered(item.seq, status.as_u16()).await?;
                tracing::debug!(event, webhook, kind, "event told");
            }
            Err(Missed { why, gone: true, .. }) => {
                tracing::warn!(webhook, why, "a webhook is gone: it is told nothing more");
                self.ledger.remove_webhook(webhook, None, &why).await?;
            }
            Err(Missed { status, why, .. }) => {
                let retry = retry_at(clock::now(), item.attempt);
                self.ledger.webhook_failed(item.seq, status, &why, retry).await?;
                match retry {
                    Some(_) => tracing::info!(event, webhook, why, "event will be told again"),
                    None => tracing::error!(event, webhook, why, "event could not be told"),
                }
            }
        }
        Ok(())
    }

    async fn tell(&self, item: &WebhookItem, now: UnixMs) -> Result<StatusCode, Missed> {
        // The configuration may have become stricter, and an address in digits asks no names.
        check(&item.url, self.private).map_err(|unfit| Missed::new(unfit.to_string()))?;
        let request = request(item, now).map_err(|error| Missed::new(format!("{error:#}")))?;
        let response = self.client.request(request).await.map_err(|error| {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            Missed::new(source.unwrap_or_else(|| error.to_string()))
        })?;
        let status = response.status();
        match status.as_u16() {
            200..=299 => Ok(status),
            code => Err(Missed {
                status: Some(code),
                why: format!("it answers {status}"),
                gone: status == StatusCode::GONE,
            }),
        }
    }
}

/// Signed anew for each attempt, since the time is signed as well.
fn request(item: &WebhookItem, now: UnixMs) -> Result<Request<Full<Bytes>>> {
    let timestamp = (now.0 / 1_000).to_string();
    let signature = sign(item.secret.expose(), &item.event, &timestamp, item.body.as_bytes())?;
    Ok(Request::post(&item.url)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, concat!("konf/", env!("CARGO_PKG_VERSION")))
        .header("webhook-id", &item.event)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signature)
        .body(Full::new(Bytes::from(item.body.clone())))?)
}

fn retry_at(now: UnixMs, attempt: u32) -> Option<UnixMs> {
    let index = usize::try_from(attempt.saturating_sub(1)).ok()?;
    BACKOFF_S.get(index).map(|seconds| now.plus_ms(seconds * 1_000))
}

#[cfg(test)]
mod tests;
