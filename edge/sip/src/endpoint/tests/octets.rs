//! Any octets.

use proptest::prelude::*;

use super::*;

/// Pieces that make messages that are nearly right.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let text = |t: &str| Just(t.as_bytes().to_vec());
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        text("INVITE sip:konf@192.0.2.1 SIP/2.0\r\n"),
        text("ACK sip:konf@192.0.2.1 SIP/2.0\r\n"),
        text("CANCEL sip:konf@192.0.2.1 SIP/2.0\r\n"),
        text("BYE tel:+420606000600 SIP/2.0\r\n"),
        text("SIP/2.0 200 OK\r\n"),
        text("Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKx, SIP / 2.0/TCP [::1]:5\r\n"),
        text("v: SIP/2.0/UDP é;branch=z9hG4é;rport\r\n"),
        text("From: \"\\\"é\" <sip:a@b;x=y>;tag=peer\r\n"),
        text("f: sip:a@[::1]:9;tag=peer\r\n"),
        text("To: <sip:konf@192.0.2.1>\r\n"),
        text("Call-ID: a\r\n"),
        text("CSeq: 1 INVITE\r\n"),
        text("CSeq: 2147483647 BYE\r\n"),
        text("Contact: <sip:%41%ff@x>, *\r\n"),
        text("Record-Route: <sip:a;lr>,<sip:b>\r\n"),
        text("Session-Expires: 4294967295;refresher=uac\r\nSupported: timer\r\n"),
        text("Content-Type: multipart/mixed;boundary=\"b\"\r\n"),
        text("Content-Type: application/sdp\r\n"),
        text("Content-Length: 18446744073709551616\r\n"),
        text(" folded\r\n"),
        text("\r\n"),
        text(SDP),
        text("--b\r\nc: application/sdp\r\n\r\nv=0\r\n--b--"),
        text("m=audio 65535 RTP/AVP 8 0 101 300\r\na=rtpmap:8 PCMA/8000/9\r\na=rtpmap\r\n"),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_octets_make_it_panic_or_grow(
        inputs in proptest::collection::vec((proptest::collection::vec(piece(), 1..14), 0u8..8), 1..24),
    ) {
        let mut world = World::tcp();
        let connection = world.flow;
        for (pieces, choice) in inputs {
            let bytes = pieces.concat();
            world.flow = if choice % 2 == 0 { udp("198.51.100.7:5060") } else { connection };
            let (now, flow) = (world.now, world.flow);
            match flow.protocol {
                Protocol::Udp => world.endpoint.handle_datagram(now, flow, &bytes),
                Protocol::Tcp(id) | Protocol::Tls(id) => {
                    world.endpoint.handle_stream(now, id, &bytes);
                },
            }
            let call = CallId(u64::from(choice));
            let media = MEDIA.parse().unwrap();
            match choice {
                1 => world.endpoint.handle_command(now, Command::Answer { call, media }),
                2 => world.endpoint.handle_command(now, Command::HangUp { call, reason: "\"\r\n".into() }),
                _ => {}
            }
            while world.endpoint.poll_output().is_some() {}
            world.now += Duration::from_millis(700);
            world.endpoint.handle_timeout(world.now);
            while world.endpoint.poll_output().is_some() {}
            prop_assert!(world.endpoint.calls() <= 8);
        }
        world.now += seconds(200);
        while let Some(next) = world.endpoint.poll_timeout() {
            world.now = world.now.max(next);
            world.endpoint.handle_timeout(world.now);
            while world.endpoint.poll_output().is_some() {}
            if world.endpoint.calls.is_empty() && world.endpoint.connections.is_empty() { break }
        }
        world.assert_forgotten();
    }
}
