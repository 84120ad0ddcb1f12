//! Signing in at the desk by OpenID Connect: the operator's own directory says who somebody is and what they may do.
//!
//! The code flow with PKCE (OpenID Connect Core 1.0, section 3.1; RFC 7636). The ID token comes from the provider itself
//! over TLS, which stands for its signature (section 3.1.3.7, point 6), so that no key of the provider's is kept here.
//! [`provider`] and [`claims`] are pure; this is what joins them to the network and to the clock.

mod claims;
mod provider;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use konf_contract::UnixMs;

use super::locked;
use super::sessions::{Session, SessionToken};
use crate::config::{self, Secret};
use crate::https::{self, Client};
use claims::Claims;
use provider::Provider;

/// Somebody waits before the browser.
const PATIENCE: Duration = Duration::from_secs(10);
/// A provider's description has some kilobytes, an ID token with many groups too.
const ANSWER_MAX: usize = 256 * 1024;
/// How long somebody may take to sign in at the provider.
pub const ATTEMPT_MS: i64 = 10 * UnixMs::MINUTE;
/// Beyond it the oldest is forgotten: whoever begins without an end pushes out others who do.
const ATTEMPTS_MAX: usize = 1_000;
/// Addresses of a provider hardly ever change.
const PROVIDER_MS: i64 = 60 * UnixMs::MINUTE;

/// One provider.
pub struct Oidc {
    settings: config::Oidc,
    /// Where the provider sends browsers back to; it must be registered there.
    redirect: String,
    client: Client,
    provider: tokio::sync::Mutex<Option<(Provider, UnixMs)>>,
    attempts: Mutex<BTreeMap<String, Attempt>>,
}

/// Somebody who was sent to the provider.
struct Attempt {
    since: UnixMs,
    /// Comes back in the ID token.
    nonce: String,
    /// Proves that who redeems the code is who asked for it.
    verifier: String,
}

/// Where a browser goes, and what it has to bring back.
pub struct Begun {
    pub location: String,
    pub state: String,
}

/// Why somebody does not get in who has been at the provider.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refused {
    /// Another browser, another attempt, or too late.
    #[error("this sign-in was not begun here, or more than ten minutes ago")]
    Unknown,
    /// What it says, in its own words.
    #[error("the provider refuses: {0}")]
    Provider(String),
    #[error("{0} has none of the groups that may use the desk")]
    NoRole(String),
}

impl Oidc {
    /// # Errors
    ///
    /// When TLS cannot be set up.
    pub fn new(settings: config::Oidc, public_url: &str) -> Result<Oidc> {
        Ok(Oidc {
            settings,
            redirect: format!("{public_url}/desk/oidc/return"),
            client: https::client()?,
            provider: tokio::sync::Mutex::default(),
            attempts: Mutex::default(),
        })
    }

    /// # Errors
    ///
    /// When the provider does not describe itself as it should.
    pub async fn begin(&self, now: UnixMs) -> Result<Begun> {
        let provider = self.provider(now).await?;
        let [state, nonce, verifier] =
            [SessionToken::draw()?, SessionToken::draw()?, SessionToken::draw()?]
                .map(|drawn| drawn.expose().to_owned());
        let location =
            provider.authorization(&self.settings, &self.redirect, &state, &nonce, &verifier);
        let mut attempts = locked(&self.attempts);
        attempts.retain(|_, attempt| now.since(attempt.since) < ATTEMPT_MS);
        if attempts.len() >= ATTEMPTS_MAX {
            let oldest = attempts.iter().min_by_key(|(_, attempt)| attempt.since);
            if let Some(oldest) = oldest.map(|(state, _)| state.clone()) {
                attempts.remove(&oldest);
            }
        }
        attempts.insert(state.clone(), Attempt { since: now, nonce, verifier });
        Ok(Begun { location, state })
    }

    /// Somebody comes back: `state` as the address says it, `kept` as the browser has it from [`Self::begin`].
    ///
    /// # Errors
    ///
    /// When the provider cannot be asked, or answers what it should not.
    pub async fn finish(
        &self,
        state: &str,
        kept: &str,
        code: std::result::Result<&str, &str>,
        now: UnixMs,
    ) -> Result<std::result::Result<Session, Refused>> {
        let attempt = if state == kept { locked(&self.attempts).remove(state) } else { None };
        let Some(attempt) = attempt.filter(|attempt| now.since(attempt.since) < ATTEMPT_MS) else {
            return Ok(Err(Refused::Unknown));
        };
        let code = match code {
            Ok(code) => code,
            Err(said) => return Ok(Err(Refused::Provider(said.chars().take(100).collect()))),
        };
        let provider = self.provider(now).await?;
        let body = provider::token_request(code, &self.redirect, &attempt.verifier);
        let request = Request::post(&provider.token_endpoint)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, provider::client_authorization(&self.settings))
            .body(Full::from(body))?;
        let answer = self.exchange(request).await.context("redeeming the provider's code")?;
        let tokens = provider::Tokens::read(&answer)?;
        let mut claims = Claims::read(tokens.id_token.expose())?;
        claims.check(&self.settings, &attempt.nonce, now)?;
        if let (None, Some(endpoint)) = (claims.role(&self.settings), &provider.userinfo_endpoint) {
            let bearer = format!("Bearer {}", tokens.access_token.expose());
            let request = Request::get(endpoint).header(header::AUTHORIZATION, bearer);
            let answer = self.exchange(request.body(Full::default())?).await;
            claims.add(&answer.context("asking the provider who somebody is")?)?;
        }
        let name = claims.name();
        Ok(match claims.role(&self.settings) {
            Some(role) => Ok(Session { name, role }),
            None => Err(Refused::NoRole(name)),
        })
    }

    async fn provider(&self, now: UnixMs) -> Result<Provider> {
        let mut kept = self.provider.lock().await;
        if let Some((provider, since)) = kept.as_ref()
            && now.since(*since) < PROVIDER_MS
        {
            return Ok(provider.clone());
        }
        let issuer = &self.settings.issuer;
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let answer = self.exchange(Request::get(&address).body(Full::default())?).await;
        let answer = answer.with_context(|| format!("asking {address}"))?;
        let provider = Provider::read(&answer, issuer)?;
        *kept = Some((provider.clone(), now));
        Ok(provider)
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Bytes> {
        let answered = async {
            let response = self.client.request(request).await?;
            let status = response.status();
            let body = Limited::new(response.into_body(), ANSWER_MAX).collect().await;
            let body = body.map_err(|_| anyhow::anyhow!("its answer is too long"))?.to_bytes();
            // Its words may hold what it was sent.
            ensure!(status == StatusCode::OK, "it answers {status}{}", provider::fault(&body));
            Ok(body)
        };
        tokio::time::timeout(PATIENCE, answered).await.context("no answer in time")?
    }
}

/// What a token endpoint gives.
impl provider::Tokens {
    fn read(answer: &[u8]) -> Result<provider::Tokens> {
        let read: provider::Written =
            serde_json::from_slice(answer).context("the provider's tokens are no JSON")?;
        Ok(provider::Tokens {
            id_token: Secret::new(&read.id_token.context("the provider gives no ID token")?),
            access_token: Secret::new(&read.access_token.unwrap_or_default()),
        })
    }
}

#[cfg(test)]
mod tests;
