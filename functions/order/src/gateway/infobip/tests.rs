use konf_api::ledger::{DeliveryReport, Fate};

use crate::gateway::testing::{Sent, messages};
use crate::gateway::{Gateway, Item, Received, Rejected, Secrets};

const BASIC: &str = "basic konf:correct horse battery";
/// base64 of `konf:correct horse battery`.
const SENT_BASIC: &str = "Basic a29uZjpjb3JyZWN0IGhvcnNlIGJhdHRlcnk=";

fn under(auth: &str, sent: &Sent) -> Result<Received, Rejected> {
    let secrets = Secrets { infobip_auth: auth.to_owned(), ..Secrets::default() };
    sent.to(Gateway::Infobip, &secrets)
}

fn sent(body: &str) -> Sent {
    Sent::json("/sms/infobip", body).with("authorization", SENT_BASIC)
}

/// The body of Infobip's documentation, "Receive inbound SMS messages".
const DOCUMENTED: &str = r#"{"results":[{"messageId":"817790313235066447","from":"385916242493",
    "to":"385921004026","text":"QUIZ Correct answer is Paris","cleanText":"Correct answer is Paris",
    "keyword":"QUIZ","receivedAt":"2019-11-09T16:00:00.000+0000","smsCount":1,
    "price":{"pricePerMessage":0,"currency":"EUR"},"callbackData":"callbackData"}],
    "messageCount":1,"pendingMessageCount":0}"#;

#[test]
fn the_documented_message_is_taken_with_its_keyword() {
    let received = under(BASIC, &sent(DOCUMENTED)).unwrap();
    let expected = (
        "sms:+385916242493".to_owned(),
        Some("817790313235066447"),
        "QUIZ Correct answer is Paris",
    );
    assert_eq!(messages(&received), [expected]);
}

#[test]
fn a_repeat_is_the_same_message() {
    assert_eq!(under(BASIC, &sent(DOCUMENTED)), under(BASIC, &sent(DOCUMENTED)));
}

#[test]
fn the_agreed_header_may_be_basic_or_any_other() {
    let own = "X-Konf-Key: 0123456789abcdef";
    let table = [
        (BASIC, "authorization", SENT_BASIC, Ok(())),
        ("Basic konf:correct horse battery", "authorization", SENT_BASIC, Ok(())),
        (own, "x-konf-key", "0123456789abcdef", Ok(())),
        (own, "x-konf-key", "0123456789abcdeF", Err(Rejected::Credentials)),
        (own, "x-konf-key", "0123456789abcdef0", Err(Rejected::Credentials)),
        (own, "x-konf-key", "", Err(Rejected::Credentials)),
        (own, "authorization", SENT_BASIC, Err(Rejected::Credentials)),
        (BASIC, "authorization", "Basic a29uZjo=", Err(Rejected::Credentials)),
        (
            BASIC,
            "authorization",
            "Bearer a29uZjpjb3JyZWN0IGhvcnNlIGJhdHRlcnk=",
            Err(Rejected::Credentials),
        ),
    ];
    for (auth, name, value, expected) in table {
        let sent = Sent::json("/sms/infobip", DOCUMENTED).with(name, value);
        assert_eq!(under(auth, &sent).map(drop), expected, "{name}: {value}");
    }
    let without = Sent::json("/sms/infobip", DOCUMENTED);
    assert_eq!(under(BASIC, &without), Err(Rejected::Credentials));
}

#[test]
fn without_a_word_that_proves_something_nothing_is_taken() {
    for auth in [
        "",
        " ",
        "basic konf",
        "basic :",
        "X-Key: short",
        "0123456789abcdef0123",
        ": 0123456789abcdef",
    ] {
        assert_eq!(under(auth, &sent(DOCUMENTED)).unwrap_err().status(), 503, "{auth}");
    }
}

#[test]
fn a_batch_is_taken_item_by_item() {
    let body = r#"{"results":[
        {"messageId":"1","from":"420606123456","to":"420720002233","text":"konf 0907 1400 60 10"},
        {"messageId":"2","from":"Vodafone","to":"420720002233","text":"Vyhrali jste"},
        {"messageId":"3","from":"+420606123457","to":"420720002233","text":"2"},
        {"messageId":"4","from":"420606123458","to":"420720002233"},
        "what is this"]}"#;
    let received = under(BASIC, &sent(body)).unwrap();
    let expected = [
        ("sms:+420606123456".to_owned(), Some("1"), "konf 0907 1400 60 10"),
        ("sms:+420606123457".to_owned(), Some("3"), "2"),
    ];
    assert_eq!(messages(&received), expected);
    let left_out = [
        Rejected::NotANumber("from"),
        Rejected::MissingField("text"),
        Rejected::Unreadable("an item of `results` is not what it should be"),
    ];
    assert_eq!(received.left_out, left_out);
}

