//! Streams.

use super::*;

#[test]
fn a_stream_may_be_split_at_every_octet() {
    let text = format!(
        "\r\n\r\n{}{}\r\n\r\n",
        invite("1", SDP),
        message("OPTIONS sip:192.0.2.1", "2", "1 OPTIONS", "", "", "")
    );
    for at in 0..text.len() {
        let mut world = World::tcp();
        world.hear_bytes(&text.as_bytes()[..at]);
        world.hear_bytes(&text.as_bytes()[at..]);
        assert_eq!(world.sent.remove(0).1, "\r\n", "a pong");
        assert_eq!(world.sent.pop().unwrap().1, "\r\n");
        assert_eq!(world.lines(), ["100", "200"], "split at {at}");
    }
    let mut world = World::tcp();
    for octet in text.as_bytes() {
        world.hear_bytes(std::slice::from_ref(octet));
    }
    assert_eq!(world.sent.len(), 4);
}

#[test]
fn a_connection_whose_framing_is_lost_is_refused_and_closed() {
    let options = message("OPTIONS sip:192.0.2.1", "2", "1 OPTIONS", "", "", "");
    for (wrong, status) in [
        (options.replace("Content-Length: 0\r\n", ""), "400"),
        (options.replace("Content-Length: 0", "Content-Length: -1"), "400"),
        (options.replace("Content-Length: 0", "l: 0\r\nContent-Length: 5"), "400"),
        (options.replace("Content-Length: 0", "Content-Length: 99999999"), "413"),
        (
            options.replace("Max-Forwards", &format!("X: {}\r\nMax-Forwards", "x".repeat(20_000))),
            "513",
        ),
    ] {
        let mut world = World::tcp();
        assert_eq!(world.status(&wrong), status);
        assert_eq!(world.closed, [ConnectionId(1)]);
    }
    let mut world = World::tcp();
    assert_eq!(world.status("GET / HTTP/1.1\r\nHost: x\r\n"), "nothing");
    assert_eq!(world.closed, [ConnectionId(1)]);
}

#[test]
fn a_connection_that_stays_silent_or_never_finishes_is_closed() {
    let mut world = World::tcp();
    world.pass(seconds(21));
    assert_eq!(world.closed, [ConnectionId(1)]);

    let mut world = World::tcp();
    for _ in 0..10 {
        world.hear("\r\n\r\n");
        world.pass(seconds(2));
    }
    world.pass(seconds(1));
    assert_eq!(world.closed, [ConnectionId(1)], "pings are no reason to be here");

    let options = message("OPTIONS sip:192.0.2.1", "o", "1 OPTIONS", "", "", "");
    let mut world = World::tcp();
    world.hear(&options);
    world.pass(seconds(26));
    assert_eq!(world.closed, [ConnectionId(1)], "a stranger without a call");

    let mut world = World::stream(Protocol::Tcp(ConnectionId(1)), TRUNK);
    world.pass(seconds(170));
    world.hear("\r\n\r\n");
    world.pass(seconds(170));
    assert!(world.closed.is_empty(), "a trunk may wait for its calls");
    world.pass(seconds(11));
    assert_eq!(world.closed, [ConnectionId(1)]);

    let mut world = World::tcp();
    for _ in 0..40 {
        world.hear("O");
        world.pass(seconds(1));
    }
    assert_eq!(world.closed, [ConnectionId(1)]);

    let mut world = World::tcp();
    world.confirmed();
    world.pass(seconds(1000));
    assert!(world.closed.is_empty(), "a call keeps it");
}

#[test]
fn a_call_survives_its_connection_for_a_while_and_moves_to_a_new_one() {
    let mut world = World::tcp();
    let (_, tag) = world.confirmed();
    world.endpoint.handle_disconnected(world.now, ConnectionId(1));
    world.pass(seconds(20));
    world.flow.protocol = Protocol::Tcp(ConnectionId(2));
    world.endpoint.handle_connected(world.now, world.flow);
    assert_eq!(world.status(&inside("OPTIONS", "3", 3, &tag, "", "")), "200");
    world.pass(seconds(20));
    assert!(world.events.is_empty());
    world.endpoint.handle_disconnected(world.now, ConnectionId(2));
    world.pass(seconds(33));
    assert_eq!(world.ended(), Hangup { by_peer: true, detail: "connection lost".into() });
}

#[test]
fn more_connections_than_calls_and_spare_ones_are_closed_at_once() {
    let mut world = World::stream(Protocol::Tcp(ConnectionId(1)), TRUNK);
    for id in 2..1_000 {
        let flow = Flow { protocol: Protocol::Tcp(ConnectionId(id)), ..world.flow };
        world.endpoint.handle_connected(world.now, flow);
    }
    world.collect();
    assert_eq!(world.endpoint.connections.len(), 8 + 64);
    assert_eq!(world.closed.len(), 999 - 72);
}

#[test]
fn a_ringing_call_ends_with_its_connection() {
    let mut world = World::tcp();
    world.hear(&invite("1", SDP));
    world.incoming();
    world.endpoint.handle_disconnected(world.now, ConnectionId(1));
    world.collect();
    assert_eq!(world.ended().detail, "connection lost");
    world.pass(seconds(40));
    world.assert_forgotten();
}

#[test]
fn strangers_leave_connections_for_the_trunk_and_for_each_other() {
    let mut world = World::tcp();
    let connect = |world: &mut World, id, remote: &str| {
        let flow = Flow { protocol: Protocol::Tcp(ConnectionId(id)), ..udp(remote) };
        world.endpoint.handle_connected(world.now, flow);
        world.collect();
        world.endpoint.connections.contains_key(&ConnectionId(id))
    };
    let held = (2..100).filter(|id| connect(&mut world, *id, "198.51.100.7:5070")).count();
    assert_eq!(held, 15, "and the first");
    let others = (100..200).filter(|id| connect(&mut world, *id, &format!("203.0.113.{id}:1")));
    assert_eq!(others.count(), 8 + 32 - 16);
    assert!(connect(&mut world, 200, TRUNK));
}

#[test]
fn over_tls_we_are_reached_by_tls() {
    let mut world = World::stream(Protocol::Tls(ConnectionId(1)), "198.51.100.7:50000");
    world.hear(&invite("1", SDP).replace("SIP/2.0/UDP", "SIP/2.0/TLS"));
    let call = world.incoming().call;
    world.command(Command::Answer { call, media: MEDIA.parse().unwrap() });
    let ok = world.sent.pop().unwrap().1;
    assert!(ok.contains("Via: SIP/2.0/TLS 198.51.100.7:5060"), "{ok}");
    assert!(ok.contains("Contact: <sip:192.0.2.1:5061;transport=tls>\r\n"), "{ok}");
    world.hear(&ack("1", 1, &tag(&ok), ""));
    world.command(Command::HangUp { call, reason: "end".into() });
    let bye = world.sent.pop().unwrap().1;
    assert!(bye.contains("Via: SIP/2.0/TLS 192.0.2.1:5061;"), "{bye}");
}
