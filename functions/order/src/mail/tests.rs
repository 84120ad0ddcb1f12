use konf_api::render::{Message as Told, RenderRequest};
use konf_contract::{ConferenceNumber, Language, Password, Pin, Window};
use konf_credentials::render::{Settings as Credentials, render};
use proptest::prelude::*;

use super::*;

/// 2026-11-20T09:00Z, a Friday.
const NOW: UnixMs = UnixMs(1_795_165_200_000);

fn settings() -> MailSettings {
    MailSettings::new("O2 Konference", "Orders@konf.example", "konf@konf.example")
}

fn mail(raw: &[u8]) -> MailMessage {
    MailMessage {
        from: "jana@example.com".into(),
        to: "orders@konf.example".into(),
        raw: BASE64_STANDARD.encode(raw),
        authserv_id: Some("mx.konf.example".into()),
        proven: Vec::new(),
    }
}

/// A header as most mails have it, with `fields` in front.
fn with(fields: &str, body: &str) -> Vec<u8> {
    format!(
        "{fields}From: Jana <Jana@Example.com>\r\nTo: orders@konf.example\r\nSubject: O2 Konference\r\n\
         Message-ID: <1@example.com>\r\n{body}"
    )
    .into_bytes()
}

fn plain(body: &str) -> Vec<u8> {
    with("", &format!("\r\n{body}"))
}

fn read_raw(raw: &[u8]) -> Result<Mail, Unwanted> {
    read(&mail(raw), &settings())
}

#[track_caller]
fn text_of(raw: &[u8]) -> String {
    read_raw(raw).unwrap().message.text
}

/// What is asked about a mail whose sender nobody proves.
fn asked_of(raw: &[u8]) -> Option<Asked> {
    asked(&read_raw(raw).unwrap().message, NOW)
}

#[test]
fn an_order_is_read_whatever_its_charset_and_encoding() {
    let is_order = |raw: &[u8]| {
        let asked = asked_of(raw);
        assert!(matches!(asked, Some(Asked::Order { seats: 10, .. })), "{asked:?}");
    };
    let typed = |kind: &str, encoding: &str, body: &[u8]| {
        let head = format!(
            "Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\nMIME-Version: 1.0\r\n"
        );
        [with(&head, "\r\n"), body.to_vec()].concat()
    };
    is_order(&plain("konf 0907 1400 60 10\r\n"));
    is_order(&plain("Dobrý den,\r\n\r\nprosím konf 9.7. 14:00 60 10\r\n\r\n-- \r\nJana\r\n"));
    // "Příšerně" in each of the two, then the order.
    let cp1250 = b"P\xf8\xed\x9aern\xec\r\nkonf 0907 1400 60 10\r\n";
    let raw = typed("text/plain; charset=windows-1250", "8bit", cp1250);
    is_order(&raw);
    assert!(text_of(&raw).starts_with("Příšerně"));
    let latin2 = b"P\xf8\xed\xb9ern\xec\r\nkonf 0907 1400 60 10\r\n";
    assert!(text_of(&typed("text/plain; charset=ISO-8859-2", "8bit", latin2)).starts_with("Příš"));
    is_order(&typed(
        "text/plain; charset=utf-8",
        "quoted-printable",
        b"konf=C2=A00907=\r\n 1400 60 10",
    ));
    is_order(&typed("text/plain; charset=utf-8", "base64", b"a29uZiAwOTA3IDE0MDAgNjAgMTA=\r\n"));
    let utf16 = BASE64_STANDARD.encode(
        "konf 0907 1400 60 10".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>(),
    );
    is_order(&typed("text/plain; charset=utf-16be", "base64", utf16.as_bytes()));
    let gb18030 = b"\xc4\xe3\xba\xc3\r\nkonf 0907 1400 60 10\r\n";
    assert!(text_of(&typed("text/plain; charset=gb18030", "8bit", gb18030)).starts_with("你好"));
    is_order(&typed(
        "text/html; charset=utf-8",
        "8bit",
        b"<div>Hi</div><DIV>konf&nbsp;0907 1400 60 10</DIV><p>--</p>",
    ));
    is_order(&typed("text/plain; charset=no-such-thing", "8bit", b"konf 0907 1400 60 10\r\n"));
}

