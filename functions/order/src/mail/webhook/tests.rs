use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac};
use konf_api::ledger::Sender;
use konf_contract::UnixMs;
use sha2::Sha256;

use super::*;
use crate::mail::{MailSettings, read};

const NOW_S: i64 = 1_795_165_200;
const KEY: &str = "a-signing-key-of-the-tests";

fn secrets() -> WebhookSecrets {
    WebhookSecrets {
        mailgun_signing_key: KEY.into(),
        postmark_auth: "konf:a-long-password".into(),
        sendgrid_secret: "0123456789abcdef0123".into(),
    }
}

struct Sent {
    path: String,
    kind: String,
    login: Option<String>,
    body: Vec<u8>,
}

impl Sent {
    fn receive(&self, secrets: &WebhookSecrets) -> Result<MailMessage, Rejected> {
        let header = |name: &str| match name {
            "content-type" => Some(self.kind.clone()),
            "authorization" => self.login.clone(),
            _ => None,
        };
        let delivery = Delivery {
            path: &self.path,
            query: "",
            headers: &header,
            body: &self.body,
            now: UnixMs(NOW_S * 1_000),
        };
        let webhook = Webhook::at(self.path.strip_prefix("/mail/").unwrap()).unwrap();
        webhook.receive(&delivery, secrets)
    }

    fn mail(&self) -> MailMessage {
        self.receive(&secrets()).unwrap()
    }
}

/// Sender, subject's order and text, as it is read in the end.
#[track_caller]
fn check(mail: &MailMessage, is_proven: bool) {
    let read = read(mail, &MailSettings::new("O2 Konference", "orders@konf.example", "")).unwrap();
    assert_eq!(read.message.sender, Sender::Email("jana@example.com".into()));
    assert_eq!(read.message.text, "Příští úterý\r\nkonf 0907 1400 60 10".replace('\r', ""));
    assert!(read.message.mail.as_ref().unwrap().orders);
    assert_eq!(read.message.mail.unwrap().thread.message_id, "<1@example.com>");
    assert_eq!(read.is_proven, is_proven);
}

const TEXT: &str = "Příští úterý\r\nkonf 0907 1400 60 10\r\n";
const FIELDS: &str = r#"[["Received", "by x"], ["From", "Jana <jana@example.com>"], ["Subject", "O2 Konference"],
    ["Message-Id", "<1@example.com>"], ["Content-Type", "multipart/alternative; boundary=\"x\""]]"#;

// ── Mailgun ─────────────────────────────────────────────────────────────────────────────────────────────────────────

fn mailgun(timestamp: i64, key: &str, fields: &[(&str, &str)]) -> Sent {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(format!("{timestamp}a-token").as_bytes());
    let signature: String =
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("timestamp", &timestamp.to_string()).append_pair("token", "a-token");
    form.append_pair("signature", &signature).extend_pairs(fields);
    let kind = "application/x-www-form-urlencoded".into();
    Sent { path: "/mail/mailgun".into(), kind, login: None, body: form.finish().into_bytes() }
}

const OF_MAILGUN: [(&str, &str); 4] = [
    ("recipient", "orders@konf.example"),
    ("sender", "jana@example.com"),
    ("message-headers", FIELDS),
    ("body-plain", TEXT),
];

#[test]
fn mailgun_is_believed_when_it_has_signed_just_now() {
    check(&mailgun(NOW_S - 200, KEY, &OF_MAILGUN).mail(), false);
    let of = |sent: Sent| sent.receive(&secrets()).unwrap_err();
    assert_eq!(of(mailgun(NOW_S, "another key", &OF_MAILGUN)), Rejected::Signature);
    assert_eq!(of(mailgun(NOW_S - 301, KEY, &OF_MAILGUN)), Rejected::Stale);
    assert_eq!(of(mailgun(NOW_S + 301, KEY, &OF_MAILGUN)), Rejected::Stale);
    let mut other = mailgun(NOW_S, KEY, &OF_MAILGUN);
    other.body = String::from_utf8(other.body).unwrap().replace("a-token", "b-token").into();
    assert_eq!(of(other), Rejected::Signature);
    let unset = mailgun(NOW_S, KEY, &OF_MAILGUN).receive(&WebhookSecrets::default());
    assert!(matches!(unset, Err(Rejected::NotConfigured { .. })));
}

#[test]
fn mailguns_whole_message_is_taken_as_it_is() {
    let raw = format!(
        "From: jana@example.com\r\nSubject: O2 Konference\r\nMessage-ID: <1@example.com>\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{TEXT}"
    );
    let whole = [OF_MAILGUN[0], OF_MAILGUN[1], OF_MAILGUN[2], ("body-mime", raw.as_str())];
    check(&mailgun(NOW_S, KEY, &whole).mail(), false);
}

