//! Orders by a carrier's SMSC.

use std::time::Duration;

use anyhow::{Result, ensure};
use konf_harness::konf::Konf;
use konf_harness::smsc::Smsc;
use konf_harness::wait_for;

use crate::support::wall_in;

/// The texts to `number`, once there are so many.
fn texts(smsc: &Smsc, number: &str, count: usize) -> Result<Vec<String>> {
    wait_for(&format!("{count} messages"), Duration::from_secs(30), || {
        let texts = smsc.submitted(number);
        (texts.len() >= count).then_some(texts)
    })
}

#[test]
fn an_smsc_brings_orders_takes_answers_throttles_hangs_up_and_loses_nothing() -> Result<()> {
    let mut smsc = Smsc::start()?;
    let konf = Konf::start_with_smsc(40, &smsc)?;
    smsc.wait("binding", |line| line["bound"].as_str().map(drop))?;

    // An order, and its credentials in SMS that fit one part each; receipts settle them.
    let from = "+420606111222";
    let order = format!("Konf {} 60 10", wall_in(86_400)?);
    assert_eq!(smsc.deliver(1, from, &order, 1)?, [0]);
    let sent = texts(&smsc, from, 2)?;
    ensure!(sent.iter().any(|text| text.contains("PIN")), "{} messages", sent.len());
    ensure!(sent.iter().all(|text| text.is_ascii() && text.len() <= 160), "an SMS is too long");
    let all_arrived = || {
        let outbox = konf.get("/operator/v1/outbox").ok()?;
        let outbox = outbox.as_array()?;
        let arrived = outbox.iter().filter(|line| line["delivered"].is_number());
        (arrived.count() == 2).then_some(())
    };
    wait_for("the receipts", Duration::from_secs(10), all_arrived)?;
    // The same once more is one booking.
    assert_eq!(smsc.deliver(2, from, &order, 1)?, [0]);
    assert_eq!(konf.get("/operator/v1/bookings")?.as_array().map(Vec::len), Some(1));

    // Free text in three parts, with accents, becomes one request.
    let words = "Dobrý den, potřebovali bychom konferenci pro čtyřicet lidí na každé pondělí v říjnu \
                 vždy od devíti hodin ráno, a prosíme o účty zvlášť pro každého účastníka. Děkujeme!";
    assert_eq!(smsc.deliver(3, "+420606111333", words, 3)?, [0, 0, 0]);
    texts(&smsc, "+420606111333", 1)?;
    let requests = konf.get("/operator/v1/requests")?;
    assert_eq!(requests.as_array().map(Vec::len), Some(1), "{requests:#}");
    assert_eq!(requests[0]["text"].as_str().map(str::trim), Some(words));

    // It refuses two messages, then hangs up: everything arrives all the same, once.
    smsc.throttle(2)?;
    assert_eq!(
        smsc.deliver(4, "+420606111444", &format!("conf {} 30 5", wall_in(90_000)?), 1)?,
        [0]
    );
    texts(&smsc, "+420606111444", 2)?;
    let bound = smsc.bound();
    smsc.hang_up()?;
    wait_for("Konf to bind again", Duration::from_secs(20), || {
        (smsc.bound() > bound).then_some(())
    })?;
    assert_eq!(
        smsc.deliver(5, "+420606111555", &format!("conf {} 30 5", wall_in(93_600)?), 1)?,
        [0]
    );
    texts(&smsc, "+420606111555", 2)?;
    assert_eq!(smsc.submitted("+420606111444").len(), 2);
    assert_eq!(konf.get("/operator/v1/bookings")?.as_array().map(Vec::len), Some(3));
    ensure!(!konf.logs().contains(&from[1..]), "a telephone number is in the logs");
    konf.passed()
}
