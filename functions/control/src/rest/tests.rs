use konf_api::ledger::{BookingProposal, Effect, Proposal, Sender};
use konf_contract::{ConferenceNumber, Language, Msisdn, Password, Pin, UnixMs, Window};
use konf_ledger::{EdgeSeats, Ledger, Settings};
use serde_json::json;

use super::token::Scope;
use super::*;
use crate::accounts::Accounts;
use crate::clock;
use crate::config::Secret;
use crate::link::Edges;

const ONE: &str = "+420606123456";
const OTHER: &str = "+420602000111";

/// The API without functions: what needs none.
struct Office {
    rest: Arc<Rest>,
    ledger: Ledger,
    _folder: tempfile::TempDir,
}

impl Office {
    async fn new() -> Office {
        let folder = tempfile::tempdir().unwrap();
        let edges = vec![EdgeSeats { name: "edge-1".to_owned(), seats: 50, labels: Vec::new() }];
        let settings = Settings::new("the ledger's token", Arc::new(clock::now), edges);
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"), settings).await.unwrap();
        let desk = Desk {
            ledger: ledger.clone(),
            edges: Edges::default(),
            token: Secret::new("a token of the tests"),
            outbox: Arc::default(),
            policies: None,
            host: None,
            accounts: Accounts::new(ledger.clone()),
            secure: false,
        };
        let settings = Api { requests_per_minute: 1_000, private_webhooks: false };
        let rooms = Rooms::new(ledger.clone(), Edges::default());
        let rest = Arc::new(Rest::new(Arc::new(desk), rooms, &settings));
        Office { rest, ledger, _folder: folder }
    }

    async fn token(&self, scopes: &[Scope], owner: Option<&str>) -> Secret {
        let wish = tokens::Wish {
            label: "test".to_owned(),
            scopes: scopes.to_vec(),
            owner: owner.map(sender),
            days: Some(1),
        };
        tokens::make(&self.ledger, wish, "adam").await.unwrap().1
    }

    async fn book(&self, whose: &str, number: &str, hours: i64) {
        let start = UnixMs((clock::now().minutes() + 60 * hours) * UnixMs::MINUTE);
        let booking = BookingProposal {
            number: ConferenceNumber::new(number).unwrap(),
            pin: Pin::new("135790").unwrap(),
            password: Password::new("24682468").unwrap(),
            edge: "edge-1".to_owned(),
            window: Window { start, end: start.plus_ms(60 * UnixMs::MINUTE) },
            wall: "2027-07-01T12:00".to_owned(),
            zone: "Europe/Prague".to_owned(),
            seats: 5,
            language: Language::Cs,
        };
        let proposal = Proposal {
            inbound: None,
            sender: sender(whose),
            effect: Effect::Book(booking),
            messages: Vec::new(),
        };
        self.ledger.commit(&proposal, "").await.unwrap();
    }

