//! Who is signed in.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use konf_contract::UnixMs;
use konf_ledger::OperatorRole;
use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};

use crate::config::Secret;

/// A working day with its breaks, and no night.
pub(super) const SESSION_MS: i64 = 12 * 3_600_000;
/// Far more than people who sign in; beyond it the oldest session ends.
const SESSIONS_MAX: usize = 1_000;

/// What a browser holds: 256 random bits. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(String);

impl std::fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

impl SessionToken {
    /// # Errors
    ///
    /// When the system gives no randomness.
    pub fn draw() -> Result<SessionToken> {
        let mut bits = [0; 32];
        OsRng.try_fill_bytes(&mut bits).context("the system gives no randomness")?;
        Ok(SessionToken(URL_SAFE_NO_PAD.encode(bits)))
    }

    /// As a browser gives it back; whether it opens anything is another question.
    pub fn shown(text: &str) -> SessionToken {
        SessionToken(text.to_owned())
    }

    /// For the cookie alone.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What forms of this session carry, so that no other page can send them. Nothing of the token can be told from it.
    pub fn form_token(&self) -> String {
        let digest = Sha256::new().chain_update(b"konf desk form\0").chain_update(&self.0);
        URL_SAFE_NO_PAD.encode(digest.finalize())
    }

    pub(super) fn as_password(&self) -> Secret {
        Secret::new(&self.0)
    }

    fn key(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub name: String,
    pub role: OperatorRole,
}

#[derive(Default)]
pub(super) struct Sessions(BTreeMap<[u8; 32], (UnixMs, Session)>);

impl Sessions {
    pub(super) fn open(&mut self, token: &SessionToken, session: Session, now: UnixMs) {
        self.0.retain(|_, (since, _)| now.since(*since) < SESSION_MS);
        if self.0.len() >= SESSIONS_MAX {
            let oldest = self.0.iter().min_by_key(|(_, (since, _))| *since);
            if let Some(key) = oldest.map(|(key, _)| *key) {
                self.0.remove(&key);
            }
        }
        self.0.insert(token.key(), (now, session));
    }

    /// Found by a digest of what was shown: how far a guess is right shows in no time.
    pub(super) fn find(&self, token: &SessionToken, now: UnixMs) -> Option<Session> {
        let (since, session) = self.0.get(&token.key())?;
        (now.since(*since) < SESSION_MS).then(|| session.clone())
    }

    pub(super) fn close(&mut self, token: &SessionToken) {
        self.0.remove(&token.key());
    }

    /// How many of them there were.
    pub(super) fn close_of(&mut self, name: &str) -> usize {
        let before = self.0.len();
        self.0.retain(|_, (_, session)| session.name != name);
        before - self.0.len()
    }
}
