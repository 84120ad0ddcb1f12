//! Phones that prove who they are by a password (RFC 3261, section 22; RFC 7616; RFC 8760 for SHA-256).
//!
//! A challenge costs no memory: its nonce carries the time and a seal over time and sender that only this process can
//! make. What is remembered is which counts of a nonce were used, and only for nonces that a right answer came with.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Instant;

use hmac::{Hmac, Mac as _};
use konf_contract::Msisdn;
use md5::Md5;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::limits::{NONCE_LIFE, NONCES_MAX};
use crate::reply::canonical;
use crate::value::{Uri, split_outside};

/// Somebody who may call although no trunk vouches for them. Passwords are not kept, only what they make with the realm.
#[derive(Clone)]
pub struct Phone {
    user: String,
    number: Option<Msisdn>,
    /// H(user:realm:password) in lower-case hexadecimal.
    sha256: String,
    md5: String,
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Phone").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Phone {
    /// `number` is what its calls come from, whatever their From says.
    pub fn new(user: &str, realm: &str, password: &str, number: Option<Msisdn>) -> Self {
        let of = |algorithm: Algorithm| algorithm.hash(&[user, realm, password]);
        let (sha256, md5) = (of(Algorithm::Sha256), of(Algorithm::Md5));
        Phone { user: user.to_owned(), number, sha256, md5 }
    }

    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    pub(crate) fn number(&self) -> Option<&Msisdn> {
        self.number.as_ref()
    }
}

/// The stronger one is offered first (RFC 8760, section 2.4); MD5 is for phones that know nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Sha256,
    Md5,
}

impl Algorithm {
    fn named(name: Option<&str>) -> Option<Self> {
        match name {
            Some(name) if name.eq_ignore_ascii_case("SHA-256") => Some(Algorithm::Sha256),
            Some(name) if !name.eq_ignore_ascii_case("MD5") => None,
            _ => Some(Algorithm::Md5),
        }
    }

