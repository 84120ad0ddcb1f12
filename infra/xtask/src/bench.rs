//! `cargo xtask bench`: how speech sounds ([`sound`]), and what it costs.
//!
//! `cargo xtask bench media`: what a participant costs, beside a program that receives and sends the same packets.
//!
//! The bridge is `media_load` of edge/server, a process of its own: a media thread as it is, or the floor. This
//! process plays the phones ([`phones`]); what they cost is not counted. Each row starts both, one after the other,
//! and reads their CPU time from /proc.

mod phones;
mod sound;

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use self::phones::{Heard, Phones};
use crate::{run, step, target};

/// Until buffers have grown and delays have settled.
const WARM_UP: Duration = Duration::from_secs(2);
const MEASURED: Duration = Duration::from_secs(8);
/// Loopback addresses that nothing else uses, so ports need not be sought.
const OWN: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 77, 0, 1));
const PHONES: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 77, 0, 2));
const FIRST_PORT: u16 = 20_000;
/// Of Konf and of the floor: what one core holds is the question.
const THREADS: u16 = 1;
/// The kernel counts CPU time in hundredths of a second (USER_HZ).
const JIFFY: Duration = Duration::from_millis(10);

/// What is measured.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// How speech sounds after the whole way through the engine, at random loss (PESQ); a minute
    Sound(sound::Arguments),
    /// CPU, delay, gaps and memory of the media thread, one line for each load; a minute and a half
    Media {
        /// Measure a development build: quicker to build, dearer to run
        #[arg(long)]
        dev: bool,
        /// Measure this many participants only, all talking
        #[arg(long)]
        participants: Option<u16>,
    },
}

struct Load {
    participants: u16,
    room_size: u16,
    talkers: u16,
}

/// Rooms of the size that the peers were measured with.
const ROOM: u16 = 20;
const LOADS: [Load; 4] = [
    Load { participants: 100, room_size: ROOM, talkers: ROOM },
    Load { participants: 200, room_size: ROOM, talkers: ROOM },
    Load { participants: 200, room_size: ROOM, talkers: 3 },
    Load { participants: 400, room_size: ROOM, talkers: ROOM },
];

pub(crate) fn run_bench(arguments: &Arguments) -> Result<()> {
    match &arguments.what {
        What::Media { dev, participants } => run_media(*dev, *participants),
        What::Sound(arguments) => sound::run_bench(arguments),
    }
}

fn run_media(dev: bool, participants: Option<u16>) -> Result<()> {
    let program = build(dev)?;
    step("measuring");
    println!(
        "participants rooms talkers codec | CPU ms per participant-second: Konf floor ratio | delay ms p50 p99 | \
         late ticks  lost  gaps  RSS kB/leg  phones late ms p99"
    );
    match participants {
        Some(participants) => {
            measure(&program, &Load { participants, room_size: ROOM, talkers: ROOM })
        }
        None => LOADS.iter().try_for_each(|load| measure(&program, load)),
    }
}

fn build(dev: bool) -> Result<PathBuf> {
    step("building the media thread and the floor");
    let mut arguments = vec!["build", "-q", "-p", "konf-edge", "--example", "media_load"];
    if !dev {
        arguments.push("--release");
    }
    run("cargo", &arguments)?;
    Ok(target().join(if dev { "debug" } else { "release" }).join("examples/media_load"))
}

/// Prints one line.
fn measure(program: &PathBuf, load: &Load) -> Result<()> {
    let konf = Measured::of(program, "konf", load)?;
    let floor = Measured::of(program, "floor", load)?;
    let participants = f64::from(load.participants);
    let per_participant = |measured: &Measured| {
        measured.cpu.as_secs_f64() * 1e3 / participants / MEASURED.as_secs_f64()
    };
    let (cost, least) = (per_participant(&konf), per_participant(&floor));
    let heard = &konf.heard;
    println!(
        "{:>12} {:>5} {:>7} {:>5} | {:>35.3} {:>5.3} {:>5.2} | {:>12.1} {:>4.1} | {:>10} {:>5} {:>5} {:>11.1} {:>20.1}",
        load.participants,
        load.participants.div_ceil(load.room_size),
        load.talkers,
        "PCMA",
        cost,
        least,
        cost / least,
        heard.delay_ms(50),
        heard.delay_ms(99),
        konf.late_ticks,
        heard.lost,
        heard.gaps,
        konf.rss_kb.saturating_sub(floor.rss_kb) as f64 / participants,
        heard.own_lateness_ms(99),
    );
    ensure!(heard.packets > 0, "the phones have heard nothing");
    ensure!(!heard.delays_us.is_empty(), "no mark of any phone was heard by another");
    Ok(())
}

/// One run of one program.
struct Measured {
    cpu: Duration,
    rss_kb: u64,
    late_ticks: u64,
    heard: Heard,
}

impl Measured {
    fn of(program: &PathBuf, mode: &str, load: &Load) -> Result<Measured> {
        let bridge = Bridge::start(program, mode, load)?;
        let phones = Phones::start(load.participants, load.room_size, load.talkers)?;
        std::thread::sleep(WARM_UP);
        let before = bridge.cpu()?;
        phones.measure(true);
        std::thread::sleep(MEASURED);
        phones.measure(false);
        let cpu = bridge.cpu()?.saturating_sub(before);
        let rss_kb = bridge.rss_kb()?;
        let heard = phones.end()?;
        Ok(Measured { cpu, rss_kb, late_ticks: bridge.end()?, heard })
    }
}

/// A running `media_load`.
struct Bridge {
    child: Child,
    said: BufReader<std::process::ChildStdout>,
}

impl Bridge {
    fn start(program: &PathBuf, mode: &str, load: &Load) -> Result<Bridge> {
        let mut child = Command::new(program)
            .arg(mode)
            .args([load.participants, load.room_size].map(|number| number.to_string()))
            .args([OWN, PHONES].map(|address| address.to_string()))
            .args([FIRST_PORT.to_string(), THREADS.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let said = BufReader::new(child.stdout.take().context("media_load has no output")?);
        let mut bridge = Bridge { child, said };
        let mut line = String::new();
        bridge.said.read_line(&mut line)?;
        ensure!(line.trim() == "ready", "media_load {mode} did not start: it said {line:?}");
        Ok(bridge)
    }

    /// User and system, of all threads (proc_pid_stat(5), fields 14 and 15).
    fn cpu(&self) -> Result<Duration> {
        let stat = self.proc("stat")?;
        let behind_name = stat.rsplit_once(") ").context("no name in stat")?.1;
        let fields: Vec<&str> = behind_name.split(' ').collect();
        let jiffies = |field: usize| -> Result<u32> {
            Ok(fields.get(field - 3).context("stat is short")?.parse()?)
        };
        Ok(JIFFY * (jiffies(14)? + jiffies(15)?))
    }

    fn rss_kb(&self) -> Result<u64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        Ok(number.context("no VmRSS in status")?.parse()?)
    }

    fn proc(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.child.id());
        std::fs::read_to_string(&path).with_context(|| format!("reading {path}"))
    }

    /// How many ticks were late.
    fn end(mut self) -> Result<u64> {
        drop(self.child.stdin.take());
        let mut rest = String::new();
        self.said.read_to_string(&mut rest)?;
        let status = self.child.wait()?;
        ensure!(status.success(), "media_load ended with {status}");
        let late = rest.lines().find_map(|line| line.strip_prefix("late "));
        Ok(late.context("media_load did not count its late ticks")?.parse()?)
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
