//! The command line of `konf`.

mod client;
mod dedicated;
mod doctor;
mod function;
mod live;
mod operator;
mod policy;
mod requests;
mod sms;
mod table;
mod token;
mod watch;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use serde_json::{Value, json};

use crate::config::Config;
use crate::{app, keys};

/// Conference calls on demand: control, its functions and its ledger.
#[derive(Parser)]
#[command(
    name = "konf",
    version,
    after_help = "A first look: `cargo xtask up` starts everything on this machine."
)]
struct Arguments {
    /// Configuration of control
    #[arg(long, global = true, default_value = "konf.toml", env = "KONF_CONFIG")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run control: functions, ledger, link to the edges, deliveries (until Ctrl-C or SIGTERM)
    Up,
    /// Check the configuration, the components and the keys, and say what is wrong
    Doctor,
    /// Bookings, the next first
    Bookings(Output),
    /// Rooms that are live now, with their callers
    Rooms {
        /// Drawn anew each second until Ctrl-C
        #[arg(long, conflicts_with = "json")]
        watch: bool,
        /// With addresses and what the phones report; needs more than 100 columns
        #[arg(long, requires = "watch")]
        wide: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Messages out: those that could not be delivered first, then the newest
    #[command(args_conflicts_with_subcommands = true)]
    Outbox {
        #[command(flatten)]
        output: Output,
        #[command(subcommand)]
        change: Option<OutboxChange>,
    },
    /// Requests that an operator has to handle, the first due first
    #[command(args_conflicts_with_subcommands = true)]
    Requests {
        #[command(flatten)]
        output: Output,
        #[command(subcommand)]
        what: Option<requests::RequestCommand>,
    },
    /// Standing conferences of customers
    #[command(args_conflicts_with_subcommands = true)]
    Dedicated {
        #[command(flatten)]
        output: Output,
        #[command(subcommand)]
        what: Option<dedicated::DedicatedCommand>,
    },
    /// Who signs in at the operators' desk
    #[command(subcommand)]
    Operator(operator::OperatorCommand),
    /// Tokens of the REST API
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Calls that came into no conference, and what they cost their callers
    Calls(Output),
    /// Media edges that are connected
    Edges(Output),
    /// What the calls of a conference cost
    Statement {
        /// Conference number
        number: String,
        #[command(flatten)]
        output: Output,
    },
    /// Keep a sender from ordering
    Restrict {
        /// Telephone number or e-mail address
        sender: String,
        /// Why; kept for the audit, not told to the sender
        #[arg(long)]
        reason: String,
        /// For how many days; without it until it is lifted
        #[arg(long)]
        days: Option<u32>,
    },
    /// Senders who may not order
    Restrictions(Output),
    /// Let a restricted sender order again
    Unrestrict {
        /// Telephone number or e-mail address
        sender: String,
    },
    /// Order as a gateway would: send a signed message to the running control
    Sms {
        /// Text of the message, such as "konf 0907 1400 60 10"
        text: String,
        /// Who sends it
        #[arg(long, default_value = "+420606123456")]
        from: String,
        /// The gateway's id of the message; the same id again is the same message
        #[arg(long)]
        id: Option<String>,
    },
    /// Make development keys for the control link (an authority, control's and the edges' certificates)
    Keys {
        /// Folder to write to; a folder that has all of them is left as it is
        #[arg(long)]
        dir: PathBuf,
        /// Names of the edges
        #[arg(long = "edge", default_value = "edge-1")]
        edges: Vec<String>,
    },
    /// Policies: the rules that developers swap while calls go on
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Functions: components that are swapped while requests go on
    #[command(subcommand)]
    Function(function::FunctionCommand),
}

#[derive(Subcommand)]
enum OutboxChange {
    /// Try a dead letter again
    Retry {
        /// As `konf outbox` shows it
        id: String,
    },
    /// Give up a message that waits or is a dead letter
    Drop {
        /// As `konf outbox` shows it
        id: String,
    },
}

#[derive(Args)]
struct Output {
    /// JSON for programs
    #[arg(long)]
    json: bool,
}

pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    match execute(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "a command line speaks to a person")]
fn complain(error: &anyhow::Error) {
    eprintln!("konf: {error:#}");
}

