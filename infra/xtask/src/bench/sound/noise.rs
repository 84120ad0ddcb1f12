//! Speech over noise, with that left as it is and taken out.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::{Arguments, Bench};

struct Row {
    codec: &'static str,
    noise: &'static str,
    /// Of the levels of speech and noise.
    ratio_db: u8,
    /// How much better it scores at least, and how much less is heard in pauses.
    better: f64,
    less_db: f64,
}

const fn row(
    codec: &'static str,
    noise: &'static str,
    ratio_db: u8,
    (better, less_db): (f64, f64),
) -> Row {
    Row { codec, noise, ratio_db, better, less_db }
}

/// What is even is heard less, by 10 dB and more; what comes and goes is no worse than before, within what nobody hears
/// and other speech changes.
const ROWS: [Row; 16] = [
    row("pcma", "white", 5, (0.1, 10.0)),
    row("pcma", "white", 10, (0.3, 10.0)),
    row("pcma", "white", 15, (0.3, 10.0)),
    row("pcma", "pink", 5, (0.2, 10.0)),
    row("pcma", "pink", 10, (0.3, 10.0)),
    row("pcma", "pink", 15, (0.3, 10.0)),
    row("pcma", "car", 5, (0.3, 10.0)),
    row("pcma", "car", 10, (0.3, 10.0)),
    row("pcma", "car", 15, (0.3, 10.0)),
    row("pcma", "babble", 10, (-0.05, 0.0)),
    row("pcma", "keys", 10, (-0.05, 0.0)),
    row("opus", "pink", 5, (0.05, 10.0)),
    row("opus", "pink", 10, (0.2, 10.0)),
    row("opus", "pink", 15, (0.3, 10.0)),
    row("opus", "car", 10, (0.3, 10.0)),
    row("opus", "babble", 10, (-0.05, 0.0)),
];

/// Returns how many rows miss what they should reach.
pub(super) fn measure(bench: &Bench, arguments: &Arguments) -> Result<usize> {
    println!("\nspeech over noise, the noise left as it is and taken out");
    println!("codec  noise   ratio   PESQ left    out  better  at least  in pauses  at least");
    let mut missed = 0;
    for codec in ["pcma", "opus"] {
        if arguments.codec.as_deref().is_none_or(|wanted| wanted == codec) {
            missed += usize::from(!bench.leaves_clean(codec)?);
        }
    }
    let wanted = |row: &&Row| arguments.codec.as_deref().is_none_or(|codec| row.codec == codec);
    for row in ROWS.iter().filter(wanted) {
        missed += usize::from(!bench.compare(row)?);
    }
    Ok(missed)
}

impl Bench {
    /// Whether speech without noise is heard exactly as if nothing was there to take it out.
    fn leaves_clean(&self, codec: &str) -> Result<bool> {
        let [left, out] = self.both(codec, "clean", &self.speech(codec))?;
        let same = std::fs::read(left)? == std::fs::read(out)?;
        println!("{codec:<6} none    the same: {}", if same { "pass" } else { "MISSED" });
        Ok(same)
    }

    /// Prints one line; whether the targets are met.
    fn compare(&self, row: &Row) -> Result<bool> {
        let speech = self.speech(row.codec);
        let name = format!("{}-{}", row.noise, row.ratio_db);
        let said = self.folder.join(format!("{}-{name}.wav", row.codec));
        self.ask("noisy", &[&speech, &said], &[row.noise, &row.ratio_db.to_string()])?;
        let [left, out] = self.both(row.codec, &name, &said)?;
        self.ask("second", &[&speech, &left, &out], &[])?;
        let scores = self.scores(&speech, &[left.clone(), out.clone()])?;
        let less = self.ask("pauses", &[&speech, &left, &out], &[])?;
        let less: f64 = less.trim().parse().context("no level of pauses")?;
        let better = scores[1] - scores[0];
        let met = better >= row.better && less >= row.less_db;
        println!(
            "{:<6} {:<7} {:>2} dB {:>11.2} {:>6.2} {:>+7.2} {:>+9.2} {:>7.1} dB {:>6.0} dB  {}",
            row.codec,
            row.noise,
            row.ratio_db,
            scores[0],
            scores[1],
            better,
            row.better,
            less,
            row.less_db,
            if met { "pass" } else { "MISSED" },
        );
        Ok(met)
    }

    /// What is heard of `said` with the noise left in it and taken out.
    fn both(&self, codec: &str, name: &str, said: &Path) -> Result<[PathBuf; 2]> {
        let heard =
            ["left", "out"].map(|how| self.folder.join(format!("{codec}-{name}-{how}.wav")));
        for (heard, more) in heard.iter().zip([&["leave-noise"][..], &[]]) {
            self.send(said, [codec, "0", "1"], heard, more)?;
        }
        Ok(heard)
    }

    fn ask(&self, task: &str, files: &[&Path], more: &[&str]) -> Result<String> {
        let output = self.script(task).args(files).args(more).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{} failed: {said}", task);
        Ok(String::from_utf8(output.stdout)?)
    }
}
