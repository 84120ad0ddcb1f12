use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::Value;

use super::notice::{Kind, Notice, Refused};
use super::*;
use crate::config::Topic;

/// Signed by openssl with the key of this certificate.
const CERTIFICATE: &str = include_str!("tests/certificate.pem");
const NOTIFICATION: &str = include_str!("tests/notification.json");
const SUBSCRIPTION: &str = include_str!("tests/subscription.json");

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:orders";

fn topic() -> Topic {
    Topic::new(TOPIC).unwrap()
}

fn checked(written: &str) -> Result<Notice, Refused> {
    let notice = Notice::read(written.as_bytes(), &topic())?;
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap();
    notice.check(&certificate)?;
    Ok(notice)
}

/// `written` with one field changed.
fn with(written: &str, field: &str, value: &str) -> String {
    let mut notice: Value = serde_json::from_str(written).unwrap();
    notice[field] = value.into();
    notice.to_string()
}

fn refusal(written: &str) -> Refused {
    checked(written).unwrap_err()
}

/// What the signed notification tells, with `change` made to it.
fn told(change: impl FnOnce(&mut Value)) -> String {
    let notice: Value = serde_json::from_str(NOTIFICATION).unwrap();
    let mut told = serde_json::from_str(notice["Message"].as_str().unwrap()).unwrap();
    change(&mut told);
    told.to_string()
}

#[test]
fn what_the_topic_has_signed_is_an_order() {
    let Kind::Notification { message } = checked(NOTIFICATION).unwrap().kind else {
        panic!("a notification")
    };
    let mail = mail::read(&message).unwrap().unwrap();
    assert_eq!((&mail.from[..], &mail.to[..]), ("jana@example.com", "orders@konf.example"));
    assert_eq!(mail.proven, ["example.com", "example.com"]);
    let raw = BASE64_STANDARD.decode(&mail.raw).unwrap();
    assert!(raw.ends_with(b"\r\n\r\nkonf 0907 1400 60 10\r\n"));
}

#[test]
fn a_subscription_is_confirmed_at_amazon_alone() {
    let Kind::Subscription { address } = checked(SUBSCRIPTION).unwrap().kind else {
        panic!("a subscription")
    };
    assert!(address.starts_with("https://sns.eu-west-1.amazonaws.com/?Action=Confirm"));
    for elsewhere in [
        "https://evil.example/?Action=ConfirmSubscription",
        "http://sns.eu-west-1.amazonaws.com/",
        "https://sns.eu-west-1.amazonaws.com@evil.example/",
        "https://sns.eu-west-1.amazonaws.com.evil.example/",
        "https://sns.us-east-1.amazonaws.com/",
    ] {
        let forged = with(SUBSCRIPTION, "SubscribeURL", elsewhere);
        assert_eq!(refusal(&forged), Refused::Elsewhere("SubscribeURL"), "{elsewhere}");
    }
}

#[test]
fn whatever_was_changed_is_refused() {
    for field in ["Message", "MessageId", "Subject", "Timestamp"] {
        assert_eq!(refusal(&with(NOTIFICATION, field, "another")), Refused::Signature, "{field}");
    }
    for field in ["Token", "Timestamp", "Message"] {
        assert_eq!(refusal(&with(SUBSCRIPTION, field, "another")), Refused::Signature, "{field}");
    }
    let unsubscribed = with(SUBSCRIPTION, "Type", "UnsubscribeConfirmation");
    assert_eq!(refusal(&unsubscribed), Refused::Signature);
    assert_eq!(refusal(&with(NOTIFICATION, "Signature", "AAAA")), Refused::Signature);
    assert_eq!(refusal(&with(NOTIFICATION, "Signature", "!")), Refused::Signature);
}

#[test]
fn another_topic_another_host_and_an_old_signature_are_refused() {
    let other = "arn:aws:sns:eu-west-1:999999999999:orders";
    assert_eq!(refusal(&with(NOTIFICATION, "TopicArn", other)), Refused::OtherTopic);
    let old = refusal(&with(NOTIFICATION, "SignatureVersion", "1"));
    assert!(old.to_string().contains("--attribute-value 2"), "{old}");
    for elsewhere in [
        "https://evil.example/SimpleNotificationService-0.pem",
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0.pem",
        "https://sns.eu-west-1.amazonaws.com/../evil.pem",
        "https://sns.eu-west-1.amazonaws.com/?Action=Publish&x=.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem?",
    ] {
        let forged = with(NOTIFICATION, "SigningCertURL", elsewhere);
        assert_eq!(refusal(&forged), Refused::Elsewhere("SigningCertURL"), "{elsewhere}");
    }
    let refused = refusal("{\"Type\": \"jana@example.com\"");
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert!(!refused.to_string().contains("jana"), "{refused}");
}

