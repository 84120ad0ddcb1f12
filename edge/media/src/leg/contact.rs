//! What a leg and its peer say to each other besides sound: reports, and the keys that both are sealed with.

use std::net::SocketAddr;

use konf_contract::LegId;

use super::Leg;
use crate::rtcp::{Heard, Moment, Post, Reporter, Said};
use crate::srtp::Srtp;
use crate::{Codec, LegStats, Rtcp, SourceRule, Stream};

/// A sequence of SRTP begins in the lower half, so that its first packets may be lost and the roll-over counter is still
/// right (RFC 3711, 3.3.1; RFC 4568, 6.4).
const FIRST_SEQUENCE_MAX: u16 = 0x7fff;

pub(crate) struct Contact {
    pub(super) reporter: Reporter,
    pub(super) srtp: Option<Box<Srtp>>,
    pub(super) packets_unauthentic: u64,
    rtcp: Rtcp,
    /// May be behind a NAT, so that reports may come from another port than SDP says.
    latches: bool,
    /// Where its reports have come from, if not from where SDP says.
    learnt: Option<SocketAddr>,
}

impl Contact {
    pub(super) fn new(stream: &Stream, now_us: i64, seed: u32) -> Self {
        Self {
            // Of the same seed as the noise, and not the same numbers.
            reporter: Reporter::new(now_us, u64::from(seed) << 32 | u64::from(stream.ssrc)),
            srtp: stream.srtp.as_ref().map(|keys| Box::new(Srtp::new(keys))),
            packets_unauthentic: 0,
            rtcp: stream.rtcp,
            latches: stream.source != SourceRule::Exact,
            learnt: None,
        }
    }

    /// New keys begin anew; the same ones go on.
    pub(super) fn update(&mut self, stream: &Stream) {
        if self.rtcp != stream.rtcp {
            self.rtcp = stream.rtcp;
            self.learnt = None;
        }
        self.latches = stream.source != SourceRule::Exact;
        let same = match (&self.srtp, &stream.srtp) {
            (Some(srtp), Some(keys)) => srtp.is_of(keys),
            (None, None) => true,
            _ => false,
        };
        if !same {
            self.srtp = stream.srtp.as_ref().map(|keys| Box::new(Srtp::new(keys)));
        }
    }

    /// Counts the packet from `start` on, and seals it.
    pub(crate) fn sent(&mut self, bytes: &mut Vec<u8>, start: usize, payload: usize) {
        self.reporter.note_sent(payload);
        if let Some(srtp) = &mut self.srtp {
            srtp.seal_rtp(bytes, start);
        }
    }

    /// Whether a report may come from `from`. `sound` is where the peer's sound goes, `locked` that it is known.
    pub(super) fn may_report(&self, from: SocketAddr, sound: SocketAddr, locked: bool) -> bool {
        if from == sound {
            return true;
        }
        match (self.rtcp, self.learnt) {
            (Rtcp::Mux, _) => false,
            (Rtcp::Separate(_), Some(learnt)) => from == learnt,
            (Rtcp::Separate(address), None) => {
                from == address || (self.latches && locked && from.ip() == sound.ip())
            }
        }
    }

    /// A report has come from `from`, which [`Self::may_report`].
    pub(super) fn learn_reporter(&mut self, from: SocketAddr, locked: bool) {
        if let Rtcp::Separate(address) = self.rtcp
            && from != address
            && self.latches
            && locked
        {
            self.learnt = Some(from);
        }
    }

    pub(super) fn report(&self, codec: Codec, stats: &mut LegStats) {
        let remote = self.reporter.remote();
        let microseconds = |units| u64::from(units) * 1_000_000 / u64::from(codec.clock_rate());
        stats.packets_unauthentic = self.packets_unauthentic;
        stats.encrypted = self.srtp.is_some();
        stats.round_trip_ms = remote.round_trip_us.map(|us| (us / 1_000) as u32);
        stats.remote_loss_percent = remote.loss_percent();
        stats.remote_jitter_us =
            remote.jitter.map(|units| microseconds(units).try_into().unwrap_or(u32::MAX));
    }

    /// What the peer has reported of the packets that it is sent, of 100.
    pub(crate) fn remote_loss_percent(&self) -> Option<u8> {
        self.reporter.remote().loss_percent()
    }

    fn destination(&self, sound: SocketAddr) -> SocketAddr {
        match self.rtcp {
            Rtcp::Mux => sound,
            Rtcp::Separate(address) => self.learnt.unwrap_or(address),
        }
    }

    fn seal(&mut self, bytes: &mut Vec<u8>, start: usize) {
        if let Some(srtp) = &mut self.srtp {
            srtp.seal_rtcp(bytes, start);
        }
    }
}

/// The number of the first packet.
pub(super) fn first_sequence(stream: &Stream) -> u16 {
    match stream.srtp {
        Some(_) => stream.first_sequence & FIRST_SEQUENCE_MAX,
        None => stream.first_sequence,
    }
}

impl Leg {
    /// Writes the report that is due. None is sent before something was sent or came: until the call is confirmed,
    /// anybody may have asked for packets to anywhere.
    pub(crate) fn report_to_peer(&mut self, at: Moment, post: &mut Post) {
        if !self.contact.reporter.is_due(at.now_us) {
            return;
        }
        if !self.is_met() {
            return self.contact.reporter.put_off(at.now_us);
        }
        self.write_to_peer(post, |reporter, said, heard, bytes| {
            reporter.report(at, said, heard, bytes);
        });
    }

    /// The leg is removed: its peer is told, unless it never heard of us.
    pub(crate) fn say_goodbye(&mut self, at: Moment, post: &mut Post) {
        if self.is_met() {
            self.write_to_peer(post, |reporter, said, heard, bytes| {
                reporter.bye(at, said, heard, bytes);
            });
        }
    }

    fn is_met(&self) -> bool {
        self.source.is_verified() && (self.contact.reporter.has_sent() || self.ssrc.is_some())
    }

    fn write_to_peer(
        &mut self,
        post: &mut Post,
        write: impl FnOnce(&mut Reporter, Said, Option<Heard>, &mut Vec<u8>),
    ) {
        let said = Said { ssrc: self.stream.ssrc, timestamp: self.sender.timestamp };
        let heard = self.ssrc.and_then(|ssrc| self.sequence.heard(ssrc));
        let destination = self.contact.destination(self.source.destination());
        let (leg, contact): (LegId, _) = (self.id, &mut self.contact);
        post.push(leg, destination, |bytes| {
            let start = bytes.len();
            write(&mut contact.reporter, said, heard, bytes);
            contact.seal(bytes, start);
        });
    }
}
