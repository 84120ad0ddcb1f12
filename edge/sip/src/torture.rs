//! RFC 4475's cases in words of our own: what a server answers to messages that are odd, and to those that are wrong.

use std::collections::BTreeSet;

use crate::endpoint::tests::{World, invite, message};
use crate::words::Command;

fn options(change: impl Fn(String) -> String) -> String {
    change(message("OPTIONS sip:konf@192.0.2.1", "t", "1 OPTIONS", "", "", ""))
}

fn ring(change: impl Fn(String) -> String) -> String {
    change(invite("t", crate::endpoint::tests::SDP))
}

/// A fresh endpoint's last answer.
fn check(name: &str, text: &str, expected: &str) {
    let mut world = World::new();
    world.hear(text);
    world.pass(crate::limits::TRYING);
    let last = world.sent.last().map_or("nothing", |(_, text)| &text[8..11]);
    assert_eq!(last, expected, "{name}\n{text}\n{:?}", world.sent.last());
}

/// A name that begins with the section, a message, and what is answered.
type Case = (&'static str, String, &'static str);

#[test]
fn odd_but_valid_messages_are_served() {
    for (name, text, expected) in &odd() {
        check(name, text, expected);
    }
}

fn odd() -> Vec<Case> {
    vec![
        (
            "3.1.1.1 torturous whitespace",
            ring(|t| {
                t.replace("To: <", "TO :\r\n \"J \\\"\\\\\"       <")
                    .replace("CSeq: 1 INVITE", "CSeq: 0001\r\n  INVITE")
                    .replace("Via: SIP/2.0/UDP ", "v:  SIP  / 2.0\r\n / UDP\r\n    ")
                    .replace(
                        "Max-Forwards: 70",
                        "Max-Forwards: 0070\r\ns :\r\nNewFangledHeader:   a\r\n b\r\nQ: ;;,,;;,;",
                    )
                    .replace("Content-Length: ", "l   : ")
            }),
            "100",
        ),
        (
            "3.1.1.2 wide range of characters",
            options(|t| {
                t.replace("OPTIONS", "!interesting-Method0123456789_*+`.%indeed'~")
                    .replace("To: <", "To: \"BEL:\\\u{7} NUL:\\\0 DEL:\\\u{7f}\" <")
            }),
            "501",
        ),
        (
            "3.1.1.3 escaped characters",
            ring(|t| t.replace("INVITE sip:konf@192.0.2.1", "INVITE sip:%6B%6F%6e%66@192.0.2.1")),
            "100",
        ),
        (
            "3.1.1.4 escaped nulls",
            options(|t| t.replace("sip:konf@192.0.2.1 S", "sip:null-%00-null@192.0.2.1 S")),
            "200",
        ),
        (
            "3.1.1.5 use of percent when it is not an escape",
            options(|t| t.replace("OPTIONS", "RE%47IST%45R")),
            "501",
        ),
        (
            "3.1.1.7 long values",
            options(|t| {
                let via = "Via: SIP/2.0/TCP sip33.example.com\r\n".repeat(33);
                t.replace("From:", &format!("{via}Unknown-{}Name: x\r\nFrom:", "long".repeat(60)))
                    .replace("Call-ID: ", &format!("Call-ID: {}", "really".repeat(40)))
            }),
            "200",
        ),
        (
            "3.1.1.8 extra trailing octets",
            options(|t| t + "INVITE sip:joe@example.com SIP/2.0\r\nt: x\r\n"),
            "200",
        ),
        (
            "3.1.1.9 semicolon-separated parameters in the user part",
            options(|t| {
                t.replace("sip:konf@192.0.2.1 S", "sip:user;par=u%40example.net@example.com S")
            }),
            "200",
        ),
        (
            "3.1.1.10 varied and unknown transports",
            options(|t| {
                t.replace(
                    "From:",
                    "Via: SIP/2.0/UNKNOWN t5.example.com, SIP/2.0/SCTP t3.example.com\r\nFrom:",
                )
            }),
            "200",
        ),
        (
            "3.1.1.11 multipart with SDP in it",
            ring(|t| {
                let (head, sdp) = t.split_once("\r\n\r\n").unwrap();
                let head = head.replace("application/sdp", "multipart/mixed;boundary=\"7a9\"");
                let head = head
                    .lines()
                    .filter(|l| !l.starts_with("Content-Length"))
                    .collect::<Vec<_>>()
                    .join("\r\n");
                format!(
                    "{head}\r\n\r\n--7a9\r\nContent-Type: application/isup\r\n\r\n\u{1}\r\n--7a9\r\nc: application/sdp\r\n\r\n{sdp}\r\n--7a9--\r\n"
                )
            }),
            "100",
        ),
        (
            "3.3.4 unknown scheme in To",
            options(|t| t.replace("To: <sip:konf@192.0.2.1>", "To: <isbn:2983792873>")),
            "200",
        ),
        (
            "3.3.11 Max-Forwards of zero",
            options(|t| t.replace("Max-Forwards: 70", "Max-Forwards: 0")),
            "200",
        ),
        (
            "3.1.2.14 spaces around the address",
            options(|t| t.replace("<sip:konf@192.0.2.1>", "< sip:konf@192.0.2.1 >")),
            "200",
        ),
        (
            "3.1.2.15 display name without quotes",
            options(|t| t.replace("\"Ján\"", "Bell, Alexander")),
            "200",
        ),
        (
            "a telephone's number",
            ring(|t| t.replace("sip:konf@192.0.2.1 S", "tel:+420-606-000-600 S")),
            "100",
        ),
        (
            "IPv6 references",
            options(|t| {
                t.replace("198.51.100.7:5060;b", "[2001:db8::9:1];received=[2001:db8::9:255];b")
                    .replace("sip:konf@192.0.2.1 S", "sip:[2001:db8::10]:5070 S")
            }),
            "200",
        ),
        (
            "3.4.1 RFC 2543 without tag and branch",
            ring(|t| {
                t.replace(";tag=peer", "")
                    .replace(";branch=z9hG4bKt", "")
                    .replace("Max-Forwards: 70\r\n", "")
            }),
            "100",
        ),
        (
            "3.1.1.6 no space before the address",
            ring(|t| t.replace("From: \"Ján\" <", "From: caller<")),
            "100",
        ),
        // Nobody reads a Date.
        (
            "3.1.2.12 an impossible time zone",
            ring(|t| {
                t.replace("Max-Forwards", "Date: Fri, 01 Jan 2010 16:00:00 EST\r\nMax-Forwards")
            }),
            "100",
        ),
        (
            "3.3.7 unknown authorization scheme",
            register("", "Authorization: NoOneKnows x=y\r\n"),
            "401",
        ),
        ("3.3.12 a parameter of the contact", register("<sip:u@h>;unknownparam", ""), "401"),
        ("3.3.13 a parameter of the contact's URI", register("<sip:u@h;unknownparam>", ""), "401"),
        (
            "3.3.14 an escaped header in the contact",
            register("<sip:u@h?Route=%3Csip:s%3E>", ""),
            "401",
        ),
    ]
}

