//! Phones in a room, and the bill.

use std::time::Duration;

use anyhow::Result;
use konf_harness::baresip::Baresip;
use konf_harness::konf::{Konf, TRUNK_ADDRESS, unix_seconds};
use konf_harness::sound::level_db;
use konf_harness::{sipp, wait_for};
use serde_json::Value;

use crate::support::{credentials, order, wall_in};

/// So many seconds at the end of a recording.
fn last(samples: &[i16], seconds: usize) -> &[i16] {
    &samples[samples.len().saturating_sub(seconds * 8000)..]
}

pub(crate) fn inside(konf: &Konf) -> usize {
    let rooms = konf.get("/operator/v1/rooms").unwrap_or(Value::Null);
    rooms.as_array().map_or(0, |legs| legs.iter().filter(|leg| !leg["joined"].is_null()).count())
}

#[test]
fn phones_dial_key_hear_each_other_and_are_billed() -> Result<()> {
    let konf = Konf::start(40)?;
    let conference = order(&konf, "+420606111222", 60, 3)?;
    let uri = format!("sip:konf@127.0.0.1:{}", konf.sip_port);

    // The organiser over UDP, a participant over TCP, and a mobile customer from the operator's trunk.
    let mut anna = Baresip::start(&konf.dir, "anna", 500.0, "udp")?;
    let mut bert = Baresip::start(&konf.dir, "bert", 800.0, "tcp")?;
    anna.dial(&uri)?;
    anna.key(&conference.organiser_keys())?;
    bert.dial(&format!("{uri};transport=tcp"))?;
    bert.key(&conference.keys())?;
    wait_for("the start of the conference", Duration::from_secs(75), || {
        // Whoever is asked for a name ends it with the hash key.
        anna.key("#").ok()?;
        bert.key("#").ok()?;
        std::thread::sleep(Duration::from_secs(1));
        (inside(&konf) == 2).then_some(())
    })?;
    let mobile = sipp::Call {
        name: "mobile",
        from: TRUNK_ADDRESS,
        number: "+420606777888",
        keys: &format!("{}#", conference.keys()),
        hertz: 1300.0,
        seconds: 25,
        hangs_up: true,
    };
    let mut carl = sipp::call(&konf.dir, konf.sip_port, &mobile)?;
    wait_for("the third phone in the room", Duration::from_secs(30), || {
        (inside(&konf) == 3).then_some(())
    })?;

    // One person too many: told why, then the other side hangs up.
    let extra = sipp::Call {
        name: "extra",
        from: "127.0.0.1",
        number: "+420606555444",
        keys: &conference.keys(),
        hertz: 1700.0,
        seconds: 0,
        hangs_up: false,
    };
    let mut fourth = sipp::call(&konf.dir, konf.sip_port, &extra)?;
    std::thread::sleep(Duration::from_secs(8));
    hears(&anna, &[800.0, 1300.0], &[500.0, 1700.0])?;
    hears(&bert, &[500.0, 1300.0], &[800.0, 1700.0])?;
    let refused = fourth.wait()?;
    assert!(refused.success(), "the fourth caller was not hung up on: {}", fourth.said());
    assert_eq!(inside(&konf), 3);

    let ended = carl.wait()?;
    assert!(ended.success(), "sipp: {}", carl.said());
    anna.hang_up()?;
    bert.hang_up()?;
    let statement = wait_for("the statement", Duration::from_secs(20), || {
        let statement = konf.get(&format!("/statements/{}", conference.number)).ok()?;
        let legs = statement["legs"].as_array()?;
        (legs.len() == 3 && legs.iter().all(|leg| !leg["price"].is_null())).then_some(statement)
    })?;
    check_bill(&konf, &statement, &conference.number)?;
    konf.passed()
}

