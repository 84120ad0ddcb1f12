use super::*;
use crate::gateway::testing::{Sent, message};
use crate::gateway::{Gateway, Secrets};

const SECRET: &str = "a signature secret";
/// 2020-01-01T12:00:00Z.
const NOW_S: i64 = 1_577_880_000;

fn secrets(method: &str) -> Secrets {
    Secrets {
        vonage_signature_secret: SECRET.to_owned(),
        vonage_signature_method: method.to_owned(),
        ..Secrets::default()
    }
}

/// Example of Vonage's documentation, "Inbound SMS", without what is signed anew.
const DOCUMENTED: [(&str, &str); 9] = [
    ("api-key", "abcd1234"),
    ("msisdn", "447700900001"),
    ("to", "447700900000"),
    ("messageId", "0A0000000123ABCD1"),
    ("text", "Hello world"),
    ("type", "text"),
    ("keyword", "HELLO"),
    ("message-timestamp", "2020-01-01 12:00:00 +0000"),
    ("nonce", "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"),
];

fn pairs<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, String)> {
    let mut pairs: Vec<_> =
        DOCUMENTED.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    for (name, value) in more {
        pairs.retain(|(this, _)| this != name);
        pairs.push((name, (*value).to_owned()));
    }
    pairs
}

/// The parameters with their signature.
fn signed(mut pairs: Vec<(&str, String)>, at_s: i64, method: Method) -> Vec<(&str, String)> {
    pairs.push(("timestamp", at_s.to_string()));
    let mut sorted = pairs.clone();
    sorted.sort();
    let text: String = sorted.iter().map(|(name, value)| format!("&{name}={value}")).collect();
    let signature = method.sign(SECRET.as_bytes(), text.as_bytes());
    pairs.push(("sig", signature.iter().map(|byte| format!("{byte:02x}")).collect()));
    pairs
}

