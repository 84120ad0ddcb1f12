use super::*;

const EXAMPLE: &str = include_str!("../../konf-edge.example.toml");

fn error(text: &str) -> String {
    format!("{:#}", Config::read(text, Path::new("/etc/konf")).unwrap_err())
}

/// The example with one key set otherwise.
fn with(key: &str, value: &str) -> String {
    let line =
        EXAMPLE.lines().find(|line| line.trim_start_matches('#').starts_with(&format!("{key} =")));
    EXAMPLE.replacen(line.expect("the example has the key"), &format!("{key} = {value}"), 1)
}

#[test]
fn the_example_is_a_good_file_and_its_paths_are_relative_to_it() {
    let config = Config::read(EXAMPLE, Path::new("/etc/konf")).unwrap();
    assert_eq!(config.name, "edge-1");
    assert_eq!(config.sip_advertised, "127.0.0.1:5060".parse().unwrap());
    assert_eq!(config.media_address, "127.0.0.1".parse::<IpAddr>().unwrap());
    assert_eq!(config.media_ports, 20_000..=20_999);
    assert_eq!(config.link_keys.ca, Path::new("/etc/konf/keys/ca.pem"));
    assert_eq!(config.trunks[0].network, "o2-mobile");
    assert_eq!(config.drain_patience, Duration::from_secs(5));
}

#[test]
fn every_key_that_the_example_shows_is_understood() {
    let uncommented: String = EXAMPLE
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(key) if !key.starts_with(' ') => format!("{key}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let config = Config::read(&uncommented, Path::new(".")).unwrap();
    assert_eq!(config.media_listen, "0.0.0.0".parse::<IpAddr>().unwrap());
    assert_eq!(config.prompts_dir, Some("./prompts".into()));
    let tls = config.sip_tls.unwrap();
    assert_eq!(tls.advertised, "203.0.113.7:5061".parse().unwrap());
    assert_eq!(tls.keys.cert, Path::new("./keys/sip.pem"));
}

#[test]
fn tls_is_all_or_nothing() {
    let text = with("sip_tls_listen", "\"127.0.0.1:5061\"");
    assert!(error(&text).contains("needs sip_tls_listen, sip_tls_cert and sip_tls_key"));
    assert!(Config::read(EXAMPLE, Path::new(".")).unwrap().sip_tls.is_none());
}

#[test]
fn an_unknown_key_is_named() {
    assert!(error(&format!("colour = 1\n{EXAMPLE}")).contains("colour"));
    assert!(error(&format!("{EXAMPLE}\ncolour = 1")).contains("colour"));
}

#[test]
fn a_missing_key_is_named() {
    assert!(error(&EXAMPLE.replace("state_dir", "#state_dir")).contains("state_dir"));
}

#[test]
fn a_bad_value_is_named_with_what_would_be_right() {
    for (key, value, said) in [
        (
            "sip_listen",
            "\"everywhere\"",
            "sip_listen = \"everywhere\": expected something like \"127.0.0.1:5060\"",
        ),
        ("sip_listen", "\"0.0.0.0:5060\"", "sip_advertised is missing"),
        (
            "media_ports",
            "[30000, 20000]",
            "media_ports = [30000, 20000]: expected the first and the last",
        ),
        ("media_ports", "[20000, 70000]", "media_ports"),
        ("media_ports", "[20000, 20010]", "holds 11 ports, fewer than capacity = 200"),
        ("media_address", "\"0.0.0.0\"", "media_address has to be one address"),
        ("media_listen", "\"::\"", "different families"),
        ("capacity", "0", "capacity is 0"),
        ("control_address", "\"control\"", "control_address = \"control\""),
        ("name", "\"edge 1\"", "name = \"edge 1\""),
        ("stranger_calls_per_second", "0", "expected 1 to 10000"),
        ("password", "\"short\"", "the password of phone \"anna\" has fewer than 8 characters"),
        ("number", "\"nobody\"", "number of phone \"anna\""),
        ("user", "\"an na\"", "user \"an na\" of a phone"),
        ("realm", "\"a b\"", "realm = \"a b\""),
        ("tries", "0", "tries = 0: expected 1 to 10"),
        ("language", "\"de\"", "unknown variant"),
        ("address", "\"trunk.example\"", "address of trunk \"o2\" = \"trunk.example\""),
    ] {
        let message = error(&with(key, value));
        assert!(message.contains(said), "{key} = {value} said: {message}");
    }
}

#[test]
fn codecs_and_encryption_are_named_in_full() {
    use konf_sip::{Codec, Srtp};
    let read = |key: &str, value: &str| Config::read(&with(key, value), Path::new(".")).unwrap();
    let plain = Config::read(EXAMPLE, Path::new(".")).unwrap();
    assert_eq!(plain.codecs, [Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu]);
    assert_eq!(plain.srtp, Srtp::Optional);
    assert_eq!(read("codecs", "[\"pcmu\", \"g722\"]").codecs, [Codec::Pcmu, Codec::G722]);
    assert_eq!(read("srtp", "\"off\"").srtp, Srtp::Off);
    assert!(error(&with("codecs", "[]")).contains("codecs is empty"));
    assert!(error(&with("codecs", "[\"pcma\", \"pcma\"]")).contains("twice"));
    assert!(error(&with("codecs", "[\"g729\"]")).contains("codecs"));
    assert!(error(&with("srtp", "\"required\"")).contains("needs sip_tls_listen"));
}
