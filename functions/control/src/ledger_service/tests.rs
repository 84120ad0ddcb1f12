//! Over a real socket, as a component under Spin reaches it.

use std::net::SocketAddr;
use std::sync::Arc;

use konf_contract::link::{EndReason, LegEnd, LegLeft, Party, Record, RecordBatch, RecordEvent};
use konf_contract::{Caller, LegId};
use konf_ledger::{EdgeSeats, Settings};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::*;
use crate::clock;

const TOKEN: &str = "the ledger's token, which nobody knows";

struct Served {
    address: SocketAddr,
    ledger: Ledger,
    _stop: watch::Sender<bool>,
    _folder: tempfile::TempDir,
}

impl Served {
    async fn new() -> Served {
        let folder = tempfile::tempdir().unwrap();
        let edges = vec![EdgeSeats { name: "edge-1".to_owned(), seats: 10, labels: Vec::new() }];
        let settings = Settings::new(TOKEN, Arc::new(clock::now), edges);
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"), settings).await.unwrap();
        let listener = server::bind("test", "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopping) = watch::channel(false);
        tokio::spawn(server::serve(listener, Arc::new(Outside::alone(ledger.clone())), stopping));
        Served { address, ledger, _stop: stop, _folder: folder }
    }

    /// Status, headers and body of the answer.
    async fn send(&self, head: &str, body: &[u8]) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let length = body.len();
        let head =
            format!("{head}host: ledger\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        // It may hang up before it has read all of what is too long.
        let _ = stream.write_all(body).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head.to_ascii_lowercase(), body.to_owned())
    }

    async fn post(&self, path: &str, more: &str, body: &Value) -> Value {
        let head = format!("POST {path} HTTP/1.1\r\nauthorization: Bearer {TOKEN}\r\n{more}");
        let (status, head, body) = self.send(&head, body.to_string().as_bytes()).await;
        assert_eq!(status, 200, "{body}");
        assert!(head.contains("content-type: application/json"), "{head}");
        assert!(!head.contains(ABOUT_HEADER), "{head}");
        serde_json::from_str(&body).unwrap()
    }
}

#[tokio::test]
async fn a_component_under_another_host_stores_a_message_and_asks_for_facts() {
    let served = Served::new().await;
    let message = json!({
        "gateway": "generic", "gateway_id": "m-1", "sender": { "sms": "+420606123456" },
        "recipient": "+420720002233", "text": "konf 0907 1400 60 10",
    });
    let stored = served.post("/v1/inbound", "", &message).await;
    assert_eq!(stored["state"], "received");
    let again = served.post("/v1/inbound", "", &message).await;
    assert_eq!(again["id"], stored["id"]);
    let start = clock::now();
    let span = json!({ "start": start, "end": start.plus_ms(3_600_000) });
    let question = json!({ "sender": { "sms": "+420606123456" }, "span": span });
    let facts = served.post("/v1/facts/order", "", &question).await;
    assert_eq!(facts["edges"][0]["capacity"], 10);
}

#[tokio::test]
async fn a_record_names_no_policy_whatever_a_component_under_another_host_says() {
    let served = Served::new().await;
    let record =
        Record { sequence: 1, at: clock::now(), event: RecordEvent::LegLeft(leg_of_a_minute()) };
    let batch = RecordBatch { edge: "edge-1".into(), boot: "boot".into(), records: vec![record] };
    served.ledger.apply_records(&batch).await.unwrap();
    let proposal = json!({
        "record": { "edge": "edge-1", "boot": "boot", "sequence": 1 },
        "amount": 24_000_000, "billed_s": 60, "rule": "own-mobile",
    });
    let forged = format!(
        "{POLICY_HEADER}: konf:policy/tariff@1.0.0=sha256:{0}\r\n\
         {CHOICE_HEADER}: konf:policy/tariff@1.0.0=sha256:{0}\r\n",
        "0".repeat(64)
    );
    assert_eq!(served.post("/v1/ratings", &forged, &proposal).await, "committed");
    let rated = served.ledger.stray_calls(10).await.unwrap();
    let rating = rated[0].rating.as_ref().unwrap();
    assert_eq!((rating.policy.as_str(), rating.amount.0), ("", 24_000_000));
}

#[tokio::test]
async fn a_wrong_token_is_told_nothing_and_learns_no_path() {
    let served = Served::new().await;
    let almost = &TOKEN[..TOKEN.len() - 1];
    for authorization in [
        String::new(),
        "authorization: Bearer \r\n".to_owned(),
        format!("authorization: Bearer {almost}\r\n"),
        format!("authorization: Bearer {TOKEN}x\r\n"),
        format!("authorization: bearer {TOKEN}\r\n"),
        format!("authorization: Basic {TOKEN}\r\n"),
        format!("authorization: {TOKEN}\r\n"),
        format!("x-authorization: Bearer {TOKEN}\r\n"),
    ] {
        for line in ["POST /v1/commit", "POST /v1/nothing", "GET /v1/commit", "GET /"] {
            let (status, _, body) =
                served.send(&format!("{line} HTTP/1.1\r\n{authorization}"), b"{}").await;
            assert_eq!(status, 401, "{line} {authorization}");
            assert_eq!(body, r#"{"error":"the token is missing or wrong"}"#);
        }
    }
}

#[tokio::test]
async fn what_is_no_call_is_refused_in_a_sentence() {
    let served = Served::new().await;
    let long = vec![b' '; server::BODY_MAX + 1];
    for (line, body, status) in [
        ("GET /v1/commit", &b""[..], 405),
        ("POST /v1/nothing", b"{}", 404),
        ("POST /v1/commit", b"{", 400),
        ("POST /v1/commit", &[0xff; 32], 400),
        ("POST /v1/commit", &long, 413),
    ] {
        let head = format!("{line} HTTP/1.1\r\nauthorization: Bearer {TOKEN}\r\n");
        let (found, _, answer) = served.send(&head, body).await;
        assert_eq!(found, status, "{line}: {answer}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer["error"].is_string(), "{answer}");
    }
}

fn leg_of_a_minute() -> LegLeft {
    let caller =
        Caller { number: None, network: "o2-mobile".into(), trunk: "o2".into(), mobile: true };
    LegLeft {
        leg: LegId(1),
        caller,
        grant: None,
        conference: None,
        booking: None,
        role: None,
        answered: clock::now().plus_ms(-60_000),
        joined: None,
        ended: clock::now(),
        duration_ms: 60_000,
        end: LegEnd { reason: EndReason::HungUp, who: Party::Caller, detail: None },
        quality: None,
    }
}

#[tokio::test]
async fn a_room_is_its_orderers_alone_and_there_is_none_without_an_edge() {
    let served = Served::new().await;
    let question = json!({ "number": "123456", "sender": { "sms": "+420606123456" } });
    let facts = served.post("/v1/rooms", "", &question).await;
    assert!(facts["room"].is_null() && facts["now"].is_i64(), "{facts}");
    let act = json!({ "number": "123456", "sender": { "sms": "+420606123456" }, "act": "close" });
    assert_eq!(served.post("/v1/rooms/act", "", &act).await, "not-found");
    let head = "POST /v1/rooms HTTP/1.1\r\nauthorization: Bearer wrong\r\n";
    assert_eq!(served.send(head, question.to_string().as_bytes()).await.0, 401);
    let head = format!("POST /v1/rooms/act HTTP/1.1\r\nauthorization: Bearer {TOKEN}\r\n");
    assert_eq!(served.send(&head, b"{}").await.0, 400);
}
