//! What strangers write: short messages and whole mails.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use konf_api::ledger::Sender;
use konf_api::mail::MailMessage;
use konf_contract::UnixMs;
use konf_order::grammar::{Understood, understand};
use konf_order::mail::{self, MailSettings};

/// 2026-11-20T09:00Z.
const NOW: i64 = 1_795_165_200_000;
/// Three hours: 65,536 of them are 22 years, with each night in which the clock changes.
const STEP_MS: i64 = 10_800_000;

/// A short message: two octets say when it is sent, the rest is what it says. Whoever is refused is shown an order that
/// would be taken.
pub fn sms(data: &[u8]) {
    let Some((when, said)) = data.split_first_chunk() else { return };
    let now = UnixMs(NOW + i64::from(u16::from_be_bytes(*when)) * STEP_MS);
    if let Understood::Refusal { example, .. } = understand(&String::from_utf8_lossy(said), now) {
        let taken = understand(&example, now);
        assert!(matches!(taken, Understood::Order(_)), "{example:?} at {now:?} is {taken:?}");
    }
}

/// A whole mail behind an octet that says how it came. Nobody proves a sender whom neither a server in front nor we have
/// proven; who writes is one plain address, and what is kept is bounded.
pub fn mail(data: &[u8]) {
    let Some((choice, raw)) = data.split_first() else { return };
    let is_proven = choice & 1 == 1;
    let message = MailMessage {
        from: "jana@example.com".into(),
        to: "orders@konf.example".into(),
        raw: BASE64_STANDARD.encode(raw),
        authserv_id: is_proven.then(|| "mx.konf.example".into()),
        proven: Vec::new(),
    };
    let settings = MailSettings::new("O2 Konference", "orders@konf.example", "konf@konf.example");
    let Ok(read) = mail::read(&message, &settings) else { return };
    assert!(is_proven || !read.is_proven, "a stranger is taken for somebody");
    assert!(read.message.text.chars().count() <= 4_000, "what is kept is bounded");
    let Sender::Email(address) = &read.message.sender else {
        panic!("a mail comes from an address")
    };
    let is_plain = |c: char| !c.is_control() && !c.is_whitespace() && !"<>,;".contains(c);
    assert!(address.contains('@') && address.chars().all(is_plain), "{address:?}");
    let _ = mail::asked(&read.message, UnixMs(NOW));
}
