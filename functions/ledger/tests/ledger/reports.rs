//! What gateways report of messages out.

use konf_api::ledger::*;

use crate::support::*;

fn report(reference: Option<&str>, gateway_id: Option<&str>, fate: Fate) -> DeliveryReport {
    let own = |id: Option<&str>| id.map(str::to_owned);
    DeliveryReport { reference: own(reference), gateway_id: own(gateway_id), fate }
}

fn failed(reason: &str) -> Fate {
    Fate::Undelivered { reason: reason.to_owned() }
}

async fn line(bench: &Bench) -> (String, bool, Option<String>) {
    let line = bench.ledger.outbox(1).await.unwrap().remove(0);
    (line.state, line.delivered.is_some(), line.last_error)
}

/// A message that the gateway took as `SM1`; its own id.
async fn sent(bench: &Bench) -> String {
    bench.book(&sms(1), window(60, 60), 1).await;
    let item = bench.ledger.outbox_due(10).await.unwrap().remove(0);
    bench.ledger.outbox_sent(&item.id, Some("SM1")).await.unwrap();
    item.id
}

#[tokio::test(flavor = "multi_thread")]
async fn arrived_is_arrived_and_said_once() {
    let bench = Bench::new(10).await;
    sent(&bench).await;
    let arrived = report(None, Some("SM1"), Fate::Delivered);
    assert_eq!(bench.ledger.report(&arrived).await.unwrap(), ReportOutcome::Noted);
    assert_eq!(bench.ledger.report(&arrived).await.unwrap(), ReportOutcome::Nothing);
    let late = report(None, Some("SM1"), failed("expired"));
    assert_eq!(bench.ledger.report(&late).await.unwrap(), ReportOutcome::Nothing);
    assert_eq!(line(&bench).await, ("sent".to_owned(), true, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_arrived_is_a_dead_letter_that_can_be_tried_again() {
    let bench = Bench::new(10).await;
    let id = sent(&bench).await;
    let lost = report(Some(&id), None, failed("absent +420606000001"));
    assert_eq!(bench.ledger.report(&lost).await.unwrap(), ReportOutcome::Noted);
    let error = "not delivered: absent +••••••••••••".to_owned();
    assert_eq!(line(&bench).await, ("dead".to_owned(), false, Some(error)));
    assert!(bench.ledger.outbox_retry(&id).await.unwrap());
    assert_eq!(bench.ledger.outbox_due(10).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_knew_about_and_has_arrived_is_not_sent_again() {
    let bench = Bench::new(10).await;
    bench.book(&sms(1), window(60, 60), 1).await;
    let item = bench.ledger.outbox_due(10).await.unwrap().remove(0);
    let retry = Some(bench.now().plus_ms(MINUTE));
    bench.ledger.outbox_unknown(&item.id, "no answer", retry).await.unwrap();
    let arrived = report(Some(&item.id), Some("SM9"), Fate::Delivered);
    assert_eq!(bench.ledger.report(&arrived).await.unwrap(), ReportOutcome::Noted);
    bench.pass(DAY);
    assert!(bench.ledger.outbox_due(10).await.unwrap().is_empty());
    assert_eq!(line(&bench).await, ("sent".to_owned(), true, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_somebody_elses_message_is_nothing() {
    let bench = Bench::new(10).await;
    sent(&bench).await;
    for (reference, id) in [(None, None), (Some("out-0"), Some("SM2")), (Some(""), Some(""))] {
        for fate in [Fate::Delivered, failed("x")] {
            let report = report(reference, id, fate);
            assert_eq!(bench.ledger.report(&report).await.unwrap(), ReportOutcome::Nothing);
        }
    }
    assert_eq!(line(&bench).await, ("sent".to_owned(), false, None));
    bench.ledger.report(&report(Some(&"x".repeat(513)), None, Fate::Delivered)).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_overtakes_the_note_of_its_message_is_not_lost() {
    let by_gateway = |fate| report(None, Some("SM1"), fate);
    let failed = || failed("absent +420606000001");
    let dead =
        || ("dead".to_owned(), false, Some("not delivered: absent +••••••••••••".to_owned()));
    let arrived = || ("sent".to_owned(), true, None);
    for (reports, expected) in [
        (vec![by_gateway(Fate::Delivered)], arrived()),
        (vec![by_gateway(failed())], dead()),
        (vec![by_gateway(failed()), by_gateway(Fate::Delivered), by_gateway(failed())], arrived()),
    ] {
        let mut bench = Bench::new(10).await;
        bench.book(&sms(1), window(60, 60), 1).await;
        let item = bench.ledger.outbox_due(10).await.unwrap().remove(0);
        for report in reports {
            assert_eq!(bench.ledger.report(&report).await.unwrap(), ReportOutcome::Nothing);
        }
        bench.reopen().await;
        bench.ledger.outbox_sent(&item.id, Some("SM1")).await.unwrap();
        assert_eq!(line(&bench).await, expected);
    }
    // By the message's own id, which is known before anything is sent.
    let bench = Bench::new(10).await;
    bench.book(&sms(1), window(60, 60), 1).await;
    let item = bench.ledger.outbox_due(10).await.unwrap().remove(0);
    let lost = report(Some(&item.id), None, failed());
    assert_eq!(bench.ledger.report(&lost).await.unwrap(), ReportOutcome::Nothing);
    bench.ledger.outbox_sent(&item.id, None).await.unwrap();
    assert_eq!(line(&bench).await, dead());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_waits_an_hour_for_its_message() {
    let bench = Bench::new(10).await;
    bench.book(&sms(1), window(600, 60), 1).await;
    let item = bench.ledger.outbox_due(10).await.unwrap().remove(0);
    bench.ledger.report(&report(None, Some("SM1"), Fate::Delivered)).await.unwrap();
    bench.pass(HOUR);
    bench.ledger.expire().await.unwrap();
    bench.ledger.outbox_sent(&item.id, Some("SM1")).await.unwrap();
    assert_eq!(line(&bench).await, ("sent".to_owned(), false, None));
}