    /// H(a:b:…) in lower-case hexadecimal.
    fn hash(self, parts: &[&str]) -> String {
        let text = parts.join(":");
        match self {
            Algorithm::Sha256 => hex(&Sha256::digest(text)),
            Algorithm::Md5 => hex(&Md5::digest(text)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What an Authorization header came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The place of the phone in the configuration.
    Phone(usize),
    /// No answer to a challenge of ours.
    Unasked,
    /// A right answer to a nonce that is too old or was used before.
    Stale,
    Wrong,
}

/// Who asked what, as far as a digest covers it.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    pub(crate) uri: &'a Uri,
    pub(crate) source: IpAddr,
}

#[derive(Debug)]
pub(crate) struct Authority {
    realm: String,
    /// As long as a block, so that every key fits.
    key: [u8; 64],
    phones: Vec<Phone>,
    /// Hashed instead of an unknown phone's, so that it takes as long.
    nobody: Phone,
    /// When nonces began to be counted.
    epoch: Option<Instant>,
    /// Used counts by time and text of the nonce; nonces issued before `floor` are no longer taken.
    used: BTreeMap<(u32, String), Window>,
    floor: u32,
    challenges: u32,
}

impl Authority {
    pub(crate) fn new(realm: String, key: [u8; 32], phones: Vec<Phone>) -> Self {
        let nobody = Phone::new("", &realm, "", None);
        let key = std::array::from_fn(|at| if at < 32 { key[at] } else { 0 });
        Authority {
            realm,
            key,
            phones,
            nobody,
            epoch: None,
            used: BTreeMap::new(),
            floor: 0,
            challenges: 0,
        }
    }

    pub(crate) fn has_phones(&self) -> bool {
        !self.phones.is_empty()
    }

    pub(crate) fn phone(&self, at: usize) -> Option<&Phone> {
        self.phones.get(at)
    }

    /// The values of two WWW-Authenticate headers, SHA-256 first.
    pub(crate) fn challenge(&mut self, now: Instant, source: IpAddr, stale: bool) -> [String; 2] {
        let seconds = self.seconds(now);
        // Two calls of one phone in one second must not share the counts of one nonce.
        self.challenges = self.challenges.wrapping_add(1);
        let nonce = self.nonce(&format!("{seconds:08x}{:08x}", self.challenges), source);
        let stale = if stale { ", stale=true" } else { "" };
        ["SHA-256", "MD5"].map(|algorithm| {
            let realm = &self.realm;
            format!(
                "Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={algorithm}, qop=\"auth\"{stale}"
            )
        })
    }

    /// Judges the Authorization headers of a request; the first for our realm counts.
    pub(crate) fn judge<'a>(
        &mut self,
        now: Instant,
        asked: &Asked<'_>,
        headers: impl Iterator<Item = &'a [u8]>,
    ) -> Verdict {
        let mut answers =
            headers.filter_map(|header| Answer::parse(&String::from_utf8_lossy(header)));
        match answers.find(|answer| answer.realm == self.realm) {
            Some(answer) => self.check(now, asked, &answer),
            None => Verdict::Unasked,
        }
    }

    fn check(&mut self, now: Instant, asked: &Asked<'_>, answer: &Answer) -> Verdict {
        let Some(issued) = answer.nonce.get(..8).and_then(|t| u32::from_str_radix(t, 16).ok())
        else {
            return Verdict::Unasked;
        };
        let ours = self.nonce(answer.nonce.get(..16).unwrap_or_default(), asked.source);
        if !same(&ours, &answer.nonce) {
            // Of another process, or for another address: a phone that has moved asks again.
            return Verdict::Stale;
        }
        let found = self.phones.iter().position(|phone| phone.user == answer.user);
        let phone = found.and_then(|at| self.phones.get(at)).unwrap_or(&self.nobody);
        let expected = answer.expected(phone, asked.method);
        let right = same(&expected, &answer.response.to_ascii_lowercase());
        let Some(at) = found.filter(|_| right) else { return Verdict::Wrong };
        // RFC 7616, section 3.4.6: the answer has to be for what is asked.
        if Uri::parse(&answer.uri).map(|uri| uri.dialled()).ok() != Some(asked.uri.dialled()) {
            return Verdict::Wrong;
        }
        let seconds = self.seconds(now);
        let fresh = issued >= self.floor
            && seconds.checked_sub(issued).is_some_and(|age| age <= NONCE_LIFE.as_secs() as u32);
        if fresh && self.count(seconds, (issued, ours), answer.count) {
            Verdict::Phone(at)
        } else {
            Verdict::Stale
        }
    }

    /// Whether a nonce comes with this count for the first time.
    fn count(&mut self, seconds: u32, nonce: (u32, String), count: u32) -> bool {
        let oldest = seconds.saturating_sub(NONCE_LIFE.as_secs() as u32);
        self.used = self.used.split_off(&(oldest, String::new()));
        if let Some(window) = self.used.get_mut(&nonce) {
            return window.take(count);
        }
        if self.used.len() >= NONCES_MAX
            && let Some(((issued, _), _)) = self.used.pop_first()
        {
            // What is forgotten may not come again.
            self.floor = issued + 1;
        }
        let mut window = Window::default();
        window.take(count) && nonce.0 >= self.floor && {
            self.used.insert(nonce, window);
            true
        }
    }

    fn seconds(&mut self, now: Instant) -> u32 {
        let epoch = *self.epoch.get_or_insert(now);
        now.saturating_duration_since(epoch).as_secs() as u32
    }

    /// `front` is the time and the number of the challenge.
    fn nonce(&self, front: &str, source: IpAddr) -> String {
        let mut seal = Hmac::<Sha256>::new(&self.key.into());
        seal.update(front.as_bytes());
        seal.update(canonical(source).to_string().as_bytes());
        format!("{front}{}", hex(&seal.finalize().into_bytes()[..16]))
    }
}

fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// The counts of one nonce that were used: the highest, and which of the 63 below it. Requests may overtake each other.
#[derive(Debug, Default)]
struct Window {
    highest: u32,
    seen: u64,
}

impl Window {
    fn take(&mut self, count: u32) -> bool {
        if count == 0 {
            return false;
        }
        if count > self.highest {
            self.seen = self.seen.checked_shl(count - self.highest).unwrap_or(0) | 1;
            self.highest = count;
            return true;
        }
        let bit = 1u64.checked_shl(self.highest - count).unwrap_or(0);
        let new = bit != 0 && self.seen & bit == 0;
        self.seen |= bit;
        new
    }
}

/// The parameters of an Authorization header that a digest needs.
struct Answer {
    algorithm: Algorithm,
    user: String,
    realm: String,
    nonce: String,
    uri: String,
    response: String,
    cnonce: String,
    count: u32,
    /// As written, since it is hashed as written.
    count_text: String,
}

impl Answer {
    /// Nothing for another scheme, an unknown algorithm, or an answer that cannot be counted (without `qop`).
    fn parse(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(char::is_whitespace)?;
        if !scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let mut params = BTreeMap::new();
        for param in split_outside(rest, ',').ok()? {
            let (name, value) = param.split_once('=')?;
            let value = unquoted(value.trim())?;
            if params.insert(name.trim().to_ascii_lowercase(), value).is_some() {
                return None;
            }
        }
        let mut take = |name: &str| params.remove(name);
        if take("qop")? != "auth" {
            return None;
        }
        let count_text = take("nc").filter(|nc| nc.len() == 8)?;
        Some(Answer {
            algorithm: Algorithm::named(take("algorithm").as_deref())?,
            user: take("username")?,
            realm: take("realm")?,
            nonce: take("nonce")?,
            uri: take("uri")?,
            response: take("response")?,
            cnonce: take("cnonce")?,
            count: u32::from_str_radix(&count_text, 16).ok()?,
            count_text,
        })
    }

    /// RFC 7616, section 3.4.1.
    fn expected(&self, phone: &Phone, method: &str) -> String {
        let secret = match self.algorithm {
            Algorithm::Sha256 => &phone.sha256,
            Algorithm::Md5 => &phone.md5,
        };
        let request = self.algorithm.hash(&[method, &self.uri]);
        self.algorithm.hash(&[
            secret,
            &self.nonce,
            &self.count_text,
            &self.cnonce,
            "auth",
            &request,
        ])
    }
}

/// A token as it is, a quoted string without its quotes and backslashes.
fn unquoted(value: &str) -> Option<String> {
    let Some(inner) = value.strip_prefix('"') else { return Some(value.to_owned()) };
    let mut text = String::new();
    let mut chars = inner.strip_suffix('"')?.chars();
    while let Some(c) = chars.next() {
        text.push(if c == '\\' { chars.next()? } else { c });
    }
    Some(text)
}

#[cfg(test)]
pub(crate) mod tests;