#[test]
fn the_organisers_keys_mute_lock_and_end() -> Result<()> {
    let konf = Konf::start(40)?;
    let conference = order(&konf, "+420606111222", 60, 5)?;
    let uri = format!("sip:konf@127.0.0.1:{}", konf.sip_port);
    let mut anna = Baresip::start(&konf.dir, "anna", 500.0, "udp")?;
    let mut bert = Baresip::start(&konf.dir, "bert", 800.0, "udp")?;
    anna.dial(&uri)?;
    anna.key(&format!("{}#", conference.organiser_keys()))?;
    bert.dial(&uri)?;
    bert.key(&format!("{}#", conference.keys()))?;
    wait_for("both in the room", Duration::from_secs(30), || (inside(&konf) == 2).then_some(()))?;

    bert.key("##")?;
    std::thread::sleep(Duration::from_secs(1));
    assert!(!any(&konf, "muted"), "a participant cannot mute all");
    anna.key("##")?;
    wait_for("all muted", Duration::from_secs(5), || any(&konf, "muted").then_some(()))?;
    bert.key("*6")?;
    wait_for("one unmuted by himself", Duration::from_secs(5), || {
        (!any(&konf, "muted")).then_some(())
    })?;
    anna.key("*5")?;
    wait_for("the lock", Duration::from_secs(5), || any(&konf, "locked").then_some(()))?;
    anna.key("*99")?;
    wait_for("the end for all", Duration::from_secs(15), || (inside(&konf) == 0).then_some(()))?;
    let statement = wait_for("both records", Duration::from_secs(20), || {
        let statement = konf.get(&format!("/statements/{}", conference.number)).ok()?;
        (statement["legs"].as_array()?.len() == 2).then_some(statement)
    })?;
    assert_eq!(statement["legs"][0]["why_ended"], "closed-by-organiser", "{statement:#}");
    assert_eq!(statement["legs"][0]["ended_by"], "organiser", "{statement:#}");
    konf.passed()
}

/// A conference of one minute; the next one takes all seats from its end on.
#[test]
fn a_conference_that_cannot_be_extended_is_warned_and_ends_in_time() -> Result<()> {
    let konf = Konf::start(4)?;
    // Not in the last seconds of a minute: there must be time to come in.
    wait_for("the first half of a minute", Duration::from_secs(40), || {
        (unix_seconds() % 60 < 20).then_some(())
    })?;
    let conference = order(&konf, "+420606111222", 1, 4)?;
    let end = (unix_seconds() / 60 + 1) * 60;
    let next = format!("konf {} 60 4", wall_in(60)?);
    assert_eq!(konf.sms("+420606111223", &next, "next")?, 200);
    credentials(&konf, "+420606111223")?;
    let mut anna = Baresip::start(&konf.dir, "anna", 500.0, "udp")?;
    anna.dial(&format!("sip:konf@127.0.0.1:{}", konf.sip_port))?;
    anna.key(&format!("{}#", conference.keys()))?;
    wait_for("the caller in the room", Duration::from_secs(20), || {
        (inside(&konf) == 1).then_some(())
    })?;
    wait_for("the end", Duration::from_secs(70), || (inside(&konf) == 0).then_some(()))?;
    let late = unix_seconds() as i64 - end as i64;
    assert!((-1..=2).contains(&late), "the room closed {late} s after the end");
    let statement = wait_for("the record", Duration::from_secs(20), || {
        let statement = konf.get(&format!("/statements/{}", conference.number)).ok()?;
        (statement["legs"].as_array()?.len() == 1).then_some(statement)
    })?;
    assert_eq!(statement["legs"][0]["why_ended"], "conference-ended", "{statement:#}");
    konf.passed()
}

/// Whether any leg's line says so.
fn any(konf: &Konf, what: &str) -> bool {
    let rooms = konf.get("/operator/v1/rooms").unwrap_or(Value::Null);
    rooms.as_array().is_some_and(|legs| legs.iter().any(|leg| leg[what] == true))
}

pub(crate) fn hears(phone: &Baresip, others: &[f64], nobody: &[f64]) -> Result<()> {
    let heard = phone.heard()?;
    let heard = last(&heard, 3);
    for hertz in others {
        let level = level_db(heard, *hertz);
        assert!(
            (-3.0..3.0).contains(&level),
            "{} Hz hears {hertz} Hz at {level:.1} dB",
            phone.hertz
        );
    }
    for hertz in nobody {
        let level = level_db(heard, *hertz);
        assert!(level < -40.0, "{} Hz hears {hertz} Hz at {level:.1} dB", phone.hertz);
    }
    Ok(())
}

