//! Orders by e-mail that Amazon's SES has taken: its receipt rule tells an SNS topic, which calls `/mail/ses`.
//!
//! Other services are read by the function `order`; this one is read here, since its proof of origin is a signature by a
//! certificate that has to be fetched. [`notice`] and [`mail`] are pure; this is what joins them to the network.
//!
//! At Amazon: a receipt rule with an SNS action (encoding Base64) to a topic whose `SignatureVersion` is 2, and an HTTPS
//! subscription of that topic to `public_url` and `/mail/ses`, which is confirmed here.

mod mail;
mod notice;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use konf_contract::UnixMs;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::sync::Mutex;

use crate::config;
use crate::https::{self, Client};
use crate::server::fault;
use crate::smtp::inbox::OrderInbox;
use crate::smtp::session::Verdict;
use notice::{Kind, Notice, Refused};

pub const PATH: &str = "/mail/ses";
/// SNS tells at most 256 kB, of which each quotation mark and line end takes two within JSON.
pub const BODY_MAX: usize = 600 * 1024;
/// SNS waits for 15 s.
const PATIENCE: Duration = Duration::from_secs(8);
/// A certificate has some two kilobytes, the word that a subscription is confirmed less.
const ANSWER_MAX: usize = 64 * 1024;
/// One is in use, another when it changes.
const CERTIFICATES_MAX: usize = 4;
const CERTIFICATE_MS: i64 = 24 * 60 * UnixMs::MINUTE;
/// Anybody can name a certificate that is not there: Amazon is not asked more often for that.
const FETCH_EVERY_MS: i64 = 10_000;

/// Takes what one topic tells.
pub struct Ses {
    topic: config::Topic,
    inbox: OrderInbox,
    client: Client,
    certificates: Mutex<Certificates>,
}

#[derive(Default)]
struct Certificates {
    kept: Vec<Kept>,
    fetched: Option<UnixMs>,
}

struct Kept {
    address: String,
    certificate: CertificateDer<'static>,
    since: UnixMs,
}

impl Ses {
    /// # Errors
    ///
    /// When TLS cannot be set up.
    pub fn new(topic: config::Topic, inbox: OrderInbox) -> Result<Arc<Ses>> {
        let (client, certificates) = (https::client()?, Mutex::default());
        Ok(Arc::new(Ses { topic, inbox, client, certificates }))
    }

    pub async fn handle(&self, request: &Request<Bytes>, now: UnixMs) -> Response<Bytes> {
        if request.method() != http::Method::POST {
            return fault(StatusCode::METHOD_NOT_ALLOWED, "SNS calls this by POST");
        }
        match self.notice(request.body(), now).await {
            Ok(notice) => self.heed(notice).await,
            Err(refused) => {
                tracing::warn!(why = %refused, "what calls for SES is refused");
                fault(refused.status(), &refused.to_string())
            }
        }
    }

    /// What was told, once it is sure that the topic has told it.
    async fn notice(&self, body: &[u8], now: UnixMs) -> Result<Notice, Refused> {
        let notice = Notice::read(body, &self.topic)?;
        let certificate = self.certificate(notice.certificate_address(), now).await?;
        notice.check(&certificate)?;
        Ok(notice)
    }

    async fn heed(&self, notice: Notice) -> Response<Bytes> {
        let message = match notice.kind {
            Kind::Notification { message } => message,
            Kind::Subscription { address } => {
                return match self.get(&address).await {
                    Ok(_) => {
                        tracing::info!(
                            topic = self.topic.arn(),
                            "the subscription for SES is confirmed"
                        );
                        said("the subscription is confirmed")
                    }
                    Err(error) => {
                        let why = format!("{error:#}");
                        tracing::warn!(why, "the subscription for SES cannot be confirmed");
                        fault(
                            StatusCode::SERVICE_UNAVAILABLE,
                            "the subscription cannot be confirmed now",
                        )
                    }
                };
            }
            Kind::Unsubscription => {
                tracing::warn!(
                    topic = self.topic.arn(),
                    "the subscription for SES has ended: no e-mail comes that way any more"
                );
                return said("noted");
            }
        };
        let mail = match mail::read(&message) {
            Ok(Some(mail)) => mail,
            Ok(None) => return said("nothing to do"),
            Err(why) => {
                tracing::warn!(why, "SES tells of an e-mail that cannot be read");
                return fault(StatusCode::BAD_REQUEST, why);
            }
        };
        match self.inbox.hand_on(&mail).await {
            Verdict::Taken => said("taken"),
            // SNS tries nothing again after such an answer.
            Verdict::Refused(why) => fault(StatusCode::NOT_ACCEPTABLE, &why),
            Verdict::Later => fault(StatusCode::SERVICE_UNAVAILABLE, "it cannot be taken now"),
        }
    }

    async fn certificate(
        &self,
        address: &str,
        now: UnixMs,
    ) -> Result<CertificateDer<'static>, Refused> {
        let mut certificates = self.certificates.lock().await;
        if let Some(certificate) = certificates.get(address, now) {
            return Ok(certificate);
        }
        if certificates.fetched.is_some_and(|at| (0..FETCH_EVERY_MS).contains(&now.since(at))) {
            return Err(Refused::NoCertificate);
        }
        certificates.fetched = Some(now);
        let fetched = async {
            let pem = self.get(address).await?;
            CertificateDer::from_pem_slice(&pem).context("it is no certificate")
        };
        let certificate = fetched.await.map_err(|error| {
            tracing::warn!(address, why = format!("{error:#}"), "no certificate of SNS");
            Refused::NoCertificate
        })?;
        certificates.keep(address, certificate.clone(), now);
        Ok(certificate)
    }

    async fn get(&self, address: &str) -> Result<Bytes> {
        let answered = async {
            let request = Request::get(address).body(Full::default())?;
            let response = self.client.request(request).await?;
            let status = response.status();
            ensure!(status == StatusCode::OK, "Amazon answers {status}");
            let body = Limited::new(response.into_body(), ANSWER_MAX).collect().await;
            Ok(body.map_err(|_| anyhow::anyhow!("its answer is too long"))?.to_bytes())
        };
        tokio::time::timeout(PATIENCE, answered).await.context("no answer in time")?
    }
}

impl Certificates {
    fn get(&self, address: &str, now: UnixMs) -> Option<CertificateDer<'static>> {
        let kept = self.kept.iter().find(|kept| kept.address == address)?;
        (now.since(kept.since) < CERTIFICATE_MS).then(|| kept.certificate.clone())
    }

    fn keep(&mut self, address: &str, certificate: CertificateDer<'static>, now: UnixMs) {
        self.kept.retain(|kept| kept.address != address);
        if self.kept.len() >= CERTIFICATES_MAX {
            self.kept.remove(0);
        }
        self.kept.push(Kept { address: address.to_owned(), certificate, since: now });
    }
}

fn said(what: &str) -> Response<Bytes> {
    crate::server::json(StatusCode::OK, &serde_json::json!({ "said": what }))
}

#[cfg(test)]
mod tests;
