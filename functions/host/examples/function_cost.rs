//! What policies and functions cost: `cargo run --release -p konf-host --example function_cost [POLICY.wasm]`.
//!
//! Prints one figure a line, `name value`; `cargo xtask bench functions` builds it, and sets budgets beside them. Needs the
//! components of `cargo xtask components`. A tariff in JavaScript that is named as an argument is measured as well.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock and speaks to a person"
)]

#[path = "../tests/application/compose.rs"]
mod compose;
#[path = "../tests/application/evil.rs"]
mod evil;

use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use konf_host::{Bench, Digest, Host, Internal, Limits, Settings, Standing};
use konf_policy_tariff::rule;
use serde_json::json;
use wasmtime::component::{Component, Linker, Val};
use wasmtime::{Config, Engine, Store};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const TARIFF: &str = "konf:policy/tariff@1.0.0";
/// Calls of which each latency is told: 50 are above the 99th percentile.
const CALLS: usize = 5_000;
/// Of seven turns, 3 s each: others alone, beside each evil guest, and alone again.
const ROUNDS: usize = 13;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, idle, folder, functions] = &arguments[..]
        && idle == IDLE
    {
        return stay_idle(Path::new(folder), functions.parse()?);
    }
    let tariff = std::fs::read(built("konf_policy_tariff"))?;
    tell("native_ns", native_ns());
    fresh("policy_fresh", &tariff).await?;
    kept(&tariff)?;
    if let Some(file) = arguments.get(1) {
        fresh("javascript", &std::fs::read(file)?).await?;
    }
    let folder = folder()?;
    slot_against_composed(&folder).await?;
    swaps(&folder, &tariff).await?;
    cold_start(&folder).await?;
    idle_memory(&folder)?;
    evil_guests(&folder).await?;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

// ── one policy ──────────────────────────────────────────────────────────────────────────────────────────────────────

/// One rating by the rule itself, as plain Rust. Nanoseconds.
fn native_ns() -> f64 {
    const RATINGS: u32 = 10_000_000;
    let begun = Instant::now();
    for leg in 0..RATINGS {
        black_box(rule::rate(black_box("o2-mobile"), black_box(true), black_box(u64::from(leg))));
    }
    begun.elapsed().as_secs_f64() * 1e9 / f64::from(RATINGS)
}

/// A fresh instance for each call, as in a slot.
async fn fresh(name: &str, policy: &[u8]) -> Result<()> {
    let trial = Bench::new()?.trial(policy)?;
    let leg =
        json!({ "network": "o2-mobile", "mobile": true, "answered-ms": 0, "duration-ms": 61_000 });
    let mut took = Vec::with_capacity(CALLS);
    for call in 0..CALLS + CALLS / 10 {
        let answer = trial.ask(&leg).await?;
        if call >= CALLS / 10 {
            took.push(Duration::from_micros(answer.micros));
        }
    }
    tell_latencies(name, took);
    Ok(())
}

/// One instance for all calls: what the policy itself costs.
fn kept(policy: &[u8]) -> Result<()> {
    let engine = Engine::new(Config::new().epoch_interruption(true))?;
    let component = Component::from_binary(&engine, policy)?;
    let mut linker = Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&component)?;
    let mut store = Store::new(&engine, ());
    store.set_epoch_deadline(1_000_000);
    let instance = linker.instantiate(&mut store, &component)?;
    let interface = component.get_export_index(None, TARIFF).ok_or("no tariff")?;
    let rate = component.get_export_index(Some(&interface), "rate").ok_or("no rate")?;
    let rate = instance.get_func(&mut store, rate).ok_or("no function")?;
    let field = |name: &str, value| (name.to_owned(), value);
    let leg = Val::Record(vec![
        field("network", Val::String("o2-mobile".into())),
        field("mobile", Val::Bool(true)),
        field("answered-ms", Val::S64(0)),
        field("duration-ms", Val::U64(61_000)),
    ]);
    let mut took = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let begun = Instant::now();
        let mut results = [Val::Bool(false)];
        rate.call(&mut store, std::slice::from_ref(&leg), &mut results)?;
        took.push(begun.elapsed());
    }
    tell_latencies("policy_kept", took);
    Ok(())
}

