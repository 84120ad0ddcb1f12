//! `konf policy …`: the life of a policy.

mod alone;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

pub(super) use alone::{alone, read};
use alone::{pack, read_cases};

use super::table::{self, say};
use super::{Output, client};
use crate::config::Config;
use crate::policies::project::Language;

#[derive(Subcommand)]
pub(super) enum PolicyCommand {
    /// Make a project for a new policy: the default of its world, ready to be changed, built and tested
    New {
        /// Its name, and that of the folder to make
        name: String,
        /// Such as tariff
        #[arg(long)]
        world: String,
        /// What it is written in
        #[arg(long, value_enum, default_value_t = Language::Rust)]
        language: Language,
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
