use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::Response;
use konf_ledger::OperatorRole;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::*;
use crate::{clock, server};

fn settings(issuer: &str) -> config::Oidc {
    config::Oidc {
        issuer: issuer.to_owned(),
        client_id: "konf".to_owned(),
        client_secret: Secret::new("a secret & more"),
        scope: "openid profile".to_owned(),
        claim: "realm_access.roles".to_owned(),
        roles: [
            ("desk".to_owned(), OperatorRole::Operator),
            ("boss".to_owned(), OperatorRole::Admin),
        ]
        .into(),
    }
}

fn token(claims: &Value) -> String {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}.c2lnbmVk", encode(&json!({ "alg": "RS256" })), encode(claims))
}

/// What is good, with one claim changed or left out.
fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = json!({
        "iss": "https://a.example", "aud": "konf", "sub": "17", "nonce": "n", "exp": 1_000,
        "preferred_username": "jana", "realm_access": { "roles": ["other", "desk"] },
    });
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    claims
}

#[test]
fn an_id_token_counts_for_this_issuer_client_sign_in_and_time_alone() {
    let settings = settings("https://a.example");
    let check = |claims: &Value| {
        Claims::read(&token(claims))?
            .check(&settings, "n", UnixMs(999_000))
            .map_err(|e| e.to_string())
            .map_err(anyhow::Error::msg)
    };
    assert!(check(&claims_with("aud", json!("konf"))).is_ok());
    assert!(check(&claims_with("aud", json!(["konf"]))).is_ok());
    for (name, value, part) in [
        ("iss", json!("https://b.example"), "issuer"),
        ("aud", json!("other"), "client"),
        ("aud", json!(["konf", "other"]), "client"),
        ("aud", Value::Null, "client"),
        ("nonce", json!("m"), "sign-in"),
        ("nonce", Value::Null, "sign-in"),
        ("exp", json!(900), "expired"),
        ("exp", Value::Null, "for ever"),
        ("exp", json!("1000"), "for ever"),
        ("sub", json!(""), "nobody"),
    ] {
        let said = check(&claims_with(name, value.clone())).unwrap_err().to_string();
        assert!(said.contains(part), "{name} {value}: {said}");
    }
    let mut both = claims_with("aud", json!(["konf", "other"]));
    both["azp"] = json!("konf");
    assert!(check(&both).is_ok());
    for text in ["", "a.b", "a.b.c.d", "a.!.c", "a.bm8.c"] {
        assert!(Claims::read(text).is_err(), "{text:?}");
    }
}

#[test]
fn the_highest_role_counts_and_userinfo_adds_only_of_the_same_person() {
    let settings = settings("https://a.example");
    let role = |value: Value| {
        Claims::read(&token(&claims_with("realm_access", value))).unwrap().role(&settings)
    };
    assert_eq!(role(json!({ "roles": ["desk", "boss", 7] })), Some(OperatorRole::Admin));
    assert_eq!(role(json!({ "roles": "desk" })), Some(OperatorRole::Operator));
    assert_eq!(role(json!({ "roles": ["guest"] })), None);
    assert_eq!(role(Value::Null), None);
    let mut claims = Claims::read(&token(&claims_with("realm_access", Value::Null))).unwrap();
    let more = |sub: &str| json!({ "sub": sub, "realm_access": { "roles": ["desk"] }, "iss": "x" });
    assert!(claims.add(more("18").to_string().as_bytes()).is_err());
    assert_eq!(claims.role(&settings), None);
    claims.add(more("17").to_string().as_bytes()).unwrap();
    assert_eq!(claims.role(&settings), Some(OperatorRole::Operator));
    assert!(claims.check(&settings, "n", UnixMs(0)).is_ok(), "what the token says stays");
    assert_eq!(claims.name(), "oidc:jana");
    let odd =
        Claims::read(&token(&claims_with("preferred_username", json!("a\n <b>\u{1b}")))).unwrap();
    assert_eq!(odd.name(), "oidc:a<b>");
}

