//! Proofs that are a word both sides know.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Shorter ones can be guessed: 16 characters hold 64 bits even when written in hexadecimal.
pub(crate) const WORD_BYTES_MIN: usize = 16;

/// In constant time, whatever the lengths: digests are compared.
pub(crate) fn same(given: &str, expected: &str) -> bool {
    let digest = |text: &str| Sha256::digest(text.as_bytes());
    digest(given).ct_eq(&digest(expected)).into()
}

/// A header that whoever sends was told to send along.
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Header {
    /// `basic USER:PASSWORD`, or any header as `NAME: VALUE`. None: not so written, or too short to prove anything.
    pub(crate) fn read(written: &str) -> Option<Self> {
        let written = written.trim();
        let header = match written.split_once(' ') {
            Some((scheme, login)) if scheme.eq_ignore_ascii_case("basic") => {
                login.split_once(':')?;
                let value = format!("Basic {}", BASE64_STANDARD.encode(login.trim()));
                Header { name: "authorization".to_owned(), value }
            }
            _ => {
                let (name, value) = written.split_once(':')?;
                let name = name.trim().to_ascii_lowercase();
                Header { name, value: value.trim().to_owned() }
            }
        };
        let good_name =
            !header.name.is_empty() && header.name.bytes().all(|b| b.is_ascii_graphic());
        (good_name && header.value.len() >= WORD_BYTES_MIN).then_some(header)
    }
}
