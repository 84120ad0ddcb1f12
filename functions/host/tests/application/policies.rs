//! A policy called through its slot, and swapped.

use crate::support::{Billing, Choice, built, text};
use http::StatusCode;
use konf_api::ledger::{POLICY_HEADER, RatingProposal};
use konf_api::policy::{ABOUT_HEADER, About, CHOICE_HEADER};
use konf_host::{Standing, SwapError};
use konf_policy_tariff::rule;

const TARIFF: &str = "konf:policy/tariff@1.0.0";

/// The same policy under another digest: a custom section is content that does nothing.
fn renamed(mut component: Vec<u8>) -> Vec<u8> {
    component.extend([0, 5, 4, b'k', b'o', b'n', b'f']);
    component
}

async fn rated(billing: &Billing, network: &str, duration_ms: u64) -> (RatingProposal, String) {
    let answer = billing.rate(network, duration_ms).await;
    assert_eq!(answer.status(), StatusCode::OK, "{}", text(&answer));
    let [request] = &billing.ledger.take()[..] else { panic!("one request to the ledger") };
    assert_eq!(request.uri(), "http://ledger.konf.internal/v1/ratings");
    assert_eq!(request.headers()["authorization"], "Bearer a-token");
    let stamp = request.headers()[POLICY_HEADER].to_str().unwrap().to_owned();
    (serde_json::from_slice(request.body()).unwrap(), stamp)
}

#[tokio::test]
async fn a_policy_through_its_slot_answers_as_its_rule_does() {
    let billing = Billing::load(Choice::default());
    for (network, duration_ms) in
        [("o2-mobile", 1), ("o2-mobile", 90_500), ("o2-mobile", 0), ("internet", 90_500)]
    {
        let (proposal, _) = rated(&billing, network, duration_ms).await;
        let charge = rule::rate(network, true, duration_ms);
        assert_eq!(proposal.amount.0, charge.amount);
        assert_eq!(proposal.billed_s, charge.billed_s);
        assert_eq!(proposal.rule, charge.rule);
    }
}

#[tokio::test]
async fn the_ledger_learns_which_policy_was_called_before_and_after_a_swap() {
    let billing = Billing::load(Choice::default());
    let before = billing.host.slots()[0].digest;
    assert_eq!(rated(&billing, "o2-mobile", 1).await.1, format!("{TARIFF}={before}"));

    let policy = renamed(std::fs::read(built("konf_policy_tariff")).unwrap());
    let after = billing.host.swap(TARIFF, &policy).unwrap();
    assert_ne!(after, before);
    assert_eq!(billing.host.slots()[0].digest, after);
    assert_eq!(rated(&billing, "o2-mobile", 1).await.1, format!("{TARIFF}={after}"));
}

#[tokio::test]
async fn who_asks_for_work_says_for_which_conference_and_learns_what_it_is_to_stay_on() {
    let billing = Billing::load(Choice::default());
    let default = billing.host.slots()[0].default;
    let next = renamed(std::fs::read(built("konf_policy_tariff")).unwrap());
    let next = billing.host.prepare(TARIFF, &next).unwrap();
    let standing = Standing { active: Some(next), keep: vec![default], ..Standing::default() };
    billing.host.stand(TARIFF, &standing).unwrap();
    let mut about = About { booking: Some("booking-1".to_owned()), ..About::default() };
    let stamps = async |about: &About| {
        billing.rate_about(about).await;
        let [request] = &billing.ledger.take()[..] else { panic!("one request to the ledger") };
        let header = |name: &str| {
            let value = request.headers().get(name);
            value.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        assert_eq!(header(ABOUT_HEADER), "");
        (header(POLICY_HEADER), header(CHOICE_HEADER))
    };
    let of = |digest| format!("{TARIFF}={digest}");
    assert_eq!(stamps(&about).await, (of(next), of(next)));
    about.pins.insert(TARIFF.to_owned(), default.to_string());
    assert_eq!(stamps(&about).await, (of(default), of(default)));
    assert_eq!(stamps(&About::default()).await, (of(next), String::new()));
}

#[tokio::test]
async fn a_request_before_any_policy_was_called_names_none() {
    let billing = Billing::load(Choice::default());
    let asked = http::Request::get("/statements/1234567")
        .header("host", "konf.example")
        .header("authorization", "Bearer secret-of-operators")
        .header(POLICY_HEADER, "konf:policy/tariff@1.0.0=sha256:00")
        .body(bytes::Bytes::new())
        .unwrap();
    // The ledger here answers what no statement is; that it was asked is what counts.
    billing.host.handle(asked).await;
    let [request] = &billing.ledger.take()[..] else { panic!("one request to the ledger") };
    assert!(!request.headers().contains_key(POLICY_HEADER));
}

#[tokio::test]
async fn what_can_not_stand_in_a_slot_is_refused_and_the_old_policy_stays() {
    let billing = Billing::load(Choice::default());
    let before = billing.host.slots()[0].digest;
    let swap = |text: &str| billing.host.swap(TARIFF, &wat::parse_str(text).unwrap()).unwrap_err();

    let clock = r#"(component (import "wasi:clocks/wall-clock@0.2.0" (instance
        (export "now" (func (result u64))))))"#;
    let why = swap(clock).to_string();
    assert_eq!(
        why,
        "it asks for a clock (wasi:clocks/wall-clock@0.2.0), and a policy is pure: no clock, no randomness, no \
         network, no files"
    );
    assert_eq!(swap("(component)"), SwapError::NoExport(TARIFF.into()));
    let other = r#"(component
        (core module $code (func (export "rate") (param i32) (result i32) local.get 0))
        (core instance $running (instantiate $code))
        (func $rate (param "leg" u32) (result u32) (canon lift (core func $running "rate")))
        (instance $tariff (export "rate" (func $rate)))
        (export "konf:policy/tariff@1.0.0" (instance $tariff)))"#;
    assert_eq!(swap(other), SwapError::OtherType("rate".into()));
    assert!(matches!(billing.host.swap(TARIFF, b"no wasm"), Err(SwapError::NotAComponent(_))));
    let nowhere = "konf:policy/weather@1.0.0";
    assert_eq!(billing.host.swap(nowhere, b""), Err(SwapError::NoSlot(nowhere.into())));

    assert_eq!(billing.host.slots()[0].digest, before);
    rated(&billing, "o2-mobile", 1).await;
}
