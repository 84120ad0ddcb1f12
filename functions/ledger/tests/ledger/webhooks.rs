//! What webhooks are told: each fact once, in its transaction, to whom it concerns.

use konf_api::ledger::*;
use konf_contract::link::*;
use konf_contract::*;
use konf_ledger::{EVENTS, NewWebhook, WebhookItem, WebhookSecret};
use serde_json::Value;

use crate::support::*;

async fn webhook(bench: &Bench, owner: Option<Sender>, events: &[&str]) -> String {
    let new = NewWebhook {
        url: "https://shop.example/konf".to_owned(),
        events: events.iter().map(|kind| (*kind).to_owned()).collect(),
        label: String::new(),
        secret: WebhookSecret::new("whsec_MDEy"),
        owner,
        by: "adam".to_owned(),
    };
    bench.ledger.put_webhook(&new).await.unwrap()
}

fn every() -> Vec<&'static str> {
    EVENTS.iter().map(|event| event.0).collect()
}

/// What is due to one webhook, in its order.
async fn due(bench: &Bench, webhook: &str) -> Vec<WebhookItem> {
    let mut all = Vec::new();
    loop {
        let items = bench.ledger.webhooks_due(50).await.unwrap();
        if items.is_empty() {
            return all;
        }
        for item in items {
            bench.ledger.webhook_delivered(item.seq, 200).await.unwrap();
            all.extend((item.webhook == webhook).then_some(item));
        }
    }
}

fn kinds(items: &[WebhookItem]) -> Vec<&str> {
    items.iter().map(|item| item.kind.as_str()).collect()
}

fn joined(sequence: u64, leg: u64, number: &ConferenceNumber, at: UnixMs) -> Record {
    let grant = GrantId(String::new());
    let event = LegJoined { leg: LegId(leg), grant, conference: number.clone(), joined: at };
    Record { sequence, at, event: RecordEvent::LegJoined(event) }
}

#[tokio::test]
async fn a_conference_is_told_from_its_order_to_its_price_each_fact_once() {
    let bench = Bench::new(100).await;
    let hook = webhook(&bench, None, &every()).await;
    let (id, number) = bench.book(&sms(1), window(0, 60), 5).await;
    for leg in [1, 2] {
        bench.admit(&id, leg, &caller(leg as u32)).await;
    }
    let now = bench.now();
    let records = vec![joined(1, 1, &number, now), joined(2, 2, &number, now)];
    bench.records(records.clone()).await;
    // At-least-once from the edge, once to the webhook.
    bench.records(records).await;
    bench.records(vec![left(3, 1, &id, now, EndReason::HungUp)]).await;
    let key = RecordKey { edge: EDGE.to_owned(), boot: BOOT.to_owned(), sequence: 3 };
    let rule = "o2-mobile".to_owned();
    let rating = RatingProposal { record: key, amount: Amount(24_400_000), billed_s: 61, rule };
    for _ in 0..2 {
        bench.ledger.rate(&rating, "konf:policy/tariff@1.0.0=sha256:aa").await.unwrap();
    }
    bench.records(vec![room_closed(4, &id, &number, now)]).await;

    let told = due(&bench, &hook).await;
    assert_eq!(
        kinds(&told),
        [
            "conference.booked",
            "conference.started",
            "participant.joined",
            "participant.joined",
            "participant.left",
            "record.rated",
            "conference.ended",
        ]
    );
    let read = |at: usize| serde_json::from_str::<Value>(&told[at].body).unwrap();
    assert_eq!(read(4)["data"]["reason"], "hung-up");
    assert_eq!(read(4)["data"]["caller"], "+420…001");
    assert_eq!(read(5)["data"]["czk"], "4.0667");
    assert_eq!(read(5)["data"]["tariff"], "sha256:aa");
    for item in &told {
        assert!(
            !item.body.contains("+420602000001") && !item.body.contains("135790"),
            "{}",
            item.body
        );
    }
    let mut ids: Vec<&String> = told.iter().map(|item| &item.event).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), told.len());
}

#[tokio::test]
async fn a_customers_webhook_is_told_of_that_customer_and_of_what_it_asked_for() {
    let bench = Bench::new(100).await;
    let own = webhook(&bench, Some(sms(1)), &["conference.booked", "conference.ended"]).await;
    let ends = webhook(&bench, None, &["conference.ended"]).await;
    bench.book(&sms(1), window(0, 60), 5).await;
    let (other, _) = bench.book(&sms(2), window(0, 60), 5).await;
    bench.commit(&sms(2), Effect::Cancel { booking: other }).await;
    bench.pass(2 * HOUR);
    bench.ledger.expire().await.unwrap();
    bench.ledger.expire().await.unwrap();
    let items = bench.ledger.webhooks_due(50).await.unwrap();
    let of = |webhook: &str| -> Vec<&str> {
        items.iter().filter(|i| i.webhook == webhook).map(|i| i.kind.as_str()).collect()
    };
    assert_eq!(of(&own), ["conference.booked", "conference.ended"]);
    assert_eq!(of(&ends), ["conference.ended"]);
}

#[tokio::test]
async fn what_was_claimed_and_not_settled_comes_again_and_a_removed_webhook_hears_nothing() {
    let mut bench = Bench::new(100).await;
    let hook = webhook(&bench, None, &every()).await;
    bench.book(&sms(1), window(0, 60), 5).await;
    let first = bench.ledger.webhooks_due(50).await.unwrap();
    assert!(bench.ledger.webhooks_due(50).await.unwrap().is_empty());
    // A crash before the answer.
    bench.reopen().await;
    bench.pass(3 * MINUTE);
    let again = bench.ledger.webhooks_due(50).await.unwrap();
    assert_eq!((&again[0].event, again[0].attempt), (&first[0].event, 2));
    let retry = Some(bench.now().plus_ms(HOUR));
    bench.ledger.webhook_failed(again[0].seq, Some(503), "busy", retry).await.unwrap();
    assert!(bench.ledger.webhooks_due(50).await.unwrap().is_empty());
    assert_eq!(bench.ledger.webhooks(None).await.unwrap()[0].waiting, 1);
    assert!(!bench.ledger.remove_webhook(&hook, Some(&sms(2)), "").await.unwrap());
    assert!(bench.ledger.remove_webhook(&hook, None, "").await.unwrap());
    bench.pass(2 * HOUR);
    bench.book(&sms(1), window(300, 60), 5).await;
    assert!(bench.ledger.webhooks_due(50).await.unwrap().is_empty());
    assert!(!bench.ledger.has_listeners());
}

#[tokio::test]
async fn one_endpoint_that_lags_holds_up_no_other_and_is_told_no_more_than_it_may_have_waiting() {
    let bench = Bench::new(2_000).await;
    webhook(&bench, None, &["conference.booked"]).await;
    for _ in 0..30 {
        bench.book(&sms(1), window(0, 60), 2).await;
    }
    let second = webhook(&bench, None, &["conference.booked"]).await;
    bench.book(&sms(1), window(0, 60), 2).await;
    let items = bench.ledger.webhooks_due(50).await.unwrap();
    assert_eq!(items.len(), 5, "four of the one, one of the other");
    assert!(items.iter().any(|item| item.webhook == second));
}
