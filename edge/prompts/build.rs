//! Lists the sound files beside this one, so that they become part of the library.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo names the manifest's folder");
    let mut list = String::from("pub(crate) static FILES: &[(&str, &[u8])] = &[\n");
    for folder in ["cs", "en", "common"] {
        println!("cargo::rerun-if-changed={folder}");
        for name in sound_files(&Path::new(&root).join(folder)) {
            let path = format!("{folder}/{name}");
            writeln!(
                list,
                "({path:?}, include_bytes!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/{path}\"))),"
            )
            .expect("a string can be written");
        }
    }
    list.push_str("];\n");
    let out = env::var("OUT_DIR").expect("cargo names the output folder");
    fs::write(Path::new(&out).join("files.rs"), list).expect("the output folder can be written");
}

/// Sorted, so that the same files give the same build. A folder that is not there yet is empty: `examples/make` needs
/// this library before the first file exists.
fn sound_files(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("the folder can be read").file_name())
        .map(|name| name.into_string().expect("the names of sound files are UTF-8"))
        .filter(|name| name.ends_with(".wav") || name.ends_with(".txt"))
        .collect();
    names.sort();
    names
}
