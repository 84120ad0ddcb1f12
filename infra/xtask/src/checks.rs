//! The invariants of ARCHITECTURE.md that a text can be searched for.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::root;

/// A library with one home: only this crate may depend on it.
const HOMES: [(&str, &str); 5] = [
    ("sqlx", "functions/ledger"),
    ("wasmtime", "functions/host"),
    ("sdp-types", "edge/sip"),
    ("rtp-types", "edge/media"),
    ("opus", "edge/media"),
];

/// Crates that read no clock, open no socket, start no thread and draw no randomness of their own.
const PURE: [&str; 12] = [
    "wit/contract",
    "functions/api",
    "edge/media",
    "edge/switchboard",
    "edge/sip",
    "functions/policies/tariff",
    "functions/policies/admission",
    "functions/policies/extension",
    "functions/policies/offers",
    "functions/policies/restriction",
    "functions/policies/placement",
    "functions/policies/keys",
];

/// What a pure crate does not say outside its tests.
const IMPURE: [&str; 10] = [
    "Instant::now",
    "SystemTime::now",
    "std::thread",
    "std::net::UdpSocket",
    "std::net::TcpStream",
    "tokio::",
    "async fn",
    "rand::rng(",
    "from_os_rng",
    "std::env",
];

/// Words that open something; none may have a `Display`.
const SECRETS: [&str; 10] = [
    "Pin",
    "Password",
    "OneTimeCode",
    "WebToken",
    "Msisdn",
    "KeyedCredentials",
    "Secret",
    "SrtpKey",
    "SrtpKeys",
    "Seed",
];

pub(crate) fn run() -> Result<()> {
    let crates = crates()?;
    let mut faults = Vec::new();
    for member in &crates {
        let manifest: toml::Table =
            fs::read_to_string(root().join(member).join("Cargo.toml"))?.parse()?;
        faults.extend(dependencies(member, &manifest));
    }
    for member in PURE {
        faults.extend(sources(member)?.iter().flat_map(|(path, text)| impure(path, text)));
    }
    for member in &crates {
        faults.extend(sources(member)?.iter().flat_map(|(path, text)| printed_secrets(path, text)));
    }
    if !faults.is_empty() {
        bail!("invariants are broken:\n  {}", faults.join("\n  "));
    }
    Ok(())
}

fn crates() -> Result<Vec<String>> {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml"))?.parse()?;
    let members = manifest["workspace"]["members"].as_array().context("no workspace.members")?;
    Ok(members.iter().filter_map(|member| member.as_str().map(str::to_owned)).collect())
}

fn dependencies(member: &str, manifest: &toml::Table) -> Vec<String> {
    let tables = ["dependencies", "build-dependencies"]
        .iter()
        .filter_map(|name| manifest.get(*name)?.as_table());
    let names: Vec<_> = tables.flat_map(|table| table.keys().map(String::as_str)).collect();
    let homeless =
        HOMES.iter().filter(|(library, home)| names.contains(library) && member != *home);
    let mut faults: Vec<_> = homeless
        .map(|(library, home)| format!("{member} depends on {library}, whose home is {home}"))
        .collect();
    let other = if member.starts_with("edge/") { &FUNCTIONS[..] } else { &EDGE[..] };
    if member.starts_with("edge/") || member.starts_with("functions/") {
        let crossed = names.iter().filter(|name| other.contains(name));
        faults
            .extend(crossed.map(|name| {
                format!("{member} names {name}: functions and edge meet only in wit/")
            }));
    }
    faults
}

const FUNCTIONS: [&str; 9] = [
    "konf-api",
    "konf-ledger",
    "konf-host",
    "konf-control",
    "konf-order",
    "konf-schedule",
    "konf-credentials",
    "konf-billing",
    "konf-portal",
];
const EDGE: [&str; 5] = ["konf-media", "konf-switchboard", "konf-sip", "konf-prompts", "konf-edge"];

/// The Rust files under a crate's `src`, tests left out.
fn sources(member: &str) -> Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    let mut folders: Vec<_> =
        [root().join(member).join("src")].into_iter().filter(|folder| folder.exists()).collect();
    while let Some(folder) = folders.pop() {
        for entry in
            fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?
        {
            let path = entry?.path();
            if path.is_dir() {
                if path.file_name() != Some("tests".as_ref()) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|end| end == "rs")
                && path.file_stem() != Some("tests".as_ref())
            {
                let text = fs::read_to_string(&path)?;
                let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
                found.push((path, code));
            }
        }
    }
    Ok(found)
}

fn impure(path: &Path, text: &str) -> Vec<String> {
    let code = |line: &&str| !line.trim_start().starts_with("//");
    let said = |word: &&&str| text.lines().filter(code).any(|line| line.contains(**word));
    IMPURE
        .iter()
        .filter(said)
        .map(|word| format!("{} says `{word}`: time and I/O are arguments", path.display()))
        .collect()
}

fn printed_secrets(path: &Path, text: &str) -> Vec<String> {
    let shown = |word: &&&str| {
        ["fmt::Display for", "Display for"].iter().any(|how| {
            text.lines()
                .any(|line| line.contains("impl") && line.contains(&format!("{how} {word} ")))
        })
    };
    SECRETS.iter().filter(shown).map(|word| format!("{} prints {word}", path.display())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_in_a_pure_crate_is_found_but_not_in_its_comments() {
        assert_eq!(impure(Path::new("a.rs"), "// Instant::now\nlet t = Instant::now();").len(), 1);
        assert!(impure(Path::new("a.rs"), "// Instant::now").is_empty());
    }

    #[test]
    fn a_library_away_from_home_is_found() {
        let manifest: toml::Table =
            "[dependencies]\nsqlx = \"1\"\nkonf-media = \"1\"".parse().unwrap();
        assert_eq!(dependencies("functions/control", &manifest).len(), 2);
        assert!(
            dependencies("functions/ledger", &"[dependencies]\nsqlx = \"1\"".parse().unwrap())
                .is_empty()
        );
    }

    #[test]
    fn a_secret_with_a_display_is_found() {
        assert_eq!(printed_secrets(Path::new("a.rs"), "impl fmt::Display for Pin {").len(), 1);
    }
}
