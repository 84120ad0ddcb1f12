use std::sync::{Arc, Mutex as Lock};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// What a gateway heard: the request line, its `authorization` and its body.
#[derive(Debug, Clone)]
struct Heard {
    line: String,
    authorization: String,
    body: String,
}

impl Heard {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A gateway of our own: answers each request with the next of `answers`, the last one for ever; an empty one is none,
/// and the connection stays open.
struct Fake {
    url: String,
    heard: Arc<Lock<Vec<Heard>>>,
}

impl Fake {
    async fn new(answers: &[(u16, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::<Lock<Vec<Heard>>>::default();
        let (list, answers) = (heard.clone(), answers.to_vec());
        let mut answers: Vec<(u16, String)> =
            answers.into_iter().map(|(status, body)| (status, body.to_owned())).collect();
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = hear(&mut stream).await;
                list.lock().unwrap().push(request);
                let next = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
                if next.0 != 0 {
                    say(&mut stream, &next).await;
                } else {
                    open.push(stream);
                }
            }
        });
        Fake { url, heard }
    }

    fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}

async fn hear(stream: &mut TcpStream) -> Heard {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.unwrap();
        bytes.extend(&chunk[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let of = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(this, _)| this.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        if body.len() >= of("content-length").unwrap_or("0").parse().unwrap() {
            let line = head.lines().next().unwrap_or_default().to_owned();
            let authorization = of("authorization").unwrap_or_default().to_owned();
            return Heard { line, authorization, body: body.to_owned() };
        }
    }
}

async fn say(stream: &mut TcpStream, (status, body): &(u16, String)) {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
}

fn gateway(kind: SmsKind, url: &str) -> SmsGateway {
    let from = if kind == SmsKind::GoSms { "7" } else { "+420720002233" }.to_owned();
    let secret = Secret::new("whsec_c2VjcmV0c2VjcmV0");
    let sms = Sms { kind, url: url.to_owned(), from, account: Some("AC1".to_owned()), secret };
    SmsGateway {
        patience: Duration::from_millis(300),
        ..SmsGateway::new(sms, "https://konf.example").unwrap()
    }
}

async fn send(gateway: &SmsGateway) -> Result<Option<String>, Failure> {
    let to = Msisdn::parse("606123456").unwrap();
    let message = Outgoing { id: "out-1-1", reference: "out-1", to: &to, text: "PIN 1+1 # é" };
    gateway.send(&message, UnixMs(1_000_000)).await
}

/// What the gateway heard, when it says `answer` and that is taken as `expected`.
async fn heard(kind: SmsKind, answer: &str, expected: Option<&str>) -> Heard {
    let fake = Fake::new(&[(200, answer)]).await;
    assert_eq!(send(&gateway(kind, &fake.url)).await.unwrap().as_deref(), expected, "{kind:?}");
    fake.heard().remove(0)
}

#[tokio::test]
async fn generic_is_signed_over_id_timestamp_and_body() {
    let to = Msisdn::parse("606123456").unwrap();
    let message = Outgoing { id: "msg-1", reference: "msg-1", to: &to, text: "ahoj" };
    let gateway = gateway(SmsKind::Generic, "http://gw.example");
    let request = request::generic(&gateway.sms, &message, UnixMs(1_000_000)).unwrap();
    let signature = request.headers()["webhook-signature"].to_str().unwrap().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(signature, sign("whsec_c2VjcmV0c2VjcmV0", "msg-1", "1000", &body).unwrap());
}

#[tokio::test]
async fn twilio_gets_its_form_and_where_to_report() {
    let heard = heard(SmsKind::Twilio, r#"{"sid":"SM1","status":"queued"}"#, Some("SM1")).await;
    assert_eq!(heard.line, "POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1");
    assert!(heard.authorization.starts_with("Basic "));
    assert_eq!(
        heard.body,
        "To=%2B420606123456&From=%2B420720002233&Body=PIN+1%2B1+%23+%C3%A9\
         &StatusCallback=https%3A%2F%2Fkonf.example%2Fsms%2Ftwilio%3Fmessage%3Dout-1"
    );
}

#[tokio::test]
async fn infobip_gets_its_json_with_the_reference_that_its_report_brings_back() {
    let answer =
        r#"{"bulkId":"1","messages":[{"messageId":"M1","status":{"groupName":"PENDING"}}]}"#;
    let heard = heard(SmsKind::Infobip, answer, Some("M1")).await;
    assert_eq!(heard.line, "POST /sms/3/messages HTTP/1.1");
    assert_eq!(heard.authorization, "App whsec_c2VjcmV0c2VjcmV0");
    let message = &heard.json()["messages"][0];
    assert_eq!(message["destinations"][0]["to"], "420606123456");
    assert_eq!(
        (&message["sender"], &message["content"]["text"]),
        (&"+420720002233".into(), &"PIN 1+1 # é".into())
    );
    assert_eq!(message["webhooks"]["callbackData"], "out-1");
}

#[tokio::test]
async fn bulkgate_gets_its_json_and_a_number_as_an_own_sender() {
    let answer =
        r#"{"data":{"status":"accepted","sms_id":"B1","price":0.7,"number":"420606123456"}}"#;
    let heard = heard(SmsKind::BulkGate, answer, Some("B1")).await;
    assert_eq!(heard.line, "POST /api/1.0/simple/transactional HTTP/1.1");
    let body = heard.json();
    let expected = serde_json::json!({
        "application_id": "AC1", "application_token": "whsec_c2VjcmV0c2VjcmV0",
        "number": "420606123456", "text": "PIN 1+1 # é", "unicode": false,
        "sender_id": "gOwn", "sender_id_value": "420720002233",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn telnyx_and_vonage_get_theirs() {
    let heard_by_telnyx = heard(SmsKind::Telnyx, r#"{"data":{"id":"T1"}}"#, Some("T1")).await;
    assert_eq!(heard_by_telnyx.line, "POST /v2/messages HTTP/1.1");
    assert_eq!(heard_by_telnyx.authorization, "Bearer whsec_c2VjcmV0c2VjcmV0");
    assert_eq!(heard_by_telnyx.json()["tags"][0], "out-1");
    let answer = r#"{"message-count":"1","messages":[{"status":"0","message-id":"V1"}]}"#;
    let heard_by_vonage = heard(SmsKind::Vonage, answer, Some("V1")).await;
    assert_eq!(heard_by_vonage.line, "POST /sms/json HTTP/1.1");
    assert!(heard_by_vonage.body.ends_with(
        "&from=420720002233&to=420606123456&text=PIN+1%2B1+%23+%C3%A9&client-ref=out-1"
    ));
}

#[tokio::test]
async fn gosms_gets_a_token_once_and_a_new_one_when_it_is_over() {
    let token = r#"{"access_token":"T-1","expires_in":3600,"token_type":"bearer"}"#;
    let taken = r#"{"recipients":{"invalid":[]},"link":"messages/123"}"#;
    let answers =
        [(200, token), (201, taken), (201, taken), (401, "{}"), (200, token), (201, taken)];
    let fake = Fake::new(&answers).await;
    let gateway = gateway(SmsKind::GoSms, &fake.url);
    for _ in 0..2 {
        assert_eq!(send(&gateway).await.unwrap().as_deref(), Some("123"));
    }
    assert!(matches!(send(&gateway).await, Err(Failure::NotReached(_))), "the token was revoked");
    assert_eq!(send(&gateway).await.unwrap().as_deref(), Some("123"));
    let heard = fake.heard();
    let paths: Vec<_> = heard.iter().map(|it| it.line.split(' ').nth(1).unwrap()).collect();
    let (oauth, messages) = ("/oauth/v2/token", "/api/v1/messages");
    assert_eq!(paths, [oauth, messages, messages, messages, oauth, messages]);
    assert_eq!(
        heard[0].body,
        "client_id=AC1&client_secret=whsec_c2VjcmV0c2VjcmV0&grant_type=client_credentials"
    );
    assert_eq!(heard[1].authorization, "Bearer T-1");
    let expected = serde_json::json!({ "message": "PIN 1+1 # é", "recipients": "+420606123456", "channel": 7 });
    assert_eq!(heard[1].json(), expected);
}

#[tokio::test]
async fn gosms_is_asked_for_replies() {
    let token = r#"{"access_token":"T-1","expires_in":3600,"token_type":"bearer"}"#;
    let replied = r#"{"reply":{"recipients":{"+420606123456":[{"id":9,"message":"2"}]}}}"#;
    let fake = Fake::new(&[(200, token), (200, replied), (404, "{}"), (401, "{}")]).await;
    let gateway = gateway(SmsKind::GoSms, &fake.url);
    let now = UnixMs(1_900_000_000_000);
    let [reply] = &gateway.replies("12/3", now).await.unwrap()[..] else { panic!("one reply") };
    assert_eq!((&reply.gateway[..], &reply.text[..]), ("gosms", "2"));
    assert!(matches!(gateway.replies("124", now).await, Err(Failure::Refused(_))));
    assert!(matches!(gateway.replies("124", now).await, Err(Failure::NotReached(_))));
    let heard = fake.heard();
    assert_eq!(heard[1].line, "GET /api/v1/messages/12%2F3/replies HTTP/1.1");
    assert_eq!(heard[1].authorization, "Bearer T-1");
}

const KINDS: [SmsKind; 6] = [
    SmsKind::Generic,
    SmsKind::Twilio,
    SmsKind::Infobip,
    SmsKind::BulkGate,
    SmsKind::Telnyx,
    SmsKind::Vonage,
];

#[tokio::test]
async fn without_an_answer_nobody_knows_and_without_a_connection_everybody() {
    let mute = Fake::new(&[(0, "")]).await;
    for kind in KINDS {
        let outcome = send(&gateway(kind, &mute.url)).await;
        assert!(matches!(outcome, Err(Failure::Unknown(_))), "{kind:?}: {outcome:?}");
        let outcome = send(&gateway(kind, "http://127.0.0.1:1")).await;
        assert!(matches!(outcome, Err(Failure::NotReached(_))), "{kind:?}: {outcome:?}");
    }
    // Without a token no message has left.
    let outcome = send(&gateway(SmsKind::GoSms, &mute.url)).await;
    assert!(matches!(outcome, Err(Failure::NotReached(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_status_tells_who_may_come_again() {
    for kind in KINDS {
        for (status, again) in
            [(400, false), (401, false), (404, false), (429, true), (500, true), (503, true)]
        {
            let fake = Fake::new(&[(status, "{}")]).await;
            let outcome = send(&gateway(kind, &fake.url)).await;
            let is_again = matches!(outcome, Err(Failure::NotReached(_)));
            let is_refused = matches!(outcome, Err(Failure::Refused(_)));
            assert_eq!((is_again, is_refused), (again, !again), "{kind:?} {status}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn a_refusal_within_a_success_is_a_refusal_and_unreadable_words_are_taken() {
    let vonage =
        |status: &str| format!(r#"{{"messages":[{{"status":"{status}","error-text":"x"}}]}}"#);
    let rejected = r#"{"messages":[{"messageId":"1","status":{"groupName":"REJECTED","name":"REJECTED_NO_CREDIT"}}]}"#;
    let table = [
        (SmsKind::Infobip, rejected.to_owned(), false),
        (
            SmsKind::BulkGate,
            r#"{"type":"low_credit","code":400,"error":"low_credit"}"#.to_owned(),
            false,
        ),
        (SmsKind::Vonage, vonage("9"), false),
        (SmsKind::Vonage, vonage("1"), true),
    ];
    for (kind, answer, again) in table {
        let fake = Fake::new(&[(200, &answer)]).await;
        let outcome = send(&gateway(kind, &fake.url)).await;
        let is_again = matches!(outcome, Err(Failure::NotReached(_)));
        assert!(outcome.is_err() && is_again == again, "{kind:?}: {outcome:?}");
    }
    let token = r#"{"access_token":"T","expires_in":3600}"#;
    let fake = Fake::new(&[(200, token), (200, r#"{"recipients":{"invalid":["606"]}}"#)]).await;
    let outcome = send(&gateway(SmsKind::GoSms, &fake.url)).await;
    assert!(matches!(outcome, Err(Failure::Refused(_))), "{outcome:?}");
    for kind in KINDS {
        for answer in ["", "<html>", "[]", "7", "{}"] {
            heard(kind, answer, None).await;
        }
    }
}
