//! What a provider says of itself, and what it is asked. Pure.

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::config::{self, Secret};

/// Of OpenID Connect Discovery 1.0, section 3, what is needed here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Provider {
    issuer: String,
    authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) userinfo_endpoint: Option<String>,
}

/// What a code is redeemed for.
pub(super) struct Tokens {
    pub(super) id_token: Secret,
    pub(super) access_token: Secret,
}

#[derive(Deserialize)]
pub(super) struct Written {
    pub(super) id_token: Option<String>,
    pub(super) access_token: Option<String>,
}

impl Provider {
    pub(super) fn read(document: &[u8], issuer: &str) -> Result<Provider> {
        let provider: Provider = serde_json::from_slice(document)
            .context("the provider's description lacks what OpenID Connect Discovery asks for")?;
        // Section 4.3: another's description must not be taken for it.
        ensure!(
            provider.issuer == issuer,
            "the provider calls itself {:?}: oidc.issuer must be exactly that",
            provider.issuer
        );
        let endpoints = [&provider.authorization_endpoint, &provider.token_endpoint];
        for endpoint in endpoints.into_iter().chain(&provider.userinfo_endpoint) {
            ensure!(
                config::is_confidential(endpoint),
                "the provider's endpoint {endpoint} is not https"
            );
        }
        Ok(provider)
    }

    /// Where a browser goes to sign in.
    pub(super) fn authorization(
        &self,
        settings: &config::Oidc,
        redirect: &str,
        state: &str,
        nonce: &str,
        verifier: &str,
    ) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", redirect)
            .append_pair("scope", &settings.scope)
            .append_pair("state", state)
            .append_pair("nonce", nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .finish();
        let joint = if self.authorization_endpoint.contains('?') { '&' } else { '?' };
        format!("{}{joint}{query}", self.authorization_endpoint)
    }
}

pub(super) fn token_request(code: &str, redirect: &str, verifier: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", redirect)
        .append_pair("code_verifier", verifier)
        .finish()
}

/// `client_secret_basic`: both parts are form-encoded first (RFC 6749, section 2.3.1).
pub(super) fn client_authorization(settings: &config::Oidc) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let (id, secret) = (encode(&settings.client_id), encode(settings.client_secret.expose()));
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// The code of an error, where the answer is one of RFC 6749, section 5.2; nothing else of it.
pub(super) fn fault(answer: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Fault {
        error: String,
    }
    let good = |c: char| c.is_ascii_lowercase() || c == '_';
    let fault = serde_json::from_slice::<Fault>(answer).ok();
    let fault = fault.filter(|fault| fault.error.len() <= 40 && fault.error.chars().all(good));
    fault.map_or_else(String::new, |fault| format!(" ({})", fault.error))
}
