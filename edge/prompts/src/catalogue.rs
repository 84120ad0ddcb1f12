//! All sounds, and their replacements.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::{fs, io};

use konf_contract::Language;

use crate::wav::{self, WavError};
use crate::{Phrase, resample};

mod built_in {
    include!(concat!(env!("OUT_DIR"), "/files.rs"));
}

/// Samples a second in the files: what wideband legs hear; telephone legs get half of it.
pub const RATE: u32 = 16_000;
/// The longest file that is taken: two minutes, for music; a spoken phrase takes seconds.
pub const SAMPLES_MAX: usize = RATE as usize * 120;

/// Why a folder of replacements was refused.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("cannot read {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{path} cannot be used as a prompt")]
    Format {
        path: PathBuf,
        #[source]
        source: WavError,
    },
    #[error("{path} is the name of no phrase")]
    UnknownName { path: PathBuf },
}

/// What is said, and how it sounds. Cheap until a sound is asked for: each is decoded once, when first needed.
pub struct Catalogue {
    entries: BTreeMap<Place, Entry>,
}

/// A folder and a phrase; `None` is `common`.
type Place = (Option<Language>, Phrase);

#[derive(Default)]
struct Entry {
    wav: Cow<'static, [u8]>,
    text: Cow<'static, str>,
    samples_8k: OnceLock<Arc<[i16]>>,
    samples_16k: OnceLock<Arc<[i16]>>,
}

impl Catalogue {
    /// The sounds that are part of the program.
    pub fn built_in() -> Catalogue {
        let entries = places()
            .map(|place| {
                let path = path_of(place);
                let bytes = |ending| built_in_file(&format!("{path}.{ending}"));
                let text = std::str::from_utf8(bytes("txt")).unwrap_or_default().trim_end();
                let (wav, text) = (Cow::Borrowed(bytes("wav")), Cow::Borrowed(text));
                (place, Entry { wav, text, ..Entry::default() })
            })
            .collect();
        Catalogue { entries }
    }

    /// The built-in sounds with those of `folder` in their place. It is laid out as this crate's folder: `cs/`, `en/`
    /// and `common/` hold `NAME.wav` and, if the words differ, `NAME.txt`; what is not there stays as built in. A file
    /// whose name is no phrase is an error, since its author believes that it is heard; other endings are passed over.
    pub fn load(folder: &Path) -> Result<Catalogue, LoadError> {
        let mut catalogue = Catalogue::built_in();
        let known: BTreeMap<String, Place> =
            places().map(|place| (path_of(place), place)).collect();
        fs::read_dir(folder).map_err(|source| LoadError::Read { path: folder.into(), source })?;
        for part in ["cs", "en", "common"] {
            for path in files_in(&folder.join(part))? {
                let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
                if ending != "wav" && ending != "txt" {
                    continue;
                }
                let name = path.file_stem().and_then(|n| n.to_str()).unwrap_or_default();
                let entry = known
                    .get(&format!("{part}/{name}"))
                    .and_then(|place| catalogue.entries.get_mut(place))
                    .ok_or_else(|| LoadError::UnknownName { path: path.clone() })?;
                replace(entry, &path, ending == "wav")?;
            }
        }
        Ok(catalogue)
    }

    /// The sound for a telephone: 8,000 samples a second, low-passed. Made at the first call for each phrase (a few
    /// milliseconds for a sentence), shared afterwards. A number that nobody recorded, such as `Hour(24)`, is silent.
    pub fn samples_8k(&self, language: Language, phrase: Phrase) -> Arc<[i16]> {
        let Some(entry) = self.entry(language, phrase) else { return Arc::from([]) };
        let make = || {
            // Whatever is in the catalogue has been read once, at the build's tests or in `load`.
            let samples = wav::read(&entry.wav).unwrap_or_default();
            resample::halve(&samples, phrase == Phrase::Music).into()
        };
        Arc::clone(entry.samples_8k.get_or_init(make))
    }

    /// The same for those who hear more: [`RATE`] samples a second.
    pub fn samples_16k(&self, language: Language, phrase: Phrase) -> Arc<[i16]> {
        let Some(entry) = self.entry(language, phrase) else { return Arc::from([]) };
        let make = || wav::read(&entry.wav).unwrap_or_default().into();
        Arc::clone(entry.samples_16k.get_or_init(make))
    }

    /// The file's own samples, [`RATE`] a second.
    pub fn read(&self, language: Language, phrase: Phrase) -> Result<Vec<i16>, WavError> {
        wav::read(self.entry(language, phrase).map_or(&[], |entry| &entry.wav))
    }

    /// The words, or in brackets what is heard.
    pub fn text(&self, language: Language, phrase: Phrase) -> &str {
        self.entry(language, phrase).map_or("", |entry| &entry.text)
    }

    fn entry(&self, language: Language, phrase: Phrase) -> Option<&Entry> {
        self.entries.get(&((!phrase.is_wordless()).then_some(language), phrase))
    }
}

fn places() -> impl Iterator<Item = Place> {
    Phrase::all().flat_map(|phrase| {
        let languages: &[Option<Language>] =
            if phrase.is_wordless() { &[None] } else { &[Some(Language::Cs), Some(Language::En)] };
        languages.iter().map(move |language| (*language, phrase))
    })
}

/// Without its ending: `cs/hour-14`.
fn path_of((language, phrase): Place) -> String {
    let folder = match language {
        Some(Language::Cs) => "cs",
        Some(Language::En) => "en",
        None => "common",
    };
    format!("{folder}/{}", phrase.file_name())
}

fn built_in_file(path: &str) -> &'static [u8] {
    built_in::FILES.iter().find(|(name, _)| *name == path).map_or(&[], |(_, bytes)| *bytes)
}

fn replace(entry: &mut Entry, path: &Path, is_sound: bool) -> Result<(), LoadError> {
    let read_error = |source| LoadError::Read { path: path.into(), source };
    if is_sound {
        let bytes = fs::read(path).map_err(read_error)?;
        wav::read(&bytes).map_err(|source| LoadError::Format { path: path.into(), source })?;
        entry.wav = Cow::Owned(bytes);
    } else {
        let text = fs::read_to_string(path).map_err(read_error)?;
        entry.text = Cow::Owned(text.trim_end().to_owned());
    }
    Ok(())
}

/// Sorted, so that the first error is the same each time; a missing folder replaces nothing.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let read_error = |source| LoadError::Read { path: folder.into(), source };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(read_error(error)),
    };
    let mut paths: Vec<PathBuf> =
        entries.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>().map_err(read_error)?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests;