// ── billing and its tariff ──────────────────────────────────────────────────────────────────────────────────────────

/// The same request to `billing`, whose tariff stands in a slot or was composed into it.
async fn slot_against_composed(folder: &Path) -> Result<()> {
    let files = BTreeMap::from([(TARIFF.to_owned(), built("konf_policy_tariff"))]);
    let path = folder.join("composed.wasm");
    let imports = compose::compose(&built("konf_billing"), &files, &path)?;
    assert!(!imports.iter().any(|import| import == TARIFF), "it is composed");
    let (slot, composed) = (billing(folder, None)?, billing(folder, Some(&path))?);
    let (mut through, mut inside) = (Vec::new(), Vec::new());
    for call in 0..CALLS + CALLS / 10 {
        // One after the other, so that both see the same machine.
        let took = (request(&slot).await?, request(&composed).await?);
        if call >= CALLS / 10 {
            through.push(took.0);
            inside.push(took.1);
        }
    }
    let more = at(&mut through, 50).as_secs_f64() - at(&mut inside, 50).as_secs_f64();
    tell_latencies("rate_through_slot", through);
    tell_latencies("rate_composed", inside);
    tell("slot_more_us", more * 1e6);
    Ok(())
}

/// From the decision to swap to the pointer that is swapped, while requests are under way; compiling comes before.
async fn swaps(folder: &Path, tariff: &[u8]) -> Result<()> {
    const SWAPS: u32 = 1_000;
    let host = billing(folder, None)?;
    let default = host.slots()[0].digest;
    let other = host.prepare(TARIFF, &renamed(tariff, b'x'))?;
    let keep = vec![default, other];
    let stop = Arc::new(AtomicBool::new(false));
    let (asking, stopped) = (host.clone(), stop.clone());
    let asked = tokio::spawn(async move {
        let mut failed = 0_u32;
        while !stopped.load(Ordering::Relaxed) {
            failed += u32::from(rate(&asking).await.is_err());
        }
        failed
    });
    let mut took = Vec::new();
    for swap in 0..SWAPS {
        let active = Some(if swap % 2 == 0 { other } else { default });
        let begun = Instant::now();
        host.stand(TARIFF, &Standing { active, keep: keep.clone(), ..Standing::default() })?;
        took.push(begun.elapsed());
        tokio::task::yield_now().await;
    }
    stop.store(true, Ordering::Relaxed);
    tell("swap_failures", f64::from(asked.await?));
    tell_latencies("swap", took);
    Ok(())
}

/// A function that was compiled before: from its file to the first answer.
async fn cold_start(folder: &Path) -> Result<()> {
    let mut took = Vec::new();
    for _ in 0..20 {
        let begun = Instant::now();
        let host = billing(folder, None)?;
        rate(&host).await?;
        took.push(begun.elapsed());
    }
    tell("cold_start_ms", at(&mut took, 50).as_secs_f64() * 1e3);
    Ok(())
}

/// What each loaded function takes that nobody calls. kB. Each number of functions is loaded in a process of its own, from
/// what was compiled before, so that nothing else is counted.
fn idle_memory(folder: &Path) -> Result<()> {
    const FUNCTIONS: u8 = 20;
    let resident = |functions: u8| -> Result<f64> {
        let output = Command::new(std::env::current_exe()?)
            .args([IDLE.as_ref(), folder.as_os_str(), functions.to_string().as_ref()])
            .output()?;
        Ok(String::from_utf8(output.stdout)?.trim().parse()?)
    };
    // The first time everything is compiled.
    resident(FUNCTIONS)?;
    let all = resident(FUNCTIONS)? - resident(1)?;
    tell("idle_function_kb", all / f64::from(FUNCTIONS - 1));
    Ok(())
}

/// The first argument of such a process; its folder and the number of functions follow.
const IDLE: &str = "idle";

