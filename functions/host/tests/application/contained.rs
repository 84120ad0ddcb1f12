//! Components that mean harm are cut, and harm nobody else.

use crate::evil::{EVIL, tariff, tariff_beside};
use crate::support::{Billing, Choice, Folder, function, refusal, text};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use konf_host::{Bench, Digest, Host, Limits, SwapError};
use serde_json::json;
use std::sync::Arc;

const LOOP: &str = "(loop br 0)";
const MANIFEST: &str = r#"
[[trigger.http]]
route = "/evil"
component = "evil"
[component.evil]
source = "evil.wasm"
"#;

fn load(imports: &str, body: &str, limits: Limits) -> Arc<Host> {
    let folder = Folder::new();
    folder.write("evil.wasm", function(imports, body));
    let mut settings = folder.settings(MANIFEST);
    settings.limits = limits;
    Host::load(settings).unwrap()
}

fn small() -> Limits {
    Limits { deadline_ms: 300, concurrency: 2, queue_ms: 50, ..Limits::default() }
}

async fn ask(host: &Host) -> Response<Bytes> {
    let request = Request::get("http://konf.example/evil").body(Bytes::new()).unwrap();
    host.handle(request).await
}

/// As one from JavaScript is, and asked so often that instances of it are made ahead.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_of_three_memories_and_many_instances_finds_room() {
    let memory = "(core module $more (memory 1))";
    let nothing = "(core module $none)";
    let many = "(core instance (instantiate $none))".repeat(8);
    let two = "(core instance (instantiate $more))".repeat(2);
    let beside = format!("{memory} {nothing} {two} {many}");
    let trial = Bench::new().unwrap().trial(&tariff_beside("(i32.const 16)", &beside)).unwrap();
    let leg = json!({ "network": "o2", "mobile": true, "answered-ms": 0, "duration-ms": 61_000 });
    for call in 0..300 {
        let answer = trial.ask(&leg).await;
        assert!(answer.is_ok(), "call {call}: {:?}", answer.err());
    }
}

#[tokio::test]
async fn an_endless_loop_is_cut_at_the_deadline() {
    let host = load("", LOOP, small());
    let answer = ask(&host).await;
    assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(text(&answer), "The service took too long.");
}

#[tokio::test]
async fn a_loop_leaves_room_for_others_on_the_same_thread() {
    let host = load("", LOOP, small());
    // One thread runs both; the second finishes only if the first gives way.
    let soon = tokio::time::timeout(std::time::Duration::from_millis(200), async {
        tokio::task::yield_now().await;
        "done"
    });
    let (answer, soon) = tokio::join!(ask(&host), soon);
    assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(soon, Ok("done"));
}

