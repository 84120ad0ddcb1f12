//! What is not served, and that it costs nothing.

use super::*;

#[test]
fn responses_go_to_the_sender_and_nowhere_else() {
    let mut world = World::new();
    let options = message("OPTIONS sip:192.0.2.1", "1", "1 OPTIONS", "", "", "");
    world.hear(&options);
    let plain = options.replace("198.51.100.7:5060;branch", "10.0.0.1;maddr=203.0.113.9;branch");
    world.hear(&plain);
    world.flow = udp("198.51.100.7:12345");
    world.hear(&options.replace(";branch", ";rport;branch"));
    let to: Vec<_> = world.sent.iter().map(|(flow, _)| flow.remote.to_string()).collect();
    assert_eq!(to, ["198.51.100.7:5060", "198.51.100.7:5060", "198.51.100.7:12345"]);
    let via = |n: usize| world.sent[n].1.lines().nth(1).unwrap().to_owned();
    assert!(!via(0).contains("received"));
    assert!(via(1).ends_with(";received=198.51.100.7"), "{}", via(1));
    assert!(via(2).contains(";rport=12345;") && via(2).ends_with(";received=198.51.100.7"));
}

#[test]
fn a_drain_refuses_new_calls_and_keeps_the_others() {
    let mut world = World::new();
    let (_, tag) = world.confirmed();
    world.command(Command::Drain);
    let other = invite("9", SDP).replace("call@", "other@");
    world.hear(&other);
    assert!(world.sent.last().unwrap().1.contains("Retry-After: 60\r\n"));
    assert_eq!(world.lines().last().unwrap(), "503");
    let options = message("OPTIONS sip:192.0.2.1", "o", "1 OPTIONS", "", "", "");
    assert_eq!(world.status(&options), "503");
    assert_eq!(world.status(&inside("OPTIONS", "3", 3, &tag, "", "")), "200");
    assert_eq!(world.status(&inside("BYE", "4", 4, &tag, "", "")), "200");
}

#[test]
fn a_flood_of_invites_keeps_no_more_than_its_share() {
    let mut config = config();
    config.calls_max = 100;
    let mut world = World::with(config, udp("203.0.113.1:5060"));
    for at in 0..10_000 {
        world.flow = udp(&format!("203.0.{}.{}:5060", at / 250, 1 + at % 250));
        let invite = invite(&format!("f{at}"), SDP).replace("call@", &format!("call{at}@"));
        world.hear(&invite);
    }
    assert_eq!(world.endpoint.calls(), 50);
    assert_eq!(world.lines().iter().filter(|l| *l == "503").count(), 9_950);
    world.flow = udp("198.51.100.1:5060");
    assert_eq!(world.status(&invite("t", SDP)), "100", "the trunk still gets in");
    world.pass(seconds(100));
    world.assert_forgotten();
}

#[test]
fn ended_calls_are_bounded_too() {
    let mut world = World::new();
    for at in 0..1_000 {
        world.hear(&invite(&format!("f{at}"), SDP).replace("call@", &format!("call{at}@")));
        let call = world.incoming().call;
        world.command(Command::Reject { call, status: 486, retry_after: None });
        world.ended();
    }
    assert_eq!(world.endpoint.calls.len(), 8 + LEAVING_SPARE);
    assert_eq!(world.endpoint.by_transaction.len(), 8 + LEAVING_SPARE);
    world.pass(seconds(40));
    world.assert_forgotten();
}

#[test]
fn wrong_dialogs_methods_and_extensions_are_refused_by_name() {
    let mut world = World::new();
    let (_, tag) = world.confirmed();
    let out = |method: &str| {
        message(&format!("{method} sip:konf@192.0.2.1"), method, &format!("5 {method}"), "", "", "")
    };
    for (text, status) in [
        (inside("BYE", "2", 2, "wrong", "", ""), "481"),
        (inside("BYE", "2", 2, &tag, "", "").replace("tag=peer", "tag=other"), "481"),
        (out("BYE"), "481"),
        (out("INFO"), "481"),
        (out("REGISTER"), "401"),
        (out("SUBSCRIBE"), "405"),
        (out("MESSAGE"), "405"),
        (out("REFER"), "405"),
        (out("PRACK"), "481"),
        (inside("PRACK", "p", 2, &tag, "RAck: 1 1 INVITE\r\n", ""), "481"),
        (inside("REFER", "3", 2, &tag, "", ""), "405"),
        (out("FROBNICATE"), "501"),
        (inside("INVITE", "4", 2, &tag, "Require: 100rel, x\r\n", SDP), "420"),
        (inside("ACK", "5", 9, "wrong", "", ""), "nothing"),
    ] {
        assert_eq!(world.status(&text), status, "{text}");
    }
    let busy = invite("7", SDP).replace("call@", "x@");
    let cases = [
        (busy.replace("sip:konf@192.0.2.1 SIP", "sip:nobody@192.0.2.1 SIP"), "404"),
        (busy.replace("sip:konf@192.0.2.1 SIP", "urn:service:sos SIP"), "416"),
        (busy.replace("sip:konf@192.0.2.1 SIP", &format!("sip:{}@a SIP", "k".repeat(2000))), "414"),
        (busy.replace("application/sdp", "text/plain"), "415"),
        (busy.replace("Max-Forwards: 70", "Content-Encoding: gzip"), "415"),
        (busy.replace("Max-Forwards: 70", "Require: precondition"), "420"),
        (busy.replace("Max-Forwards: 70", "Accept: text/plain"), "406"),
        (busy.replace("Contact: <sip:peer@198.51.100.7:5062>\r\n", ""), "400"),
        (busy.replace("m=audio", "m=video"), "488"),
        (busy.replace("RTP/AVP", "RTP/SAVP"), "488"),
        (busy.replace("v=0", "w=0"), "400"),
        (busy.replace("sip:konf@192.0.2.1 SIP", "tel:606-000-600 SIP"), "100"),
    ];
    for (text, status) in cases {
        let length = text.split("\r\n\r\n").nth(1).unwrap().len();
        let text = text.replace(&format!("Content-Length: {}", SDP.len()), &format!("l: {length}"));
        assert_eq!(world.status(&text), status, "{text}");
    }
}

