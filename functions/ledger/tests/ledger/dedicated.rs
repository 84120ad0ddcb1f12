//! Dedicated conferences: seats in every minute, one number, admission in each occurrence, all given back.

use konf_api::ledger::*;
use konf_contract::link::*;
use konf_contract::*;

use crate::support::*;

impl Bench {
    fn dedicated(&self, windows: &[Window], seats: u32) -> Effect {
        let booking = self.booking(window(0, 1), seats);
        Effect::Dedicate(DedicatedProposal {
            customer: "Firma".to_owned(),
            by: "jana".to_owned(),
            number: booking.number,
            pin: booking.pin,
            password: booking.password,
            edge: EDGE.to_owned(),
            occurrences: windows
                .iter()
                .map(|window| Occurrence { window: *window, wall: "2027-07-01T12:00".to_owned() })
                .collect(),
            weekly: None,
            zone: "Europe/Prague".to_owned(),
            seats,
            language: Language::Cs,
        })
    }

    async fn facts(&self, number: &ConferenceNumber) -> AdmissionFacts {
        let question = AdmissionQuestion {
            edge: EDGE.to_owned(),
            boot: BOOT.to_owned(),
            leg: LegId(1),
            caller: caller(1),
            credentials: Some(KeyedCredentials {
                number: number.as_str().into(),
                code: "135790".into(),
            }),
        };
        self.ledger.admission_facts(&question).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_seats_are_taken_in_every_minute_and_come_back_when_it_is_cancelled() {
    let bench = Bench::new(40).await;
    let days: Vec<Window> = (1..=5).map(|day| window(day * 1_440, 120)).collect();
    let outcome = bench.commit(&sms(1), bench.dedicated(&days, 30)).await;
    assert!(matches!(outcome, Outcome::Committed { booking: Some(_) }), "{outcome:?}");
    for day in &days {
        assert_eq!(bench.taken(&sms(2), *day).await, 30);
        let refused = bench.commit(&sms(2), Effect::Book(bench.booking(*day, 11))).await;
        assert_eq!(refused, Outcome::Moved(Moved::Capacity));
    }
    assert_eq!(bench.taken(&sms(2), window(1_440 + 120, 1)).await, 0, "only inside");
    let line = bench.ledger.dedicated(10).await.unwrap().remove(0);
    assert_eq!(
        (line.customer.as_str(), line.sender.as_str(), line.next),
        ("Firma", "+420…001", Some(days[0]))
    );
    // Whoever is not its customer cancels nothing, nor does its customer by a message.
    let cancel = || Effect::CancelDedicated { dedicated: line.id.clone() };
    assert_eq!(bench.commit(&sms(2), cancel()).await, Outcome::Moved(Moved::BookingGone));
    let question = BookingQuestion { number: line.number.clone(), sender: sms(1) };
    assert_eq!(bench.ledger.booking_facts(&question).await.unwrap().booking, None);
    assert_eq!(bench.commit(&sms(1), cancel()).await, Outcome::Committed { booking: None });
    assert_eq!(bench.commit(&sms(1), cancel()).await, Outcome::Moved(Moved::BookingGone));
    for day in &days {
        assert_eq!(bench.taken(&sms(2), *day).await, 0);
    }
    assert_eq!(bench.ledger.dedicated(10).await.unwrap()[0].state, BookingState::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_one_occurrence_does_not_fit_none_is_booked() {
    let bench = Bench::new(40).await;
    let days: Vec<Window> = (1..=5).map(|day| window(day * 1_440, 120)).collect();
    bench.book(&sms(2), window(4 * 1_440 + 119, 10), 11).await;
    let outcome = bench.commit(&sms(1), bench.dedicated(&days, 30)).await;
    assert_eq!(outcome, Outcome::Moved(Moved::Capacity));
    assert_eq!(bench.taken(&sms(3), days[0]).await, 0);
    assert!(bench.ledger.dedicated(10).await.unwrap().is_empty());
    // Two that meet, none at all, and more minutes than may be reserved.
    let long = window(0, 144_001);
    for bad in [&[days[0], days[0]][..], &[], &[long]] {
        let proposal = proposal(&sms(1), bench.dedicated(bad, 2));
        assert!(bench.ledger.commit(&proposal, "").await.is_err(), "{bad:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_number_and_pin_open_each_occurrence_in_its_turn() {
    let bench = Bench::new(40).await;
    let days = [window(60, 60), window(3 * 1_440, 60)];
    bench.commit(&sms(1), bench.dedicated(&days, 2)).await;
    let number = bench.ledger.dedicated(1).await.unwrap()[0].number.clone();
    let now = |facts: &AdmissionFacts| facts.booking.as_ref().map(|b| (b.window, b.state));
    let facts = bench.facts(&number).await;
    assert_eq!(
        (now(&facts), facts.matched),
        (Some((days[0], BookingState::Booked)), Some(Role::Participant))
    );
    bench.pass(70 * MINUTE);
    let first = bench.facts(&number).await.booking.unwrap().booking;
    assert!(matches!(bench.admit(&first, 1, &caller(1)).await, AdmissionOutcome::Admitted { .. }));
    assert!(matches!(bench.admit(&first, 2, &caller(2)).await, AdmissionOutcome::Admitted { .. }));
    assert_eq!(bench.admit(&first, 3, &caller(3)).await, AdmissionOutcome::Full);
    // Its organiser ends it for all: the room closes, and who comes back comes in.
    bench.records(vec![room_closed(1, &first, &number, bench.now())]).await;
    assert_eq!(now(&bench.facts(&number).await), Some((days[0], BookingState::Booked)));
    // After the first one it is the next one's turn, whose PIN outlives the erasure of the first's.
    bench.pass(HOUR);
    assert_eq!(now(&bench.facts(&number).await), Some((days[1], BookingState::Booked)));
    bench.pass(3 * DAY - 120 * MINUTE);
    bench.ledger.expire().await.unwrap();
    let facts = bench.facts(&number).await;
    assert_eq!(facts.matched, Some(Role::Participant));
    // All its legs stand on one statement.
    let second = facts.booking.unwrap().booking;
    assert_ne!(first, second);
    bench
        .records(vec![
            left(2, 1, &first, bench.now(), EndReason::HungUp),
            left(3, 9, &second, bench.now(), EndReason::HungUp),
        ])
        .await;
    let statement =
        bench.ledger.statement_facts(&StatementQuestion { number: number.clone() }).await.unwrap();
    assert_eq!(statement.legs.len(), 2);
    bench.pass(HOUR);
    assert_eq!(bench.facts(&number).await.matched, Some(Role::Participant), "told that it is over");
    assert_eq!(bench.ledger.dedicated(1).await.unwrap()[0].state, BookingState::Ended);
    assert_eq!(now(&bench.facts(&number).await).unwrap().1, BookingState::Ended);
}
