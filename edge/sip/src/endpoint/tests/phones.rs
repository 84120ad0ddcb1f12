//! Phones that have to prove who they are.

use super::*;
use crate::digest::tests::answer;

fn world() -> World {
    World::with(Config { phones_required: true, ..config() }, udp("198.51.100.7:5060"))
}

/// The challenges of the last answer, SHA-256 first.
fn challenges(world: &mut World) -> Vec<String> {
    let (_, text) = world.sent.pop().unwrap();
    assert!(text.starts_with("SIP/2.0 401 Unauthorized\r\n"), "{text}");
    text.lines().filter(|l| l.starts_with("WWW-Authenticate: ")).map(str::to_owned).collect()
}

fn authorized(text: &str, header: &str) -> String {
    text.replace("Max-Forwards", &format!("Authorization: {header}\r\nMax-Forwards"))
}

fn register(header: &str, more: &str) -> String {
    let text = message("REGISTER sip:konf@192.0.2.1", "r", "1 REGISTER", "", more, "");
    authorized(&text.replace("To: <sip:konf@", "To: <sip:anna@"), header)
}

#[test]
fn an_invite_without_proof_costs_nothing_and_one_with_it_is_a_call_in_either_algorithm() {
    for which in [0, 1] {
        let mut world = world();
        world.hear(&invite("1", SDP));
        let challenges = challenges(&mut world);
        assert!(challenges[0].contains("algorithm=SHA-256"), "{challenges:?}");
        assert!(world.events.is_empty());
        world.assert_forgotten();
        let wrong = answer(&challenges[which], "INVITE", "guess", 1);
        assert_eq!(world.status(&authorized(&invite("2", SDP), &wrong)), "401");
        let right = answer(&challenges[which], "INVITE", "s3cret", 1);
        let invite = authorized(&invite("3", SDP), &right);
        assert_eq!(world.status(&invite), "100", "at once: this sender is not forged");
        assert_eq!(world.status(&invite), "100", "a repetition is not a replay");
        world.incoming();
        world.hear(&invite.replace("call@", "again@").replace("z9hG4bK3", "z9hG4bK4"));
        assert!(world.sent.pop().unwrap().1.contains("stale=true"), "a replay is");
        assert!(world.events.is_empty());
    }
}

#[test]
fn phones_that_stumble_over_sha_256_can_be_spared_it() {
    let config = Config { phones_required: true, phones_md5_only: true, ..config() };
    let mut world = World::with(config, udp("198.51.100.7:5060"));
    world.hear(&invite("1", SDP));
    let challenges = challenges(&mut world);
    assert!(challenges.len() == 1 && challenges[0].contains("algorithm=MD5"), "{challenges:?}");
}

#[test]
fn the_trunk_is_not_asked_and_a_small_request_brings_a_small_challenge() {
    let mut world = world();
    let text = invite("1", "");
    world.hear(&text);
    let (_, challenge) = world.sent.pop().unwrap();
    assert!(challenge.contains("SHA-256"), "{challenge}");
    assert!(challenge.len() <= 2 * text.len(), "{} for {}", challenge.len(), text.len());
    world.flow = udp(TRUNK);
    assert_eq!(world.status(&invite("2", SDP)), "100");
}

#[test]
fn whoever_guesses_is_not_listened_to_even_when_right() {
    let mut world = world();
    world.hear(&invite("1", SDP));
    let challenge = challenges(&mut world).remove(0);
    for at in 1..=5 {
        let wrong = answer(&challenge, "INVITE", &format!("guess{at}"), at);
        let text = authorized(&invite(&format!("w{at}"), SDP), &wrong);
        assert_eq!(world.status(&text), "401");
    }
    let right = authorized(&invite("2", SDP), &answer(&challenge, "INVITE", "s3cret", 9));
    assert_eq!(world.status(&right), "503");
    world.pass(seconds(11));
    assert_eq!(world.status(&right), "100");
}

#[test]
fn a_phone_that_insists_on_registering_is_shown_as_registered() {
    let mut world = world();
    let contact = "Contact: <sip:anna@198.51.100.7:5062>\r\n";
    let none = register("", contact).replace("Authorization: \r\n", "");
    world.hear(&none);
    let challenge = challenges(&mut world).remove(0);
    let proof = |count| answer(&challenge, "REGISTER", "s3cret", count);
    world.hear(&register(&proof(1), contact));
    let ok = world.sent.pop().unwrap().1;
    assert!(ok.starts_with("SIP/2.0 200 OK\r\n"), "{ok}");
    assert!(ok.contains("Contact: <sip:anna@198.51.100.7:5062>;expires=3600\r\n"), "{ok}");
    world.hear(&register(&proof(2), &format!("{contact}Expires: 300\r\n")));
    assert!(world.sent.pop().unwrap().1.contains(";expires=300\r\n"));
    let briefly = register(&proof(3), &contact.replace("\r\n", ";expires=5\r\n"));
    assert_eq!(world.status(&briefly), "423");
    world.hear(&register(&proof(4), "Contact: *\r\nExpires: 0\r\n"));
    assert!(!world.sent.pop().unwrap().1.contains("Contact"));
    let other = register(&proof(5), contact).replace("To: <sip:anna@", "To: <sip:berta@");
    assert_eq!(world.status(&other), "403");
    world.assert_forgotten();
}

#[test]
fn a_challenge_to_our_bye_is_not_answered() {
    let mut world = World::new();
    let (call, _) = world.confirmed();
    world.command(Command::HangUp { call, reason: "end".into() });
    let bye = world.sent.pop().unwrap().1;
    let via = bye.lines().find(|l| l.starts_with("Via")).unwrap();
    let challenge = "WWW-Authenticate: Digest realm=\"x\", nonce=\"y\"";
    world.hear(&format!(
        "SIP/2.0 401 Unauthorized\r\n{via}\r\nCSeq: 1 BYE\r\n{challenge}\r\nContent-Length: 0\r\n\r\n"
    ));
    world.pass(seconds(60));
    assert!(world.lines().is_empty());
}
