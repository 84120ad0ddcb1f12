use konf_api::ledger::{Effect, MessageBody, OutboxMessage, Proposal};
use konf_contract::{Language, UnixMs};
use konf_ledger::{EdgeSeats, Settings};

use super::*;

const TOKEN: &str = "a token of the tests";

struct Office {
    desk: Desk,
    _folder: tempfile::TempDir,
}

impl Office {
    async fn new() -> Office {
        let folder = tempfile::tempdir().unwrap();
        let edges = vec![EdgeSeats { name: "edge-1".to_owned(), seats: 10, labels: Vec::new() }];
        let settings = Settings::new("the ledger's token", Arc::new(clock::now), edges);
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"), settings).await.unwrap();
        let token = serde_json::from_value(json!(TOKEN)).unwrap();
        let accounts = Accounts::new(ledger.clone());
        let desk = Desk {
            ledger,
            edges: Edges::default(),
            token,
            outbox: Arc::default(),
            policies: None,
            host: None,
            accounts,
            secure: false,
        };
        Office { desk, _folder: folder }
    }

    async fn call(&self, method: Method, what: &str, body: &Value) -> (StatusCode, Value) {
        self.call_with(&format!("Bearer {TOKEN}"), method, what, body.to_string()).await
    }

    async fn call_with(
        &self,
        authorization: &str,
        method: Method,
        what: &str,
        body: String,
    ) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("{PATH}{what}"))
            .header(header::AUTHORIZATION, authorization)
            .body(Bytes::from(body))
            .unwrap();
        let response = self.desk.handle(&request).await;
        (response.status(), serde_json::from_slice(response.body()).unwrap())
    }

    async fn get(&self, what: &str) -> Value {
        let (status, value) = self.call(Method::GET, what, &Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{value}");
        value
    }

    async fn post(&self, what: &str, body: Value) -> StatusCode {
        self.call(Method::POST, what, &body).await.0
    }

    async fn commit(&self, effect: Effect) {
        let sender = Sender::Sms(Msisdn::parse("+420606123456").unwrap());
        let message = OutboxMessage {
            recipient: sender.clone(),
            kind: "refusal".to_owned(),
            body: MessageBody::Sms { parts: vec!["Plno.".to_owned()] },
            not_before: None,
        };
        let proposal = Proposal { inbound: None, sender, effect, messages: vec![message] };
        self.desk.ledger.commit(&proposal, "").await.unwrap();
    }
}