#[test]
fn a_refusal_to_a_stranger_is_no_amplifier() {
    let mut world = World::new();
    let small = "OPTIONS sip:a SIP/2.0\r\nv: SIP/2.0/UDP b\r\nf: <sip:c>\r\nt: <sip:a>\r\ni: 1\r\nCSeq: 1 OPTIONS\r\n\r\n";
    world.hear(small);
    let (_, response) = world.sent.pop().unwrap();
    assert!(response.starts_with("SIP/2.0 200 OK"));
    assert!(response.len() <= 2 * small.len(), "{} for {}", response.len(), small.len());
}

#[test]
fn junk_leaves_no_state_and_gets_no_answer() {
    let mut world = World::new();
    for text in [
        "",
        "\r\n\r\n",
        "\0\0\0\0",
        "hello",
        "SIP/2.0 200 OK\r\n\r\n",
        "INVITE sip:a SIP/2.0\r\n\r\n",
    ] {
        assert_eq!(world.status(text), "nothing", "{text:?}");
    }
    world.assert_forgotten();
}

#[test]
fn reliable_provisional_answers_may_be_required_of_who_sends_none() {
    let mut world = World::trunk();
    world.hear(&invite_with("1", SDP, "Require: 100rel\r\nSupported: timer\r\n"));
    let call = world.incoming().call;
    world.command(Command::Answer { call, media: MEDIA.parse().unwrap() });
    let answers: Vec<_> = world.sent.drain(..).map(|(_, text)| text).collect();
    assert!(answers[0].starts_with("SIP/2.0 100 ") && !answers[0].contains("RSeq"));
    assert!(answers[1].starts_with("SIP/2.0 200 "), "{}", answers[1]);
    assert!(answers[1].contains("UPDATE, PRACK\r\n"), "{}", answers[1]);
    assert!(answers[1].contains("Supported: timer, 100rel\r\n"), "{}", answers[1]);
}

#[test]
fn a_call_of_a_trunk_listens_to_trunks_alone() {
    let mut world = World::trunk();
    let (_, tag) = world.confirmed();
    world.flow = udp("203.0.113.66:5060");
    for method in ["BYE", "INVITE", "UPDATE", "INFO"] {
        assert_eq!(world.status(&inside(method, method, 2, &tag, "", "")), "403");
    }
    assert!(world.events.is_empty());
    world.flow = udp(TRUNK);
    assert_eq!(world.status(&inside("BYE", "b", 2, &tag, "", "")), "200");
}

#[test]
fn nobody_makes_us_dial() {
    let mut world = World::new();
    let (_, tag) = world.confirmed();
    let refer = "Refer-To: <sip:premium@203.0.113.9>\r\nReferred-By: <sip:a@b>\r\n";
    assert_eq!(world.status(&inside("REFER", "r", 2, &tag, refer, "")), "405");
    let replaces = format!("Replaces: call@198.51.100.7;to-tag={tag};from-tag=peer\r\n");
    let other = |more: &str| invite_with("x", SDP, more).replace("call@", "other@");
    let required = other(&format!("{replaces}Require: replaces\r\n"));
    assert_eq!(world.status(&required), "420");
    assert_eq!(world.status(&other(&replaces)), "100", "a call like any other");
    assert_eq!(world.endpoint.calls(), 2, "nobody was replaced");
    let redirection = "SIP/2.0 302 Moved\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx\r\nCSeq: 1 INVITE\r\n\
        Contact: <sip:premium@203.0.113.9>\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(world.status(redirection), "nothing");
    let all = world.sent.iter().map(|(_, text)| text);
    assert!(!all.into_iter().any(|text| text.starts_with("INVITE")));
}
