//! A SIP endpoint and everybody who talks to it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use konf_sip::{
    CallId, Codec, Command, Config, ConnectionId, Endpoint, Event, Flow, Output, Protocol, Srtp,
    Trunk,
};

use crate::beginning;

const TRUNK: &str = "198.51.100.1:5060";
const STRANGER: &str = "198.51.100.7:5060";
const CALLS_MAX: usize = 4;
/// Steps of one input; more make it slow and tell nothing new.
const STEPS_MAX: usize = 48;

/// Parts what is done one after the other.
const STEP: u8 = 0x1e;

/// Steps, each a letter and its octets: `u` and `t` a datagram of a stranger and of a trunk, `s` and `S` octets of a TCP
/// and of a TLS connection, `a` answer, `r` reject, `h` hang up, `p` let so many seconds pass, `x` cut the connections,
/// `D` drain. In what is heard, `@T@` stands for our tag of the last answer and `@V@` for the Via of our last request.
pub fn sip(data: &[u8]) {
    let mut world =
        World::new(Srtp::Optional, &[Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu]);
    for step in data.split(|octet| *octet == STEP).take(STEPS_MAX) {
        world.step(step);
    }
    world.finish();
}

/// A description: the first octet says to whom and as what it comes, an offer or an answer to ours.
pub fn sdp(data: &[u8]) {
    let Some((choice, body)) = data.split_first() else { return };
    let srtp =
        [Srtp::Off, Srtp::Optional, Srtp::Required, Srtp::Optional][usize::from(choice >> 2 & 3)];
    let codecs: &[Codec] = match choice & 2 {
        0 => &[Codec::Pcma, Codec::Pcmu],
        _ => &[Codec::Opus, Codec::G722, Codec::Pcmu],
    };
    let mut world = World::new(srtp, codecs);
    let to = if choice & 16 == 0 { Speaker::Trunk } else { Speaker::Tls };
    let (offer, answer) = if choice & 1 == 0 { (body, &b""[..]) } else { (&b""[..], body) };
    world.hear(to, &message("INVITE", 1, "", offer));
    if world.command(|call| Command::Answer { call, media: ([192, 0, 2, 1], 20_000).into() }) {
        let media =
            |text: &[u8]| text.split(|b| *b == b'\n').filter(|l| l.starts_with(b"m=")).count();
        let ours = media(&world.sent);
        assert!(
            offer.is_empty() || ours == media(offer),
            "RFC 3264, section 6: one answer for each medium"
        );
        let tag = world.tag.clone();
        world.hear(to, &message("ACK", 1, &tag, answer));
        // The same as a change of what holds, and once more with our own offer.
        world.hear(to, &message("INVITE", 2, &tag, offer));
        world.hear(to, &message("ACK", 2, &tag, answer));
        world.hear(to, &message("INVITE", 3, &tag, b""));
        world.hear(to, &message("ACK", 3, &tag, body));
    }
    world.finish();
}

