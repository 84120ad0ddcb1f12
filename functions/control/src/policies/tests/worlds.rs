//! The worlds that orders and callers meet, on the functions of `spin.toml` as they are and policies made by
//! `konf policy new` with one line changed.

use std::process::Command;
use std::sync::OnceLock;

use konf_api::ordering::ProcessRequest;
use konf_api::schedule::AdmitRequest;
use konf_contract::link::{Admission, AdmissionRequest, Grant, KeyedCredentials};
use konf_ledger::{BookingFilter, PolicyCall, PolicyCallFilter};

use super::*;
use crate::functions::ask;
use crate::policies::project;

// ── policies ────────────────────────────────────────────────────────────────────────────────────────────────────────

/// The default of a world with a line at the beginning of its rule, built as a developer builds it; once for all tests.
fn made(world: &str, rule: &str, line: &str) -> Vec<u8> {
    static BUILDING: OnceLock<std::sync::Mutex<()>> = OnceLock::new();
    let alone = BUILDING.get_or_init(Default::default).lock();
    let folder = tempfile::tempdir().unwrap();
    project::write(folder.path(), "mine", world, project::Language::Rust).unwrap();
    let file = folder.path().join("mine/src/rule.rs");
    let text = std::fs::read_to_string(&file).unwrap();
    let begin = text.find(rule).unwrap_or_else(|| panic!("{world} has no {rule}"));
    let at = begin + text[begin..].find("{\n").unwrap() + 2;
    std::fs::write(&file, format!("{}{line}\n{}", &text[..at], &text[at..])).unwrap();
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tmp/made-policies");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--target", "wasm32-wasip2"])
        .current_dir(folder.path().join("mine"))
        .env("CARGO_TARGET_DIR", &target)
        .env_remove("RUSTFLAGS")
        .status()
        .unwrap();
    assert!(built.success());
    let component = std::fs::read(target.join("wasm32-wasip2/release/mine.wasm")).unwrap();
    drop(alone);
    component
}

// ── a deployment ────────────────────────────────────────────────────────────────────────────────────────────────────

struct Deployment {
    policies: Policies,
    host: Arc<Host>,
    ledger: Ledger,
    messages: std::sync::atomic::AtomicU32,
    _stop: watch::Sender<bool>,
    _folder: tempfile::TempDir,
}

impl Deployment {
    /// Two edges of twenty seats each.
    async fn new() -> Deployment {
        let folder = tempfile::tempdir().unwrap();
        let edge = |name: &str| EdgeSeats {
            name: name.to_owned(),
            seats: 20,
            labels: vec![format!("at-{name}")],
        };
        let edges = vec![edge("edge-1"), edge("edge-2")];
        let settings = Settings::new("the ledger's token", Arc::new(clock::now), edges);
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"), settings).await.unwrap();
        let (log, calls) = Log::new(Arc::default());
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut settings = konf_host::Settings::new(root.join("spin.toml"));
        settings.limits.concurrency = 4;
        for (name, value) in [
            ("ledger_url", "http://ledger.konf.internal"),
            ("ledger_token", "the ledger's token"),
            ("operator_token", "x"),
        ] {
            settings.variables.insert(name.to_owned(), value.to_owned());
        }
        settings.cache_dir = Some(root.join("target/tmp/control-compiled"));
        let in_process = Arc::new(Inside::alone(ledger.clone()));
        settings.internal.push(("ledger.konf.internal".into(), in_process));
        settings.witness = Some(Arc::new(log));
        let host = tokio::task::spawn_blocking(|| Host::load(settings)).await.unwrap().unwrap();
        let trust = Trust { unsigned: true, ..Trust::default() };
        let policies = Policies::new(host.clone(), ledger.clone(), trust);
        policies.start().await.unwrap();
        let (stop, stopping) = watch::channel(false);
        tokio::spawn(log::write(calls, ledger.clone(), stopping));
        let messages = std::sync::atomic::AtomicU32::new(0);
        Deployment { policies, host, ledger, messages, _stop: stop, _folder: folder }
    }

