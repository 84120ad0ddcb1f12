use super::*;
use crate::value::Address;

fn parse(text: &str) -> Result<Message, Junk> {
    Message::parse(text.as_bytes(), Framing::Datagram)
}

#[test]
fn folded_lines_compact_names_and_odd_spaces_are_read() {
    let message = parse(
        "OPTIONS sip:a SIP/2.0\r\nTO :\r\n sip:x@h ;   tag = 1\r\nv:  SIP  / 2.0\r\n /UDP\r\n\t h;branch=z9hG4bK1,\r\n SIP/2.0/TCP i\r\n\
         Unknown: ;;,,;;,;\r\nl\t: 0\r\n\r\n",
    )
    .unwrap();
    assert_eq!(message.fault, None);
    assert_eq!(message.text(Name::To).unwrap(), "sip:x@h ;   tag = 1");
    assert_eq!(message.list(Name::Via).unwrap().len(), 2);
    assert_eq!(message.top_via().unwrap().branch(), Some("z9hG4bK1"));
}

#[test]
fn octets_that_are_no_utf8_are_kept_as_they_came() {
    let bytes = b"OPTIONS sip:a SIP/2.0\r\nFrom: \"Ji\xf8\xed\" <sip:a@h>\r\n\r\n";
    let message = Message::parse(bytes, Framing::Datagram).unwrap();
    assert_eq!(message.fault, None);
    assert_eq!(message.all(Name::From).next().unwrap(), b"\"Ji\xf8\xed\" <sip:a@h>");
    assert!(Address::parse(&message.text(Name::From).unwrap()).is_ok());
}

#[test]
fn what_is_no_sip_is_junk() {
    for text in [
        "",
        "\r\n\r\n",
        "hello",
        "GET / HTTP/1.1\r\n\r\n",
        "INVITE\r\n\r\n",
        "INVITE sip:a\r\n\r\n",
        "SIP/2.0 99 x\r\n\r\n",
        "SIP/2.0 4294967301 better not\r\n\r\n",
        "I NVITE sip:a@b XIP/2.0\r\n\r\n",
        "OPTIONS sip:a SIP/2.0\r\nVia: x\r\n",
        "OPTIONS sip:a SIP/2.0\nVia: x\n\n",
    ] {
        assert_eq!(parse(text), Err(Junk), "{text}");
    }
    assert_eq!(parse("SIP/2.0 200 \r\n\r\n").unwrap().start, Start::Status(200));
    assert_eq!(parse("SIP/2.0 2oo OK\r\n\r\n"), Err(Junk));
}

#[test]
fn the_first_fault_is_remembered() {
    let many = "X: y\r\n".repeat(HEADERS_MAX + 1);
    let long = format!("X: {}\r\n", "y".repeat(HEAD_MAX));
    for (line, headers, status) in [
        ("OPTIONS sip:a SIP/7.0", "", 505),
        ("OPTIONS sip:a SIP/2.0 ", "", 400),
        ("OPTIONS  sip:a SIP/2.0", "", 400),
        ("OPTIONS sip:a; lr SIP/2.0", "", 400),
        ("OPTIONS sip:a SIP/2.0", "no colon\r\n", 400),
        ("OPTIONS sip:a SIP/2.0", "na me: x\r\n", 400),
        ("OPTIONS sip:a SIP/2.0", ": x\r\n", 400),
        ("OPTIONS sip:a SIP/2.0", "Subject: a\0b\r\n", 400),
        ("OPTIONS sip:a SIP/2.0", "Subject: a\nVia: b\r\n", 400),
        ("OPTIONS sip:a SIP/2.0", "Subject: \"a\\\rb\"\r\n", 400),
        ("OPTIONS sip:a SIP/2.0", "Content-Length: -999\r\n", 400),
        ("OPTIONS sip:a SIP/2.0", "Content-Length: 1\r\n", 400),
        ("OPTIONS sip:a SIP/2.0", "Content-Length: 0\r\nl: 0\r\n", 400),
        ("OPTIONS sip:a SIP/2.0", many.as_str(), 513),
        ("OPTIONS sip:a SIP/2.0", long.as_str(), 513),
    ] {
        let message = parse(&format!("{line}\r\n{headers}\r\n")).unwrap();
        assert_eq!(message.fault.map(|f| f.status), Some(status), "{line} {headers:.40}");
    }
    let quoted = "OPTIONS sip:a SIP/2.0\r\nTo: \"BEL:\\\u{7} DEL:\\\u{7f}\" <sip:a>\r\n\r\n";
    assert_eq!(parse(quoted).unwrap().fault, None, "a backslash makes it part of the string");
}

#[test]
fn a_datagram_may_be_longer_than_its_content_length_says() {
    let message = parse("OPTIONS sip:a SIP/2.0\r\nContent-Length: 2\r\n\r\nabcd").unwrap();
    assert_eq!((message.body.as_slice(), message.fault), (b"ab".as_slice(), None));
}
