//! Long SMS in parts: one message, once, whatever the order in which they come.

use konf_api::ledger::*;

use crate::support::*;

fn part(sender: u32, reference: u32, part: u32, total: u32, id: &str, text: &str) -> InboundPart {
    let message = InboundMessage {
        gateway: "vonage".to_owned(),
        gateway_id: Some(id.to_owned()),
        sender: sms(sender),
        recipient: "+420720002233".to_owned(),
        text: text.to_owned(),
        mail: None,
    };
    InboundPart { message, reference, total, part }
}

fn whole(answer: PartStored) -> (InboundStored, InboundMessage) {
    match answer {
        PartStored::Whole { stored, message } => (stored, message),
        PartStored::Waiting => panic!("still waiting"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_become_one_message_in_whatever_order_they_come_and_however_often() {
    let bench = Bench::new(10).await;
    let parts = [
        part(1, 7, 1, 3, "a", "konf 0907 "),
        part(1, 7, 2, 3, "b", "1400 60 "),
        part(1, 7, 3, 3, "c", "10"),
    ];
    for (case, order) in [[2, 0, 1], [1, 2, 0], [0, 1, 2]].into_iter().enumerate() {
        let sender = u32::try_from(case).unwrap() + 1;
        let mut answers = Vec::new();
        for at in order {
            let mut part = parts[at].clone();
            part.message.sender = sms(sender);
            part.message.gateway_id = Some(format!("{at}-{case}"));
            answers.push(bench.ledger.inbound_part(&part).await.unwrap());
            // The gateway comes again.
            let again = bench.ledger.inbound_part(&part).await.unwrap();
            assert_eq!(&again, answers.last().unwrap());
        }
        assert_eq!(answers[..2], [PartStored::Waiting, PartStored::Waiting]);
        let (stored, message) = whole(answers.remove(2));
        assert_eq!(
            (stored.state, message.text.as_str()),
            (InboundState::Received, "konf 0907 1400 60 10")
        );
        assert_eq!((message.sender, message.gateway_id), (sms(sender), Some(format!("0-{case}"))));
    }
    // Three messages, not nine.
    assert_eq!(bench.ledger.unanswered(0, 10).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_that_counts_from_the_start_again_writes_another_message() {
    let bench = Bench::new(10).await;
    let of = |id: &str, at, text: &str| part(1, 7, at, 2, id, text);
    bench.ledger.inbound_part(&of("a", 1, "one ")).await.unwrap();
    let (first, message) = whole(bench.ledger.inbound_part(&of("b", 2, "two")).await.unwrap());
    assert_eq!(message.text, "one two");
    assert_eq!(bench.ledger.inbound_part(&of("c", 2, "four")).await.unwrap(), PartStored::Waiting);
    let (second, message) = whole(bench.ledger.inbound_part(&of("d", 1, "three ")).await.unwrap());
    assert_eq!(message.text, "three four");
    assert_ne!(first.id, second.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_other_senders_and_of_yesterday_are_parts_of_other_messages() {
    let bench = Bench::new(10).await;
    bench.ledger.inbound_part(&part(1, 7, 1, 2, "a", "one ")).await.unwrap();
    for other in
        [part(2, 7, 2, 2, "b", "two"), part(1, 8, 2, 2, "c", "two"), part(1, 7, 2, 3, "d", "two")]
    {
        assert_eq!(bench.ledger.inbound_part(&other).await.unwrap(), PartStored::Waiting);
    }
    bench.pass(DAY);
    let late = part(1, 7, 2, 2, "e", "two");
    assert_eq!(bench.ledger.inbound_part(&late).await.unwrap(), PartStored::Waiting);
    bench.ledger.expire().await.unwrap();
    let early = part(1, 7, 1, 2, "f", "uno ");
    let (_, message) = whole(bench.ledger.inbound_part(&early).await.unwrap());
    assert_eq!(message.text, "uno two");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_none_is_refused() {
    let bench = Bench::new(10).await;
    let mut nameless = part(1, 7, 1, 2, "a", "x");
    nameless.message.gateway_id = None;
    let table = [
        part(1, 7, 1, 1, "a", "x"),
        part(1, 7, 1, 11, "a", "x"),
        part(1, 7, 0, 2, "a", "x"),
        part(1, 7, 3, 2, "a", "x"),
        part(1, 7, 1, 2, "a", &"x".repeat(65_537)),
        nameless,
    ];
    for part in table {
        bench.ledger.inbound_part(&part).await.unwrap_err();
    }
}