fn message(method: &str, cseq: u32, tag: &str, body: &[u8]) -> Vec<u8> {
    let to_tag = if tag.is_empty() { String::new() } else { format!(";tag={tag}") };
    let head = format!(
        "{method} sip:konf@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK{method}{cseq}\r\n\
         From: <sip:a@b>;tag=peer\r\nTo: <sip:konf@192.0.2.1>{to_tag}\r\nCall-ID: c\r\nCSeq: {cseq} {method}\r\n\
         Contact: <sip:a@198.51.100.1>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[derive(Clone, Copy)]
enum Speaker {
    Stranger,
    Trunk,
    Tcp,
    Tls,
}

struct World {
    endpoint: Endpoint,
    now: Instant,
    /// Grows with each connection that is made anew.
    connections: u64,
    /// How often each call has ended.
    calls: BTreeMap<CallId, u32>,
    last: Option<CallId>,
    tag: String,
    via: String,
    /// The last message of ours.
    sent: Vec<u8>,
}

impl World {
    fn new(srtp: Srtp, codecs: &[Codec]) -> Self {
        let advertised: SocketAddr = ([192, 0, 2, 1], 5060).into();
        let config = Config {
            advertised,
            advertised_tls: advertised,
            product: "konf".into(),
            served_users: Vec::new(),
            trunks: vec![Trunk {
                name: "carrier".into(),
                address: address(TRUNK).ip(),
                network: "carrier-fixed".into(),
                mobile: false,
            }],
            calls_max: CALLS_MAX,
            stranger_calls_per_second: 1_000,
            phones: Vec::new(),
            phones_required: false,
            phones_md5_only: false,
            realm: "konf".into(),
            nonce_key: [1; 32].into(),
            codecs: codecs.to_vec(),
            srtp,
            srtp_seed: [2; 32].into(),
            seed: 3,
        };
        let (calls, tag, via, sent) = Default::default();
        let endpoint = Endpoint::new(config);
        let mut world =
            World { endpoint, now: beginning(), connections: 0, calls, last: None, tag, via, sent };
        world.connect();
        world
    }

    fn connect(&mut self) {
        self.connections += 2;
        for speaker in [Speaker::Tcp, Speaker::Tls] {
            self.endpoint.handle_connected(self.now, self.flow(speaker));
        }
        self.collect();
    }

    fn flow(&self, speaker: Speaker) -> Flow {
        let (protocol, remote) = match speaker {
            Speaker::Stranger => (Protocol::Udp, STRANGER),
            Speaker::Trunk => (Protocol::Udp, TRUNK),
            Speaker::Tcp => (Protocol::Tcp(ConnectionId(self.connections)), STRANGER),
            Speaker::Tls => (Protocol::Tls(ConnectionId(self.connections + 1)), TRUNK),
        };
        Flow { protocol, local: ([192, 0, 2, 1], 5060).into(), remote: address(remote) }
    }

    fn step(&mut self, step: &[u8]) {
        let Some((kind, rest)) = step.split_first() else { return };
        match kind {
            b'u' => self.hear(Speaker::Stranger, rest),
            b't' => self.hear(Speaker::Trunk, rest),
            b's' => self.hear(Speaker::Tcp, rest),
            b'S' => self.hear(Speaker::Tls, rest),
            b'a' => {
                let media = ([192, 0, 2, 1], 20_000).into();
                self.command(|call| Command::Answer { call, media });
            }
            b'r' => {
                let status = 300 + u16::from(rest.first().copied().unwrap_or_default());
                self.command(|call| Command::Reject { call, status, retry_after: None });
            }
            b'h' => {
                let reason = String::from_utf8_lossy(rest).into_owned();
                self.command(|call| Command::HangUp { call, reason: reason.clone() });
            }
            b'p' => self.pass(Duration::from_secs(rest.first().copied().unwrap_or(1).into())),
            b'x' => {
                for id in [self.connections, self.connections + 1] {
                    self.endpoint.handle_disconnected(self.now, ConnectionId(id));
                }
                self.connect();
            }
            b'D' => {
                self.command(|_| Command::Drain);
            }
            _ => {}
        }
    }

    fn hear(&mut self, speaker: Speaker, octets: &[u8]) {
        let octets =
            replace(&replace(octets, b"@T@", self.tag.as_bytes()), b"@V@", self.via.as_bytes());
        let flow = self.flow(speaker);
        match flow.protocol {
            Protocol::Udp => self.endpoint.handle_datagram(self.now, flow, &octets),
            Protocol::Tcp(id) | Protocol::Tls(id) => {
                self.endpoint.handle_stream(self.now, id, &octets);
            }
        }
        self.collect();
    }

    /// To the last call; false when there is none.
    fn command(&mut self, make: impl Fn(CallId) -> Command) -> bool {
        let Some(call) = self.last else { return false };
        self.endpoint.handle_command(self.now, make(call));
        self.collect();
        true
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.endpoint.poll_timeout().filter(|at| *at <= end) {
            self.now = next.max(self.now);
            self.endpoint.handle_timeout(self.now);
            self.collect();
            let again = self.endpoint.poll_timeout();
            assert!(again.is_none_or(|at| at > self.now), "what was due has been done");
        }
        self.now = end;
    }

    fn collect(&mut self) {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                Output::Send { bytes, .. } => self.learn(bytes),
                Output::Close { connection } => {
                    self.endpoint.handle_disconnected(self.now, connection);
                }
                Output::Event(event) => self.count(&event),
            }
        }
        let open = self.calls.values().filter(|ends| **ends == 0).count();
        assert_eq!(self.endpoint.calls(), open);
        assert!(open <= CALLS_MAX);
    }

    fn learn(&mut self, bytes: Vec<u8>) {
        let text = String::from_utf8_lossy(&bytes);
        let line =
            |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        if text.starts_with("SIP/2.0 ") {
            let tag =
                line("To:").and_then(|to| to.rsplit_once(";tag=")).map(|(_, tag)| tag.to_owned());
            self.tag = tag.unwrap_or_default();
        } else {
            self.via = line("Via:").unwrap_or_default().to_owned();
        }
        self.sent = bytes;
    }

    fn count(&mut self, event: &Event) {
        match event {
            Event::Incoming(incoming) => {
                assert_eq!(self.calls.insert(incoming.call, 0), None);
                self.last = Some(incoming.call);
            }
            Event::Ended { call, .. } => {
                let ends = self.calls.get_mut(call).expect("a call that came in");
                *ends += 1;
                assert_eq!(*ends, 1, "said once");
            }
            Event::Confirmed { call }
            | Event::MediaChanged { call, .. }
            | Event::Key { call, .. } => {
                assert_eq!(self.calls.get(call), Some(&0), "nothing comes after the end");
            }
        }
    }

    /// Everything ends: each call once, and all timers.
    fn finish(&mut self) {
        let open: Vec<_> =
            self.calls.iter().filter(|(_, ends)| **ends == 0).map(|(c, _)| *c).collect();
        for call in open {
            let reason = "end".to_owned();
            self.endpoint.handle_command(self.now, Command::HangUp { call, reason });
            self.collect();
        }
        assert_eq!(self.endpoint.calls(), 0);
        self.pass(Duration::from_secs(400));
        assert_eq!(self.endpoint.poll_timeout(), None, "nothing is left to wait for");
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn replace(octets: &[u8], mark: &[u8], text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some(at) = rest.windows(mark.len()).position(|window| window == mark) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(text);
        rest = &rest[at + mark.len()..];
    }
    out.extend_from_slice(rest);
    out
}
