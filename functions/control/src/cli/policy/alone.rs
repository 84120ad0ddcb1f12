//! What a developer does without a running control: new, check, keygen, sign.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use konf_host::{Bench, POLICY_BYTES_MAX, Report};

use super::{Packing, PolicyCommand, say};
use crate::policies::package::{Case, Package, SigningKey, try_cases};
use crate::policies::project::{self, Language};
use crate::policies::sense::senseless;

/// What needs neither a configuration nor a running control; `None` for everything else.
pub(in crate::cli) fn alone(command: &PolicyCommand) -> Option<Result<()>> {
    Some(match command {
        PolicyCommand::New { name, world, language } => new(name, world, *language),
        PolicyCommand::Check { file, world, cases } => {
            check(file, world.as_deref(), cases.as_deref())
        }
        PolicyCommand::Keygen { out } => keygen(out),
        PolicyCommand::Sign { file, packing, name, key, out } => {
            sign(file, packing, name, key, out)
        }
        _ => return None,
    })
}

fn new(name: &str, world: &str, language: Language) -> Result<()> {
    project::write(Path::new("."), name, world, language)?;
    let rule = match language {
        Language::Rust => "src/rule.rs",
        Language::Javascript => "policy.js",
    };
    say(&format!(
        "{name}/ is a policy that does what the default {world} does: change {name}/{rule}."
    ));
    say(&format!("{name}/README.md says how to build, check, sign and push it."));
    Ok(())
}

fn check(file: &Path, world: Option<&str>, cases: Option<&Path>) -> Result<()> {
    let component = read(file)?;
    let mut report = konf_host::check(&component, world);
    let cases = read_cases(cases)?;
    if report.faults.is_empty() {
        report.faults = ask(&component, &cases)?;
    }
    for line in lines(&report, cases.len()) {
        say(&line);
    }
    match report.faults.len() {
        0 => Ok(()),
        1 => bail!("one fault: it can't be a policy"),
        faults => bail!("{faults} faults: it can't be a policy"),
    }
}

fn ask(component: &[u8], cases: &[Case]) -> Result<Vec<String>> {
    let trial = Bench::new()?.trial(component)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(async {
        let mut faults = try_cases(&trial, cases).await;
        faults.extend(senseless(&trial).await);
        faults
    }))
}

pub(in crate::cli) fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

pub(super) fn read_cases(file: Option<&Path>) -> Result<Vec<Case>> {
    let Some(file) = file else { return Ok(Vec::new()) };
    serde_json::from_slice(&read(file)?)
        .with_context(|| format!("{} is no list of golden cases", file.display()))
}

fn lines(report: &Report, cases: usize) -> Vec<String> {
    let world = match report.world {
        Some(world) => format!("world {} ({})", world.name, world.interface),
        None => "no world".to_owned(),
    };
    let mut lines = vec![format!(
        "{}: {world}, {} of at most {POLICY_BYTES_MAX} bytes",
        report.digest, report.size_bytes
    )];
    if !report.inert.is_empty() {
        lines.push(format!(
            "It imports {} interfaces of its language's runtime: they do nothing here, and calling one ends the policy.",
            report.inert.len()
        ));
    }
    if !report.uncalled.is_empty() {
        lines.push(format!("It exports {}, which nobody calls.", report.uncalled.join(", ")));
    }
    lines.extend(report.faults.iter().cloned());
    if report.faults.is_empty() {
        lines.push(match cases {
            0 => "It fits.".to_owned(),
            1 => "It fits, and answers its golden case.".to_owned(),
            cases => format!("It fits, and answers its {cases} golden cases."),
        });
    }
    lines
}

fn keygen(out: &Path) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let (key, text) = SigningKey::generate()?;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(out)
        .with_context(|| format!("cannot make {}", out.display()))?;
    writeln!(file, "{text}")?;
    say(&format!("{} is the key: whoever has it can change what calls cost.", out.display()));
    say("In control's configuration, under [policies.keys], with a name of your choice:");
    say(&format!("NAME = \"{}\"", key.public()));
    Ok(())
}

fn sign(file: &Path, packing: &Packing, name: &str, key: &Path, out: &Path) -> Result<()> {
    let key = SigningKey::read(&String::from_utf8_lossy(&read(key)?))
        .with_context(|| key.display().to_string())?;
    let component = read(file)?;
    let cases = read_cases(packing.cases.as_deref())?;
    let package = pack(&component, packing.version, cases, Some((name, &key)))?;
    std::fs::write(out, serde_json::to_vec(&package)?)
        .with_context(|| format!("cannot write {}", out.display()))?;
    say(&format!("{} is signed by {name}; `konf policy push` takes it.", out.display()));
    Ok(())
}

pub(super) fn pack(
    component: &[u8],
    version: u32,
    cases: Vec<Case>,
    key: Option<(&str, &SigningKey)>,
) -> Result<Package> {
    let report = konf_host::check(component, None);
    ensure!(report.faults.is_empty(), "it can't be a policy. {}", report.faults.join(" "));
    let world = report.world.context("it has no world")?;
    Ok(Package::new(&world.name, version, component, cases, key)?)
}
