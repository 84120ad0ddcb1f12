//! What a provider says of somebody. Pure.

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use konf_contract::UnixMs;
use konf_ledger::OperatorRole;
use serde_json::{Map, Value};

use crate::config;

/// Clocks of two machines may differ by so much.
const SKEW_MS: i64 = UnixMs::MINUTE;
/// Of a name in the audit.
const NAME_CHARACTERS_MAX: usize = 64;

/// They print nothing: a person's address is among them.
pub(super) struct Claims(Map<String, Value>);

impl Claims {
    /// The middle part of a JWT (RFC 7519, section 3).
    pub(super) fn read(id_token: &str) -> Result<Claims> {
        let mut parts = id_token.split('.');
        let (_, body) = (parts.next(), parts.next().context("the ID token is no JWT")?);
        ensure!(parts.next().is_some() && parts.next().is_none(), "the ID token is no JWT");
        let body = URL_SAFE_NO_PAD.decode(body).context("the ID token is no base64url")?;
        Ok(Claims(serde_json::from_slice(&body).context("the ID token's claims are no JSON")?))
    }

    /// OpenID Connect Core 1.0, section 3.1.3.7.
    pub(super) fn check(&self, settings: &config::Oidc, nonce: &str, now: UnixMs) -> Result<()> {
        ensure!(self.text("iss") == Some(&settings.issuer), "the ID token is of another issuer");
        let client = settings.client_id.as_str();
        let for_us = match self.0.get("aud") {
            Some(Value::String(one)) => one == client,
            Some(Value::Array(all)) => {
                all.iter().any(|one| one == client)
                    && (all.len() == 1 || self.text("azp") == Some(client))
            }
            _ => false,
        };
        ensure!(for_us, "the ID token is for another client");
        ensure!(self.text("nonce") == Some(nonce), "the ID token is of another sign-in");
        let expires =
            self.0.get("exp").and_then(Value::as_i64).context("the ID token lasts for ever")?;
        ensure!(
            expires.saturating_mul(1_000).saturating_add(SKEW_MS) > now.0,
            "the ID token has expired: is the clock right?"
        );
        ensure!(self.text("sub").is_some(), "the ID token is of nobody");
        Ok(())
    }

    /// Adds what the provider's `userinfo` says of the same person (section 5.3.2).
    pub(super) fn add(&mut self, userinfo: &[u8]) -> Result<()> {
        let said: Map<String, Value> =
            serde_json::from_slice(userinfo).context("the provider's userinfo is no JSON")?;
        ensure!(
            said.get("sub").is_some_and(|sub| Some(sub) == self.0.get("sub")),
            "the provider's userinfo is of somebody else"
        );
        for (name, value) in said {
            self.0.entry(name).or_insert(value);
        }
        Ok(())
    }

    /// The highest that one of the claim's values stands for.
    pub(super) fn role(&self, settings: &config::Oidc) -> Option<OperatorRole> {
        let role = |value: &Value| settings.roles.get(value.as_str()?).copied();
        match self.find(&settings.claim)? {
            Value::Array(values) => values.iter().filter_map(role).max(),
            value => role(value),
        }
    }

    /// A claim by its name, or inside of others by theirs: `realm_access.roles`.
    fn find(&self, path: &str) -> Option<&Value> {
        if let Some(value) = self.0.get(path) {
            return Some(value);
        }
        let mut names = path.split('.');
        let first = self.0.get(names.next()?)?;
        names.try_fold(first, |value, name| value.get(name))
    }

    /// As it stands in the audit: no local account has an `@` or a `:` in its name.
    pub(super) fn name(&self) -> String {
        let named =
            ["preferred_username", "email", "sub"].into_iter().find_map(|claim| self.text(claim));
        let plain =
            named.unwrap_or_default().chars().filter(|c| !c.is_control() && !c.is_whitespace());
        format!("oidc:{}", plain.take(NAME_CHARACTERS_MAX).collect::<String>())
    }

    fn text(&self, claim: &str) -> Option<&str> {
        self.0.get(claim).and_then(Value::as_str).filter(|text| !text.is_empty())
    }
}
