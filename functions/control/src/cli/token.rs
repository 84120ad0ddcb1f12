//! `konf token …`: tokens of the REST API.

use anyhow::Result;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use serde_json::json;

use super::{Output, change, client, show, table};
use crate::config::Config;
use crate::rest::token::Scope;

#[derive(Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token; it is shown once
    Create {
        /// What it is for
        #[arg(long)]
        label: String,
        /// What it opens; may be given more than once
        #[arg(long = "scope", required = true, value_parser = PossibleValuesParser::new(Scope::ALL.map(|scope| scope.1)))]
        scopes: Vec<String>,
        /// A customer's telephone number or e-mail address: it sees the conferences of that customer only
        #[arg(long = "for")]
        owner: Option<String>,
        /// For how many days; without it until it is revoked
        #[arg(long)]
        days: Option<u32>,
        #[command(flatten)]
        output: Output,
    },
    /// The tokens, the latest first
    List(Output),
    /// Take a token back
    Revoke {
        /// As `konf token list` shows it
        id: String,
    },
}

pub(super) async fn run(command: &TokenCommand, config: &Config) -> Result<()> {
    match command {
        TokenCommand::Create { label, scopes, owner, days, output } => {
            let body = json!({ "label": label, "scopes": scopes, "owner": owner, "days": days });
            let made = client::post(config, "/operator/v1/tokens", &body).await?;
            if output.json {
                table::json(&made);
                return Ok(());
            }
            let of = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
            table::say(&of("token"));
            table::say(&format!(
                "Keep it: it is not shown again. Its id is {}; {}/api/v1/openapi.json says what it opens.",
                of("id"),
                config.public_url
            ));
            Ok(())
        }
        TokenCommand::List(output) => show(config, "tokens", table::TOKENS, output).await,
        TokenCommand::Revoke { id } => {
            change(config, "tokens/revoke", json!({ "id": id }), "Revoked.").await
        }
    }
}
