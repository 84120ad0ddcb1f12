//! A scripted peer on a virtual clock.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::words::{Codec, Direction, Incoming, MediaOffer, Trunk};

pub(crate) const SDP: &str = "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n\
    m=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n";
const MEDIA: &str = "192.0.2.1:20000";

/// The endpoint under test and what it has said.
pub(crate) struct World {
    pub(crate) endpoint: Endpoint,
    pub(crate) now: Instant,
    pub(crate) flow: Flow,
    pub(crate) sent: Vec<(Flow, String)>,
    pub(crate) events: Vec<Event>,
    closed: Vec<ConnectionId>,
}

#[expect(clippy::disallowed_methods, reason = "the beginning of a virtual clock")]
fn beginning() -> Instant {
    Instant::now()
}

pub(crate) fn config() -> Config {
    Config {
        advertised: "192.0.2.1:5060".parse().unwrap(),
        product: "konf".into(),
        served_users: vec!["+420606000600".into(), "konf".into()],
        trunks: vec![Trunk {
            name: "carrier".into(),
            address: "198.51.100.1".parse().unwrap(),
            network: "carrier-fixed".into(),
            mobile: false,
        }],
        calls_max: 8,
        seed: 7,
    }
}

pub(crate) fn udp(remote: &str) -> Flow {
    Flow {
        protocol: Protocol::Udp,
        local: "192.0.2.1:5060".parse().unwrap(),
        remote: remote.parse().unwrap(),
    }
}

impl World {
    pub(crate) fn new() -> Self {
        World::with(config(), udp("198.51.100.7:5060"))
    }

    fn with(config: Config, flow: Flow) -> Self {
        let (sent, events, closed) = Default::default();
        World { endpoint: Endpoint::new(config), now: beginning(), flow, sent, events, closed }
    }

    fn tcp() -> Self {
        let flow = Flow { protocol: Protocol::Tcp(ConnectionId(1)), ..udp("198.51.100.7:50000") };
        let mut world = World::with(config(), flow);
        world.endpoint.handle_connected(world.now, flow);
        world
    }

    pub(crate) fn hear(&mut self, text: &str) {
        self.hear_bytes(text.as_bytes());
    }

    fn hear_bytes(&mut self, bytes: &[u8]) {
        match self.flow.protocol {
            Protocol::Udp => self.endpoint.handle_datagram(self.now, self.flow, bytes),
            Protocol::Tcp(connection) => self.endpoint.handle_stream(self.now, connection, bytes),
        }
        self.collect();
    }

    fn command(&mut self, command: Command) {
        self.endpoint.handle_command(self.now, command);
        self.collect();
    }

    fn collect(&mut self) {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                Output::Send { flow, bytes } => {
                    self.sent.push((flow, String::from_utf8(bytes).unwrap()));
                }
                Output::Close { connection } => self.closed.push(connection),
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    /// Lets time pass, timer by timer.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.endpoint.poll_timeout().filter(|t| *t <= end) {
            self.now = next.max(self.now);
            self.endpoint.handle_timeout(self.now);
            self.collect();
        }
        self.now = end;
    }

    /// Status codes and methods of what was sent since the last time.
    fn lines(&mut self) -> Vec<String> {
        let first = |text: &String| {
            let words: Vec<_> = text.split(' ').take(2).collect();
            if words[0] == "SIP/2.0" { words[1].to_owned() } else { words[0].to_owned() }
        };
        self.sent.drain(..).map(|(_, text)| first(&text)).collect()
    }

    fn status(&mut self, text: &str) -> String {
        self.hear(text);
        let lines = self.lines();
        lines.last().cloned().unwrap_or_else(|| "nothing".into())
    }

    fn incoming(&mut self) -> Incoming {
        match self.events.remove(0) {
            Event::Incoming(incoming) => incoming,
            other => panic!("{other:?}"),
        }
    }

    fn ended(&mut self) -> Hangup {
        match self.events.remove(0) {
            Event::Ended { how, .. } => how,
            other => panic!("{other:?}"),
        }
    }

    /// Rings and answers; gives the call and our tag.
    fn answered(&mut self, invite: &str) -> (CallId, String) {
        self.hear(invite);
        let call = self.incoming().call;
        self.command(Command::Answer { call, media: MEDIA.parse().unwrap() });
        let (_, ok) = self.sent.pop().unwrap();
        assert!(ok.starts_with("SIP/2.0 200 OK\r\n"), "{ok}");
        self.sent.clear();
        (call, tag(&ok))
    }

    fn confirmed(&mut self) -> (CallId, String) {
        let (call, tag) = self.answered(&invite("1", SDP));
        self.hear(&ack("1", 1, &tag, ""));
        assert_eq!(self.events.remove(0), Event::Confirmed { call });
        (call, tag)
    }

    /// Nothing is left of any call.
    fn assert_forgotten(&self) {
        let e = &self.endpoint;
        let left = [
            e.calls.len(),
            e.live,
            e.unproven,
            e.leaving.len(),
            e.by_transaction.len(),
            e.by_tag.len(),
            e.by_branch.len(),
            e.by_merge_key.len(),
            e.timers.len(),
        ];
        assert_eq!(left, [0; 9]);
    }
}

