//! `konf function …`: functions that are swapped while requests go on.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use serde_json::json;

use super::policy::read;
use super::table::{self, say};
use super::{Output, client};
use crate::config::Config;
use crate::policies::package::{Manifest, Package, SigningKey};
use crate::policies::world_of_function;

#[derive(Subcommand)]
pub(super) enum FunctionCommand {
    /// Functions, what they work on, and what is still leaving
    List(Output),
    /// Pack and sign a component; needs no running control
    Sign {
        /// The function that it is for, such as order
        name: String,
        /// The component
        file: PathBuf,
        /// Above that of every earlier one for this function
        #[arg(long)]
        version: u32,
        /// The key's name in control's configuration
        #[arg(long)]
        signer: String,
        /// The key, as `konf policy keygen` wrote it
        #[arg(long)]
        key: PathBuf,
        /// The package to write
        #[arg(long)]
        out: PathBuf,
    },
    /// Check a component and put it in the place of a function; requests in flight end on the old one
    Push {
        /// The function, such as order
        name: String,
        /// A package of `konf function sign`; or a component, where control takes unsigned ones
        file: PathBuf,
        /// Of a component: above that of every earlier one for this function
        #[arg(long)]
        version: Option<u32>,
    },
    /// Go back to the one before, or to the one of spin.toml
    Rollback {
        /// The function, such as order
        name: String,
        /// Why
        #[arg(long, default_value = "")]
        note: String,
    },
}

/// What needs neither a configuration nor a running control; `None` for everything else.
pub(super) fn alone(command: &FunctionCommand) -> Option<Result<()>> {
    match command {
        FunctionCommand::Sign { name, file, version, signer, key, out } => {
            Some(sign(&world_of_function(name), file, *version, (signer, key), out))
        }
        _ => None,
    }
}

fn sign(
    world: &str,
    file: &Path,
    version: u32,
    (signer, key): (&str, &Path),
    out: &Path,
) -> Result<()> {
    let key = SigningKey::read(&String::from_utf8_lossy(&read(key)?))
        .with_context(|| key.display().to_string())?;
    let package = Package::new(world, version, &read(file)?, Vec::new(), Some((signer, &key)))?;
    std::fs::write(out, serde_json::to_vec(&package)?)
        .with_context(|| format!("cannot write {}", out.display()))?;
    say(&format!("{} is signed by {signer}; `konf function push` takes it.", out.display()));
    Ok(())
}

pub(super) async fn run(command: &FunctionCommand, config: &Config) -> Result<()> {
    match command {
        FunctionCommand::List(output) => {
            super::show(config, "functions", table::FUNCTIONS, output).await
        }
        FunctionCommand::Push { name, file, version } => push(config, name, file, *version).await,
        FunctionCommand::Rollback { name, note } => {
            let body = json!({ "name": name, "note": note });
            let answer = client::post(config, "/operator/v1/functions/rollback", &body).await?;
            say(&format!("Version {} was taken back.", answer["version"]));
            Ok(())
        }
        FunctionCommand::Sign { .. } => Ok(()),
    }
}

async fn push(config: &Config, name: &str, file: &Path, version: Option<u32>) -> Result<()> {
    let bytes = read(file)?;
    let world = world_of_function(name);
    let package = if bytes.starts_with(b"\0asm") {
        let version = version.context("a component has no version of its own: add --version")?;
        Package::new(&world, version, &bytes, Vec::new(), None)?
    } else {
        ensure!(version.is_none(), "a package has its version in its manifest");
        serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is neither a component nor a package", file.display()))?
    };
    let manifest: Manifest =
        serde_json::from_str(&package.manifest).context("the package's manifest")?;
    ensure!(manifest.world == world, "the package is for {}, not for {world}", manifest.world);
    let body = serde_json::to_value(&package)?;
    let answer = client::post(config, "/operator/v1/functions/push", &body).await?;
    let digest = answer["digest"].as_str().unwrap_or_default();
    say(&format!(
        "{name} is version {} now ({digest}); `konf function list` shows what is leaving.",
        answer["version"]
    ));
    Ok(())
}
