use std::time::Duration;

use super::*;
use crate::endpoint::tests::beginning;

const PHONE: &str = "203.0.113.1";
const URI: &str = "sip:konf@192.0.2.1";

fn authority() -> Authority {
    Authority::new("konf".into(), [7; 32], vec![Phone::new("anna", "konf", "s3cret", None)])
}

fn judge(authority: &mut Authority, now: Instant, source: &str, header: &str) -> Verdict {
    let uri = Uri::parse(URI).unwrap();
    let asked = Asked { method: "INVITE", uri: &uri, source: source.parse().unwrap() };
    authority.judge(now, &asked, std::iter::once(header.as_bytes()))
}

fn nonce(challenge: &str) -> &str {
    challenge.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap()
}

/// A phone's answer.
pub(crate) fn answer(challenge: &str, method: &str, password: &str, count: u32) -> String {
    let algorithm = if challenge.contains("MD5") { Algorithm::Md5 } else { Algorithm::Sha256 };
    let name = if algorithm == Algorithm::Md5 { "MD5" } else { "SHA-256" };
    let nonce = nonce(challenge);
    let secret = algorithm.hash(&["anna", "konf", password]);
    let request = algorithm.hash(&[method, URI]);
    let response =
        algorithm.hash(&[&secret, nonce, &format!("{count:08x}"), "0a4f113b", "auth", &request]);
    format!(
        "Digest username=\"anna\", realm=\"konf\", nonce=\"{nonce}\", uri=\"{URI}\", \
         response=\"{response}\", algorithm={name}, cnonce=\"0a4f113b\", qop=auth, nc={count:08x}"
    )
}

#[test]
fn the_examples_of_rfc_7616_come_out() {
    let phone = Phone::new("Mufasa", "http-auth@example.org", "Circle of Life", None);
    for (algorithm, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let header = format!(
            "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", \
             algorithm={algorithm}, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
             nc=00000001, cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, \
             response=\"{response}\""
        );
        assert_eq!(Answer::parse(&header).unwrap().expected(&phone, "GET"), response);
    }
}

#[test]
fn a_right_answer_counts_once_in_either_algorithm() {
    for which in [0, 1] {
        let (mut authority, now) = (authority(), beginning());
        let challenge = authority.challenge(now, PHONE.parse().unwrap(), false)[which].clone();
        let first = answer(&challenge, "INVITE", "s3cret", 1);
        assert_eq!(judge(&mut authority, now, PHONE, &first), Verdict::Phone(0));
        assert_eq!(judge(&mut authority, now, PHONE, &first), Verdict::Stale, "replayed");
        let later = answer(&challenge, "INVITE", "s3cret", 3);
        assert_eq!(judge(&mut authority, now, PHONE, &later), Verdict::Phone(0));
        let overtaken = answer(&challenge, "INVITE", "s3cret", 2);
        assert_eq!(judge(&mut authority, now, PHONE, &overtaken), Verdict::Phone(0));
        assert_eq!(judge(&mut authority, now, PHONE, &overtaken), Verdict::Stale);
        let none = answer(&challenge, "INVITE", "s3cret", 0);
        assert_eq!(judge(&mut authority, now, PHONE, &none), Verdict::Stale);
    }
}

#[test]
fn what_is_wrong_about_an_answer_is_told_from_what_is_old() {
    let (mut authority, now) = (authority(), beginning());
    let challenge = authority.challenge(now, PHONE.parse().unwrap(), false)[0].clone();
    let good = answer(&challenge, "INVITE", "s3cret", 1);
    let cases = [
        (answer(&challenge, "INVITE", "guess", 1), Verdict::Wrong),
        (answer(&challenge, "BYE", "s3cret", 1), Verdict::Wrong),
        (good.replace("anna", "nobody"), Verdict::Wrong),
        (good.replace("sip:konf@", "sip:other@"), Verdict::Wrong),
        (good.replace("realm=\"konf\"", "realm=\"other\""), Verdict::Unasked),
        (good.replace("Digest", "Basic"), Verdict::Unasked),
        (good.replace("SHA-256", "SHA-512"), Verdict::Unasked),
        (good.replace("qop=auth,", ""), Verdict::Unasked),
        (good.replace("qop=auth", "qop=auth-int"), Verdict::Unasked),
        (good.replace(", nc=", ", nc=1, nc="), Verdict::Unasked),
        (good.replace(nonce(&challenge), "00000000"), Verdict::Stale),
        (good.replace(nonce(&challenge), "ž"), Verdict::Unasked),
        ("Digest".into(), Verdict::Unasked),
        ("Digest \"".into(), Verdict::Unasked),
    ];
    for (header, verdict) in cases {
        assert_eq!(judge(&mut authority, now, PHONE, &header), verdict, "{header}");
    }
    assert_eq!(judge(&mut authority, now, "203.0.113.2", &good), Verdict::Stale, "of another");
    let late = now + Duration::from_secs(301);
    assert_eq!(judge(&mut authority, late, PHONE, &good), Verdict::Stale);
    assert_eq!(judge(&mut authority, now, PHONE, &good), Verdict::Phone(0), "nothing was used up");
}

#[test]
fn what_is_remembered_is_bounded_and_what_is_forgotten_does_not_come_again() {
    let (mut authority, mut now) = (authority(), beginning());
    let mut first = None;
    for at in 0..NONCES_MAX + 10 {
        let source = format!("10.0.{}.{}", at / 250, at % 250);
        if at % 20 == 0 {
            now += Duration::from_secs(1);
        }
        let challenge = authority.challenge(now, source.parse().unwrap(), false)[1].clone();
        let header = answer(&challenge, "INVITE", "s3cret", 1);
        assert_eq!(judge(&mut authority, now, &source, &header), Verdict::Phone(0));
        first.get_or_insert((source, header));
    }
    assert!(authority.used.len() <= NONCES_MAX);
    let (source, header) = first.unwrap();
    assert_eq!(judge(&mut authority, now, &source, &header), Verdict::Stale);
}

#[test]
fn a_phone_shows_nothing_of_its_password() {
    let shown = format!("{:?}", Phone::new("anna", "konf", "s3cret", None));
    assert_eq!(shown, "Phone { user: \"anna\", .. }");
}

#[test]
fn two_calls_of_one_phone_in_one_second_do_not_take_each_others_counts() {
    let (mut authority, now) = (authority(), beginning());
    for _ in 0..2 {
        let challenge = authority.challenge(now, PHONE.parse().unwrap(), false)[1].clone();
        let first = answer(&challenge, "INVITE", "s3cret", 1);
        assert_eq!(judge(&mut authority, now, PHONE, &first), Verdict::Phone(0));
    }
}
