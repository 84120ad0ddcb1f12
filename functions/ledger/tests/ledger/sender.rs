//! What is known of a sender: counts, and a name that is none.

use konf_api::ledger::*;

use crate::support::*;

async fn facts(bench: &Bench, sender: &Sender) -> SenderFacts {
    bench.ledger.sender_facts(&SenderQuestion { sender: sender.clone() }).await.unwrap()
}

async fn write(bench: &Bench, sender: &Sender, text: &str) {
    let message = InboundMessage { sender: sender.clone(), ..inbound(None, text) };
    bench.ledger.inbound(&message).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_and_bookings_are_counted_by_the_hour_and_by_the_day() {
    let bench = Bench::new(20).await;
    let (jana, petr) = (sms(1), sms(2));
    write(&bench, &jana, "konf one").await;
    bench.book(&jana, window(24 * 60, 60), 2).await;
    write(&bench, &petr, "konf").await;
    bench.pass(HOUR);
    write(&bench, &jana, "konf two").await;
    // A copy counts once.
    write(&bench, &jana, "konf two").await;
    let (booking, _) = bench.book(&jana, window(26 * 60, 60), 2).await;
    let counts = async || {
        let f = facts(&bench, &jana).await;
        let messages = (f.messages_hour, f.messages_day);
        (messages, (f.booked_hour, f.booked_day, f.booked_ahead))
    };
    assert_eq!(counts().await, ((1, 2), (1, 2, 2)));
    bench.commit(&jana, Effect::Cancel { booking }).await;
    assert_eq!(counts().await, ((1, 2), (1, 2, 1)), "cancelled is not ahead, and counts");
    bench.pass(DAY - HOUR);
    assert_eq!(counts().await, ((0, 1), (0, 1, 1)));
    bench.pass(2 * HOUR);
    assert_eq!(counts().await, ((0, 0), (0, 0, 0)));
    assert_eq!(facts(&bench, &sms(3)).await.messages_day, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pseudonym_is_the_same_for_the_same_sender_and_says_nothing() {
    let bench = Bench::new(20).await;
    let one = facts(&bench, &sms(1)).await;
    assert_eq!(one.pseudonym, facts(&bench, &sms(1)).await.pseudonym);
    assert_ne!(one.pseudonym, facts(&bench, &sms(2)).await.pseudonym);
    assert_eq!(one.pseudonym.len(), 16);
    let mail = |address: &str| Sender::Email(address.to_owned());
    let jana = facts(&bench, &mail("Jana@Example.com")).await.pseudonym;
    assert_eq!(jana, facts(&bench, &mail("jana@example.com")).await.pseudonym);
    assert_eq!(one.restriction, None);
    bench.ledger.restrict(&sms(1), "abuse", None, "petr").await.unwrap();
    let restricted = facts(&bench, &sms(1)).await.restriction.unwrap();
    assert_eq!((restricted.reason.as_str(), restricted.until), ("abuse", None));
}