#[test]
fn of_several_parts_the_one_that_is_read_counts() {
    let body = "Content-Type: multipart/alternative; boundary=b\r\nMIME-Version: 1.0\r\n\r\n--b\r\n\
         Content-Type: text/plain\r\n\r\nkonf 0907 1400 60 10\r\n--b\r\nContent-Type: text/html\r\n\r\n\
         <p>konf 0907 1400 60 20</p>\r\n--b--\r\n";
    assert!(matches!(asked_of(&with("", body)), Some(Asked::Order { seats: 10, .. })));
}

#[test]
fn the_subject_says_whether_it_orders() {
    let asked_with = |subject: &str| {
        let raw =
            format!("From: a@example.com\r\nSubject: {subject}\r\n\r\nkonf 0907 1400 60 10\r\n");
        asked_of(raw.as_bytes())
    };
    for subject in [
        "O2 Konference",
        "Re: o2 KONFERENCE, prosím",
        "=?utf-8?q?O2=C2=A0Konf=C3=A9rence?=",
        "Fwd: O2\r\n  Konference",
    ] {
        let asked = asked_with(subject);
        assert!(matches!(asked, Some(Asked::Order { .. })), "{subject}: {asked:?}");
    }
    assert_eq!(asked_with("Dotaz"), Some(Asked::Request));
    assert_eq!(asked_with(""), Some(Asked::Request));
    let any = MailSettings::new("", "orders@konf.example", "");
    let raw = mail(b"From: a@example.com\r\nSubject: x\r\n\r\nkonf 0907 1400 60 10\r\n");
    assert!(read(&raw, &any).unwrap().message.mail.unwrap().orders);
}

#[test]
fn a_reply_to_a_mail_of_ours_orders_under_any_subject() {
    let reply = |id: &str| {
        let raw = format!(
            "From: a@example.com\r\nSubject: x\r\nIn-Reply-To: {id}\r\n\r\nstorno 123456\r\n"
        );
        asked_of(raw.as_bytes())
    };
    let number = ConferenceNumber::new("123456").unwrap();
    assert_eq!(reply("<out-0f@konf.example>"), Some(Asked::Cancel { number }));
    for other in ["<out-0f@konf.example.evil>", "<message-0f@konf.example>", "konf.example"] {
        assert_eq!(reply(other), Some(Asked::Request), "{other}");
    }
}

/// Our own mail says how to cancel: whoever quotes it, in whatever way, cancels nothing.
#[test]
fn a_mail_of_ours_that_is_quoted_commands_nothing() {
    let number = ConferenceNumber::new("123456").unwrap();
    let message = Told::Credentials {
        number,
        pin: Pin::new("111222").unwrap(),
        password: Password::new("33334444").unwrap(),
        window: Window { start: NOW, end: NOW.plus_ms(3_600_000) },
        zone: "Europe/Prague".into(),
        seats: 10,
    };
    for language in [Language::Cs, Language::En] {
        let recipient = Sender::Email("a@example.com".into());
        let request = RenderRequest { recipient, language, now: NOW, message: message.clone() };
        let [sent] = &render(&request, &Credentials::default())[..] else { panic!("one message") };
        let konf_api::ledger::MessageBody::Email { text, html, .. } = &sent.body else {
            panic!("an e-mail")
        };
        let marked: String = text.lines().map(|line| format!("> {line}\r\n")).collect();
        let bare = text.replace('\n', "\r\n");
        for reply in [
            format!("Díky\r\n\r\nDne 9. 7. 2027 v 14:00 Konf napsal(a):\r\n{marked}"),
            format!(
                "Thanks\r\n\r\nOn Fri, 9 Jul 2027 at 14:00, Konf <konf@konf.example>\r\nwrote:\r\n\r\n{marked}"
            ),
            format!(
                "Díky\r\n\r\nOd: Konf\r\nOdesláno: 9. 7.\r\nKomu: a\r\nPředmět: x\r\n\r\n{bare}"
            ),
            format!("Thanks\r\n________________________________\r\n{bare}"),
            format!("Thanks\r\n-----Original Message-----\r\n{bare}"),
            bare.clone(),
        ] {
            let asked = asked_of(&plain(&reply));
            assert!(matches!(asked, None | Some(Asked::Request)), "{reply}: {asked:?}");
        }
        let body = html.split("<body").nth(1).unwrap().replace('\n', "\r\n");
        for quote in
            ["<blockquote>", "<div class=\"gmail_quote\">", "<div id=\"divRplyFwdMsg\">", ""]
        {
            let head = "Content-Type: text/html; charset=utf-8\r\nMIME-Version: 1.0\r\n";
            let raw = with(head, &format!("\r\n<div>Díky</div>{quote}<div {body}"));
            let asked = asked_of(&raw);
            assert!(matches!(asked, None | Some(Asked::Request)), "{quote}: {asked:?}");
        }
    }
}

