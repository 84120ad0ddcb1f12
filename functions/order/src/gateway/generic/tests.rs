use super::*;
use crate::gateway::testing::message;
use crate::gateway::{Gateway, Secrets};
use konf_contract::UnixMs;

/// The worked example of the Standard Webhooks libraries' own tests.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
const NOW_S: i64 = 1_614_265_330;

fn sign(secret: &str, id: &str, timestamp: &str, body: &str) -> String {
    let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

struct Case {
    secrets: &'static str,
    content_type: &'static str,
    timestamp: String,
    signature: String,
    body: String,
}

impl Case {
    fn json(body: &str) -> Self {
        let timestamp = NOW_S.to_string();
        Case {
            secrets: SECRET,
            content_type: "application/json",
            signature: sign(SECRET, "msg_1", &timestamp, body),
            timestamp,
            body: body.to_owned(),
        }
    }

    fn receive(&self) -> Result<InboundMessage, Rejected> {
        self.receive_by(Gateway::Generic)
    }

    fn receive_by(&self, gateway: Gateway) -> Result<InboundMessage, Rejected> {
        let header = |name: &str| match name {
            "webhook-id" => Some("msg_1".to_owned()),
            "webhook-timestamp" => Some(self.timestamp.clone()),
            "webhook-signature" => Some(self.signature.clone()),
            "content-type" => Some(self.content_type.to_owned()),
            _ => None,
        };
        let delivery = Delivery {
            path: "/sms/generic",
            query: "",
            headers: &header,
            body: self.body.as_bytes(),
            now: UnixMs(NOW_S * 1_000),
        };
        let secrets = Secrets { sms_secrets: self.secrets.to_owned(), ..Secrets::default() };
        gateway.receive(&delivery, &secrets).map(message)
    }
}

const BODY: &str = r#"{"from":"+420606123456","to":"+420720002233","text":"konf 0907 1400 60 10"}"#;

#[test]
fn the_signature_of_the_standards_own_example_is_known() {
    let signature =
        sign(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", r#"{"test": 2432232314}"#);
    assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

#[test]
fn a_signed_message_is_taken() {
    let message = Case::json(BODY).receive().unwrap();
    assert_eq!(message.text, "konf 0907 1400 60 10");
    assert_eq!(message.gateway_id.as_deref(), Some("msg_1"));
    assert_eq!(message.sender.key(), "sms:+420606123456");
}

#[test]
fn a_mail_is_taken_from_a_plain_address_only() {
    let mail = |from: &str| {
        let body = format!(
            r#"{{"from":"{from}","to":"order@konf.example","text":"konf 0907 1400 60 10"}}"#
        );
        Case::json(&body).receive_by(Gateway::Mail)
    };
    assert_eq!(mail("Jana@Example.com").unwrap().sender.key(), "email:jana@example.com");
    for from in ["Jana <jana@example.com>", "jana", "a@b@c", "a@b,c@d", "@b", "a\\nb@c"] {
        assert_eq!(mail(from), Err(Rejected::NotAnAddress("from")), "{from}");
    }
}

#[test]
fn a_form_is_taken_and_its_own_id_counts() {
    let body = "from=%2B420606123456&to=1&text=konf+0907&id=77";
    let case = Case { content_type: "application/x-www-form-urlencoded", ..Case::json(body) };
    let message = case.receive().unwrap();
    assert_eq!((message.text.as_str(), message.gateway_id.as_deref()), ("konf 0907", Some("77")));
}

#[test]
fn either_of_two_secrets_will_do_while_they_are_rotated() {
    let both = Box::leak(format!("{OTHER}, {SECRET}").into_boxed_str());
    assert!(Case { secrets: both, ..Case::json(BODY) }.receive().is_ok());
    let two = format!("v1,AAAA {}", Case::json(BODY).signature);
    assert!(Case { signature: two, ..Case::json(BODY) }.receive().is_ok());
}

#[test]
fn a_changed_byte_a_strange_key_and_a_missing_signature_are_refused() {
    let mut changed = Case::json(BODY);
    changed.body.push(' ');
    assert_eq!(changed.receive(), Err(Rejected::Signature));
    assert_eq!(Case { secrets: OTHER, ..Case::json(BODY) }.receive(), Err(Rejected::Signature));
    for signature in ["", "v1,", "v2,abc", "v1,%%%"] {
        let case = Case { signature: signature.to_owned(), ..Case::json(BODY) };
        assert_eq!(case.receive(), Err(Rejected::Signature), "{signature}");
    }
}

#[test]
fn five_minutes_are_the_limit_either_way() {
    for (off_s, expected) in [(-301, false), (-300, true), (300, true), (301, false)] {
        let timestamp = (NOW_S + off_s).to_string();
        let signature = sign(SECRET, "msg_1", &timestamp, BODY);
        let result = Case { timestamp, signature, ..Case::json(BODY) }.receive();
        assert_eq!(result.is_ok(), expected, "{off_s}");
        if !expected {
            assert_eq!(result, Err(Rejected::Stale));
        }
    }
}

#[test]
fn what_cannot_be_read_is_named_and_nothing_of_it_repeated() {
    let table = [
        ("[]", "the message can't be read: the body is not a JSON object"),
        ("{\"from\"", "the message can't be read: the body is not JSON"),
        (r#"{"to":"1","text":"x"}"#, "field `from` is missing"),
        (r#"{"from":"Pizza","to":"1","text":"x"}"#, "field `from` is not a telephone number"),
        (r#"{"from":"+420606123456","to":"1"}"#, "field `text` is missing"),
    ];
    for (body, expected) in table {
        let rejected = Case::json(body).receive().unwrap_err();
        assert_eq!((rejected.status(), rejected.to_string().as_str()), (400, expected), "{body}");
    }
}

#[test]
fn without_a_usable_secret_nothing_is_taken() {
    for secrets in ["", " , ", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_%%"] {
        let rejected = Case { secrets, ..Case::json(BODY) }.receive().unwrap_err();
        assert_eq!(rejected.status(), 503, "{secrets}");
    }
}

#[test]
fn a_body_beyond_the_limit_is_refused_before_anything_else() {
    let rejected = Case::json(&" ".repeat(65_537)).receive().unwrap_err();
    assert_eq!(rejected.status(), 413);
}

#[test]
fn an_unknown_gateway_hears_the_known_ones() {
    let rejected = Gateway::at("pigeon").unwrap_err();
    assert_eq!(rejected.status(), 404);
    assert_eq!(
        rejected.to_string(),
        "no such gateway here; the known ones are `generic`, `twilio`, `infobip`, `bulkgate`, `gosms`, `telnyx`, `vonage`"
    );
}
