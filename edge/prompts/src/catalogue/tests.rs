use std::error::Error as _;

use super::*;

/// A folder of this test alone, gone when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("konf-prompts-{}-{name}", std::process::id()));
        fs::create_dir_all(path.join("cs")).unwrap();
        Folder(path)
    }

    fn with(self, file: &str, bytes: &[u8]) -> Folder {
        fs::write(self.0.join(file), bytes).unwrap();
        self
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn refusal(folder: &Folder) -> String {
    let error = Catalogue::load(&folder.0).err().expect("the folder should be refused");
    let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    format!("{error}{cause}").replace(&*folder.0.to_string_lossy(), "DIR")
}

#[test]
fn a_deployments_recording_takes_the_place_of_one_file() {
    let folder = Folder::new("replaced").with("cs/full.wav", &wav::write(&[1_000; 1_600]));
    let catalogue = Catalogue::load(&folder.0).unwrap();
    let built_in = Catalogue::built_in();
    assert_eq!(catalogue.samples_8k(Language::Cs, Phrase::Full).len(), 800);
    for (language, phrase) in [(Language::En, Phrase::Full), (Language::Cs, Phrase::Ended)] {
        let (a, b) =
            (catalogue.samples_8k(language, phrase), built_in.samples_8k(language, phrase));
        assert_eq!(a, b);
    }
}

#[test]
fn a_file_of_the_wrong_form_is_named() {
    let mut stereo = wav::write(&[1; 100]);
    stereo[22] = 2;
    let folder = Folder::new("stereo").with("cs/full.wav", &stereo);
    assert_eq!(
        refusal(&folder),
        "DIR/cs/full.wav cannot be used as a prompt: 2 channels; one is expected"
    );
}

#[test]
fn a_name_that_is_no_phrase_is_an_error() {
    let folder = Folder::new("typo").with("cs/ful.wav", &wav::write(&[1; 100]));
    assert_eq!(refusal(&folder), "DIR/cs/ful.wav is the name of no phrase");
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    assert!(Catalogue::load(Path::new("/does/not/exist")).is_err());
}

#[test]
fn a_sound_is_made_once_and_a_number_without_a_recording_is_silent() {
    let catalogue = Catalogue::built_in();
    let twice = [0, 1].map(|_| catalogue.samples_8k(Language::En, Phrase::Welcome));
    assert!(Arc::ptr_eq(&twice[0], &twice[1]));
    assert!(catalogue.samples_8k(Language::En, Phrase::Hour(24)).is_empty());
}

#[test]
fn every_phrase_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<_> = Phrase::all().map(Phrase::file_name).collect();
    assert_eq!(names.len(), Phrase::all().count());
}
