//! What the tests share.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use konf_harness::gateway::number_of;
use konf_harness::konf::{Konf, unix_seconds};

/// What an organiser has got by SMS.
pub(crate) struct Credentials {
    pub(crate) number: String,
    pub(crate) pin: String,
    pub(crate) password: String,
}

impl Credentials {
    /// What a participant keys in: number, PIN, and the end of the name.
    pub(crate) fn keys(&self) -> String {
        format!("{}#{}#", self.number, self.pin)
    }

    pub(crate) fn organiser_keys(&self) -> String {
        format!("{}#{}#", self.number, self.password)
    }
}

/// `ddmm hhmm` in Prague, so many seconds from now, rounded down to the minute.
pub(crate) fn wall_in(seconds: u64) -> Result<String> {
    let at = format!("@{}", unix_seconds() + seconds);
    let output =
        Command::new("date").args(["-d", &at, "+%d%m %H%M"]).env("TZ", "Europe/Prague").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Orders a conference that begins in this very minute and reads its credentials.
pub(crate) fn order(konf: &Konf, from: &str, minutes: u32, people: u32) -> Result<Credentials> {
    let text = format!("konf {} {minutes} {people}", wall_in(0)?);
    let status = konf.sms(from, &text, &format!("order-{from}"))?;
    anyhow::ensure!(status == 200, "`{text}` was answered {status}");
    credentials(konf, from)
}

/// The gateway has a message a moment before control notes that it is sent.
pub(crate) fn all_sent(konf: &Konf) -> Result<()> {
    konf_harness::wait_for("all messages to be sent", std::time::Duration::from_secs(10), || {
        let outbox = konf.get("/operator/v1/outbox").ok()?;
        outbox.as_array()?.iter().all(|line| line["state"] == "sent").then_some(())
    })
}

pub(crate) fn credentials(konf: &Konf, from: &str) -> Result<Credentials> {
    konf.gateway.wait(from, "PIN")?;
    konf_harness::wait_for("the organiser's password", std::time::Duration::from_secs(10), || {
        let text: Vec<_> = konf.gateway.taken(from).into_iter().map(|sms| sms.text).collect();
        let text = text.join("\n");
        let (sixes, eights) = (number_of(&text, 6), number_of(&text, 8));
        let (number, pin) = (sixes.first()?.clone(), sixes.get(1)?.clone());
        Some(Credentials { number, pin, password: eights.first()?.clone() })
    })
    .context("credentials")
}

/// Runs a script of tests/e2e/browser, and answers what it asks, until it has passed.
pub(crate) fn in_a_browser(
    script: &str,
    arguments: &[&str],
    mut answer: impl FnMut(&str) -> Result<String>,
) -> Result<()> {
    let browser = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    ensure!(
        browser.join("node_modules").is_dir(),
        "the browser's driver is not installed: run `cargo xtask test`, which installs it"
    );
    let mut child = Command::new("node")
        .current_dir(&browser)
        .arg(script)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("node is needed")?;
    let mut answers = child.stdin.take().context("node's standard input")?;
    let questions = BufReader::new(child.stdout.take().context("node's standard output")?);
    let mut passed = false;
    for line in questions.lines() {
        let line = line?;
        match line.strip_prefix("ASK ") {
            Some(question) => writeln!(answers, "{}", answer(question)?)?,
            None => passed |= line == "PASSED",
        }
    }
    let status = child.wait()?;
    ensure!(status.success() && passed, "the browser's part failed; see above");
    Ok(())
}
