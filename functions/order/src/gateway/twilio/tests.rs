use super::*;
use crate::gateway::testing::{Sent, message};
use crate::gateway::{Gateway, Secrets};
use konf_contract::UnixMs;

const TOKEN: &str = "12345";

fn receive(
    body: &str,
    query: &str,
    signature: &str,
    secrets: &Secrets,
) -> Result<InboundMessage, Rejected> {
    let header = |name: &str| match name {
        "x-twilio-signature" => Some(signature.to_owned()),
        "content-type" => Some("application/x-www-form-urlencoded; charset=UTF-8".to_owned()),
        "host" => Some("stranger.example".to_owned()),
        _ => None,
    };
    let delivery = Delivery {
        path: "/sms/twilio",
        query,
        headers: &header,
        body: body.as_bytes(),
        now: UnixMs(0),
    };
    Gateway::Twilio.receive(&delivery, secrets).map(message)
}

fn secrets() -> Secrets {
    Secrets {
        twilio_auth_token: TOKEN.to_owned(),
        public_url: "https://konf.example.com/".to_owned(),
        ..Secrets::default()
    }
}

/// By another way than the code under test: the text is written out by hand, already sorted.
fn signature(text: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(TOKEN.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

const BODY: &str =
    "To=%2B420720002233&From=%2B420606123456&Body=konf+0907+1400+60+10&MessageSid=SM1&NumMedia=0";
const SORTED: &str =
    "Bodykonf 0907 1400 60 10From+420606123456MessageSidSM1NumMedia0To+420720002233";

#[test]
fn the_example_of_twilios_documentation_verifies() {
    let form = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";
    let fields = Fields::form(form.as_bytes());
    let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
    assert_eq!(verify("12345", url, &fields, "RSOYDt4T1cUTdK1PDd93/VVr8B8="), Ok(()));
    assert_eq!(
        verify("12346", url, &fields, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        Err(Rejected::Signature)
    );
}

#[test]
fn a_signed_message_is_taken_by_the_public_url_whatever_the_host_header_says() {
    let signature = signature(&format!("https://konf.example.com/sms/twilio{SORTED}"));
    let message = receive(BODY, "", &signature, &secrets()).unwrap();
    assert_eq!(message.gateway_id.as_deref(), Some("SM1"));
    assert_eq!(message.text, "konf 0907 1400 60 10");
    assert_eq!(message.sender.key(), "sms:+420606123456");
}

#[test]
fn the_query_is_signed_too() {
    let signature = signature(&format!("https://konf.example.com/sms/twilio?a=1{SORTED}"));
    assert!(receive(BODY, "a=1", &signature, &secrets()).is_ok());
    assert_eq!(receive(BODY, "a=2", &signature, &secrets()), Err(Rejected::Signature));
}

#[test]
fn a_parameter_more_or_another_url_is_refused() {
    let signature = signature(&format!("https://konf.example.com/sms/twilio{SORTED}"));
    let more = format!("{BODY}&Extra=1");
    assert_eq!(receive(&more, "", &signature, &secrets()), Err(Rejected::Signature));
    let elsewhere = Secrets { public_url: "https://other.example.com".to_owned(), ..secrets() };
    assert_eq!(receive(BODY, "", &signature, &elsewhere), Err(Rejected::Signature));
    assert_eq!(receive(BODY, "", "not base64!", &secrets()), Err(Rejected::Signature));
}

#[test]
fn without_token_or_url_nothing_is_taken() {
    for secrets in [
        Secrets { twilio_auth_token: String::new(), ..secrets() },
        Secrets { public_url: String::new(), ..secrets() },
    ] {
        assert_eq!(receive(BODY, "", "AAAA", &secrets).unwrap_err().status(), 503);
    }
}

/// A status callback, signed by hand: parameters sorted, the query with the message's own id in the address.
fn reported(status: &str, code: &str, now_signed_as: &str) -> Result<Received, Rejected> {
    let body = format!("MessageSid=SM2&MessageStatus={status}&ErrorCode={code}&To=%2B420606123456");
    let sorted = format!("ErrorCode{code}MessageSidSM2MessageStatus{now_signed_as}To+420606123456");
    let url = "https://konf.example.com/sms/twilio?message=out-1";
    let sent = Sent { query: "message=out-1".to_owned(), ..Sent::json("/sms/twilio", &body) }
        .with("content-type", "application/x-www-form-urlencoded")
        .with("x-twilio-signature", &signature(&format!("{url}{sorted}")));
    sent.to(Gateway::Twilio, &secrets())
}

#[test]
fn a_report_names_its_message_and_only_an_end_counts() {
    let failed = Fate::Undelivered { reason: "undelivered, error 30005".to_owned() };
    let table = [
        ("delivered", "0", Some(Fate::Delivered)),
        ("undelivered", "30005", Some(failed)),
        ("sent", "0", None),
    ];
    for (status, code, fate) in table {
        let expected = fate.map(|fate| {
            let (reference, gateway_id) = (Some("out-1".to_owned()), Some("SM2".to_owned()));
            Item::Report(DeliveryReport { reference, gateway_id, fate })
        });
        assert_eq!(
            reported(status, code, status).unwrap().items,
            Vec::from_iter(expected),
            "{status}"
        );
    }
    assert_eq!(reported("delivered", "0", "failed"), Err(Rejected::Signature));
}

#[test]
fn a_repeat_is_the_same_message() {
    let signature = signature(&format!("https://konf.example.com/sms/twilio{SORTED}"));
    assert_eq!(
        receive(BODY, "", &signature, &secrets()),
        receive(BODY, "", &signature, &secrets())
    );
}
