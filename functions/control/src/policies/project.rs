//! A new policy's project: the default of its world, outside the workspace, with the contract and golden cases beside it.
//!
//! "How to add a world": its default in `functions/policies`, with `rule.rs`, `rule/tests.rs` and `cases.json`, and a
//! line in [`DEFAULTS`]; the same in JavaScript in its folder `javascript`, and a line in [`IN_JAVASCRIPT`].

mod javascript;

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

const CONTRACT: &str = include_str!("../../../../wit/policy.wit");

/// What the project is written in: the contract is nobody's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    Rust,
    Javascript,
}

/// The files of a default that a project begins with.
struct Default {
    world: &'static str,
    component: &'static str,
    rule: &'static str,
    tests: &'static str,
    cases: &'static str,
}

macro_rules! default {
    ($world:literal) => {
        Default {
            world: $world,
            component: include_str!(concat!("../../../policies/", $world, "/src/lib.rs")),
            rule: include_str!(concat!("../../../policies/", $world, "/src/rule.rs")),
            tests: include_str!(concat!("../../../policies/", $world, "/src/rule/tests.rs")),
            cases: include_str!(concat!("../../../policies/", $world, "/cases.json")),
        }
    };
}

const DEFAULTS: [Default; 7] = [
    default!("admission"),
    default!("extension"),
    default!("keys"),
    default!("offers"),
    default!("placement"),
    default!("restriction"),
    default!("tariff"),
];

/// A path below the project's folder, and what stands there.
type File = (&'static str, String);

/// Writes a project of this name into a new folder below `parent`.
pub fn write(parent: &Path, name: &str, world: &str, language: Language) -> Result<()> {
    check_name(name)?;
    let Some(default) = DEFAULTS.iter().find(|default| default.world == world) else {
        let known: Vec<_> = DEFAULTS.iter().map(|default| default.world).collect();
        bail!("there is no template for the world {world}: known are {}", known.join(", "));
    };
    let own = match language {
        Language::Rust => in_rust(name, default)?,
        Language::Javascript => javascript::files(name, world)?,
    };
    let common =
        [("wit/policy.wit", CONTRACT.to_owned()), ("cases.json", default.cases.to_owned())];
    let folder = parent.join(name);
    std::fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (path, text) in own.into_iter().chain(common) {
        let path = folder.join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn in_rust(name: &str, default: &Default) -> Result<Vec<File>> {
    Ok(vec![
        ("Cargo.toml", manifest(name, default.world)),
        ("README.md", readme(name, default.world)),
        (".gitignore", "/target\n".to_owned()),
        ("src/lib.rs", component(name, default)?),
        ("src/rule.rs", default.rule.to_owned()),
        ("src/rule/tests.rs", default.tests.to_owned()),
    ])
}

/// A crate's name that is also a folder's.
fn check_name(name: &str) -> Result<()> {
    let first = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    let rest = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    ensure!(
        first && rest && name.len() <= 64,
        "{name:?} can't be a policy's name: a lower-case letter, then lower-case letters, digits and dashes"
    );
    Ok(())
}

fn manifest(name: &str, world: &str) -> String {
    format!(
        r#"[package]
name = "{name}"
description = "A policy for Konf: {world}."
version = "0.1.0"
edition = "2024"
publish = false

[lib]
crate-type = ["cdylib", "rlib"]

[target.'cfg(target_family = "wasm")'.dependencies]
wit-bindgen = {{ version = "0.61", default-features = false, features = ["macros", "realloc"] }}

[profile.release]
opt-level = "s"
lto = true
strip = true

# Of its own, wherever it lies.
[workspace]
"#
    )
}

/// The default's, under the contract of the project.
fn component(name: &str, default: &Default) -> Result<String> {
    const THERE: &str = "../../../wit/policy.wit";
    let code = default.component.find("pub mod rule;").context("the default has no rule")?;
    let code = &default.component[code..];
    ensure!(code.contains(THERE), "the default names no contract");
    Ok(format!(
        "//! {name}: the rule is in [`rule`], plain Rust, tested by `cargo test`; the rest makes it a component and exists\n\
         //! only when compiling for wasm.\n\n{}",
        code.replace(THERE, "wit/policy.wit")
    ))
}

fn readme(name: &str, world: &str) -> String {
    let file = format!("target/wasm32-wasip2/release/{}.wasm", name.replace('-', "_"));
    format!(
        "# {name}\n\
         A policy for Konf, world `{world}`. Change `src/rule.rs`; `wit/policy.wit` says what it is asked and what it \
         answers, `cases.json` what it must answer.\n\n    \
         cargo test\n    \
         cargo build --release --target wasm32-wasip2\n    \
         konf policy check {file} --cases cases.json\n\n\
         {}",
        from_the_first_signature_on(name, world, &file)
    )
}

/// The life of a policy, whatever it is written in.
fn from_the_first_signature_on(name: &str, world: &str, file: &str) -> String {
    format!(
        "Once: `konf policy keygen --out my.key`. Then, with a version above the last:\n\n    \
         konf policy sign {file} --version 1 --cases cases.json --name NAME --key my.key --out {name}-1.policy\n    \
         konf policy push {name}-1.policy       # says what would have been different in the last days\n    \
         konf policy shadow {world} 1            # asked beside the active one, only compared\n    \
         konf policy canary {world} 1 --percent 5\n    \
         konf policy activate {world} 1\n    \
         konf policy rollback {world}\n"
    )
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::super::package::{Case, try_cases};
    use super::*;

    #[test]
    fn a_name_is_a_crates_and_a_folder_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        for bad in ["", "Tariff", "9lives", "../up", "a b", "-a"] {
            assert!(write(folder.path(), bad, "tariff", Language::Rust).is_err(), "{bad}");
        }
        assert!(
            write(folder.path(), "mine", "weather", Language::Rust)
                .unwrap_err()
                .to_string()
                .contains("admission, extension, keys, offers, placement, restriction, tariff")
        );
        write(folder.path(), "mine", "tariff", Language::Rust).unwrap();
        assert!(write(folder.path(), "mine", "tariff", Language::Rust).is_err());
    }

    /// What a developer does in the first five minutes.
    #[tokio::test]
    async fn a_new_project_builds_outside_the_workspace_and_answers_its_golden_cases() {
        let folder = tempfile::tempdir().unwrap();
        for world in DEFAULTS.iter().map(|default| default.world) {
            let name = format!("my-{world}");
            write(folder.path(), &name, world, Language::Rust).unwrap();
            let project = folder.path().join(&name);
            let built = Command::new(env!("CARGO"))
                .args(["build", "--quiet", "--release", "--target", "wasm32-wasip2"])
                .current_dir(&project)
                // Shared by the projects, so that their dependencies are built once.
                .env("CARGO_TARGET_DIR", folder.path().join("target"))
                .env_remove("RUSTFLAGS")
                .status()
                .unwrap();
            assert!(built.success());
            let file = format!("wasm32-wasip2/release/{}.wasm", name.replace('-', "_"));
            let component = std::fs::read(folder.path().join("target").join(file)).unwrap();
            let report = konf_host::check(&component, Some(world));
            assert!(report.faults.is_empty(), "{report:?}");
            let cases = std::fs::read(project.join("cases.json")).unwrap();
            let cases: Vec<Case> = serde_json::from_slice(&cases).unwrap();
            assert!(!cases.is_empty());
            let trial = konf_host::Bench::new().unwrap().trial(&component).unwrap();
            assert_eq!(try_cases(&trial, &cases).await, [""; 0]);
        }
    }
}
