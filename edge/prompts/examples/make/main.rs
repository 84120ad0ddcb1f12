//! Makes all sound files and their texts again, in seconds: `cargo run -p konf-prompts --example make`.
//!
//! Needs festival with its voices (`apt-get install festival festvox-czech-dita festvox-us-slt-hts`). Files that belong
//! to no phrase any more are removed.

mod polish;
mod speech;
mod texts;
mod tones;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use konf_contract::Language;
use konf_prompts::{Phrase, wav};

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scratch = std::env::temp_dir().join(format!("konf-prompts-make-{}", std::process::id()));
    fs::create_dir_all(&scratch)?;
    for (language, folder) in [(Language::Cs, "cs"), (Language::En, "en")] {
        let sounds =
            spoken_files(language, &scratch).with_context(|| format!("speaking {folder}"))?;
        write_folder(&root.join(folder), &sounds)?;
    }
    write_folder(&root.join("common"), &wordless_files())?;
    fs::remove_dir_all(&scratch)?;
    Ok(())
}

/// Text and sound by file name.
type Sounds = BTreeMap<String, (String, Vec<i16>)>;

fn spoken_files(language: Language, scratch: &Path) -> Result<Sounds> {
    let written: BTreeMap<String, String> = Phrase::all()
        .filter(|phrase| !phrase.is_wordless())
        .map(|phrase| (phrase.file_name(), texts::written(language, phrase)))
        .collect();
    let to_say =
        written.iter().map(|(name, text)| (name.clone(), texts::spoken(language, text))).collect();
    let said = speech::speak(language, &to_say, scratch)?;
    Ok(written
        .into_iter()
        .map(|(name, text)| {
            let sound = polish::polish(&said[&name]);
            (name, (text, sound))
        })
        .collect())
}

fn wordless_files() -> Sounds {
    Phrase::all()
        .filter(|phrase| phrase.is_wordless())
        .map(|phrase| {
            (phrase.file_name(), (texts::written(Language::En, phrase), tones::tone(phrase)))
        })
        .collect()
}

fn write_folder(folder: &Path, sounds: &Sounds) -> Result<()> {
    fs::create_dir_all(folder)?;
    let mut kept: BTreeSet<String> = BTreeSet::from(["LICENSE".to_owned()]);
    let (mut samples_in_all, mut longest) = (0, (0, ""));
    for (name, (text, samples)) in sounds {
        fs::write(folder.join(format!("{name}.txt")), format!("{text}\n"))?;
        fs::write(folder.join(format!("{name}.wav")), wav::write(samples))?;
        kept.extend([format!("{name}.txt"), format!("{name}.wav")]);
        samples_in_all += samples.len();
        longest = longest.max((samples.len(), name));
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !kept.contains(&*entry.file_name().to_string_lossy()) {
            fs::remove_file(entry.path())?;
        }
    }
    println!(
        "{}: {} phrases, {:.0} s, {:.1} MB; the longest is {} with {:.1} s",
        folder.display(),
        sounds.len(),
        samples_in_all as f32 / 16_000.0,
        samples_in_all as f32 * 2e-6,
        longest.1,
        longest.0 as f32 / 16_000.0
    );
    Ok(())
}