    async fn ask(&self, what: &str, body: Value) -> Result<Value, String> {
        let body = body.to_string();
        let answer = self.policies.answer(&Method::POST, what, "", body.as_bytes(), "jana").await;
        answer.map(|value| value.expect("such a call")).map_err(|error| format!("{error:#}"))
    }

    async fn push(&self, world: &str, version: u32, component: &[u8]) -> Result<Value, String> {
        let package = Package::new(world, version, component, Vec::new(), None).unwrap();
        self.ask("push", serde_json::to_value(package).unwrap()).await
    }

    /// What the replay says of it; from then on it decides.
    async fn activate(&self, world: &str, version: u32, component: &[u8]) -> String {
        let pushed = self.push(world, version, component).await.unwrap();
        self.ask("activate", json!({ "world": world, "version": version })).await.unwrap();
        pushed["replay"]["said"].as_str().unwrap().to_owned()
    }

    /// A message as its gateway would send it; what it was answered with, part by part.
    async fn write(&self, sender: &Sender, text: &str) -> String {
        let number = self.messages.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let message = InboundMessage {
            gateway: "test".to_owned(),
            gateway_id: Some(format!("m{number}")),
            sender: sender.clone(),
            recipient: "+420720002233".to_owned(),
            text: text.to_owned(),
            mail: None,
        };
        let stored = self.ledger.inbound(&message).await.unwrap();
        let request = ProcessRequest { stored, message, copies: Vec::new() };
        let _: Value = ask(&self.host, "order", "/process", &request).await.unwrap();
        let mut told = String::new();
        loop {
            let due = self.ledger.outbox_due(10).await.unwrap();
            if due.is_empty() {
                return told;
            }
            for item in due {
                let MessageBody::Sms { parts } = item.message.body else { panic!("an SMS") };
                told += &parts.join("|");
                told += "|";
                self.ledger.outbox_sent(&item.id, None).await.unwrap();
            }
        }
    }

    /// The edges of all bookings, the earliest order first.
    async fn edges(&self) -> Vec<String> {
        let mut bookings = self.ledger.bookings(&BookingFilter::default()).await.unwrap();
        bookings.sort_by_key(|booking| booking.created);
        bookings.into_iter().map(|booking| booking.edge).collect()
    }