#[tokio::test]
async fn without_the_token_nothing_is_told_or_changed() {
    let office = Office::new().await;
    for authorization in ["", "Bearer ", "Bearer a token of the test", "Basic a token of the tests"]
    {
        let (status, _) =
            office.call_with(authorization, Method::GET, "outbox", String::new()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{authorization:?}");
    }
    let body = json!({ "sender": "+420606123456", "reason": "abuse" }).to_string();
    let (status, _) = office.call_with("Bearer x", Method::POST, "restrictions", body).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(office.get("restrictions").await, json!([]));
}

#[tokio::test]
async fn a_dead_letter_is_tried_again_or_dropped_and_the_deliveries_are_woken() {
    let office = Office::new().await;
    office.commit(Effect::Answer).await;
    let id = office.desk.ledger.outbox_due(10).await.unwrap().remove(0).id;
    let of_it = json!({ "id": id });
    assert_eq!(office.post("outbox/retry", of_it.clone()).await, StatusCode::NOT_FOUND);
    office.desk.ledger.outbox_failed(&id, "refused", None).await.unwrap();
    assert_eq!(office.get("outbox").await[0]["state"], "dead");
    assert_eq!(office.post("outbox/retry", of_it.clone()).await, StatusCode::OK);
    office.desk.outbox.notified().await;
    assert_eq!(office.get("outbox").await[0]["state"], "waiting");
    assert_eq!(office.post("outbox/drop", of_it.clone()).await, StatusCode::OK);
    assert_eq!(office.get("outbox").await[0]["state"], "dropped");
    assert_eq!(office.post("outbox/drop", of_it).await, StatusCode::NOT_FOUND);
    assert_eq!(office.post("outbox/drop", json!({})).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_request_is_closed_once_with_a_note() {
    let office = Office::new().await;
    let text = "50 lidi".to_owned();
    let (received, due, language) = (UnixMs(0), UnixMs(1), Language::Cs);
    office.commit(Effect::Enqueue { text, received, due, language, order: None }).await;
    let shown = office.get("requests").await;
    assert_eq!((&shown[0]["sender"], &shown[0]["late"]), (&json!("+420…456"), &json!(true)));
    let id = shown[0]["id"].clone();
    let whole = office.get(&format!("requests/{}", id.as_str().unwrap())).await;
    assert_eq!(whole["sender"], json!({ "sms": "+420606123456" }));
    let close = |note: &str| json!({ "id": id, "note": note });
    assert_eq!(office.post("requests/close", close(" ")).await, StatusCode::BAD_REQUEST);
    assert_eq!(office.post("requests/close", close("called back")).await, StatusCode::OK);
    assert_eq!(office.get("requests").await, json!([]));
    assert_eq!(office.post("requests/close", close("again")).await, StatusCode::NOT_FOUND);
    assert_eq!(office.get("requests/closed").await[0]["result"], "closed");
    let approve = json!({ "id": id, "at": "2027-07-09 14:00", "minutes": 180, "people": 30 });
    assert_eq!(office.post("requests/approve", approve).await, StatusCode::NOT_FOUND);
    assert_eq!(office.get("requests/templates").await[0]["name"], "when");
}

#[tokio::test]
async fn a_sender_is_restricted_seen_and_freed() {
    let office = Office::new().await;
    let restrict = |sender: &str, reason: &str, days: Option<u32>| {
        let body = json!({ "sender": sender, "reason": reason, "days": days });
        office.post("restrictions", body)
    };
    assert_eq!(restrict("606 123 456", "abuse", Some(7)).await, StatusCode::OK);
    assert_eq!(restrict("Jana@Example.CZ", "abuse", None).await, StatusCode::OK);
    let listed = office.get("restrictions").await;
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let of = |sender: Value| listed.as_array().unwrap().iter().find(|l| l["sender"] == sender);
    assert!(of(json!({ "sms": "+420606123456" })).unwrap()["until"].is_i64());
    assert!(of(json!({ "email": "jana@example.cz" })).unwrap()["until"].is_null());
    for (sender, reason, days) in [
        ("", "abuse", None),
        ("@", "abuse", None),
        ("jana@", "abuse", None),
        ("ja na@example.cz", "abuse", None),
        ("606", "abuse", None),
        ("606123456", " ", None),
        ("606123456", "abuse", Some(0)),
        ("606123456", "abuse", Some(u32::MAX)),
    ] {
        assert_eq!(restrict(sender, reason, days).await, StatusCode::BAD_REQUEST, "{sender:?}");
    }
    let lift = json!({ "sender": "+420606123456" });
    assert_eq!(office.post("restrictions/lift", lift.clone()).await, StatusCode::OK);
    assert_eq!(office.post("restrictions/lift", lift).await, StatusCode::NOT_FOUND);
    assert_eq!(office.get("restrictions").await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_unknown_or_no_json_is_told_apart() {
    let office = Office::new().await;
    assert_eq!(office.call(Method::GET, "nothing", &Value::Null).await.0, StatusCode::NOT_FOUND);
    assert_eq!(office.post("nothing", json!({})).await, StatusCode::NOT_FOUND);
    assert_eq!(office.get("calls").await, json!([]));
    let token = format!("Bearer {TOKEN}");
    let (status, _) =
        office.call_with(&token, Method::POST, "requests/close", "{".to_owned()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}
