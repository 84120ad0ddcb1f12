//! Orders by e-mail: mail programs and servers that are not ours on both sides.

use anyhow::{Context, Result};
use konf_harness::konf::{AUTHSERV_ID, Konf, ORDER_ADDRESS, TOKEN};
use konf_harness::smtp::{MailProgram, is_signed};

use crate::support::{all_sent, wall_in};

const JANA: &str = "jana@example.com";

fn program(konf: &Konf) -> MailProgram {
    MailProgram { port: konf.mail_port, lmtp: false, tls: false }
}

/// A mail of Jana's, with `fields` of servers on its way above.
fn mail(fields: &str, id: &str, text: &str) -> String {
    format!(
        "{fields}From: Jana =?utf-8?q?Nov=C3=A1?= <{JANA}>\r\nTo: {ORDER_ADDRESS}\r\n\
         Subject: O2 Konference\r\nMessage-ID: <{id}@example.com>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
         Dobrý den,\r\n\r\n{text}\r\n\r\n-- \r\nJana\r\n"
    )
}

fn proven() -> String {
    format!("Authentication-Results: {AUTHSERV_ID}; dmarc=pass header.from=example.com\r\n")
}

/// The header fields of a mail, unfolded.
fn fields(mail: &str) -> Vec<String> {
    let head = mail.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
    head.lines().map(str::to_owned).collect()
}

/// Whole, as quoted-printable folds its lines.
fn unfolded(mail: &str) -> String {
    mail.replace("=\r\n", "")
}

fn link(mail: &str) -> Result<String> {
    let mail = unfolded(mail);
    let link = mail.split(['"', ' ', '\r', '\n', '<', '>']).find(|it| it.contains("/confirm/"));
    Ok(link.with_context(|| format!("no link in {mail}"))?.to_owned())
}

/// As `doctor` says that it has to stand in the DNS.
fn dkim_record(konf: &Konf) -> Result<(String, String)> {
    let said = konf.cli(&["doctor"])?;
    let line = said.lines().find_map(|line| line.strip_prefix("ok    DKIM: ")).context("DKIM")?;
    let (name, text) = line.split_once(" TXT ").context("a record")?;
    Ok((name.to_owned(), text.trim_matches('"').to_owned()))
}

/// The invitation of a mail, unfolded.
fn calendar(mail: &str) -> Result<String> {
    let mail = unfolded(mail);
    let start = mail.find("BEGIN:VCALENDAR").with_context(|| format!("no calendar in {mail}"))?;
    let end = mail[start..].find("END:VCALENDAR").context("a whole calendar")?;
    Ok(mail[start..start + end].replace("=3D", "=").replace("\r\n ", ""))
}

fn bookings(konf: &Konf) -> Result<usize> {
    Ok(konf.get("/operator/v1/bookings")?.as_array().map_or(0, Vec::len))
}

