use super::*;
use crate::message::Framing;

fn with(header: &str) -> Message {
    let text = format!("BYE sip:a SIP/2.0\r\n{header}\r\n\r\n");
    Message::parse(text.as_bytes(), Framing::Datagram).unwrap()
}

#[test]
fn a_reason_is_the_telephone_networks_cause_if_there_is_one() {
    for (header, said) in [
        ("Reason: Q.850;cause=16;text=\"Normal, +420606123456\"", " Q.850;cause=16"),
        ("Reason: SIP ;cause=200;text=\"x\" , q.850 ;cause=31", " q.850;cause=31"),
        ("Reason: SIP;cause=487", " SIP;cause=487"),
        ("Reason: Q.850", ""),
        ("Reason: Q.850;cause=x", ""),
        ("Reason: \"", ""),
        ("X: y", ""),
    ] {
        assert_eq!(reason(&with(header)), said, "{header}");
    }
}

#[test]
fn only_single_keys_count() {
    for (kind, body, expected) in [
        ("application/dtmf-relay", "Signal=1\r\nDuration=250\r\n", Some('1')),
        ("application/dtmf-relay", "Duration=250\r\nsignal = # \r\n", Some('#')),
        ("application/dtmf-relay", "Signal=10\r\n", Some('*')),
        ("application/dtmf-relay", "Signal=a\r\n", Some('A')),
        ("application/dtmf-relay", "Duration=250\r\n", None),
        ("application/dtmf-relay", "Signal=E\r\n", None),
        ("application/dtmf-relay", "", None),
        ("application/dtmf", "\r\n7\r\n", Some('7')),
        ("application/dtmf", "77", None),
    ] {
        assert_eq!(key(kind, body.as_bytes()), expected, "{body}");
    }
    assert_eq!(key("application/dtmf", &[0xff]), None);
}
