//! A policy as it is handed over: its component, a manifest that says what it is meant to be, and who stands for it.
//!
//! The manifest names the component by its digest and is signed as it is written, so that neither can be changed alone.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use konf_host::{Digest, Trial};
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Stands before what is signed, so that a signature is good for nothing else.
const PURPOSE: &[u8] = b"konf policy manifest 1\n";

/// As many as anybody reads; each takes a call of the policy.
const CASES_MAX: usize = 1_000;

/// JSON, as it is written to a file and sent to control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// A [`Manifest`] as JSON; these very bytes are signed.
    pub manifest: String,
    /// Base64.
    pub component: String,
    pub signature: Option<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The key's name in the settings of control.
    pub key: String,
    /// Ed25519 (RFC 8032), base64.
    pub value: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Such as `tariff`; or `function/order` for the function of that name.
    pub world: String,
    /// Above that of every earlier policy of this world.
    pub version: u32,
    /// `sha256:…` of the component.
    pub component: String,
    /// Golden cases.
    #[serde(default)]
    pub cases: Vec<Case>,
}

/// What the policy is to answer to one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The situation as a sentence.
    pub name: String,
    pub input: Value,
    pub output: Value,
}

/// Whose policies are taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// By name.
    pub keys: BTreeMap<String, PublicKey>,
    /// Also such that nobody signed. Only for development.
    pub unsigned: bool,
}

/// Why a package is not taken.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    #[error("the component is no base64")]
    Base64,
    #[error("the manifest is not understood: {0}")]
    Manifest(String),
    #[error("the manifest is for {named}, and the component is {found}")]
    OtherComponent { named: String, found: Digest },
    #[error("version is 0: versions begin with 1")]
    Version,
    #[error("it has more than {CASES_MAX} golden cases")]
    Cases,
    #[error(
        "it is not signed; sign it with `konf policy sign` by one of the keys under [policies.keys]{}",
        known(.0)
    )]
    Unsigned(Vec<String>),
    #[error("it is signed by {key:?}, which is not under [policies.keys]{}", known(.names))]
    UnknownKey { key: String, names: Vec<String> },
    #[error("the signature of {0:?} is not good for this manifest")]
    BadSignature(String),
    #[error("{0}")]
    Key(&'static str),
}

fn known(names: &[String]) -> String {
    if names.is_empty() {
        " (there is none)".to_owned()
    } else {
        format!(" ({})", names.join(", "))
    }
}

/// A package whose parts belong together and whose signature is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    pub manifest: Manifest,
    pub component: Vec<u8>,
    pub digest: Digest,
    /// Base64, and the name of the key.
    pub signature: Option<(String, String)>,
}

impl Package {
    /// Packs a component, and signs it where a key is given with its name.
    pub fn new(
        world: &str,
        version: u32,
        component: &[u8],
        cases: Vec<Case>,
        key: Option<(&str, &SigningKey)>,
    ) -> Result<Package, PackageError> {
        let digest = Digest::of(component).to_string();
        let manifest = Manifest { world: world.to_owned(), version, component: digest, cases };
        check(&manifest)?;
        let manifest = serde_json::to_string(&manifest)
            .map_err(|error| PackageError::Manifest(error.to_string()))?;
        let signature = key.map(|(name, key)| Signature {
            key: name.to_owned(),
            value: BASE64.encode(key.0.sign(&signed(&manifest)).as_ref()),
        });
        Ok(Package { manifest, component: BASE64.encode(component), signature })
    }

    pub fn open(&self, trust: &Trust) -> Result<Opened, PackageError> {
        let signature = self.verify(trust)?;
        let component = BASE64.decode(&self.component).map_err(|_| PackageError::Base64)?;
        let manifest: Manifest = serde_json::from_str(&self.manifest)
            .map_err(|error| PackageError::Manifest(error.to_string()))?;
        check(&manifest)?;
        let digest = Digest::of(&component);
        if manifest.component != digest.to_string() {
            return Err(PackageError::OtherComponent { named: manifest.component, found: digest });
        }
        Ok(Opened { manifest, component, digest, signature })
    }

    fn verify(&self, trust: &Trust) -> Result<Option<(String, String)>, PackageError> {
        let names = || trust.keys.keys().cloned().collect();
        let Some(Signature { key, value }) = &self.signature else {
            return if trust.unsigned { Ok(None) } else { Err(PackageError::Unsigned(names())) };
        };
        let Some(PublicKey(public)) = trust.keys.get(key) else {
            return Err(PackageError::UnknownKey { key: key.clone(), names: names() });
        };
        let bad = || PackageError::BadSignature(key.clone());
        let bytes = BASE64.decode(value).map_err(|_| bad())?;
        let public = UnparsedPublicKey::new(&ED25519, public);
        public.verify(&signed(&self.manifest), &bytes).map_err(|_| bad())?;
        Ok(Some((value.clone(), key.clone())))
    }
}

fn check(manifest: &Manifest) -> Result<(), PackageError> {
    if manifest.version == 0 {
        return Err(PackageError::Version);
    }
    if manifest.cases.len() > CASES_MAX {
        return Err(PackageError::Cases);
    }
    Ok(())
}

fn signed(manifest: &str) -> Vec<u8> {
    [PURPOSE, manifest.as_bytes()].concat()
}

/// Asks the golden cases; a sentence for each that is not answered as it says.
pub async fn try_cases(trial: &Trial, cases: &[Case]) -> Vec<String> {
    let mut faults = Vec::new();
    for Case { name, input, output } in cases {
        match trial.ask(input).await {
            Ok(answer) if answer.output == *output => {}
            Ok(answer) => {
                faults.push(format!(
                    "Golden case {name:?}: it answers {}, not {output}.",
                    answer.output
                ));
            }
            Err(why) => faults.push(format!("Golden case {name:?}: {why}.")),
        }
    }
    faults
}

// ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/// An Ed25519 key pair; it does not print.
pub struct SigningKey(Ed25519KeyPair);

/// Written as `ed25519:` and base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl SigningKey {
    /// A new key, and the text (base64 of PKCS #8, RFC 5958) to keep it by.
    pub fn generate() -> Result<(SigningKey, String), PackageError> {
        let random = SystemRandom::new();
        let document = Ed25519KeyPair::generate_pkcs8(&random)
            .map_err(|_| PackageError::Key("the system gives no randomness"))?;
        let text = BASE64.encode(document.as_ref());
        Ok((SigningKey::read(&text)?, text))
    }

    pub fn read(text: &str) -> Result<SigningKey, PackageError> {
        let no_key = PackageError::Key("that is no key as `konf policy keygen` writes it");
        let Ok(document) = BASE64.decode(text.trim()) else { return Err(no_key) };
        Ed25519KeyPair::from_pkcs8(&document).map(SigningKey).map_err(|_| no_key)
    }

    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(bytes)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ed25519:{}", BASE64.encode(self.0))
    }
}

impl std::str::FromStr for PublicKey {
    type Err = PackageError;

    fn from_str(text: &str) -> Result<PublicKey, PackageError> {
        let bytes = text.strip_prefix("ed25519:").and_then(|text| BASE64.decode(text).ok());
        let bytes: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(PublicKey).ok_or(PackageError::Key(
            "expected ed25519: and base64, as `konf policy keygen` prints it",
        ))
    }
}

#[cfg(test)]
mod tests;
