//! Messages out: claimed once at a time, tried again, given up visibly.

use konf_api::ledger::*;
use konf_ledger::Answerable;

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_claimed_by_one_and_comes_again_after_the_lease_with_the_same_key() {
    let bench = Bench::new(10).await;
    bench.book(&sms(1), window(60, 60), 1).await;
    let (a, b) = tokio::join!(bench.ledger.outbox_due(10), bench.ledger.outbox_due(10));
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!(a.len() + b.len(), 1);
    let item = a.into_iter().chain(b).next().unwrap();
    assert_eq!((item.attempt, &item.message), (1, &message(&sms(1))));
    assert!(!format!("{item:?}").contains("135790"));
    bench.pass(2 * MINUTE);
    let again = bench.ledger.outbox_due(10).await.unwrap();
    assert_eq!((again.len(), again[0].attempt), (1, 2));
    assert_eq!(again[0].idempotency_key, item.idempotency_key);
    bench.ledger.outbox_sent(&item.id, Some("SM1")).await.unwrap();
    // The other attempt's late failure does not send it a third time.
    let retry = Some(bench.now());
    bench.ledger.outbox_failed(&item.id, "late", retry).await.unwrap();
    bench.pass(DAY);
    assert!(bench.ledger.outbox_due(10).await.unwrap().is_empty());
    let line = bench.ledger.outbox(10).await.unwrap().remove(0);
    assert_eq!((line.state.as_str(), line.gateway_id.as_deref()), ("sent", Some("SM1")));
    assert_eq!(line.recipient, "+420…001");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_message_waits_and_a_dead_one_stays_visible_without_addresses() {
    let bench = Bench::new(10).await;
    bench.book(&sms(1), window(60, 60), 1).await;
    let item = bench.ledger.outbox_due(10).await.unwrap().remove(0);
    let retry = Some(bench.now().plus_ms(MINUTE));
    bench.ledger.outbox_unknown(&item.id, "no answer from +420606000001", retry).await.unwrap();
    assert!(bench.ledger.outbox_due(10).await.unwrap().is_empty());
    let line = bench.ledger.outbox(1).await.unwrap().remove(0);
    let error = line.last_error.unwrap();
    assert_eq!(error, "outcome unknown: no answer from +••••••••••••");
    assert_eq!((line.state.as_str(), line.next), ("waiting", retry));
    bench.pass(MINUTE);
    let item = bench.ledger.outbox_due(10).await.unwrap().remove(0);
    bench.ledger.outbox_failed(&item.id, "550 <jana@example.cz> unknown", None).await.unwrap();
    let line = bench.ledger.outbox(1).await.unwrap().remove(0);
    assert_eq!((line.state.as_str(), line.attempts, line.next), ("dead", 2, None));
    assert_eq!(line.last_error.unwrap(), "550 …@… unknown");
    bench.pass(DAY);
    assert!(bench.ledger.outbox_due(10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_does_not_leave_before_its_time_and_not_after_its_booking_was_cancelled() {
    let bench = Bench::new(10).await;
    let reminder = OutboxMessage {
        kind: "reminder".to_owned(),
        not_before: Some(bench.now().plus_ms(45 * MINUTE)),
        ..message(&sms(1))
    };
    let order = Proposal {
        messages: vec![message(&sms(1)), reminder],
        ..proposal(&sms(1), Effect::Book(bench.booking(window(60, 60), 1)))
    };
    let outcome = bench.ledger.commit(&order, "").await.unwrap();
    let Outcome::Committed { booking: Some(booking) } = outcome else { panic!("{outcome:?}") };
    let first = bench.ledger.outbox_due(10).await.unwrap();
    assert_eq!(first.len(), 1);
    bench.ledger.outbox_sent(&first[0].id, None).await.unwrap();
    let cancelled = OutboxMessage { kind: "cancelled".to_owned(), ..message(&sms(1)) };
    let cancel =
        Proposal { messages: vec![cancelled], ..proposal(&sms(1), Effect::Cancel { booking }) };
    bench.ledger.commit(&cancel, "").await.unwrap();
    bench.pass(50 * MINUTE);
    let due = bench.ledger.outbox_due(10).await.unwrap();
    assert_eq!(
        due.iter().map(|item| item.message.kind.as_str()).collect::<Vec<_>>(),
        ["cancelled"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_an_sms_leave_one_after_the_other_and_a_failure_repeats_only_its_own() {
    let bench = Bench::new(10).await;
    let parts = ["one", "two", "three"].map(str::to_owned).to_vec();
    let body = MessageBody::Sms { parts };
    let answer = Proposal {
        messages: vec![OutboxMessage { body, ..message(&sms(1)) }],
        ..proposal(&sms(1), Effect::Book(bench.booking(window(60, 60), 1)))
    };
    bench.ledger.commit(&answer, "").await.unwrap();
    let mut told = Vec::new();
    for attempt in 0.. {
        let due = bench.ledger.outbox_due(10).await.unwrap();
        let Some(item) = due.first() else { break };
        assert_eq!(due.len(), 1, "one part at a time");
        let MessageBody::Sms { parts } = &item.message.body else { panic!("no SMS") };
        assert_eq!(parts.len(), 1);
        // The first attempt of the second part fails.
        if attempt == 1 {
            let retry = Some(bench.now());
            bench.ledger.outbox_failed(&item.id, "503", retry).await.unwrap();
        } else {
            told.push(parts[0].clone());
            bench.ledger.outbox_sent(&item.id, None).await.unwrap();
        }
    }
    assert_eq!(told, ["one", "two", "three"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_was_given_up_does_not_hold_up_the_next() {
    let bench = Bench::new(10).await;
    let body = MessageBody::Sms { parts: vec!["one".to_owned(), "two".to_owned()] };
    let answer = Proposal {
        messages: vec![OutboxMessage { body, ..message(&sms(1)) }],
        ..proposal(&sms(1), Effect::Answer)
    };
    bench.ledger.commit(&answer, "").await.unwrap();
    let first = bench.ledger.outbox_due(10).await.unwrap().remove(0);
    bench.ledger.outbox_failed(&first.id, "no such number", None).await.unwrap();
    let second = bench.ledger.outbox_due(10).await.unwrap();
    assert_eq!(second.len(), 1);
    assert_ne!(second[0].id, first.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_has_a_dead_letter_tried_again_or_drops_it() {
    let bench = Bench::new(10).await;
    bench.book(&sms(1), window(60, 60), 1).await;
    let id = bench.ledger.outbox_due(10).await.unwrap().remove(0).id;
    assert!(!bench.ledger.outbox_retry(&id).await.unwrap(), "it is being sent");
    assert!(!bench.ledger.outbox_drop(&id).await.unwrap(), "it is being sent");
    bench.ledger.outbox_failed(&id, "refused", None).await.unwrap();
    assert!(bench.ledger.outbox_retry(&id).await.unwrap());
    assert!(!bench.ledger.outbox_retry(&id).await.unwrap(), "it is no dead letter now");
    let again = bench.ledger.outbox_due(10).await.unwrap().remove(0);
    assert_eq!((again.id.as_str(), again.attempt), (id.as_str(), 1));
    assert_eq!(again.idempotency_key, id);
    bench.ledger.outbox_failed(&id, "refused", None).await.unwrap();
    assert!(bench.ledger.outbox_drop(&id).await.unwrap());
    assert_eq!(bench.ledger.outbox(1).await.unwrap()[0].state, "dropped");
    assert!(!bench.ledger.outbox_retry(&id).await.unwrap());
    assert!(!bench.ledger.outbox_drop("out-0").await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_gateway_has_taken_of_late_may_be_answered() {
    let bench = Bench::new(10).await;
    bench.book(&sms(1), window(60, 60), 1).await;
    let since = bench.now();
    assert_eq!(bench.ledger.answerable(since).await.unwrap(), []);
    bench.pass(MINUTE);
    let item = bench.ledger.outbox_due(10).await.unwrap().remove(0);
    bench.ledger.outbox_sent(&item.id, Some("SM1")).await.unwrap();
    let sent = Answerable { gateway_id: "SM1".to_owned(), sent: bench.now() };
    assert_eq!(bench.ledger.answerable(since).await.unwrap(), [sent]);
    assert_eq!(bench.ledger.answerable(bench.now()).await.unwrap(), []);
}
