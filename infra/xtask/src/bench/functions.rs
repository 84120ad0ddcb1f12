//! `cargo xtask bench functions`: what policies and functions cost, each figure beside its budget.
//!
//! Two programs measure: `function_cost` of functions/host (policies, slots, swaps, evil guests) and `order_cost` of
//! functions/control (requests over sockets, orders with their commit). They print `name value`; the table is made here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::{root, run, setup, step, target};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Measure a development build: quicker to build, dearer to run
    #[arg(long)]
    dev: bool,
}

enum Budget {
    AtMost(f64),
    AtLeast(f64),
    /// Told, and judged by nobody; what was measured elsewhere or why.
    None(&'static str),
}

use Budget::{AtLeast, AtMost, None as Free};

/// What it is, where its value comes from, its unit, its budget (DESIGN.md, section 9).
const LINES: [(&str, &str, &str, Budget); 30] = [
    ("rating a leg, plain Rust", "native_ns", "ns", Free("what the rest is compared with")),
    ("the policy, kept instance, p50", "policy_kept_p50_us", "µs", Free("2.7 elsewhere")),
    ("the policy, kept instance, p99", "policy_kept_p99_us", "µs", Free("")),
    ("the policy, fresh instance, p50", "policy_fresh_p50_us", "µs", Free("31 elsewhere")),
    ("the policy, fresh instance, p99", "policy_fresh_p99_us", "µs", AtMost(5_000.0)),
    ("kept instance / plain Rust", "kept_to_native", "x", Free("values are copied in and out")),
    ("fresh instance / plain Rust", "fresh_to_native", "x", Free("")),
    ("a policy in JavaScript, fresh, p50", "javascript_p50_us", "µs", AtMost(5_000.0)),
    ("a policy in JavaScript, fresh, p99", "javascript_p99_us", "µs", AtMost(5_000.0)),
    ("billing, policy in a slot, p50", "rate_through_slot_p50_us", "µs", Free("")),
    ("billing, policy composed, p50", "rate_composed_p50_us", "µs", Free("")),
    ("the slot costs more than composing", "slot_more_us", "µs", AtMost(30.0)),
    ("swap of a prepared policy, p50", "swap_p50_us", "µs", Free("")),
    ("swap of a prepared policy, p99", "swap_p99_us", "µs", AtMost(1_000.0)),
    ("requests failed by 1,000 swaps", "swap_failures", "", AtMost(0.0)),
    ("function: load, first answer", "cold_start_ms", "ms", Free("compiled before")),
    ("memory of an idle function", "idle_function_kb", "kB", Free("")),
    ("JSON request, as many as possible", "json_per_second", "1/s", AtLeast(11_000.0)),
    ("JSON request, 32 callers, p99", "json_p99_ms", "ms", Free("")),
    ("order with commit, 200/s, p50", "order_p50_ms", "ms", Free("")),
    ("order with commit, 200/s, p99", "order_p99_ms", "ms", AtMost(20.0)),
    ("orders, as many as possible", "orders_per_second", "1/s", Free("each is committed")),
    ("orders, 32 callers, p99", "orders_at_once_p99_ms", "ms", Free("")),
    ("others' p99 beside an endless loop", "evil_endless_loop_percent", "%", AtMost(10.0)),
    ("others' p99 beside a memory bomb", "evil_memory_bomb_percent", "%", AtMost(10.0)),
    ("others' p99 beside a giant result", "evil_giant_result_percent", "%", AtMost(10.0)),
    ("others' p99 beside a deep recursion", "evil_deep_recursion_percent", "%", AtMost(10.0)),
    ("others' p99 beside a panic storm", "evil_panic_storm_percent", "%", AtMost(10.0)),
    ("the same beside nobody", "evil_nobody_percent", "%", Free("how exact these five are")),
    ("others' p99, alone", "others_alone_p99_us", "µs", Free("200 requests a second")),
];

type Figures = BTreeMap<String, f64>;

pub(super) fn run_bench(arguments: &Arguments) -> Result<()> {
    setup::tools(&setup::BUILD_TOOLS)?;
    setup::components()?;
    step("building what measures");
    // Of the whole workspace, so that wasmtime has the features that everything else builds it with.
    let mut build = vec!["build", "--workspace", "--example", "new_policy"];
    build.extend(["--example", "function_cost", "--example", "order_cost"]);
    if !arguments.dev {
        build.extend(["--profile", "measure"]);
    }
    run("cargo", &build)?;
    let built = target().join(if arguments.dev { "debug" } else { "measure" });
    let javascript = javascript(&built)?;
    step(&format!("measuring, load of the machine {}", machine_load()));
    let mut figures = Figures::new();
    measure(&built.join("examples/function_cost"), javascript.as_deref(), &mut figures)?;
    measure(&built.join("examples/order_cost"), None, &mut figures)?;
    derive(&mut figures);
    print(&figures);
    Ok(())
}

/// The tariff in JavaScript, as `konf policy new` makes it; none where there is no npm.
fn javascript(built: &Path) -> Result<Option<PathBuf>> {
    if !setup::on_path("npm") {
        println!("npm is missing: the policy in JavaScript is left out");
        return Ok(None);
    }
    step("building a policy in JavaScript");
    let folder = target().join("bench");
    std::fs::create_dir_all(&folder)?;
    let project = folder.join("js-tariff");
    if project.exists() {
        std::fs::remove_dir_all(&project)?;
    }
    let new_policy = built.join("examples/new_policy");
    run_in(&folder, &new_policy.to_string_lossy(), &[".", "js-tariff"])?;
    run_in(&project, "npm", &["install", "--silent", "--no-audit", "--no-fund"])?;
    run_in(&project, "npm", &["run", "--silent", "build"])?;
    Ok(Some(project.join("policy.wasm")))
}

fn run_in(folder: &Path, program: &str, arguments: &[&str]) -> Result<()> {
    let status = Command::new(program).args(arguments).current_dir(folder).status();
    ensure!(status.with_context(|| program.to_owned())?.success(), "{program} failed");
    Ok(())
}

/// Adds what a program prints.
fn measure(program: &Path, argument: Option<&Path>, figures: &mut Figures) -> Result<()> {
    let output = Command::new(program)
        .args(argument)
        .current_dir(root())
        .env("RUST_LOG", "off")
        .output()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} failed: {said}", program.display());
    for line in String::from_utf8(output.stdout)?.lines() {
        if let Some((name, value)) = line.rsplit_once(' ')
            && let Ok(value) = value.parse()
        {
            figures.insert(name.to_owned(), value);
        }
    }
    Ok(())
}

