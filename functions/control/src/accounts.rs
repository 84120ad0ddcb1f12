//! Who signs in at the desk: local accounts with a role each, people of the operator's own directory ([`oidc`]), sessions,
//! and wrong tries.
//!
//! Sessions live in the process: after a restart of control everybody signs in again. What a browser holds is 256 random
//! bits; here only their digest is kept. The token that forms carry is made of the same bits and gives none of them away.

pub mod oidc;
mod sessions;
mod tries;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, SaltString};
use konf_contract::UnixMs;
use konf_ledger::{Ledger, OperatorRole, PasswordHash};
use rand::TryRngCore;
use rand::rngs::OsRng;
use tokio::sync::Semaphore;

use crate::config::Secret;
use oidc::Oidc;
use sessions::Sessions;
pub use sessions::{Session, SessionToken};
use tries::Tries;

/// NIST SP 800-63B asks for 8 at least; nobody types these often.
pub const PASSWORD_CHARACTERS_MIN: usize = 12;
/// A sentence; more would only keep the processor busy.
pub const PASSWORD_BYTES_MAX: usize = 256;
/// Each takes 19 MiB and some ten milliseconds of a core.
const HASHES_AT_ONCE: usize = 2;

pub struct Accounts {
    ledger: Ledger,
    sessions: Mutex<Sessions>,
    tries: Mutex<Tries>,
    room: Arc<Semaphore>,
    /// Who signs in there needs no account here.
    oidc: Option<Oidc>,
}

/// Why somebody does not get in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// No such name, or another password: the two are told the same.
    Wrong,
    /// Too many wrong tries; so many minutes are left to wait.
    TooManyTries { minutes: i64 },
}

/// Why a name or a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error(
        "a name has 2 to 32 of a-z, 0-9, '.', '-' and '_' and begins with a letter; `operator` and `konf` are taken"
    )]
    Name,
    #[error(
        "a password has at least {PASSWORD_CHARACTERS_MIN} characters and at most {PASSWORD_BYTES_MAX} bytes"
    )]
    Password,
}

impl Accounts {
    pub fn new(ledger: Ledger) -> Accounts {
        Accounts {
            ledger,
            sessions: Mutex::default(),
            tries: Mutex::default(),
            room: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
            oidc: None,
        }
    }

    /// The same with a provider beside local accounts.
    pub fn with_oidc(self, oidc: Option<Oidc>) -> Accounts {
        Accounts { oidc, ..self }
    }

    pub fn oidc(&self) -> Option<&Oidc> {
        self.oidc.as_ref()
    }

    /// For somebody whom the provider has named.
    ///
    /// # Errors
    ///
    /// When the system gives no randomness.
    pub fn open(&self, session: Session, now: UnixMs) -> Result<SessionToken> {
        let token = SessionToken::draw()?;
        locked(&self.sessions).open(&token, session, now);
        Ok(token)
    }

    /// Whether it is right takes the same time, whether or not there is such a name.
    ///
    /// # Errors
    ///
    /// When the ledger does not answer.
    pub async fn sign_in(
        &self,
        name: &str,
        password: &Secret,
        from: Option<IpAddr>,
        now: UnixMs,
    ) -> Result<std::result::Result<SessionToken, Denied>> {
        let name = name.trim().to_lowercase();
        // Counted before it is known to be wrong: of many tries at once no more are made than of one after another.
        if let Err(minutes) = locked(&self.tries).take(&name, from, now) {
            return Ok(Err(Denied::TooManyTries { minutes }));
        }
        let found = self.ledger.operator(&name).await?;
        let role = found.as_ref().map(|(role, _)| *role);
        let kept = match found {
            Some((_, kept)) => kept,
            None => self.nobodys().await?,
        };
        let fits = self.fits(password.clone(), kept).await?;
        let Some(role) = role.filter(|_| fits) else { return Ok(Err(Denied::Wrong)) };
        locked(&self.tries).forget(&name, from);
        self.open(Session { name, role }, now).map(Ok)
    }

    pub fn session(&self, token: &SessionToken, now: UnixMs) -> Option<Session> {
        locked(&self.sessions).find(token, now)
    }

    pub fn sign_out(&self, token: &SessionToken) {
        locked(&self.sessions).close(token);
    }

    /// Adds an account or changes one, whose sessions end.
    ///
    /// # Errors
    ///
    /// [`Unfit`], or that the ledger does not answer.
    pub async fn put(&self, name: &str, role: OperatorRole, password: &Secret) -> Result<()> {
        check_name(name)?;
        check_password(password)?;
        let hash = self.hash(password.clone()).await?;
        self.ledger.put_operator(name, role, &hash).await?;
        locked(&self.sessions).close_of(name);
        Ok(())
    }

    /// Ends the sessions of that name as well, also of somebody whom the provider has named. False when there is neither.
    ///
    /// # Errors
    ///
    /// When the ledger does not answer.
    pub async fn remove(&self, name: &str) -> Result<bool> {
        let removed = self.ledger.remove_operator(name).await?;
        let closed = locked(&self.sessions).close_of(name);
        Ok(removed || closed > 0)
    }

    async fn hash(&self, password: Secret) -> Result<PasswordHash> {
        let _turn = self.room.clone().acquire_owned().await?;
        tokio::task::spawn_blocking(move || hash(&password)).await?
    }

    async fn fits(&self, password: Secret, kept: PasswordHash) -> Result<bool> {
        let _turn = self.room.clone().acquire_owned().await?;
        Ok(tokio::task::spawn_blocking(move || fits(&password, &kept)).await?)
    }

    /// What a name that nobody has is compared with.
    async fn nobodys(&self) -> Result<PasswordHash> {
        static NOBODYS: OnceLock<PasswordHash> = OnceLock::new();
        if let Some(hash) = NOBODYS.get() {
            return Ok(hash.clone());
        }
        let hash = self.hash(SessionToken::draw()?.as_password()).await?;
        Ok(NOBODYS.get_or_init(|| hash).clone())
    }
}

/// Argon2id with the crate's defaults: 19 MiB, two passes, as OWASP's cheat sheet of 2024 recommends.
fn hash(password: &Secret) -> Result<PasswordHash> {
    let mut bits = [0; 16];
    OsRng.try_fill_bytes(&mut bits).context("the system gives no randomness")?;
    let salt = SaltString::encode_b64(&bits).ok().context("a salt could not be written")?;
    let hash = Argon2::default().hash_password(password.expose().as_bytes(), &salt);
    let hash = hash.ok().context("a password could not be hashed")?;
    Ok(PasswordHash::new(hash.to_string()))
}

fn fits(password: &Secret, kept: &PasswordHash) -> bool {
    if password.expose().len() > PASSWORD_BYTES_MAX {
        return false;
    }
    let kept = argon2::PasswordHash::new(kept.expose());
    kept.is_ok_and(|kept| {
        Argon2::default().verify_password(password.expose().as_bytes(), &kept).is_ok()
    })
}

fn check_name(name: &str) -> Result<(), Unfit> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c);
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
    let reserved = ["operator", "konf"].contains(&name);
    let fine = (2..=32).contains(&name.len()) && starts && name.chars().all(good) && !reserved;
    if fine { Ok(()) } else { Err(Unfit::Name) }
}

fn check_password(password: &Secret) -> Result<(), Unfit> {
    let text = password.expose();
    let long = text.chars().count() >= PASSWORD_CHARACTERS_MIN;
    if long && text.len() <= PASSWORD_BYTES_MAX { Ok(()) } else { Err(Unfit::Password) }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
