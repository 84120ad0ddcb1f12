//! The HTTP interface: what is answered, and what is refused without telling more.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use konf_api::ledger::*;
use konf_api::policy::{ABOUT_HEADER, About};
use serde_json::Value;

use crate::support::*;

fn request(method: Method, path: &str, token: &str, body: &[u8]) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(format!("http://ledger.internal{path}"))
        .header("authorization", token)
        .header(POLICY_HEADER, "konf:policy/admission@1.0.0=sha256:cc")
        .body(Bytes::copy_from_slice(body))
        .unwrap()
}

async fn call(bench: &Bench, path: &str, body: &[u8]) -> (StatusCode, Value) {
    let request = request(Method::POST, path, &format!("Bearer {TOKEN}"), body);
    let response = bench.ledger.handle(request).await;
    assert_eq!(response.headers()["content-type"], "application/json");
    (response.status(), serde_json::from_slice(response.body()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_and_an_admission_go_through() {
    let bench = Bench::new(10).await;
    let message = serde_json::to_vec(&inbound(Some("m1"), "konf")).unwrap();
    let (status, stored) = call(&bench, "/v1/inbound", &message).await;
    assert_eq!(status, StatusCode::OK);
    let stored: InboundStored = serde_json::from_value(stored).unwrap();
    let question = OrderQuestion { sender: sms(1), span: window(0, 60) };
    let question = serde_json::to_vec(&question).unwrap();
    let (status, facts) = call(&bench, "/v1/facts/order", &question).await;
    assert_eq!(status, StatusCode::OK);
    let facts: OrderFacts = serde_json::from_value(facts).unwrap();
    assert_eq!((facts.now, facts.edges.len(), facts.edges[0].capacity), (bench.now(), 1, 10));
    assert_eq!(facts.edges[0].labels, ["at-edge-1"]);
    assert_eq!(share_of(&bench, &sms(1)).await, share_of(&bench, &sms(1)).await);
    let shares = [1, 2, 3, 4, 5].map(sms).map(async |sender| share_of(&bench, &sender).await);
    let mut found = std::collections::BTreeSet::new();
    for share in shares {
        found.insert(share.await);
    }
    assert!(found.len() > 1 && found.iter().all(|share| *share < 100), "{found:?}");
    let order = Proposal {
        inbound: Some(stored.id),
        ..proposal(&sms(1), Effect::Book(bench.booking(window(0, 60), 2)))
    };
    let (status, outcome) = call(&bench, "/v1/commit", &serde_json::to_vec(&order).unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    let Outcome::Committed { booking: Some(booking) } = serde_json::from_value(outcome).unwrap()
    else {
        panic!()
    };
    let admission = AdmissionProposal {
        edge: EDGE.to_owned(),
        boot: BOOT.to_owned(),
        leg: konf_contract::LegId(1),
        caller: caller(1),
        verdict: AdmissionVerdict::Admit {
            booking,
            role: konf_contract::Role::Organiser,
            held: None,
        },
        unpinned: false,
    };
    let (_, outcome) =
        call(&bench, "/v1/admissions", &serde_json::to_vec(&admission).unwrap()).await;
    assert_eq!(outcome["admitted"]["policy"], "sha256:cc");
}

/// What the host is told of a sender.
async fn share_of(bench: &Bench, sender: &Sender) -> u32 {
    let question = OrderQuestion { sender: sender.clone(), span: window(0, 60) };
    let question = serde_json::to_vec(&question).unwrap();
    let token = format!("Bearer {TOKEN}");
    let asked = request(Method::POST, "/v1/facts/order", &token, &question);
    let answer = bench.ledger.handle(asked).await;
    let about: About = serde_json::from_slice(answer.headers()[ABOUT_HEADER].as_bytes()).unwrap();
    assert_eq!(about, About { share: about.share, ..About::default() });
    about.share.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_told_nothing() {
    let bench = Bench::new(10).await;
    for token in ["", "Bearer", "Bearer ", "Bearer a token", "Basic a token of the tests"] {
        for path in ["/v1/inbound", "/v1/nothing"] {
            let response = bench.ledger.handle(request(Method::POST, path, token, b"{}")).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{token:?} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_refused_without_being_repeated() {
    let bench = Bench::new(10).await;
    let with_pin = format!(
        r#"{{"inbound":null,"sender":{{"sms":"+420606123456"}},"messages":[],
            "effect":{{"book":{{"number":"123456","pin":{},"password":"24682468"}}}}}}"#,
        135_790
    );
    for body in ["", "{", "null", "[]", "\u{feff}{}", "{\"sender\":1}", &with_pin] {
        for path in ["/v1/commit", "/v1/inbound", "/v1/facts/admission", "/v1/ratings"] {
            let (status, answer) = call(&bench, path, body.as_bytes()).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{path} {body}");
            let reason = answer["error"].as_str().unwrap();
            assert!(!reason.contains("135790") && !reason.contains("606123456"), "{reason}");
        }
    }
    let (status, _) = call(&bench, "/v1/commit", &[0xff; 64]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, _) = call(&bench, "/v1/commit", &vec![b' '; (256 << 10) + 1]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let (status, _) = call(&bench, "/v1/nothing", b"{}").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let get = request(Method::GET, "/v1/commit", &format!("Bearer {TOKEN}"), b"");
    assert_eq!(bench.ledger.handle(get).await.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_by_meaning_is_a_bad_request_and_a_closed_database_may_be_retried() {
    let bench = Bench::new(10).await;
    let unknown = Proposal { inbound: Some("x".to_owned()), ..proposal(&sms(1), Effect::Answer) };
    let body = serde_json::to_vec(&unknown).unwrap();
    let (status, answer) = call(&bench, "/v1/commit", &body).await;
    assert_eq!(
        (status, answer["error"].as_str()),
        (StatusCode::BAD_REQUEST, Some("there is no such message in"))
    );
    bench.ledger.close().await;
    let (status, _) = call(&bench, "/v1/commit", &body).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
}
