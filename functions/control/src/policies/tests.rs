//! The life of a policy on real parts: ledger, host, `billing` and its tariff, built by `cargo xtask build components`.

mod load;

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use konf_api::ledger::*;
use konf_contract::link::{EndReason, LegEnd, LegLeft, Party, Record, RecordBatch, RecordEvent};
use konf_contract::{
    Caller, ConferenceNumber, Language, LegId, Msisdn, Password, Role, UnixMs, Window,
};
use konf_ledger::{EdgeSeats, Settings, Stamps};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::log::Log;
use super::package::{Case, Package, SigningKey};
use super::*;
use crate::ledger_service::Inside;
use crate::{clock, tasks};

mod worlds;

const TARIFF: &str = "konf:policy/tariff@1.0.0";
/// A leg of 61 s costs 61 s at 4 CZK a minute, or at 3 in the cheaper one.
const AT_4: i64 = 61 * 400_000;
const AT_3: i64 = 61 * 300_000;

// ── components ──────────────────────────────────────────────────────────────────────────────────────────────────────

fn built(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join(format!("target/wasm32-wasip2/release/{name}.wasm"));
    assert!(path.exists(), "{} is missing: run cargo xtask build components first", path.display());
    path.canonicalize().unwrap()
}

fn default_tariff() -> Vec<u8> {
    std::fs::read(built("konf_policy_tariff")).unwrap()
}

/// The default with another instruction where it multiplies by 400,000 a second.
fn changed(to: &[u8]) -> Vec<u8> {
    // i64.const 400000, i64.mul (WebAssembly 5.4.7).
    const MULTIPLY: [u8; 5] = [0x42, 0x80, 0xb5, 0x18, 0x7e];
    let mut component = default_tariff();
    let found: Vec<_> =
        (0..component.len()).filter(|at| component[*at..].starts_with(&MULTIPLY)).collect();
    let [at] = found[..] else { panic!("the default tariff multiplies elsewhere now: {found:?}") };
    component[at..at + to.len()].copy_from_slice(to);
    component
}

/// 300,000 a second.
fn cheaper() -> Vec<u8> {
    changed(&[0x42, 0xe0, 0xa7, 0x12, 0x7e])
}

/// Traps where it has something to charge: `unreachable` and four times `nop`.
fn poisoned() -> Vec<u8> {
    changed(&[0x00, 0x01, 0x01, 0x01, 0x01])
}

// ── an office ───────────────────────────────────────────────────────────────────────────────────────────────────────

struct Office {
    policies: Policies,
    host: Arc<Host>,
    ledger: Ledger,
    key: SigningKey,
    sequence: u64,
    _stop: watch::Sender<bool>,
    folder: tempfile::TempDir,
}

impl Office {
    async fn new() -> Office {
        let folder = tempfile::tempdir().unwrap();
        let edges = vec![EdgeSeats { name: "edge-1".to_owned(), seats: 10, labels: Vec::new() }];
        let settings = Settings::new("the ledger's token", Arc::new(clock::now), edges);
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"), settings).await.unwrap();
        let (key, _) = SigningKey::generate().unwrap();
        let (host, policies, stop) = start(&folder, &ledger, &key).await;
        Office { policies, host, ledger, key, sequence: 0, _stop: stop, folder }
    }

    /// Another process on the same data.
    async fn restart(&mut self) {
        let (host, policies, stop) = start(&self.folder, &self.ledger, &self.key).await;
        (self.host, self.policies, self._stop) = (host, policies, stop);
    }

    async fn ask(&self, method: Method, what: &str, body: Value) -> Result<Value, String> {
        let (what, query) = what.split_once('?').unwrap_or((what, ""));
        let answer =
            self.policies.answer(&method, what, query, body.to_string().as_bytes(), "jana").await;
        answer.map(|value| value.expect("such a call")).map_err(|error| format!("{error:#}"))
    }