    async fn send(
        &self,
        token: &Secret,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response<Bytes> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{PATH}{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", token.expose()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.rest.handle(request.body(Bytes::from(body.to_owned())).unwrap()).await
    }

    async fn get(&self, token: &Secret, path: &str) -> (u16, Value) {
        read(&self.send(token, Method::GET, path, &[], "").await)
    }

    async fn post(&self, token: &Secret, path: &str, key: &str, body: &Value) -> (u16, Value) {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        read(&self.send(token, Method::POST, path, &headers, &body.to_string()).await)
    }
}

fn sender(number: &str) -> Sender {
    Sender::Sms(Msisdn::parse(number).unwrap())
}

fn read(response: &Response<Bytes>) -> (u16, Value) {
    let kind = response.headers()[header::CONTENT_TYPE].to_str().unwrap();
    let expected = match response.status().as_u16() {
        200..300 => "application/json",
        _ => problem::MEDIA_TYPE,
    };
    assert_eq!(kind, expected);
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
}

#[tokio::test]
async fn a_token_opens_its_scopes_until_it_is_revoked() {
    let office = Office::new().await;
    let nobody = Secret::new("konf_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    for wrong in [&nobody, &Secret::new(""), &Secret::new("a token of the tests")] {
        let (status, problem) = office.get(wrong, "/conferences").await;
        assert_eq!(
            (status, problem["type"].as_str()),
            (401, Some("/api/v1/problems/unauthorised"))
        );
    }
    let reader = office.token(&[Scope::ConferencesRead, Scope::TokensRead], None).await;
    assert_eq!(office.get(&reader, "/conferences").await, (200, json!({ "items": [] })));
    let new = json!({ "label": "more", "scopes": ["conferences:read"] });
    let (status, problem) = office.post(&reader, "/tokens", "a", &new).await;
    assert_eq!(
        (status, problem["detail"].as_str()),
        (403, Some("this needs a token with the scope tokens:write"))
    );

    let (_, tokens) = office.get(&reader, "/tokens").await;
    let id = tokens["items"][0]["id"].as_str().unwrap();
    assert!(tokens["items"][0]["used"].is_string());
    assert!(!tokens.to_string().contains(reader.expose()));
    assert!(office.ledger.revoke_api_token(id, None).await.unwrap());
    assert_eq!(office.get(&reader, "/conferences").await.0, 401);
}

#[tokio::test]
async fn a_token_makes_none_that_opens_more_than_itself() {
    let office = Office::new().await;
    let maker = office.token(&[Scope::TokensWrite, Scope::ConferencesRead], Some(ONE)).await;
    let make = |scopes: &[&str]| json!({ "label": "x", "scopes": scopes });
    let (status, problem) =
        office.post(&maker, "/tokens", "a", &make(&["conferences:write"])).await;
    assert_eq!((status, problem["errors"][0]["pointer"].as_str()), (403, Some("#/scopes/0")));
    let foreign =
        json!({ "label": "x", "scopes": ["conferences:read"], "owner": { "phone": OTHER } });
    assert_eq!(office.post(&maker, "/tokens", "b", &foreign).await.0, 422);

    let (status, made) = office.post(&maker, "/tokens", "c", &make(&["conferences:read"])).await;
    assert_eq!(status, 201);
    let made = Secret::new(made["token"].as_str().unwrap());
    office.book(ONE, "123456", 2).await;
    office.book(OTHER, "654321", 3).await;
    let (_, page) = office.get(&made, "/conferences").await;
    let numbers: Vec<&Value> =
        page["items"].as_array().unwrap().iter().map(|c| &c["number"]).collect();
    assert_eq!(numbers, ["123456"]);
    assert_eq!(office.get(&made, "/conferences/654321").await.0, 404);
    let operators = office.token(&[Scope::TokensWrite], None).await;
    let policies = json!({ "label": "x", "scopes": ["tokens:write"], "owner": { "phone": ONE } });
    assert_eq!(office.post(&operators, "/tokens", "d", &policies).await.0, 201);
}

#[tokio::test]
async fn the_same_key_is_answered_the_same_and_is_for_one_request() {
    let office = Office::new().await;
    let maker = office.token(&[Scope::TokensWrite, Scope::TokensRead], None).await;
    let one = json!({ "label": "one", "scopes": ["tokens:read"] });
    let first = office.post(&maker, "/tokens", "key", &one).await;
    assert_eq!(first.0, 201);
    assert_eq!(office.post(&maker, "/tokens", "key", &one).await, first);
    let other = json!({ "label": "other", "scopes": ["tokens:read"] });
    let (status, problem) = office.post(&maker, "/tokens", "key", &other).await;
    assert_eq!((status, problem["type"].as_str()), (422, Some("/api/v1/problems/key-reused")));
    let (_, tokens) = office.get(&maker, "/tokens").await;
    assert_eq!(tokens["items"].as_array().unwrap().len(), 2);
    assert_eq!(office.post(&maker, "/tokens", "key two", &one).await.0, 400);
    // Another token's key is another key.
    let another = office.token(&[Scope::TokensWrite, Scope::TokensRead], None).await;
    assert_ne!(office.post(&another, "/tokens", "key", &one).await.1, first.1);
}

#[tokio::test]
async fn while_a_request_is_worked_on_its_copy_waits_and_after_a_crash_it_is_the_same_order() {
    let office = Office::new().await;
    let maker = office.token(&[Scope::TokensWrite], None).await;
    let id = office.ledger.api_tokens(None).await.unwrap()[0].id.clone();
    let one = json!({ "label": "one", "scopes": ["tokens:write"] });
    let request =
        Request::post(format!("{PATH}/tokens")).body(Bytes::from(one.to_string())).unwrap();
    let asked = Once { token: id, key: "key".to_owned(), request: digest(&request) };
    let Begun::New { once } = office.ledger.begin(&asked).await.unwrap() else { panic!() };
    let headers = [("content-type", "application/json"), ("idempotency-key", "key")];
    let waits = office.send(&maker, Method::POST, "/tokens", &headers, &one.to_string()).await;
    assert_eq!(waits.status(), StatusCode::CONFLICT);
    assert_eq!(waits.headers()[header::RETRY_AFTER], "1");
    // Control starts again.
    office.ledger.forget_running().await.unwrap();
    assert_eq!(office.ledger.begin(&asked).await.unwrap(), Begun::New { once });
    office.ledger.forget_running().await.unwrap();
    assert_eq!(office.post(&maker, "/tokens", "key", &one).await.0, 201);
}

#[tokio::test]
async fn conferences_come_in_pages_by_their_start() {
    let office = Office::new().await;
    let token = office.token(&[Scope::ConferencesRead], None).await;
    for (number, hours) in [("100003", 3), ("100001", 1), ("100002", 2)] {
        office.book(ONE, number, hours).await;
    }
    let (_, first) = office.get(&token, "/conferences?limit=2").await;
    let next = first["next"].as_str().unwrap();
    let (_, second) = office.get(&token, &format!("/conferences?limit=2&cursor={next}")).await;
    let items = [first["items"].clone(), second["items"].clone()];
    let numbers: Vec<&Value> =
        items.iter().flat_map(|items| items.as_array().unwrap()).map(|c| &c["number"]).collect();
    assert_eq!(numbers, ["100001", "100002", "100003"]);
    assert!(second.get("next").is_none());
    assert_eq!(office.get(&token, "/conferences?state=cancelled").await.1["items"], json!([]));
    for wrong in [
        "cursor=x",
        "limit=0",
        "limit=101",
        "limit=x",
        "from=now",
        "state=x",
        "x=1",
        "limit=1&limit=2",
    ] {
        let (status, problem) = office.get(&token, &format!("/conferences?{wrong}")).await;
        assert_eq!(status, 422, "{wrong}");
        assert!(problem["errors"][0]["parameter"].is_string(), "{problem}");
    }
}

#[tokio::test]
async fn codes_are_told_to_who_may_see_them_and_each_look_is_noted() {
    let office = Office::new().await;
    office.book(ONE, "123456", 2).await;
    let token = office.token(&[Scope::CredentialsRead], Some(ONE)).await;
    let (status, codes) = office.get(&token, "/conferences/123456/credentials").await;
    assert_eq!(
        (status, codes),
        (200, json!({ "number": "123456", "pin": "135790", "password": "24682468" }))
    );
    let stranger = office.token(&[Scope::CredentialsRead], Some(OTHER)).await;
    assert_eq!(office.get(&stranger, "/conferences/123456/credentials").await.0, 404);
    let audit = office.ledger.audit(10).await.unwrap();
    assert!(audit.iter().any(|line| line.action == "show credentials" && line.subject == "123456"));
}

#[tokio::test]
async fn what_is_not_understood_is_told_where() {
    let office = Office::new().await;
    let token = office.token(&[Scope::ConferencesWrite, Scope::ConferencesRead], None).await;
    let wrong = json!({ "start": "tomorrow", "minutes": 0, "people": 10, "orderer": {} });
    let (status, problem) = office.post(&token, "/conferences", "a", &wrong).await;
    assert_eq!(status, 422, "{problem}");
    let at: Vec<&Value> =
        problem["errors"].as_array().unwrap().iter().map(|e| &e["pointer"]).collect();
    assert_eq!(at, ["#/minutes", "#/orderer/phone", "#/start"]);
    assert_eq!(problem["instance"], "/api/v1/conferences");

    let json = [("content-type", "application/json")];
    let bad = office.send(&token, Method::POST, "/conferences", &json, "{").await;
    assert_eq!(read(&bad).0, 400);
    let text = office.send(&token, Method::POST, "/conferences", &[], "{}").await;
    assert_eq!(read(&text).0, 415);
    let put = office.send(&token, Method::PUT, "/conferences/123456", &[], "").await;
    assert_eq!(put.headers()[header::ALLOW], "GET, PATCH, DELETE");
    assert_eq!(read(&put).0, 405);
    assert_eq!(office.get(&token, "/nothing").await.0, 404);
    assert_eq!(office.get(&token, "/conferences/12345x").await.0, 404);
    let (_, about) = office.get(&token, "/problems/past").await;
    assert_eq!(about["title"], "That time is over");
}

#[tokio::test]
async fn who_sends_too_much_waits_and_others_do_not() {
    let office = Office::new().await;
    let (one, other) = (
        office.token(&[Scope::ConferencesRead], None).await,
        office.token(&[Scope::ConferencesRead], None).await,
    );
    *office.rest.rates.lock().unwrap() = Rates::new(3);
    for _ in 0..3 {
        assert_eq!(office.get(&one, "/conferences").await.0, 200);
    }
    let refused = office.send(&one, Method::GET, "/conferences", &[], "").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()[header::RETRY_AFTER], "20");
    assert_eq!(office.get(&other, "/conferences").await.0, 200);
}