fn derive(figures: &mut Figures) {
    let native_us = figures.get("native_ns").map(|ns| ns / 1e3);
    for (name, of) in
        [("kept_to_native", "policy_kept_p50_us"), ("fresh_to_native", "policy_fresh_p50_us")]
    {
        if let (Some(native_us), Some(of)) = (native_us, figures.get(of)) {
            figures.insert(name.to_owned(), of / native_us);
        }
    }
}

fn print(figures: &Figures) {
    println!("\n{:<38} {:>12} {:<4} | {:>12} |", "", "measured", "", "budget");
    for (what, name, unit, budget) in LINES {
        let Some(value) = figures.get(name).copied() else {
            println!("{what:<38} {:>12} {unit:<4} |", "-");
            continue;
        };
        let (budget, verdict) = match budget {
            AtMost(most) => (format!("<= {most}"), held(value <= most)),
            AtLeast(least) => (format!(">= {least}"), held(value >= least)),
            Free(why) => (String::new(), why),
        };
        println!("{what:<38} {value:>12.1} {unit:<4} | {budget:>12} | {verdict}");
    }
    println!("load of the machine: {}", machine_load());
}

fn held(held: bool) -> &'static str {
    if held { "held" } else { "NOT HELD" }
}

/// Of the last one and five minutes (proc_loadavg(5)); the measurement itself is about two.
fn machine_load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').take(2).collect::<Vec<_>>().join(" ")
}