#[test]
fn nine_digits_are_a_number_abroad_and_no_czech_one() {
    let body = r#"{"results":[{"messageId":"1","from":"298123456","to":"1","text":"2"}]}"#;
    let received = under(BASIC, &sent(body)).unwrap();
    assert_eq!(messages(&received)[0].0, "sms:+298123456");
}

/// As in Infobip's documentation, "Receive outbound SMS message reports".
fn report(group: &str, name: &str) -> String {
    format!(
        r#"{{"results":[{{"bulkId":"BULK-ID-123-xyz","messageId":"MESSAGE-ID-123-xyz","to":"41793026834",
        "sentAt":"2019-11-09T16:00:00.000+0000","doneAt":"2019-11-09T16:00:00.000+0000","smsCount":1,
        "callbackData":"out-1","price":{{"pricePerMessage":0.01,"currency":"EUR"}},
        "status":{{"groupId":3,"groupName":"{group}","id":5,"name":"{name}","description":"…"}},
        "error":{{"groupId":0,"groupName":"OK","id":0,"name":"NO_ERROR","permanent":false}}}}]}}"#
    )
}

#[test]
fn a_report_says_what_became_of_a_message() {
    let failed = |reason: &str| Fate::Undelivered { reason: reason.to_owned() };
    let table = [
        ("DELIVERED", "DELIVERED_TO_HANDSET", Some(Fate::Delivered)),
        (
            "UNDELIVERABLE",
            "UNDELIVERABLE_REJECTED_OPERATOR",
            Some(failed("UNDELIVERABLE_REJECTED_OPERATOR")),
        ),
        ("EXPIRED", "EXPIRED_EXPIRED", Some(failed("EXPIRED_EXPIRED"))),
        ("REJECTED", "REJECTED_NOT_ENOUGH_CREDITS", Some(failed("REJECTED_NOT_ENOUGH_CREDITS"))),
        ("PENDING", "PENDING_ENROUTE", None),
    ];
    for (group, name, fate) in table {
        let received = under(BASIC, &sent(&report(group, name))).unwrap();
        let expected = fate.map(|fate| {
            let (reference, gateway_id) =
                (Some("out-1".to_owned()), Some("MESSAGE-ID-123-xyz".to_owned()));
            Item::Report(DeliveryReport { reference, gateway_id, fate })
        });
        assert_eq!(received.items, Vec::from_iter(expected), "{group}");
    }
}

#[test]
fn what_cannot_be_read_is_named_and_nothing_of_it_repeated() {
    let table = [
        ("", "the message can't be read: the body is not JSON with `results`"),
        (r#"{"results":7}"#, "the message can't be read: the body is not JSON with `results`"),
        (r#"{"results":[{"messageId":"1","to":"1","text":"x"}]}"#, "field `from` is missing"),
        (
            r#"{"results":[{"from":"420606123456","to":"1","text":"x"}]}"#,
            "field `messageId` is missing",
        ),
    ];
    for (body, expected) in table {
        let rejected = under(BASIC, &sent(body)).unwrap_err();
        assert_eq!((rejected.status(), rejected.to_string().as_str()), (400, expected), "{body}");
    }
    assert_eq!(under(BASIC, &sent(r#"{"results":[]}"#)), Ok(Received::default()));
}

#[test]
fn a_hundred_reports_fit_and_more_than_the_limit_is_refused_before_the_proof() {
    let one = report("DELIVERED", "DELIVERED_TO_HANDSET");
    let item = one.strip_prefix(r#"{"results":["#).unwrap().strip_suffix("]}").unwrap();
    let hundred = format!(r#"{{"results":[{}]}}"#, vec![item; 100].join(","));
    assert_eq!(under(BASIC, &sent(&hundred)).unwrap().items.len(), 100);
    let long = Sent::json("/sms/infobip", &" ".repeat(262_145));
    assert_eq!(under(BASIC, &long).unwrap_err().status(), 413);
}
