//! What time takes back: extensions, ends, secrets.

use konf_api::ledger::*;
use konf_contract::UnixMs;
use konf_contract::link::EndReason;
use konf_ledger::{BookingFilter, Expired};

use crate::support::*;

async fn extend(bench: &Bench, booking: &str, from: i64, to: i64) -> ExtensionOutcome {
    let at = |minutes| UnixMs(START + minutes * MINUTE);
    let proposal = ExtensionProposal { booking: booking.to_owned(), from: at(from), to: at(to) };
    bench.ledger.extend(&proposal, "").await.unwrap()
}

fn end_at(minutes: i64) -> ExtensionOutcome {
    ExtensionOutcome::Moved { end: UnixMs(START + minutes * MINUTE) }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_is_reserved_once_and_never_hurts_a_booking() {
    let bench = Bench::new(10).await;
    let (id, _) = bench.book(&sms(1), window(0, 60), 6).await;
    bench.book(&sms(2), window(90, 60), 6).await;
    bench.pass(55 * MINUTE);
    let question = ExtensionQuestion { booking: id.clone() };
    let facts = bench.ledger.extension_facts(&question).await.unwrap();
    let load = facts.load.unwrap();
    let minute = START / MINUTE + 60;
    let step = |minute, taken| LoadStep { minute, taken };
    assert_eq!(
        (load.capacity, load.steps),
        (10, vec![step(minute, 0), step(minute + 30, 6), step(minute + 90, 0)])
    );
    assert_eq!(extend(&bench, &id, 60, 91).await, end_at(60));
    assert_eq!(extend(&bench, &id, 60, 90).await, ExtensionOutcome::Reserved);
    assert_eq!(extend(&bench, &id, 60, 90).await, end_at(90));
    assert_eq!(bench.taken(&sms(3), window(89, 1)).await, 6);
    // A booking that comes now finds only what is left.
    let late = Effect::Book(bench.booking(window(60, 30), 5));
    assert_eq!(bench.commit(&sms(3), late).await, Outcome::Moved(Moved::Capacity));
    bench.pass(35 * MINUTE);
    assert_eq!(extend(&bench, &id, 90, 100).await, ExtensionOutcome::Gone);
    assert_eq!(extend(&bench, "nothing", 90, 100).await, ExtensionOutcome::Gone);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_empties_gives_back_its_extension_and_not_what_was_booked() {
    let bench = Bench::new(10).await;
    let (id, number) = bench.book(&sms(1), window(0, 60), 10).await;
    bench.admit(&id, 1, &caller(1)).await;
    bench.pass(55 * MINUTE);
    assert_eq!(extend(&bench, &id, 60, 90).await, ExtensionOutcome::Reserved);
    bench.pass(MINUTE);
    let now = bench.now();
    bench
        .records(vec![left(1, 1, &id, now, EndReason::HungUp), room_empty(2, &id, &number, now)])
        .await;
    assert_eq!(bench.taken(&sms(2), window(60, 1)).await, 0);
    assert_eq!(bench.taken(&sms(2), window(59, 1)).await, 10);
    // Somebody comes back before the booked end.
    assert!(matches!(bench.admit(&id, 2, &caller(2)).await, AdmissionOutcome::Admitted { .. }));
    assert_eq!(extend(&bench, &id, 60, 90).await, ExtensionOutcome::Reserved);
    bench.pass(10 * MINUTE + 1);
    let now = bench.now();
    // The room's end overtakes the leg's: only the leg's gives the seats back.
    bench.records(vec![room_empty(3, &id, &number, now)]).await;
    assert_eq!(bench.taken(&sms(2), window(67, 1)).await, 10);
    bench.records(vec![left(4, 2, &id, now, EndReason::HungUp)]).await;
    assert_eq!(bench.taken(&sms(2), window(67, 1)).await, 0);
    assert_eq!(bench.taken(&sms(2), window(66, 1)).await, 10);
    assert_eq!(extend(&bench, &id, 67, 90).await, ExtensionOutcome::Reserved);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_whose_last_caller_does_not_come_back_loses_its_extension() {
    let bench = Bench::new(10).await;
    let (id, number) = bench.book(&sms(1), window(0, 60), 10).await;
    bench.admit(&id, 1, &caller(1)).await;
    extend(&bench, &id, 60, 120).await;
    bench.pass(70 * MINUTE);
    let now = bench.now();
    bench
        .records(vec![left(1, 1, &id, now, EndReason::LegLimit), room_empty(2, &id, &number, now)])
        .await;
    assert_eq!(bench.taken(&sms(2), window(100, 1)).await, 10);
    bench.pass(5 * MINUTE);
    let expired = bench.ledger.expire().await.unwrap();
    assert_eq!((expired.held_seats, expired.extensions, expired.ended), (1, 1, 1));
    assert_eq!(bench.taken(&sms(2), window(100, 1)).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conference_ended_for_all_lets_nobody_in_and_gives_back_what_is_left() {
    let bench = Bench::new(10).await;
    let (id, number) = bench.book(&sms(1), window(0, 60), 10).await;
    bench.admit(&id, 1, &caller(1)).await;
    extend(&bench, &id, 60, 90).await;
    bench.pass(20 * MINUTE + 1);
    let now = bench.now();
    let records =
        vec![left(1, 1, &id, now, EndReason::ClosedByOrganiser), room_closed(2, &id, &number, now)];
    bench.records(records.clone()).await;
    assert_eq!(bench.admit(&id, 2, &caller(2)).await, AdmissionOutcome::Gone);
    assert_eq!(extend(&bench, &id, 90, 100).await, ExtensionOutcome::Gone);
    assert_eq!(bench.taken(&sms(2), window(20, 1)).await, 10);
    assert_eq!(bench.taken(&sms(2), window(21, 1)).await, 0);
    assert_eq!(bench.taken(&sms(2), window(89, 1)).await, 0);
    // Said again, or at the end, nothing goes back twice.
    bench.book(&sms(3), window(30, 30), 10).await;
    bench.records(records).await;
    bench.records(vec![room_closed(3, &id, &number, now)]).await;
    bench.pass(30 * MINUTE);
    bench.ledger.expire().await.unwrap();
    assert_eq!(bench.taken(&sms(2), window(55, 1)).await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn offers_end_and_bookings_end_by_the_clock() {
    let bench = Bench::new(10).await;
    bench.book(&sms(1), window(0, 60), 2).await;
    let until = bench.now().plus_ms(5 * MINUTE);
    let offers = vec![offer(1, window(60, 60), 5), offer(2, window(120, 60), 5)];
    bench.commit(&sms(2), Effect::HoldOffers { offers, until }).await;
    assert_eq!(bench.ledger.expire().await.unwrap(), Expired::default());
    bench.pass(60 * MINUTE);
    let expired = bench.ledger.expire().await.unwrap();
    assert_eq!((expired.offers, expired.ended), (2, 1));
    assert_eq!(bench.ledger.expire().await.unwrap(), Expired::default());
    let ended = BookingFilter {
        state: Some(BookingState::Ended),
        from: Some(UnixMs(0)),
        ..BookingFilter::default()
    };
    assert_eq!(bench.ledger.bookings(&ended).await.unwrap().len(), 1);
    assert!(bench.ledger.bookings(&BookingFilter::default()).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_after_the_end_no_secret_is_left_in_the_files() {
    let bench = Bench::new(10).await;
    let (id, number) = bench.book(&sms(1), window(0, 60), 2).await;
    bench.admit(&id, 1, &caller(1)).await;
    let item = bench.ledger.outbox_due(10).await.unwrap().remove(0);
    bench.ledger.outbox_sent(&item.id, None).await.unwrap();
    let found = |secret: &str| {
        let folder = std::fs::read_dir(bench.folder.path().join("data")).unwrap();
        folder
            .map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .any(|bytes| bytes.windows(secret.len()).any(|window| window == secret.as_bytes()))
    };
    assert!(found("135790") && found("24682468"));
    bench.pass(25 * HOUR - 1);
    assert_eq!(bench.ledger.expire().await.unwrap().credentials, 0);
    bench.pass(1);
    let expired = bench.ledger.expire().await.unwrap();
    assert_eq!(expired.credentials, 1);
    assert!(!found("135790") && !found("24682468"));
    let question = AdmissionQuestion {
        edge: EDGE.to_owned(),
        boot: BOOT.to_owned(),
        leg: konf_contract::LegId(5),
        caller: caller(1),
        credentials: Some(konf_contract::link::KeyedCredentials {
            number: number.as_str().to_owned(),
            code: "135790".to_owned(),
        }),
    };
    let facts = bench.ledger.admission_facts(&question).await.unwrap();
    assert_eq!(facts.matched, None);
    assert_eq!(facts.booking.unwrap().state, BookingState::Ended);
}
