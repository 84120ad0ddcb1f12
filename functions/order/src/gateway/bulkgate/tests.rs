use konf_api::ledger::{DeliveryReport, Fate};

use crate::gateway::testing::{Sent, message, messages};
use crate::gateway::{Gateway, Item, Received, Rejected, Secrets};

const SECRET: &str = "0123456789abcdefABCDEF";

fn under(secret: &str, sent: &Sent) -> Result<Received, Rejected> {
    let secrets = Secrets { bulkgate_secret: secret.to_owned(), ..Secrets::default() };
    sent.to(Gateway::BulkGate, &secrets)
}

fn received(body: &str) -> Result<Received, Rejected> {
    under(SECRET, &Sent::json(&format!("/sms/bulkgate/{SECRET}"), body))
}

fn report(id: &str, fate: Fate) -> Item {
    Item::Report(DeliveryReport { reference: None, gateway_id: Some(id.to_owned()), fate })
}

/// The example of BulkGate's help, "Bulk delivery confirmation of incoming messages", but for the comma before its last
/// brace, which is no JSON.
const DOCUMENTED: &str = r#"[
   {"status":"1","smsID":"3t2563af3ff285","price":"0.71","date":"1904111007;1904111011"},
   {"status":"2","smsID":"2t2563af3ff285","price":"0.71","date":"1904111007;1904111011"},
   {"status":"10","from":"420777777777","text":"answer text"}
]"#;

#[test]
fn the_documented_batch_is_taken() {
    let received = received(DOCUMENTED).unwrap();
    let [first, Item::Message(message)] = &received.items[..] else { panic!("{received:?}") };
    assert_eq!(*first, report("3t2563af3ff285", Fate::Delivered));
    assert_eq!(
        (message.sender.key().as_str(), message.text.as_str()),
        ("sms:+420777777777", "answer text")
    );
    assert_eq!(message.gateway_id, None, "the ledger makes one");
    assert!(received.left_out.is_empty());
}

#[test]
fn the_text_is_in_message_or_in_text_and_the_status_may_be_a_number() {
    for body in [
        r#"[{"status":"10","from":"420606123456","message":"konf 0907 1400 60 10","to":"420720002233"}]"#,
        r#"[{"status":10,"from":"+420606123456","text":"konf 0907 1400 60 10"}]"#,
        r#"[{"status":10,"from":420606123456,"message":"","text":"konf 0907 1400 60 10"}]"#,
    ] {
        let message = message(received(body).unwrap());
        assert_eq!(
            (message.sender.key().as_str(), message.text.as_str()),
            ("sms:+420606123456", "konf 0907 1400 60 10")
        );
    }
}

#[test]
fn a_repeat_with_an_id_is_the_same_message() {
    let body = r#"[{"status":"10","smsID":"in-1","from":"420606123456","message":"2"}]"#;
    assert_eq!(message(received(body).unwrap()).gateway_id.as_deref(), Some("in-1"));
    assert_eq!(received(body), received(body));
}

#[test]
fn only_the_secret_address_is_the_gateways() {
    let table = [
        (format!("/sms/bulkgate/{SECRET}"), Ok(())),
        (format!("/sms/bulkgate/{SECRET}0"), Err(Rejected::Credentials)),
        (format!("/sms/bulkgate/{}", SECRET.to_lowercase()), Err(Rejected::Credentials)),
        ("/sms/bulkgate/".to_owned(), Err(Rejected::Credentials)),
        ("/sms/bulkgate".to_owned(), Err(Rejected::Credentials)),
    ];
    for (path, expected) in table {
        assert_eq!(under(SECRET, &Sent::json(&path, DOCUMENTED)).map(drop), expected, "{path}");
    }
    for secret in ["", "short", "0123456789/abcdefABC", "0123456789 abcdefABC"] {
        let sent = Sent::json(&format!("/sms/bulkgate/{secret}"), DOCUMENTED);
        assert_eq!(under(secret, &sent).unwrap_err().status(), 503, "{secret}");
    }
}

#[test]
fn a_report_says_what_became_of_a_message() {
    let lost = Fate::Undelivered { reason: "unknown or unavailable recipient".to_owned() };
    for (status, fate) in [
        ("1", Some(Fate::Delivered)),
        ("13", Some(Fate::Delivered)),
        ("3", Some(lost)),
        ("2", None),
    ] {
        let body = format!(r#"[{{"status":"{status}","smsID":"x1"}}]"#);
        let expected = fate.map(|fate| report("x1", fate));
        assert_eq!(received(&body).unwrap().items, Vec::from_iter(expected), "{status}");
    }
}

#[test]
fn what_cannot_be_read_is_left_out_of_a_batch() {
    let body = r#"[{"status":"10","from":"Vodafone","message":"ad"},{"from":"420606123456"},7,
        {"status":"10","from":"420606123456"},{"status":"1"},
        {"status":"10","from":"420606123456","message":"2"}]"#;
    let received = received(body).unwrap();
    assert_eq!(messages(&received), [("sms:+420606123456".to_owned(), None, "2")]);
    let left_out = [
        Rejected::NotANumber("from"),
        Rejected::MissingField("status"),
        Rejected::MissingField("status"),
        Rejected::MissingField("message"),
        Rejected::MissingField("smsID"),
    ];
    assert_eq!(received.left_out, left_out);
}

#[test]
fn a_body_that_is_no_array_or_too_long_is_refused() {
    for body in ["", "{}", "[", r#"{"status":"10"}"#] {
        assert_eq!(
            received(body),
            Err(Rejected::Unreadable("the body is not a JSON array")),
            "{body}"
        );
    }
    assert_eq!(received(&" ".repeat(262_145)).unwrap_err().status(), 413);
    assert_eq!(received("[]"), Ok(Received::default()));
}

#[test]
fn no_other_gateway_has_more_to_its_address() {
    assert_eq!(Gateway::at("bulkgate/x"), Ok(Gateway::BulkGate));
    assert_eq!(Gateway::at("infobip"), Ok(Gateway::Infobip));
    for path in ["infobip/x", "infobip/", "x/bulkgate", "", "bulkgate2"] {
        assert_eq!(Gateway::at(path), Err(Rejected::UnknownGateway), "{path}");
    }
}