#[test]
fn what_is_written_below_a_quotation_counts() {
    let raw = plain(
        "On Friday Konf wrote:\r\n> To cancel, send: cancel 123456\r\n\r\nkonf 0907 1400 60 10\r\n",
    );
    assert!(matches!(asked_of(&raw), Some(Asked::Order { .. })));
}

#[test]
fn robots_are_not_answered() {
    for fields in [
        "Auto-Submitted: auto-replied\r\n",
        "auto-submitted:Auto-Generated; x\r\n",
        "Precedence: bulk\r\n",
        "Precedence: List\r\n",
        "List-Id: <x.example.com>\r\n",
        "List-Unsubscribe: <https://example.com>\r\n",
        "X-Loop: konf@konf.example\r\n",
        "Content-Type: multipart/report; boundary=b\r\n",
        "Content-Type: text/calendar; method=REPLY\r\n",
    ] {
        let outcome = read_raw(&with(fields, "\r\nkonf 0907 1400 60 10\r\n"));
        assert!(matches!(outcome, Err(Unwanted::Automatic(_))), "{fields}: {outcome:?}");
    }
    assert!(read_raw(&with("Auto-Submitted: no\r\nPrecedence: normal\r\n", "\r\nx\r\n")).is_ok());
    for from in ["", "MAILER-DAEMON@example.com", "noreply@example.com"] {
        let message = MailMessage { from: from.into(), ..mail(&plain("konf 0907 1400 60 10\r\n")) };
        let outcome = read(&message, &settings());
        assert!(matches!(outcome, Err(Unwanted::Automatic(_))), "{from}: {outcome:?}");
    }
    for own in ["orders@konf.example", "KONF@konf.example"] {
        let raw = format!("From: {own}\r\nSubject: O2 Konference\r\n\r\nkonf 0907 1400 60 10\r\n");
        assert_eq!(read_raw(raw.as_bytes()), Err(Unwanted::Automatic("it comes from ourselves")));
    }
}

#[test]
fn there_is_one_sender_or_none() {
    for from in [
        "",
        "From: a@example.com, b@example.com\r\n",
        "From: a@example.com\r\nFrom: b@example.com\r\n",
        "From: friends: a@example.com;\r\n",
        "From: Jana\r\n",
        "From: <\"a b\"@example.com>\r\n",
        "From: <a@b@example.com>\r\n",
    ] {
        let raw = format!("{from}Subject: O2 Konference\r\n\r\nkonf 0907 1400 60 10\r\n");
        let outcome = read_raw(raw.as_bytes());
        assert!(matches!(outcome, Err(Unwanted::Unreadable(_))), "{from}: {outcome:?}");
    }
}

#[test]
fn a_sender_is_proven_by_the_server_in_front_alone() {
    let proven = "Authentication-Results: mx.konf.example; dmarc=pass header.from=example.com\r\n";
    let forged = "Authentication-Results: mx.konf.example; dmarc=fail header.from=example.com\r\n";
    let order = "\r\nkonf 0907 1400 60 10\r\n";
    assert!(read_raw(&with(proven, order)).unwrap().is_proven);
    assert!(!read_raw(&plain(order)).unwrap().is_proven);
    let below = format!("{forged}{proven}");
    assert!(!read_raw(&with(&below, order)).unwrap().is_proven, "only the topmost counts");
    // What a stranger had the server in front repeat hides nothing of it.
    let odd =
        b"Authentication-Results: mx.konf.example; spf=fail smtp.mailfrom=\xff@example.com\r\n";
    assert!(!read_raw(&[&odd[..], &with(proven, order)].concat()).unwrap().is_proven);
    let stranger = MailMessage { authserv_id: None, ..mail(&with(proven, order)) };
    assert!(!read(&stranger, &settings()).unwrap().is_proven);
}

