//! Who enters: codes, wrong tries, seats, held seats, edges that start anew.

use std::collections::BTreeSet;

use konf_api::ledger::*;
use konf_contract::link::*;
use konf_contract::*;
use konf_ledger::LedgerError;

use crate::support::*;

fn question(caller: &Caller, keyed: Option<(&str, &str)>) -> AdmissionQuestion {
    AdmissionQuestion {
        edge: EDGE.to_owned(),
        boot: BOOT.to_owned(),
        leg: LegId(1),
        caller: caller.clone(),
        credentials: keyed
            .map(|(number, code)| KeyedCredentials { number: number.into(), code: code.into() }),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_decides_between_participant_organiser_and_nobody() {
    let bench = Bench::new(10).await;
    let (id, number) = bench.book(&sms(1), window(0, 60), 3).await;
    let facts = async |number: &str, code: &str| {
        let question = question(&caller(1), Some((number, code)));
        bench.ledger.admission_facts(&question).await.unwrap()
    };
    let number = number.as_str();
    let right = facts(number, "135790").await;
    assert_eq!(right.matched, Some(Role::Participant));
    let booking = right.booking.unwrap();
    assert_eq!((booking.booking, booking.seats, booking.seats_taken), (id, 3, 0));
    assert_eq!(facts(number, "24682468").await.matched, Some(Role::Organiser));
    let long = "1357900000000000000000000";
    for code in ["", "13579", "1357901", "135791", "\0\0\0\0\0\0", long] {
        let facts = facts(number, code).await;
        assert_eq!((facts.matched, facts.booking.is_some()), (None, true), "{code:?}");
    }
    for number in ["", "999999", "abc", "1' OR '1'='1"] {
        let facts = facts(number, "135790").await;
        assert_eq!((facts.matched, facts.booking), (None, None), "{number:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_tries_count_for_an_hour_by_caller_trunk_and_conference() {
    let bench = Bench::new(10).await;
    let (id, number) = bench.book(&sms(1), window(0, 600), 3).await;
    let withheld = Caller { number: None, ..caller(0) };
    for who in [caller(1), caller(1), caller(2), withheld.clone()] {
        let proposal = AdmissionProposal {
            edge: EDGE.to_owned(),
            boot: BOOT.to_owned(),
            leg: LegId(1),
            caller: who,
            verdict: AdmissionVerdict::WrongTry { conference: Some(number.clone()) },
            unpinned: false,
        };
        let noted = bench.ledger.admit(&proposal, "").await.unwrap();
        assert_eq!(noted, AdmissionOutcome::Noted);
    }
    let keyed = Some((number.as_str(), "135790"));
    let counts = async |who: &Caller| {
        let facts = bench.ledger.admission_facts(&question(who, keyed)).await.unwrap();
        (facts.wrong_by_caller, facts.wrong_by_trunk, facts.wrong_by_conference, facts.known_caller)
    };
    assert_eq!(counts(&caller(1)).await, (2, 4, 4, false));
    assert_eq!(counts(&withheld).await, (0, 4, 4, false));
    bench.admit(&id, 1, &caller(1)).await;
    assert_eq!(counts(&caller(1)).await, (2, 4, 4, true));
    bench.pass(HOUR);
    bench.ledger.expire().await.unwrap();
    assert_eq!(counts(&caller(1)).await, (0, 0, 0, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_callers_who_race_for_five_seats_five_get_in() {
    let bench = Bench::new(10).await;
    let (id, _) = bench.book(&sms(1), window(0, 60), 5).await;
    let bench = std::sync::Arc::new(bench);
    let asks = (0..100).map(|leg| {
        let (bench, id) = (bench.clone(), id.clone());
        tokio::spawn(async move {
            // Each asks twice at once, as an edge does whose first answer is late.
            let who = caller(leg as u32);
            let (a, b) = tokio::join!(bench.admit(&id, leg, &who), bench.admit(&id, leg, &who));
            assert_eq!(a, b);
            a
        })
    });
    let mut grants = BTreeSet::new();
    let mut full = 0;
    for ask in asks.collect::<Vec<_>>() {
        match ask.await.unwrap() {
            AdmissionOutcome::Admitted { grant, policy, returning, .. } => {
                assert_eq!((policy.as_str(), returning), ("sha256:bb", false));
                grants.insert(grant);
            }
            AdmissionOutcome::Full => full += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((grants.len(), full), (5, 95));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_that_was_left_goes_to_the_next() {
    let bench = Bench::new(10).await;
    let (id, _) = bench.book(&sms(1), window(0, 60), 1).await;
    assert!(matches!(bench.admit(&id, 1, &caller(1)).await, AdmissionOutcome::Admitted { .. }));
    assert_eq!(bench.admit(&id, 2, &caller(2)).await, AdmissionOutcome::Full);
    bench.records(vec![left(1, 1, &id, bench.now(), EndReason::HungUp)]).await;
    assert!(matches!(bench.admit(&id, 2, &caller(2)).await, AdmissionOutcome::Admitted { .. }));
    // The first leg is over for good.
    assert_eq!(bench.admit(&id, 1, &caller(1)).await, AdmissionOutcome::Gone);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_enters_what_was_cancelled_or_has_ended() {
    let bench = Bench::new(10).await;
    let (id, _) = bench.book(&sms(1), window(0, 60), 1).await;
    bench.pass(60 * MINUTE);
    assert_eq!(bench.admit(&id, 1, &caller(1)).await, AdmissionOutcome::Gone);
    let (id, number) = bench.book(&sms(1), window(60, 60), 1).await;
    assert!(matches!(bench.admit(&id, 2, &caller(2)).await, AdmissionOutcome::Admitted { .. }));
    bench.commit(&sms(1), Effect::Cancel { booking: id.clone() }).await;
    assert_eq!(bench.admit(&id, 3, &caller(3)).await, AdmissionOutcome::Gone);
    let rooms = bench.ledger.rooms_to_close(10).await.unwrap();
    assert_eq!((rooms.len(), &rooms[0].conference, &rooms[0].booking), (1, &number, &id));
    bench.records(vec![left(1, 2, &id, bench.now(), EndReason::ClosedByOrganiser)]).await;
    assert!(bench.ledger.rooms_to_close(10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_networks_limit_the_seat_waits_five_minutes_for_its_caller() {
    let bench = Bench::new(10).await;
    let (id, number) = bench.book(&sms(1), window(0, 120), 1).await;
    bench.admit(&id, 1, &caller(1)).await;
    bench.pass(70 * MINUTE);
    bench.records(vec![left(1, 1, &id, bench.now(), EndReason::LegLimit)]).await;
    // Taken for everybody else, also for the same number from another network.
    assert_eq!(bench.admit(&id, 2, &caller(2)).await, AdmissionOutcome::Full);
    let claimed = Caller { network: "internet".to_owned(), ..caller(1) };
    let facts = bench.ledger.admission_facts(&question(&claimed, None)).await.unwrap();
    assert_eq!((facts.held, facts.booking), (None, None));
    let facts = bench.ledger.admission_facts(&question(&caller(1), None)).await.unwrap();
    let held = facts.held.unwrap();
    assert_eq!((held.role, held.until), (Role::Participant, bench.now().plus_ms(5 * MINUTE)));
    assert_eq!(facts.booking.as_ref().map(|b| (&b.booking, b.seats_taken)), Some((&id, 1)));
    // Who keys the code instead is told of the same seat.
    let keyed = question(&caller(1), Some((number.as_str(), "135790")));
    let facts = bench.ledger.admission_facts(&keyed).await.unwrap();
    assert_eq!(facts.held.as_ref(), Some(&held));
    let stranger = bench.admit_at(BOOT, &id, 3, &caller(3), Some(held.grant.clone())).await;
    assert_eq!(stranger, AdmissionOutcome::Gone);
    let back = bench.admit_at(BOOT, &id, 4, &caller(1), Some(held.grant.clone())).await;
    let AdmissionOutcome::Admitted { returning, former_leg, grant, .. } = back else {
        panic!("{back:?}")
    };
    assert_eq!((returning, former_leg), (true, Some(LegId(1))));
    assert_ne!(grant, held.grant);
    assert_eq!(bench.admit(&id, 2, &caller(2)).await, AdmissionOutcome::Full);
    // Taken up once.
    let twice = bench.admit_at(BOOT, &id, 5, &caller(1), Some(held.grant)).await;
    assert_eq!(twice, AdmissionOutcome::Gone);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_that_nobody_came_back_to_is_free_after_five_minutes_without_a_reconciler() {
    let bench = Bench::new(10).await;
    let (id, _) = bench.book(&sms(1), window(0, 120), 1).await;
    let grant = bench.admit(&id, 1, &caller(1)).await;
    let AdmissionOutcome::Admitted { grant, .. } = grant else { panic!("{grant:?}") };
    bench.records(vec![left(1, 1, &id, bench.now(), EndReason::LegLimit)]).await;
    bench.pass(5 * MINUTE);
    let late = bench.admit_at(BOOT, &id, 2, &caller(1), Some(grant)).await;
    assert_eq!(late, AdmissionOutcome::Gone);
    let other = bench.admit(&id, 3, &caller(3)).await;
    assert!(matches!(other, AdmissionOutcome::Admitted { returning: false, .. }), "{other:?}");
    assert_eq!(bench.ledger.expire().await.unwrap().held_seats, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_that_starts_anew_gives_back_what_its_former_start_held() {
    let bench = Bench::new(10).await;
    let (id, _) = bench.book(&sms(1), window(0, 60), 2).await;
    bench.hello(BOOT).await;
    bench.admit(&id, 1, &caller(1)).await;
    bench.admit(&id, 2, &caller(2)).await;
    // The same start connects again: nothing changes.
    assert_eq!(bench.hello(BOOT).await.released, 0);
    assert_eq!(bench.admit(&id, 3, &caller(3)).await, AdmissionOutcome::Full);
    assert_eq!(bench.hello("boot-2").await.released, 2);
    let fresh = bench.admit_at("boot-2", &id, 1, &caller(1), None).await;
    assert!(matches!(fresh, AdmissionOutcome::Admitted { .. }));
    // What the former start asked late is not granted, and it cannot come back.
    assert_eq!(bench.admit(&id, 9, &caller(9)).await, AdmissionOutcome::Gone);
    let back = bench.ledger.edge_hello(&hello(BOOT)).await;
    assert!(matches!(back, Err(LedgerError::Invalid(_))), "{back:?}");
    // Its records still count, and release nothing twice.
    bench.records(vec![left(1, 1, &id, bench.now(), EndReason::EdgeFailed)]).await;
    let question = ExtensionQuestion { booking: id };
    let facts = bench.ledger.extension_facts(&question).await.unwrap();
    assert_eq!(facts.booking.unwrap().seats_taken, 1);
}