    async fn ask_functions(
        &self,
        method: Method,
        what: &str,
        body: Value,
    ) -> Result<Value, String> {
        let body = body.to_string();
        let answer = self.policies.answer_functions(&method, what, body.as_bytes(), "jana").await;
        answer.map(|value| value.expect("such a call")).map_err(|error| format!("{error:#}"))
    }

    /// What stands there.
    fn billing(&self) -> String {
        self.host.components()[0].digest.to_string()
    }

    async fn post(&self, what: &str, body: Value) -> Result<Value, String> {
        self.ask(Method::POST, what, body).await
    }

    fn package(&self, version: u32, component: &[u8], cases: Vec<Case>) -> Value {
        self.package_for("tariff", version, component, cases)
    }

    fn package_for(&self, world: &str, version: u32, component: &[u8], cases: Vec<Case>) -> Value {
        let key = Some(("jana", &self.key));
        serde_json::to_value(Package::new(world, version, component, cases, key).unwrap()).unwrap()
    }

    async fn push(&self, version: u32, component: &[u8]) -> Value {
        self.post("push", self.package(version, component, Vec::new())).await.unwrap()
    }

    async fn activate(&self, version: u32) {
        self.post("activate", json!({ "world": "tariff", "version": version })).await.unwrap();
    }

    /// Rates a leg of 61 s; what it costs, and the digest that says so.
    async fn rate_leg(&mut self, booking: Option<&str>) -> (i64, String) {
        self.sequence += 1;
        let record = Record {
            sequence: self.sequence,
            at: clock::now(),
            event: RecordEvent::LegLeft(leg(self.sequence, booking)),
        };
        let batch =
            RecordBatch { edge: "edge-1".into(), boot: "boot".into(), records: vec![record] };
        self.ledger.apply_records(&batch).await.unwrap();
        tasks::rate(self.ledger.clone(), self.host.clone()).await.unwrap();
        assert!(self.ledger.unrated(10).await.unwrap().is_empty(), "the leg has a price");
        let record = format!("edge-1/boot/{}", self.sequence);
        self.logged().await;
        let line = self.ledger.policy_call(&record).await.unwrap().unwrap();
        let amount = line.call.output.as_ref().unwrap()["amount"].as_i64().unwrap();
        (amount, line.call.digest)
    }

