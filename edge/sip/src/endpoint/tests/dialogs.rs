//! Inside a call.

use super::*;

#[test]
fn hanging_up_before_the_ack_waits_with_the_bye_until_it_has_come() {
    let mut world = World::new();
    let (call, tag) = world.answered(&invite("1", SDP));
    world.command(Command::HangUp { call, reason: "the room is closed".into() });
    assert_eq!(world.ended(), Hangup { by_peer: false, detail: "the room is closed".into() });
    assert!(world.lines().is_empty());
    world.hear(&ack("1", 1, &tag, ""));
    assert_eq!(world.lines(), ["BYE"]);
}

#[test]
fn our_bye_names_the_contact_follows_the_routes_and_is_repeated_until_answered() {
    let mut world = World::new();
    let routes = "Record-Route: <sip:p2.example.com;lr>, <sip:p1.example.com;lr>\r\n";
    let (call, tag) = world.answered(&invite_with("1", SDP, routes));
    world.hear(&ack("1", 1, &tag, ""));
    world.command(Command::HangUp { call, reason: "end".into() });
    let (flow, bye) = world.sent[0].clone();
    assert_eq!(flow.remote, "198.51.100.7:5060".parse().unwrap(), "the route's address is a name");
    assert!(bye.starts_with("BYE sip:peer@198.51.100.7:5062 SIP/2.0\r\n"), "{bye}");
    assert!(bye.contains("Route: <sip:p2.example.com;lr>\r\nRoute: <sip:p1.example.com;lr>\r\n"));
    assert!(bye.contains(&format!("From: <sip:konf@192.0.2.1>;tag={tag}\r\n")), "{bye}");
    assert!(bye.contains("To: \"Ján\" <sip:+420777123456@198.51.100.7>;tag=peer\r\n"), "{bye}");
    assert!(bye.contains("Reason: Q.850;cause=16;text=\"end\"\r\n"));
    world.pass(seconds(1));
    assert_eq!(world.lines(), ["BYE", "BYE"]);
    let via = bye.lines().find(|l| l.starts_with("Via")).unwrap();
    world.hear(&format!("SIP/2.0 200 OK\r\n{via}\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n"));
    world.pass(seconds(31));
    assert!(world.lines().is_empty());
    world.pass(seconds(40));
    world.assert_forgotten();
}

#[test]
fn hold_and_resume_change_the_media_and_keep_our_address() {
    let mut world = World::new();
    let (call, tag) = world.confirmed();
    let contact = "Contact: <sip:peer@198.51.100.7:5062>\r\n";
    let hold = format!("{SDP}a=sendonly\r\n");
    world.hear(&inside("INVITE", "2", 2, &tag, contact, &hold));
    let answer = world.sent[0].1.clone();
    assert!(answer.contains("m=audio 20000 ") && answer.contains("a=recvonly\r\n"), "{answer}");
    assert!(answer.contains(" 2 IN IP4 192.0.2.1\r\n"), "a changed answer is a new version");
    match world.events.remove(0) {
        Event::MediaChanged { offer, .. } => assert_eq!(offer.direction, Direction::ReceiveOnly),
        other => panic!("{other:?}"),
    }
    world.hear(&ack("2", 2, &tag, ""));
    world.hear(&inside("UPDATE", "3", 3, &tag, contact, SDP));
    match world.events.remove(0) {
        Event::MediaChanged { call: c, offer } => {
            assert_eq!((c, offer.direction), (call, Direction::SendReceive));
        }
        other => panic!("{other:?}"),
    }
    let bad = SDP.replace("RTP/AVP 8 0 101", "RTP/AVP 18 101");
    assert_eq!(world.status(&inside("INVITE", "4", 4, &tag, contact, &bad)), "488");
    assert_eq!(world.endpoint.calls(), 1, "a refused change leaves the call as it was");
}

