//! Who answers a request, and where a component's own requests go.

use crate::support::{Billing, Choice, Folder, built, refusal, text};
use bytes::Bytes;
use http::{Request, StatusCode};
use konf_host::Host;
use std::io::{Read, Write};
use std::path::Path;

fn get(uri: &str) -> Request<Bytes> {
    Request::get(uri).header("host", "konf.example").body(Bytes::new()).unwrap()
}

#[tokio::test]
async fn public_routes_reach_their_component_and_nothing_else_does() {
    let billing = Billing::load(Choice::default());
    let answer = billing.host.handle(get("/statements/1234567")).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{}", text(&answer));
    assert_eq!(billing.host.handle(get("/rate")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(billing.host.handle(get("/")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(text(&billing.host.handle(get("/.well-known/spin/health")).await), "OK");
    let nobody = billing.host.call("biling", get("/rate")).await;
    assert_eq!(nobody.status(), StatusCode::NOT_FOUND);
    let nameless = Request::get("/statements/1").body(Bytes::new()).unwrap();
    assert_eq!(billing.host.handle(nameless).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_a_component_sees_it() {
    let billing = Billing::load(Choice::default());
    let long = Request::post("/rate").body(Bytes::from(vec![b' '; (1 << 20) + 1])).unwrap();
    assert_eq!(billing.host.call("billing", long).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_is_loaded_can_be_listed() {
    let billing = Billing::load(Choice::default());
    let [component] = &billing.host.components()[..] else { panic!("one component") };
    assert_eq!(
        (component.name.as_str(), &component.routes[..]),
        ("billing", &["/statements/...".into()][..])
    );
    assert_eq!(component.policies, ["konf:policy/tariff@1.0.0"]);
    assert_eq!(billing.host.slots()[0].interface, "konf:policy/tariff@1.0.0");
}

#[tokio::test]
async fn an_instance_answers_the_next_request_unless_it_failed_or_has_answered_enough() {
    let billing = Billing::load(Choice { requests_per_instance: 3, ..Choice::default() });
    let waiting = || billing.host.components()[0].waiting;
    let mut seen = vec![waiting()];
    for _ in 0..4 {
        assert_eq!(billing.rate("o2-mobile", 61_000).await.status(), StatusCode::OK);
        seen.push(waiting());
    }
    assert_eq!(seen, [0, 1, 1, 0, 1], "the third request was the last of its instance");
    // Two at once have an instance each.
    let both = tokio::join!(billing.rate("o2-mobile", 1_000), billing.rate("o2-mobile", 1_000));
    assert_eq!((both.0.status(), both.1.status()), (StatusCode::OK, StatusCode::OK));
    assert!(waiting() <= 2);

    let fresh = Billing::load(Choice { requests_per_instance: 1, ..Choice::default() });
    assert_eq!(fresh.rate("o2-mobile", 61_000).await.status(), StatusCode::OK);
    assert_eq!(fresh.host.components()[0].waiting, 0);
    // Each request says what it was told and nothing of the one before.
    let about = konf_api::policy::About { booking: Some("b".into()), ..Default::default() };
    assert_eq!(billing.rate_about(&about).await.status(), StatusCode::OK);
    assert_eq!(billing.rate("o2-mobile", 1_000).await.status(), StatusCode::OK);
    let asked = billing.ledger.take();
    let pinned = |at: usize| asked[at].headers().contains_key(konf_api::policy::CHOICE_HEADER);
    assert_eq!((pinned(asked.len() - 2), pinned(asked.len() - 1)), (true, false));
}

#[tokio::test]
async fn an_instance_that_was_cut_answers_nothing_more() {
    let choice = Choice { ledger_hangs: true, deadline_ms: 100, ..Choice::default() };
    let billing = Billing::load(choice);
    assert_eq!(billing.rate("o2-mobile", 1_000).await.status(), StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(billing.host.components()[0].waiting, 0);
}

#[tokio::test]
async fn a_destination_that_is_not_allowed_is_never_asked() {
    let choice = Choice { allowed: "http://elsewhere.example", ..Choice::default() };
    let billing = Billing::load(choice);
    let answer = billing.rate("o2-mobile", 1_000).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{}", text(&answer));
    assert!(billing.ledger.take().is_empty());
}

#[tokio::test]
async fn a_component_calls_another_by_its_name_without_a_socket() {
    // The other component is billing again, which knows no path /v1/ratings.
    let choice = Choice { ledger_url: "http://billing.spin.internal", ..Choice::default() };
    let answer = Billing::load(choice).rate("o2-mobile", 1_000).await;
    assert!(text(&answer).contains("status 404"), "{}", text(&answer));

    let choice = Choice { ledger_url: "http://nobody.spin.internal", ..Choice::default() };
    let answer = Billing::load(choice).rate("o2-mobile", 1_000).await;
    assert!(text(&answer).contains("cannot be reached"), "{}", text(&answer));
}

#[tokio::test]
async fn a_component_that_waits_for_an_answer_is_cut_at_its_deadline() {
    let choice = Choice { ledger_hangs: true, deadline_ms: 300, ..Choice::default() };
    let billing = Billing::load(choice);
    let answer = billing.rate("o2-mobile", 1_000).await;
    assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT, "{}", text(&answer));
    assert_eq!(billing.ledger.take().len(), 1);
}

#[tokio::test]
async fn a_request_over_the_network_is_plain_http_with_its_path_and_host() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        // The body is JSON and ends with a brace.
        while !asked.ends_with(b"}") {
            let mut buffer = [0; 4096];
            let length = stream.read(&mut buffer).unwrap();
            assert_ne!(length, 0, "the request ends with its body");
            asked.extend_from_slice(&buffer[..length]);
            if asked.ends_with(b"0\r\n\r\n") {
                break;
            }
        }
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n\"committed\"";
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(asked).unwrap()
    });
    let url = format!("http://{authority}");
    let billing = Billing::load(Choice { ledger_url: &url, ..Choice::default() });
    let answer = billing.rate("o2-mobile", 1_000).await;
    assert_eq!(answer.status(), StatusCode::OK, "{}", text(&answer));
    let asked = server.join().unwrap();
    assert!(asked.starts_with("POST /v1/ratings HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains(&format!("host: {authority}\r\n")), "{asked}");
    assert!(asked.contains("konf-policy: konf:policy/tariff@1.0.0=sha256:"), "{asked}");
}

#[tokio::test]
async fn the_repositorys_own_manifest_is_honoured() {
    for name in ["konf_order", "konf_credentials", "konf_schedule", "konf_portal"] {
        built(name);
    }
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spin.toml");
    let mut settings = konf_host::Settings::new(manifest);
    settings.limits.concurrency = 4;
    settings.variables.insert("ledger_url".into(), "http://ledger.konf.internal".into());
    settings.variables.insert("ledger_token".into(), "a-token".into());
    let host = Host::load(settings).unwrap();
    let names: Vec<_> = host.components().into_iter().map(|component| component.name).collect();
    assert_eq!(names, ["billing", "credentials", "order", "portal", "schedule"]);
    assert_eq!(host.slots().len(), konf_host::worlds().len(), "each world has its default");
}

#[test]
fn a_missing_file_and_a_missing_policy_are_named() {
    let folder = Folder::new();
    let trigger = "[[trigger.http]]\nroute = \"/...\"\ncomponent = \"a\"\n";
    let why =
        refusal(folder.settings(&format!("{trigger}[component.a]\nsource = \"absent.wasm\"\n")));
    assert!(why.contains("absent.wasm"), "{why}");
    let billing = built("konf_billing");
    let why = refusal(folder.settings(&format!("{trigger}[component.a]\nsource = {billing:?}\n")));
    assert!(why.contains("names no policy") && why.contains("konf:policy/tariff@1.0.0"), "{why}");
}

#[test]
fn compiled_components_are_kept_and_damaged_ones_are_made_again() {
    let folder = Folder::new();
    let cache = folder.0.join("compiled");
    let load = || {
        let tariff = built("konf_policy_tariff");
        let mut settings = folder.settings(&format!(
            "[[trigger.http]]\nroute = \"/...\"\ncomponent = \"billing\"\n[component.billing]\nsource = {:?}\n\
             [component.billing.dependencies]\n\"konf:policy/tariff@1.0.0\" = {{ path = {tariff:?} }}\n",
            built("konf_billing")
        ));
        settings.cache_dir = Some(cache.clone());
        Host::load(settings).unwrap().components()
    };
    let files = || {
        std::fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    let first = load();
    assert_eq!(files().len(), 2);
    let intact: Vec<_> = files().iter().map(|file| std::fs::read(file).unwrap()).collect();
    for file in files() {
        let mut damaged = std::fs::read(&file).unwrap();
        damaged.truncate(damaged.len() / 2);
        std::fs::write(&file, damaged).unwrap();
    }
    assert_eq!(load(), first);
    let repaired: Vec<_> = files().iter().map(|file| std::fs::read(file).unwrap().len()).collect();
    assert_eq!(repaired, intact.iter().map(Vec::len).collect::<Vec<_>>());
}