fn form(pairs: &[(&str, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn by_get(pairs: &[(&str, String)]) -> Sent {
    Sent { query: form(pairs), headers: vec![], now_s: NOW_S, ..Sent::json("/sms/vonage", "") }
}

fn by_form(pairs: &[(&str, String)]) -> Sent {
    Sent { now_s: NOW_S, ..Sent::json("/sms/vonage", &form(pairs)) }
        .with("content-type", "application/x-www-form-urlencoded")
}

fn by_json(pairs: &[(&str, String)]) -> Sent {
    let object: serde_json::Map<_, _> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect();
    let body = serde_json::Value::Object(object).to_string();
    Sent { now_s: NOW_S, ..Sent::json("/sms/vonage", &body) }
}

fn received(more: &[(&str, &str)]) -> Result<Received, Rejected> {
    by_json(&signed(pairs(more), NOW_S, Method::Sha256)).to(Gateway::Vonage, &secrets("sha256"))
}

/// The first by Vonage's own libraries' tests, the others by Python's `hmac`.
#[test]
fn each_method_signs_as_vonage_does() {
    let text = b"&a=1&b=2&timestamp=1461605396";
    let table = [
        (Method::Md5Hash, "6af838ef94998832dbfc29020b564830"),
        (Method::Md5, "c15c21ced558c93a226c305f58f902f2"),
        (Method::Sha1, "3e19a4e6880fdc2c1426bfd0587c98b9532f0210"),
        (Method::Sha256, "a321e824b9b816be7c3f28859a31749a098713d39f613c80d455bbaffae1cd24"),
        (
            Method::Sha512,
            "812a18f76680fa0fe1b8bd9ee1625466ceb1bd96242e4d050d2cfd9a7b40166c63ed26ec9702168781b6edcf1633db8ff95af9341701004eec3fcf9550572ee8",
        ),
    ];
    for (method, expected) in table {
        assert_eq!(Some(method.sign(b"secret", text)), hex(expected), "{method:?}");
    }
}

#[test]
fn the_documented_message_is_taken_by_get_form_and_json_under_each_method() {
    let names = ["md5hash", "md5", "sha1", "sha256", "sha512"];
    for name in names {
        let pairs = signed(pairs(&[]), NOW_S, Method::read(name).unwrap());
        for sent in [by_get(&pairs), by_form(&pairs), by_json(&pairs)] {
            let message = message(sent.to(Gateway::Vonage, &secrets(name)).unwrap());
            assert_eq!(message.sender.key(), "sms:+447700900001");
            assert_eq!(
                (message.text.as_str(), message.recipient.as_str()),
                ("Hello world", "447700900000")
            );
            assert_eq!(message.gateway_id.as_deref(), Some("0A0000000123ABCD1"));
            for other in names.into_iter().filter(|other| *other != name) {
                let refused = sent.to(Gateway::Vonage, &secrets(other));
                assert_eq!(refused, Err(Rejected::Signature), "{name} taken as {other}");
            }
        }
    }
}

#[test]
fn ampersands_in_a_text_are_signed_as_underscores_and_delivered_as_they_are() {
    let mut pairs = signed(pairs(&[("text", "konf 0907_1400_60_10")]), NOW_S, Method::Sha256);
    for (name, value) in &mut pairs {
        if *name == "text" {
            *value = "konf 0907&1400=60&10".to_owned();
        }
    }
    let message = message(by_form(&pairs).to(Gateway::Vonage, &secrets("sha256")).unwrap());
    assert_eq!(message.text, "konf 0907&1400=60&10");
}

#[test]
fn a_changed_an_added_and_a_missing_parameter_are_refused() {
    let good = signed(pairs(&[]), NOW_S, Method::Sha256);
    let changed: fn(&mut Vec<(&str, String)>) = |pairs| pairs[4].1.push('!');
    let added: fn(&mut Vec<(&str, String)>) = |pairs| pairs.push(("x", "1".to_owned()));
    let missing: fn(&mut Vec<(&str, String)>) = |pairs| drop(pairs.remove(0));
    let unsigned: fn(&mut Vec<(&str, String)>) = |pairs| drop(pairs.pop());
    let cut: fn(&mut Vec<(&str, String)>) = |pairs| pairs.last_mut().unwrap().1.truncate(63);
    let empty: fn(&mut Vec<(&str, String)>) = |pairs| pairs.last_mut().unwrap().1.clear();
    for change in [changed, added, missing, unsigned, cut, empty] {
        let mut pairs = good.clone();
        change(&mut pairs);
        for sent in [by_get(&pairs), by_form(&pairs), by_json(&pairs)] {
            let refused = sent.to(Gateway::Vonage, &secrets("sha256"));
            assert_eq!(refused, Err(Rejected::Signature), "{pairs:?}");
        }
    }
}

#[test]
fn a_day_is_the_limit_and_the_future_is_five_minutes() {
    for (age_s, good) in [(86_701, false), (86_700, true), (0, true), (-300, true), (-301, false)] {
        let sent = by_get(&signed(pairs(&[]), NOW_S - age_s, Method::Sha1));
        let expected = if good { Ok(()) } else { Err(Rejected::Stale) };
        assert_eq!(sent.to(Gateway::Vonage, &secrets("sha1")).map(drop), expected, "{age_s}");
    }
}

#[test]
fn a_repeat_signed_anew_is_the_same_message() {
    let at = |s| by_get(&signed(pairs(&[]), s, Method::Sha1)).to(Gateway::Vonage, &secrets("sha1"));
    assert_eq!(at(NOW_S), at(NOW_S - 3_600));
}

#[test]
fn a_part_of_a_long_message_is_a_part() {
    let of = |total, part| {
        received(&[
            ("concat", "true"),
            ("concat-ref", "108"),
            ("concat-total", total),
            ("concat-part", part),
        ])
    };
    let received = of("3", "2").unwrap();
    let [Item::Part(part)] = &received.items[..] else { panic!("{received:?}") };
    assert_eq!((part.reference, part.total, part.part), (108, 3, 2));
    assert_eq!(part.message.text, "Hello world");
    assert_eq!(message(of("1", "1").unwrap()).text, "Hello world");
    let unreadable = Rejected::Unreadable("a part of a message is not numbered");
    assert_eq!(of("many", "1"), Err(unreadable.clone()));
    assert_eq!(of("2", "-1"), Err(unreadable));
}

#[test]
fn a_receipt_says_what_became_of_a_message() {
    let failed = |reason: &str| Some(Fate::Undelivered { reason: reason.to_owned() });
    let table = [
        ("delivered", "0", Some(Fate::Delivered)),
        ("failed", "1", failed("failed, error 1")),
        ("expired", "9", failed("expired, error 9")),
        ("buffered", "0", None),
        ("unknown", "99", None),
    ];
    for (status, code, fate) in table {
        let mut pairs = pairs(&[
            ("status", status),
            ("err-code", code),
            ("client-ref", "out-1"),
            ("scts", "2001011400"),
        ]);
        pairs.retain(|(name, _)| *name != "text");
        let sent = by_get(&signed(pairs, NOW_S, Method::Sha256));
        let expected = fate.map(|fate| {
            let (reference, gateway_id) =
                (Some("out-1".to_owned()), Some("0A0000000123ABCD1".to_owned()));
            Item::Report(DeliveryReport { reference, gateway_id, fate })
        });
        let items = sent.to(Gateway::Vonage, &secrets("sha256")).unwrap().items;
        assert_eq!(items, Vec::from_iter(expected), "{status}");
    }
}

#[test]
fn what_cannot_be_read_is_named_and_nothing_of_it_repeated() {
    let table = [
        (received(&[("msisdn", "Pizza")]), "field `msisdn` is not a telephone number"),
        (received(&[("messageId", "")]), "field `messageId` is missing"),
    ];
    for (result, expected) in table {
        let rejected = result.unwrap_err();
        assert_eq!((rejected.status(), rejected.to_string().as_str()), (400, expected));
    }
    let long = Sent::json("/sms/vonage", &" ".repeat(65_537));
    assert_eq!(long.to(Gateway::Vonage, &secrets("sha256")).unwrap_err().status(), 413);
    assert_eq!(by_get(&[]).to(Gateway::Vonage, &secrets("sha256")), Err(Rejected::Signature));
}

#[test]
fn without_a_secret_and_a_method_nothing_is_taken() {
    let sent = by_get(&signed(pairs(&[]), NOW_S, Method::Sha256));
    let no_secret = Secrets { vonage_signature_secret: " ".to_owned(), ..secrets("sha256") };
    for secrets in [no_secret, secrets(""), secrets("crc32")] {
        assert_eq!(sent.to(Gateway::Vonage, &secrets).unwrap_err().status(), 503);
    }
}
