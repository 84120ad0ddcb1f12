use super::*;

#[test]
fn uris_of_all_kinds_are_read() {
    for (text, user, host, port) in [
        ("sip:a.example.com", None, "a.example.com", None),
        ("SIP:konf@192.0.2.1:5070;transport=tcp", Some("konf"), "192.0.2.1", Some(5070)),
        (
            "sips:+420606000600;npdi@[2001:db8::1]:5061;lr",
            Some("+420606000600;npdi"),
            "[2001:db8::1]",
            Some(5061),
        ),
        ("sip:%6bonf:secret@h", Some("konf"), "h", None),
        ("sip:null-%00-null@h", Some("null-%00-null"), "h", None),
        (
            "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@h",
            Some("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"),
            "h",
            None,
        ),
        ("tel:+420-606-000.600;phone-context=x", Some("+420606000600"), "", None),
    ] {
        let uri = Uri::parse(text).unwrap();
        assert_eq!(
            (uri.user.as_deref(), uri.host.as_str(), uri.port),
            (user, host, port),
            "{text}"
        );
    }
    assert_eq!(Uri::parse("sip:+420606000600;npdi@h").unwrap().dialled(), "+420606000600");
    assert!(Uri::parse("sip:a@h?Route=x").unwrap().headers);
}

#[test]
fn what_is_no_uri_is_refused() {
    use ValueError::{Malformed, Scheme, TooLong};
    let long = format!("sip:{}@h", "a".repeat(URI_MAX));
    for (text, error) in [
        ("", Malformed),
        ("sip", Malformed),
        ("sip:", Malformed),
        ("sip:@h", Malformed),
        ("sip:a@", Malformed),
        ("sip:a b@h", Malformed),
        ("<sip:a@h>", Malformed),
        ("sip:a@h:99999", Malformed),
        ("sip:a@h:", Malformed),
        ("sip:a@[::1", Malformed),
        ("sip:a@[xyz]", Malformed),
        ("sip:a@h@i", Malformed),
        ("sip:a@h;=x", Malformed),
        ("tel:", Malformed),
        ("tel:+", Malformed),
        ("1sip:a@h", Malformed),
        ("http://example.com", Scheme),
        ("urn:service:sos", Scheme),
        (long.as_str(), TooLong),
    ] {
        assert_eq!(Uri::parse(text), Err(error), "{text}");
    }
}

#[test]
fn addresses_are_read_with_and_without_brackets() {
    for (text, uri, tag) in [
        ("<sip:a@h>", "sip:a@h", None),
        ("sip:a@h;tag=1", "sip:a@h", Some("1")),
        ("\"a; <b> \\\" ,\" <sip:a@h;x=y> ; tag = 1 ;other", "sip:a@h;x=y", Some("1")),
        ("Jan Novák <sip:a@h>;TAG=q", "sip:a@h", Some("q")),
        ("isbn:2983792873", "isbn:2983792873", None),
    ] {
        let address = Address::parse(text).unwrap();
        assert_eq!((address.uri.as_str(), address.tag().unwrap().as_deref()), (uri, tag), "{text}");
    }
    for text in [
        "",
        "*",
        "\"open <sip:a@h>",
        "<sip:a@h",
        "sip:a@h?x=y",
        "<sip:a b@h>",
        "<sip:a@h>;tag=",
        "<sip:a@h>junk",
        "<a@h>",
    ] {
        assert_eq!(Address::parse(text), Err(ValueError::Malformed), "{text}");
    }
    assert!(Address::parse("<sip:a@h>;tag=\"q\"").unwrap().tag().is_err());
}

#[test]
fn vias_are_read_with_spaces_and_ipv6() {
    let via = Via::parse(
        "SIP / 2.0 / UDP  [2001:DB8::1] : 5061 ; branch = z9hG4bKx;rport ;received=1.2.3.4",
    )
    .unwrap();
    assert_eq!(via.sent_by(), "[2001:db8::1]:5061");
    assert_eq!((via.branch(), via.params.has("rport")), (Some("z9hG4bKx"), true));
    for branch in ["z9hG4bK", "1", "z9hG4é", "éééééé"] {
        assert_eq!(Via::parse(&format!("SIP/2.0/UDP h;branch={branch}")).unwrap().branch(), None);
    }
    for text in [
        "",
        "SIP/2.0/UDP",
        "SIP/2.0/UDP ",
        "SIP/3.0/UDP h",
        "SIP/2.0/UDP h;;,;,,",
        "X/2.0/UDP h",
        "SIP/2.0/U P h x",
    ] {
        assert!(Via::parse(text).is_err(), "{text}");
    }
}

#[test]
fn sequence_numbers_stay_below_two_to_the_31st() {
    assert_eq!(cseq("0009\t INVITE"), Ok((9, "INVITE".into())));
    assert_eq!(cseq("2147483647 BYE"), Ok((2_147_483_647, "BYE".into())));
    for text in [
        "",
        "1",
        "INVITE",
        "-1 BYE",
        "+1 BYE",
        "2147483648 BYE",
        "36893488147419103232 BYE",
        "1 B YE",
    ] {
        assert!(cseq(text).is_err(), "{text}");
    }
}

#[test]
fn lists_are_split_outside_quotes_and_brackets_and_are_bounded() {
    assert_eq!(
        split_outside("a, \"b,\\\",\" <sip:c,d> ,", ',').unwrap(),
        ["a", "\"b,\\\",\" <sip:c,d>", ""]
    );
    assert_eq!(split_outside("\"", ','), Err(ValueError::Malformed));
    assert_eq!(split_outside(&",".repeat(200), ','), Err(ValueError::TooLong));
    assert_eq!(Params::parse(&";a".repeat(60)), Err(ValueError::TooLong));
}
