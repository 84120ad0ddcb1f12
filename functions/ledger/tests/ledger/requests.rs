//! Requests for operators: deadlines, who closes one, what a booking makes of one.

use konf_api::ledger::*;
use konf_contract::*;
use konf_ledger::{LedgerError, RequestCounts, RequestLine};

use crate::support::*;

impl Bench {
    async fn enqueue(&self, sender: &Sender, text: &str, due_in_ms: i64) -> RequestLine {
        let effect = Effect::Enqueue {
            text: text.to_owned(),
            received: self.now(),
            due: self.now().plus_ms(due_in_ms),
            language: Language::Cs,
            order: Some(RequestedOrder { window: window(60, 180), seats: 30 }),
        };
        assert_eq!(self.commit(sender, effect).await, Outcome::Committed { booking: None });
        let lines = self.ledger.requests(100).await.unwrap();
        lines.into_iter().rfind(|line| line.text.ends_with(text)).unwrap()
    }

    fn approval(&self, request: &str, window: Window, seats: u32) -> Effect {
        let booking = self.booking(window, seats);
        Effect::Approve { request: request.to_owned(), by: "jana".to_owned(), booking }
    }
}

fn settled(request: &str, result: Settled, note: &str) -> Effect {
    let (request, by, note) = (request.to_owned(), "jana".to_owned(), note.to_owned());
    Effect::Settle { request, by, result, note }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_stand_by_their_deadline_and_are_closed_once() {
    let bench = Bench::new(100).await;
    let later = bench.enqueue(&sms(1), "later", 2 * HOUR).await;
    let sooner = bench.enqueue(&sms(2), "sooner", HOUR).await;
    let ids: Vec<_> =
        bench.ledger.requests(10).await.unwrap().into_iter().map(|line| line.id).collect();
    assert_eq!(ids, [sooner.id.clone(), later.id.clone()]);
    let order = RequestedOrder { window: window(60, 180), seats: 30 };
    assert_eq!((later.order, later.closed, &later.result), (Some(order), None, &None));

    let answer = settled(&sooner.id, Settled::Answered, "which day?");
    assert_eq!(bench.commit(&sms(2), answer.clone()).await, Outcome::Committed { booking: None });
    assert_eq!(bench.commit(&sms(2), answer).await, Outcome::Repeated);
    let closed = bench.ledger.request(&sooner.id).await.unwrap().unwrap();
    assert_eq!(
        (closed.result.as_deref(), closed.by.as_deref(), closed.note.as_deref()),
        (Some("answered"), Some("jana"), Some("which day?"))
    );
    assert_eq!(bench.ledger.closed_requests(10).await.unwrap(), [closed]);
    // Another sender's request is nobody's to close by a wrong name.
    let stranger = proposal(&sms(3), settled(&later.id, Settled::Declined, "no"));
    let refused = bench.ledger.commit(&stranger, "").await.unwrap_err();
    assert!(matches!(refused, LedgerError::Invalid(_)), "{refused}");
    assert_eq!(bench.ledger.requests(10).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_about_to_miss_its_deadline_and_what_has_missed_it_is_counted() {
    let bench = Bench::new(100).await;
    let request = bench.enqueue(&sms(1), "a", HOUR).await;
    bench.enqueue(&sms(2), "b", 2 * HOUR).await;
    let counts = || async { bench.ledger.request_counts().await.unwrap() };
    assert_eq!(counts().await, RequestCounts { open: 2, ..RequestCounts::default() });
    bench.pass(45 * MINUTE);
    assert_eq!(counts().await, RequestCounts { open: 2, soon: 1, ..RequestCounts::default() });
    bench.pass(15 * MINUTE);
    assert_eq!(counts().await, RequestCounts { open: 2, late: 1, ..RequestCounts::default() });
    bench.pass(1);
    bench.commit(&sms(1), settled(&request.id, Settled::Closed, "called")).await;
    let expected = RequestCounts { open: 1, missed: 1, ..RequestCounts::default() };
    assert_eq!(counts().await, expected);
    let numbers = bench.ledger.numbers().await.unwrap();
    assert_eq!((numbers.requests, numbers.waiting), (expected, 3));
    let count = |name| numbers.outcomes.iter().find(|(this, _)| *this == name).unwrap().1;
    assert_eq!((count("requested"), count("settled"), count("booked")), (2, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_operators_at_once_book_a_request_once() {
    let bench = Bench::new(100).await;
    for round in 0..10 {
        let request = bench.enqueue(&sms(round), &format!("request {round}"), HOUR).await;
        let long = window(60 + i64::from(round) * 200, 180);
        let tries = (0..4).map(|at| {
            let effect = match at {
                3 => settled(&request.id, Settled::Declined, "full"),
                _ => bench.approval(&request.id, long, 30),
            };
            let (ledger, proposal) = (bench.ledger.clone(), proposal(&sms(round), effect));
            tokio::spawn(async move { ledger.commit(&proposal, "").await.unwrap() })
        });
        let mut done = 0;
        for outcome in tries.collect::<Vec<_>>() {
            done += u32::from(matches!(outcome.await.unwrap(), Outcome::Committed { .. }));
        }
        assert_eq!(done, 1);
        let closed = bench.ledger.request(&request.id).await.unwrap().unwrap();
        let booked = closed.result.as_deref() == Some("approved");
        assert_eq!(closed.booking.is_some(), booked);
        let taken = bench.taken(&sms(99), long).await;
        assert_eq!(taken, if booked { 30 } else { 0 });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_for_which_the_seats_are_gone_leaves_its_request_open() {
    let bench = Bench::new(40).await;
    let request = bench.enqueue(&sms(1), "a", HOUR).await;
    bench.book(&sms(2), window(200, 60), 20).await;
    let approval = bench.approval(&request.id, window(60, 180), 30);
    assert_eq!(bench.commit(&sms(1), approval).await, Outcome::Moved(Moved::Capacity));
    assert_eq!(bench.ledger.requests(10).await.unwrap()[0].id, request.id);
    let shorter = bench.approval(&request.id, window(60, 140), 30);
    let Outcome::Committed { booking: Some(booking) } = bench.commit(&sms(1), shorter).await else {
        panic!("not booked")
    };
    let closed = bench.ledger.request(&request.id).await.unwrap().unwrap();
    assert_eq!((closed.booking, closed.result.as_deref()), (Some(booking), Some("approved")));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_a_lot_has_five_requests_and_the_rest_in_the_last() {
    let bench = Bench::new(40).await;
    for at in 0..30 {
        bench.enqueue(&sms(1), &format!("message {at}"), HOUR + at).await;
    }
    bench.enqueue(&sms(2), "another sender", HOUR).await;
    let lines = bench.ledger.requests(100).await.unwrap();
    assert_eq!(lines.len(), 6);
    let last = lines.iter().find(|line| line.text.starts_with("message 4")).unwrap();
    assert!(last.text.ends_with("message 28\n\nmessage 29"), "{}", last.text);
}