fn stay_idle(folder: &Path, functions: u8) -> Result<()> {
    let billing = std::fs::read(built("konf_billing"))?;
    let mut components = String::new();
    for number in 1..=functions {
        let file = folder.join(format!("idle-{number}.wasm"));
        std::fs::write(&file, renamed(&billing, number))?;
        components += &component(&format!("idle{number}"), &file, true);
    }
    let host = load(folder, &components)?;
    println!("{}", resident_kb()?);
    drop(host);
    Ok(())
}

// ── evil guests ─────────────────────────────────────────────────────────────────────────────────────────────────────

/// How long others take beside each evil tariff, and at both ends of each round beside an honest one. Others are legs of an
/// honest application in the same process; the evil one is new in each turn, and stands until the end of it, as if nobody
/// rolled it back. What is told is by how much the 99th percentile of a turn usually is above that of the round's ends: a
/// machine that others use as well stumbles in some turns, of either kind. `nobody` compares the ends with each other.
async fn evil_guests(folder: &Path) -> Result<()> {
    let honest = billing(folder, None)?;
    let asked = billing(folder, None)?;
    let default = asked.slots()[0].digest;
    others(&honest, Duration::from_secs(2)).await?;
    let mut alone = Vec::new();
    let mut more: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for _ in 0..ROUNDS {
        let before = beside(&honest, &asked, default).await?;
        let mut rounds = Vec::new();
        for (name, _, body) in evil::EVIL {
            let guest = asked.prepare(TARIFF, &evil::tariff(body))?;
            rounds.push((name, p99(&beside(&honest, &asked, guest).await?)));
        }
        let after = beside(&honest, &asked, default).await?;
        let usual = (p99(&before) + p99(&after)) / 2.0;
        for (name, found) in rounds {
            more.entry(name).or_default().push(found / usual - 1.0);
        }
        more.entry("nobody").or_default().push(p99(&after) / p99(&before) - 1.0);
        alone.extend(before.into_iter().chain(after));
    }
    for (name, mut more) in more {
        more.sort_unstable_by(f64::total_cmp);
        tell(&format!("evil_{}_percent", name.replace(' ', "_")), more[ROUNDS / 2] * 100.0);
    }
    tell_latencies("others_alone", alone);
    Ok(())
}

fn p99(took: &[Duration]) -> f64 {
    at(&mut took.to_vec(), 99).as_secs_f64()
}

/// Latencies of others while the application under test is asked five times a second, and this tariff stands there.
async fn beside(honest: &Arc<Host>, asked: &Arc<Host>, tariff: Digest) -> Result<Vec<Duration>> {
    asked.stand(TARIFF, &Standing { active: Some(tariff), ..Standing::default() })?;
    let asked = asked.clone();
    let calls = tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_millis(200));
        loop {
            every.tick().await;
            let asked = asked.clone();
            tokio::spawn(async move { rate(&asked).await });
        }
    });
    let took = others(honest, Duration::from_secs(3)).await;
    calls.abort();
    took
}

/// 200 requests a second, each of its own, whether or not the last was answered; from when each was due. A thread keeps the
/// time: the runtime's own clock has steps of a millisecond, which is more than a request takes.
async fn others(host: &Arc<Host>, lasting: Duration) -> Result<Vec<Duration>> {
    const EVERY: Duration = Duration::from_millis(5);
    let (host, runtime) = (host.clone(), tokio::runtime::Handle::current());
    let ask = move || {
        let begun = Instant::now();
        let dues = (1..).map(|number| begun + EVERY * number);
        let dues = dues.take_while(|due| due.duration_since(begun) <= lasting);
        let asked = dues.map(|due| {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let host = host.clone();
            runtime.spawn(async move { rate(&host).await.map(|()| due.elapsed()) })
        });
        asked.collect::<Vec<_>>()
    };
    let mut took = Vec::new();
    for request in tokio::task::spawn_blocking(ask).await? {
        took.push(request.await??);
    }
    Ok(took)
}

// ── an application ──────────────────────────────────────────────────────────────────────────────────────────────────

struct Ledger;