/// Answered like any other of a phone that has not proved who it is.
fn register(contact: &str, more: &str) -> String {
    let contact =
        if contact.is_empty() { String::new() } else { format!("Contact: {contact}\r\n") };
    message("REGISTER sip:192.0.2.1", "t", "1 REGISTER", "", &format!("{contact}{more}"), "")
}

/// RELIABILITY.md, row 26.
#[test]
fn over_a_stream_they_may_be_split_at_every_octet() {
    // What trails a message in a stream is the next one.
    for (name, text, _) in odd().into_iter().filter(|(name, ..)| !name.starts_with("3.1.1.8 ")) {
        let answers = |at: usize| {
            let mut world = World::tcp();
            world.hear_bytes(&text.as_bytes()[..at]);
            world.hear_bytes(&text.as_bytes()[at..]);
            world.sent.iter().map(|(_, text)| text[8..11].to_owned()).collect::<Vec<_>>()
        };
        let whole = answers(0);
        assert_eq!(whole.len(), 1, "{name}");
        for at in 1..text.len() {
            assert_eq!(answers(at), whole, "{name} at {at}");
        }
    }
}

#[test]
fn wrong_messages_are_refused_or_dropped() {
    for (name, text, expected) in &wrong() {
        check(name, text, expected);
    }
}

