//! The project's own commands: `cargo xtask up`, `cargo xtask test` and their parts.
#![expect(clippy::print_stdout, reason = "a command line speaks to a person")]

mod bench;
mod checks;
mod fuzz;
mod load;
mod setup;
mod test;
mod up;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};

/// Build, run and test Konf.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Set up what is missing, build everything, run Konf on this machine until Ctrl-C
    Up,
    /// Set up what is missing and run every test that must pass
    Test {
        /// Only the end-to-end tests whose name has this text
        #[arg(long)]
        only: Option<String>,
    },
    /// Check the invariants of the code: homes of libraries, purity, secrets
    Check,
    /// Build the WebAssembly components
    Components,
    /// Book rooms on a running `cargo xtask up` and write the keys that their callers dial, one line for each room
    Load(load::Arguments),
    /// Throw octets at what the edge reads from strangers, guided by coverage
    Fuzz(fuzz::Arguments),
    /// Measure how speech sounds, or what a participant costs beside the least that anything could
    Bench(bench::Arguments),
}

fn main() -> ExitCode {
    match execute() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "a command line speaks to a person")]
fn complain(error: &anyhow::Error) {
    eprintln!("\ncargo xtask: {error:#}");
}

fn execute() -> Result<()> {
    match Arguments::parse().task {
        Task::Up => up::run(),
        Task::Test { only } => test::run(only.as_deref()),
        Task::Check => checks::run(),
        Task::Components => setup::components(),
        Task::Load(arguments) => load::run(&arguments),
        Task::Fuzz(arguments) => fuzz::run(&arguments),
        Task::Bench(arguments) => bench::run_bench(&arguments),
    }
}

/// The root of the project.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap_or_else(|_| PathBuf::from("."))
}

/// Where cargo puts what it builds.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |dir| root().join(dir))
}

fn step(text: &str) {
    println!("\n▸ {text}");
}

/// Runs a program in the project's root and fails with its command line when it fails.
fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let line = format!("{program} {}", arguments.join(" "));
    let status = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .status()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}