/// What the document says is checked by what reads it: each keyword is understood, each example is right.
#[test]
fn the_document_describes_what_is_done() {
    let document = openapi::document();
    let mut ids = std::collections::BTreeSet::new();
    for route in route::routes() {
        assert!(ids.insert(route.id), "{} is there twice", route.id);
        assert!(route.answers.iter().all(|answered| answered.status < 300));
        for part in route.path.split('/').filter(|part| part.starts_with('{')) {
            let name = part.trim_matches(['{', '}']);
            assert!(route::PARTS.iter().any(|known| known.name == name), "{name}");
        }
        let method = route.method.as_str().to_ascii_lowercase();
        let operation = &document["paths"][route.path][&method];
        let mut contents = vec![&operation["requestBody"]["content"]["application/json"]];
        for answered in route.answers {
            contents.push(
                &operation["responses"][answered.status.to_string()]["content"]["application/json"],
            );
        }
        for content in contents.into_iter().filter(|content| !content.is_null()) {
            known_keywords(&content["schema"], route.id);
            let faults = schema::check(&content["example"], &content["schema"], openapi::named());
            assert!(faults.is_empty(), "{}: {faults:?}", route.id);
        }
    }
    for (name, schema) in openapi::named() {
        known_keywords(schema, name);
    }
}

fn known_keywords(schema: &Value, of: &str) {
    let Value::Object(rules) = schema else { return };
    for (word, rule) in rules {
        assert!(schema::KEYWORDS.contains(&word.as_str()), "{of}: {word} is not understood");
        match (word.as_str(), rule) {
            ("properties", Value::Object(below)) => {
                below.values().for_each(|schema| known_keywords(schema, of));
            }
            ("anyOf" | "oneOf", Value::Array(ways)) => {
                ways.iter().for_each(|schema| known_keywords(schema, of));
            }
            ("items" | "additionalProperties", rule) => known_keywords(rule, of),
            _ => {}
        }
    }
}
