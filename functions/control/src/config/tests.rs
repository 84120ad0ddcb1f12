use super::*;

const GOOD: &str = r#"
    manifest = "spin.toml"
    state_dir = "state"
    http_listen = "127.0.0.1:0"
    ledger_token = "0123456789abcdef"
    operator_token = "0123456789abcdef"
    [link]
    listen = "127.0.0.1:0"
    ca = "ca.pem"
    cert = "cert.pem"
    key = "key.pem"
    [[edge]]
    name = "edge-1"
    seats = 200
"#;

fn error(text: &str) -> String {
    format!("{:#}", Config::read(text, Path::new("/etc/konf")).unwrap_err())
}

#[test]
fn a_good_file_is_read_and_its_paths_are_relative_to_it() {
    let config = Config::read(GOOD, Path::new("/etc/konf")).unwrap();
    assert_eq!(config.manifest, Path::new("/etc/konf/spin.toml"));
    assert_eq!(config.edges[0].seats, 200);
}

#[test]
fn an_unknown_key_is_named() {
    assert!(error(&format!("colour = 1\n{GOOD}")).contains("colour"));
}

#[test]
fn a_bad_value_is_named_with_what_would_be_right() {
    let text = GOOD.replace("http_listen = \"127.0.0.1:0\"", "http_listen = \"everywhere\"");
    assert!(error(&text).contains("http_listen = \"everywhere\": expected address and port"));
    assert!(
        error(&GOOD.replace("0123456789abcdef", "short")).contains("ledger_token is too short")
    );
    assert!(error(&GOOD.replace("seats = 200", "seats = 0")).contains("seats is 0"));
    let labelled =
        |labels: &str| GOOD.replace("seats = 200", &format!("seats = 2\nlabels = {labels}"));
    let config = Config::read(&labelled("[\"brno\"]"), Path::new(".")).unwrap();
    assert_eq!(config.edges[0].labels, ["brno"]);
    let long = format!("[\"{}\"]", "x".repeat(33));
    let many = format!("[{}]", "\"x\",".repeat(9));
    for bad in [long, many] {
        assert!(error(&labelled(&bad)).contains("at most 8 labels of at most 32 bytes"), "{bad}");
    }
}

#[test]
fn a_budget_that_would_silence_everybody_is_refused() {
    let with = |text: &str| format!("{GOOD}\n[budget]\n{text}");
    let config = Config::read(&with("total = 500"), Path::new(".")).unwrap();
    assert_eq!(config.budget, Budget { total: 500, ..Budget::default() });
    assert!(error(&with("per_recipient = 0")).contains("budget.per_recipient is 0"));
    assert!(error(&with("total = 10")).contains("budget.total 10"));
}

#[test]
fn whose_policies_are_taken_is_said_by_keys_or_not_at_all() {
    let with = |text: &str| format!("{GOOD}\n[policies]\n{text}");
    assert_eq!(Config::read(GOOD, Path::new(".")).unwrap().policies, Trust::default());
    let key = "keys.jana = \"ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"";
    let config = Config::read(&with(key), Path::new(".")).unwrap();
    assert!(config.policies.keys.contains_key("jana") && !config.policies.unsigned);
    assert!(
        error(&with("keys.jana = \"rsa:AAAA\"")).contains("policies.keys.jana: expected ed25519:")
    );
    assert!(error(&with(&format!("unsigned = true\n{key}"))).contains("leave out one of the two"));
}

#[test]
fn the_example_is_a_good_file() {
    Config::read(include_str!("../../konf.example.toml"), Path::new(".")).unwrap();
}

#[test]
fn a_misspelt_secret_is_named_by_its_line_and_not_shown() {
    let said = error(&GOOD.replace("operator_token", "operater_token"));
    assert!(said.contains("line 6 operater_token: unknown field"), "{said}");
    assert!(!said.contains("0123456789abcdef"), "{said}");
}

#[test]
fn secrets_do_not_print() {
    let config = Config::read(GOOD, Path::new(".")).unwrap();
    assert!(!format!("{config:?}").contains("0123456789abcdef"));
}

#[test]
fn orders_by_mail_are_taken_as_the_file_says() {
    let with = |text: &str| {
        format!(
            "{GOOD}\n[mail]\nhost = \"127.0.0.1\"\nport = 25\nfrom = \"Konf <Konf@konf.example>\"\n\
             tls = \"none\"\n[mail.inbound]\nlisten = \"127.0.0.1:0\"\n{text}"
        )
    };
    let good = "address = \"Orders@konf.example\"\n";
    let mail = Config::read(&with(good), Path::new("/etc")).unwrap().mail.unwrap();
    assert_eq!(mail.from_address().unwrap(), "konf@konf.example");
    let inbound = mail.inbound.unwrap();
    assert_eq!(
        (inbound.address.as_str(), inbound.subject.as_str()),
        ("orders@konf.example", "O2 Konference")
    );
    assert!(inbound.front.is_none() && inbound.resolver.is_none() && inbound.tls.is_none());
    assert!(error(&with("address = \"orders\"")).contains("expected an address such as"));
    for (text, expected) in [
        ("protocol = \"uucp\"", "known are \"smtp\" and \"lmtp\""),
        ("tls_cert = \"a.pem\"", "tls_cert and tls_key belong together"),
        ("relays = [\"10.0.0.1\"]", "authserv_id and relays belong together"),
        ("authserv_id = \"mx\"\nrelays = [\"mx\"]", "\"mx\" is no address"),
        ("resolver = \"dns\"", "mail.inbound.resolver = \"dns\""),
    ] {
        let said = error(&with(&format!("{good}{text}")));
        assert!(said.contains(expected), "{text}: {said}");
    }
}
