//! Binds to an SMSC as control does, says what comes in, sends a message where one is given: to try an account before
//! it is used, and to see how Konf gets on with other people's SMPP.
//!
//! `cargo run -p konf-control --example smpp -- HOST:PORT SYSTEM_ID PASSWORD FROM [TO TEXT]`, for ten seconds. It prints
//! what it gets, numbers and words included.
#![expect(clippy::print_stdout, reason = "a tool of the command line")]

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use konf_contract::Msisdn;
use konf_control::clock;
use konf_control::config::{Secret, Smpp};
use konf_control::smpp::codec::{Message, status};
use konf_control::smpp::inbound::{Inbound, understand};
use konf_control::smpp::{self, Inbox};
use tokio::sync::watch;

struct Printer;

impl Inbox for Printer {
    async fn take(&self, message: Message) -> u32 {
        match understand(&message, clock::now()) {
            Inbound::Message(message) => println!("message {:?}", message.text),
            Inbound::Part(part) => {
                let (text, number, total) = (&part.message.text, part.part, part.total);
                println!("part {number}/{total} of {}: {text:?}", part.reference);
            }
            Inbound::Report(report) => println!("report {report:?}"),
            Inbound::Nothing => println!("a receipt that is no end"),
            Inbound::Unreadable(why) => println!("unreadable: {why}"),
        }
        status::OK
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, system_id, password, from, rest @ ..] = &arguments[..] else {
        anyhow::bail!("expected HOST:PORT SYSTEM_ID PASSWORD FROM [TO TEXT]");
    };
    let (way_out, connector) = smpp::new(Smpp {
        address: address.clone(),
        system_id: system_id.clone(),
        password: Secret::new(password),
        from: from.clone(),
        tls: false,
        ca: None,
    });
    let (stop, stopping) = watch::channel(false);
    let running = tokio::spawn(connector.run(Arc::new(Printer), stopping));
    tokio::time::sleep(Duration::from_secs(2)).await;
    if let [to, text @ ..] = rest {
        let to = Msisdn::parse(to).context("TO is no telephone number")?;
        for text in text {
            println!("sent {:?}", way_out.send(&to, text).await);
        }
    }
    tokio::time::sleep(Duration::from_secs(8)).await;
    stop.send(true)?;
    running.await?;
    Ok(())
}
