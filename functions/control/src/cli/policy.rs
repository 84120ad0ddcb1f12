//! `konf policy …`: the life of a policy.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};
use konf_host::{Bench, POLICY_BYTES_MAX, Report};
use serde_json::{Value, json};

use super::table::{self, say};
use super::{Output, client};
use crate::config::Config;
use crate::policies::package::{Case, Package, SigningKey, try_cases};
use crate::policies::project;

#[derive(Subcommand)]
pub(super) enum PolicyCommand {
    /// Make a project for a new policy: the default of its world, ready to be changed, built and tested
    New {
        /// Its name, and that of the folder to make
        name: String,
        /// Such as tariff
        #[arg(long)]
        world: String,
    },
    /// Say what a component lacks, or has too much of, to be a policy; needs no running control
    Check {
        /// The component, such as target/wasm32-wasip2/release/my_tariff.wasm
        file: PathBuf,
        /// The world that it is meant for; without it the component's exports decide
        #[arg(long)]
        world: Option<String>,
        /// Golden cases to ask it: JSON, a list of {"name", "input", "output"}
        #[arg(long)]
        cases: Option<PathBuf>,
    },
    /// Make a key to sign policies with, and print the line that control's configuration needs
    Keygen {
        /// The file to write; only its owner can read it
        #[arg(long)]
        out: PathBuf,
    },
    /// Pack and sign a component; needs no running control
    Sign {
        /// The component
        file: PathBuf,
        #[command(flatten)]
        packing: Packing,
        /// The key's name in control's configuration
        #[arg(long)]
        name: String,
        /// The key, as `konf policy keygen` wrote it
        #[arg(long)]
        key: PathBuf,
        /// The package to write
        #[arg(long)]
        out: PathBuf,
    },
    /// Store a policy, after all its checks; it decides nothing yet
    Push {
        /// A package of `konf policy sign`; or a component, where control takes unsigned policies
        file: PathBuf,
        #[command(flatten)]
        packing: Unsigned,
    },
    /// Policies and how they did since they were loaded
    List(Output),
    /// Let a policy decide from now on
    Activate(Which),
    /// Ask a policy beside the active one, and only compare
    Shadow(Which),
    /// Let a policy decide for a share of the conferences
    Canary {
        #[command(flatten)]
        which: Which,
        /// Conferences in a hundred
        #[arg(long, default_value_t = 10)]
        percent: u32,
        /// Decisions in a hundred that may differ from the active policy's before it is rolled back
        #[arg(long)]
        differences_max: Option<u32>,
    },
    /// End a shadow or a canary
    Withdraw(Which),
    /// Go back to the last good policy, or to the default
    Rollback {
        /// Such as tariff
        world: String,
        /// Why
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Try a policy on what really happened
    Replay {
        /// Such as tariff
        world: String,
        /// Its version; 0 is the default
        version: u32,
        /// How far to look back
        #[arg(long, default_value_t = 7)]
        days: u32,
        #[command(flatten)]
        output: Output,
    },
    /// What policies were asked and answered, the latest first
    Log {
        /// Conference number
        #[arg(long)]
        conference: Option<String>,
        /// Such as tariff
        #[arg(long)]
        world: Option<String>,
        /// How many
        #[arg(long, default_value_t = 50)]
        lines: u32,
        #[command(flatten)]
        output: Output,
    },
    /// Why a decision is what it is, asked again with the very component that decided
    Explain {
        /// Its number in `konf policy log`, or a leg's record: edge/boot/sequence
        record: String,
        #[command(flatten)]
        output: Output,
    },
    /// Who changed which policy, when and why
    Audit(Output),
}

#[derive(Args)]
pub(super) struct Packing {
    /// Above that of every earlier policy of its world
    #[arg(long)]
    version: u32,
    /// Golden cases: JSON, a list of {"name", "input", "output"}
    #[arg(long)]
    cases: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct Unsigned {
    /// Of a component: above that of every earlier policy of its world
    #[arg(long)]
    version: Option<u32>,
    /// Of a component: golden cases
    #[arg(long)]
    cases: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct Which {
    /// Such as tariff
    world: String,
    /// As `konf policy list` shows it
    version: u32,
    /// Why
    #[arg(long, default_value = "")]
    note: String,
}

// ── without control ─────────────────────────────────────────────────────────────────────────────────────────────────

/// What needs neither a configuration nor a running control; `None` for everything else.
pub(super) fn alone(command: &PolicyCommand) -> Option<Result<()>> {
    Some(match command {
        PolicyCommand::New { name, world } => new(name, world),
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

fn new(name: &str, world: &str) -> Result<()> {
    project::write(Path::new("."), name, world)?;
    say(&format!(
        "{name}/ is a policy that does what the default {world} does: change {name}/src/rule.rs."
    ));
    say(&format!("{name}/README.md says how to build, check, sign and push it."));
    Ok(())
}

fn check(file: &Path, world: Option<&str>, cases: Option<&Path>) -> Result<()> {
    let component = read(file)?;
    let mut report = konf_host::check(&component, world);
    let cases = read_cases(cases)?;
    if report.faults.is_empty() && !cases.is_empty() {
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
    Ok(runtime.block_on(try_cases(&trial, cases)))
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

fn read_cases(file: Option<&Path>) -> Result<Vec<Case>> {
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

fn pack(
    component: &[u8],
    version: u32,
    cases: Vec<Case>,
    key: Option<(&str, &SigningKey)>,
) -> Result<Package> {
    let report = konf_host::check(component, None);
    ensure!(report.faults.is_empty(), "it can't be a policy. {}", report.faults.join(" "));
    let world = report.world.context("it has no world")?;
    Ok(Package::new(world, version, component, cases, key)?)
}

// ── with control ────────────────────────────────────────────────────────────────────────────────────────────────────

pub(super) async fn run(command: &PolicyCommand, config: &Config) -> Result<()> {
    match command {
        PolicyCommand::Push { file, packing } => push(config, file, packing).await,
        PolicyCommand::List(output) => show(config, "policies", table::POLICIES, output).await,
        PolicyCommand::Audit(output) => {
            show(config, "policies/audit", table::POLICY_AUDIT, output).await
        }
        PolicyCommand::Activate(which) => {
            post_move(config, "activate", which, json!({})).await?;
            say("It decides from now on; `konf policy rollback` takes it back.");
            Ok(())
        }
        PolicyCommand::Shadow(which) => {
            post_move(config, "shadow", which, json!({})).await?;
            say("It is asked beside the active one; `konf policy list` shows where it differs.");
            Ok(())
        }
        PolicyCommand::Canary { which, percent, differences_max } => {
            let more = json!({ "percent": percent, "differences_max": differences_max });
            post_move(config, "canary", which, more).await?;
            say(&format!(
                "It decides for {percent} conferences in a hundred, from their first caller to their bill."
            ));
            Ok(())
        }
        PolicyCommand::Withdraw(which) => {
            post_move(config, "withdraw", which, json!({})).await?;
            say("Withdrawn; conferences that it admitted stay on it.");
            Ok(())
        }
        PolicyCommand::Rollback { world, note } => {
            let body = json!({ "world": world, "note": note });
            let answer = post(config, "rollback", &body).await?;
            say(&format!("Version {} was rolled back.", answer["version"]));
            Ok(())
        }
        PolicyCommand::Replay { world, version, days, output } => {
            let body = json!({ "world": world, "version": version, "days": days });
            let answer = post(config, "replay", &body).await?;
            if output.json {
                table::json(&answer)
            } else {
                tell_replay(&answer)
            }
            Ok(())
        }
        PolicyCommand::Log { conference, world, lines, output } => {
            let mut query = format!("policies/log?limit={lines}");
            for (name, value) in [("conference", conference), ("world", world)] {
                if let Some(value) = value {
                    query += &format!("&{name}={}", encoded(value));
                }
            }
            show(config, &query, table::POLICY_LOG, output).await
        }
        PolicyCommand::Explain { record, output } => {
            let path = format!("/operator/v1/policies/explain?record={}", encoded(record));
            let answer = client::get(config, &path).await?;
            if output.json {
                table::json(&answer)
            } else {
                tell(&answer["said"])
            }
            Ok(())
        }
        PolicyCommand::New { .. }
        | PolicyCommand::Check { .. }
        | PolicyCommand::Keygen { .. }
        | PolicyCommand::Sign { .. } => Ok(()),
    }
}

async fn push(config: &Config, file: &Path, packing: &Unsigned) -> Result<()> {
    let bytes = read(file)?;
    let package = if bytes.starts_with(b"\0asm") {
        let version =
            packing.version.context("a component has no version of its own: add --version")?;
        pack(&bytes, version, read_cases(packing.cases.as_deref())?, None)?
    } else {
        ensure!(
            packing.version.is_none() && packing.cases.is_none(),
            "a package has its version and its cases in its manifest"
        );
        serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is neither a component nor a package", file.display()))?
    };
    let answer = post(config, "push", &serde_json::to_value(&package)?).await?;
    let text = |field: &str| answer[field].as_str().unwrap_or_default().to_owned();
    say(&format!(
        "{} version {} is stored ({}).",
        text("world"),
        answer["version"],
        text("digest")
    ));
    match answer["cases"].as_u64() {
        None | Some(0) => say("It has no golden cases."),
        Some(cases) => say(&format!("It answers its golden cases ({cases}).")),
    }
    tell_replay(&answer["replay"]);
    Ok(())
}

fn tell_replay(replayed: &Value) {
    say(replayed["said"].as_str().unwrap_or_default());
    for example in replayed["examples"].as_array().into_iter().flatten() {
        say(&format!("  {}: {} instead of {}", example["seq"], example["now"], example["before"]));
    }
}

fn tell(sentences: &Value) {
    for sentence in sentences.as_array().into_iter().flatten() {
        say(sentence.as_str().unwrap_or_default());
    }
}

async fn show(
    config: &Config,
    what: &str,
    columns: &[table::Column],
    output: &Output,
) -> Result<()> {
    super::show(config, what, columns, output).await
}

async fn post_move(config: &Config, what: &str, which: &Which, more: Value) -> Result<Value> {
    let mut body = json!({ "world": which.world, "version": which.version, "note": which.note });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    post(config, what, &body).await
}

async fn post(config: &Config, what: &str, body: &Value) -> Result<Value> {
    client::post(config, &format!("/operator/v1/policies/{what}"), body).await
}

/// For a query (RFC 3986, section 2.3: unreserved characters, and the slash, stay).
fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
