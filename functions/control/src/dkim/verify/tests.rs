use super::*;
use crate::dkim::Signer;

/// Signed by dkimpy 1.1.8 with one key, in three forms.
const SIMPLE: &str = include_str!("tests/simple.eml");
const RELAXED: &str = include_str!("tests/relaxed.eml");
const MIXED: &str = include_str!("tests/mixed.eml");
const RECORD: &str = include_str!("tests/record.txt");

/// Long after they were signed.
const NOW: UnixMs = UnixMs(1_900_000_000_000);

/// The domains that have signed, as the record says.
fn signers(message: &str, record: &str) -> Vec<String> {
    let message = message.replace('\n', "\r\n");
    let found = signatures(message.as_bytes(), NOW).into_iter();
    found.filter(|found| found.is_right(record)).map(|found| found.domain).collect()
}

#[test]
fn what_another_library_has_signed_is_right_in_each_form() {
    for message in [SIMPLE, RELAXED, MIXED] {
        assert_eq!(signers(message, RECORD), ["example.com"], "{message}");
    }
    let spaced = RELAXED.replace("konf  0907", "konf 0907").replace("O2   K", "O2 K");
    assert_eq!(signers(&spaced, RECORD), ["example.com"], "relaxed passes over spaces");
    assert!(signers(&SIMPLE.replace("konf  0907", "konf 0907"), RECORD).is_empty());
}

#[test]
fn what_was_changed_or_added_is_not() {
    for (from, to) in [
        ("0907", "0908"),
        ("Subject: O2", "Subject: O3"),
        ("<1@example.com>", "<2@example.com>"),
        ("orders@konf", "others@konf"),
        ("d=example.com", "d=evil.example"),
        ("\n\nkonf", "\nFrom: evil@example.com\n\nkonf"),
        ("v=1;", "v=1; l=10;"),
        ("v=1;", "v=1; x=1800000000;"),
        ("v=1;", "v=1; i=a@other.example;"),
        ("v=1;", "v=1; v=1;"),
        ("rsa-sha256", "rsa-sha1"),
        (" : message-id", ""),
    ] {
        let changed = RELAXED.replace(from, to);
        assert!(changed != RELAXED, "{from:?} stands there");
        assert!(signers(&changed, RECORD).is_empty(), "{from:?} to {to:?}");
    }
}

#[test]
fn a_key_that_is_another_or_withdrawn_or_only_tried_out_proves_nothing() {
    for record in [
        "",
        "v=DKIM1; k=rsa; p=",
        "v=DKIM1; k=ed25519; p=AAAA",
        &RECORD.replace("v=DKIM1", "v=DKIM2"),
        &RECORD.replace("k=rsa", "k=rsa; t=y"),
        &RECORD.replace("k=rsa", "k=rsa; h=sha1"),
        &RECORD.replace("k=rsa", "k=rsa; s=tlsrpt"),
    ] {
        assert!(signers(RELAXED, record).is_empty(), "{record}");
    }
    assert_eq!(signers(RELAXED, &RECORD.replace("k=rsa; ", "s=email:x; ")), ["example.com"]);
}

#[test]
fn a_stranger_has_so_many_signatures_looked_at_and_no_more() {
    let message = format!("{}{RELAXED}", "DKIM-Signature: v=1\n".repeat(3));
    assert_eq!(signers(&message, RECORD), ["example.com"]);
    let message = format!("{}{RELAXED}", "DKIM-Signature: v=1\n".repeat(100));
    assert!(signers(&message, RECORD).is_empty());
}

#[test]
fn what_we_sign_ourselves_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    std::fs::write(&path, pair.serialize_pem()).unwrap();
    let signer = Signer::new("konf.example", "k1", &path).unwrap();
    let message = b"From: konf@konf.example\r\nTo: a@b.cz\r\nSubject: x\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\n\
        Message-ID: <1@konf.example>\r\n\r\nhi\r\n";
    let signed = signer.sign(message, UnixMs(1_000)).unwrap();
    let (name, record) = signer.record();
    let [found] = &signatures(&signed, NOW)[..] else { panic!("one signature") };
    assert_eq!((&found.key_name, found.is_right(&record)), (&name, true));
}