    /// Waits until what was asked is in the log.
    async fn logged(&self) {
        let record = format!("edge-1/boot/{}", self.sequence);
        let deadline = Duration::from_secs(10);
        let waiting = async {
            while self
                .ledger
                .policy_call(&record)
                .await
                .unwrap()
                .is_none_or(|l| l.call.output.is_none())
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(deadline, waiting).await.expect("the call is logged");
    }

    fn deciding(&self) -> String {
        self.host.slots()[0].digest.to_string()
    }

    /// `1 rejected, 0 default`.
    async fn states(&self) -> String {
        let lines = self.ask(Method::GET, "", json!({})).await.unwrap();
        let line = |l: &Value| format!("{} {}", l["version"], l["state"].as_str().unwrap());
        lines.as_array().unwrap().iter().map(line).collect::<Vec<_>>().join(", ")
    }
}

async fn start(
    folder: &tempfile::TempDir,
    ledger: &Ledger,
    key: &SigningKey,
) -> (Arc<Host>, Policies, watch::Sender<bool>) {
    let manifest = folder.path().join("spin.toml");
    let text = format!(
        r#"
        spin_manifest_version = 2
        [application]
        name = "test"
        [[trigger.http]]
        route = "/statements/..."
        component = "billing"
        [component.billing]
        source = {:?}
        allowed_outbound_hosts = ["http://ledger.konf.internal"]
        [component.billing.variables]
        ledger_url = "http://ledger.konf.internal"
        ledger_token = "the ledger's token"
        operator_token = "x"
        [component.billing.dependencies]
        "{TARIFF}" = {{ path = {:?} }}
        "#,
        built("konf_billing"),
        built("konf_policy_tariff")
    );
    std::fs::write(&manifest, text).unwrap();
    let (log, calls) = Log::new(Arc::default());
    let mut settings = konf_host::Settings::new(manifest);
    settings.limits.concurrency = 4;
    // Compiled once for all tests and all runs.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    settings.cache_dir = Some(root.join("target/tmp/control-compiled"));
    settings
        .internal
        .push(("ledger.konf.internal".into(), Arc::new(Inside::alone(ledger.clone()))));
    settings.witness = Some(Arc::new(log));
    let host = tokio::task::spawn_blocking(|| Host::load(settings)).await.unwrap().unwrap();
    let trust =
        Trust { keys: BTreeMap::from([("jana".to_owned(), key.public())]), unsigned: false };
    let policies = Policies::new(host.clone(), ledger.clone(), trust);
    policies.start().await.unwrap();
    let (stop, stopping) = watch::channel(false);
    tokio::spawn(log::write(calls, ledger.clone(), stopping));
    (host, policies, stop)
}

fn leg(number: u64, booking: Option<&str>) -> LegLeft {
    let number_of_caller = Msisdn::parse("+420602123456").unwrap();
    let caller = Caller {
        number: Some(number_of_caller),
        network: "o2-mobile".into(),
        trunk: "o2".into(),
        mobile: true,
    };
    LegLeft {
        leg: LegId(number),
        caller,
        grant: None,
        conference: booking.map(|_| ConferenceNumber::new("123456").unwrap()),
        booking: booking.map(str::to_owned),
        role: None,
        answered: clock::now().plus_ms(-61_000),
        joined: None,
        ended: clock::now(),
        duration_ms: 61_000,
        end: LegEnd { reason: EndReason::HungUp, who: Party::Caller, detail: None },
        quality: None,
    }
}

fn minute() -> Case {
    let input =
        json!({ "network": "o2-mobile", "mobile": true, "answered-ms": 0, "duration-ms": 60_000 });
    let output = json!({ "amount": 18_000_000, "billed-s": 60, "rule": "own-mobile" });
    Case { name: "a minute costs 3.00".to_owned(), input, output }
}

// ── the life of one ─────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_pushed_replayed_activated_explained_and_taken_back() {
    let mut office = Office::new().await;
    let default = office.deciding();
    assert_eq!(office.rate_leg(None).await, (AT_4, default.clone()));

    let pushed = office.post("push", office.package(1, &cheaper(), vec![minute()])).await.unwrap();
    assert_eq!(pushed["cases"], 1);
    assert_eq!(
        pushed["replay"]["said"],
        "Of 1 legs of the last 7 days 1 would be billed differently, -1.02 CZK."
    );
    assert_eq!(office.deciding(), default, "a push changes nothing");
    office.activate(1).await;
    let first = Digest::of(&cheaper()).to_string();
    assert_eq!(office.rate_leg(None).await, (AT_3, first.clone()));

    office.restart().await;
    assert_eq!(office.deciding(), first, "it still decides after a restart");
    for (record, czk, by) in [
        ("edge-1/boot/1", "4.07 CZK", "A default tariff"),
        ("edge-1/boot/2", "3.05 CZK", "Version 1 of tariff"),
    ] {
        let told = office.ask(Method::GET, &format!("explain?record={record}"), json!({})).await;
        let told = told.unwrap()["said"].to_string();
        assert!(told.contains(czk) && told.contains(by), "{told}");
        assert!(told.contains("Asked again, it answers the same, bit for bit."), "{told}");
        assert!(!told.contains("602123456"), "{told}");
    }
    let log = office.ask(Method::GET, "log?world=tariff&limit=10", json!({})).await.unwrap();
    assert_eq!(log.as_array().unwrap().len(), 2);

