//! Any order of doings.

use proptest::prelude::*;

use super::*;

/// What a peer and the switchboard may do, with up to four calls.
#[derive(Debug, Clone, Copy)]
enum Step {
    Invite(usize),
    Cancel(usize),
    Ack(usize),
    Inside(usize, &'static str),
    Answer(usize),
    Reject(usize),
    HangUp(usize),
    /// To our last request, if it was one.
    Reply(u16),
    Pass(u64),
    Reconnect,
    Drain,
}

fn step() -> impl Strategy<Value = Step> {
    let n = 0..4usize;
    let methods = prop_oneof![
        Just("INVITE"),
        Just("UPDATE"),
        Just("INFO"),
        Just("BYE"),
        Just("OPTIONS"),
        Just("FOO")
    ];
    prop_oneof![
        6 => n.clone().prop_map(Step::Invite),
        2 => n.clone().prop_map(Step::Cancel),
        6 => n.clone().prop_map(Step::Ack),
        6 => (n.clone(), methods).prop_map(|(n, method)| Step::Inside(n, method)),
        6 => n.clone().prop_map(Step::Answer),
        1 => n.clone().prop_map(Step::Reject),
        2 => n.prop_map(Step::HangUp),
        3 => prop_oneof![Just(100u16), Just(200), Just(422), Just(481), Just(491), Just(500)]
            .prop_map(Step::Reply),
        4 => (1..50_000u64).prop_map(Step::Pass),
        1 => Just(Step::Reconnect),
        1 => Just(Step::Drain),
    ]
}

/// One peer that does things in any order, right or wrong.
struct Peer {
    world: World,
    cseq: u32,
    /// Our last request.
    asked: Option<String>,
    /// Call and our tag for each Call-ID, as far as the peer has learnt them.
    calls: [(Option<CallId>, String); 4],
    begun: BTreeMap<CallId, usize>,
}

impl Peer {
    fn act(&mut self, step: Step) {
        match step {
            Step::Invite(n) => {
                // Two of four leave the refreshing to us, one of them by INVITE alone.
                let more = match n {
                    0 => "Supported: timer\r\nSession-Expires: 90;refresher=uas\r\n",
                    1 => "Session-Expires: 90\r\nAllow: UPDATE\r\n",
                    _ => "",
                };
                self.hear(n, invite_with(&format!("i{n}"), SDP, more));
            }
            Step::Reply(status) => {
                let Some(request) = self.asked.clone() else { return };
                let line = |name: &str| request.lines().find(|l| l.starts_with(name)).unwrap();
                let (via, cseq) = (line("Via"), line("CSeq"));
                self.world.hear(&format!(
                    "SIP/2.0 {status} x\r\n{via}\r\n{cseq}\r\nSession-Expires: 90;refresher=uac\r\n\
                     Min-SE: 100\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}",
                    SDP.len()
                ));
            }
            Step::Cancel(n) => {
                let branch = format!("i{n}");
                self.hear(n, message("CANCEL sip:konf@192.0.2.1", &branch, "1 CANCEL", "", "", ""));
            }
            Step::Ack(n) => {
                let tag = self.calls[n].1.clone();
                self.hear(n, ack(&format!("{n}"), 1, &tag, ""));
            }
            Step::Inside(n, method) => {
                self.cseq += 1;
                let (cseq, tag) = (self.cseq, self.calls[n].1.clone());
                let body = if cseq % 3 == 0 { SDP } else { "" };
                self.hear(n, inside(method, &format!("b{cseq}"), cseq, &tag, "", body));
                if method == "INVITE" && cseq % 2 == 0 {
                    self.hear(n, ack(&format!("b{cseq}"), cseq, &tag, body));
                }
            }
            Step::Answer(n) => {
                self.command(n, |call| Command::Answer { call, media: MEDIA.parse().unwrap() })
            }
            Step::Reject(n) => {
                self.command(n, |call| Command::Reject { call, status: 486, retry_after: None })
            }
            Step::HangUp(n) => self.command(n, |call| Command::HangUp { call, reason: "x".into() }),
            Step::Pass(ms) => self.world.pass(Duration::from_millis(ms)),
            Step::Reconnect => {
                if let Protocol::Tcp(ConnectionId(id)) = self.world.flow.protocol {
                    self.world.endpoint.handle_disconnected(self.world.now, ConnectionId(id));
                    self.world.flow.protocol = Protocol::Tcp(ConnectionId(id + 1));
                    self.world.endpoint.handle_connected(self.world.now, self.world.flow);
                    self.world.collect();
                }
            }
            Step::Drain => self.command(0, |_| Command::Drain),
        }
        self.learn();
    }

    fn hear(&mut self, n: usize, text: String) {
        self.world.hear(&text.replace("call@", &format!("call{n}@")));
    }

    fn command(&mut self, n: usize, make: impl Fn(CallId) -> Command) {
        if let Some(call) = self.calls[n].0 {
            self.world.command(make(call));
        }
    }

    /// Every call begins once and ends at most once.
    fn learn(&mut self) {
        for (_, text) in self.world.sent.drain(..) {
            let n = text.split("Call-ID: call").nth(1).and_then(|t| t[..1].parse::<usize>().ok());
            if let Some(n) = n.filter(|_| text.starts_with("SIP/2.0 200")) {
                self.calls[n].1 = tag(&text);
            }
            if !text.starts_with("SIP/2.0") && !text.starts_with("ACK") {
                self.asked = Some(text);
            }
        }
        for event in self.world.events.drain(..) {
            match event {
                Event::Incoming(incoming) => {
                    assert_eq!(self.begun.insert(incoming.call, 0), None);
                    let free =
                        self.calls.iter_mut().find(|c| c.0.is_none_or(|c| self.begun[&c] == 1));
                    free.expect("at most four calls").0 = Some(incoming.call);
                }
                Event::Ended { call, .. } => {
                    let ends = self.begun.get_mut(&call).expect("begun");
                    *ends += 1;
                    assert_eq!(*ends, 1, "said once");
                }
                Event::Confirmed { call }
                | Event::Key { call, .. }
                | Event::MediaChanged { call, .. } => {
                    assert_eq!(self.begun[&call], 0, "nothing comes after the end");
                }
            }
        }
        let open = self.begun.values().filter(|ends| **ends == 0).count();
        assert_eq!(self.world.endpoint.calls(), open);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_call_ends_exactly_once_whatever_is_done_in_whatever_order(
        steps in proptest::collection::vec(step(), 1..60),
        tcp in any::<bool>(),
    ) {
        let world = if tcp { World::tcp() } else { World::new() };
        let (calls, begun) = Default::default();
        let mut peer = Peer { world, cseq: 1, asked: None, calls, begun };
        for step in steps {
            peer.act(step);
        }
        let live: Vec<_> = peer.begun.iter().filter(|(_, ends)| **ends == 0).map(|(c, _)| *c).collect();
        for call in live {
            peer.world.command(Command::HangUp { call, reason: "end".into() });
        }
        peer.learn();
        prop_assert_eq!(peer.world.endpoint.calls(), 0);
        peer.world.pass(seconds(400));
        peer.learn();
        peer.world.assert_forgotten();
    }
}
