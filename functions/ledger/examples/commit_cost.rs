//! How long a booking takes from proposal to durable answer: `cargo run -p konf-ledger --example commit_cost [FOLDER]`.
//!
//! Prints the median and the 99th percentile of one order after another, and the rate with 32 at once. The folder decides
//! which disk is measured; a temporary one by default.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use konf_api::ledger::*;
use konf_contract::*;
use konf_ledger::{EdgeSeats, Ledger, Settings};

const ORDERS: u32 = 1_000;
const START_MINUTE: i64 = 30_240_480;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = std::env::args_os().nth(1).map_or(folder.path().to_owned(), Into::into);
    let ledger = open(&path.join("commit-cost.db")).await?;
    let mut took_us = Vec::new();
    for order in 0..ORDERS {
        took_us.push(book(&ledger, order).await?);
    }
    took_us.sort_unstable();
    println!("one after another: p50 {} µs, p99 {} µs", took_us[500], took_us[990]);

    let begun = now();
    let orders: Vec<_> = (0..32)
        .map(|task| {
            let ledger = ledger.clone();
            tokio::spawn(async move {
                for order in 0..ORDERS / 32 {
                    book(&ledger, ORDERS + task * ORDERS + order).await?;
                }
                Ok::<_, konf_ledger::LedgerError>(())
            })
        })
        .collect();
    for order in orders {
        order.await??;
    }
    let rate = f64::from(ORDERS / 32 * 32) / begun.elapsed().as_secs_f64();
    println!("32 at once: {rate:.0} orders/s");
    Ok(())
}

async fn open(path: &Path) -> Result<Ledger, konf_ledger::OpenError> {
    let clock = Arc::new(|| UnixMs::from_minutes(START_MINUTE));
    let edges = vec![EdgeSeats { name: "edge-1".to_owned(), seats: 1_000_000, labels: Vec::new() }];
    let mut settings = Settings::new("measured", clock, edges);
    settings.budget = konf_ledger::Budget { per_recipient: u32::MAX, total: u32::MAX };
    Ledger::open(path, settings).await
}

/// An order as `schedule` makes it: message in, facts, commit with the credentials' message. Microseconds.
async fn book(ledger: &Ledger, order: u32) -> Result<u128, konf_ledger::LedgerError> {
    let begun = now();
    let sender = Sender::Email(format!("{order}@example.cz"));
    let message = InboundMessage {
        gateway: "measured".to_owned(),
        gateway_id: Some(order.to_string()),
        sender: sender.clone(),
        recipient: "order@example.cz".to_owned(),
        text: "konf 0907 1400 60 10".to_owned(),
        mail: None,
    };
    let stored = ledger.inbound(&message).await?;
    let start = START_MINUTE + 60 + i64::from(order % 1_000);
    let window =
        Window { start: UnixMs::from_minutes(start), end: UnixMs::from_minutes(start + 60) };
    ledger.order_facts(&OrderQuestion { sender: sender.clone(), span: window }).await?;
    ledger.commit(&proposal(sender, stored.id, window, order), "").await?;
    Ok(begun.elapsed().as_micros())
}

fn proposal(sender: Sender, inbound: String, window: Window, order: u32) -> Proposal {
    let digits = "the digits are digits";
    let booking = BookingProposal {
        number: ConferenceNumber::new(format!("{:06}", 100_000 + order)).expect(digits),
        pin: Pin::new("123456").expect(digits),
        password: Password::new("12345678").expect(digits),
        edge: "edge-1".to_owned(),
        window,
        wall: "2027-07-09T14:00".to_owned(),
        zone: "Europe/Prague".to_owned(),
        seats: 10,
        language: Language::Cs,
    };
    let message = OutboxMessage {
        recipient: sender.clone(),
        kind: "credentials".to_owned(),
        body: MessageBody::Sms { parts: vec!["x".repeat(160); 2] },
        not_before: None,
    };
    let effect = Effect::Book(booking);
    Proposal { inbound: Some(inbound), sender, effect, messages: vec![message] }
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn now() -> Instant {
    Instant::now()
}
