use expect_test::{Expect, expect};

use super::*;

fn session(protocol: Protocol, has_tls: bool) -> Session {
    Session::new(Settings {
        name: "konf.example".into(),
        address: "orders@konf.example".into(),
        protocol,
        has_tls,
    })
}

/// What is said and done, a message taken over at once.
fn talk(session: &mut Session, input: &str) -> String {
    session.handle_input(input.as_bytes());
    let mut said = String::new();
    while let Some(output) = session.poll_output() {
        match output {
            Output::Reply(text) => said.push_str(&text.replace("\r\n", "\n")),
            Output::Deliver(mail) => {
                let data = String::from_utf8_lossy(&mail.data).into_owned();
                said.push_str(&format!("<{}> to <{}>: {data:?}\n", mail.from, mail.to));
                session.handle_verdict(&Verdict::Taken);
            }
            Output::StartTls => said.push_str("(TLS)\n"),
            Output::Close => said.push_str("(closed)\n"),
        }
    }
    said
}

#[track_caller]
fn check(input: &str, expected: Expect) {
    let mut session = session(Protocol::Smtp, false);
    expected.assert_eq(&talk(&mut session, input));
}

const HELLO: &str = "EHLO a.example\r\nMAIL FROM:<jana@example.com>\r\n";

#[test]
fn a_message_for_the_order_address_is_taken() {
    check(
        &format!(
            "{HELLO}RCPT TO:<Orders@Konf.Example>\r\nDATA\r\nSubject: x\r\n\r\n..konf\r\n.\r\nQUIT\r\n"
        ),
        expect![[r#"
            220 konf.example takes orders
            250-konf.example
            250-PIPELINING
            250-SIZE 262144
            250-8BITMIME
            250 ENHANCEDSTATUSCODES
            250 2.1.0 go on
            250 2.1.5 go on
            354 end with a single dot
            <jana@example.com> to <orders@konf.example>: "Subject: x\r\n\r\n.konf\r\n"
            250 2.0.0 taken
            221 2.0.0 bye
            (closed)
        "#]],
    );
}

#[test]
fn nothing_is_relayed_and_nobody_is_told_who_is_known() {
    check(
        &format!(
            "{HELLO}RCPT TO:<jana@example.com>\r\nRCPT TO:<orders@konf.example@a.example>\r\n\
             RCPT TO:<@konf.example:jana@example.com>\r\nRCPT TO:<orders>\r\nDATA\r\nVRFY orders\r\n\
             EXPN orders\r\nAUTH PLAIN AGEAYg==\r\n"
        ),
        expect![[r#"
            220 konf.example takes orders
            250-konf.example
            250-PIPELINING
            250-SIZE 262144
            250-8BITMIME
            250 ENHANCEDSTATUSCODES
            250 2.1.0 go on
            550 5.7.1 only orders are taken here
            553 5.1.3 expected RCPT TO:<address>
            550 5.7.1 only orders are taken here
            553 5.1.3 expected RCPT TO:<address>
            503 5.5.1 RCPT comes first
            252 2.1.5 try to send it
            502 5.5.1 not offered here
            502 5.5.1 not offered here
        "#]],
    );
}

#[test]
fn what_comes_out_of_turn_is_refused() {
    check(
        "MAIL FROM:<a@b.cz>\r\nRCPT TO:<orders@konf.example>\r\nDATA\r\nLHLO a\r\nGET / HTTP/1.1\r\n\
         EHLO a\r\nMAIL FROM:<a@b.cz>\r\nMAIL FROM:<c@b.cz>\r\nRSET\r\nDATA\r\n",
        expect![[r#"
            220 konf.example takes orders
            503 5.5.1 say hello first
            503 5.5.1 MAIL comes first
            503 5.5.1 MAIL comes first
            500 5.5.1 this is SMTP: say EHLO
            500 5.5.2 no such command
            250-konf.example
            250-PIPELINING
            250-SIZE 262144
            250-8BITMIME
            250 ENHANCEDSTATUSCODES
            250 2.1.0 go on
            503 5.5.1 one message at a time
            250 2.0.0 forgotten
            503 5.5.1 MAIL comes first
        "#]],
    );
}

#[test]
fn what_is_too_large_is_refused_before_and_after_it_is_sent() {
    let long = "a".repeat(MESSAGE_BYTES_MAX);
    check(
        &format!(
            "EHLO a\r\nMAIL FROM:<a@b.cz> SIZE=262145\r\nMAIL FROM:<a@b.cz> SIZE=262144\r\n\
             RCPT TO:<orders@konf.example>\r\nDATA\r\n{long}\r\n.\r\nNOOP\r\n"
        ),
        expect![[r#"
            220 konf.example takes orders
            250-konf.example
            250-PIPELINING
            250-SIZE 262144
            250-8BITMIME
            250 ENHANCEDSTATUSCODES
            552 5.3.4 a message has at most 256 kB here
            250 2.1.0 go on
            250 2.1.5 go on
            354 end with a single dot
            552 5.3.4 a message has at most 256 kB here
            250 2.0.0 still here
        "#]],
    );
    let mut session = session(Protocol::Smtp, false);
    assert!(talk(&mut session, &"a".repeat(5_000)).ends_with("octets\n(closed)\n"));
    assert_eq!(talk(&mut session, "NOOP\r\n"), "", "nothing is said after the end");
}

#[test]
fn a_message_smuggled_behind_a_bare_line_end_is_part_of_the_first_which_is_refused() {
    check(
        &format!(
            "{HELLO}RCPT TO:<orders@konf.example>\r\nDATA\r\na\n.\r\nMAIL FROM:<evil@example.com>\r\n\
             RCPT TO:<orders@konf.example>\r\nDATA\r\nb\r\n.\r\nNOOP\r\n"
        ),
        expect![[r#"
            220 konf.example takes orders
            250-konf.example
            250-PIPELINING
            250-SIZE 262144
            250-8BITMIME
            250 ENHANCEDSTATUSCODES
            250 2.1.0 go on
            250 2.1.5 go on
            354 end with a single dot
            550 5.6.0 each line has to end with CR LF
            250 2.0.0 still here
        "#]],
    );
}

#[test]
fn what_stood_before_the_handshake_is_forgotten() {
    let mut session = session(Protocol::Smtp, true);
    let said = talk(&mut session, "EHLO a\r\nSTARTTLS\r\nMAIL FROM:<evil@example.com>\r\n");
    assert!(
        said.contains("250 STARTTLS\n") && said.ends_with("220 2.0.0 begin\n(TLS)\n"),
        "{said}"
    );
    session.handle_tls();
    let said = talk(&mut session, "MAIL FROM:<a@b.cz>\r\nEHLO a\r\nSTARTTLS\r\n");
    assert!(said.starts_with("503") && !said.contains("250 STARTTLS"), "{said}");
    assert!(said.ends_with("502 5.5.1 not offered here\n"), "{said}");
}

#[test]
fn lmtp_answers_for_each_recipient() {
    let mut session = session(Protocol::Lmtp, false);
    let said = talk(
        &mut session,
        "EHLO a\r\nLHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<orders@konf.example>\r\n\
         RCPT TO:<orders@konf.example>\r\nDATA\r\na\r\n.\r\n",
    );
    assert!(said.contains("500 5.5.1 this is LMTP"), "{said}");
    assert!(said.ends_with("250 2.0.0 taken\n250 2.0.0 taken\n"), "{said}");
}

#[test]
fn whoever_goes_wrong_again_and_again_is_cut() {
    let mut session = session(Protocol::Smtp, false);
    let said = talk(&mut session, &"XYZ\r\n".repeat(50));
    assert_eq!(said.matches("500 ").count(), 10);
    assert!(said.ends_with("421 4.7.0 too many faults\n(closed)\n"), "{said}");
    let mut session = self::session(Protocol::Smtp, false);
    let said = talk(&mut session, &"NOOP\r\n".repeat(600));
    assert!(said.ends_with("421 4.7.0 too many commands\n(closed)\n"), "{said}");
}

#[test]
fn a_verdict_is_told_in_one_line_of_plain_letters() {
    let mut session = session(Protocol::Smtp, false);
    session.handle_input(HELLO.as_bytes());
    session.handle_input(b"RCPT TO:<orders@konf.example>\r\nDATA\r\na\r\n.\r\n");
    while session.poll_output().is_some_and(|output| !matches!(output, Output::Deliver(_))) {}
    session.handle_verdict(&Verdict::Refused("a\r\n250 žádné".into()));
    let Some(Output::Reply(reply)) = session.poll_output() else { panic!("no reply") };
    assert_eq!(reply, "550 5.6.0 a  250   dn \r\n");
}
