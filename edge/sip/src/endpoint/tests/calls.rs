//! The first INVITE of a call and what becomes of it.

use super::*;

#[test]
fn a_call_is_offered_answered_confirmed_and_ended_by_the_caller() {
    let mut world = World::new();
    world.hear(&invite("1", SDP));
    let incoming = world.incoming();
    assert_eq!(incoming.number.unwrap().expose(), "+420777123456");
    assert_eq!(
        (incoming.network.as_str(), incoming.mobile, incoming.trunk),
        ("internet", false, None)
    );
    assert_eq!(incoming.dialled, "konf");
    let offer = MediaOffer {
        remote: "198.51.100.7:40000".parse().unwrap(),
        codec: Codec::Pcma,
        payload_type: 8,
        receive_payload_type: 8,
        event_payload_type: Some(101),
        event_clock_rate: 8_000,
        opus: OpusWishes::default(),
        rtcp: Rtcp::Separate("198.51.100.7:40001".parse().unwrap()),
        crypto: None,
        direction: Direction::SendReceive,
    };
    assert_eq!(incoming.offer, offer);
    world.command(Command::Answer { call: incoming.call, media: MEDIA.parse().unwrap() });
    let (_, ok) = world.sent[0].clone();
    assert!(ok.contains("m=audio 20000 RTP/AVP 8 101\r\n"), "{ok}");
    assert!(ok.contains("Contact: <sip:192.0.2.1:5060>\r\n"), "{ok}");
    assert_eq!(world.lines(), ["200"], "a 100 is not needed");
    let tag = tag(&ok);
    world.hear(&ack("1", 1, &tag, ""));
    assert_eq!(world.events.remove(0), Event::Confirmed { call: incoming.call });
    assert_eq!(world.endpoint.calls(), 1);
    let bye =
        inside("BYE", "2", 2, &tag, "Reason: SIP;cause=200, Q.850;cause=16;text=\"x\"\r\n", "");
    assert_eq!(world.status(&bye), "200");
    let how = Hangup { by_peer: true, detail: "BYE Q.850;cause=16".into() };
    assert_eq!(world.events.remove(0), Event::Ended { call: incoming.call, how });
    assert_eq!(world.endpoint.calls(), 0);
    assert_eq!(world.status(&bye), "200", "a repetition is answered as before");
    assert!(world.events.is_empty());
    world.pass(seconds(33));
    assert_eq!(world.status(&bye), "481");
    world.assert_forgotten();
}

#[test]
fn a_two_hundred_without_ack_is_repeated_for_32_seconds_and_then_the_call_ends() {
    for mut world in [World::trunk(), World::tcp()] {
        let (_, _) = world.answered(&invite("1", SDP));
        world.pass(seconds(31));
        // 0.5, 1.5, 3.5, 7.5, then every 4 s.
        assert_eq!(world.lines(), ["200"; 9]);
        assert!(world.events.is_empty());
        world.pass(seconds(2));
        assert_eq!(world.ended(), Hangup { by_peer: false, detail: "no ACK".into() });
        assert!(world.lines().contains(&"BYE".to_owned()));
        world.pass(seconds(70));
        assert!(world.events.is_empty());
        if world.flow.protocol == Protocol::Udp {
            world.assert_forgotten();
        }
    }
}

#[test]
fn repeated_invites_get_the_last_response_and_are_absorbed_after_the_answer() {
    let mut world = World::trunk();
    world.hear(&invite("1", SDP));
    assert_eq!(world.status(&invite("1", SDP)), "100");
    let call = world.incoming().call;
    assert!(world.events.is_empty());
    world.command(Command::Answer { call, media: MEDIA.parse().unwrap() });
    world.sent.clear();
    assert_eq!(world.status(&invite("1", SDP)), "nothing");
    assert_eq!(world.status(&invite("other", SDP)), "482", "the same request by another way");
}

#[test]
fn a_cancel_before_the_answer_ends_the_call_and_one_after_it_does_nothing() {
    let mut world = World::new();
    let cancel = message("CANCEL sip:konf@192.0.2.1", "1", "1 CANCEL", "", "", "");
    assert_eq!(world.status(&cancel), "481", "before the INVITE");
    world.hear(&invite("1", SDP));
    let call = world.incoming().call;
    world.sent.clear();
    world.hear(&cancel);
    let tags: Vec<_> = world.sent.iter().map(|(_, text)| tag(text)).collect();
    assert_eq!(tags[0], tags[1]);
    assert_eq!(world.lines(), ["200", "487"]);
    assert_eq!(world.ended(), Hangup { by_peer: true, detail: "CANCEL".into() });
    world.command(Command::Answer { call, media: MEDIA.parse().unwrap() });
    assert!(world.lines().is_empty(), "too late for an answer");
    world.pass(seconds(1));
    assert_eq!(world.lines(), ["487"], "repeated until its ACK");
    world.hear(&message("ACK sip:konf@192.0.2.1", "1", "1 ACK", &tags[0], "", ""));
    world.pass(seconds(10));
    assert!(world.lines().is_empty());
    world.pass(seconds(60));
    world.assert_forgotten();

    let mut world = World::new();
    let (_, tag) = world.answered(&invite("1", SDP));
    world.hear(&cancel);
    assert_eq!(world.lines(), ["200"]);
    world.hear(&ack("1", 1, &tag, ""));
    assert_eq!(world.events.len(), 1);
}

