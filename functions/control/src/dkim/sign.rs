//! Signs what goes out (RFC 6376, and RFC 8463 for Ed25519): whoever gets it can tell that it is ours and unchanged.
//!
//! Both parts are signed "relaxed": servers on the way fold lines and change spaces.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use konf_contract::UnixMs;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use sha2::{Digest, Sha256};

use super::canonical::{fields, picked, relaxed_body, relaxed_field, split};

/// What may not change on the way (RFC 6376, section 5.4.1). Those at the front are signed once more than they occur, so
/// that nobody adds another.
const SIGNED: [&str; 13] = [
    "from",
    "subject",
    "to",
    "date",
    "message-id",
    "reply-to",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "auto-submitted",
    "x-loop",
];
const SEALED: usize = 6;

/// RFC 8301, section 3.2: "Signers MUST use RSA keys of at least 1024 bits", and should use 2048.
const RSA_BITS_MIN: usize = 2048;

pub struct Signer {
    domain: String,
    selector: String,
    key: Key,
}

enum Key {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    /// With the private key in a PEM file, as `openssl genpkey` writes it.
    pub fn new(domain: &str, selector: &str, key: &Path) -> Result<Signer> {
        let der = PrivateKeyDer::from_pem_file(key)
            .with_context(|| format!("mail.dkim.key {}", key.display()))?;
        let key = Key::read(&der).with_context(|| format!("mail.dkim.key {}", key.display()))?;
        Ok(Signer { domain: domain.to_owned(), selector: selector.to_owned(), key })
    }

    /// Name and text of the record that has to stand in the DNS.
    pub fn record(&self) -> (String, String) {
        let name = format!("{}._domainkey.{}", self.selector, self.domain);
        let (kind, key) = match &self.key {
            Key::Rsa(key) => ("rsa", rsa_public_key_info(key.public_key().as_ref())),
            Key::Ed25519(key) => ("ed25519", key.public_key().as_ref().to_vec()),
        };
        (name, format!("v=DKIM1; k={kind}; p={}", BASE64_STANDARD.encode(key)))
    }

    /// The message with its signature on top. Lines end with CR LF.
    pub fn sign(&self, message: &[u8], now: UnixMs) -> Result<Vec<u8>> {
        let (head, body) = split(message);
        let head = str::from_utf8(head).context("a header that is no text")?;
        let fields = fields(head);
        let names = signed_names(&fields);
        let algorithm = match &self.key {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        };
        let value = format!(
            "v=1; a={algorithm}; c=relaxed/relaxed; d={}; s={};\r\n\tt={}; h={};\r\n\tbh={};\r\n\tb=",
            self.domain,
            self.selector,
            now.0.div_euclid(1_000),
            names.join(":"),
            BASE64_STANDARD.encode(Sha256::digest(relaxed_body(body))),
        );
        let mut signed = picked(&fields, &names, relaxed_field);
        signed.push_str(&relaxed_field("DKIM-Signature", &value));
        let signature = BASE64_STANDARD.encode(self.key.sign(signed.as_bytes())?);
        let mut out = format!("DKIM-Signature: {value}").into_bytes();
        // Folded: a line has 78 characters at most.
        for (at, piece) in signature.as_bytes().chunks(72).enumerate() {
            out.extend_from_slice(if at == 0 { b"" } else { b"\r\n\t " });
            out.extend_from_slice(piece);
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(message);
        Ok(out)
    }
}

impl Key {
    fn read(der: &PrivateKeyDer<'_>) -> Result<Key> {
        let rsa = match der {
            PrivateKeyDer::Pkcs8(der) => {
                if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der())
                {
                    return Ok(Key::Ed25519(key));
                }
                RsaKeyPair::from_pkcs8(der.secret_pkcs8_der())
            }
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            _ => bail!("expected an RSA or an Ed25519 key"),
        };
        let rsa = rsa.map_err(|_| anyhow::anyhow!("expected an RSA or an Ed25519 key"))?;
        let bits = rsa.public().modulus_len() * 8;
        ensure!(bits >= RSA_BITS_MIN, "an RSA key has at least {RSA_BITS_MIN} bits, not {bits}");
        Ok(Key::Rsa(Box::new(rsa)))
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        match self {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                    .map_err(|_| anyhow::anyhow!("the RSA key does not sign"))?;
                Ok(signature)
            }
            // RFC 8463, section 3: the digest is what is signed.
            Key::Ed25519(key) => Ok(key.sign(&Sha256::digest(message)).as_ref().to_vec()),
        }
    }
}

fn signed_names(fields: &[(&str, &str)]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for (at, name) in SIGNED.iter().enumerate() {
        let times =
            fields.iter().filter(|(this, _)| this.trim().eq_ignore_ascii_case(name)).count();
        let more = usize::from(at < SEALED);
        names.extend(std::iter::repeat_n(*name, times + more));
    }
    names
}

/// `SubjectPublicKeyInfo` (RFC 5280, section 4.1) around an RSA key, which is what the DNS holds.
fn rsa_public_key_info(key: &[u8]) -> Vec<u8> {
    /// `rsaEncryption` with NULL.
    const RSA: [u8; 15] =
        [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    // A bit string begins with how many bits are not used.
    let bits = der(0x03, &[&[0], key].concat());
    der(0x30, &[&RSA[..], &bits].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut out = vec![tag];
    match content.len() {
        0..0x80 => out.push(significant.first().copied().unwrap_or(0)),
        _ => {
            out.push(0x80 | u8::try_from(significant.len()).unwrap_or(0));
            out.extend(significant);
        }
    }
    out.extend(content);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_named_and_what_could_be_added_is_sealed() {
        let head = "From: a@b.cz\r\nReceived: x\r\nTo: c@d.cz,\r\n e@f.cz\r\n";
        let fields = fields(head);
        assert_eq!(fields.len(), 3);
        let names = signed_names(&fields);
        assert_eq!(names.join(":"), "from:from:subject:to:to:date:message-id:reply-to");
        assert_eq!(picked(&fields, &names, relaxed_field), "from:a@b.cz\r\nto:c@d.cz, e@f.cz\r\n");
    }

    #[test]
    fn a_key_is_read_and_its_record_can_be_published() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        std::fs::write(&path, pair.serialize_pem()).unwrap();
        let signer = Signer::new("konf.example", "k1", &path).unwrap();
        let (name, text) = signer.record();
        assert_eq!(name, "k1._domainkey.konf.example");
        assert!(text.starts_with("v=DKIM1; k=ed25519; p="), "{text}");
        let signed = signer.sign(b"From: a@b.cz\r\n\r\nhi\r\n", UnixMs(1_000)).unwrap();
        let signed = String::from_utf8(signed).unwrap();
        assert!(signed.starts_with("DKIM-Signature: v=1; a=ed25519-sha256;"), "{signed}");
        assert!(signed.ends_with("From: a@b.cz\r\n\r\nhi\r\n"), "{signed}");
        let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        std::fs::write(&path, other.serialize_pem()).unwrap();
        let error = Signer::new("konf.example", "k1", &path).err().unwrap();
        assert!(format!("{error:#}").ends_with("expected an RSA or an Ed25519 key"), "{error:#}");
    }
}