fn tag(text: &str) -> String {
    let to = text.lines().find(|l| l.starts_with("To:")).unwrap();
    to.split("tag=").nth(1).unwrap().to_owned()
}

pub(crate) fn message(
    start: &str,
    branch: &str,
    cseq: &str,
    to_tag: &str,
    more: &str,
    body: &str,
) -> String {
    let to_tag = if to_tag.is_empty() { String::new() } else { format!(";tag={to_tag}") };
    let kind = if body.starts_with("v=0") { "Content-Type: application/sdp\r\n" } else { "" };
    format!(
        "{start} SIP/2.0\r\n\
         Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK{branch}\r\n\
         Max-Forwards: 70\r\n\
         From: \"Ján\" <sip:+420777123456@198.51.100.7>;tag=peer\r\n\
         To: <sip:konf@192.0.2.1>{to_tag}\r\n\
         Call-ID: call@198.51.100.7\r\n\
         CSeq: {cseq}\r\n\
         {more}{kind}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) fn invite(branch: &str, sdp: &str) -> String {
    invite_with(branch, sdp, "")
}

fn invite_with(branch: &str, sdp: &str, more: &str) -> String {
    let more = format!("Contact: <sip:peer@198.51.100.7:5062>\r\n{more}");
    message("INVITE sip:konf@192.0.2.1", branch, "1 INVITE", "", &more, sdp)
}

fn inside(method: &str, branch: &str, cseq: u32, tag: &str, more: &str, body: &str) -> String {
    let start = format!("{method} sip:192.0.2.1:5060");
    message(&start, branch, &format!("{cseq} {method}"), tag, more, body)
}

fn ack(branch: &str, cseq: u32, tag: &str, body: &str) -> String {
    inside("ACK", &format!("ack{branch}"), cseq, tag, "", body)
}

fn seconds(s: u64) -> Duration {
    Duration::from_secs(s)
}

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
        event_payload_type: Some(101),
        direction: Direction::SendReceive,
    };
    assert_eq!(incoming.offer, offer);
    world.command(Command::Answer { call: incoming.call, media: MEDIA.parse().unwrap() });
    let (_, ok) = world.sent[1].clone();
    assert!(ok.contains("m=audio 20000 RTP/AVP 8 101\r\n"), "{ok}");
    assert!(ok.contains("Contact: <sip:192.0.2.1:5060>\r\n"), "{ok}");
    assert_eq!(world.lines(), ["100", "200"]);
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
    for mut world in [World::new(), World::tcp()] {
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
    let mut world = World::new();
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
    for (mut world, repeated) in [(World::new(), 10), (World::tcp(), 0)] {
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
    let bye = world.sent[0].1.clone();
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
    world.pass(seconds(181));
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
fn an_unanswered_call_ends_by_itself() {
    let mut world = World::new();
    world.hear(&invite("1", SDP));
    world.incoming();
    world.pass(seconds(32));
    assert_eq!(world.ended().detail, "not answered");
    assert!(world.lines().contains(&"480".to_owned()));
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
        (out("REGISTER"), "405"),
        (out("SUBSCRIBE"), "405"),
        (out("MESSAGE"), "405"),
        (out("REFER"), "405"),
        (out("PRACK"), "405"),
        (inside("REFER", "3", 2, &tag, "", ""), "405"),
        (out("FROBNICATE"), "501"),
        (inside("INVITE", "4", 2, &tag, "Require: 100rel\r\n", SDP), "420"),
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
                Protocol::Tcp(id) => world.endpoint.handle_stream(now, id, &bytes),
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