    let back = office.post("rollback", json!({ "world": "tariff", "note": "too cheap" })).await;
    assert_eq!(back.unwrap(), json!({ "version": 1, "decides": default }));
    assert_eq!(office.rate_leg(None).await, (AT_4, default));
    assert_eq!(office.states().await, "1 rejected, 0 default");
    let audit = office.ask(Method::GET, "audit", json!({})).await.unwrap();
    assert_eq!((&audit[0]["change"], &audit[0]["note"]), (&json!("reject"), &json!("too cheap")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_decide_is_refused_with_the_reason() {
    let office = Office::new().await;
    let refused = async |package: Value| office.post("push", package).await.unwrap_err();
    let good = office.package(1, &cheaper(), Vec::new());
    let mut unsigned = good.clone();
    unsigned["signature"] = Value::Null;
    assert!(refused(unsigned).await.starts_with("it is not signed"));
    let wrong = Case { output: json!("nothing"), ..minute() };
    let said = refused(office.package(1, &cheaper(), vec![wrong])).await;
    assert!(said.starts_with("Golden case \"a minute costs 3.00\": it answers {"), "{said}");
    let said = refused(office.package(1, b"\0asm", Vec::new())).await;
    assert!(
        said.starts_with("it can't stand in its slot: it is not a WebAssembly component"),
        "{said}"
    );
    let billing = std::fs::read(built("konf_billing")).unwrap();
    let said = refused(office.package(1, &billing, Vec::new())).await;
    assert!(said.contains("It imports HTTP (wasi:http/types"), "{said}");
    assert_eq!(office.states().await, "0 default");

    office.post("push", good).await.unwrap();
    let said = refused(office.package(1, &poisoned(), Vec::new())).await;
    assert_eq!(said, "version 1 is not above 1, the newest of tariff: versions rise");
    let said = refused(office.package(2, &cheaper(), Vec::new())).await;
    assert_eq!(said, "the same component is there as version 1");
    office.push(2, &poisoned()).await;
    office.activate(2).await;
    let down = office.post("activate", json!({ "world": "tariff", "version": 1 })).await;
    assert_eq!(
        down.unwrap_err(),
        "version 2 is active, and versions only rise: go back by `konf policy rollback tariff`"
    );
    let none = office.post("activate", json!({ "world": "weather", "version": 1 })).await;
    assert!(none.unwrap_err().starts_with("there is no world weather"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_policy_loses_nothing_and_is_rolled_back_by_itself() {
    let mut office = Office::new().await;
    let default = office.deciding();
    office.rate_leg(None).await;
    let pushed = office.push(1, &poisoned()).await;
    assert_eq!(
        pushed["replay"]["said"],
        "Of 1 legs of the last 7 days 0 would be billed differently; 1 would get no answer."
    );
    office.activate(1).await;
    for leg in 1..=3 {
        assert!(!office.policies.judge().await.unwrap(), "before leg {leg}");
        // Answered all the same, by the default, and the record says so.
        assert_eq!(office.rate_leg(None).await, (AT_4, default.clone()));
    }
    let lines = office.ask(Method::GET, "", json!({})).await.unwrap();
    let fault = lines[0]["fault"].as_str().unwrap();
    assert!(fault.starts_with("it keeps failing: another one is asked"), "{fault}");
    assert_eq!(lines[1]["fault"], Value::Null);
    assert!(office.policies.judge().await.unwrap());
    assert_eq!(office.deciding(), default);
    assert_eq!(office.states().await, "1 rejected, 0 default");
    assert!(!office.policies.judge().await.unwrap(), "once");
    let policies = office.ledger.policies().await.unwrap();
    assert_eq!(policies[0].note, "it failed in 3 of 3 calls");
    office.restart().await;
    assert_eq!(office.deciding(), default);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conference_ends_on_the_tariff_that_it_began_with() {
    let mut office = Office::new().await;
    let default = office.deciding();
    let booking = book(&office.ledger).await;
    let choice = format!("{TARIFF}={default}");
    admit(&office.ledger, &booking, &choice).await;
    office.push(1, &cheaper()).await;
    office.activate(1).await;
    assert_eq!(office.rate_leg(Some(&booking)).await, (AT_4, default.clone()));
    let first = Digest::of(&cheaper()).to_string();
    assert_eq!(office.rate_leg(None).await, (AT_3, first));
    office.restart().await;
    assert_eq!(office.rate_leg(Some(&booking)).await, (AT_4, default));
    let log = office.ask(Method::GET, "log?conference=123456", json!({})).await.unwrap();
    assert_eq!(log.as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_differs_too_much_is_rolled_back() {
    let mut office = Office::new().await;
    let default = office.deciding();
    office.push(1, &cheaper()).await;
    let canary = json!({ "world": "tariff", "version": 1, "percent": 99, "differences_max": 50 });
    office.post("canary", canary).await.unwrap();
    let mut charged = BTreeSet::new();
    for _ in 0..30 {
        let booking = book(&office.ledger).await;
        charged.insert(office.rate_leg(Some(&booking)).await.0);
    }
    assert!(charged.contains(&AT_3), "the canary decided");
    let limit = Duration::from_secs(10);
    let waiting = async {
        // Comparisons run beside.
        while !office.policies.judge().await.unwrap() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(limit, waiting).await.unwrap();
    assert_eq!(office.states().await, "1 rejected, 0 default");
    let booking = book(&office.ledger).await;
    assert_eq!(office.rate_leg(Some(&booking)).await, (AT_4, default));
    let note = office.ledger.policies().await.unwrap()[0].note.clone();
    assert!(note.starts_with("it differed from the active one in "), "{note}");
}

#[tokio::test(flavor = "multi_thread")]
async fn swaps_under_load_fail_no_rating_and_mix_none() {
    const LEGS: u64 = 300;
    let office = Office::new().await;
    office.push(1, &cheaper()).await;
    office.activate(1).await;
    let (default, first) = (Digest::of(&default_tariff()), Digest::of(&cheaper()));
    let host = office.host.clone();
    let swapping = tokio::spawn(async move {
        let mut swaps = 0_u32;
        loop {
            let active = (swaps.is_multiple_of(2)).then_some(first);
            let standing = Standing { active, keep: vec![first], ..Standing::default() };
            host.stand(TARIFF, &standing).unwrap();
            swaps += 1;
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    let record = |sequence| Record {
        sequence,
        at: clock::now(),
        event: RecordEvent::LegLeft(leg(sequence, None)),
    };
    let records = (1..=LEGS).map(record).collect();
    let batch = RecordBatch { edge: "edge-1".into(), boot: "boot".into(), records };
    office.ledger.apply_records(&batch).await.unwrap();
    while tasks::rate(office.ledger.clone(), office.host.clone()).await.unwrap() {}
    swapping.abort();

    let calls = office.ledger.stray_calls(1_000).await.unwrap();
    assert_eq!(calls.len() as u64, LEGS);
    let mut by_digest = BTreeMap::<String, u64>::new();
    for call in calls {
        let rating = call.rating.expect("each leg is rated");
        let expected = if rating.policy == default.to_string() { AT_4 } else { AT_3 };
        assert_eq!(rating.amount.0, expected, "{}", rating.policy);
        *by_digest.entry(rating.policy).or_default() += 1;
    }
    let known = BTreeSet::from([default.to_string(), first.to_string()]);
    assert_eq!(by_digest.keys().cloned().collect::<BTreeSet<_>>(), known, "{by_digest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_swapped_stays_over_a_restart_and_is_taken_back() {
    let mut office = Office::new().await;
    let default = office.billing();
    // The same under another digest: a custom section is content that does nothing.
    let mut billing = std::fs::read(built("konf_billing")).unwrap();
    billing.extend([0, 5, 4, b'k', b'o', b'n', b'f']);
    let next = Digest::of(&billing).to_string();
    let package = office.package_for("function/billing", 1, &billing, Vec::new());
    let pushed = office.ask_functions(Method::POST, "push", package).await.unwrap();
    assert_eq!(pushed["digest"], next);
    assert_eq!(office.billing(), next);
    office.rate_leg(None).await;
    office.restart().await;
    assert_eq!(office.billing(), next);
    office.rate_leg(None).await;

    let lines = office.ask_functions(Method::GET, "", json!({})).await.unwrap();
    assert_eq!((&lines[0]["name"], &lines[0]["version"]), (&json!("billing"), &json!(1)));
    assert_eq!((&lines[0]["default"], &lines[0]["leaving"]), (&json!(default), &json!([])));
    let tariff = office.package_for("function/billing", 2, &default_tariff(), Vec::new());
    let refused = office.ask_functions(Method::POST, "push", tariff).await.unwrap_err();
    assert!(refused.starts_with("it can't stand in its slot: "), "{refused}");

    let back = json!({ "name": "billing", "note": "enough" });
    office.ask_functions(Method::POST, "rollback", back).await.unwrap();
    assert_eq!(office.billing(), default);
    office.rate_leg(None).await;
    assert_eq!(office.states().await, "0 default", "policies are another matter");
}

// ── replay against an oracle ────────────────────────────────────────────────────────────────────────────────────────

/// Legs of any length and network, and what the rule of PRODUCT.md makes of them in other arithmetic: by crowns.
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_tells_what_an_oracle_tells() {
    const LEGS: u64 = 400;
    let mut office = Office::new().await;
    let seed = clock::now().0.unsigned_abs() | 1;
    let mut random = seed;
    let mut records = Vec::new();
    let (mut different, mut sixtieths) = (0_u32, 0_i64);
    for sequence in 1..=LEGS {
        // Xorshift (Marsaglia, 2003).
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let (ours, duration_ms) = (!random.is_multiple_of(3), (random >> 8) % 5_000_000);
        let mut leg = leg(sequence, None);
        leg.duration_ms = duration_ms;
        leg.answered = leg.ended.plus_ms(-i64::try_from(duration_ms).unwrap());
        if !ours {
            leg.caller.network = "another".into();
        }
        let event = RecordEvent::LegLeft(leg);
        records.push(Record { sequence, at: clock::now(), event });
        let seconds = i64::try_from(duration_ms.div_ceil(1_000)).unwrap();
        if ours && seconds > 0 {
            different += 1;
            // One crown less a minute, by the second: sixtieths of a crown.
            sixtieths -= seconds.max(60);
        }
    }
    office.sequence = LEGS;
    let batch = RecordBatch { edge: "edge-1".into(), boot: "boot".into(), records };
    office.ledger.apply_records(&batch).await.unwrap();
    while tasks::rate(office.ledger.clone(), office.host.clone()).await.unwrap() {}
    let waiting = async {
        let all = konf_ledger::PolicyCallFilter { limit: 10_000, ..Default::default() };
        while (office.ledger.policy_calls(&all).await.unwrap().len() as u64) < LEGS {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("all is logged");
    let replay = office.push(1, &cheaper()).await["replay"].clone();
    assert_eq!(
        (&replay["decisions"], &replay["different"]),
        (&json!(LEGS), &json!(different)),
        "seed {seed}"
    );
    assert_eq!(replay["amount"], json!(sixtieths * (Amount::PER_CZK / 60)), "seed {seed}");
    let hellers = (sixtieths as f64 * 100.0 / 60.0 + 0.5).floor();
    let said = replay["said"].as_str().unwrap();
    let crowns: f64 = said
        .split(", ")
        .nth(1)
        .unwrap()
        .replace([',', '+'], "")
        .trim_end_matches(" CZK.")
        .parse()
        .unwrap();
    assert!((crowns * 100.0 - hellers).abs() < 0.5, "{said}, seed {seed}");
}

// ── another language ────────────────────────────────────────────────────────────────────────────────────────────────

/// The contract is not Rust's: what a developer does with npm alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_in_javascript_is_built_pushed_and_charges_what_the_default_charges() {
    let (component, cases) = javascript_tariff();
    let report = konf_host::check(&component, Some("tariff"));
    assert_eq!((&report.faults[..], &report.inert[..]), (&[][..], &[][..]));
    assert!(report.size_bytes < konf_host::POLICY_BYTES_MAX / 3, "{}", report.size_bytes);
    let mut office = Office::new().await;
    let known = cases.len();
    let pushed = office.post("push", office.package(1, &component, cases)).await.unwrap();
    assert_eq!(pushed["cases"], known);
    office.activate(1).await;
    assert_eq!(office.rate_leg(None).await, (AT_4, Digest::of(&component).to_string()));

    let theirs = office.host.trial(&component).unwrap();
    let ours = office.host.trial(&default_tariff()).unwrap();
    for duration_ms in [0_u64, 1, 59_999, 60_000, 60_001, 61_000, 4_200_000, 1 << 40] {
        for (network, mobile) in [("o2-mobile", true), ("o2-mobile", false), ("jiná síť", true)]
        {
            let leg = json!({ "network": network, "mobile": mobile, "answered-ms": -1, "duration-ms": duration_ms });
            let (theirs, ours) = (theirs.ask(&leg).await.unwrap(), ours.ask(&leg).await.unwrap());
            assert_eq!(theirs.output, ours.output, "{leg}");
        }
    }
}

/// Made, tested and built as its README says.
fn javascript_tariff() -> (Vec<u8>, Vec<Case>) {
    let folder = tempfile::tempdir().unwrap();
    project::write(folder.path(), "my-tariff", "tariff", project::Language::Javascript).unwrap();
    let project = folder.path().join("my-tariff");
    for arguments in [&["install", "--no-audit", "--no-fund"][..], &["test"], &["run", "build"]] {
        let output = std::process::Command::new("npm")
            .args(arguments)
            .current_dir(&project)
            .output()
            .expect("npm is there: Debian's package npm");
        assert!(output.status.success(), "npm {arguments:?}: {output:?}");
    }
    let cases = std::fs::read(project.join("cases.json")).unwrap();
    let component = std::fs::read(project.join("policy.wasm")).unwrap();
    (component, serde_json::from_slice(&cases).unwrap())
}

// ── bookings ────────────────────────────────────────────────────────────────────────────────────────────────────────

async fn book(ledger: &Ledger) -> String {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(200_000);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_string();
    let sender = Sender::Sms(Msisdn::parse(&format!("+420606{number}")).unwrap());
    // Each a day of its own, so that the seats are free.
    let start = UnixMs(
        (clock::now().minutes() + i64::from(number.parse::<u32>().unwrap() - 199_000) * 60)
            * UnixMs::MINUTE,
    );
    let booking = BookingProposal {
        number: ConferenceNumber::new(number).unwrap(),
        pin: konf_contract::Pin::new("135790").unwrap(),
        password: Password::new("24682468").unwrap(),
        edge: "edge-1".to_owned(),
        window: Window { start, end: start.plus_ms(30 * UnixMs::MINUTE) },
        wall: "2027-07-01T12:00".to_owned(),
        zone: "Europe/Prague".to_owned(),
        seats: 5,
        language: Language::Cs,
    };
    let proposal =
        Proposal { inbound: None, sender, effect: Effect::Book(booking), messages: Vec::new() };
    match ledger.commit(&proposal, "").await.unwrap() {
        Outcome::Committed { booking: Some(booking) } => booking,
        other => panic!("{other:?}"),
    }
}

async fn admit(ledger: &Ledger, booking: &str, choice: &str) {
    let proposal = AdmissionProposal {
        edge: "edge-1".to_owned(),
        boot: "boot".to_owned(),
        leg: LegId(1_000),
        caller: leg(1, None).caller,
        verdict: AdmissionVerdict::Admit {
            booking: booking.to_owned(),
            role: Role::Participant,
            held: None,
        },
        unpinned: false,
    };
    let stamps = Stamps { policies: "", choice };
    let outcome = ledger.admit(&proposal, stamps).await.unwrap();
    assert!(matches!(outcome, AdmissionOutcome::Admitted { .. }), "{outcome:?}");
}
