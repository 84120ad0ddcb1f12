//! `konf dedicated …`: standing conferences of customers.

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::{Output, change, client, table};
use crate::config::Config;

#[derive(Subcommand)]
pub(super) enum DedicatedCommand {
    /// Reserve seats for a customer, under a number and a PIN that stay, and send the credentials
    Add(Box<Order>),
    /// Give back what is left of one; its customer hears it
    Cancel {
        /// As `konf dedicated` shows it
        id: String,
    },
}

#[derive(Args)]
pub(super) struct Order {
    /// What to call the customer
    #[arg(long)]
    customer: String,
    /// Where the credentials go: a telephone number or an e-mail address
    #[arg(long = "for")]
    sender: String,
    #[arg(long)]
    people: u32,
    /// First day, such as 2027-07-09
    #[arg(long)]
    from: String,
    /// Last day
    #[arg(long)]
    to: String,
    /// Days of the week; without them at any time
    #[arg(long, value_delimiter = ',', requires = "at", requires = "minutes")]
    days: Vec<Day>,
    /// Czech wall time of the start on each day, such as 14:00
    #[arg(long, requires = "days")]
    at: Option<String>,
    /// How long on each day
    #[arg(long, requires = "days")]
    minutes: Option<u32>,
    /// Of messages and prompts
    #[arg(long, default_value = "cs")]
    language: Tongue,
}

#[derive(Clone, Copy, ValueEnum)]
enum Day {
    Mon = 1,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

#[derive(Clone, Copy, ValueEnum)]
enum Tongue {
    Cs,
    En,
}

pub(super) async fn list(config: &Config, output: &Output) -> Result<()> {
    super::show(config, "dedicated", table::DEDICATED, output).await
}

pub(super) async fn run(command: &DedicatedCommand, config: &Config) -> Result<()> {
    match command {
        DedicatedCommand::Add(order) => {
            let days: Vec<u8> = order.days.iter().map(|day| *day as u8).collect();
            let language = match order.language {
                Tongue::Cs => "cs",
                Tongue::En => "en",
            };
            let body = json!({
                "customer": order.customer, "sender": order.sender, "language": language,
                "people": order.people, "from": order.from, "to": order.to, "days": days,
                "at": order.at, "minutes": order.minutes,
            });
            let done = client::post(config, "/operator/v1/dedicated", &body).await?;
            let number = done["number"].as_str().unwrap_or_default();
            table::say(&format!("Reserved as {number}; the credentials are on their way."));
            Ok(())
        }
        DedicatedCommand::Cancel { id } => {
            change(config, "dedicated/cancel", json!({ "id": id }), "Cancelled.").await
        }
    }
}
