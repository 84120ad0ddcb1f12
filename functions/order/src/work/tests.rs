use konf_api::ledger::InboundState;
use konf_contract::{Msisdn, Window};

use super::*;

/// Friday 2026-11-20, 10:00 in Prague.
const MORNING: UnixMs = UnixMs(1_795_165_200_000);

fn plan_of(sender: Sender, text: &str, now: UnixMs) -> Work {
    let stored = InboundStored {
        id: "in-1".to_owned(),
        state: InboundState::Received,
        received: MORNING,
        now,
    };
    let message = InboundMessage {
        gateway: "generic".to_owned(),
        gateway_id: None,
        sender,
        recipient: "+420720002233".to_owned(),
        text: text.to_owned(),
        mail: None,
    };
    plan(&stored, &message)
}

fn by_sms(text: &str) -> Work {
    plan_of(Sender::Sms(Msisdn::parse("606123456").unwrap()), text, MORNING)
}

fn answered(work: Work) -> (Effect, Message) {
    match work {
        Work::Answer(answer) => (answer.effect, answer.render.message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_order_an_offer_and_a_cancellation_are_the_schedules() {
    assert!(
        matches!(by_sms("konf 0907 1400 60 10"), Work::Order(order) if order.order.seats == 10)
    );
    assert!(matches!(by_sms("2"), Work::TakeOffer(take) if take.index == 2));
    assert!(
        matches!(by_sms("storno 123456"), Work::Cancel(cancel) if cancel.number.as_str() == "123456")
    );
}

#[test]
fn a_long_conference_goes_to_an_operator_with_a_receipt_that_states_the_deadline() {
    let hour = MORNING.plus_ms(3_600_000);
    // 2027-07-09T12:00:00Z.
    let start = UnixMs(1_815_134_400_000);
    let window = Window { start, end: start.plus_ms(180 * UnixMs::MINUTE) };
    let (effect, message) = answered(by_sms("conf 0907 1400 180 10"));
    assert_eq!(
        effect,
        Effect::Enqueue {
            text: "conf 0907 1400 180 10".to_owned(),
            received: MORNING,
            due: hour,
            language: Language::En,
            order: Some(RequestedOrder { window, seats: 10 }),
        }
    );
    assert_eq!(message, Message::Receipt { due: hour, zone: ZONE.to_owned() });
}

#[test]
fn rubbish_by_sms_gets_an_example_and_free_text_an_operator() {
    for rubbish in [
        "Vyhrali jste! Kliknete zde: https://x.example/a",
        "Kdo je to?",
        "test",
        "606 123 456 789 0",
    ] {
        let (effect, message) = answered(by_sms(rubbish));
        assert_eq!(effect, Effect::Answer, "{rubbish}");
        let example = "konf 2111 1400 60 10".to_owned();
        assert_eq!(message, Message::Refusal { fault: Fault::Unreadable, example }, "{rubbish}");
    }
    let request = by_sms("Dobry den, potrebujeme spojit 40 lidi zitra dopoledne");
    assert!(matches!(answered(request).0, Effect::Enqueue { order: None, .. }));

    let mail = plan_of(Sender::Email("a@example.com".to_owned()), "Rádi bychom schůzku", MORNING);
    assert!(matches!(answered(mail).0, Effect::Enqueue { .. }));
}

#[test]
fn an_order_that_waited_over_its_start_means_the_same_day_still() {
    let sender = || Sender::Sms(Msisdn::parse("606123456").unwrap());
    let two_hours_later = MORNING.plus_ms(7_200_000);
    let work = plan_of(sender(), "konf 2011 1100 60 10", two_hours_later);
    let Work::Order(order) = work else { panic!("{work:?}") };
    assert_eq!((order.order.wall.as_str(), order.now), ("2026-11-20T11:00", two_hours_later));
}

#[test]
fn a_restricted_sender_hears_that_and_is_not_queued() {
    let Work::Answer(answer) = by_sms("konf 0907 1400 180 10") else { panic!() };
    let until = Some(UnixMs(5));
    let restricted = answer.under(Some(Restriction { reason: "abuse".to_owned(), until }));
    assert_eq!(restricted.effect, Effect::Answer);
    assert_eq!(restricted.render.message, Message::Restricted { until, zone: ZONE.to_owned() });
}

fn language_of_answer(work: Work) -> Language {
    match work {
        Work::Answer(answer) => answer.render.language,
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_used_no_keyword_is_answered_in_the_language_that_can_be_told_or_in_czech() {
    let sms = |number: &str, text: &str| {
        let sender = Sender::Sms(Msisdn::parse(number).unwrap());
        language_of_answer(plan_of(sender, text, MORNING))
    };
    let mail = |text: &str| {
        let sender = Sender::Email("jana@example.com".to_owned());
        language_of_answer(plan_of(sender, text, MORNING))
    };
    assert_eq!(sms("+420606123456", "Hello, we need a room at two"), Language::En);
    assert_eq!(sms("+420606123456", "Dobry den, potrebujeme mistnost"), Language::Cs);
    assert_eq!(sms("+421905123456", "Dobry den"), Language::Cs);
    assert_eq!(sms("+447700900123", "0907 1400 60 10"), Language::En);
    assert_eq!(mail("Prosim o mistnost na zitra pro 50 lidi, dekuji."), Language::Cs);
    assert_eq!(mail("Please book a room for 50 people tomorrow."), Language::En);
    // One word is a name or a signature as well.
    assert_eq!(sms("+420606123456", "Please"), Language::Cs);
}

/// The SMS that the sender of `text` gets at once, if the order is booked as it was understood.
fn told(text: &str, sent: UnixMs) -> Vec<String> {
    use konf_api::ledger::MessageBody;
    use konf_contract::{ConferenceNumber, Password, Pin};
    use konf_credentials::render::{Settings, render};

    let sender = Sender::Sms(Msisdn::parse("606123456").unwrap());
    let request = match plan_of(sender.clone(), text, sent) {
        Work::Answer(answer) => answer.render,
        Work::Order(asked) => RenderRequest {
            recipient: sender,
            language: asked.order.language,
            now: sent,
            message: Message::Credentials {
                number: ConferenceNumber::new("284917").unwrap(),
                pin: Pin::new("135790").unwrap(),
                password: Password::new("24682468").unwrap(),
                window: asked.order.window,
                zone: asked.order.zone,
                seats: asked.order.seats,
            },
        },
        other => panic!("{other:?}"),
    };
    let mut messages = render(&request, &Settings::default());
    let MessageBody::Sms { parts } = messages.remove(0).body else { panic!() };
    parts
}

#[test]
fn what_may_have_been_misread_is_confirmed_or_asked_about_with_its_weekday_and_year() {
    // A day that was yesterday is next year's, and 29 February waits for a leap year: booked, and said.
    let table = [
        ("konf 1911 1000 60 10", "Konference pa 19.11.2027 10:00, 60 min, 10 osob."),
        ("conf 1911 1000 60 10", "Conference Fri 19 Nov 2027 10:00, 60 min, 10 people."),
        ("konf 2902 1000 60 10", "Konference ut 29.2.2028 10:00, 60 min, 10 osob."),
        ("conf 29.2. 10:00 60 10", "Conference Tue 29 Feb 2028 10:00, 60 min, 10 people."),
    ];
    for (text, beginning) in table {
        let parts = told(text, MORNING);
        assert!(parts[0].starts_with(beginning), "{text}: {}", parts[0]);
    }
    // The nights when the clock changes: one question, which the reply settles.
    let table = [
        (
            "konf 2803 0230 60 10",
            "ne 28.3.2027 02:30 kvuli zmene casu neexistuje. Poslete treba konf 2803 0130 60 10 nebo konf 2803 0330 60 10",
        ),
        (
            "conf 3110 0230 60 10",
            "Sun 31 Oct 2027 02:30 comes twice. Send conf 3110 0230 60 10 A (CEST) or conf 3110 0230 60 10 B (CET)",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(told(text, MORNING), [expected], "{text}");
    }
    // A day that never comes, and a time that is over today: the one wrong item and an order that would be taken.
    assert_eq!(told("konf 3002 1000 60 10", MORNING).len(), 1);
    assert_eq!(
        told("konf 2011 0900 60 10", MORNING),
        ["Zacatek pa 20.11.2026 09:00 uz minul. Priklad: konf 2111 0900 60 10"]
    );
}