#[test]
fn a_domain_that_has_signed_for_here_proves_its_own_senders() {
    let signed = |raw: &[u8], domain: &str| {
        let message = MailMessage { proven: vec![domain.into()], ..mail(raw) };
        read(&message, &settings()).unwrap().is_proven
    };
    let order = "\r\nkonf 0907 1400 60 10\r\n";
    assert!(signed(&plain(order), "example.com"));
    for other in ["other.example", "com", "mail.example.com", ""] {
        assert!(!signed(&plain(order), other), "{other}");
    }
    let elsewhere = String::from_utf8(plain(order)).unwrap().replace("To: orders@", "To: friends@");
    assert!(!signed(elsewhere.as_bytes(), "example.com"), "signed for somebody else");
    let copied = elsewhere.replace("Subject:", "Cc: x@a.cz, Orders@Konf.example\r\nSubject:");
    assert!(signed(copied.as_bytes(), "example.com"));
}

#[test]
fn a_thread_is_kept_and_can_hold_nothing_of_its_own() {
    let raw = "From: a@example.com\r\nSubject: =?utf-8?q?Re=3A_RE=3A_O2_Konference=0D=0ABcc=3A_x?=\r\n\
         Message-ID: <3@example.com>\r\nIn-Reply-To: <2@example.com>\r\n\
         References: <1@example.com>\r\n <2@example.com> <x\u{e1}@y> evil\r\n\r\nx\r\n";
    let thread = read_raw(raw.as_bytes()).unwrap().message.mail.unwrap().thread;
    assert_eq!(thread.message_id, "<3@example.com>");
    assert_eq!(thread.references[..2], ["<1@example.com>", "<2@example.com>"]);
    assert_eq!(thread.subject, "O2 Konference Bcc: x");
    let many: String = (0..100).map(|at| format!(" <{at}@example.com>\r\n")).collect();
    let raw = format!("From: a@example.com\r\nReferences:{many}\r\n\r\nx\r\n");
    let references = read_raw(raw.as_bytes()).unwrap().message.mail.unwrap().thread.references;
    assert_eq!((references.len(), references[0].as_str()), (20, "<0@example.com>"));
    assert_eq!(references[19], "<99@example.com>");
}

#[test]
fn the_same_message_has_one_id_and_nobody_elses() {
    let id = |raw: &[u8]| read_raw(raw).unwrap().message.gateway_id;
    assert_eq!(id(&plain("a")), id(&plain("b")));
    let other = b"From: b@example.com\r\nMessage-ID: <1@example.com>\r\n\r\na";
    assert!(id(other).is_some() && id(other) != id(&plain("a")));
    assert_eq!(id(b"From: b@example.com\r\n\r\na"), None);
}

#[test]
fn what_has_no_sane_shape_is_refused() {
    let nested = |depth: usize| {
        let mut body = "Content-Type: text/plain\r\n\r\nx\r\n".to_owned();
        for at in 0..depth {
            body = format!(
                "Content-Type: multipart/mixed; boundary=b{at}\r\n\r\n--b{at}\r\n{body}\r\n--b{at}--\r\n"
            );
        }
        with("MIME-Version: 1.0\r\n", &body)
    };
    assert!(read_raw(&nested(8)).is_ok());
    assert!(matches!(read_raw(&nested(12)), Err(Unwanted::Unreadable(_))));
    assert!(matches!(read_raw(&nested(3_000)), Err(Unwanted::Unreadable(_))));
    let parts = "--b\r\n\r\nx\r\n".repeat(60);
    let body = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n");
    assert!(matches!(read_raw(&with("", &body)), Err(Unwanted::Unreadable(_))));
    let fields = "X: y\r\n".repeat(300);
    assert!(matches!(read_raw(&with(&fields, "\r\nx")), Err(Unwanted::Unreadable(_))));
    assert!(matches!(read_raw(&vec![b'a'; MESSAGE_BYTES_MAX + 1]), Err(Unwanted::Unreadable(_))));
}

proptest! {
    #[test]
    fn any_octets_give_a_mail_or_a_reason(octets in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = read_raw(&octets);
        let _ = read_raw(&with("Content-Type: multipart/mixed; boundary=\"\"\r\n", &String::from_utf8_lossy(&octets)));
        let _ = read_raw(&[with("Content-Type: text/html\r\n", "\r\n"), octets].concat());
    }
}
