//! From where a leg's packets count, and how many (RELIABILITY.md, rows 19 and 32).

use std::net::{IpAddr, SocketAddr};

use crate::{SourceRule, Stream};

/// Consecutive packets from one address before it counts for good (RELIABILITY.md: a SIP phone is latched after 4).
const LATCH_PACKETS: u8 = 4;

/// The address that a leg's packets come from.
pub(crate) struct Source {
    remote: SocketAddr,
    signalling: Option<IpAddr>,
    locked: Option<SocketAddr>,
    candidate: Option<Candidate>,
}

#[derive(PartialEq, Eq)]
struct Candidate {
    address: SocketAddr,
    ssrc: u32,
    sequence: u16,
    packets: u8,
}

impl Source {
    pub(crate) fn new(stream: &Stream) -> Self {
        let (signalling, locked) = match stream.source {
            SourceRule::Exact => (None, Some(stream.remote)),
            SourceRule::Latch { signalling } => (Some(signalling), None),
        };
        Self { remote: stream.remote, signalling, locked, candidate: None }
    }

    /// Where the leg's own packets go.
    pub(crate) fn destination(&self) -> SocketAddr {
        self.locked.unwrap_or(self.remote)
    }

    /// Whether it is known where the leg's packets come from.
    pub(crate) fn is_locked(&self) -> bool {
        self.locked.is_some()
    }

    /// Whether whoever is there wants what is sent there: a stranger's description may name anybody's address, so it takes
    /// packets from there, unless it is the host that the call itself came from (RELIABILITY.md, row 31). A phone behind
    /// a NAT, whose description names a private address, speaks first all the same.
    pub(crate) fn is_verified(&self) -> bool {
        self.locked.is_some() || self.signalling == Some(self.remote.ip())
    }

    /// Whether a packet from `from` may be looked at: nothing else is done for a stranger.
    pub(crate) fn may_be(&self, from: SocketAddr) -> bool {
        match self.locked {
            Some(locked) => locked == from,
            None => from == self.remote || self.signalling == Some(from.ip()),
        }
    }

    /// Whether a well-formed packet of an address that [`Self::may_be`] counts; may latch.
    pub(crate) fn admit(&mut self, from: SocketAddr, ssrc: u32, sequence: u16) -> bool {
        if self.locked.is_some() {
            return self.locked == Some(from);
        }
        let packets = match &self.candidate {
            Some(c) if c.address == from && c.ssrc == ssrc && follows(c.sequence, sequence) => {
                c.packets + 1
            }
            _ => 1,
        };
        self.candidate = Some(Candidate { address: from, ssrc, sequence, packets });
        if packets >= LATCH_PACKETS {
            self.locked = Some(from);
        }
        self.locked.is_some() || from == self.remote
    }
}

/// Consecutive but for a packet or two that the network lost.
fn follows(before: u16, sequence: u16) -> bool {
    (1..=3).contains(&sequence.wrapping_sub(before))
}

/// Ten times what a telephone sends (50 packets/s; 100 at 10 ms).
const PACKET_US: i64 = 2_000;

/// After a stall everything comes at once: half a second of that rate, 2.5 s of packets of 10 ms.
const BURST_US: i64 = 500_000;

/// How many packets a leg may still send.
pub(crate) struct Allowance {
    left_us: i64,
    at_us: i64,
}

impl Allowance {
    pub(crate) fn new(now_us: i64) -> Self {
        Self { left_us: BURST_US, at_us: now_us }
    }

    pub(crate) fn take(&mut self, now_us: i64) -> bool {
        let passed = (now_us - self.at_us).max(0);
        self.at_us = self.at_us.max(now_us);
        self.left_us = self.left_us.saturating_add(passed).min(BURST_US);
        if self.left_us < PACKET_US {
            return false;
        }
        self.left_us -= PACKET_US;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Codec, Direction};

    fn stream(rule: SourceRule) -> Stream {
        Stream {
            remote: "192.0.2.1:4000".parse().unwrap(),
            source: rule,
            codec: Codec::Pcma,
            payload_type: 8,
            receive_payload_type: 8,
            event_payload_type: None,
            opus: crate::OpusWishes::default(),
            rtcp: crate::Rtcp::Mux,
            srtp: None,
            direction: Direction::SendReceive,
            ssrc: 1,
            first_sequence: 0,
            first_timestamp: 0,
        }
    }

    fn source(rule: SourceRule) -> Source {
        Source::new(&stream(rule))
    }

    fn at(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }

    fn latching() -> Source {
        source(SourceRule::Latch { signalling: "198.51.100.7".parse().unwrap() })
    }

    #[test]
    fn exact_learns_nothing() {
        let mut source = source(SourceRule::Exact);
        assert!(source.may_be(at("192.0.2.1:4000")));
        assert!(!source.may_be(at("192.0.2.1:4001")));
        for sequence in 0..10 {
            assert!(!source.admit(at("192.0.2.1:4001"), 1, sequence));
        }
        assert_eq!(source.destination(), at("192.0.2.1:4000"));
    }

    #[test]
    fn the_fourth_consecutive_packet_from_the_signalling_address_latches() {
        let mut source = latching();
        let phone = at("198.51.100.7:6000");
        let admitted: Vec<bool> = (0..5).map(|s| source.admit(phone, 1, s)).collect();
        assert_eq!(admitted, [false, false, false, true, true]);
        assert_eq!(source.destination(), phone);
        assert!(!source.may_be(at("192.0.2.1:4000")));
        assert!(!source.may_be(at("198.51.100.7:6001")));
    }

    #[test]
    fn an_address_that_only_sdp_names_is_verified_by_its_packets() {
        let mut source = latching();
        for sequence in 0..4 {
            assert!(!source.is_verified());
            source.admit(at("192.0.2.1:4000"), 1, sequence);
        }
        assert!(source.is_verified());
        let own = Stream { remote: at("198.51.100.7:4000"), ..stream(SourceRule::Exact) };
        let signalling = "198.51.100.7".parse().unwrap();
        let own = Stream { source: SourceRule::Latch { signalling }, ..own };
        assert!(Source::new(&own).is_verified());
        assert!(self::source(SourceRule::Exact).is_verified(), "a trunk's");
    }

    #[test]
    fn packets_of_two_senders_in_turn_do_not_latch() {
        let mut source = latching();
        for sequence in 0..20 {
            assert!(!source.admit(at("198.51.100.7:6000"), 1, sequence));
            assert!(!source.admit(at("198.51.100.7:6002"), 2, sequence));
        }
        assert_eq!(source.destination(), at("192.0.2.1:4000"));
    }

    #[test]
    fn a_stranger_is_never_looked_at() {
        assert!(!latching().may_be(at("203.0.113.9:4000")));
    }

    #[test]
    fn the_address_in_sdp_counts_from_its_first_packet_and_then_alone() {
        let mut source = latching();
        assert!((0..4).all(|s| source.admit(at("192.0.2.1:4000"), 1, s)));
        assert!(!source.may_be(at("198.51.100.7:6000")));
    }

    #[test]
    fn a_flood_is_cut_to_ten_times_a_telephone() {
        let mut allowance = Allowance::new(0);
        let taken = (0..10_000).filter(|i| allowance.take(i * 100)).count();
        // 250 at once and 500 in the second.
        assert!((740..=760).contains(&taken), "{taken}");
        let mut allowance = Allowance::new(0);
        assert!((0..10_000).all(|i| allowance.take(i * 10_000)));
    }
}
