//! Which domain has signed a message (RFC 6376): as much of DKIM as a proof of the sender needs, without DNS or clock.
//!
//! [`signatures`] finds what may prove something, each with the DNS name of its key; [`Signature::is_right`] looks with that
//! record. What is stricter here than in the standard keeps a signed message from being another's order: all of
//! [`NEEDED`] has to be signed, and the whole body.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use konf_contract::UnixMs;
use ring::signature::{ED25519, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use sha2::{Digest, Sha256};

use super::canonical::{
    fields, picked, relaxed_body, relaxed_field, simple_body, simple_field, split,
};

/// Unsigned, one of these could be changed by whoever sends a signed message once more.
const NEEDED: [&str; 5] = ["from", "to", "subject", "date", "message-id"];

/// Whoever forwards adds one; a stranger's hundred would be a hundred questions to the DNS.
const SIGNATURES_MAX: usize = 4;
/// Section 3.3: those in use have 256 fields at most.
const NAMES_MAX: usize = 256;
/// Of clocks that do not agree. Seconds.
const SKEW_S: i64 = 300;

/// A signature that looks as if it could be right.
pub struct Signature {
    /// Whose it is; in lower case.
    pub domain: String,
    /// Where the key is in the DNS.
    pub key_name: String,
    algorithm: Algorithm,
    /// Over this, whose hash the body's was.
    signed: Vec<u8>,
    value: Vec<u8>,
    is_subdomain: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Rsa,
    Ed25519,
}

/// Those of a message whose body is unchanged, the topmost first.
pub fn signatures(message: &[u8], now: UnixMs) -> Vec<Signature> {
    let (head, body) = split(message);
    let Ok(head) = str::from_utf8(head) else { return Vec::new() };
    let fields = fields(head);
    let own = |(name, _): &&(&str, &str)| name.trim().eq_ignore_ascii_case("dkim-signature");
    let found = fields.iter().filter(own).take(SIGNATURES_MAX);
    found.filter_map(|field| read(&fields, body, *field, now)).collect()
}

fn read(
    fields: &[(&str, &str)],
    body: &[u8],
    (name, value): (&str, &str),
    now: UnixMs,
) -> Option<Signature> {
    let tags = Tags::read(value)?;
    let algorithm = match tags.get("a")?.to_ascii_lowercase().as_str() {
        "rsa-sha256" => Algorithm::Rsa,
        "ed25519-sha256" => Algorithm::Ed25519,
        _ => return None,
    };
    // What is signed in part could be followed by anything.
    if tags.get("v")? != "1" || tags.get("l").is_some() || !is_current(&tags, now) {
        return None;
    }
    let domain = tags.get("d")?.to_ascii_lowercase();
    let selector = tags.get("s")?;
    let is_name = |text: &str| {
        !text.is_empty()
            && text.len() <= 200
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    if !is_name(&domain) || !is_name(selector) {
        return None;
    }
    let agent = tags.get("i").map_or(domain.clone(), |agent| {
        agent.rsplit_once('@').map_or("", |(_, domain)| domain).to_ascii_lowercase()
    });
    if agent != domain && !agent.ends_with(&format!(".{domain}")) {
        return None;
    }
    let names: Vec<String> = tags
        .get("h")?
        .split(':')
        .map(|name| name.trim().to_ascii_lowercase())
        .take(NAMES_MAX)
        .collect();
    if !NEEDED.iter().all(|needed| names.iter().any(|name| name == needed)) {
        return None;
    }
    let (of_head, of_body) = tags
        .get("c")
        .map_or(("simple", "simple"), |forms| forms.split_once('/').unwrap_or((forms, "simple")));
    let body = match of_body {
        "relaxed" => relaxed_body(body),
        "simple" => simple_body(body),
        _ => return None,
    };
    if BASE64_STANDARD.decode(tags.packed("bh")?).ok()?[..] != Sha256::digest(body)[..] {
        return None;
    }
    let form: fn(&str, &str) -> String = match of_head {
        "relaxed" => relaxed_field,
        "simple" => simple_field,
        _ => return None,
    };
    let mut signed = picked(fields, &names, form);
    signed.push_str(&form(name, &without_value(value)));
    Some(Signature {
        key_name: format!("{selector}._domainkey.{domain}"),
        is_subdomain: agent != domain,
        domain,
        algorithm,
        signed: signed.into_bytes(),
        value: BASE64_STANDARD.decode(tags.packed("b")?).ok()?,
    })
}

fn is_current(tags: &Tags, now: UnixMs) -> bool {
    let now_s = now.0.div_euclid(1_000);
    let at = |tag: &str| tags.get(tag).map(|text| text.parse::<i64>().unwrap_or(i64::MAX));
    let is_over = tags.get("x").is_some_and(|text| text.parse::<i64>().unwrap_or(0) < now_s);
    !is_over && at("t").is_none_or(|made_s| made_s <= now_s + SKEW_S)
}

impl Signature {
    /// Whether it is, by the record of its key.
    pub fn is_right(&self, record: &str) -> bool {
        self.verified(record).is_some()
    }

    fn verified(&self, record: &str) -> Option<()> {
        let tags = Tags::read(record)?;
        let allows = |tag: &str, what: &[&str]| {
            tags.get(tag).is_none_or(|list| list.split(':').any(|it| what.contains(&it.trim())))
        };
        let has_flag = |flag: &str| {
            tags.get("t").is_some_and(|list| list.split(':').any(|it| it.trim() == flag))
        };
        let is_usable = tags.get("v").is_none_or(|version| version == "DKIM1")
            && allows("h", &["sha256"])
            && allows("s", &["*", "email"])
            // Section 3.6.1: only tried out, and not for names below.
            && !has_flag("y")
            && !(has_flag("s") && self.is_subdomain);
        if !is_usable {
            return None;
        }
        let key = BASE64_STANDARD.decode(tags.packed("p")?).ok()?;
        match (self.algorithm, tags.get("k").unwrap_or("rsa")) {
            (Algorithm::Rsa, "rsa") => {
                let kind = &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY;
                let key = UnparsedPublicKey::new(kind, without_info(&key));
                key.verify(&self.signed, &self.value).ok()
            }
            (Algorithm::Ed25519, "ed25519") => {
                let digest = Sha256::digest(&self.signed);
                UnparsedPublicKey::new(&ED25519, key).verify(&digest, &self.value).ok()
            }
            _ => None,
        }
    }
}

/// `a=b; c=d` (section 3.2).
struct Tags<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Tags<'a> {
    /// None where a tag comes twice.
    fn read(list: &'a str) -> Option<Self> {
        let mut tags: Vec<(&str, &str)> = Vec::new();
        for tag in list.split(';').take(32) {
            let Some((name, value)) = tag.split_once('=') else { continue };
            let name = name.trim();
            if tags.iter().any(|(this, _)| *this == name) {
                return None;
            }
            tags.push((name, value.trim()));
        }
        Some(Tags(tags))
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(this, _)| *this == name).map(|(_, value)| *value)
    }

    /// Base64, which may be folded.
    fn packed(&self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        (!value.is_empty()).then(|| value.split_whitespace().collect())
    }
}

/// Section 3.7: the field itself is signed with its value of `b` left out.
fn without_value(field: &str) -> String {
    let mut out = String::with_capacity(field.len());
    for (at, tag) in field.split(';').enumerate() {
        if at > 0 {
            out.push(';');
        }
        match tag.split_once('=') {
            Some((name, _)) if name.trim() == "b" => {
                out.push_str(name);
                out.push('=');
            }
            _ => out.push_str(tag),
        }
    }
    out
}

/// The key within its `SubjectPublicKeyInfo` (RFC 5280, section 4.1), as most records have it, or as it is.
fn without_info(der: &[u8]) -> &[u8] {
    const RSA: [u8; 15] =
        [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let Some(at) = der.windows(RSA.len()).take(8).position(|it| it == RSA) else { return der };
    // A bit string: tag, length, and how many bits are not used.
    let rest = &der[at + RSA.len()..];
    let start = match rest {
        [0x03, 0x82, _, _, 0, ..] => 5,
        [0x03, 0x81, _, 0, ..] => 4,
        _ => return der,
    };
    &rest[start..]
}

#[cfg(test)]
mod tests;