fn check_bill(konf: &Konf, statement: &Value, number: &str) -> Result<()> {
    let legs = statement["legs"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of =
        |network: &str| legs.iter().filter(|leg| leg["network"] == network).collect::<Vec<_>>();
    let mobile = of("o2-mobile");
    assert_eq!(mobile.len(), 1, "{statement:#}");
    // Under a minute: the whole first minute, 4 CZK.
    assert_eq!(mobile[0]["price"]["czk"], "4.0000", "{statement:#}");
    assert!(of("internet").iter().all(|leg| leg["price"]["czk"] == "0.0000"), "{statement:#}");
    assert_eq!(statement["total"]["with_vat"], "4.84", "{statement:#}");
    assert!(
        statement.to_string().contains("sha256:"),
        "each line names the tariff's digest: {statement:#}"
    );
    let shown = konf.cli(&["statement", number])?;
    assert!(shown.contains("4.0000") && shown.contains("4.84"), "{shown}");
    assert!(!shown.contains("606777888"), "numbers are masked: {shown}");
    Ok(())
}

#[test]
fn a_dedicated_conference_is_open_at_any_time_until_the_desk_cancels_it() -> Result<()> {
    let konf = Konf::start(40)?;
    let customer = "+420606111999";
    let day = |from_now: u64| -> Result<String> {
        let at = format!("@{}", unix_seconds() + from_now);
        let output = std::process::Command::new("date")
            .args(["-d", &at, "+%F"])
            .env("TZ", "Europe/Prague")
            .output()?;
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    };
    let (from, to) = (day(0)?, day(30 * 86_400)?);
    let desk = konf.browser("jana", "operator")?;
    let order = |people: &'static str| {
        let fields = [
            ("customer", "Firma <s.r.o.>"),
            ("sender", customer),
            ("people", people),
            ("from", from.as_str()),
            ("to", to.as_str()),
        ];
        desk.submit("/desk/dedicated", &fields)
    };
    let refused = order("41")?;
    assert_eq!(refused.status, 409, "{}", refused.page);
    let reserved = order("30")?;
    let conference = credentials(&konf, customer)?;
    assert_eq!(
        reserved.place,
        format!("/desk/dedicated?done=dedicated&number={}", conference.number)
    );
    for sms in konf.gateway.taken(customer) {
        assert!(sms.text.is_ascii() && sms.text.len() <= 160, "{}", sms.text);
    }
    // Nobody else gets its seats, now or in weeks.
    let text = format!("konf {} 60 11", wall_in(20 * 86_400)?);
    assert_eq!(konf.sms("+420606111000", &text, "too-many")?, 200);
    konf.gateway.wait("+420606111000", "Plno")?;

    let caller = sipp::Call {
        name: "anna",
        from: TRUNK_ADDRESS,
        number: "+420606777888",
        keys: &format!("{}#", conference.keys()),
        hertz: 1300.0,
        seconds: 8,
        hangs_up: true,
    };
    let mut anna = sipp::call(&konf.dir, konf.sip_port, &caller)?;
    wait_for("the caller in the room", Duration::from_secs(30), || {
        (inside(&konf) == 1).then_some(())
    })?;
    let rooms = desk.get("/desk/rooms")?;
    assert!(rooms.contains(&conference.number) && rooms.contains("+420…888"), "{rooms}");
    assert!(!rooms.contains("+420606777888"), "{rooms}");
    assert!(anna.wait()?.success(), "{}", anna.said());
    let price = format!("/desk/price/{}", conference.number);
    wait_for("the bill of the call", Duration::from_secs(30), || {
        desk.get(&price).ok()?.contains("4.0000 CZK").then_some(())
    })?;
    let page = desk.get(&price)?;
    let record = page.split(&format!("{price}/")).nth(1).and_then(|rest| rest.split('"').next());
    let steps = desk.get(&format!("{price}/{}", record.unwrap_or_default()))?;
    assert!(steps.contains("bill 60 s") && steps.contains("bit for bit"), "{steps}");

    let listed = konf.get("/operator/v1/dedicated")?;
    let id = listed[0]["id"].as_str().unwrap_or_default();
    konf.cli(&["dedicated", "cancel", id])?;
    konf.gateway.wait(customer, "zrusena")?;
    assert!(konf.cli(&["dedicated"])?.contains("cancelled"));
    assert_eq!(konf.sms("+420606111000", &text, "now-it-fits")?, 200);
    credentials(&konf, "+420606111000")?;
    konf.passed()
}
