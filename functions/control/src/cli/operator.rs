//! `konf operator …`: who signs in at the desk.

use std::io::{BufRead, IsTerminal, Read};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::{Subcommand, ValueEnum};
use serde_json::json;

use super::{Output, change, show, table};
use crate::accounts::PASSWORD_BYTES_MAX;
use crate::config::Config;

#[derive(Subcommand)]
pub(super) enum OperatorCommand {
    /// Add an account, or give one a new role and password; the password is read from standard input
    Add {
        /// 2 to 32 of a-z, 0-9, '.', '-' and '_', a letter first
        name: String,
        /// What the account may do
        #[arg(long)]
        role: Role,
    },
    /// Take an account away and end its sessions
    Remove {
        /// As the list says it; `oidc:` and a name for who comes by the company's directory
        name: String,
    },
    /// The accounts
    List(Output),
    /// What operators did, the latest first
    Audit(Output),
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Role {
    /// Looks
    Viewer,
    /// Handles requests, restricts, sends again, sees whole numbers
    Operator,
    /// Also says who may sign in
    Admin,
}

pub(super) async fn run(command: &OperatorCommand, config: &Config) -> Result<()> {
    match command {
        OperatorCommand::Add { name, role } => {
            let role = match role {
                Role::Viewer => "viewer",
                Role::Operator => "operator",
                Role::Admin => "admin",
            };
            let body = json!({ "name": name, "role": role, "password": password()? });
            let done = format!("{name} may sign in at {}/desk", config.public_url);
            change(config, "operators", body, &done).await
        }
        OperatorCommand::Remove { name } => {
            change(config, "operators/remove", json!({ "name": name }), "Removed.").await
        }
        OperatorCommand::List(output) => show(config, "operators", table::OPERATORS, output).await,
        OperatorCommand::Audit(output) => show(config, "audit", table::AUDIT, output).await,
    }
}

/// One line, without its end; not shown where a person types it. Never an argument, which others can see.
fn password() -> Result<String> {
    let typed = std::io::stdin().is_terminal();
    if typed {
        table::say("Password (12 characters at least), then Enter:");
        echo(false);
    }
    let mut line = String::new();
    // One byte more than is taken, so that a longer one is told and not cut.
    let limit = PASSWORD_BYTES_MAX as u64 + 3;
    let read = std::io::stdin().lock().take(limit).read_line(&mut line);
    if typed {
        echo(true);
    }
    read.context("the password could not be read from standard input")?;
    let password = line.trim_end_matches(['\r', '\n']);
    ensure!(!password.is_empty(), "no password came by standard input");
    Ok(password.to_owned())
}

/// Best effort: without `stty` what is typed shows.
fn echo(on: bool) {
    let _ = Command::new("stty").arg(if on { "echo" } else { "-echo" }).status();
}
