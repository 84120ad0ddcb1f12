use konf_api::ledger::{DeliveryReport, Fate};
use serde_json::{Value, json};

use crate::gateway::testing::Sent;
use crate::gateway::{Gateway, Item, Received, Rejected, Secrets};

const LOGIN: &str = "konf:correct horse";
const AUTHORIZATION: &str = "Basic a29uZjpjb3JyZWN0IGhvcnNl";

/// Of the detail of a message in GoSMS's documentation, what counts, and what a report adds.
fn detail(recipients: &Value) -> Value {
    json!({
        "event": "delivery",
        "messageType": "SMS",
        "sendingInfo": { "status": "SENT", "sentFinish": "2014-12-24T21:23:01+02:00" },
        "delivery": {
            "isDelivered": false, "smsCount": 1, "deliveredSmsCount": 0, "recipients": recipients,
        },
        "reply": { "hasReplies": false, "repliesCount": 0 },
        "links": { "self": "api/v1/messages/123", "replies": "api/v1/messages/123/replies" },
    })
}

fn under(login: &str, sent: &Sent) -> Result<Received, Rejected> {
    let secrets = Secrets { gosms_auth: login.to_owned(), ..Secrets::default() };
    sent.to(Gateway::GoSms, &secrets)
}

fn sent(body: &str) -> Sent {
    Sent::json("/sms/gosms", body).with("authorization", AUTHORIZATION)
}

fn fate(recipients: &Value) -> Option<Fate> {
    let received = under(LOGIN, &sent(&detail(recipients).to_string())).unwrap();
    assert!(received.left_out.is_empty());
    match &received.items[..] {
        [] => None,
        [Item::Report(DeliveryReport { reference: None, gateway_id: Some(id), fate })] => {
            assert_eq!(id, "123");
            Some(fate.clone())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_report_says_what_became_of_a_message() {
    let at = "2014-12-24T21:23:00+02:00";
    let delivered =
        json!({ "delivered": { "+420606123456": at }, "undelivered": [], "delivering": [] });
    assert_eq!(fate(&delivered), Some(Fate::Delivered));
    assert_eq!(fate(&delivered), Some(Fate::Delivered), "repeated");
    let lost = fate(&json!({ "delivered": [], "undelivered": { "+420606123456": at } }));
    assert!(matches!(lost, Some(Fate::Undelivered { .. })));
    let count = json!({ "deliveredCount": 0, "undeliveredCount": 0, "deliveringCount": 1 });
    let on_its_way = json!({ "delivered": [], "delivering": { "+420606123456": count } });
    assert_eq!(fate(&on_its_way), None);
    assert_eq!(fate(&Value::Null), None);
}

#[test]
fn the_id_may_stand_in_a_link_of_its_own() {
    let mut told = detail(&json!({ "delivered": { "+420606123456": "x" } }));
    told["links"] = Value::Null;
    assert_eq!(under(LOGIN, &sent(&told.to_string())), Err(Rejected::MissingField("links.self")));
    told["link"] = "https://app.gosms.cz/api/v1/messages/7".into();
    let received = under(LOGIN, &sent(&told.to_string())).unwrap();
    let [Item::Report(report)] = &received.items[..] else { panic!("{received:?}") };
    assert_eq!(report.gateway_id.as_deref(), Some("7"));
}

#[test]
fn only_who_knows_the_password_is_the_gateway() {
    let body = detail(&json!({})).to_string();
    for (authorization, expected) in [
        (AUTHORIZATION, Ok(())),
        ("Basic a29uZjp3cm9uZw==", Err(Rejected::Credentials)),
        ("Bearer a29uZjpjb3JyZWN0IGhvcnNl", Err(Rejected::Credentials)),
        ("", Err(Rejected::Credentials)),
    ] {
        let sent = Sent::json("/sms/gosms", &body).with("authorization", authorization);
        assert_eq!(under(LOGIN, &sent).map(drop), expected, "{authorization}");
    }
    let without = Sent::json("/sms/gosms", &body);
    assert_eq!(under(LOGIN, &without), Err(Rejected::Credentials));
    for login in ["", "konf", "k:p"] {
        assert_eq!(under(login, &sent(&body)).unwrap_err().status(), 503, "{login}");
    }
}

#[test]
fn what_is_no_json_or_too_long_is_refused() {
    for body in ["", "[", "a=1"] {
        let unreadable = Rejected::Unreadable("the body is not JSON");
        assert_eq!(under(LOGIN, &sent(body)), Err(unreadable), "{body}");
    }
    assert_eq!(under(LOGIN, &sent(&" ".repeat(65_537))).unwrap_err().status(), 413);
    assert_eq!(Gateway::at("gosms"), Ok(Gateway::GoSms));
    assert_eq!(Gateway::at("gosms/x"), Err(Rejected::UnknownGateway));
}
