//! Orders, refusals and messages.

use std::collections::BTreeSet;

use anyhow::Result;
use konf_harness::gateway::sign;
use konf_harness::konf::{Konf, TOKEN, unix_seconds};

use crate::support::{all_sent, credentials, wall_in};

#[test]
fn one_sms_books_once_and_its_credentials_come_back() -> Result<()> {
    let konf = Konf::start(40)?;
    let from = "+420606111222";
    let text = format!("Konf {} 60 10", wall_in(86_400)?);
    assert_eq!(konf.sms(from, &text, "m-1")?, 200);
    let first = credentials(&konf, from)?;
    // The gateway tries again, and once more.
    assert_eq!(konf.sms(from, &text, "m-1")?, 200);
    assert_eq!(konf.sms(from, &text, "m-1")?, 200);
    let bookings = konf.get("/operator/v1/bookings")?;
    assert_eq!(bookings.as_array().map(Vec::len), Some(1), "{bookings:#}");
    assert_eq!(bookings[0]["number"], first.number.as_str());
    assert_eq!(bookings[0]["seats"], 10);
    for sms in konf.gateway.taken(from) {
        assert!(sms.text.is_ascii() && sms.text.len() <= 160, "{}", sms.text);
    }
    let kinds: BTreeSet<_> = konf.gateway.taken(from).into_iter().map(|sms| sms.text).collect();
    assert_eq!(kinds.len(), konf.gateway.taken(from).len(), "no message came twice");

    let cancel = format!("storno {}", first.number);
    assert_eq!(konf.sms("+420606999999", &cancel, "m-2")?, 200);
    assert_eq!(
        konf.get("/operator/v1/bookings")?[0]["state"],
        "booked",
        "a stranger cannot cancel"
    );
    assert_eq!(konf.sms(from, &cancel, "m-3")?, 200);
    assert_eq!(konf.get("/operator/v1/bookings")?[0]["state"], "cancelled");

    let listing = konf.cli(&["bookings"])?;
    assert!(listing.contains("NUMBER") && listing.contains(&first.number), "{listing}");
    let logs = konf.logs();
    for secret in [first.pin.as_str(), &first.password, from] {
        assert!(!logs.contains(secret), "a secret is in the logs");
    }
    konf.passed()
}

#[test]
fn a_full_system_offers_what_would_fit_and_the_reply_books_it() -> Result<()> {
    let konf = Konf::start(12)?;
    let wall = wall_in(2 * 86_400)?;
    assert_eq!(konf.sms("+420606000001", &format!("conf {wall} 60 10"), "a")?, 200);
    credentials(&konf, "+420606000001")?;
    let late = "+420606000002";
    assert_eq!(konf.sms(late, &format!("conf {wall} 60 10"), "b")?, 200);
    let offer = konf.gateway.wait(late, "1")?;
    assert!(konf.gateway.taken(late).iter().all(|sms| !sms.text.contains("PIN")), "{}", offer.text);
    assert_eq!(konf.sms(late, "1", "c")?, 200);
    let accepted = credentials(&konf, late)?;
    let bookings = konf.get("/operator/v1/bookings")?;
    assert_eq!(bookings.as_array().map(Vec::len), Some(2));
    assert!(
        bookings
            .as_array()
            .is_some_and(|all| all.iter().any(|line| line["number"] == accepted.number.as_str()))
    );
    konf.passed()
}

