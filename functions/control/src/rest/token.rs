//! Who asks, and what a token opens.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, header};
use konf_api::ledger::Sender;
use konf_ledger::{ApiToken, Ledger};
use rand::TryRngCore;
use rand::rngs::OsRng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::problem::{Kind, Problem};
use crate::config::Secret;

/// What a token begins with, so that a scanner finds one that was left lying about.
const PREFIX: &str = "konf_";
/// 256 bits.
const RANDOM_BYTES: usize = 32;
/// Of 32 bytes in base64 without padding.
const RANDOM_CHARACTERS: usize = 43;

/// What a token opens. To add one: a line in [`Scope::ALL`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum Scope {
    #[serde(rename = "conferences:read")]
    ConferencesRead,
    #[serde(rename = "conferences:write")]
    ConferencesWrite,
    #[serde(rename = "credentials:read")]
    CredentialsRead,
    #[serde(rename = "statements:read")]
    StatementsRead,
    #[serde(rename = "rooms:read")]
    RoomsRead,
    #[serde(rename = "rooms:write")]
    RoomsWrite,
    #[serde(rename = "requests:read")]
    RequestsRead,
    #[serde(rename = "requests:write")]
    RequestsWrite,
    #[serde(rename = "policies:read")]
    PoliciesRead,
    #[serde(rename = "policies:write")]
    PoliciesWrite,
    #[serde(rename = "tokens:read")]
    TokensRead,
    #[serde(rename = "tokens:write")]
    TokensWrite,
    #[serde(rename = "webhooks:read")]
    WebhooksRead,
    #[serde(rename = "webhooks:write")]
    WebhooksWrite,
}

impl Scope {
    /// Name, what it opens, and whether a customer's token may have it.
    pub const ALL: [(Scope, &'static str, &'static str, bool); 14] = [
        (Scope::ConferencesRead, "conferences:read", "see conferences", true),
        (Scope::ConferencesWrite, "conferences:write", "order, change and cancel", true),
        (Scope::CredentialsRead, "credentials:read", "see PINs and passwords", true),
        (Scope::StatementsRead, "statements:read", "see what conferences cost", true),
        (Scope::RoomsRead, "rooms:read", "see who is inside", true),
        (Scope::RoomsWrite, "rooms:write", "mute, drop, lock, extend and end", true),
        (Scope::RequestsRead, "requests:read", "see requests for operators", false),
        (Scope::RequestsWrite, "requests:write", "answer, approve and decline them", false),
        (
            Scope::PoliciesRead,
            "policies:read",
            "see policies, functions and what they decided",
            false,
        ),
        (Scope::PoliciesWrite, "policies:write", "push and move policies and functions", false),
        (Scope::TokensRead, "tokens:read", "list tokens", true),
        (Scope::TokensWrite, "tokens:write", "make and revoke tokens", true),
        (Scope::WebhooksRead, "webhooks:read", "see webhooks and what they were told", true),
        (Scope::WebhooksWrite, "webhooks:write", "make and remove webhooks", true),
    ];

    pub fn name(self) -> &'static str {
        Scope::ALL.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    pub fn of(name: &str) -> Option<Scope> {
        Scope::ALL.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    pub fn is_for_customers(self) -> bool {
        Scope::ALL.iter().any(|row| row.0 == self && row.3)
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The token's id.
    pub(crate) token: String,
    pub(crate) scopes: BTreeSet<Scope>,
    /// Whose conferences it sees; all of them when absent.
    pub(crate) owner: Option<Sender>,
    /// The token itself, which opens the answers that were kept for it.
    pub(crate) secret: Secret,
}

impl Caller {
    /// As the audit names it.
    pub(crate) fn name(&self) -> String {
        format!("api {}", self.token)
    }

    fn new(token: ApiToken, secret: Secret) -> Caller {
        // A scope of another version opens nothing.
        let scopes = token.scopes.iter().filter_map(|name| Scope::of(name)).collect();
        Caller { token: token.id, scopes, owner: token.owner, secret }
    }
}

/// A token that nobody has seen.
pub fn draw() -> Result<Secret> {
    let mut bits = [0; RANDOM_BYTES];
    OsRng.try_fill_bytes(&mut bits).context("the system gives no randomness")?;
    Ok(Secret::new(&format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bits))))
}

/// What the ledger keeps of it.
pub fn digest(token: &Secret) -> String {
    format!("{:x}", Sha256::digest(token.expose()))
}

/// Who asks, by the header `Authorization`.
pub(crate) async fn caller(ledger: &Ledger, headers: &HeaderMap) -> Result<Caller, Problem> {
    let Some(token) = bearer(headers) else {
        let wanted = "send Authorization: Bearer and a token; konf token create makes one";
        return Err(Problem::new(Kind::Unauthorised, wanted));
    };
    match ledger.api_token(&digest(&token)).await? {
        Some(known) => Ok(Caller::new(known, token)),
        None => Err(Problem::new(
            Kind::Unauthorised,
            "there is no such token, or it is revoked or over",
        )),
    }
}

/// What can be a token.
fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = given.split_once(' ')?;
    let random = token.trim().strip_prefix(PREFIX)?;
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_token = scheme.eq_ignore_ascii_case("bearer")
        && random.len() == RANDOM_CHARACTERS
        && random.bytes().all(good);
    is_token.then(|| Secret::new(token.trim()))
}
