//! `konf policy …`: the life of a policy.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use konf_host::{POLICY_BYTES_MAX, Report};

use super::table::say;

#[derive(Subcommand)]
pub(super) enum PolicyCommand {
    /// Say what a component lacks, or has too much of, to be a policy; needs no running control
    Check {
        /// The component, such as target/wasm32-wasip2/release/my_tariff.wasm
        file: PathBuf,
        /// The world that it is meant for; without it the component's exports decide
        #[arg(long)]
        world: Option<String>,
    },
}

/// What needs neither a configuration nor a running control; `None` for everything else.
pub(super) fn alone(command: &PolicyCommand) -> Option<Result<()>> {
    match command {
        PolicyCommand::Check { file, world } => Some(check(file, world.as_deref())),
    }
}

fn check(file: &Path, world: Option<&str>) -> Result<()> {
    let report = konf_host::check(&read(file)?, world);
    for line in lines(&report) {
        say(&line);
    }
    match report.faults.len() {
        0 => Ok(()),
        1 => bail!("one fault: it can't be a policy"),
        faults => bail!("{faults} faults: it can't be a policy"),
    }
}

pub(super) fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

fn lines(report: &Report) -> Vec<String> {
    let world = match report.world {
        Some(world) => format!("world {} ({})", world.name, world.interface),
        None => "no world".to_owned(),
    };
    let mut lines = vec![format!(
        "{}: {world}, {} of at most {POLICY_BYTES_MAX} bytes",
        report.digest, report.size_bytes
    )];
    if !report.inert.is_empty() {
        lines.push(format!(
            "It imports {} interfaces of its language's runtime: they do nothing here, and calling one ends the policy.",
            report.inert.len()
        ));
    }
    lines.extend(report.faults.iter().cloned());
    if report.faults.is_empty() {
        lines.push("It fits.".to_owned());
    }
    lines
}
