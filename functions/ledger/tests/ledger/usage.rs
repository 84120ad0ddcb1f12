//! Who takes the seats, as operators see it.

use konf_api::ledger::*;
use konf_contract::*;

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn each_step_shows_its_busiest_minute_by_what_takes_the_seats() {
    let bench = Bench::with_edges(vec![edge(EDGE, 50), edge("edge-2", 20)]).await;
    // Ten seats for half an hour, five more for ten minutes of it; an offer of eight; all within two hours.
    let (booking, _) = bench.book(&sms(1), window(30, 30), 10).await;
    bench.book(&sms(2), window(40, 10), 5).await;
    let held = Effect::HoldOffers {
        offers: vec![offer(1, window(90, 20), 8)],
        until: bench.now().plus_ms(10 * MINUTE),
    };
    bench.commit(&sms(3), held).await;
    let extension = ExtensionProposal { booking, from: window(30, 30).end, to: window(30, 45).end };
    assert_eq!(bench.ledger.extend(&extension, "").await.unwrap(), ExtensionOutcome::Reserved);

    let usage = bench.ledger.usage(window(0, 120), 15).await.unwrap();
    let steps: Vec<_> =
        usage[0].steps.iter().map(|step| (step.booked, step.extended, step.offered)).collect();
    let expected =
        [(0, 0, 0), (0, 0, 0), (15, 0, 0), (15, 0, 0), (0, 10, 0), (0, 0, 0), (0, 0, 8), (0, 0, 8)];
    assert_eq!((steps, usage[0].capacity), (expected.to_vec(), 50));
    assert!(usage[1].steps.iter().all(|step| step.taken() == 0));
    assert_eq!(usage[0].steps[1].from, window(15, 1).start);
    // What the picture shows is what the capacity table has.
    for step in &usage[0].steps {
        let whole = window(step.from.since(UnixMs(START)) / MINUTE, 15);
        let question = OrderQuestion { sender: sms(99), span: whole };
        let facts = bench.ledger.order_facts(&question).await.unwrap();
        let peak = facts.edges[0].steps.iter().map(|step| step.taken).max();
        assert_eq!(peak, Some(step.taken()), "{step:?}");
    }
    // An offer that is over takes nothing.
    bench.pass(10 * MINUTE);
    let usage = bench.ledger.usage(window(0, 120), 120).await.unwrap();
    assert_eq!((usage[0].steps.len(), usage[0].steps[0].booked), (1, 15));
    assert!(bench.ledger.usage(window(0, 49 * 60), 15).await.is_err());
}
