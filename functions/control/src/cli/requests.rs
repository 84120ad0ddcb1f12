//! `konf requests …`: what an operator does with orders beyond the standard and with free text.

use anyhow::{Context, Result};
use clap::Subcommand;
use serde_json::{Value, json};

use super::{Output, change, client, show, table};
use crate::config::Config;

#[derive(Subcommand)]
pub(super) enum RequestCommand {
    /// Requests that are done, the latest first
    Done(Output),
    /// One request, with its whole text and sender
    Show {
        /// As `konf requests` shows it
        id: String,
        #[command(flatten)]
        output: Output,
    },
    /// Write to whoever asked; the request is done with it
    Answer {
        /// As `konf requests` shows it
        id: String,
        /// What to write, in the language of the request
        #[arg(long, required_unless_present = "template", conflicts_with = "template")]
        text: Option<String>,
        /// A text that is there already; see `konf requests templates`
        #[arg(long)]
        template: Option<String>,
    },
    /// Texts that are there already
    Templates(Output),
    /// Book it and send the credentials; what is not given is as it was asked for
    Approve {
        /// As `konf requests` shows it
        id: String,
        /// Czech wall time, such as "2027-07-09 14:00"
        #[arg(long)]
        at: Option<String>,
        /// Up to 1440
        #[arg(long)]
        minutes: Option<u32>,
        /// Up to 500
        #[arg(long)]
        people: Option<u32>,
    },
    /// Tell whoever asked that it cannot be
    Decline {
        /// As `konf requests` shows it
        id: String,
        /// Why, as it is told, in the language of the request
        #[arg(long)]
        reason: String,
    },
    /// Note that a request has been dealt with; nothing is sent
    Close {
        /// As `konf requests` shows it
        id: String,
        /// What became of it
        #[arg(long)]
        note: String,
    },
}

pub(super) async fn run(command: &RequestCommand, config: &Config) -> Result<()> {
    match command {
        RequestCommand::Done(output) => {
            show(config, "requests/closed", table::REQUESTS_DONE, output).await
        }
        RequestCommand::Templates(output) => {
            show(config, "requests/templates", table::TEMPLATES, output).await
        }
        RequestCommand::Show { id, output } => {
            let value = client::get(config, &format!("/operator/v1/requests/{id}")).await?;
            if output.json {
                table::json(&value)
            } else {
                table::lines(table::REQUEST, &value)
            }
            Ok(())
        }
        RequestCommand::Answer { id, text, template } => {
            let text = match (text, template) {
                (Some(text), _) => text.clone(),
                (None, name) => {
                    template_text(config, id, name.as_deref().unwrap_or_default()).await?
                }
            };
            change(config, "requests/answer", json!({ "id": id, "text": text }), "Sent.").await
        }
        RequestCommand::Approve { id, at, minutes, people } => {
            let body = json!({ "id": id, "at": at, "minutes": minutes, "people": people });
            let done = client::post(config, "/operator/v1/requests/approve", &body).await?;
            let number = done["number"].as_str().unwrap_or_default();
            table::say(&format!("Booked as {number}; the credentials are on their way."));
            Ok(())
        }
        RequestCommand::Decline { id, reason } => {
            let body = json!({ "id": id, "reason": reason });
            change(config, "requests/decline", body, "Declined.").await
        }
        RequestCommand::Close { id, note } => {
            change(config, "requests/close", json!({ "id": id, "note": note }), "Closed.").await
        }
    }
}

/// In the language of the request.
async fn template_text(config: &Config, id: &str, name: &str) -> Result<String> {
    let request = client::get(config, &format!("/operator/v1/requests/{id}")).await?;
    let templates = client::get(config, "/operator/v1/requests/templates").await?;
    let all = templates.as_array().map(Vec::as_slice).unwrap_or_default();
    let found = all.iter().find(|template| template["name"] == name);
    let language = request["language"].as_str().unwrap_or("cs");
    let text = found.and_then(|template| template[language].as_str());
    text.map(str::to_owned).with_context(|| {
        let names: Vec<&str> =
            all.iter().filter_map(|template: &Value| template["name"].as_str()).collect();
        format!("there is no template {name:?}: known are {}", names.join(", "))
    })
}