#[test]
fn a_rejection_is_repeated_over_udp_until_its_ack_and_over_tcp_not_at_all() {
    for (mut world, repeated) in [(World::trunk(), 10), (World::tcp(), 0)] {
        world.hear(&invite("1", SDP));
        let call = world.incoming().call;
        let retry_after = Some(seconds(30));
        world.sent.clear();
        world.command(Command::Reject { call, status: 503, retry_after });
        assert!(world.sent[0].1.contains("Retry-After: 30\r\n"));
        assert_eq!(world.lines(), ["503"]);
        assert_eq!(world.ended().detail, "rejected 503");
        world.pass(seconds(40));
        assert_eq!(world.lines().len(), repeated);
        assert_eq!(world.endpoint.calls.len(), 0);
    }
}

#[test]
fn identity_headers_count_only_from_a_trunk() {
    let claims = "P-Asserted-Identity: \"x\" <sip:+420606111222@carrier>, <tel:+420606111222>\r\n\
                  X-Network: o2-mobile\r\n";
    let mut world = World::new();
    world.hear(&invite_with("1", SDP, claims));
    let stranger = world.incoming();
    assert_eq!(stranger.number.unwrap().expose(), "+420777123456");
    assert_eq!((stranger.network.as_str(), stranger.mobile), ("internet", false));

    let mut world = World::with(config(), udp("198.51.100.1:5060"));
    world.hear(&invite_with("1", SDP, claims));
    let known = world.incoming();
    assert_eq!(known.trunk.as_deref(), Some("carrier"));
    assert_eq!(known.number.unwrap().expose(), "+420606111222");
    assert_eq!((known.network.as_str(), known.mobile), ("o2-mobile", true));

    let mut world = World::with(config(), udp("[::ffff:198.51.100.1]:5060"));
    let anonymous = invite_with("1", SDP, "P-Access-Network-Info: 3GPP-E-UTRAN-FDD; x=1\r\n")
        .replace("<sip:+420777123456@198.51.100.7>", "<sip:anonymous@anonymous.invalid>");
    world.hear(&anonymous);
    let hidden = world.incoming();
    assert_eq!((hidden.number, hidden.mobile), (None, true));
    assert_eq!(hidden.network, "carrier-fixed");
}

#[test]
fn an_unanswered_call_ends_by_itself() {
    let mut world = World::new();
    world.hear(&invite("1", SDP));
    world.incoming();
    world.pass(seconds(32));
    assert_eq!(world.ended().detail, "not answered");
    assert!(world.lines().contains(&"480".to_owned()));
}

/// RFC 4568, section 4's example.
const CRYPTO: &str =
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";

#[test]
fn where_encryption_is_required_only_keys_by_tls_get_in() {
    let sealed = format!("{SDP}{CRYPTO}").replace("RTP/AVP", "RTP/SAVP");
    for (remote, tls, sdp, status) in [
        ("198.51.100.7:5060", false, &sealed, "488"),
        ("198.51.100.7:5060", true, &SDP.to_owned(), "488"),
        ("198.51.100.7:5060", true, &sealed, "100"),
        (TRUNK, false, &sealed, "488"),
    ] {
        let protocol = if tls { Protocol::Tls(ConnectionId(1)) } else { Protocol::Udp };
        let flow = Flow { protocol, ..udp(remote) };
        let mut world = World::with(Config { srtp: Srtp::Required, ..config() }, flow);
        world.endpoint.handle_connected(world.now, flow);
        assert_eq!(world.status(&invite("1", sdp)), status, "{remote} {tls} {sdp}");
    }
}

#[test]
fn a_hold_keeps_the_keys_and_new_keys_of_the_peer_get_new_ones_of_ours() {
    let flow = Flow { protocol: Protocol::Tls(ConnectionId(1)), ..udp("198.51.100.7:50000") };
    let mut world = World::with(Config { srtp: Srtp::Optional, ..config() }, flow);
    world.endpoint.handle_connected(world.now, flow);
    let sealed = format!("{SDP}{CRYPTO}");
    world.hear(&invite("1", &sealed));
    let incoming = world.incoming();
    let crypto = incoming.offer.crypto.expect("keys");
    let printed = format!("{crypto:?} {:?} {:?}", world.endpoint.calls, world.endpoint.keys);
    assert!(printed.contains("SrtpKey") && !printed.contains("inline"), "{printed}");
    let media = MEDIA.parse().unwrap();
    world.command(Command::Answer { call: incoming.call, media });
    let ok = world.sent.pop().unwrap().1;
    let key = |text: &str| text.split("inline:").nth(1).unwrap()[..40].to_owned();
    assert!(ok.contains("m=audio 20000 RTP/AVP 8 101\r\n"), "{ok}");
    let tag = tag(&ok);
    world.hear(&ack("1", 1, &tag, ""));
    world.hear(&inside("INVITE", "2", 2, &tag, "", &format!("{sealed}a=sendonly\r\n")));
    assert_eq!(key(&world.sent.pop().unwrap().1), key(&ok));
    world.hear(&ack("2", 2, &tag, ""));
    let other = sealed.replace("inline:WVNf", "inline:AAAA");
    world.hear(&inside("INVITE", "3", 3, &tag, "", &other));
    assert_ne!(key(&world.sent.pop().unwrap().1), key(&ok));
    match world.events.pop() {
        Some(Event::MediaChanged { offer, .. }) => assert_ne!(offer.crypto.unwrap(), crypto),
        other => panic!("{other:?}"),
    }
}
