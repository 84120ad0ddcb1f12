//! Session timers, where it is our turn, and INVITEs of both sides at once.

use super::*;

const CONTACT: &str = "Contact: <sip:peer@198.51.100.7:5062>\r\n";
const OURS: &str =
    "Supported: timer\r\nSession-Expires: 120;refresher=uas\r\nAllow: INVITE, UPDATE\r\n";
/// A peer that knows no UPDATE.
const OURS_BY_INVITE: &str = "Supported: timer\r\nSession-Expires: 120;refresher=uas\r\n";

/// A confirmed call whose session we refresh.
fn refreshed(more: &str) -> (World, CallId, String) {
    let mut world = World::new();
    let (call, tag) = world.answered(&invite_with("1", SDP, more));
    world.hear(&ack("1", 1, &tag, ""));
    world.events.clear();
    (world, call, tag)
}

/// The peer's answer to what we sent last.
fn answer(world: &World, status: &str, more: &str, body: &str) -> String {
    let (_, request) = world.sent.last().unwrap();
    let line = |name: &str| request.lines().find(|l| l.starts_with(name)).unwrap().to_owned();
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    let (via, cseq) = (line("Via"), line("CSeq"));
    format!(
        "SIP/2.0 {status} x\r\n{via}\r\n{cseq}\r\n{CONTACT}{more}{kind}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn who_refreshes_follows_what_the_peer_can_and_wants() {
    for (asked, said) in [
        ("Supported: timer\r\nSession-Expires: 120\r\n", "120;refresher=uac\r\nRequire: timer"),
        ("k: timer\r\nx: 120;refresher=uac\r\n", "120;refresher=uac\r\nRequire: timer"),
        (OURS, "120;refresher=uas\r\n"),
        // A proxy asked for a phone that knows nothing of it.
        ("Session-Expires: 120\r\n", "120;refresher=uas\r\n"),
        ("Require: timer\r\nSession-Expires: 999999;refresher=uas\r\n", "86400;refresher=uas\r\n"),
    ] {
        let mut world = World::trunk();
        world.hear(&invite_with("1", SDP, asked));
        let call = world.incoming().call;
        world.command(Command::Answer { call, media: MEDIA.parse().unwrap() });
        let ok = world.sent.pop().unwrap().1;
        assert!(ok.contains(&format!("Session-Expires: {said}")), "{asked}\n{ok}");
        assert_eq!(ok.contains("Require: timer"), said.contains("Require"), "{ok}");
    }
}

#[test]
fn we_refresh_by_update_at_half_of_the_interval_for_as_long_as_it_is_answered() {
    let (mut world, _, _) = refreshed(OURS);
    for turn in 1..=5 {
        world.pass(seconds(59));
        assert!(world.sent.is_empty());
        world.pass(seconds(1));
        let update = world.sent[0].1.clone();
        assert!(update.starts_with("UPDATE sip:peer@198.51.100.7:5062 SIP/2.0\r\n"), "{update}");
        assert!(update.contains(&format!("CSeq: {turn} UPDATE\r\n")), "{update}");
        assert!(update.contains("Session-Expires: 120;refresher=uac\r\n"), "{update}");
        let ok = answer(&world, "200", "Session-Expires: 120;refresher=uac\r\n", "");
        world.sent.clear();
        world.hear(&ok);
    }
    let quiet = answer_to_none(&mut world);
    assert_eq!(quiet, "UPDATE");
    assert!(world.events.is_empty());
}

/// Leaves the next refresh without an answer up to its first repetitions, then answers that there is no timer.
fn answer_to_none(world: &mut World) -> String {
    world.pass(seconds(60));
    world.pass(seconds(4));
    let ok = answer(world, "200", "", "");
    let lines = world.lines();
    assert_eq!(lines.len(), 4, "at 0, 0.5, 1.5 and 3.5 s: {lines:?}");
    world.hear(&ok);
    world.pass(seconds(1_000));
    assert!(world.sent.is_empty(), "RFC 4028, section 7.2: without the header there is no timer");
    lines[0].clone()
}

#[test]
fn a_refresh_that_nobody_answers_ends_the_call() {
    for answered in ["", "408", "481"] {
        let (mut world, _, _) = refreshed(OURS);
        world.pass(seconds(60));
        if !answered.is_empty() {
            let refusal = answer(&world, answered, "", "");
            world.hear(&refusal);
        }
        world.pass(seconds(33));
        assert_eq!(world.ended(), Hangup { by_peer: false, detail: "session timer".into() });
        assert!(world.lines().contains(&"BYE".to_owned()));
        world.pass(seconds(70));
        world.assert_forgotten();
    }
}

#[test]
fn a_peer_without_update_is_refreshed_by_an_invite_that_offers_what_holds() {
    let (mut world, _, _) = refreshed(OURS_BY_INVITE);
    world.pass(seconds(60));
    let (_, request) = world.sent[0].clone();
    assert!(request.starts_with("INVITE sip:peer@198.51.100.7:5062 SIP/2.0\r\n"), "{request}");
    assert!(request.contains("m=audio 20000 RTP/AVP 8 101\r\n"), "{request}");
    assert!(request.contains(" 1 IN IP4 192.0.2.1\r\n"), "the same version: {request}");
    let ok = answer(&world, "200", "Session-Expires: 120;refresher=uac\r\n", SDP);
    let ok = ok.replace("peer@198.51.100.7:5062", "moved@198.51.100.7:5064");
    world.hear(&answer(&world, "100", "", ""));
    world.pass(seconds(20));
    assert_eq!(world.lines(), ["INVITE"], "a provisional answer stops the repeating");
    world.hear(&ok);
    world.hear(&ok);
    let acks: Vec<_> = world.sent.iter().map(|(_, text)| text.clone()).collect();
    assert_eq!(world.lines(), ["ACK", "ACK"], "each answer has its ACK");
    assert_eq!(acks[0], acks[1]);
    assert!(acks[0].starts_with("ACK sip:moved@198.51.100.7:5064 "), "{}", acks[0]);
    assert!(acks[0].contains("CSeq: 1 ACK\r\n") && !request.contains(&branch(&acks[0])));
    assert!(world.events.is_empty(), "nothing changed");
    world.pass(seconds(60));
    let moved = answer(&world, "200", "", &SDP.replace("40000", "41000"));
    world.hear(&moved);
    assert!(
        matches!(&world.events[0], Event::MediaChanged { offer, .. } if offer.remote.port() == 41_000)
    );
}

fn branch(text: &str) -> String {
    text.split("branch=").nth(1).unwrap().split(';').next().unwrap().to_owned()
}

#[test]
fn refusals_of_our_refresh_are_acknowledged_and_it_is_tried_again() {
    for (status, more, again_ms) in [
        ("491", "", 0..=2_000),
        ("500", "Retry-After: 5 (busy);duration=1\r\n", 5_000..=5_000),
        ("503", "", 10_000..=10_000),
        // Neither a challenge is answered nor a redirection followed.
        ("401", "WWW-Authenticate: Digest realm=\"x\", nonce=\"y\"\r\n", 10_000..=10_000),
        ("302", "", 10_000..=10_000),
        ("422", "Min-SE: 300\r\n", 0..=0),
    ] {
        let (mut world, _, _) = refreshed(OURS_BY_INVITE);
        world.pass(seconds(60));
        let first = branch(&world.sent[0].1);
        let refusal = answer(&world, status, more, "");
        world.sent.clear();
        world.hear(&refusal);
        let ack = world.sent.remove(0).1;
        assert!(ack.starts_with("ACK ") && branch(&ack) == first, "{status}: {ack}");
        let from = world.now;
        while !world.sent.iter().any(|(_, text)| text.starts_with("INVITE")) {
            assert!(world.now < from + seconds(20), "{status}");
            world.pass(Duration::from_millis(10));
        }
        let after = (world.now - from).as_millis().saturating_sub(10);
        assert!(again_ms.contains(&after) || after + 10 == *again_ms.end(), "{status}: {after}");
        let again = &world.sent.last().unwrap().1;
        assert_ne!(branch(again), first);
        assert_eq!(again.contains("Session-Expires: 300;"), status == "422", "{again}");
        assert!(!again.contains("Authorization"));
        assert!(world.events.is_empty());
    }
}

#[test]
fn a_peer_that_refuses_update_gets_an_invite_at_once() {
    let (mut world, _, _) = refreshed(OURS);
    world.pass(seconds(60));
    let refusal = answer(&world, "405", "", "");
    world.hear(&refusal);
    world.pass(Duration::from_millis(1));
    assert_eq!(world.lines(), ["UPDATE", "INVITE"]);
}

#[test]
fn a_refresh_that_is_always_refused_ends_the_call_before_the_session_expires() {
    let (mut world, _, _) = refreshed(OURS_BY_INVITE);
    world.pass(seconds(60));
    while world.events.is_empty() {
        let refusal = answer(&world, "500", "", "");
        world.hear(&refusal);
        world.pass(seconds(10));
    }
    assert_eq!(world.ended().detail, "session timer");
    assert!(world.lines().contains(&"BYE".to_owned()));
}

#[test]
fn an_invite_that_meets_ours_has_to_wait() {
    let (mut world, _, tag) = refreshed(OURS_BY_INVITE);
    world.pass(seconds(60));
    let ok = answer(&world, "200", "Session-Expires: 120;refresher=uac\r\n", SDP);
    let hold = format!("{SDP}a=sendonly\r\n");
    assert_eq!(world.status(&inside("INVITE", "g", 2, &tag, CONTACT, &hold)), "491");
    world.hear(&inside("ACK", "g", 2, &tag, "", ""));
    assert_eq!(world.status(&inside("UPDATE", "u", 3, &tag, CONTACT, &hold)), "491");
    world.hear(&ok);
    assert_eq!(world.lines(), ["ACK"]);
    assert_eq!(world.status(&inside("INVITE", "h", 4, &tag, CONTACT, &hold)), "200");
}

#[test]
fn we_do_not_invite_while_an_answer_of_ours_waits_for_its_ack() {
    let (mut world, _, tag) = refreshed(OURS_BY_INVITE);
    world.pass(seconds(50));
    let again = format!("{CONTACT}{OURS_BY_INVITE}");
    world.hear(&inside("INVITE", "2", 2, &tag, &again, SDP));
    world.pass(seconds(20));
    assert!(world.lines().iter().all(|line| line == "200"));
    world.hear(&ack("2", 2, &tag, ""));
    world.pass(seconds(39));
    assert!(world.sent.is_empty());
    world.pass(seconds(1));
    assert_eq!(world.lines(), ["INVITE"], "half of the interval after their refresh");
}

#[test]
fn hanging_up_while_a_refresh_waits_still_acknowledges_its_answer() {
    let (mut world, call, _) = refreshed(OURS_BY_INVITE);
    world.pass(seconds(60));
    let ok = answer(&world, "200", "Session-Expires: 120;refresher=uac\r\n", SDP);
    world.command(Command::HangUp { call, reason: "end".into() });
    assert_eq!(world.lines(), ["INVITE", "BYE"]);
    world.ended();
    world.hear(&ok);
    assert_eq!(world.lines(), ["ACK"]);
    world.pass(seconds(70));
    assert!(world.events.is_empty());
    world.assert_forgotten();
}

#[test]
fn a_stream_is_not_asked_twice_and_no_answer_ends_the_call_all_the_same() {
    let mut world = World::tcp();
    let (_, tag) = world.answered(&invite_with("1", SDP, OURS));
    world.hear(&ack("1", 1, &tag, ""));
    world.events.clear();
    world.pass(seconds(87));
    assert_eq!(world.lines(), ["UPDATE"]);
    world.pass(seconds(2));
    assert_eq!(world.ended().detail, "session timer");
}
