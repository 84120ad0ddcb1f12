use expect_test::expect;

use super::*;
use crate::config::MailTls;

/// 2027-07-01T12:00Z.
const NOW: UnixMs = UnixMs(1_814_443_200_000);

fn mailer() -> Mailer {
    Mailer::new(&Mail {
        host: "127.0.0.1".into(),
        port: 25,
        from: "Konf <konf@konf.example>".into(),
        tls: MailTls::None,
        user: None,
        password: None,
        inbound: None,
        dkim: None,
        ses: None,
    })
    .unwrap()
}

fn composed(thread: Option<&Thread>, calendar: Option<&str>) -> String {
    let letter = Letter {
        subject: "Konference pá 9.7.2027 14:00",
        text: "Vaše konference je objednána.\n",
        html: "<p>Vaše konference je objednána.</p>\n",
        calendar,
        thread,
    };
    let message = mailer().compose("out-1", "jana@example.com", &letter, NOW).unwrap();
    String::from_utf8(message.formatted()).unwrap().replace("\r\n", "\n")
}

#[tokio::test]
async fn a_whole_mail_that_answers_another() {
    let thread = Thread {
        message_id: "<3@example.com>".into(),
        references: vec!["<1@example.com>".into(), "<2@example.com>".into()],
        subject: "O2 Konference: příští týden".into(),
    };
    let calendar = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n";
    expect![[r#"
        From: Konf <konf@konf.example>
        To: jana@example.com
        Subject: Re: O2 Konference: =?utf-8?b?cMWZw63FoXTDrSB0w71kZW4=?=
        Message-ID: <out-1@konf.example>
        Auto-Submitted: auto-replied
        X-Loop: konf@konf.example
        In-Reply-To: <3@example.com>
        References: <1@example.com> <2@example.com> <3@example.com>
        Date: Thu, 01 Jul 2027 12:00:00 +0000
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary="out-1-1"

        --out-1-1
        Content-Type: multipart/alternative; boundary="out-1-2"

        --out-1-2
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        Va=C5=A1e konference je objedn=C3=A1na.

        --out-1-2
        Content-Type: text/html; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        <p>Va=C5=A1e konference je objedn=C3=A1na.</p>

        --out-1-2
        Content-Type: text/calendar; charset=utf-8; method=PUBLISH
        Content-Transfer-Encoding: 7bit

        BEGIN:VCALENDAR
        END:VCALENDAR

        --out-1-2--
        --out-1-1
        Content-Disposition: attachment; filename="konference.ics"
        Content-Type: text/calendar; charset=utf-8; method=PUBLISH
        Content-Transfer-Encoding: 7bit

        BEGIN:VCALENDAR
        END:VCALENDAR

        --out-1-1--
    "#]]
    .assert_eq(&composed(Some(&thread), Some(calendar)));
}

#[tokio::test]
async fn one_that_answers_nothing_has_its_own_subject() {
    let mail = composed(None, None);
    assert!(!mail.contains("In-Reply-To") && !mail.contains("References"), "{mail}");
    assert!(mail.contains("Subject: Konference =?utf-8?b?"), "{mail}");
}

#[tokio::test]
async fn whatever_a_subject_holds_it_is_one_field() {
    let thread = Thread {
        message_id: "<3@example.com>".into(),
        references: Vec::new(),
        subject: "x\r\nBcc: evil@example.com\r\n\r\n<script>".into(),
    };
    let mail = composed(Some(&thread), None);
    let head = mail.split("\n\n").next().unwrap();
    assert!(!head.contains("\nBcc") && head.contains("X-Loop: konf@konf.example"), "{mail}");
}