#[test]
fn only_what_ses_has_verified_is_proven() {
    let proven = |change: fn(&mut Value)| mail::read(&told(change)).unwrap().unwrap().proven;
    let none: [&str; 0] = [];
    assert_eq!(
        proven(|told| told["receipt"]["spfVerdict"]["status"] = "FAIL".into()),
        ["example.com"]
    );
    assert_eq!(proven(|told| told["receipt"]["dmarcVerdict"]["status"] = "FAIL".into()), none);
    assert_eq!(proven(|told| told["receipt"]["spamVerdict"]["status"] = "FAIL".into()), none);
    assert_eq!(
        proven(|told| {
            told["receipt"]["dmarcVerdict"]["status"] = "GRAY".into();
            told["mail"]["source"] = "bounces@mailer.example".into();
        }),
        ["mailer.example"]
    );
    assert_eq!(
        proven(|told| {
            told["receipt"]["spfVerdict"]["status"] = "GRAY".into();
            told["mail"]["commonHeaders"]["from"] =
                serde_json::json!(["a@a.example", "b@b.example"]);
        }),
        none
    );
}

#[test]
fn a_rule_that_is_set_up_otherwise_is_told_how() {
    let fault = |change: fn(&mut Value)| mail::read(&told(change)).unwrap_err();
    assert!(fault(|told| told["content"] = Value::Null).contains("SNS action"));
    assert!(fault(|told| told["receipt"] = Value::Null).contains("`receipt`"));
    assert!(
        fault(|told| told["receipt"]["virusVerdict"]["status"] = "FAIL".into()).contains("virus")
    );
    let bounce = mail::read(&told(|told| told["notificationType"] = "Bounce".into()));
    assert_eq!(bounce, Ok(None));
    assert_eq!(mail::read("Successfully validated SNS topic."), Ok(None));
    let plain = mail::read(&told(|told| {
        told["receipt"]["action"]["encoding"] = "UTF8".into();
        told["content"] = "Subject: x\r\n\r\nkonf".into();
    }));
    assert_eq!(
        BASE64_STANDARD.decode(plain.unwrap().unwrap().raw).unwrap(),
        b"Subject: x\r\n\r\nkonf"
    );
}

#[test]
fn a_certificate_is_kept_for_a_day_and_few_are() {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap();
    let mut certificates = Certificates::default();
    let begin = UnixMs(1_900_000_000_000);
    for n in 0..2 * CERTIFICATES_MAX {
        certificates.keep(&n.to_string(), certificate.clone(), begin);
    }
    assert_eq!(certificates.kept.len(), CERTIFICATES_MAX);
    let last = (2 * CERTIFICATES_MAX - 1).to_string();
    assert!(certificates.get(&last, begin.plus_ms(CERTIFICATE_MS - 1)).is_some());
    assert!(certificates.get(&last, begin.plus_ms(CERTIFICATE_MS)).is_none());
    assert!(certificates.get("0", begin).is_none());
}

#[test]
fn a_topic_says_where_its_certificates_come_from() {
    let host = |arn: &str| Topic::new(arn).map(|topic| topic.host().to_owned());
    assert_eq!(host(TOPIC).unwrap(), "sns.eu-west-1.amazonaws.com");
    let chinese = "arn:aws-cn:sns:cn-north-1:123456789012:orders";
    assert_eq!(host(chinese).unwrap(), "sns.cn-north-1.amazonaws.com.cn");
    for wrong in
        ["", "orders", "arn:aws:sqs:eu-west-1:1:x", "arn:aws:sns:a/b:1:x", "arn:aws:sns::1:x"]
    {
        let said = host(wrong).unwrap_err().to_string();
        assert!(said.contains("expected one such as"), "{said}");
    }
}