fn execute(arguments: &Arguments) -> Result<()> {
    if let Command::Keys { dir, edges } = &arguments.command {
        return keys::make(dir, edges);
    }
    if let Command::Policy(command) = &arguments.command
        && let Some(done) = policy::alone(command)
    {
        return done;
    }
    if let Command::Function(command) = &arguments.command
        && let Some(done) = function::alone(command)
    {
        return done;
    }
    let config = Config::load(&arguments.config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start threads")?;
    runtime.block_on(command(&arguments.command, config, &arguments.config))
}

async fn command(command: &Command, config: Config, path: &Path) -> Result<()> {
    match command {
        Command::Up => app::run(config).await,
        Command::Doctor => doctor::run(config, path).await,
        Command::Bookings(output) => show(&config, "bookings", table::BOOKINGS, output).await,
        Command::Rooms { watch: true, wide, .. } => watch::rooms(&config, *wide).await,
        Command::Rooms { output, .. } => show(&config, "rooms", table::ROOMS, output).await,
        Command::Outbox { output, change: None } => {
            show(&config, "outbox", table::OUTBOX, output).await
        }
        Command::Outbox { change: Some(OutboxChange::Retry { id }), .. } => {
            change(&config, "outbox/retry", json!({ "id": id }), "It will be tried again.").await
        }
        Command::Outbox { change: Some(OutboxChange::Drop { id }), .. } => {
            change(&config, "outbox/drop", json!({ "id": id }), "Dropped.").await
        }
        Command::Requests { output, what: None } => {
            show(&config, "requests", table::REQUESTS, output).await
        }
        Command::Requests { what: Some(what), .. } => requests::run(what, &config).await,
        Command::Dedicated { output, what: None } => dedicated::list(&config, output).await,
        Command::Dedicated { what: Some(what), .. } => dedicated::run(what, &config).await,
        Command::Operator(what) => operator::run(what, &config).await,
        Command::Token(what) => token::run(what, &config).await,
        Command::Calls(output) => show(&config, "calls", table::CALLS, output).await,
        Command::Restrictions(output) => {
            show(&config, "restrictions", table::RESTRICTIONS, output).await
        }
        Command::Edges(output) => show(&config, "edges", table::EDGES, output).await,
        Command::Statement { number, output } => statement(&config, number, output).await,
        Command::Restrict { sender, reason, days } => {
            let body = json!({ "sender": sender, "reason": reason, "days": days });
            change(&config, "restrictions", body, "Restricted.").await
        }
        Command::Unrestrict { sender } => {
            change(&config, "restrictions/lift", json!({ "sender": sender }), "Lifted.").await
        }
        Command::Sms { text, from, id } => sms::send(&config, from, text, id.as_deref()).await,
        Command::Policy(command) => policy::run(command, &config).await,
        Command::Function(command) => function::run(command, &config).await,
        Command::Keys { .. } => Ok(()),
    }
}

async fn change(config: &Config, what: &str, body: Value, done: &str) -> Result<()> {
    client::post(config, &format!("/operator/v1/{what}"), &body).await?;
    table::say(done);
    Ok(())
}

async fn show(
    config: &Config,
    what: &str,
    columns: &[table::Column],
    output: &Output,
) -> Result<()> {
    let value = client::get(config, &format!("/operator/v1/{what}")).await?;
    if output.json {
        table::json(&value)
    } else {
        table::print(columns, &value)
    }
    Ok(())
}

async fn statement(config: &Config, number: &str, output: &Output) -> Result<()> {
    let number = konf_contract::ConferenceNumber::new(number).context("the conference number")?;
    let value = client::get(config, &format!("/statements/{number}")).await?;
    if output.json {
        table::json(&value)
    } else {
        table::statement(&value)
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_can_be_written_and_says_what_it_is_for() {
        Arguments::command().debug_assert();
        for line in [
            "konf rooms --watch --wide",
            "konf outbox",
            "konf outbox --json",
            "konf outbox retry out-1",
            "konf outbox drop out-1",
            "konf requests",
            "konf requests done --json",
            "konf requests show request-1",
            "konf requests answer request-1 --template when",
            "konf requests approve request-1",
            "konf requests decline request-1 --reason plno",
            "konf requests close request-1 --note answered",
            "konf dedicated",
            "konf dedicated add --customer Firma --for +420606123456 --people 20 --from 2027-07-09 --to 2027-08-09",
            "konf dedicated add --customer F --for a@b.cz --people 20 --from 2027-07-09 --to 2027-08-09 --days mon,wed --at 9:30 --minutes 90 --language en",
            "konf dedicated cancel dedicated-1",
            "konf operator add jana --role admin",
            "konf operator remove jana",
            "konf operator list --json",
            "konf operator audit",
            "konf token create --label shop --scope conferences:read --scope conferences:write --for a@b.cz --days 90 --json",
            "konf token list",
            "konf token revoke token-1",
            "konf calls --json",
            "konf restrictions",
            "konf policy check my_tariff.wasm --world tariff --cases cases.json",
            "konf policy sign a.wasm --version 2 --name jana --key jana.key --out a.policy",
            "konf policy push a.policy",
            "konf policy push a.wasm --version 2",
            "konf policy canary tariff 2 --percent 5 --differences-max 20 --note why",
            "konf policy rollback tariff",
            "konf function push order order.wasm --version 2",
            "konf function list --json",
            "konf policy log --conference 123456 --json",
            "konf policy explain edge-1/boot/7",
        ] {
            assert!(Arguments::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
        for line in [
            "konf rooms --wide",
            "konf outbox retry",
            "konf requests close request-1",
            "konf requests answer request-1",
            "konf requests answer request-1 --template when --text x",
            "konf dedicated add --customer F --for a@b.cz --people 20 --from x --to y --days mon",
            "konf operator add jana",
            "konf operator add jana --role admin --password x",
            "konf outbox --json drop x",
            "konf token create --label shop",
            "konf token create --label shop --scope everything",
        ] {
            assert!(Arguments::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
        assert!(
            Arguments::command().get_subcommands().all(|command| command.get_about().is_some())
        );
    }
}
