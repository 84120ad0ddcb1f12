//! Fuzzing (tests/fuzz): builds the targets with libFuzzer and the compiler's own counters of coverage, which need no
//! nightly compiler, and runs them one after the other.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::{root, setup, step, target};

const TARGETS: [&str; 7] = ["sip", "sdp", "rtp", "rtcp", "dtmf", "sms", "mail"];

/// What `cargo fuzz` passes for its counters; sanitizers alone need a nightly compiler.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Octets of one input: the longest message that makes sense, twice.
const INPUT_MAX: &str = "-max_len=4096";
/// Seconds that one input may take.
const PATIENCE: &str = "-timeout=10";
/// Octets of all inputs of one target in the repository.
const CORPUS_MAX: u64 = 60_000;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Of each target
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Keep what reaches new code in tests/fuzz/corpus
    #[arg(long)]
    keep: bool,
    /// One of sip, sdp, rtp, rtcp, dtmf, sms, mail; all of them without
    target: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    setup::tools(&setup::BUILD_TOOLS)?;
    setup::tools(&setup::FUZZ_TOOLS)?;
    let wanted = |name: &&str| arguments.target.as_deref().is_none_or(|target| target == *name);
    let names: Vec<_> = TARGETS.into_iter().filter(wanted).collect();
    ensure!(!names.is_empty(), "no such target: there are {}", TARGETS.join(", "));
    let programs = build()?;
    for name in names {
        let fuzzing = Fuzzing::new(&programs, name)?;
        step(&format!("fuzzing {name} for {} s", arguments.seconds));
        fuzzing.run(arguments.seconds)?;
        if arguments.keep {
            fuzzing.keep()?;
        }
    }
    Ok(())
}

/// Into a folder of its own, since everything is built with other flags. A target is named so that build scripts and
/// macros are built without them.
fn build() -> Result<PathBuf> {
    step("building the fuzz targets");
    let host = host()?;
    let folder = target().join("fuzz");
    let status = Command::new("cargo")
        .args(["build", "--release", "--target", &host])
        .current_dir(root().join("tests/fuzz/engine"))
        .env("RUSTFLAGS", FLAGS)
        .env("CARGO_TARGET_DIR", &folder)
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "the fuzz targets do not build");
    Ok(folder.join(host).join("release"))
}

fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("cannot start rustc")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not say what it runs on")
}

struct Fuzzing {
    program: PathBuf,
    /// What this machine has found.
    found: PathBuf,
    /// What the repository keeps.
    corpus: PathBuf,
}

impl Fuzzing {
    fn new(programs: &Path, name: &str) -> Result<Self> {
        let found = target().join("fuzz/found").join(name);
        fs::create_dir_all(&found)?;
        let corpus = root().join("tests/fuzz/corpus").join(name);
        Ok(Fuzzing { program: programs.join(name), found, corpus })
    }

    fn run(&self, seconds: u64) -> Result<()> {
        let failing = target().join("fuzz/failing-");
        let status = Command::new(&self.program)
            .args([&self.found, &self.corpus])
            .args([INPUT_MAX, PATIENCE, "-print_final_stats=1", "-rss_limit_mb=512"])
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-artifact_prefix={}", failing.display()))
            .status()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        if !status.success() {
            bail!("an input fails: it is {}…; its story is above", failing.display());
        }
        Ok(())
    }

    /// Adds the fewest inputs that reach what the corpus does not reach, the small ones if there are too many.
    fn keep(&self) -> Result<()> {
        step("keeping what reaches new code");
        let status = Command::new(&self.program)
            .args(["-set_cover_merge=1", "-use_counters=0", INPUT_MAX])
            .args([&self.corpus, &self.found])
            .status()?;
        ensure!(status.success(), "merging failed");
        let mut inputs = Vec::new();
        for entry in fs::read_dir(&self.corpus)? {
            let entry = entry?;
            // What people wrote has a short name, what was found that of its hash.
            let found = entry.file_name().len() == 40;
            inputs.push((found, entry.metadata()?.len(), entry.path()));
        }
        inputs.sort();
        let mut octets = 0;
        for (found, length, path) in inputs {
            octets += length;
            if found && octets > CORPUS_MAX {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}
