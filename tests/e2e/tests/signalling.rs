//! What phones agree on with the edge.

use std::time::Duration;

use anyhow::Result;
use konf_harness::baresip::{Baresip, Voice};
use konf_harness::konf::{Konf, TRUNK_ADDRESS};
use konf_harness::sound::level_db_at;
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

/// One room of three rates: each phone hears of the others all that it can.
#[test]
fn wideband_phones_hear_what_a_telephone_cannot() -> Result<()> {
    let konf = Konf::start(40)?;
    let conference = order(&konf, "+420606111222", 60, 5)?;
    let uri = format!("sip:konf@127.0.0.1:{}", konf.sip_port);
    let mut phones = Vec::new();
    // 5 kHz is beyond a telephone and within G.722.
    for (name, hertz, voice) in [
        ("anna", 500.0, Voice::Narrow),
        ("bert", 5_000.0, Voice::Wide),
        ("carl", 1_100.0, Voice::Full),
    ] {
        let mut phone = Baresip::start_as(&konf.dir, name, hertz, "udp", voice)?;
        phone.dial(&uri)?;
        phone.key(&format!("{}#", conference.keys()))?;
        phones.push(phone);
    }
    wait_for("all in the room", Duration::from_secs(40), || (inside(&konf) == 3).then_some(()))?;
    // Until everybody has been announced.
    std::thread::sleep(Duration::from_secs(12));
    let level = |listener: usize, hertz: f64| -> Result<f64> {
        let (rate, heard) = phones[listener].heard_in_full()?;
        let last = heard.len().saturating_sub(2 * rate as usize);
        Ok(level_db_at(rate, &heard[last..], hertz))
    };
    let (anna, bert, carl) = (0, 1, 2);
    let heard = [(anna, 1_100.0), (bert, 500.0), (bert, 1_100.0), (carl, 500.0), (carl, 5_000.0)];
    for (listener, hertz) in heard {
        let level = level(listener, hertz)?;
        println!("phone {listener} hears {hertz} Hz at {level:.1} dB");
        assert!((-3.0..3.0).contains(&level), "phone {listener} hears {hertz} Hz at {level:.1} dB");
    }
    // 5 kHz folded down would be 3 kHz; images of 500 Hz and 1.1 kHz would lie around 8, 16 kHz. Nobody hears itself.
    let unheard = [
        (anna, 500.0),
        (anna, 3_000.0),
        (bert, 5_000.0),
        (bert, 7_500.0),
        (carl, 1_100.0),
        (carl, 7_500.0),
        (carl, 11_000.0),
    ];
    for (listener, hertz) in unheard {
        let level = level(listener, hertz)?;
        println!("phone {listener} hears {hertz} Hz at {level:.1} dB");
        assert!(level < -40.0, "phone {listener} hears {hertz} Hz at {level:.1} dB");
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
