use ed25519_compact::{KeyPair, Seed};
use konf_api::ledger::{DeliveryReport, Fate};

use super::*;
use crate::gateway::testing::{Sent, message as only};
use crate::gateway::{Gateway, Secrets};

/// 2019-01-23T18:10:03Z.
const NOW_S: i64 = 1_548_267_003;

fn pair() -> KeyPair {
    KeyPair::from_seed(Seed::new([7; 32]))
}

fn public_key() -> String {
    BASE64_STANDARD.encode(*pair().pk)
}

fn sign(timestamp: &str, body: &str) -> String {
    BASE64_STANDARD.encode(*pair().sk.sign(format!("{timestamp}|{body}"), None))
}

fn signed(body: &str) -> Sent {
    let timestamp = NOW_S.to_string();
    let signature = sign(&timestamp, body);
    Sent { now_s: NOW_S, ..Sent::json("/sms/telnyx", body) }
        .with("telnyx-timestamp", &timestamp)
        .with("telnyx-signature-ed25519", &signature)
}

fn under(key: &str, sent: &Sent) -> Result<Received, Rejected> {
    let secrets = Secrets { telnyx_public_key: key.to_owned(), ..Secrets::default() };
    sent.to(Gateway::Telnyx, &secrets)
}

fn received(body: &str) -> Result<Received, Rejected> {
    under(&public_key(), &signed(body))
}

/// The example of Telnyx's API reference, `InboundMessageEvent`.
const DOCUMENTED: &str = r#"{"data":{"event_type":"message.received","id":"bf6307bd-884d-4c1f-b6ea-c62b8c495d3c",
"occurred_at":"2019-01-23T18:10:02.574Z","payload":{"cc":[],"completed_at":null,
"cost":{"amount":0.0051,"currency":"USD"},"direction":"inbound","encoding":"GSM-7","errors":[],
"from":{"carrier":"T-MOBILE USA, INC.","line_type":"Wireless","phone_number":"+18665550001"},
"id":"7ee4241c-f127-47e5-9c34-3aac291f8058","media":[],
"messaging_profile_id":"0f512bda-ae1e-4597-8e11-e5f5686b97d3",
"organization_id":"b448f9cc-a842-4784-98e9-03c1a5872950","parts":1,
"received_at":"2019-01-23T18:10:02.574Z","record_type":"message","sent_at":null,"subject":"From Telnyx!",
"tags":["Greetings"],"tcr_campaign_billable":true,"tcr_campaign_id":"TCPA3X7",
"tcr_campaign_registered":"REGISTERED","text":"Hello, World!",
"to":[{"carrier":"TELNYX LLC","line_type":"VoIP","phone_number":"+18445550001","status":"delivered"}],
"type":"SMS","valid_until":null,"webhook_failover_url":"https://backup.example.com/hooks",
"webhook_url":"https://www.example.com/hooks"},"record_type":"event"}}"#;

#[test]
fn the_documented_message_is_taken() {
    let message = only(received(DOCUMENTED).unwrap());
    assert_eq!(
        (message.sender.key().as_str(), message.text.as_str()),
        ("sms:+18665550001", "Hello, World!")
    );
    assert_eq!(message.gateway_id.as_deref(), Some("7ee4241c-f127-47e5-9c34-3aac291f8058"));
    assert_eq!(message.recipient, "+18445550001");
}

