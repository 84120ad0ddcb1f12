//! A scripted peer on a virtual clock.

mod calls;
mod connections;
mod dialogs;
mod floods;
mod model;
mod octets;
mod phones;
mod refusals;
mod sessions;

use std::time::Duration;

use super::*;
use crate::media::{Codec, Direction, MediaOffer, OpusWishes, Rtcp, Srtp};
use crate::words::{Incoming, Trunk};

pub(crate) const SDP: &str = "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n\
    m=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n";
/// The address of [`config`]'s trunk.
const TRUNK: &str = "198.51.100.1:5060";
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
pub(crate) fn beginning() -> Instant {
    Instant::now()
}

pub(crate) fn config() -> Config {
    Config {
        advertised: "192.0.2.1:5060".parse().unwrap(),
        advertised_tls: "192.0.2.1:5061".parse().unwrap(),
        product: "konf".into(),
        served_users: vec!["+420606000600".into(), "konf".into()],
        trunks: vec![Trunk {
            name: "carrier".into(),
            address: "198.51.100.1".parse().unwrap(),
            network: "carrier-fixed".into(),
            mobile: false,
        }],
        calls_max: 8,
        stranger_calls_per_second: 1_000_000,
        phones: vec![crate::digest::Phone::new("anna", "konf", "s3cret", None)],
        phones_required: false,
        phones_md5_only: false,
        realm: "konf".into(),
        nonce_key: [7; 32].into(),
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        srtp: Srtp::Off,
        srtp_seed: [8; 32].into(),
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

    fn trunk() -> Self {
        World::with(config(), udp(TRUNK))
    }

    pub(crate) fn tcp() -> Self {
        World::stream(Protocol::Tcp(ConnectionId(1)), "198.51.100.7:50000")
    }

    fn stream(protocol: Protocol, remote: &str) -> Self {
        let flow = Flow { protocol, ..udp(remote) };
        let mut world = World::with(config(), flow);
        world.endpoint.handle_connected(world.now, flow);
        world
    }

    pub(crate) fn hear(&mut self, text: &str) {
        self.hear_bytes(text.as_bytes());
    }

    pub(crate) fn hear_bytes(&mut self, bytes: &[u8]) {
        match self.flow.protocol {
            Protocol::Udp => self.endpoint.handle_datagram(self.now, self.flow, bytes),
            Protocol::Tcp(connection) | Protocol::Tls(connection) => {
                self.endpoint.handle_stream(self.now, connection, bytes);
            }
        }
        self.collect();
    }

    pub(crate) fn command(&mut self, command: Command) {
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
    pub(crate) fn pass(&mut self, time: Duration) {
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
        if self.sent.is_empty() {
            // A stranger's 100 is put off.
            self.pass(crate::limits::TRYING);
        }
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

    pub(crate) fn confirmed(&mut self) -> (CallId, String) {
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