#[tokio::test]
async fn memory_ends_at_its_limit() {
    // Grows page by page; the first refusal traps, so that success would loop until the deadline.
    let grow =
        "(loop (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable)) (br 0))";
    let limits = Limits { deadline_ms: 10_000, ..small() };
    assert_eq!(ask(&load("", grow, limits)).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn a_trap_and_a_missing_answer_are_500_with_a_plain_sentence() {
    for body in ["unreachable", "nop"] {
        let answer = ask(&load("", body, small())).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(text(&answer), "The service failed on this request.");
    }
}

#[tokio::test]
async fn more_requests_than_may_run_are_answered_503_after_a_short_wait() {
    let host = load("", LOOP, small());
    let answers = tokio::join!(ask(&host), ask(&host), ask(&host));
    let mut statuses = [answers.0.status(), answers.1.status(), answers.2.status()];
    statuses.sort();
    let (busy, cut) = (StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(statuses, [busy, cut, cut]);
    // Their room is free again.
    assert_eq!(ask(&host).await.status(), cut);
}

#[tokio::test]
async fn a_request_ends_on_the_function_that_it_began_with_and_the_old_one_is_seen_to_leave() {
    let host = load("", LOOP, small());
    let old = host.components().remove(0).digest;
    let slow = tokio::spawn({
        let host = host.clone();
        async move { ask(&host).await }
    });
    while host.components()[0].in_flight == 0 {
        tokio::task::yield_now().await;
    }
    let trap = function("", "unreachable");
    assert_eq!(host.check_function("evil", &trap), Ok(Digest::of(&trap)));
    assert_eq!(host.components()[0].digest, old, "a check swaps nothing");
    let next = host.swap_function("evil", &trap).unwrap();
    // The next request is answered by the new one while the first is still with the old one.
    assert_eq!(ask(&host).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let seen = host.components().remove(0);
    assert_eq!((seen.digest, seen.default), (next, old));
    assert_eq!(seen.leaving, [(old, 1)]);
    assert_eq!(slow.await.unwrap().status(), StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(host.components()[0].leaving, []);

    assert_eq!(host.restore_function("evil"), Ok(old));
    assert_eq!(ask(&host).await.status(), StatusCode::GATEWAY_TIMEOUT);
}

#[tokio::test]
async fn what_asks_for_more_than_the_manifest_gives_takes_nobodys_place() {
    let host = load("", LOOP, small());
    let before = host.components();
    let sockets = r#"(import "wasi:sockets/tcp@0.2.0" (instance))"#;
    let why = host.swap_function("evil", &function(sockets, "nop")).unwrap_err().to_string();
    assert!(why.contains("sockets (wasi:sockets/tcp@0.2.0)"), "{why}");
    let policy = r#"(import "konf:policy/tariff@1.0.0" (instance))"#;
    let why = host.swap_function("evil", &function(policy, "nop")).unwrap_err().to_string();
    assert!(why.contains("the manifest names no policy for it"), "{why}");
    let trap = function("", "unreachable");
    assert_eq!(host.swap_function("good", &trap), Err(SwapError::NoComponent("good".into())));
    assert_eq!(host.components(), before);
}

/// Each is stopped by its own limit, well before a caller would notice, and costs no request anything.
#[tokio::test]
async fn five_evil_tariffs_are_stopped_and_the_default_answers_in_their_place() {
    let billing = Billing::load(Choice::default());
    let default = billing.host.slots()[0].default;
    let leg = serde_json::json!(
        { "network": "o2-mobile", "mobile": true, "answered-ms": 0, "duration-ms": 61_000 }
    );
    for (name, word, body) in EVIL {
        let evil = tariff(body);
        let why = billing.host.trial(&evil).unwrap().ask(&leg).await.unwrap_err();
        assert!(why.contains(word), "{name}: {why}");
        let digest = billing.host.swap("konf:policy/tariff@1.0.0", &evil).unwrap();
        let answer = billing.rate("o2-mobile", 61_000).await;
        assert_eq!(answer.status(), StatusCode::OK, "{name}: {}", text(&answer));
        let [request] = &billing.ledger.take()[..] else { panic!("one request to the ledger") };
        let stamp = request.headers()["konf-policy"].to_str().unwrap();
        assert!(stamp.ends_with(&default.to_string()), "{name}: {stamp}");
        let slot = billing.host.slots().remove(0);
        let counted = slot.policies.iter().find(|policy| policy.digest == digest).unwrap().counted;
        assert_eq!((counted.calls, counted.failures), (1, 1), "{name}");
        // The deadline of a policy is 50 ms; the rest is for a busy machine, which runs it at a low priority.
        assert!(counted.p99_us <= 1 << 20, "{name}: {} us", counted.p99_us);
    }
}

#[test]
fn sockets_and_other_services_are_refused_by_name() {
    for (import, words) in [
        ("wasi:sockets/network@0.2.0", "sockets"),
        ("fermyon:spin/sqlite@2.0.0", "a service of Spin's"),
        ("evil:corp/telemetry@1.0.0", "an interface"),
    ] {
        let folder = Folder::new();
        let import_text = format!("(import {import:?} (instance))");
        folder.write("evil.wasm", function(&import_text, "nop"));
        let why = refusal(folder.settings(MANIFEST));
        assert_eq!(
            why,
            format!(
                "component evil: it asks for {words} ({import}), which this host does not lend"
            )
        );
    }
}

#[test]
fn a_component_that_can_not_answer_http_is_refused() {
    let folder = Folder::new();
    folder.write("evil.wasm", wat::parse_str("(component)").unwrap());
    let why = refusal(folder.settings(MANIFEST));
    assert!(why.contains("wasi:http/incoming-handler"), "{why}");
    folder.write("evil.wasm", "no wasm at all");
    let why = refusal(folder.settings(MANIFEST));
    assert!(why.contains("not a WebAssembly component"), "{why}");
}
