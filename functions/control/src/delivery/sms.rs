//! Outgoing SMS by HTTP.
//!
//! To add a gateway: a case of [`SmsKind`], its request in [`request`], the reading of its answer in [`answer`], and a row
//! in the tests, which speak with a server of their own.

mod answer;
pub mod replies;
mod request;

use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use konf_api::ledger::InboundMessage;
use konf_contract::{Msisdn, UnixMs};
use tokio::sync::Mutex;

use super::Failure;
use crate::config::{Secret, Sms, SmsKind};
use crate::https::{self, Client};

pub use request::sign;

/// Gateways answer within seconds; a slower one is down.
const PATIENCE: Duration = Duration::from_secs(15);
/// An answer is an id and a status.
const ANSWER_MAX: usize = 64 * 1024;
/// A token is not used in its last minute: clocks differ, and requests take their time.
const TOKEN_SPARE_MS: i64 = 60_000;

/// A message of one part.
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    /// The same for each attempt, so that a gateway can drop a repeat.
    pub id: &'a str,
    /// The outbox row's own id: comes back in the gateway's report where the gateway can do that.
    pub reference: &'a str,
    pub to: &'a Msisdn,
    pub text: &'a str,
}

pub struct SmsGateway {
    sms: Sms,
    /// Where gateways reach Konf, without a slash at the end.
    public_url: String,
    client: Client,
    patience: Duration,
    /// Of a gateway that gives one out (OAuth 2), and until when it may be used.
    token: Mutex<Option<(Secret, UnixMs)>>,
}

impl SmsGateway {
    pub fn new(sms: Sms, public_url: &str) -> Result<Self> {
        Ok(SmsGateway {
            sms,
            public_url: public_url.to_owned(),
            client: https::client()?,
            patience: PATIENCE,
            token: Mutex::new(None),
        })
    }

    /// The gateway has taken it; its own id for the message, where it says one.
    pub async fn send(
        &self,
        message: &Outgoing<'_>,
        now: UnixMs,
    ) -> Result<Option<String>, Failure> {
        let token = match self.sms.kind {
            SmsKind::GoSms => Some(self.token(now).await?),
            _ => None,
        };
        let request = match self.sms.kind {
            SmsKind::Generic => request::generic(&self.sms, message, now),
            SmsKind::Twilio => request::twilio(&self.sms, message, &self.public_url),
            SmsKind::Infobip => request::infobip(&self.sms, message),
            SmsKind::BulkGate => request::bulkgate(&self.sms, message),
            SmsKind::GoSms => request::gosms(&self.sms, message, token.as_ref()),
            SmsKind::Telnyx => request::telnyx(&self.sms, message),
            SmsKind::Vonage => request::vonage(&self.sms, message),
        };
        let (status, body) = self.exchange(request).await?;
        if status == StatusCode::UNAUTHORIZED && token.is_some() {
            *self.token.lock().await = None;
            return Err(Failure::NotReached("the gateway no longer knows its token".to_owned()));
        }
        by_status(status)?;
        answer::read(self.sms.kind, &body)
    }

    /// Whether replies are to be asked for.
    pub fn keeps_replies(&self) -> bool {
        self.sms.kind == SmsKind::GoSms
    }

    /// What has come in reply to a message, by the gateway's id of that.
    pub async fn replies(&self, id: &str, now: UnixMs) -> Result<Vec<InboundMessage>, Failure> {
        let token = self.token(now).await?;
        let (status, body) = self.exchange(request::gosms_replies(&self.sms, id, &token)).await?;
        if status == StatusCode::UNAUTHORIZED {
            *self.token.lock().await = None;
            return Err(Failure::NotReached("the gateway no longer knows its token".to_owned()));
        }
        by_status(status)?;
        Ok(replies::read("gosms", &body))
    }

    /// Nothing has been sent yet when this fails, whatever the reason.
    async fn token(&self, now: UnixMs) -> Result<Secret, Failure> {
        let mut kept = self.token.lock().await;
        if let Some((token, until)) = kept.as_ref()
            && *until > now
        {
            return Ok(token.clone());
        }
        let nothing_sent = |failure| match failure {
            Failure::Unknown(why) => Failure::NotReached(format!("no token: {why}")),
            other => other,
        };
        let answered = self.exchange(request::gosms_token(&self.sms)).await;
        let (status, body) = answered.map_err(nothing_sent)?;
        by_status(status)?;
        let (token, lifetime_ms) = answer::token(&body)
            .ok_or_else(|| Failure::NotReached("the gateway gives no token".to_owned()))?;
        *kept = Some((token.clone(), now.plus_ms(lifetime_ms.saturating_sub(TOKEN_SPARE_MS))));
        Ok(token)
    }

    async fn exchange(
        &self,
        request: Result<Request<Full<Bytes>>>,
    ) -> Result<(StatusCode, Bytes), Failure> {
        let request = request.map_err(|error| Failure::Refused(format!("{error:#}")))?;
        let answered = async {
            let response = self.client.request(request).await.map_err(|error| {
                let why = error.to_string();
                if error.is_connect() { Failure::NotReached(why) } else { Failure::Unknown(why) }
            })?;
            let status = response.status();
            let body = Limited::new(response.into_body(), ANSWER_MAX).collect().await;
            // A status is an answer, with or without the words.
            Ok((status, body.map(|body| body.to_bytes()).unwrap_or_default()))
        };
        tokio::time::timeout(self.patience, answered)
            .await
            .unwrap_or_else(|_| Err(Failure::Unknown("no answer in time".to_owned())))
    }
}

fn by_status(status: StatusCode) -> Result<(), Failure> {
    match status.as_u16() {
        200..=299 => Ok(()),
        408 | 425 | 429 | 500..=599 => {
            Err(Failure::NotReached(format!("the gateway answers {status}")))
        }
        _ => Err(Failure::Refused(format!("the gateway answers {status}"))),
    }
}

#[cfg(test)]
mod tests;