#[test]
fn a_long_conference_is_booked_by_an_operator_within_the_deadline_that_its_sender_was_told()
-> Result<()> {
    let konf = Konf::start(40)?;
    let from = "+420606111777";
    assert_eq!(konf.sms(from, &format!("konf {} 180 30", wall_in(4 * 86_400)?), "long")?, 200);
    let receipt = konf.gateway.wait(from, "nejpozdeji")?;
    assert!(receipt.text.is_ascii() && receipt.text.len() <= 160, "{}", receipt.text);
    let requests = konf.get("/operator/v1/requests")?;
    assert_eq!(
        (&requests[0]["sender"], &requests[0]["order"]["seats"]),
        (&"+420…777".into(), &30.into())
    );
    let numbers = konf.metrics()?;
    assert!(numbers.contains("\nkonf_requests_open 1\n"), "{numbers}");
    let id = requests[0]["id"].as_str().unwrap_or_default();

    // Sixty people do not fit, and the request stays; thirty do.
    let refused = konf.cli(&["requests", "approve", id, "--people", "60"]);
    assert!(refused.is_err_and(|error| error.to_string().contains("not as many free seats")));
    let desk = konf.browser("jana", "operator")?;
    let page = desk.get(&format!("/desk/requests/{id}"))?;
    assert!(page.contains("+420…777") && !page.contains(from), "{page}");
    let field = |name: &str| {
        let after = page.split(&format!("name={name} ")).nth(1).unwrap_or_default();
        after.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default()
    };
    let form = [("at", field("at")), ("minutes", field("minutes")), ("people", field("people"))];
    let booked = desk.submit(&format!("/desk/requests/{id}/approve"), &form)?;
    let credentials = credentials(&konf, from)?;
    assert_eq!(booked.place, format!("/desk/requests?done=approved&number={}", credentials.number));
    assert!(desk.get(&booked.place)?.contains("Booked as conference"));
    assert!(desk.get("/desk/audit")?.contains("approve request"));
    let bookings = konf.get("/operator/v1/bookings")?;
    assert_eq!((&bookings[0]["seats"], bookings.as_array().map(Vec::len)), (&30.into(), Some(1)));
    assert!(konf.cli(&["requests", "approve", id]).is_err(), "approved once");
    assert!(konf.cli(&["requests", "done"])?.contains("approved"));
    let found = desk.get("/desk/search?q=%2B420%E2%80%A6777")?;
    assert!(found.contains(&credentials.number) && !found.contains(from), "{found}");

    // Free text, answered in its own language.
    let other = "+420606111888";
    assert_eq!(konf.sms(other, "Hello, we would like a room for the whole day", "free")?, 200);
    konf.gateway.wait(other, "An operator will handle it by")?;
    let requests = konf.get("/operator/v1/requests")?;
    let id = requests[0]["id"].as_str().unwrap_or_default();
    konf.cli(&["requests", "answer", id, "--template", "when"])?;
    konf.gateway.wait(other, "Please write the day")?;
    all_sent(&konf)?;
    let logs = konf.logs();
    assert!(!logs.contains(from) && !logs.contains(&credentials.pin), "a secret is in the logs");
    konf.passed()
}

#[test]
fn an_order_by_mail_is_answered_by_mail_with_an_invitation() -> Result<()> {
    let konf = Konf::start(40)?;
    let text = format!("Dobry den,\n\nkonf {} 45 6\n\n-- \nJana\n", wall_in(3 * 86_400)?);
    let body =
        serde_json::json!({ "from": "jana@example.com", "to": "order@konf.example", "text": text })
            .to_string();
    let now = unix_seconds().to_string();
    assert_eq!(
        konf.post_signed("/mail/generic", &body, "mail-1", &now, &sign("mail-1", &now, &body))?,
        200
    );
    let mail = konf.smtp.wait()?;
    let header = |name: &str| mail.lines().any(|line| line.to_lowercase().starts_with(name));
    for name in [
        "message-id:",
        "auto-submitted: auto-replied",
        "from: ",
        "to: jana@example.com",
        "subject: ",
    ] {
        assert!(header(name), "no {name} in\n{mail}");
    }
    for part in ["text/plain", "text/html", "text/calendar"] {
        assert!(mail.contains(part), "no {part} in\n{mail}");
    }
    all_sent(&konf)?;
    assert_eq!(konf.get("/operator/v1/bookings")?[0]["seats"], 6);
    konf.passed()
}

