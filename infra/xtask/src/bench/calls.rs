//! `cargo xtask bench calls`: how long a phone waits for its answer while many call, and what a call costs the edge.
//!
//! The edge is a process of its own, behind it a control that lets everybody in (`open_door` of edge/server). sipp calls,
//! hears the greeting for a second and hangs up, and notes waits in steps of 4 ms. It comes by a trunk: no stranger's
//! address may begin so many calls.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use super::process;
use crate::{run, setup, step, target};

const SCENARIO: &str = include_str!("calls/call.xml");

/// Calls a second; the budget is for the first (DESIGN.md, section 9).
const RATES: [u32; 2] = [200, 400];
const SECONDS: u32 = 15;
/// Until the edge has reached control, and control is there.
const START_MAX: Duration = Duration::from_secs(10);
const ANSWER_MS_MAX: f64 = 10.0;
const CORES_MAX: f64 = 1.0;

const TRUNK: &str = r#"
[[trunk]]
name = "load"
address = "127.0.0.1"
network = "o2-mobile"
mobile = true
"#;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Measure a development build: quicker to build, dearer to run
    #[arg(long)]
    dev: bool,
}

pub(super) fn run_bench(arguments: &Arguments) -> Result<()> {
    setup::tools(&setup::BUILD_TOOLS)?;
    setup::tools(&[setup::SIPP])?;
    step("building the edge");
    let mut build = vec!["build", "-q", "--workspace", "--bin", "konf-edge"];
    build.extend(["--example", "open_door"]);
    if !arguments.dev {
        build.push("--release");
    }
    run("cargo", &build)?;
    let built = target().join(if arguments.dev { "debug" } else { "release" });
    step("measuring");
    println!("calls/s calls unanswered | INVITE to 200 ms p50  p99   max | CPU ms per call  cores");
    let folder = target().join("bench/calls");
    for rate in RATES {
        measure(&built, &folder, rate)?;
    }
    println!(
        "budget, at {}/s:          |        <= {ANSWER_MS_MAX} (p99) |       <= {CORES_MAX} core",
        RATES[0]
    );
    Ok(())
}

/// Prints one line.
fn measure(built: &Path, folder: &Path, rate: u32) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let edge = Edge::start(built, folder)?;
    let calls = rate * SECONDS;
    let (before, begun) = (process::cpu(edge.edge.0.id())?, now());
    let waits_ms = call(folder, edge.sip_port, rate, calls)?;
    let cpu = process::cpu(edge.edge.0.id())?.saturating_sub(before).as_secs_f64();
    let unanswered = (calls as usize).saturating_sub(waits_ms.len());
    let at = |percent: usize| waits_ms[(waits_ms.len() * percent / 100).min(waits_ms.len() - 1)];
    println!(
        "{rate:>7} {calls:>5} {unanswered:>10} | {:>20.1} {:>4.1} {:>5.1} | {:>15.2} {:>6.2}",
        at(50),
        at(99),
        at(100),
        cpu * 1e3 / f64::from(calls),
        cpu / begun.elapsed().as_secs_f64(),
    );
    Ok(())
}

/// How long the answer to each call took, the shortest first.
fn call(folder: &Path, sip_port: u16, rate: u32, calls: u32) -> Result<Vec<f64>> {
    fs::write(folder.join("call.xml"), SCENARIO)?;
    let log = folder.join("sipp.log");
    let status = Command::new("sipp")
        .current_dir(folder)
        .arg(format!("127.0.0.1:{sip_port}"))
        .args(["-sf", "call.xml", "-i", "127.0.0.1", "-nostdin", "-timer_resol", "1"])
        .args(["-trace_err", "-trace_rtt", "-rtt_freq", "1"])
        .args(["-r", &rate.to_string(), "-m", &calls.to_string(), "-l", &calls.to_string()])
        .stdout(File::create(&log)?)
        .stderr(Stdio::null())
        .status()
        .context("starting sipp")?;
    // 1 says that some calls have failed.
    ensure!(matches!(status.code(), Some(0 | 1)), "sipp ended with {status}: {}", log.display());
    let mut waits = Vec::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if path.to_string_lossy().ends_with("_rtt.csv") {
            waits.extend(fs::read_to_string(path)?.lines().skip(1).filter_map(wait_ms));
        }
    }
    ensure!(!waits.is_empty(), "no call was answered: {} says why", folder.display());
    waits.sort_by(f64::total_cmp);
    Ok(waits)
}

/// Of a line `date;milliseconds;name`.
fn wait_ms(line: &str) -> Option<f64> {
    line.split(';').nth(1)?.parse().ok()
}

/// Ended when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Edge {
    edge: Running,
    _door: Running,
    sip_port: u16,
}

impl Edge {
    fn start(built: &Path, folder: &Path) -> Result<Edge> {
        let (control_port, sip_port) = (free_port()?, free_port()?);
        let arguments = [control_port, sip_port].map(|port| port.to_string());
        let door = start(
            Command::new(built.join("examples/open_door")).arg(folder).args(arguments),
            &folder.join("door.log"),
            "Now start the edge",
        )?;
        let config = folder.join("konf-edge.toml");
        OpenOptions::new().append(true).open(&config)?.write_all(TRUNK.as_bytes())?;
        let edge = start(
            Command::new(built.join("konf-edge")).arg("--config").arg(&config),
            &folder.join("edge.log"),
            "control is reached",
        )?;
        Ok(Edge { edge, _door: door, sip_port })
    }
}

/// Until `ready` stands in what it says, which goes to `log`.
fn start(command: &mut Command, log: &Path, ready: &str) -> Result<Running> {
    let said = File::create(log)?;
    let child = command.stderr(said.try_clone()?).stdout(said).spawn();
    let running = child.map(Running).with_context(|| format!("starting {command:?}"))?;
    let begun = now();
    while begun.elapsed() < START_MAX {
        if fs::read_to_string(log)?.contains(ready) {
            return Ok(running);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    bail!("{ready:?} is not said within {} s: see {}", START_MAX.as_secs(), log.display())
}

fn free_port() -> Result<u16> {
    Ok(UdpSocket::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

#[expect(clippy::disallowed_methods, reason = "a measurement keeps time")]
fn now() -> Instant {
    Instant::now()
}