    /// The calls of a world, the earliest first, once there are so many.
    async fn logged(&self, world: &str, calls: usize) -> Vec<PolicyCall> {
        let world = Some(world.to_owned());
        let filter = PolicyCallFilter { world, limit: 100, ..PolicyCallFilter::default() };
        let waiting = async {
            loop {
                let found = self.ledger.policy_calls(&filter).await.unwrap();
                if found.len() >= calls {
                    return found.into_iter().rev().map(|line| line.call).collect();
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("the calls are logged")
    }

    async fn admit(&self, number: &str, code: &str) -> Grant {
        let leg = self.messages.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let credentials = KeyedCredentials { number: number.to_owned(), code: code.to_owned() };
        let request = AdmissionRequest {
            leg: LegId(leg.into()),
            caller: super::leg(1, None).caller,
            credentials: Some(credentials),
        };
        let (edge, boot) = ("edge-1".to_owned(), "boot".to_owned());
        let request = AdmitRequest { edge, boot, request };
        match ask(&self.host, "schedule", "/admit", &request).await.unwrap() {
            Admission::Granted(grant) => grant,
            other => panic!("{other:?}"),
        }
    }
}

fn sender(n: u32) -> Sender {
    Sender::Sms(Msisdn::parse(&format!("+420606{n:06}")).unwrap())
}

/// Noon in ten days.
fn order(minutes: u32, seats: u32) -> String {
    let day = jiff::Timestamp::from_millisecond(clock::now().0 + 10 * 86_400_000).unwrap();
    format!("konf {} 1200 {minutes} {seats}", day.strftime("%d%m"))
}

// ── what they decide ────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test(flavor = "multi_thread")]
async fn placement_and_offers_decide_on_orders_and_only_what_fits_counts() {
    let deployment = Deployment::new().await;
    for n in 0..2 {
        assert!(deployment.write(&sender(n), &order(60, 10)).await.starts_with("Konference "));
    }
    assert_eq!(deployment.edges().await, ["edge-1", "edge-2"], "the default: the least loaded");
    let calls = deployment.logged("placement", 2).await;
    assert_eq!(calls[0].input["edges"][0]["labels"], json!(["at-edge-1"]));
    assert_eq!((&calls[0].output, &calls[0].part), (&Some(json!("edge-1")), &"active".to_owned()));

    let second = made("placement", "pub fn choose", "if true { return \"edge-2\"; }");
    assert_eq!(
        deployment.activate("placement", 1, &second).await,
        "Of 2 conferences to place of the last 7 days 1 would be on another edge: 1 edge-2 instead of edge-1."
    );
    deployment.write(&sender(2), &order(60, 5)).await;
    deployment.write(&sender(3), &order(60, 5)).await;
    assert_eq!(deployment.edges().await[2..], ["edge-2", "edge-2"]);
    // It is full now: there is no choice.
    deployment.write(&sender(4), &order(60, 10)).await;
    assert_eq!(deployment.edges().await[4..], ["edge-1"]);

    let told = deployment.write(&sender(5), &order(60, 10)).await;
    assert!(told.starts_with("Plno. ") && told.contains("13:00"), "{told}");
    let calls = deployment.logged("offers", 1).await;
    assert_eq!(calls[0].input["edges"][1]["id"], "edge-2");
    assert_eq!(calls[0].output.as_ref().unwrap()[0]["seats"], 10);
    // An hour too late by a minute, one that is not free, and two hours later.
    let offers = "if true {
        let at = |minutes: i64, length| Alternative {
            starts_ms: facts.order.starts_ms + minutes * MINUTE_MS, minutes: length, seats: 10 };
        return vec![at(60, 121), at(30, 60), at(120, 60)];
    }";
    let said = deployment.activate("offers", 1, &made("offers", "pub fn propose", offers)).await;
    assert!(
        said.starts_with(
            "Of 1 orders that did not fit of the last 7 days 1 would get other offers: 1 "
        ),
        "{said}"
    );
    let told = deployment.write(&sender(6), &order(60, 10)).await;
    assert!(told.starts_with("Plno. Odpovezte 1 do ") && told.contains("14:00"), "{told}");
    assert!(deployment.write(&sender(6), "1").await.starts_with("Konference "));
    assert_eq!(deployment.edges().await[5..], ["edge-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn restriction_refuses_asks_an_operator_and_lifts_no_operators_word() {
    let deployment = Deployment::new().await;
    assert!(deployment.write(&sender(1), &order(60, 10)).await.starts_with("Konference "));
    let calls = deployment.logged("restriction", 1).await;
    let input = &calls[0].input;
    assert_eq!((&input["messages-hour"], &input["booked-ahead"]), (&json!(1), &json!(0)));
    assert!(!input.to_string().contains("606000001"), "{input}");
    let rule = "if true {
        return match facts.order.as_ref().map_or(0, |order| order.seats) {
            13 => Verdict::Refuse { rule: \"thirteen\", until_ms: None },
            12 => Verdict::AskOperator,
            _ => Verdict::Accept,
        };
    }";
    let said =
        deployment.activate("restriction", 1, &made("restriction", "pub fn decide", rule)).await;
    assert_eq!(
        said,
        "Of 1 orders and requests of the last 7 days 0 would be answered differently."
    );

    let told = deployment.write(&sender(1), &order(60, 13)).await;
    assert_eq!(told, "Objednavani konferenci je pro Vas omezeno.|");
    let told = deployment.write(&sender(1), &order(60, 12)).await;
    assert!(told.starts_with("Pozadavek jsme prijali."), "{told}");
    let queue = deployment.ledger.requests(10).await.unwrap();
    assert_eq!(queue.iter().map(|line| &line.text).collect::<Vec<_>>(), [&order(60, 12)]);
    assert!(deployment.write(&sender(1), &order(60, 10)).await.starts_with("Konference "));
    assert_eq!(deployment.edges().await.len(), 2);

    // It accepts whom an operator has restricted, and that counts for nothing.
    deployment.ledger.restrict(&sender(1), "abuse 606", None, "petr").await.unwrap();
    let told = deployment.write(&sender(1), &order(60, 10)).await;
    assert_eq!(told, "Objednavani konferenci je pro Vas omezeno.|");
    let told = deployment.write(&sender(1), &order(60, 12)).await;
    assert_eq!(told, "Objednavani konferenci je pro Vas omezeno.|");
    assert_eq!(deployment.edges().await.len(), 2);
    assert_eq!(deployment.ledger.requests(10).await.unwrap().len(), 1);
    let last = deployment.logged("restriction", 6).await.pop().unwrap();
    assert_eq!(last.input["restricted"]["reason"], "abuse ###");
    assert_eq!(last.output, Some(json!("ask-operator")));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_travel_with_the_grant_and_a_bad_table_leaves_the_default() {
    let deployment = Deployment::new().await;
    book(&deployment.ledger).await;
    let booking = deployment.ledger.bookings(&BookingFilter::default()).await.unwrap().remove(0);
    let (number, start) = (booking.number.as_str().to_owned(), booking.window.start);
    // An hour and more away: within the grace by what the admission policy is told there.
    let begun = "if true { return Verdict::Admit(Role::Organiser); }";
    deployment.activate("admission", 1, &made("admission", "pub fn decide", begun)).await;
    assert!(start > clock::now());
    assert_eq!(deployment.admit(&number, "24682468").await.keys, None);
    deployment.logged("keys", 1).await;
    let moved = "if true { return &[(\"*4\", Action::Mute), (\"*0\", Action::Lock)]; }";
    let said = deployment.activate("keys", 1, &made("keys", "pub fn table", moved)).await;
    assert!(
        said.starts_with("Of 1 callers let in of the last 7 days 1 would have other keys: 1 "),
        "{said}"
    );
    // The conference stays on what its first caller was let in under.
    assert_eq!(deployment.admit(&number, "24682468").await.keys, None);
    let other = book_another(&deployment.ledger).await;
    let keys = deployment.admit(&other, "24682468").await.keys.unwrap();
    let rows: Vec<_> = keys.iter().map(|row| (row.keys.as_str(), row.action.as_str())).collect();
    assert_eq!(rows, [("*0", "lock"), ("*4", "mute")]);

    let bare = made("keys", "pub fn table", "if true { return &[(\"4\", Action::Mute)]; }");
    let refused = deployment.push("keys", 2, &bare).await.unwrap_err();
    assert!(
        refused.starts_with("The table for cs, participant: 4 begins with a digit, "),
        "{refused}"
    );
    // Where it stands all the same, as under a host that composes it, the default counts.
    deployment.host.swap("konf:policy/keys@1.0.0", &bare).unwrap();
    let third = book_another(&deployment.ledger).await;
    assert_eq!(deployment.admit(&third, "24682468").await.keys, None);
    let calls = deployment.logged("keys", 4).await;
    assert_eq!(calls[3].output, Some(json!([{ "keys": "4", "does": "mute" }])));
    assert_eq!(calls[3].conference.as_deref(), Some(third.as_str()));
}

/// Its number.
async fn book_another(ledger: &Ledger) -> String {
    let booking = book(ledger).await;
    let bookings = ledger.bookings(&BookingFilter::default()).await.unwrap();
    bookings.iter().find(|line| line.booking == booking).unwrap().number.as_str().to_owned()
}
