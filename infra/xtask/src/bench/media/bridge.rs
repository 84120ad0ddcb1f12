//! The process that is measured.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::{FIRST_PORT, Load, OWN, PHONES, ROOM, THREADS};
use crate::bench::process;

/// A running `media_load`.
pub(super) struct Bridge {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Bridge {
    /// `sends` is the codec of Konf, or how many octets a packet of the floor has.
    pub(super) fn start(program: &Path, mode: &str, sends: &str, load: &Load) -> Result<Bridge> {
        let mut child = Command::new(program)
            .arg(mode)
            .args([load.participants, ROOM].map(|number| number.to_string()))
            .args([OWN, PHONES].map(|address| address.to_string()))
            .args([FIRST_PORT.to_string(), THREADS.to_string(), sends.to_owned()])
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

    /// User and system.
    pub(super) fn cpu(&self) -> Result<Duration> {
        process::cpu(self.child.id())
    }

    /// What the process has taken for itself; its code is there once however many legs there are.
    pub(super) fn rss_kb(&self) -> Result<u64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        Ok(number.context("no RssAnon in status")?.parse()?)
    }

    fn proc(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.child.id());
        std::fs::read_to_string(&path).with_context(|| format!("reading {path}"))
    }

    /// How many ticks were late.
    pub(super) fn end(mut self) -> Result<u64> {
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
