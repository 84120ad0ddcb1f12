//! Answers that are given again under the same `Idempotency-Key`.
//!
//! They may hold what opens something, a new token for instance, so they are kept sealed under a key that is made of the
//! caller's token: of that the ledger has a digest alone, and a copy of the database opens none of them.

use bytes::Bytes;
use hmac::{Hmac, Mac};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use konf_ledger::Once;
use rand::TryRngCore;
use rand::rngs::OsRng;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::config::Secret;

/// What of an answer is given again.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

const HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::RETRY_AFTER];

/// None when it cannot be sealed: then it is worked on again.
pub(crate) fn seal(response: &Response<Bytes>, token: &Secret, once: &Once) -> Option<Vec<u8>> {
    let headers = HEADERS.iter().filter_map(|name| {
        let value = response.headers().get(name)?.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    });
    let kept = Kept {
        status: response.status().as_u16(),
        headers: headers.collect(),
        body: String::from_utf8(response.body().to_vec()).ok()?,
    };
    let mut nonce = [0; NONCE_LEN];
    OsRng.try_fill_bytes(&mut nonce).ok()?;
    let mut sealed = serde_json::to_vec(&kept).ok()?;
    let of = Nonce::assume_unique_for_key(nonce);
    key(token)?.seal_in_place_append_tag(of, about(once), &mut sealed).ok()?;
    Some([nonce.as_slice(), &sealed].concat())
}

pub(crate) fn open(sealed: &[u8], token: &Secret, once: &Once) -> Option<Response<Bytes>> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut sealed = sealed.to_vec();
    let opened = key(token)?.open_in_place(nonce, about(once), &mut sealed).ok()?;
    let kept: Kept = serde_json::from_slice(opened).ok()?;
    let mut response = Response::new(Bytes::from(kept.body));
    *response.status_mut() = StatusCode::from_u16(kept.status).ok()?;
    for (name, value) in kept.headers {
        let (name, value) = (name.parse::<HeaderName>().ok()?, HeaderValue::from_str(&value).ok()?);
        response.headers_mut().insert(name, value);
    }
    Some(response)
}

fn key(token: &Secret) -> Option<LessSafeKey> {
    let mut mac = Hmac::<Sha256>::new_from_slice(token.expose().as_bytes()).ok()?;
    mac.update(b"konf: answers of the API, 1");
    let key = UnboundKey::new(&CHACHA20_POLY1305, &mac.finalize().into_bytes()).ok()?;
    Some(LessSafeKey::new(key))
}

/// An answer is opened only as the one to this request.
fn about(once: &Once) -> Aad<String> {
    Aad::from(format!("{}\n{}\n{}", once.token, once.key, once.request))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_opened_by_its_token_for_its_request_alone() {
        let once = |key: &str| Once {
            token: "token-1".to_owned(),
            key: key.to_owned(),
            request: "digest".to_owned(),
        };
        let (token, other) = (Secret::new("konf_one"), Secret::new("konf_two"));
        let mut response = Response::new(Bytes::from_static(b"{\"pin\":\"135790\"}"));
        *response.status_mut() = StatusCode::CREATED;
        response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/api/v1/x"));
        let sealed = seal(&response, &token, &once("a")).unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"135790"));
        let again = open(&sealed, &token, &once("a")).unwrap();
        assert_eq!(again.status(), StatusCode::CREATED);
        assert_eq!(again.headers()[header::LOCATION], "/api/v1/x");
        assert_eq!(again.body(), response.body());
        assert!(open(&sealed, &other, &once("a")).is_none());
        assert!(open(&sealed, &token, &once("b")).is_none());
        assert!(open(&sealed[..5], &token, &once("a")).is_none());
    }
}
