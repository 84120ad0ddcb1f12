//! The budget of messages out (RELIABILITY.md, row 9).

use konf_api::ledger::*;
use konf_ledger::Budget;

use crate::support::*;

async fn bench(per_recipient: u32, total: u32) -> Bench {
    Bench::with_budget(vec![edge(EDGE, 400)], Budget { per_recipient, total }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_orders_from_random_numbers_stay_within_the_budget() {
    let bench = bench(10, 100).await;
    let (mut booked, mut silent) = (0, 0);
    for at in 0..10_000 {
        // Every second one is nonsense that would be answered by a refusal.
        let effect = match at % 2 {
            0 => Effect::Book(bench.booking(window(60, 60), 2)),
            _ => Effect::Answer,
        };
        match bench.commit(&sms(at), effect).await {
            Outcome::Committed { .. } => booked += 1,
            Outcome::OverBudget => silent += 1,
            outcome => panic!("{outcome:?}"),
        }
    }
    assert_eq!((booked, silent), (100, 9_900));
    assert_eq!(bench.ledger.outbox(1_000).await.unwrap().len(), 100);
    // What was not answered holds no seats: fifty bookings of two.
    assert_eq!(bench.taken(&sms(1), window(60, 60)).await, 100);
    bench.pass(HOUR);
    let outcome = bench.commit(&sms(1), Effect::Answer).await;
    assert!(matches!(outcome, Outcome::Committed { .. }), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_recipient_gets_so_many_parts_an_hour_and_others_are_not_hurt() {
    let bench = bench(3, 100).await;
    let two_parts = |from: u32| {
        let body = MessageBody::Sms { parts: vec!["one".to_owned(), "two".to_owned()] };
        let messages = vec![OutboxMessage { body, ..message(&sms(from)) }];
        Proposal { messages, ..proposal(&sms(from), Effect::Answer) }
    };
    let committed = Outcome::Committed { booking: None };
    assert_eq!(bench.ledger.commit(&two_parts(1), "").await.unwrap(), committed);
    assert_eq!(bench.ledger.commit(&two_parts(1), "").await.unwrap(), Outcome::OverBudget);
    assert_eq!(bench.commit(&sms(1), Effect::Answer).await, committed);
    assert_eq!(bench.ledger.commit(&two_parts(2), "").await.unwrap(), committed);
    bench.pass(HOUR);
    assert_eq!(bench.ledger.commit(&two_parts(1), "").await.unwrap(), committed);
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_budget_a_message_is_stored_and_answered_by_silence_once() {
    let bench = bench(1, 100).await;
    bench.commit(&sms(1), Effect::Answer).await;
    let stored = bench.ledger.inbound(&inbound(Some("m1"), "konf 0107 1400 60 10")).await.unwrap();
    let order = Proposal {
        inbound: Some(stored.id.clone()),
        ..proposal(&sms(1), Effect::Book(bench.booking(window(60, 60), 2)))
    };
    assert_eq!(bench.ledger.commit(&order, "").await.unwrap(), Outcome::OverBudget);
    assert!(bench.ledger.unanswered(0, 10).await.unwrap().is_empty());
    let again = bench.ledger.inbound(&inbound(Some("m1"), "konf 0107 1400 60 10")).await.unwrap();
    assert_eq!((again.id, again.state), (stored.id.clone(), InboundState::Answered));
    bench.pass(HOUR);
    assert_eq!(bench.ledger.commit(&order, "").await.unwrap(), Outcome::Repeated);
    let decision = bench.ledger.decisions(Some("order"), 1).await.unwrap().remove(0);
    assert_eq!((decision.subject, &decision.output["outcome"]), (stored.id, &"over-budget".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_budget_seats_are_still_given_back_and_operators_still_hear() {
    let bench = bench(1, 100).await;
    let (booking, _) = bench.book(&sms(1), window(60, 60), 2).await;
    let committed = Outcome::Committed { booking: None };
    assert_eq!(bench.commit(&sms(1), Effect::Cancel { booking }).await, committed);
    assert_eq!(bench.taken(&sms(1), window(60, 60)).await, 0);
    let request = Effect::Enqueue {
        text: "300 people".to_owned(),
        received: bench.now(),
        due: bench.now().plus_ms(HOUR),
        language: konf_contract::Language::Cs,
        order: None,
    };
    assert_eq!(bench.commit(&sms(1), request).await, committed);
    assert_eq!(bench.ledger.requests(10).await.unwrap().len(), 1);
    assert_eq!(bench.ledger.outbox(10).await.unwrap().len(), 1);
}