impl Internal for Ledger {
    fn call(
        &self,
        _: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Response<Bytes>> + Send + '_>> {
        Box::pin(std::future::ready(Response::new(Bytes::from_static(b"\"committed\""))))
    }
}

/// `billing` with its tariff in a slot, or composed with it in the file.
fn billing(folder: &Path, composed: Option<&Path>) -> Result<Arc<Host>> {
    let file = composed.map_or_else(|| built("konf_billing"), Path::to_owned);
    load(folder, &component("billing", &file, composed.is_none()))
}

fn component(name: &str, file: &Path, with_slot: bool) -> String {
    let dependencies = match with_slot {
        true => format!(
            "[component.{name}.dependencies]\n{TARIFF:?} = {{ path = {:?} }}\n",
            built("konf_policy_tariff")
        ),
        false => String::new(),
    };
    format!(
        r#"
        [[trigger.http]]
        route = {{ private = true }}
        component = "{name}"
        [component.{name}]
        source = {file:?}
        allowed_outbound_hosts = ["http://ledger.konf.internal"]
        [component.{name}.variables]
        ledger_url = "http://ledger.konf.internal"
        ledger_token = "a-token"
        operator_token = "another-token"
        {dependencies}"#
    )
}

fn load(folder: &Path, components: &str) -> Result<Arc<Host>> {
    let manifest = folder.join("spin.toml");
    let head = "spin_manifest_version = 2\n[application]\nname = \"measured\"\n";
    std::fs::write(&manifest, format!("{head}{components}"))?;
    let mut settings = Settings::new(manifest);
    settings.limits = Limits { concurrency: 16, ..Limits::default() };
    settings.cache_dir = Some(folder.join("compiled"));
    settings.internal.push(("ledger.konf.internal".into(), Arc::new(Ledger)));
    Ok(Host::load(settings)?)
}

async fn rate(host: &Host) -> Result<()> {
    const LEG: &str = r#"{"record":{"edge":"e","boot":"b","sequence":1},"leg":{"leg":1,"caller":{"number":null,
        "network":"o2-mobile","trunk":"o2","mobile":true},"grant":null,"conference":null,"booking":null,"role":null,
        "answered":1790000000000,"joined":null,"ended":1790000061000,"duration_ms":61000,
        "end":{"reason":"hung-up","who":"caller","detail":null},"quality":null}}"#;
    let request = Request::post("/rate").body(Bytes::from_static(LEG.as_bytes()))?;
    let answer = host.call("billing", request).await;
    match answer.status() {
        StatusCode::OK => Ok(()),
        status => Err(format!("{status}: {}", String::from_utf8_lossy(answer.body())).into()),
    }
}

/// The same under another digest: a custom section is content that does nothing.
fn renamed(component: &[u8], by: u8) -> Vec<u8> {
    let mut renamed = component.to_vec();
    renamed.extend([0, 3, 1, b'k', by]);
    renamed
}

fn built(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join(format!("target/wasm32-wasip2/release/{name}.wasm"))
}

fn folder() -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("konf-function-cost-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

// ── figures ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/// How long a request takes in a task of its own, as each from outside has one.
async fn request(host: &Arc<Host>) -> Result<Duration> {
    let host = host.clone();
    let request = async move {
        let begun = Instant::now();
        rate(&host).await?;
        Ok(begun.elapsed())
    };
    tokio::spawn(request).await?
}

fn at(took: &mut [Duration], percent: usize) -> Duration {
    took.sort_unstable();
    took.get(took.len() * percent / 100).copied().unwrap_or_default()
}

fn tell_latencies(name: &str, mut took: Vec<Duration>) {
    for percent in [50, 99] {
        tell(&format!("{name}_p{percent}_us"), at(&mut took, percent).as_secs_f64() * 1e6);
    }
}

fn tell(name: &str, value: f64) {
    println!("{name} {value:.3}");
}

/// proc_pid_statm(5), with pages of 4 kB.
fn resident_kb() -> Result<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm.split(' ').nth(1).ok_or("no resident pages")?.parse()?;
    Ok(pages * 4)
}