#[test]
fn an_order_by_mail_from_a_proven_sender_is_answered_in_its_thread() -> Result<()> {
    let konf = Konf::start(40)?;
    let order = mail(&proven(), "1", &format!("konf {} 45 6", wall_in(3 * 86_400)?));
    let tls = MailProgram { tls: true, ..program(&konf) };
    assert_eq!(tls.send(JANA, ORDER_ADDRESS, &order)?, "taken");
    let answer = konf.smtp.wait()?;
    let head = fields(&answer);
    for field in [
        "From: Konf <konf@konf.example>",
        "To: jana@example.com",
        "Reply-To: orders@konf.example",
        "Subject: Re: O2 Konference",
        "In-Reply-To: <1@example.com>",
        "References: <1@example.com>",
        "Auto-Submitted: auto-replied",
    ] {
        assert!(head.iter().any(|line| line == field), "no {field} in\n{answer}");
    }
    for part in ["text/plain", "text/html", "text/calendar"] {
        assert!(answer.contains(part), "no {part} in\n{answer}");
    }
    let signature = "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=konf.example; s=k1;";
    assert!(answer.starts_with(signature), "{answer}");
    let (name, record) = dkim_record(&konf)?;
    assert_eq!(name, "k1._domainkey.konf.example");
    assert!(is_signed(&answer, &name, &record)?, "{answer}");
    assert!(!is_signed(&answer.replace("PIN", "P1N"), &name, &record)?, "changed on the way");
    let calendar = calendar(&answer)?;
    for line in ["METHOD:REQUEST", "SEQUENCE:0", "ORGANIZER;CN=Konf:mailto:orders@konf.example"] {
        assert!(calendar.contains(line), "no {line} in {calendar}");
    }
    // The same once more, as a server does that did not hear the answer.
    assert_eq!(program(&konf).send(JANA, ORDER_ADDRESS, &order)?, "taken");

    // A reply cancels, under any subject.
    let id = head.iter().find_map(|line| line.strip_prefix("Message-ID: ")).context("no id")?;
    let number = konf.get("/operator/v1/bookings")?[0]["number"].clone();
    let cancel = mail(&proven(), "2", &format!("storno {}", number.as_str().unwrap_or_default()))
        .replace(
            "Subject: O2 Konference",
            &format!("Subject: =?utf-8?q?Zru=C5=A1it?=\r\nIn-Reply-To: {id}"),
        );
    assert_eq!(program(&konf).send(JANA, ORDER_ADDRESS, &cancel)?, "taken");
    let answers = konf.smtp.wait_for(2)?;
    let head = fields(&answers[1]);
    for field in
        ["In-Reply-To: <2@example.com>".to_owned(), format!("References: {id} <2@example.com>")]
    {
        assert!(head.contains(&field), "no {field} in\n{}", answers[1]);
    }
    let cancelled = self::calendar(&answers[1])?;
    for line in ["METHOD:CANCEL", "SEQUENCE:1", "STATUS:CANCELLED"] {
        assert!(cancelled.contains(line), "no {line} in {cancelled}");
    }
    let uid =
        |calendar: &str| calendar.lines().find(|line| line.starts_with("UID:")).map(str::to_owned);
    assert_eq!(uid(&calendar), uid(&cancelled));
    all_sent(&konf)?;
    assert_eq!((konf.smtp.messages().len(), bookings(&konf)?), (2, 1));
    assert_eq!(konf.get("/operator/v1/bookings")?[0]["state"], "cancelled");
    let logs = konf.logs();
    assert!(!logs.contains(JANA), "an address is in the logs");
    konf.passed()
}

#[test]
fn an_order_by_mail_that_anybody_could_have_written_waits_for_its_sender() -> Result<()> {
    let konf = Konf::start(40)?;
    let order = mail("", "1", &format!("conf {} 45 6", wall_in(3 * 86_400)?));
    assert_eq!(program(&konf).send(JANA, ORDER_ADDRESS, &order)?, "taken");
    let question = konf.smtp.wait()?;
    assert!(fields(&question).contains(&"In-Reply-To: <1@example.com>".to_owned()), "{question}");
    assert!(unfolded(&question).contains("an order of a conference"), "{question}");
    assert_eq!(bookings(&konf)?, 0, "nothing is booked before it is confirmed");
    let link = link(&question)?;
    assert_eq!(bookings(&konf)?, 0, "looking at a link confirms nothing");
    let (status, place) = konf.press(&link)?;
    assert!(status == 303 && place.contains("?ordered=1"), "{status} {place}");
    let answers = konf.smtp.wait_for(2)?;
    assert!(answers[1].contains("text/calendar"), "{}", answers[1]);
    assert!(fields(&answers[1]).contains(&"In-Reply-To: <1@example.com>".to_owned()));
    assert_eq!(konf.press(&link)?.0, 410, "a link works once");
    assert_eq!(bookings(&konf)?, 1);

    // Forged under the name of the server in front, by a stranger's server: it is below the true one.
    let forged = format!(
        "Authentication-Results: {AUTHSERV_ID}; dmarc=fail header.from=example.com\r\n{}",
        proven()
    );
    let order = mail(&forged, "2", &format!("conf {} 45 6", wall_in(4 * 86_400)?));
    assert_eq!(program(&konf).send("evil@evil.example", ORDER_ADDRESS, &order)?, "taken");
    konf.smtp.wait_for(3)?;
    all_sent(&konf)?;
    assert_eq!(bookings(&konf)?, 1);
    konf.passed()
}