fn wrong() -> Vec<Case> {
    vec![
        ("3.1.2.1 extraneous separators", ring(|t| {
            t.replace("198.51.100.7:5060;branch=z9hG4bKt", "198.51.100.7;;,;,,")
        }), "nothing"),
        ("the same further down", options(|t| t.replace("From: ", "From: ;;,;,,")), "400"),
        ("3.1.2.2 Content-Length larger than the message", ring(|t| t.replace("Content-Length: ", "Content-Length: 9")), "400"),
        ("3.1.2.3 negative Content-Length", ring(|t| t.replace("Content-Length: ", "Content-Length: -")), "400"),
        ("3.1.2.4 overlarge scalars", options(|t| t.replace("CSeq: 1 ", "CSeq: 36893488147419103232 ")), "400"),
        ("3.1.2.6 unterminated quoted string", options(|t| t.replace("To: <", "To: \"Mr. J. User <")), "400"),
        ("3.1.2.7 angle brackets around the Request-URI", options(|t| t.replace("OPTIONS sip:konf@192.0.2.1 ", "OPTIONS <sip:konf@192.0.2.1> ")), "400"),
        ("3.1.2.8 spaces within the Request-URI", options(|t| t.replace("192.0.2.1 SIP", "192.0.2.1; lr SIP")), "400"),
        ("3.1.2.9 several spaces in the request line", options(|t| t.replace("OPTIONS sip", "OPTIONS  sip")), "400"),
        ("3.1.2.10 spaces at the end of the request line", options(|t| t.replacen("SIP/2.0\r\n", "SIP/2.0  \r\n", 1)), "400"),
        ("3.1.2.11 headers in the Request-URI", ring(|t| t.replace("192.0.2.1 SIP", "192.0.2.1?Route=%3Csip:a%3E SIP")), "400"),
        ("3.1.2.13 address without brackets with headers", ring(|t| {
            t.replace("Contact: <sip:peer@198.51.100.7:5062>", "Contact: sip:peer@198.51.100.7?Route=%3Csip:a%3E")
        }), "400"),
        ("3.1.2.16 unknown protocol version", options(|t| t.replacen("SIP/2.0\r\n", "SIP/7.0\r\n", 1)), "505"),
        ("3.1.2.17 CSeq with another method", options(|t| t.replace("1 OPTIONS", "1 INVITE")), "400"),
        ("3.1.2.18 the same with an unknown method", options(|t| t.replacen("OPTIONS", "NEWMETHOD", 1)), "400"),
        ("3.1.2.19 overlarge response code", "SIP/2.0 4294967301 x\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\r\n".into(), "nothing"),
        ("3.2.1 a branch that is only the cookie still names a transaction", options(|t| t.replace("z9hG4bKt", "z9hG4bK")), "200"),
        ("3.3.1 missing headers", options(|t| t.replace("Call-ID", "X-ID").replace("From:", "X:").replace("To:", "Y:")), "400"),
        ("3.3.2 unknown URI scheme", options(|t| t.replace("sip:konf@192.0.2.1 S", "nobodyKnowsThisScheme:totallyopaquecontent S")), "416"),
        ("3.3.3 known but unusable URI scheme", options(|t| t.replace("sip:konf@192.0.2.1 S", "http://example.com/ S")), "416"),
        ("3.3.5 unknown extensions", options(|t| t.replace("Max-Forwards: 70", "Require: a, b\r\nProxy-Require: c")), "420"),
        ("3.3.8 several values where one may be", options(|t| t.replace("Call-ID: ", "Call-ID: x\r\nCall-ID: ")), "400"),
        ("3.3.9 several Content-Length", ring(|t| t.replace("Content-Type:", "Content-Length: 13\r\nContent-Type:")), "400"),
        ("3.3.10 a response nobody asked for", "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1\r\nCSeq: 1 INVITE\r\n\r\n".into(), "nothing"),
        ("3.3.15 nothing acceptable", ring(|t| t.replace("Max-Forwards: 70", "Accept: text/nobodyKnowsThis")), "406"),
        ("3.3.6 unknown content type", ring(|t| t.replace("application/sdp", "application/unknownformat")), "415"),
        ("an ACK is never answered", options(|t| t.replace("OPTIONS", "ACK").replace("1 ACK", "x ACK")), "nothing"),
        ("a strange port", options(|t| t.replace("7:5060;b", "7:99999;b")), "nothing"),
    ]
}

/// Of answers to our BYE: they count, or they don't.
const ANSWERS: [(&str, &str, &str, bool); 3] = [
    ("3.1.1.12 unusual reason phrase", "200 = 2**3 * 5**2 но сто девяносто девять", "1", true),
    ("3.1.1.13 no reason phrase", "200 ", "1", true),
    ("3.1.2.5 overlarge scalars in an answer", "200 OK", "9292394834772304023312", false),
];

#[test]
fn answers_to_our_bye_count_whatever_their_reason_phrase() {
    for (name, status, cseq, counts) in ANSWERS {
        let mut world = World::new();
        let (call, _) = world.confirmed();
        world.command(Command::HangUp { call, reason: "end".into() });
        let (_, bye) = world.sent.pop().unwrap();
        let via = bye.lines().find(|l| l.starts_with("Via")).unwrap();
        world.hear(&format!(
            "SIP/2.0 {status}\r\n{via}\r\nCSeq: {cseq} BYE\r\nContent-Length: 0\r\n\r\n"
        ));
        world.pass(crate::limits::T2);
        assert_eq!(world.sent.is_empty(), counts, "{name}");
    }
}

#[test]
fn all_49_cases_are_there() {
    let names: BTreeSet<String> = odd()
        .iter()
        .chain(&wrong())
        .map(|(name, ..)| *name)
        .chain(ANSWERS.map(|(name, ..)| name))
        .filter(|name| name.starts_with("3."))
        .map(|name| name.split(' ').next().unwrap_or_default().to_owned())
        .collect();
    let section =
        |prefix: &'static str, last: u32| (1..=last).map(move |n| format!("{prefix}.{n}"));
    let all: BTreeSet<String> = section("3.1.1", 13)
        .chain(section("3.1.2", 19))
        .chain(section("3.2", 1))
        .chain(section("3.3", 15))
        .chain(section("3.4", 1))
        .collect();
    assert_eq!(names, all);
    assert_eq!(all.len(), 49);
}
