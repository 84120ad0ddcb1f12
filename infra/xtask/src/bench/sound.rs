//! `cargo xtask bench sound`: how speech sounds after the whole way from a phone through the engine to another phone, as
//! PESQ scores it, at random loss on the way in and over noise.
//!
//! The way is `sound_path`, an example of edge/media, on a virtual clock: the same seed loses the same packets.

mod noise;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::{root, run, setup, step, target};

/// How speech is scored.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A WAV file of speech, 16 bit mono (again for more); without it, prompts of Konf
    #[arg(long)]
    speech: Vec<PathBuf>,
    /// How often each line is measured, with other packets lost each time
    #[arg(long, default_value_t = 8)]
    seeds: u32,
    /// Only this codec: pcma, pcmu or opus
    #[arg(long)]
    codec: Option<String>,
}

struct Row {
    codec: &'static str,
    loss_percent: u8,
    /// Least mean score.
    target: f64,
}

/// The scores that a good path reaches: Opus on the wide band scale (P.862.2), G.711 on the narrow band one (P.862.1).
const ROWS: [Row; 8] = [
    Row { codec: "opus", loss_percent: 0, target: 4.0 },
    Row { codec: "opus", loss_percent: 5, target: 3.5 },
    Row { codec: "opus", loss_percent: 10, target: 3.1 },
    Row { codec: "opus", loss_percent: 20, target: 2.2 },
    Row { codec: "pcma", loss_percent: 0, target: 4.1 },
    Row { codec: "pcma", loss_percent: 5, target: 3.1 },
    Row { codec: "pcma", loss_percent: 10, target: 2.5 },
    Row { codec: "pcma", loss_percent: 20, target: 1.8 },
];

/// About 25 s in two voices: whole sentences, as people speak them.
const PROMPTS: [&str; 8] = [
    "en/leg-limit-in-five",
    "cs/wrong-credentials",
    "en/nobody-hears-you",
    "cs/unavailable",
    "en/say-name",
    "cs/enter-pin",
    "en/cannot-extend",
    "cs/conference-over",
];

pub(crate) fn run_bench(arguments: &Arguments) -> Result<()> {
    setup::tools(&setup::BUILD_TOOLS)?;
    let python = setup::pesq()?;
    step("building the path");
    run("cargo", &["build", "-q", "--workspace", "--example", "sound_path"])?;
    let bench = Bench::prepare(python, arguments)?;
    step("measuring");
    println!("phone → edge (loss) → mix → edge → phone (no loss), {} seeds", arguments.seeds);
    println!("codec  scale  loss %   PESQ mean  worst   target");
    let wanted = |row: &&Row| arguments.codec.as_ref().is_none_or(|codec| row.codec == codec);
    let mut missed = 0;
    for row in ROWS.iter().filter(wanted) {
        missed += usize::from(!bench.measure(row, arguments.seeds)?);
    }
    missed += noise::measure(&bench, arguments)?;
    ensure!(missed == 0, "{missed} scores are below their targets");
    Ok(())
}

struct Bench {
    python: PathBuf,
    path: PathBuf,
    folder: PathBuf,
}

impl Bench {
    fn prepare(python: PathBuf, arguments: &Arguments) -> Result<Self> {
        let folder = target().join("sound");
        std::fs::create_dir_all(&folder)?;
        let path = target().join("debug/examples/sound_path");
        let bench = Self { python, path, folder };
        let prompt = |name| root().join("edge/prompts").join(name).with_extension("wav");
        let files = match &arguments.speech[..] {
            [] => PROMPTS.iter().map(prompt).collect(),
            files => files.to_vec(),
        };
        let mut prepare = bench.script("prepare");
        prepare.args([bench.speech("opus"), bench.speech("pcma")]).args(files);
        ensure!(prepare.status()?.success(), "the speech cannot be used");
        Ok(bench)
    }

    fn script(&self, task: &str) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(root().join("infra/xtask/src/bench/sound.py")).arg(task);
        command
    }

    /// At the rate of the phone.
    fn speech(&self, codec: &str) -> PathBuf {
        self.folder.join(if codec == "opus" { "speech-16k.wav" } else { "speech-8k.wav" })
    }

    /// Prints one line; whether the target is met.
    fn measure(&self, row: &Row, seeds: u32) -> Result<bool> {
        let seeds = if row.loss_percent == 0 { 1 } else { seeds };
        let heard = (1..=seeds).map(|seed| self.hear(row, seed)).collect::<Result<Vec<_>>>()?;
        let scores = self.scores(&self.speech(row.codec), &heard)?;
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        let worst = scores.iter().copied().fold(f64::INFINITY, f64::min);
        let met = mean >= row.target;
        println!(
            "{:<6} {:<6} {:>6} {:>11.2} {:>6.2} {:>8.1}  {}",
            row.codec,
            if row.codec == "opus" { "wide" } else { "narrow" },
            row.loss_percent,
            mean,
            worst,
            row.target,
            if met { "pass" } else { "MISSED" },
        );
        Ok(met)
    }

    fn hear(&self, row: &Row, seed: u32) -> Result<PathBuf> {
        let heard = self.folder.join(format!("{}-{}-{seed}.wav", row.codec, row.loss_percent));
        let how = [row.codec, &row.loss_percent.to_string(), &seed.to_string()];
        self.send(&self.speech(row.codec), how, &heard, &[])?;
        Ok(heard)
    }

    /// `how`: codec, loss in percent and seed.
    fn send(&self, said: &Path, how: [&str; 3], heard: &Path, more: &[&str]) -> Result<()> {
        let mut path = Command::new(&self.path);
        let output = path.arg(said).args(how).arg(heard).args(more).output();
        let output = output.with_context(|| format!("starting {}", self.path.display()))?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "sound_path failed: {said}");
        Ok(())
    }

    fn scores(&self, reference: &Path, heard: &[PathBuf]) -> Result<Vec<f64>> {
        let mut child =
            self.script("score").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut input = child.stdin.take().context("the scores take no input")?;
        for heard in heard {
            writeln!(input, "{}\t{}", reference.display(), heard.display())?;
        }
        drop(input);
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "scoring failed");
        let scores: Vec<f64> = String::from_utf8(output.stdout)?
            .lines()
            .map(str::parse)
            .collect::<Result<_, _>>()
            .context("no score")?;
        ensure!(scores.len() == heard.len(), "{} scores of {}", scores.len(), heard.len());
        Ok(scores)
    }
}
