//! Records of legs: each once, in any order of arrival; ratings and statements.

use konf_api::ledger::*;
use konf_contract::link::*;
use konf_contract::*;
use konf_ledger::LedgerError;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use crate::support::*;

fn key(sequence: u64) -> RecordKey {
    RecordKey { edge: EDGE.to_owned(), boot: BOOT.to_owned(), sequence }
}

fn rating(sequence: u64, amount: i64) -> RatingProposal {
    RatingProposal {
        record: key(sequence),
        amount: Amount(amount),
        billed_s: 61,
        rule: "o2-mobile".to_owned(),
    }
}

async fn statement(bench: &Bench, number: &ConferenceNumber) -> StatementFacts {
    let question = StatementQuestion { number: number.clone() };
    bench.ledger.statement_facts(&question).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_sent_again_a_hundred_times_in_any_order_and_cut_anywhere_count_once() {
    let seed = seed();
    let mut random = SmallRng::seed_from_u64(seed);
    let mut bench = Bench::new(100).await;
    let (id, number) = bench.book(&sms(1), window(0, 60), 50).await;
    let all: Vec<Record> =
        (1..=50).map(|s| left(s, s, &id, bench.now(), EndReason::HungUp)).collect();
    let mut through = 0;
    for round in 0..100 {
        let from = random.random_range(0..=through as usize + 3).min(all.len());
        let to = random.random_range(from..=all.len().min(from + 10));
        let mut part = all[from..to].to_vec();
        part.shuffle(&mut random);
        let gap = part.iter().map(|r| r.sequence).min().is_some_and(|first| first > through + 1);
        match bench.ledger.apply_records(&batch(part)).await {
            Ok(ack) => {
                assert!(!gap);
                if to > from {
                    through = through.max(to as u64);
                }
                assert_eq!((ack.boot.as_str(), ack.through), (BOOT, through));
            }
            Err(LedgerError::Gap { through: told, found, edge, boot }) => {
                assert!(gap);
                assert_eq!((told, found), (through, from as u64 + 1));
                assert_eq!((edge.as_str(), boot.as_str()), (EDGE, BOOT));
            }
            Err(error) => panic!("{error}"),
        }
        if round % 25 == 0 {
            bench.reopen().await;
            assert_eq!(bench.hello(BOOT).await.through, through);
        }
    }
    let ack = bench.records(all.clone()).await;
    assert_eq!(ack.through, 50);
    let legs = statement(&bench, &number).await.legs;
    assert_eq!(legs.len(), 50);
    for (leg, record) in legs.iter().zip(&all) {
        assert_eq!(RecordEvent::LegLeft(leg.leg.clone()), record.event);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_before_a_gap_is_committed_and_the_rest_is_not() {
    let bench = Bench::new(10).await;
    let (id, number) = bench.book(&sms(1), window(0, 60), 5).await;
    let record = |sequence| left(sequence, sequence, &id, bench.now(), EndReason::HungUp);
    let gapped = batch(vec![record(1), record(2), record(4)]);
    let error = bench.ledger.apply_records(&gapped).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "records are missing: boot boot-1 of edge edge-1 is committed through 2, then came 4"
    );
    assert!(!error.may_retry());
    assert_eq!(statement(&bench, &number).await.legs.len(), 2);
    assert_eq!(bench.records(vec![record(3), record(4)]).await.through, 4);
    assert_eq!(bench.records(vec![]).await.through, 4);
    let unknown = RecordBatch { edge: "nobody".to_owned(), ..batch(vec![record(1)]) };
    assert!(matches!(bench.ledger.apply_records(&unknown).await, Err(LedgerError::Invalid(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leg_that_left_twice_is_billed_once_and_holds_up_nothing() {
    let bench = Bench::new(10).await;
    let (id, number) = bench.book(&sms(1), window(0, 60), 5).await;
    let record = |sequence, leg| left(sequence, leg, &id, bench.now(), EndReason::HungUp);
    let ack = bench.records(vec![record(1, 7), record(2, 7), record(3, 8)]).await;
    assert_eq!(ack.through, 3);
    assert_eq!(statement(&bench, &number).await.legs.len(), 2);
    // The same sequence with another content changes nothing.
    let other = left(1, 99, &id, bench.now(), EndReason::Dropped);
    assert_eq!(bench.records(vec![other]).await.through, 3);
    assert_eq!(statement(&bench, &number).await.legs[0].leg.leg, LegId(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_rating_of_a_leg_stays() {
    let bench = Bench::new(10).await;
    let (id, number) = bench.book(&sms(1), window(0, 60), 5).await;
    bench.records(vec![left(1, 1, &id, bench.now(), EndReason::HungUp)]).await;
    let unrated = bench.ledger.unrated(10).await.unwrap();
    assert_eq!((unrated.len(), &unrated[0].record), (1, &key(1)));
    let stamped = "konf:policy/tariff@1.0.0=sha256:aa";
    let rate = async |proposal: &RatingProposal| bench.ledger.rate(proposal, stamped).await;
    assert_eq!(rate(&rating(1, 24_400_000)).await.unwrap(), RatingOutcome::Committed);
    assert_eq!(rate(&rating(1, 1)).await.unwrap(), RatingOutcome::Repeated);
    assert_eq!(rate(&rating(2, 1)).await.unwrap(), RatingOutcome::NoSuchRecord);
    assert_eq!(rate(&rating(u64::MAX, 1)).await.unwrap(), RatingOutcome::NoSuchRecord);
    assert!(rate(&rating(1, -1)).await.is_err());
    let unnamed = RatingProposal { rule: "a b".to_owned(), ..rating(1, 1) };
    assert!(rate(&unnamed).await.is_err());
    assert!(bench.ledger.unrated(10).await.unwrap().is_empty());
    let facts = statement(&bench, &number).await;
    let rating = facts.legs[0].rating.as_ref().unwrap();
    assert_eq!((rating.amount, rating.billed_s), (Amount(24_400_000), 61));
    assert_eq!((rating.policy.as_str(), rating.rated), ("sha256:aa", bench.now()));
    let decisions = bench.ledger.decisions(Some("rating"), 10).await.unwrap();
    assert_eq!(decisions.len(), 1);
    assert_eq!(decisions[0].input["duration-ms"], 61_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leg_that_cannot_be_rated_holds_up_no_other() {
    let bench = Bench::new(10).await;
    let (id, _) = bench.book(&sms(1), window(0, 60), 5).await;
    let records = (1..=3).map(|s| left(s, s, &id, bench.now(), EndReason::HungUp)).collect();
    bench.records(records).await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..3 {
        seen.insert(bench.ledger.unrated(1).await.unwrap()[0].record.sequence);
    }
    assert_eq!(seen.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_of_the_latest_booking_of_a_number() {
    let bench = Bench::new(10).await;
    let first = bench.booking(window(0, 60), 5);
    let outcome = bench.commit(&sms(1), Effect::Book(first.clone())).await;
    let Outcome::Committed { booking: Some(id) } = outcome else { panic!("{outcome:?}") };
    bench.records(vec![left(1, 1, &id, bench.now(), EndReason::HungUp)]).await;
    assert_eq!(statement(&bench, &first.number).await.legs.len(), 1);
    bench.pass(31 * DAY);
    let later = BookingProposal { window: window(31 * 24 * 60 + 60, 60), ..first.clone() };
    bench.commit(&sms(1), Effect::Book(later.clone())).await;
    let facts = statement(&bench, &first.number).await;
    assert_eq!(facts.booking.unwrap().window, later.window);
    assert!(facts.legs.is_empty());
    let nobody = ConferenceNumber::new("999999").unwrap();
    assert_eq!(statement(&bench, &nobody).await.booking, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_came_into_no_conference_are_listed_with_their_price() {
    let bench = Bench::new(10).await;
    let (id, _) = bench.book(&sms(1), window(-10, 60), 2).await;
    let mut stray = left(2, 2, &id, bench.now(), EndReason::Denied);
    if let RecordEvent::LegLeft(leg) = &mut stray.event {
        (leg.booking, leg.joined, leg.role) = (None, None, None);
    }
    let inside = left(1, 1, &id, bench.now(), EndReason::HungUp);
    bench.records(vec![inside, stray]).await;
    let calls = bench.ledger.stray_calls(10).await.unwrap();
    assert_eq!(calls.len(), 1);
    assert_eq!((calls[0].caller.as_deref(), calls[0].duration_ms), (Some("+420…002"), 61_000));
    assert!(calls[0].rating.is_none());
    let record = RecordKey { edge: EDGE.to_owned(), boot: BOOT.to_owned(), sequence: 2 };
    let amount = Amount(24_400_000);
    let rating = RatingProposal { record, amount, billed_s: 61, rule: "own-mobile".to_owned() };
    bench.ledger.rate(&rating, "").await.unwrap();
    let calls = bench.ledger.stray_calls(10).await.unwrap();
    assert_eq!(calls[0].rating.as_ref().unwrap().amount, amount);
}
