//! What phones agree on with the edge.

use std::time::Duration;

use anyhow::Result;
use konf_harness::baresip::{Baresip, Voice};
use konf_harness::konf::{Konf, TRUNK_ADDRESS};
use konf_harness::{sipp, wait_for};

use crate::calling::{hears, inside};
use crate::support::order;

#[test]
fn phones_of_all_codecs_hear_each_other_one_of_them_encrypted() -> Result<()> {
    let konf = Konf::start(40)?;
    let conference = order(&konf, "+420606111222", 60, 4)?;
    let uri = format!("sip:konf@127.0.0.1:{}", konf.sip_port);
    let tls_uri = format!("sip:konf@127.0.0.1:{};transport=tls", konf.sip_tls_port);
    let mut phones = Vec::new();
    for (name, hertz, transport, voice) in [
        ("anna", 500.0, "udp", Voice::Full),
        ("bert", 800.0, "tcp", Voice::Wide),
        ("carl", 1300.0, "udp", Voice::Narrow),
        ("dora", 1700.0, "tls", Voice::FullEncrypted),
    ] {
        let mut phone = Baresip::start_as(&konf.dir, name, hertz, transport, voice)?;
        match transport {
            "tls" => phone.dial(&tls_uri)?,
            transport => phone.dial(&format!("{uri};transport={transport}"))?,
        }
        phone.key(&format!("{}#", conference.keys()))?;
        phones.push(phone);
    }
    assert!(phones[3].said("SRTP is Enabled"), "dora's sound is not encrypted");
    wait_for("all in the room", Duration::from_secs(40), || (inside(&konf) == 4).then_some(()))?;
    // Until everybody has been announced.
    std::thread::sleep(Duration::from_secs(12));
    for phone in &phones {
        let others: Vec<_> = phones.iter().map(|p| p.hertz).filter(|h| *h != phone.hertz).collect();
        hears(phone, &others, &[phone.hertz])?;
    }
    for phone in &mut phones {
        phone.hang_up()?;
    }
    konf.passed()
}

#[test]
fn a_session_is_refreshed_and_an_invite_that_meets_ours_waits() -> Result<()> {
    let konf = Konf::start(40)?;
    let conference = order(&konf, "+420606111222", 60, 3)?;
    let keys = format!("{}#", conference.keys());
    let mut call = sipp::refreshed_call(&konf.dir, konf.sip_port, TRUNK_ADDRESS, &keys)?;
    let ended = call.wait()?;
    assert!(ended.success(), "sipp: {}", call.said());
    konf.passed()
}
