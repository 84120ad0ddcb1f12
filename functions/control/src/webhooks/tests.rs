use std::sync::Mutex;

use http::Response;
use konf_api::ledger::{BookingProposal, Effect, Proposal, Sender};
use konf_contract::{ConferenceNumber, Language, Msisdn, Password, Pin, Window};
use konf_ledger::{EdgeSeats, NewWebhook, Settings, WebhookSecret};
use tokio::sync::watch;

use super::*;
use crate::server::{self, Handler};

const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// Answers each request with the next status, and keeps what came.
struct Endpoint {
    statuses: Mutex<Vec<u16>>,
    came: Mutex<Vec<(String, String, String, String)>>,
}

impl Handler for Endpoint {
    async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        let came =
            (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"), body);
        self.came.lock().unwrap().push(came);
        let status = self.statuses.lock().unwrap().pop().unwrap_or(204);
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        let elsewhere = http::HeaderValue::from_static("http://127.0.0.1:1/");
        response.headers_mut().insert(header::LOCATION, elsewhere);
        response
    }
}

struct Bench {
    ledger: Ledger,
    endpoint: Arc<Endpoint>,
    url: String,
    _stop: watch::Sender<bool>,
    _folder: tempfile::TempDir,
}

impl Bench {
    /// The last of `statuses` is answered first.
    async fn new(statuses: &[u16]) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let edges = vec![EdgeSeats { name: "edge-1".to_owned(), seats: 50, labels: Vec::new() }];
        let settings = Settings::new("the ledger's token", Arc::new(clock::now), edges);
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"), settings).await.unwrap();
        let listener = server::bind("test", "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (stop, stopping) = watch::channel(false);
        let endpoint =
            Arc::new(Endpoint { statuses: Mutex::new(statuses.to_vec()), came: Mutex::default() });
        tokio::spawn(server::serve(listener, endpoint.clone(), stopping));
        Bench { ledger, endpoint, url, _stop: stop, _folder: folder }
    }

    async fn webhook(&self, url: &str, owner: Option<&str>) -> String {
        let new = NewWebhook {
            url: url.to_owned(),
            events: vec!["conference.booked".to_owned()],
            label: "test".to_owned(),
            secret: WebhookSecret::new(SECRET),
            owner: owner.map(sender),
            by: "adam".to_owned(),
        };
        self.ledger.put_webhook(&new).await.unwrap()
    }

    async fn book(&self, whose: &str, number: &str) {
        let start = UnixMs((clock::now().minutes() + 60) * UnixMs::MINUTE);
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
        let sender = sender(whose);
        let proposal =
            Proposal { inbound: None, sender, effect: Effect::Book(booking), messages: Vec::new() };
        self.ledger.commit(&proposal, "").await.unwrap();
    }

    async fn round(&self, private: bool) {
        let teller = Arc::new(Teller::new(self.ledger.clone(), private).unwrap());
        teller.round().await.unwrap();
    }

    async fn states(&self, webhook: &str) -> Vec<(String, Option<u32>)> {
        let lines = self.ledger.webhook_deliveries(webhook, None, None, 10).await.unwrap();
        lines.unwrap().into_iter().map(|line| (line.state, line.status)).collect()
    }
}

fn sender(number: &str) -> Sender {
    Sender::Sms(Msisdn::parse(number).unwrap())
}

#[tokio::test]
async fn what_is_booked_is_told_signed_and_again_under_the_same_id() {
    let bench = Bench::new(&[204, 503]).await;
    let webhook = bench.webhook(&bench.url, None).await;
    bench.book("+420606123456", "123456").await;
    bench.round(true).await;
    assert_eq!(bench.states(&webhook).await, [("waiting".to_owned(), Some(503))]);
    // It waits for its time.
    bench.round(true).await;
    let event = bench.endpoint.came.lock().unwrap()[0].0.clone();
    assert!(bench.ledger.retry_delivery(&webhook, &event, None).await.unwrap());
    bench.round(true).await;
    assert_eq!(bench.states(&webhook).await, [("delivered".to_owned(), Some(204))]);

    let came = bench.endpoint.came.lock().unwrap();
    assert_eq!(came.len(), 2);
    assert_eq!(came[0].0, came[1].0);
    for (id, timestamp, signature, body) in came.iter() {
        assert_eq!(*signature, sign(SECRET, id, timestamp, body.as_bytes()).unwrap());
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["type"], "conference.booked");
        assert_eq!(body["data"]["conference"], "123456");
        assert!(!body.to_string().contains("135790"));
    }
}

#[tokio::test]
async fn a_customer_is_told_of_the_own_conferences_and_nobody_of_what_was_before() {
    let bench = Bench::new(&[]).await;
    bench.book("+420606123456", "100000").await;
    bench.webhook(&bench.url, Some("+420606123456")).await;
    bench.book("+420602000111", "100001").await;
    bench.book("+420606123456", "100002").await;
    bench.round(true).await;
    let came = bench.endpoint.came.lock().unwrap();
    assert_eq!(came.len(), 1);
    assert!(came[0].3.contains("100002"));
}

#[tokio::test]
async fn the_inside_is_not_dialled_no_redirect_is_followed_and_who_is_gone_is_left_alone() {
    let bench = Bench::new(&[410, 302]).await;
    let webhook = bench.webhook(&bench.url, None).await;
    bench.book("+420606123456", "123456").await;
    bench.round(false).await;
    assert!(bench.endpoint.came.lock().unwrap().is_empty());
    assert_eq!(bench.states(&webhook).await, [("waiting".to_owned(), None)]);
    let lines = bench.ledger.webhook_deliveries(&webhook, None, Some("waiting"), 10).await.unwrap();
    let event = lines.unwrap()[0].event.clone();

    bench.ledger.retry_delivery(&webhook, &event, None).await.unwrap();
    bench.round(true).await;
    assert_eq!(bench.states(&webhook).await, [("waiting".to_owned(), Some(302))]);

    bench.ledger.retry_delivery(&webhook, &event, None).await.unwrap();
    bench.round(true).await;
    assert!(bench.ledger.webhooks(None).await.unwrap().is_empty());
    assert!(!bench.ledger.has_listeners());
    bench.book("+420606123456", "123457").await;
    bench.round(true).await;
    assert_eq!(bench.endpoint.came.lock().unwrap().len(), 2);
}

#[test]
fn an_endpoint_that_is_down_is_tried_later_and_later_and_then_no_more() {
    let waits: Vec<_> = (1..=11).map(|attempt| retry_at(UnixMs(0), attempt)).collect();
    assert!(waits[..10].windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(waits[10], None);
}