#[test]
fn mail_that_is_no_order_gets_what_it_deserves() -> Result<()> {
    let konf = Konf::start(40)?;
    let program = program(&konf);
    let order = mail(&proven(), "1", &format!("konf {} 45 6", wall_in(86_400)?));
    // Relaying, robots, loops, our own mail, what is too large.
    let refused = program.send(JANA, "jana@example.org", &order)?;
    assert!(refused.starts_with("550"), "{refused}");
    assert_eq!(program.send("", ORDER_ADDRESS, &order)?, "taken");
    for fields in ["Auto-Submitted: auto-replied\r\n", "List-Id: <a.example>\r\n", "X-Loop: a\r\n"]
    {
        let robot = mail(&format!("{}{fields}", proven()), "2", "konf 0907 1400 60 10");
        assert_eq!(program.send(JANA, ORDER_ADDRESS, &robot)?, "taken");
    }
    let large = mail(&proven(), "3", &"a\r\n".repeat(100_000));
    let refused = program.send(JANA, ORDER_ADDRESS, &large)?;
    assert!(refused.starts_with("552"), "{refused}");
    let nobody = order.replace("From:", "X-From:");
    let refused = program.send(JANA, ORDER_ADDRESS, &nobody)?;
    assert!(refused.starts_with("550"), "{refused}");

    // A mistake is answered at once, free text goes to an operator.
    let wrong = mail("", "4", "konf 3202 1400 60 10");
    assert_eq!(program.send(JANA, ORDER_ADDRESS, &wrong)?, "taken");
    assert!(konf.smtp.wait()?.contains("konf "), "an example");
    let free = mail(&proven(), "5", "We would like a room for the whole day, please.");
    assert_eq!(program.send(JANA, ORDER_ADDRESS, &free)?, "taken");
    konf.smtp.wait_for(2)?;
    all_sent(&konf)?;
    assert_eq!((konf.smtp.messages().len(), bookings(&konf)?), (2, 0));
    let request = &konf.get("/operator/v1/requests")?[0];
    konf.cli(&[
        "requests",
        "answer",
        request["id"].as_str().unwrap_or_default(),
        "--text",
        "Yes.",
    ])?;
    let answers = konf.smtp.wait_for(3)?;
    assert!(fields(&answers[2]).contains(&"In-Reply-To: <5@example.com>".to_owned()));
    konf.passed()
}

#[test]
fn a_mail_that_a_service_hands_on_is_as_good_as_one_by_smtp() -> Result<()> {
    let konf = Konf::start(40)?;
    let body = serde_json::json!({
        "From": JANA, "Subject": "O2 Konference", "OriginalRecipient": ORDER_ADDRESS,
        "TextBody": format!("conf {} 45 6", wall_in(3 * 86_400)?),
        "Headers": [{ "Name": "Message-ID", "Value": "<1@example.com>" }],
    });
    let body = body.to_string();
    assert_eq!(konf.postmark("postmark:a-word-that-is-wrong", &body)?, 401);
    assert_eq!(konf.postmark(&format!("postmark:{TOKEN}"), &body)?, 200);
    let question = konf.smtp.wait()?;
    assert!(fields(&question).contains(&"In-Reply-To: <1@example.com>".to_owned()), "{question}");
    assert_eq!(konf.press(&link(&question)?)?.0, 303);
    konf.smtp.wait_for(2)?;
    assert_eq!(bookings(&konf)?, 1);
    konf.passed()
}
