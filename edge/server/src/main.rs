//! The command line of the media edge.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use konf_edge::config::Config;
use konf_edge::edge::{Edge, PRODUCT};
use konf_edge::{doctor, logging};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing::info;

/// The media edge of Konf: takes calls over SIP, asks control who may come in, mixes the rooms.
///
/// SIGTERM or Ctrl-C: no new calls, those that run go on for drain_patience_s, then they are hung up. A second one hangs
/// up at once. RUST_LOG sets what is logged, for instance RUST_LOG=debug.
#[derive(Parser)]
#[command(name = "konf-edge", version)]
struct Arguments {
    /// The configuration; konf-edge.example.toml explains every key.
    #[arg(long, value_name = "FILE", default_value = "konf-edge.toml", global = true)]
    config: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Clone, Copy)]
enum Command {
    /// Run the edge (what happens when no command is given).
    Run,
    /// Say whether the edge could start, and what would stop it.
    Doctor,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command.unwrap_or(Command::Run) {
        Command::Run => run(&arguments),
        Command::Doctor => examine(&arguments),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("konf-edge: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode> {
    // How to log is part of the configuration, and a bad one is told on standard error without a log.
    let config = Config::load(&arguments.config)?;
    logging::start(config.log_json);
    info!(product = PRODUCT, config = %arguments.config.display(), "edge starts");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("starting the runtime")?;
    runtime.block_on(async {
        let stop = stop_on_signals()?;
        Edge::start(config).await?.run(stop).await
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Counts SIGTERM and Ctrl-C.
fn stop_on_signals() -> Result<watch::Receiver<u32>> {
    let (sender, receiver) = watch::channel(0);
    let mut terminate = signal(SignalKind::terminate()).context("watching for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("watching for Ctrl-C")?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            sender.send_modify(|count| *count += 1);
        }
    });
    Ok(receiver)
}

fn examine(arguments: &Arguments) -> Result<ExitCode> {
    let config = Config::load(&arguments.config)?;
    println!("ok    configuration: {}", arguments.config.display());
    let mut code = ExitCode::SUCCESS;
    for finding in doctor::examine(&config) {
        match finding.found {
            Ok(found) => println!("ok    {}: {found}", finding.what),
            Err(error) => {
                println!("BAD   {}: {error:#}", finding.what);
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}