#[test]
fn what_stands_in_a_field_stays_in_it() {
    let fields = r#"[["From", "jana@example.com"], ["Subject", "x\r\nAuto-Submitted: no\r\n\r\nkonf 0101 1000 10 2"],
        ["Evil\r\nBcc", "x"], ["", "x"], ["Message-Id", "<1@example.com>"]]"#;
    let sent =
        mailgun(NOW_S, KEY, &[OF_MAILGUN[0], ("message-headers", fields), ("body-plain", "hi")]);
    let raw = String::from_utf8(BASE64_STANDARD.decode(sent.mail().raw).unwrap()).unwrap();
    let (head, body) = raw.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "hi");
    assert!(!head.contains("\nAuto-Submitted") && !head.contains("Bcc"), "{head}");
}

#[test]
fn reports_and_empty_return_paths_have_no_sender() {
    for field in [r#"["Return-Path", "<>"]"#, r#"["Content-Type", "multipart/report; x=y"]"#] {
        let fields = format!(r#"[["From", "a@b.cz"], {field}]"#);
        let sent = mailgun(
            NOW_S,
            KEY,
            &[OF_MAILGUN[0], OF_MAILGUN[1], ("message-headers", &fields), ("body-plain", "hi")],
        );
        assert_eq!(sent.mail().from, "");
    }
}

// ── Postmark ────────────────────────────────────────────────────────────────────────────────────────────────────────

fn postmark(login: &str) -> Sent {
    let body = serde_json::json!({
        "From": "jana@example.com", "FromFull": { "Email": "jana@example.com", "Name": "Jana" },
        "Subject": "O2 Konference", "OriginalRecipient": "orders@konf.example", "TextBody": TEXT,
        "Headers": [{ "Name": "Message-ID", "Value": "<1@example.com>" }],
    });
    Sent {
        path: "/mail/postmark".into(),
        kind: "application/json".into(),
        login: Some(format!("Basic {}", BASE64_STANDARD.encode(login))),
        body: body.to_string().into_bytes(),
    }
}

#[test]
fn postmark_is_believed_by_its_password() {
    check(&postmark("konf:a-long-password").mail(), false);
    for login in ["", "konf:", "konf:another-password"] {
        assert_eq!(postmark(login).receive(&secrets()), Err(Rejected::Credentials));
    }
    let nobody = Sent { login: None, ..postmark("") };
    assert_eq!(nobody.receive(&secrets()), Err(Rejected::Credentials));
}

// ── SendGrid ────────────────────────────────────────────────────────────────────────────────────────────────────────

fn sendgrid(secret: &str, dkim: &str, spf: &str) -> Sent {
    let headers = "From: Jana <jana@example.com>\nTo: orders@konf.example\nSubject: O2\n Konference\nMessage-ID: <1@example.com>\n";
    let envelope = r#"{"to":["orders@konf.example"],"from":"jana@example.com"}"#;
    let mut body = Vec::new();
    let mut field = |name: &str, value: &[u8]| {
        body.extend(
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").bytes(),
        );
        body.extend(value);
        body.extend(b"\r\n");
    };
    field("headers", headers.as_bytes());
    field("envelope", envelope.as_bytes());
    field("dkim", dkim.as_bytes());
    field("SPF", spf.as_bytes());
    field("charsets", br#"{"text":"windows-1250"}"#);
    // The text in that charset.
    field("text", b"P\xf8\xed\x9at\xed \xfater\xfd\r\nkonf 0907 1400 60 10");
    body.extend(b"--b--\r\n");
    Sent {
        path: format!("/mail/sendgrid/{secret}"),
        kind: "multipart/form-data; boundary=b".into(),
        login: None,
        body,
    }
}

#[test]
fn sendgrid_is_believed_by_its_address_and_in_what_it_has_verified() {
    let secret = "0123456789abcdef0123";
    check(&sendgrid(secret, "{@example.com : pass}", "none").mail(), true);
    check(&sendgrid(secret, "{@a.cz : pass, @example.com : pass}", "fail").mail(), true);
    check(&sendgrid(secret, "none", "pass").mail(), true);
    for dkim in ["none", "{@example.com : fail}", "{@example.com.evil : pass}", "{@com : pass}", ""]
    {
        check(&sendgrid(secret, dkim, "softfail").mail(), false);
    }
    for other in ["", "0123456789abcdef0124", "0123456789abcdef012"] {
        let refused = sendgrid(other, "", "").receive(&secrets());
        assert_eq!(refused, Err(Rejected::Credentials), "{other}");
    }
}

#[test]
fn other_paths_are_nobodys() {
    for path in ["", "generic", "mailgun/x", "postmark/", "sendgrid", "ses"] {
        assert_eq!(Webhook::at(path), None, "{path}");
    }
}

#[test]
fn what_is_too_large_or_no_form_is_refused() {
    let large = Sent { body: vec![b'a'; BODY_BYTES_MAX + 1], ..postmark("konf:a-long-password") };
    assert_eq!(large.receive(&secrets()), Err(Rejected::TooLarge(BODY_BYTES_MAX)));
    for kind in ["", "text/plain", "multipart/form-data; boundary=b\r\nx: y", "multipart/form-data"]
    {
        let odd = Sent { kind: kind.into(), ..sendgrid("0123456789abcdef0123", "", "") };
        assert!(odd.receive(&secrets()).is_err(), "{kind}");
    }
}
