use super::*;

const NOW: UnixMs = UnixMs(1_000_000);

fn from(ton: u8, text: &str, payload: &[u8]) -> Message {
    let source = Address { ton, npi: 1, text: text.to_owned() };
    let destination = Address { ton: 1, npi: 1, text: "420720002233".to_owned() };
    Message { source, destination, payload: payload.to_vec(), ..Message::default() }
}

#[test]
fn an_order_has_its_sender_whatever_the_type_of_number() {
    for (ton, number) in
        [(1, "420606123456"), (1, "+420606123456"), (2, "606123456"), (0, "00420606123456")]
    {
        let Inbound::Message(message) = understand(&from(ton, number, b"2"), NOW) else { panic!() };
        assert_eq!(
            (message.sender.key().as_str(), message.text.as_str()),
            ("sms:+420606123456", "2")
        );
        assert_eq!((message.gateway.as_str(), message.gateway_id), ("smpp", None));
    }
    for (ton, number) in [(5, "Vodafone"), (1, ""), (0, "112")] {
        assert!(
            matches!(understand(&from(ton, number, b"2"), NOW), Inbound::Unreadable(_)),
            "{number}"
        );
    }
    let binary = Message { data_coding: 4, ..from(1, "420606123456", b"2") };
    assert!(matches!(understand(&binary, NOW), Inbound::Unreadable(_)));
}

#[test]
fn a_part_repeated_is_the_same_and_another_is_another() {
    let part = |payload: &[u8], now| {
        let message = Message { esm_class: 0x40, ..from(1, "420606123456", payload) };
        match understand(&message, now) {
            Inbound::Part(part) => part,
            other => panic!("{other:?}"),
        }
    };
    let first = part(b"\x05\x00\x03\x2a\x02\x01konf ", NOW);
    assert_eq!(
        (first.reference, first.total, first.part, first.message.text.as_str()),
        (42, 2, 1, "konf ")
    );
    assert_eq!(part(b"\x05\x00\x03\x2a\x02\x01konf ", NOW), first);
    for other in [
        part(b"\x05\x00\x03\x2a\x02\x02konf ", NOW),
        part(b"\x05\x00\x03\x2b\x02\x01konf ", NOW),
        part(b"\x05\x00\x03\x2a\x02\x01conf ", NOW),
        part(b"\x05\x00\x03\x2a\x02\x01konf ", NOW.plus_ms(BUCKET_MS)),
    ] {
        assert_ne!(other.message.gateway_id, first.message.gateway_id);
    }
}

#[test]
fn a_receipt_is_read_by_its_parameters_or_by_its_words() {
    let words = |stat: &str| {
        let text = format!(
            "id:m-1 sub:001 dlvrd:001 submit date:2611281000 done date:2611281001 stat:{stat} err:007 text:konf"
        );
        Message { esm_class: 4, ..from(1, "420606123456", text.as_bytes()) }
    };
    let report = |id: &str, fate| {
        Inbound::Report(DeliveryReport { reference: None, gateway_id: Some(id.to_owned()), fate })
    };
    let failed = |reason: &str| Fate::Undelivered { reason: reason.to_owned() };
    assert_eq!(understand(&words("DELIVRD"), NOW), report("m-1", Fate::Delivered));
    assert_eq!(understand(&words("UNDELIV"), NOW), report("m-1", failed("UNDELIV, error 007")));
    for stat in ["ACCEPTD", "ENROUTE", "UNKNOWN", ""] {
        assert_eq!(understand(&words(stat), NOW), Inbound::Nothing, "{stat}");
    }
    let by_parameters = |state| Message {
        receipted_message_id: Some("m-2".to_owned()),
        message_state: Some(state),
        ..Message { esm_class: 4, ..Message::default() }
    };
    assert_eq!(understand(&by_parameters(2), NOW), report("m-2", Fate::Delivered));
    assert_eq!(understand(&by_parameters(5), NOW), report("m-2", failed(", error none")));
    assert_eq!(understand(&by_parameters(1), NOW), Inbound::Nothing);
}