/// Made with OpenSSL, which knows nothing of the library under test.
#[test]
fn a_signature_of_another_library_verifies() {
    let sent = Sent { now_s: NOW_S, ..Sent::json("/sms/telnyx", r#"{"data":{"event_type":"x"}}"#) }
        .with("telnyx-timestamp", "1548267003")
        .with("telnyx-signature-ed25519", "UVh6Me0pYAuCKrbHSTm8tWkiCqZSVKvq2d3wWpndrb9LIVZlM0SBoszsa7xeRSytrLyMX3KwuCJAAUGEWASqDA==");
    let key = "sJ1PPCGDQh27DPUXmRkwNgVifuSYGGa7K7x9nyQmJmM=";
    assert_eq!(under(key, &sent), Ok(Received::default()));
    assert_eq!(under(&public_key(), &sent), Err(Rejected::Signature));
}

#[test]
fn a_repeat_signed_anew_is_the_same_message() {
    let timestamp = (NOW_S + 60).to_string();
    let again = signed(DOCUMENTED)
        .with("telnyx-timestamp", &timestamp)
        .with("telnyx-signature-ed25519", &sign(&timestamp, DOCUMENTED));
    assert_eq!(under(&public_key(), &again), received(DOCUMENTED));
}

#[test]
fn a_changed_byte_another_time_and_a_missing_signature_are_refused() {
    let mut changed = signed(DOCUMENTED);
    changed.body.push(' ');
    let other_time = signed(DOCUMENTED).with("telnyx-timestamp", &(NOW_S + 1).to_string());
    let none = Sent { now_s: NOW_S, ..Sent::json("/sms/telnyx", DOCUMENTED) };
    let untimed = none.clone().with("telnyx-signature-ed25519", &sign("", DOCUMENTED));
    for sent in [changed, other_time, none, untimed] {
        assert_eq!(under(&public_key(), &sent), Err(Rejected::Signature), "{:?}", sent.headers);
    }
    for signature in ["", "AAAA", "%%%", &"A".repeat(88)] {
        let sent = signed(DOCUMENTED).with("telnyx-signature-ed25519", signature);
        assert_eq!(under(&public_key(), &sent), Err(Rejected::Signature), "{signature}");
    }
}

#[test]
fn five_minutes_are_the_limit_either_way() {
    for (off_s, good) in [(-301, false), (-300, true), (300, true), (301, false)] {
        let timestamp = (NOW_S + off_s).to_string();
        let sent = signed(DOCUMENTED)
            .with("telnyx-timestamp", &timestamp)
            .with("telnyx-signature-ed25519", &sign(&timestamp, DOCUMENTED));
        let expected = if good { Ok(()) } else { Err(Rejected::Stale) };
        assert_eq!(under(&public_key(), &sent).map(drop), expected, "{off_s}");
    }
    let timestamp = "soon";
    let sent = signed(DOCUMENTED)
        .with("telnyx-timestamp", timestamp)
        .with("telnyx-signature-ed25519", &sign(timestamp, DOCUMENTED));
    assert_eq!(under(&public_key(), &sent), Err(Rejected::Signature));
}

#[test]
fn only_an_end_of_a_message_out_is_a_report() {
    let event = |kind: &str, status: &str, errors: &str| {
        format!(
            r#"{{"data":{{"event_type":"{kind}","payload":{{"id":"m1","tags":["out-1"],"errors":[{errors}],
            "to":[{{"phone_number":"+420606123456","status":"{status}"}}]}}}}}}"#
        )
    };
    let failed = |reason: &str| Some(Fate::Undelivered { reason: reason.to_owned() });
    let table = [
        ("message.finalized", "delivered", "", Some(Fate::Delivered)),
        (
            "message.finalized",
            "delivery_failed",
            r#"{"code":"40001"}"#,
            failed("delivery_failed, error 40001"),
        ),
        ("message.finalized", "sending_failed", "", failed("sending_failed, error none")),
        ("message.finalized", "delivery_unconfirmed", "", None),
        ("message.sent", "delivered", "", None),
    ];
    for (kind, status, errors, fate) in table {
        let expected = fate.map(|fate| {
            let (reference, gateway_id) = (Some("out-1".to_owned()), Some("m1".to_owned()));
            Item::Report(DeliveryReport { reference, gateway_id, fate })
        });
        let items = received(&event(kind, status, errors)).unwrap().items;
        assert_eq!(items, Vec::from_iter(expected), "{kind} {status}");
    }
}

#[test]
fn what_cannot_be_read_is_named_and_nothing_of_it_repeated() {
    let of = |payload: &str| {
        format!(r#"{{"data":{{"event_type":"message.received","payload":{payload}}}}}"#)
    };
    let unreadable = "the message can't be read: the body is no event in JSON";
    let table = [
        ("[]".to_owned(), unreadable),
        (r#"{"data":{}}"#.to_owned(), unreadable),
        (of("null"), "field `payload` is missing"),
        (of(r#"{"id":"1","text":"x"}"#), "field `from.phone_number` is missing"),
        (
            of(r#"{"id":"1","from":{"phone_number":"Pizza"},"text":"x"}"#),
            "field `from.phone_number` is not a telephone number",
        ),
        (of(r#"{"id":"1","from":{"phone_number":"+420606123456"}}"#), "field `text` is missing"),
        (of(r#"{"from":{"phone_number":"+420606123456"},"text":"x"}"#), "field `id` is missing"),
    ];
    for (body, expected) in table {
        let rejected = received(&body).unwrap_err();
        assert_eq!((rejected.status(), rejected.to_string().as_str()), (400, expected), "{body}");
    }
    assert_eq!(received(&" ".repeat(65_537)).unwrap_err().status(), 413);
}

#[test]
fn without_a_usable_key_nothing_is_taken() {
    for key in ["", " ", "AAAA", "%%%"] {
        assert_eq!(under(key, &signed(DOCUMENTED)).unwrap_err().status(), 503, "{key}");
    }
}
