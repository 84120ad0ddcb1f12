//! `cargo xtask bench`: how speech sounds ([`sound`]), what it costs ([`media`]), how soon calls are answered ([`calls`]),
//! and what policies and functions cost ([`functions`]).

mod calls;
mod functions;
mod media;
mod process;
mod sound;

use anyhow::Result;

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
    /// CPU, delay, gaps and memory of a media thread, one line for each load; nine minutes
    Media(media::Arguments),
    /// How soon the edge answers while many call, and what a call costs it; a minute
    Calls(calls::Arguments),
    /// Policies, slots, swaps, orders and evil guests, each beside its budget; five minutes
    Functions(functions::Arguments),
}

pub(crate) fn run_bench(arguments: &Arguments) -> Result<()> {
    match &arguments.what {
        What::Media(arguments) => media::run_bench(arguments),
        What::Sound(arguments) => sound::run_bench(arguments),
        What::Calls(arguments) => calls::run_bench(arguments),
        What::Functions(arguments) => functions::run_bench(arguments),
    }
}
