//! What goes on when a half goes down.

use std::time::Duration;

use anyhow::Result;
use konf_harness::baresip::Baresip;
use konf_harness::konf::Konf;
use konf_harness::sound::longest_gap_ms;
use konf_harness::wait_for;

use crate::support::order;

#[test]
fn calls_go_on_without_control_and_their_records_arrive_once() -> Result<()> {
    let mut konf = Konf::start(40)?;
    let conference = order(&konf, "+420606111222", 60, 5)?;
    let uri = format!("sip:konf@127.0.0.1:{}", konf.sip_port);
    let mut anna = Baresip::start(&konf.dir, "anna", 600.0, "udp")?;
    let mut bert = Baresip::start(&konf.dir, "bert", 900.0, "udp")?;
    for phone in [&mut anna, &mut bert] {
        phone.dial(&uri)?;
        phone.key(&conference.keys())?;
    }
    wait_for("both phones in the room", Duration::from_secs(75), || {
        anna.key("#").ok()?;
        bert.key("#").ok()?;
        std::thread::sleep(Duration::from_secs(1));
        let rooms = konf.get("/operator/v1/rooms").ok()?;
        let inside = rooms.as_array()?.iter().filter(|leg| !leg["joined"].is_null()).count();
        (inside == 2).then_some(())
    })?;
    // Names, announcements and prompts are over by then.
    std::thread::sleep(Duration::from_secs(8));
    let before = anna.heard()?.len();
    konf.crash_control()?;
    std::thread::sleep(Duration::from_secs(12));
    let during = anna.heard()?;
    assert!(during.len() > before + 10 * 8000, "the recording goes on");
    let gap = longest_gap_ms(&during[before..], 900.0);
    assert!(gap <= 40, "a gap of {gap} ms while control was away");
    // One leaves while control is away, one after it is back.
    bert.hang_up()?;
    std::thread::sleep(Duration::from_secs(1));
    konf.start_control()?;
    anna.hang_up()?;
    let statement = wait_for("both records", Duration::from_secs(30), || {
        let statement = konf.get(&format!("/statements/{}", conference.number)).ok()?;
        (statement["legs"].as_array()?.len() >= 2).then_some(statement)
    })?;
    std::thread::sleep(Duration::from_secs(3));
    let statement_later = konf.get(&format!("/statements/{}", conference.number))?;
    assert_eq!(statement["legs"].as_array().map(Vec::len), Some(2), "{statement:#}");
    assert_eq!(statement_later["legs"].as_array().map(Vec::len), Some(2), "each record once");
    konf.passed()
}

#[test]
fn a_crashed_edge_closes_its_legs_in_the_customers_favour() -> Result<()> {
    let mut konf = Konf::start(40)?;
    let conference = order(&konf, "+420606111222", 60, 5)?;
    let uri = format!("sip:konf@127.0.0.1:{}", konf.sip_port);
    let mut anna = Baresip::start(&konf.dir, "anna", 600.0, "udp")?;
    anna.dial(&uri)?;
    anna.key(&conference.keys())?;
    wait_for("the phone in the room", Duration::from_secs(75), || {
        anna.key("#").ok()?;
        std::thread::sleep(Duration::from_secs(1));
        let rooms = konf.get("/operator/v1/rooms").ok()?;
        rooms.as_array()?.iter().any(|leg| !leg["joined"].is_null()).then_some(())
    })?;
    std::thread::sleep(Duration::from_secs(6));
    konf.crash_edge()?;
    konf.start_edge()?;
    let statement = wait_for("the record of the crashed edge", Duration::from_secs(30), || {
        let statement = konf.get(&format!("/statements/{}", conference.number)).ok()?;
        (!statement["legs"].as_array()?.is_empty()).then_some(statement)
    })?;
    assert!(statement["legs"][0]["why_ended"] == "edge-failed", "{statement:#}");
    konf.passed()
}
