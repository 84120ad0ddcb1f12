use konf_api::ledger::{InboundState, RequestedOrder};
use konf_contract::Msisdn;

use super::*;

/// Friday 2026-11-20, 10:00 in Prague.
const MORNING: UnixMs = UnixMs(1_795_165_200_000);

fn stored() -> InboundStored {
    let id = "in-1".to_owned();
    InboundStored { id, state: InboundState::Received, received: MORNING, now: MORNING }
}

fn by_sms(number: &str, text: &str) -> InboundMessage {
    InboundMessage {
        gateway: "generic".to_owned(),
        gateway_id: None,
        sender: Sender::Sms(Msisdn::parse(number).unwrap()),
        recipient: "+420720002233".to_owned(),
        text: text.to_owned(),
        mail: None,
    }
}

fn sender_facts() -> SenderFacts {
    SenderFacts {
        now: MORNING,
        restriction: None,
        pseudonym: "0123456789abcdef".to_owned(),
        messages_hour: 1,
        messages_day: 2,
        booked_hour: 0,
        booked_day: 1,
        booked_ahead: 1,
    }
}

/// The default policy, as the component would be given it.
fn default_policy(facts: &PolicyFacts) -> Verdict {
    use konf_policy_restriction::rule;
    let sender = &facts.sender;
    let verdict = rule::decide(&rule::Facts {
        now_ms: sender.now.0,
        sender: sender.pseudonym.clone(),
        channel: if facts.by_mail { rule::Channel::Mail } else { rule::Channel::Sms },
        abroad: facts.abroad,
        language: match facts.language {
            Language::Cs => rule::Language::Cs,
            Language::En => rule::Language::En,
        },
        order: None,
        restricted: sender.restriction.as_ref().map(|restriction| rule::Restricted {
            reason: restriction.reason.clone(),
            until_ms: restriction.until.map(|until| until.0),
        }),
        messages_hour: sender.messages_hour,
        messages_day: sender.messages_day,
        booked_hour: sender.booked_hour,
        booked_day: sender.booked_day,
        booked_ahead: sender.booked_ahead,
    });
    match verdict {
        rule::Verdict::Accept => Verdict::Accept,
        rule::Verdict::Refuse { rule, until_ms } => {
            Verdict::Refuse { rule: rule.to_owned(), until: until_ms.map(UnixMs) }
        }
        rule::Verdict::AskOperator => Verdict::AskOperator,
    }
}

/// What becomes of a message under a policy; nothing: the policy is not asked.
fn under(message: &InboundMessage, policy: impl Fn(&PolicyFacts) -> Verdict) -> Option<Work> {
    let work = work::plan(&stored(), message);
    let facts = question(&work, message, sender_facts());
    assert_eq!(facts.is_some(), orders(&work));
    let facts = facts?;
    let verdict = policy(&facts);
    Some(judged(work, &verdict, &facts, &stored(), message))
}

const STANDARD: &str = "konf 2111 1400 60 10";
const LONG: &str = "conf 2111 1400 180 10";

#[test]
fn the_policy_hears_of_orders_and_requests_alone_and_never_whose_they_are() {
    let asked = |number: &str, text: &str| {
        let message = by_sms(number, text);
        question(&work::plan(&stored(), &message), &message, sender_facts())
    };
    let order = asked("606123456", STANDARD).unwrap();
    assert_eq!((order.by_mail, order.abroad, order.language), (false, false, Language::Cs));
    assert_eq!(order.order.as_ref().map(|order| order.seats), Some(10));
    assert!(!format!("{order:?}").contains("606123456"), "{order:?}");
    let request = asked("+447700900123", LONG).unwrap();
    assert_eq!((request.abroad, request.language, &request.order), (true, Language::En, &None));
    for text in ["2", "storno 123456", "konf 3113 1400 60 10", "Vyhrali jste!"] {
        assert_eq!(asked("606123456", text), None, "{text}");
    }
}

#[test]
fn under_the_default_everything_stays_as_it_was() {
    for text in [STANDARD, LONG] {
        let message = by_sms("606123456", text);
        assert_eq!(under(&message, default_policy), Some(work::plan(&stored(), &message)));
    }
}

fn answered(work: Option<Work>) -> (Effect, Message, Language) {
    match work {
        Some(Work::Answer(answer)) => {
            (answer.effect, answer.render.message, answer.render.language)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_is_refused_hears_until_when_and_a_time_that_is_over_is_none() {
    for (until, told) in [(Some(1), Some(1)), (Some(0), None), (Some(-1), None), (None, None)] {
        let until = until.map(|ms| MORNING.plus_ms(ms));
        let refuse = |_: &PolicyFacts| Verdict::Refuse { rule: "too-often".to_owned(), until };
        for (text, language) in [(STANDARD, Language::Cs), (LONG, Language::En)] {
            let (effect, message, spoken) = answered(under(&by_sms("606123456", text), refuse));
            assert_eq!((effect, spoken), (Effect::Answer, language));
            let until = told.map(|ms| MORNING.plus_ms(ms));
            assert_eq!(message, Message::Restricted { until, zone: ZONE.to_owned() });
        }
    }
}

#[test]
fn an_operator_who_is_asked_gets_the_order_as_it_was_sent() {
    let ask = |_: &PolicyFacts| Verdict::AskOperator;
    let (effect, message, language) = answered(under(&by_sms("606123456", STANDARD), ask));
    let due = MORNING.plus_ms(3_600_000);
    let text = STANDARD.to_owned();
    let order = match work::plan(&stored(), &by_sms("606123456", STANDARD)) {
        Work::Order(asked) => asked.order,
        other => panic!("{other:?}"),
    };
    let order = Some(RequestedOrder { window: order.window, seats: order.seats });
    let asked = Effect::Enqueue { text, received: MORNING, due, language: Language::Cs, order };
    assert_eq!(effect, asked);
    assert_eq!(
        (message, language),
        (Message::Receipt { due, zone: ZONE.to_owned() }, Language::Cs)
    );
}

#[test]
fn an_operators_restriction_is_no_policys_to_lift_or_to_word() {
    let message = by_sms("606123456", STANDARD);
    let work = work::plan(&stored(), &message);
    let reason = "odesílal spam z 606 123 456 ".repeat(10);
    let restriction = Some(Restriction { reason, until: None });
    let facts = question(&work, &message, SenderFacts { restriction, ..sender_facts() }).unwrap();
    let told = &facts.sender.restriction.as_ref().unwrap().reason;
    assert_eq!(told.chars().count(), REASON_CHARACTERS_MAX);
    assert!(told.starts_with("odesílal spam z ### ### ### odes"), "{told}");
    let refuse = Verdict::Refuse { rule: "x".to_owned(), until: Some(UnixMs(i64::MAX)) };
    for verdict in [Verdict::Accept, Verdict::AskOperator, refuse, default_policy(&facts)] {
        // The schedule answers, and the ledger commits nothing against it.
        let left = judged(work.clone(), &verdict, &facts, &stored(), &message);
        assert_eq!(left, work, "{verdict:?}");
    }
}

#[test]
fn a_rule_says_nothing_but_its_name_in_the_log() {
    assert_eq!(rule_name("too-often-2"), "too-often-2");
    let long = "x".repeat(RULE_BYTES_MAX + 1);
    for bad in ["", "a b", "x\ny", "příliš", &long] {
        assert_eq!(rule_name(bad), "(no proper name)");
    }
}
