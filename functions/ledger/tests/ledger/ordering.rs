//! Messages in, bookings, offers, cancelling, restrictions.

use konf_api::ledger::*;
use konf_contract::*;
use konf_ledger::{BookingFilter, LedgerError};

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_gateways_repetition_is_the_same_message_today_tomorrow_and_after_a_restart() {
    let mut bench = Bench::new(10).await;
    let first = bench.ledger.inbound(&inbound(Some("m1"), "konf")).await.unwrap();
    assert_eq!(first.state, InboundState::Received);
    let copies = (0..10).map(|_| {
        let ledger = bench.ledger.clone();
        tokio::spawn(async move { ledger.inbound(&inbound(Some("m1"), "konf")).await.unwrap() })
    });
    for copy in copies.collect::<Vec<_>>() {
        assert_eq!(copy.await.unwrap().id, first.id);
    }
    let answer = Proposal { inbound: Some(first.id.clone()), ..proposal(&sms(1), Effect::Answer) };
    assert_eq!(
        bench.ledger.commit(&answer, "").await.unwrap(),
        Outcome::Committed { booking: None }
    );
    bench.pass(DAY);
    bench.reopen().await;
    let again = bench.ledger.inbound(&inbound(Some("m1"), "konf")).await.unwrap();
    assert_eq!(
        (again.id, again.state, again.received),
        (first.id, InboundState::Answered, first.received)
    );
    assert_eq!(bench.ledger.commit(&answer, "").await.unwrap(), Outcome::Repeated);
    assert_eq!(bench.ledger.outbox(10).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_gateways_id_the_same_text_within_ten_minutes_is_a_copy() {
    let bench = Bench::new(10).await;
    // One minute before the edge of a ten-minute bucket.
    bench.pass(9 * MINUTE);
    let first = bench.ledger.inbound(&inbound(None, "konf")).await.unwrap();
    bench.pass(2 * MINUTE);
    assert_eq!(bench.ledger.inbound(&inbound(None, "konf")).await.unwrap().id, first.id);
    assert_ne!(bench.ledger.inbound(&inbound(None, "konf 2")).await.unwrap().id, first.id);
    bench.pass(9 * MINUTE);
    assert_ne!(bench.ledger.inbound(&inbound(None, "konf")).await.unwrap().id, first.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_an_answer_is_found_again() {
    let bench = Bench::new(10).await;
    let message = inbound(Some("m1"), "konf");
    let stored = bench.ledger.inbound(&message).await.unwrap();
    assert!(bench.ledger.unanswered(MINUTE, 10).await.unwrap().is_empty());
    bench.pass(MINUTE);
    let found = bench.ledger.unanswered(MINUTE, 10).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].0.id, &found[0].1), (&stored.id, &message));
    let answer = Proposal { inbound: Some(stored.id), ..proposal(&sms(1), Effect::Answer) };
    bench.ledger.commit(&answer, "").await.unwrap();
    assert!(bench.ledger.unanswered(MINUTE, 10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_answered_holds_up_no_other_and_is_tried_more_and_more_seldom() {
    let bench = Bench::new(10).await;
    let poison = bench.ledger.inbound(&inbound(Some("m1"), "poison")).await.unwrap();
    bench.pass(MINUTE);
    assert_eq!(bench.ledger.unanswered(MINUTE, 1).await.unwrap()[0].0.id, poison.id);
    assert!(bench.ledger.unanswered(MINUTE, 1).await.unwrap().is_empty());
    let good = bench.ledger.inbound(&inbound(Some("m2"), "good")).await.unwrap();
    bench.pass(MINUTE);
    let found = bench.ledger.unanswered(MINUTE, 1).await.unwrap();
    assert_eq!(found[0].0.id, good.id, "the one that was tried less often is first");
    let mut tries = 0;
    for _ in 0..60 {
        let found = bench.ledger.unanswered(MINUTE, 10).await.unwrap();
        tries += found.iter().filter(|(stored, _)| stored.id == poison.id).count();
        bench.pass(MINUTE);
    }
    // After 2, 4, 8, 16 and 32 minutes.
    assert_eq!(tries, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_committed_is_there_after_a_kill() {
    let mut bench = Bench::new(10).await;
    let stored = bench.ledger.inbound(&inbound(Some("m1"), "konf")).await.unwrap();
    let booking = bench.booking(window(60, 60), 10);
    let order =
        Proposal { inbound: Some(stored.id), ..proposal(&sms(1), Effect::Book(booking.clone())) };
    let outcome = bench.ledger.commit(&order, "").await.unwrap();
    let Outcome::Committed { booking: Some(id) } = outcome else { panic!("{outcome:?}") };
    bench.reopen().await;
    let question = BookingQuestion { number: booking.number.clone(), sender: sms(1) };
    let own = bench.ledger.booking_facts(&question).await.unwrap().booking.unwrap();
    assert_eq!((own.booking, own.window, own.seats), (id, booking.window, 10));
    assert_eq!(own.state, BookingState::Booked);
    assert_eq!(bench.taken(&sms(2), booking.window).await, 10);
    assert_eq!(bench.ledger.commit(&order, "").await.unwrap(), Outcome::Repeated);
    let strangers = BookingQuestion { number: booking.number, sender: sms(2) };
    assert_eq!(bench.ledger.booking_facts(&strangers).await.unwrap().booking, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_proposal_leaves_nothing_behind() {
    let bench = Bench::new(10).await;
    bench.book(&sms(1), window(60, 60), 6).await;
    let stored = bench.ledger.inbound(&inbound(Some("m1"), "konf")).await.unwrap();
    let messages = bench.ledger.outbox(10).await.unwrap().len();
    let order = Proposal {
        inbound: Some(stored.id.clone()),
        // The first half hour is free.
        ..proposal(&sms(2), Effect::Book(bench.booking(window(30, 60), 5)))
    };
    assert_eq!(bench.ledger.commit(&order, "").await.unwrap(), Outcome::Moved(Moved::Capacity));
    assert_eq!(bench.taken(&sms(3), window(30, 10)).await, 0);
    assert_eq!(bench.ledger.outbox(10).await.unwrap().len(), messages);
    assert_eq!(bench.ledger.unanswered(0, 10).await.unwrap()[0].0.id, stored.id);
    assert_eq!(bench.ledger.bookings(&BookingFilter::default()).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conference_number_rests_for_thirty_days() {
    let bench = Bench::new(100).await;
    let first = bench.booking(window(60, 60), 2);
    let again = |start| BookingProposal { window: window(start, 60), ..first.clone() };
    let outcome = bench.commit(&sms(1), Effect::Book(first.clone())).await;
    let Outcome::Committed { booking: Some(id) } = outcome else { panic!("{outcome:?}") };
    let taken = Outcome::Moved(Moved::NumberTaken);
    assert_eq!(bench.commit(&sms(2), Effect::Book(again(600))).await, taken);
    bench.commit(&sms(1), Effect::Cancel { booking: id }).await;
    bench.pass(30 * DAY - MINUTE);
    assert_eq!(bench.commit(&sms(2), Effect::Book(again(30 * 24 * 60 + 60))).await, taken);
    bench.pass(MINUTE);
    let outcome = bench.commit(&sms(2), Effect::Book(again(30 * 24 * 60 + 60))).await;
    assert!(matches!(outcome, Outcome::Committed { booking: Some(_) }), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_own_sender_cancels_and_the_seats_come_back_at_once() {
    let bench = Bench::new(10).await;
    let (id, _) = bench.book(&sms(1), window(60, 60), 10).await;
    let cancel = Effect::Cancel { booking: id };
    let gone = Outcome::Moved(Moved::BookingGone);
    assert_eq!(bench.commit(&sms(2), cancel.clone()).await, gone);
    let cancelled = bench.commit(&sms(1), cancel.clone()).await;
    assert_eq!(cancelled, Outcome::Committed { booking: None });
    assert_eq!(bench.commit(&sms(1), cancel).await, gone);
    bench.book(&sms(2), window(60, 60), 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restriction_takes_effect_at_once_and_is_audited() {
    let bench = Bench::new(10).await;
    let sender = sms(1);
    bench.book(&sender, window(60, 60), 1).await;
    let until = Some(bench.now().plus_ms(HOUR));
    bench.ledger.restrict(&sender, "prank orders", until, "operator").await.unwrap();
    let order = Effect::Book(bench.booking(window(60, 60), 1));
    let restricted = Outcome::Moved(Moved::Restricted);
    assert_eq!(bench.commit(&sender, order.clone()).await, restricted);
    let question = OffersQuestion { sender: sender.clone() };
    let facts = bench.ledger.offers_facts(&question).await.unwrap();
    assert_eq!(facts.restriction, Some(Restriction { reason: "prank orders".to_owned(), until }));
    // The answer that says so goes out.
    assert_eq!(bench.commit(&sender, Effect::Answer).await, Outcome::Committed { booking: None });
    bench.pass(HOUR);
    assert!(matches!(bench.commit(&sender, order).await, Outcome::Committed { .. }));
    bench.ledger.restrict(&sender, "again", None, "operator").await.unwrap();
    assert_eq!(bench.ledger.restrictions().await.unwrap().len(), 1);
    assert!(bench.ledger.unrestrict(&sender, "operator").await.unwrap());
    assert!(!bench.ledger.unrestrict(&sender, "operator").await.unwrap());
    assert!(bench.ledger.restrictions().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn alternatives_hold_the_largest_and_not_their_sum() {
    let bench = Bench::new(10).await;
    bench.book(&sms(9), window(0, 600), 2).await;
    let offers = vec![
        offer(1, window(60, 60), 5),
        offer(2, window(60, 20), 8),
        offer(3, window(120, 60), 8),
    ];
    let until = bench.now().plus_ms(5 * MINUTE);
    let held = bench.commit(&sms(1), Effect::HoldOffers { offers, until }).await;
    assert_eq!(held, Outcome::Committed { booking: None });
    let seen = |from| bench.taken_by_others(window(from, 10));
    assert_eq!((seen(60).await, seen(80).await, seen(120).await), (10, 7, 10));
    // For the one who was offered them they are free.
    assert_eq!(bench.taken(&sms(1), window(60, 10)).await, 2);
    // A stranger cannot take them, their owner can.
    let stranger = bench.commit(&sms(2), Effect::Book(bench.booking(window(60, 10), 1))).await;
    assert_eq!(stranger, Outcome::Moved(Moved::Capacity));
    let facts = bench.ledger.offers_facts(&OffersQuestion { sender: sms(1) }).await.unwrap();
    assert_eq!(facts.offers.iter().map(|o| o.index).collect::<Vec<_>>(), [1, 2, 3]);
    let second = &facts.offers[1];
    let booking = BookingProposal { ..bench.booking(second.window, second.seats) };
    let take = Effect::TakeOffer { offer: second.offer.clone(), booking };
    assert!(matches!(
        bench.commit(&sms(1), take.clone()).await,
        Outcome::Committed { booking: Some(_) }
    ));
    assert_eq!((seen(60).await, seen(80).await, seen(120).await), (10, 2, 2));
    let BookingProposal { number: _, .. } = bench.booking(second.window, second.seats);
    assert_eq!(bench.commit(&sms(1), take).await, Outcome::Moved(Moved::OfferGone));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_whose_time_is_over_stands_in_nobodys_way() {
    let bench = Bench::new(10).await;
    let until = bench.now().plus_ms(5 * MINUTE);
    let offers = vec![offer(1, window(60, 60), 10)];
    bench.commit(&sms(1), Effect::HoldOffers { offers, until }).await;
    let facts = bench.ledger.offers_facts(&OffersQuestion { sender: sms(1) }).await.unwrap();
    let held = facts.offers[0].clone();
    bench.pass(5 * MINUTE);
    assert_eq!(bench.taken(&sms(2), window(60, 60)).await, 0);
    bench.book(&sms(2), window(60, 60), 10).await;
    let booking = bench.booking(held.window, held.seats);
    let take = Effect::TakeOffer { offer: held.offer, booking };
    assert_eq!(bench.commit(&sms(1), take).await, Outcome::Moved(Moved::OfferGone));
    let facts = bench.ledger.offers_facts(&OffersQuestion { sender: sms(1) }).await.unwrap();
    assert!(facts.offers.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_can_be_taken_after_the_capacity_was_lowered() {
    let mut bench = Bench::new(10).await;
    let until = bench.now().plus_ms(5 * MINUTE);
    let offers = vec![offer(1, window(60, 60), 10)];
    bench.commit(&sms(1), Effect::HoldOffers { offers, until }).await;
    bench.reopen_with(vec![edge(EDGE, 4)]).await;
    let facts = bench.ledger.offers_facts(&OffersQuestion { sender: sms(1) }).await.unwrap();
    let booking = bench.booking(facts.offers[0].window, 10);
    let take = Effect::TakeOffer { offer: facts.offers[0].offer.clone(), booking };
    let outcome = bench.commit(&sms(1), take).await;
    let Outcome::Committed { booking: Some(id) } = outcome else { panic!("{outcome:?}") };
    // What comes back does not make more room than there is now.
    bench.commit(&sms(1), Effect::Cancel { booking: id }).await;
    let order = Effect::Book(bench.booking(window(60, 60), 5));
    assert_eq!(bench.commit(&sms(2), order).await, Outcome::Moved(Moved::Capacity));
    bench.book(&sms(2), window(60, 60), 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_out_of_the_settings_takes_no_new_bookings() {
    let mut bench = Bench::with_edges(vec![edge(EDGE, 10), edge("edge-2", 10)]).await;
    bench.book(&sms(1), window(60, 60), 5).await;
    bench.reopen_with(vec![edge("edge-2", 10)]).await;
    let order = Effect::Book(bench.booking(window(60, 60), 1));
    assert_eq!(bench.commit(&sms(1), order).await, Outcome::Moved(Moved::Capacity));
    let question = OrderQuestion { sender: sms(1), span: window(60, 60) };
    let facts = bench.ledger.order_facts(&question).await.unwrap();
    assert_eq!(facts.edges.iter().map(|e| e.edge.as_str()).collect::<Vec<_>>(), ["edge-2"]);
    assert_eq!(bench.ledger.bookings(&BookingFilter::default()).await.unwrap().len(), 1);
    let edges = bench.ledger.edges().await.unwrap();
    assert_eq!(edges.iter().map(|e| e.active).collect::<Vec<_>>(), [false, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_off_the_minute_and_beyond_all_bounds_are_refused() {
    let bench = Bench::new(10).await;
    let ends = |start, end| Window { start: UnixMs(start), end: UnixMs(end) };
    for window in [
        ends(START + 1, START + HOUR),
        ends(START, START),
        ends(START + HOUR, START),
        ends(START, START + 49 * HOUR),
        ends(-HOUR, 0),
        ends(i64::MIN, i64::MAX),
        ends(i64::MAX - 60_000, i64::MAX),
    ] {
        let order = proposal(&sms(1), Effect::Book(bench.booking(window, 1)));
        let refused = bench.ledger.commit(&order, "").await;
        assert!(matches!(refused, Err(LedgerError::Invalid(_))), "{window:?} {refused:?}");
        let question = OrderQuestion { sender: sms(1), span: window };
        let covered = window.start == UnixMs(START + 1);
        assert_eq!(bench.ledger.order_facts(&question).await.is_ok(), covered, "{window:?}");
    }
    let none = proposal(&sms(1), Effect::Book(bench.booking(window(60, 60), 0)));
    assert!(bench.ledger.commit(&none, "").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_decisions_show_no_secret_and_no_whole_number() {
    let bench = Bench::new(10).await;
    bench.book(&sms(123_456), window(60, 60), 2).await;
    bench.book(&Sender::Email("jana@example.cz".to_owned()), window(60, 60), 2).await;
    let shown = [
        serde_json::to_string(&bench.ledger.bookings(&BookingFilter::default()).await.unwrap()),
        serde_json::to_string(&bench.ledger.outbox(10).await.unwrap()),
        serde_json::to_string(&bench.ledger.decisions(None, 10).await.unwrap()),
    ];
    for text in shown.map(Result::unwrap) {
        for secret in ["135790", "24682468", "606123456", "jana@"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    assert_eq!(bench.ledger.decisions(Some("order"), 10).await.unwrap().len(), 2);
}

impl Bench {
    async fn taken_by_others(&self, window: Window) -> u32 {
        self.taken(&sms(77), window).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_is_moved_whole_or_not_at_all() {
    use konf_api::portal::ChangeQuestion;
    let bench = Bench::new(10).await;
    let (booking, number) = bench.book(&sms(1), window(60, 60), 6).await;
    bench.book(&sms(2), window(180, 60), 8).await;
    let change = |window: Window, seats| Effect::Change {
        booking: booking.clone(),
        to: BookingChange {
            edge: EDGE.to_owned(),
            window,
            wall: "2027-07-01T12:30".to_owned(),
            zone: "Europe/Prague".to_owned(),
            seats,
        },
    };
    // Its own seats do not stand in its way.
    let question = ChangeQuestion { sender: sms(1), number: number.clone(), span: window(90, 60) };
    let facts = bench.ledger.change_facts(&question).await.unwrap();
    assert_eq!((facts.edges[0].steps[0].taken, facts.booking.unwrap().seats), (0, 6));
    let outcome = bench.commit(&sms(1), change(window(90, 60), 10)).await;
    assert_eq!(outcome, Outcome::Committed { booking: None });
    assert_eq!(bench.taken(&sms(3), window(60, 30)).await, 0);
    assert_eq!(bench.taken(&sms(3), window(90, 60)).await, 10);
    // Where others are it does not fit, and stays.
    let outcome = bench.commit(&sms(1), change(window(180, 60), 3)).await;
    assert_eq!(outcome, Outcome::Moved(Moved::Capacity));
    assert_eq!(bench.taken(&sms(3), window(90, 60)).await, 10);
    // Nobody else's, none that has begun, none with somebody inside.
    let outcome = bench.commit(&sms(2), change(window(300, 60), 3)).await;
    assert_eq!(outcome, Outcome::Moved(Moved::BookingGone));
    let question = ChangeQuestion { sender: sms(2), number, span: window(90, 60) };
    assert!(bench.ledger.change_facts(&question).await.unwrap().booking.is_none());
    bench.pass(80 * MINUTE);
    bench.admit(&booking, 1, &caller(1)).await;
    let outcome = bench.commit(&sms(1), change(window(300, 60), 3)).await;
    assert_eq!(outcome, Outcome::Moved(Moved::BookingGone));
}
