//! Speaks with festival: one process for each language, since loading a voice takes longer than a sentence.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use konf_contract::Language;
use konf_prompts::{RATE, resample, wav};

/// The samples of each text, as the voice gives them, at [`RATE`].
pub(crate) fn speak(
    language: Language,
    texts: &BTreeMap<String, String>,
    scratch: &Path,
) -> Result<BTreeMap<String, Vec<i16>>> {
    let script = scratch.join("say.scm");
    std::fs::write(&script, encoded(language, &scheme(language, texts, scratch)?)?)?;
    let status = Command::new("festival").arg("--batch").arg(&script).status().context(
        "starting festival (apt-get install festival festvox-czech-dita festvox-us-slt-hts)",
    )?;
    ensure!(status.success(), "festival ended with {status}");
    texts.keys().map(|name| Ok((name.clone(), take(&scratch.join(name))?))).collect()
}

fn scheme(language: Language, texts: &BTreeMap<String, String>, scratch: &Path) -> Result<String> {
    // Festival scales the Czech voice by 1.8, which clips it; 0.6 leaves room, the level is set afterwards.
    let voice = match language {
        Language::Cs => "(voice_czech_dita)\n(set! czech-volume-scale* 0.6)\n",
        Language::En => "(voice_cmu_us_slt_arctic_hts)\n",
    };
    let mut script = String::from(voice);
    script.push_str(
        "(define (say text file) (utt.save.wave (utt.synth (eval (list 'Utterance 'Text text))) file 'riff))\n",
    );
    for (name, text) in texts {
        ensure!(!text.contains(['"', '\\']), "{name}: quotes and backslashes cannot be said");
        writeln!(script, "(say \"{text}\" \"{}\")", scratch.join(name).display())?;
    }
    Ok(script)
}

/// The Czech voice reads ISO-8859-2, the English one needs ASCII alone.
fn encoded(language: Language, text: &str) -> Result<Vec<u8>> {
    #[rustfmt::skip]
    const ACCENTED: [(char, u8); 30] = [
        ('á', 0xe1), ('č', 0xe8), ('ď', 0xef), ('é', 0xe9), ('ě', 0xec), ('í', 0xed), ('ň', 0xf2),
        ('ó', 0xf3), ('ř', 0xf8), ('š', 0xb9), ('ť', 0xbb), ('ú', 0xfa), ('ů', 0xf9), ('ý', 0xfd),
        ('ž', 0xbe), ('Á', 0xc1), ('Č', 0xc8), ('Ď', 0xcf), ('É', 0xc9), ('Ě', 0xcc), ('Í', 0xcd),
        ('Ň', 0xd2), ('Ó', 0xd3), ('Ř', 0xd8), ('Š', 0xa9), ('Ť', 0xab), ('Ú', 0xda), ('Ů', 0xd9),
        ('Ý', 0xdd), ('Ž', 0xae),
    ];
    text.chars()
        .map(|c| match ACCENTED.iter().find(|(accented, _)| *accented == c) {
            _ if c.is_ascii() => Ok(c as u8),
            Some((_, byte)) if language == Language::Cs => Ok(*byte),
            _ => anyhow::bail!("the voice cannot read {c:?}"),
        })
        .collect()
}

/// Both voices speak at 32 kHz, twice the rate of the files.
fn take(file: &Path) -> Result<Vec<i16>> {
    let bytes =
        std::fs::read(file).with_context(|| format!("{} was not spoken", file.display()))?;
    let (rate, samples) =
        wav::read_at_any_rate(&bytes).with_context(|| file.display().to_string())?;
    ensure!(rate == 2 * RATE, "{}: {rate} samples a second", file.display());
    Ok(resample::halve(&samples, false))
}
