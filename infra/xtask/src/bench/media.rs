//! `cargo xtask bench media`: what a participant costs, beside a program that receives and sends the same packets.
//!
//! The bridge is `media_load` of edge/server, a process of its own: a media thread as it is, or the floor. This
//! process plays the phones ([`phones`]); what they cost is not counted. Konf and the floor run in turns, several for each
//! row, so that whatever else the machine does comes over both; their CPU time is read from /proc. Of each the turn that
//! was disturbed least counts: a neighbour can only make it dearer, and single turns differ by a tenth.

mod bridge;
mod phones;

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use self::bridge::Bridge;
use self::phones::{Heard, Phones, Voices};
use crate::{run, setup, step, target};

/// Until buffers have grown and delays have settled.
const WARM_UP: Duration = Duration::from_secs(2);
const MEASURED: Duration = Duration::from_secs(4);
/// Turns of Konf and of the floor for each row.
const TURNS: u32 = 5;
/// Loopback addresses that nothing else uses, so ports need not be sought.
const OWN: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 77, 0, 1));
const PHONES: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 77, 0, 2));
const FIRST_PORT: u16 = 20_000;
/// Of Konf and of the floor: what one core holds is the question.
const THREADS: u16 = 1;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Measure a development build: quicker to build, dearer to run
    #[arg(long)]
    dev: bool,
    /// Measure this many participants only
    #[arg(long)]
    participants: Option<u16>,
    /// How many of 20 talk (with --participants)
    #[arg(long, default_value_t = ROOM)]
    talkers: u16,
    /// pcma, g722 or opus (with --participants)
    #[arg(long, default_value = "pcma")]
    codec: String,
}

struct Load {
    participants: u16,
    talkers: u16,
    codec: String,
}

/// Rooms of the size that the peers were measured with.
const ROOM: u16 = 20;
const LOADS: [(u16, u16, &str); 9] = [
    (100, ROOM, "pcma"),
    (200, ROOM, "pcma"),
    (200, 3, "pcma"),
    (400, ROOM, "pcma"),
    (400, 3, "pcma"),
    (1_000, ROOM, "pcma"),
    (1_000, 3, "pcma"),
    (200, 3, "g722"),
    (200, 3, "opus"),
];

pub(super) fn run_bench(arguments: &Arguments) -> Result<()> {
    setup::tools(&setup::BUILD_TOOLS)?;
    let program = build(arguments.dev)?;
    step("measuring");
    println!(
        "participants rooms talkers codec | CPU ms per participant-second: Konf floor ratio | delay ms p50  p99 | \
         late ticks  lost  gaps | RSS kB/leg | phones late ms p99, machine load"
    );
    if let Some(participants) = arguments.participants {
        let load =
            Load { participants, talkers: arguments.talkers, codec: arguments.codec.clone() };
        return measure(&program, &load);
    }
    LOADS.iter().try_for_each(|&(participants, talkers, codec)| {
        measure(&program, &Load { participants, talkers, codec: codec.to_owned() })
    })
}

fn build(dev: bool) -> Result<PathBuf> {
    step("building a media thread and the floor");
    let mut arguments = vec!["build", "-q", "--workspace", "--example", "media_load"];
    if !dev {
        arguments.push("--release");
    }
    run("cargo", &arguments)?;
    Ok(target().join(if dev { "debug" } else { "release" }).join("examples/media_load"))
}

/// Prints one line.
fn measure(program: &Path, load: &Load) -> Result<()> {
    let voices = voices(program, &load.codec)?;
    let (mut konf, mut floor) = (Measured::default(), Measured::default());
    for _ in 0..TURNS {
        konf.add_turn(program, "konf", &load.codec, load, &voices)?;
        // As long as what Konf sends, on the average.
        let octets = konf.heard.octets / konf.heard.packets.max(1);
        floor.add_turn(program, "floor", &octets.to_string(), load, &voices)?;
    }
    let participants = f64::from(load.participants);
    let ms_each = |cpu: Duration| cpu.as_secs_f64() * 1e3 / participants / MEASURED.as_secs_f64();
    let (cost, least) = (ms_each(konf.least_cpu()), ms_each(floor.least_cpu()));
    let heard = &konf.heard;
    let delay = |percentile| match heard.delays_us.is_empty() {
        true => "-".to_owned(),
        false => format!("{:.1}", heard.delay_ms(percentile)),
    };
    println!(
        "{:>12} {:>5} {:>7} {:>5} | {:>35.3} {:>5.3} {:>5.2} | {:>12} {:>4} | {:>10} {:>5} {:>5} | {:>10.1} | {:.1}, {}",
        load.participants,
        load.participants.div_ceil(ROOM),
        load.talkers,
        load.codec,
        cost,
        least,
        cost / least,
        delay(50),
        delay(99),
        konf.late_ticks,
        heard.lost,
        heard.gaps,
        konf.rss_kb.saturating_sub(floor.rss_kb) as f64 / participants,
        heard.own_lateness_ms(99),
        machine_load(),
    );
    ensure!(heard.packets > 0, "the phones have heard nothing");
    ensure!(
        !heard.delays_us.is_empty() || load.codec != "pcma",
        "no mark of any phone was heard by another"
    );
    Ok(())
}

/// Of the last minute (proc_loadavg(5)): ours is about two.
fn machine_load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or_default().to_owned()
}

/// What the phones say, as `media_load` encodes it: this program knows no codec but A-law.
fn voices(program: &Path, codec: &str) -> Result<Voices> {
    if codec == "pcma" {
        return Ok(Voices::Alaw);
    }
    let output = Command::new(program).args(["voices", codec]).output()?;
    ensure!(output.status.success(), "media_load knows no codec {codec}");
    Voices::read(&String::from_utf8(output.stdout)?).context("reading what media_load has encoded")
}

/// All turns of one program.
#[derive(Default)]
struct Measured {
    /// Of each turn.
    cpu: Vec<Duration>,
    rss_kb: u64,
    late_ticks: u64,
    heard: Heard,
}

impl Measured {
    /// Of the turn that was disturbed least.
    fn least_cpu(&self) -> Duration {
        self.cpu.iter().min().copied().unwrap_or_default()
    }

    fn add_turn(
        &mut self,
        program: &Path,
        mode: &str,
        sends: &str,
        load: &Load,
        voices: &Voices,
    ) -> Result<()> {
        let bridge = Bridge::start(program, mode, sends, load)?;
        let phones = Phones::start(load.participants, ROOM, load.talkers, voices.clone())?;
        std::thread::sleep(WARM_UP);
        let before = bridge.cpu()?;
        phones.measure(true);
        std::thread::sleep(MEASURED);
        phones.measure(false);
        self.cpu.push(bridge.cpu()?.saturating_sub(before));
        self.rss_kb = self.rss_kb.max(bridge.rss_kb()?);
        self.heard.add(phones.end()?);
        self.late_ticks += bridge.end()?;
        Ok(())
    }
}