#[test]
fn an_order_from_twilio_is_taken_when_twilio_has_signed_it() -> Result<()> {
    let konf = Konf::start(40)?;
    let from = "+420606111333";
    let text = format!("KONF {} 30 4", wall_in(86_400)?);
    let sms =
        [("MessageSid", "SM1"), ("From", from), ("To", "+420720002233"), ("Body", text.as_str())];
    assert_eq!(konf.twilio("another token, not Twilio's", &sms)?.0, 401);
    let (status, body) = konf.twilio(TOKEN, &sms)?;
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("<Response"), "{body}");
    assert_eq!(konf.twilio(TOKEN, &sms)?.0, 200, "tried again");
    credentials(&konf, from)?;
    assert_eq!(konf.get("/operator/v1/bookings")?.as_array().map(Vec::len), Some(1));
    konf.passed()
}

#[test]
fn a_gateway_that_is_down_gets_the_message_when_it_is_back() -> Result<()> {
    let konf = Konf::start(40)?;
    let from = "+420606111444";
    konf.gateway.set_down(true);
    assert_eq!(konf.sms(from, &format!("konf {} 30 4", wall_in(86_400)?), "down-1")?, 200);
    konf_harness::wait_for("a failed attempt", std::time::Duration::from_secs(10), || {
        let outbox = konf.get("/operator/v1/outbox").ok()?;
        outbox.as_array()?.iter().find(|line| !line["last_error"].is_null())?;
        Some(())
    })?;
    konf.gateway.set_down(false);
    credentials(&konf, from)?;
    all_sent(&konf)?;
    let texts: Vec<_> = konf.gateway.taken(from).into_iter().map(|sms| sms.text).collect();
    assert_eq!(
        texts.len(),
        texts.iter().collect::<BTreeSet<_>>().len(),
        "nothing came twice: {texts:?}"
    );
    konf.passed()
}

#[test]
fn what_is_wrong_is_refused_and_named() -> Result<()> {
    let konf = Konf::start(40)?;
    let body = r#"{"from":"+420606123123","to":"+420720002233","text":"konf 0101 1000 60 10"}"#;
    let now = unix_seconds();
    let stale = (now - 3600).to_string();
    let now = now.to_string();
    assert_eq!(
        konf.post_signed("/sms/generic", body, "x", &now, "v1,AAAA")?,
        401,
        "a wrong signature"
    );
    assert_eq!(
        konf.post_signed("/sms/generic", body, "x", &stale, &sign("x", &stale, body))?,
        401,
        "a stale one"
    );
    assert_eq!(konf.post_signed("/sms/unheard-of", body, "x", &now, &sign("x", &now, body))?, 404);
    let long = "y".repeat(300_000);
    assert_eq!(konf.post_signed("/sms/generic", &long, "x", &now, &sign("x", &now, &long))?, 413);
    assert_eq!(konf.post_signed("/sms/generic", "{", "x", &now, &sign("x", &now, "{"))?, 400);
    assert_eq!(
        konf.post_signed("/admit", body, "x", &now, "")?,
        404,
        "private functions have no route"
    );
    assert!(konf.get("/operator/v1/bookings")?.as_array().is_some_and(Vec::is_empty));

    // A misreading shows: the refusal names the one wrong item and has a right example.
    let from = "+420606123123";
    assert_eq!(konf.sms(from, "konf 3102 1400 60 10", "bad-day")?, 200);
    let refusal = konf.gateway.wait(from, "konf ")?;
    assert!(!refusal.text.contains("PIN"), "{}", refusal.text);

    let agent_token = ureq_without_token(&konf)?;
    assert_eq!(agent_token, 401, "the operator's interface asks for its token");
    konf.passed()
}

fn ureq_without_token(konf: &Konf) -> Result<u16> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(&konf.http)?;
    write!(stream, "GET /operator/v1/bookings HTTP/1.0\r\nHost: x\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.split(' ').nth(1).unwrap_or_default().parse()?)
}