#[test]
fn an_invite_without_sdp_gets_our_offer_and_the_ack_brings_the_answer() {
    let mut world = World::new();
    world.hear(&invite("1", ""));
    let incoming = world.incoming();
    assert_eq!(incoming.offer.direction, Direction::Inactive);
    world.command(Command::Answer { call: incoming.call, media: MEDIA.parse().unwrap() });
    let ok = world.sent.pop().unwrap().1;
    assert!(ok.contains("m=audio 20000 RTP/AVP 8 0 101\r\n"), "{ok}");
    let update = inside("UPDATE", "u", 2, &tag(&ok), "", SDP);
    assert_eq!(world.status(&update), "491");
    let answer = SDP.replace("8 0 101", "0 101");
    world.hear(&ack("1", 1, &tag(&ok), &answer));
    match &world.events[0] {
        Event::MediaChanged { offer, .. } => {
            assert_eq!((offer.codec, offer.payload_type), (Codec::Pcmu, 0));
            assert_eq!(offer.remote, "198.51.100.7:40000".parse().unwrap());
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(world.events[1], Event::Confirmed { call: incoming.call });
}

#[test]
fn an_ack_without_the_answer_that_we_need_ends_the_call() {
    let mut world = World::new();
    let (_, tag) = world.answered(&invite("1", ""));
    world.hear(&ack("1", 1, &tag, ""));
    assert_eq!(world.lines(), ["BYE"]);
    assert_eq!(world.ended().detail, "no usable SDP in ACK");
}

#[test]
fn keys_come_by_info_in_both_forms() {
    let mut world = World::new();
    let (call, tag) = world.confirmed();
    let relay = "Content-Type: application/dtmf-relay\r\n";
    let dtmf = "Content-Type: application/dtmf\r\n";
    let cases = [(relay, "Signal=5\r\nDuration=160\r\n", '5'), (relay, "Signal= *\r\n", '*')];
    let cases = cases.into_iter().chain([(relay, "Signal=11\r\n", '#'), (dtmf, "d", 'D')]);
    for (at, (kind, body, key)) in (2..).zip(cases) {
        let info = inside("INFO", &format!("i{at}"), at, &tag, kind, body);
        assert_eq!(world.status(&info), "200");
        assert_eq!(world.events.remove(0), Event::Key { call, key });
        assert_eq!(world.status(&info), "200", "a repetition");
        assert!(world.events.is_empty());
    }
    let info = |cseq, kind, body| inside("INFO", &format!("x{cseq}"), cseq, &tag, kind, body);
    assert_eq!(world.status(&info(10, relay, "Signal=55\r\n")), "400");
    assert_eq!(world.status(&info(11, "Content-Type: text/plain\r\n", "5")), "415");
    assert_eq!(world.status(&info(12, "", "")), "200");
    assert_eq!(world.status(&info(11, "", "").replace("x11", "late")), "500", "out of order");
}

#[test]
fn a_session_that_is_not_refreshed_ends_before_it_expires() {
    let mut world = World::new();
    let timer = "Supported: timer\r\nSession-Expires: 120\r\n";
    world.hear(&invite_with("1", SDP, timer));
    let call = world.incoming().call;
    world.command(Command::Answer { call, media: MEDIA.parse().unwrap() });
    let ok = world.sent.pop().unwrap().1;
    assert!(ok.contains("Session-Expires: 120;refresher=uac\r\nRequire: timer\r\n"), "{ok}");
    let tag = tag(&ok);
    world.hear(&ack("1", 1, &tag, ""));
    world.events.clear();
    world.pass(seconds(80));
    world.hear(&inside("UPDATE", "2", 2, &tag, timer, ""));
    world.sent.clear();
    world.pass(seconds(87));
    assert!(world.events.is_empty());
    world.pass(seconds(2));
    assert_eq!(world.ended().detail, "session timer");
    assert_eq!(world.lines()[0], "BYE");
    let short = invite_with("9", SDP, "Session-Expires: 30\r\n").replace("call@", "other@");
    assert_eq!(world.status(&short), "422");
}

#[test]
fn a_refused_change_is_repeated_until_its_ack() {
    let mut world = World::new();
    let (_, tag) = world.confirmed();
    let video = SDP.replace("audio", "video");
    world.hear(&inside("INVITE", "2", 2, &tag, "", &video));
    world.pass(seconds(2));
    assert_eq!(world.lines(), ["488"; 3]);
    let retry = inside("INVITE", "2", 2, &tag, "", &video);
    assert_eq!(world.status(&retry), "488");
    world.hear(&inside("ACK", "2", 2, &tag, "", ""));
    world.pass(seconds(20));
    assert!(world.lines().is_empty());
    for cseq in 3..20 {
        let again = inside("INVITE", &format!("n{cseq}"), cseq, &tag, "", &video);
        assert!(["488", "500"].contains(&world.status(&again).as_str()));
    }
    assert_eq!(world.endpoint.calls(), 1);
    world.hear(&inside("BYE", "bye", 30, &tag, "", ""));
    world.pass(seconds(70));
    world.assert_forgotten();
}

#[test]
fn a_hundred_repeats_the_timestamp() {
    let mut world = World::trunk();
    world.hear(&invite_with("1", SDP, "Timestamp: 54.5\r\n"));
    assert!(world.sent[0].1.contains("Timestamp: 54.5\r\n"));
}

#[test]
fn our_bye_goes_to_the_contact_of_a_peer_without_rport_but_never_to_another_address() {
    for (contact, rport, expected) in [
        ("sip:peer@198.51.100.7:5062", "", "198.51.100.7:5062"),
        ("sip:peer@198.51.100.7", "", "198.51.100.7:5060"),
        ("sip:peer@198.51.100.7:5062", ";rport", "198.51.100.7:33333"),
        ("sip:peer@203.0.113.5:5062", "", "198.51.100.7:33333"),
        ("sip:peer@phone.example.com:5062", "", "198.51.100.7:33333"),
    ] {
        let mut world = World::new();
        world.flow = udp("198.51.100.7:33333");
        let change = |text: String| {
            text.replace("sip:peer@198.51.100.7:5062", contact)
                .replace(";branch", &format!("{rport};branch"))
        };
        let (call, tag) = world.answered(&change(invite("1", SDP)));
        world.hear(&change(ack("1", 1, &tag, "")));
        world.command(Command::HangUp { call, reason: "end".into() });
        assert_eq!(world.sent[0].0.remote.to_string(), expected, "{contact} {rport}");
    }
}

#[test]
fn two_byes_that_cross_are_both_answered_and_end_the_call_once() {
    let mut world = World::new();
    let (call, tag) = world.confirmed();
    world.command(Command::HangUp { call, reason: "end".into() });
    assert_eq!(world.lines(), ["BYE"]);
    assert_eq!(world.status(&inside("BYE", "2", 2, &tag, "", "")), "200");
    assert!(!world.ended().by_peer);
    assert!(world.events.is_empty());
    assert_eq!(world.status(&inside("INFO", "3", 3, &tag, "", "")), "481");
}

#[test]
fn a_strict_router_gets_itself_in_the_request_line_and_the_target_last() {
    let mut world = World::new();
    let route = "Record-Route: <sip:old.example.com>, <sip:p1.example.com;lr>\r\n";
    let (call, tag) = world.answered(&invite_with("1", SDP, route));
    world.hear(&ack("1", 1, &tag, ""));
    world.command(Command::HangUp { call, reason: "Q.850;cause=31".into() });
    let bye = &world.sent[0].1;
    assert!(bye.starts_with("BYE sip:old.example.com SIP/2.0\r\n"), "{bye}");
    let routes = "Route: <sip:p1.example.com;lr>\r\nRoute: <sip:peer@198.51.100.7:5062>\r\n";
    assert!(bye.contains(routes), "{bye}");
    assert!(bye.contains("Reason: Q.850;cause=31\r\n"), "{bye}");
}

#[test]
fn a_bye_ends_the_call_though_its_ack_was_lost() {
    let mut world = World::trunk();
    let (_, tag) = world.answered(&invite("1", SDP));
    assert_eq!(world.status(&inside("BYE", "2", 2, &tag, "", "")), "200");
    assert!(world.ended().by_peer);
    world.pass(seconds(20));
    assert!(world.lines().is_empty(), "the answer to the INVITE is not repeated to who has gone");
    world.hear(&ack("1", 1, &tag, ""));
    assert!(world.events.is_empty() && world.sent.is_empty());
    world.pass(seconds(70));
    world.assert_forgotten();
}

#[test]
fn a_re_invite_may_change_codec_address_and_numbers() {
    let mut config = config();
    config.codecs = vec![Codec::G722, Codec::Pcma];
    let mut world = World::with(config, udp("198.51.100.7:5060"));
    let (_, tag) = world.answered(&invite("1", SDP));
    world.hear(&ack("1", 1, &tag, ""));
    world.events.clear();
    let contact = "Contact: <sip:peer@198.51.100.7:5062>\r\n";
    let wide = SDP
        .replace("40000 RTP/AVP 8 0 101", "42000 RTP/AVP 9 97")
        .replace("rtpmap:101", "rtpmap:97")
        .replace("c=IN IP4 198.51.100.7", "c=IN IP4 198.51.100.8");
    world.hear(&inside("INVITE", "2", 2, &tag, contact, &wide));
    let answer = world.sent[0].1.clone();
    assert!(answer.contains("m=audio 20000 RTP/AVP 9 97\r\n"), "{answer}");
    match world.events.remove(0) {
        Event::MediaChanged { offer, .. } => {
            assert_eq!((offer.codec, offer.event_payload_type), (Codec::G722, Some(97)));
            assert_eq!(offer.remote, "198.51.100.8:42000".parse().unwrap());
        }
        other => panic!("{other:?}"),
    }
    world.hear(&ack("2", 2, &tag, ""));
    // And without SDP: our offer keeps what holds in the first place.
    world.hear(&inside("INVITE", "3", 3, &tag, contact, ""));
    let offer = world.sent.pop().unwrap().1;
    assert!(offer.contains("m=audio 20000 RTP/AVP 9 8 97\r\n"), "{offer}");
    world.hear(&ack(
        "3",
        3,
        &tag,
        &SDP.replace("8 0 101", "8 97").replace("rtpmap:101", "rtpmap:97"),
    ));
    assert!(
        matches!(&world.events[0], Event::MediaChanged { offer, .. } if offer.codec == Codec::Pcma)
    );
}