#[test]
fn a_provider_is_taken_for_itself_and_only_over_https() {
    let described = |issuer: &str, token: &str| {
        let described = json!({
            "issuer": issuer, "authorization_endpoint": "https://a.example/auth?x=1",
            "token_endpoint": token,
        });
        Provider::read(described.to_string().as_bytes(), "https://a.example")
            .map_err(|e| e.to_string())
    };
    let provider = described("https://a.example", "https://a.example/token").unwrap();
    assert!(
        described("https://a.example/", "https://a.example/token").unwrap_err().contains("exactly")
    );
    assert!(
        described("https://a.example", "http://a.example/token").unwrap_err().contains("https")
    );
    assert!(Provider::read(b"{}", "https://a.example").is_err());
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let to =
        provider.authorization(&settings("https://a.example"), "https://k/r", "st", "no", verifier);
    // The challenge is that of RFC 7636, appendix B.
    assert_eq!(
        to,
        "https://a.example/auth?x=1&response_type=code&client_id=konf&redirect_uri=https%3A%2F%2Fk%2Fr\
         &scope=openid+profile&state=st&nonce=no\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    );
    let basic = provider::client_authorization(&settings("https://a.example"));
    assert_eq!(basic, "Basic a29uZjphK3NlY3JldCslMjYrbW9yZQ==", "konf:a+secret+%26+more");
    assert_eq!(provider::fault(br#"{"error":"invalid_grant","x":"secret"}"#), " (invalid_grant)");
    assert_eq!(provider::fault(br#"{"error":"Code abc123 is"}"#), "");
}

/// Gives one kind of ID token, made for the nonce that it was asked with.
struct Peer {
    address: String,
    asked: Arc<Mutex<String>>,
}

impl server::Handler for Peer {
    async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let base = format!("http://{}", self.address);
        let answer = match request.uri().path() {
            "/.well-known/openid-configuration" => json!({
                "issuer": base, "authorization_endpoint": format!("{base}/auth"),
                "token_endpoint": format!("{base}/token"),
            }),
            _ => {
                let mut claims = claims_with("iss", json!(base));
                claims["nonce"] = json!(*locked(&self.asked));
                claims["exp"] = json!(clock::now().0 / 1_000 + 60);
                json!({ "id_token": token(&claims), "access_token": "x" })
            }
        };
        Response::new(Bytes::from(answer.to_string()))
    }
}

#[tokio::test]
async fn an_attempt_counts_once_in_the_browser_that_began_it_and_for_ten_minutes() {
    let listener = server::bind("a test", "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(Mutex::new(String::new()));
    let peer = Peer { address: address.clone(), asked: asked.clone() };
    let (_stop, stopping) = watch::channel(false);
    tokio::spawn(server::serve(listener, Arc::new(peer), stopping));
    let oidc = Oidc::new(settings(&format!("http://{address}")), "https://konf.example").unwrap();
    let now = clock::now();
    let begin = async || {
        let begun = oidc.begin(now).await.unwrap();
        let nonce = begun.location.split(['?', '&']).find_map(|part| part.strip_prefix("nonce="));
        *locked(&asked) = nonce.unwrap().to_owned();
        begun.state
    };
    let state = begin().await;
    let unknown = Ok(Err(Refused::Unknown));
    let finish = async |state: &str, kept: &str, code, at| {
        oidc.finish(state, kept, code, at).await.map_err(|error| error.to_string())
    };
    assert_eq!(finish(&state, "", Ok("c"), now).await, unknown);
    assert_eq!(finish(&state, "another", Ok("c"), now).await, unknown);
    assert_eq!(finish("", "", Ok("c"), now).await, unknown);
    let jana = Session { name: "oidc:jana".to_owned(), role: OperatorRole::Operator };
    assert_eq!(finish(&state, &state, Ok("c"), now).await, Ok(Ok(jana)));
    assert_eq!(finish(&state, &state, Ok("c"), now).await, unknown);
    let state = begin().await;
    assert_eq!(finish(&state, &state, Ok("c"), now.plus_ms(ATTEMPT_MS)).await, unknown);
    let state = begin().await;
    let denied = Ok(Err(Refused::Provider("access_denied".to_owned())));
    assert_eq!(finish(&state, &state, Err("access_denied"), now).await, denied);
    let state = begin().await;
    begin().await;
    assert!(finish(&state, &state, Ok("c"), now).await.unwrap_err().contains("another sign-in"));
}
