use super::*;

/// An hour for ten by SMS, the first message of its sender.
fn facts() -> Facts {
    Facts {
        now_ms: 1_814_875_200_000,
        sender: "0123456789abcdef".to_owned(),
        channel: Channel::Sms,
        abroad: false,
        language: Language::Cs,
        order: Some(Order { starts_ms: 1_815_134_400_000, minutes: 60, seats: 10 }),
        restricted: None,
        messages_hour: 1,
        messages_day: 1,
        booked_hour: 0,
        booked_day: 0,
        booked_ahead: 0,
    }
}

#[test]
fn whoever_sends_an_order_may_use_the_service() {
    assert_eq!(decide(&facts()), Verdict::Accept);
    let other = Facts { channel: Channel::Mail, language: Language::En, order: None, ..facts() };
    assert_eq!(decide(&other), Verdict::Accept);
    let often = Facts { abroad: true, messages_hour: 500, messages_day: 900, ..facts() };
    let often = Facts { booked_hour: 50, booked_day: 90, booked_ahead: 200, ..often };
    assert_eq!(decide(&often), Verdict::Accept);
}

#[test]
fn whom_an_operator_has_restricted_is_refused_until_then() {
    for until_ms in [None, Some(1_815_000_000_000)] {
        let restricted = Some(Restricted { reason: "abuse".to_owned(), until_ms });
        let refused = Verdict::Refuse { rule: "restricted-by-operator", until_ms };
        assert_eq!(decide(&Facts { restricted, ..facts() }), refused);
    }
}
