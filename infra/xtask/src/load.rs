//! Books rooms on a running Konf, for a load generator that keys in what a person would.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::{root, step, target};

/// Rooms for a load generator.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Rooms to book, from now on
    #[arg(long, default_value_t = 5)]
    rooms: u32,
    /// People in each, 2 to 20
    #[arg(long, default_value_t = 20)]
    people: u32,
    /// Minutes
    #[arg(long, default_value_t = 60)]
    minutes: u32,
    /// Where the keys go, one line such as `123456#654321#` for each room
    #[arg(long, default_value = ".konf/keys.txt")]
    keys: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    step("ordering rooms");
    let mut lines = Vec::new();
    for room in 0..arguments.rooms {
        let sender = format!("+42060{:07}", 2_000_000 + std::process::id() % 100_000 * 10 + room);
        let text = format!("konf {} {} {}", next_minute()?, arguments.minutes, arguments.people);
        konf(&["sms", &text, "--from", &sender])?;
        lines.push(
            credentials(&sender).with_context(|| format!("no credentials came for `{text}`"))?,
        );
    }
    fs::write(root().join(&arguments.keys), lines.join("\n") + "\n")?;
    println!("{} rooms; their keys are in {}", lines.len(), arguments.keys.display());
    Ok(())
}

/// `ddmm hhmm` of the next whole minute in Prague.
fn next_minute() -> Result<String> {
    let output = Command::new("date")
        .args(["-d", "+1 minute", "+%d%m %H%M"])
        .env("TZ", "Europe/Prague")
        .output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Reads the development mailbox until the sender's number and PIN have come.
fn credentials(sender: &str) -> Result<String> {
    for _ in 0..50 {
        let mailbox = crate::up::get("/mailbox.json")?;
        if let Some(keys) = keys_for(&mailbox, sender) {
            return Ok(keys);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    bail!("nothing in the mailbox within ten seconds")
}

/// The mailbox is JSON with one member a line. Of an order's messages, the one to pass on names number and PIN.
fn keys_for(mailbox: &str, sender: &str) -> Option<String> {
    let to = format!("\"to\": \"{sender}\"");
    mailbox.match_indices(&to).find_map(|(at, _)| {
        let text = mailbox[at..].lines().find(|line| line.contains("\"text\""))?;
        let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|part| part.len() == 6);
        Some(format!("{}#{}#", numbers.next()?, numbers.next()?))
    })
}

fn konf(arguments: &[&str]) -> Result<()> {
    let status = Command::new(target().join("debug/konf"))
        .args(["--config", ".konf/konf.toml"])
        .args(arguments)
        .current_dir(root())
        .stdout(std::process::Stdio::null())
        .status()?;
    ensure!(status.success(), "konf {} failed", arguments.join(" "));
    Ok(())
}
