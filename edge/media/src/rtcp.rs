//! Reports between a leg and its peer (RFC 3550, 6): how each hears the other, and how long the way is.
//!
//! A report goes out about every five seconds, at uneven times, so that those of many legs do not come together. What
//! comes in is believed only as far as it can be checked; a BYE says nothing that counts, since anybody might have
//! written it: calls are ended by signalling.

mod compound;
mod post;
mod write;

use std::time::Duration;

pub(crate) use self::compound::is_rtcp;
use self::compound::{Block, Malformed};
pub(crate) use self::post::Post;
use self::write::Writer;

/// Between reports (RFC 3550, 6.2: a minimum of five seconds, which a call of two never undercuts).
const INTERVAL_US: i64 = 5_000_000;

/// Reports remembered for the way there and back: an answer comes to the last or the one before, seldom later.
const REMEMBERED: usize = 4;

/// No way there and back is longer: a satellite's takes 0.6 s. More says that somebody's clock is wrong.
const ROUND_TRIP_MAX_US: i64 = 10_000_000;

/// From 1900, where NTP begins, to 1970 (RFC 5905, figure 4).
const NTP_TO_UNIX_S: u64 = 2_208_988_800;

/// When something happens, by both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now_us: i64,
    /// Seconds since 1900 and their fractions in 32 bits (RFC 3550, 4).
    pub(crate) ntp: u64,
}

/// The wall clock, as far as it was told.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WallClock {
    /// Of the Unix epoch by the engine's clock, in microseconds: before its zero.
    ahead_us: i64,
}

impl WallClock {
    /// At `now_us` it is `unix` since 1970.
    pub(crate) fn set(&mut self, now_us: i64, unix: Duration) {
        self.ahead_us = i64::try_from(unix.as_micros()).unwrap_or(0).saturating_sub(now_us);
    }

    pub(crate) fn moment(&self, now_us: i64) -> Moment {
        let unix_us = u64::try_from(self.ahead_us.saturating_add(now_us)).unwrap_or(0);
        let seconds = (unix_us / 1_000_000).wrapping_add(NTP_TO_UNIX_S) << 32;
        let fraction = ((unix_us % 1_000_000) << 32) / 1_000_000;
        Moment { now_us, ntp: seconds | fraction }
    }
}

/// What is received from the peer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard {
    pub(crate) ssrc: u32,
    /// Number of the newest packet with its wraps in the upper half.
    pub(crate) highest: u32,
    pub(crate) expected: u64,
    pub(crate) received: u64,
    /// In units of the RTP clock.
    pub(crate) jitter: u32,
}

/// What is sent to the peer, when a report is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    pub(crate) ssrc: u32,
    /// Of the sample that is due now.
    pub(crate) timestamp: u32,
}

/// What the peer says of what it receives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Remote {
    /// In 256ths, since its report before.
    pub(crate) loss: Option<u8>,
    /// In units of the RTP clock.
    pub(crate) jitter: Option<u32>,
    pub(crate) round_trip_us: Option<i64>,
}

impl Remote {
    pub(crate) fn loss_percent(&self) -> Option<u8> {
        self.loss.map(|loss| ((u16::from(loss) * 100 + 128) / 256) as u8)
    }
}

/// The reports of one leg.
pub(crate) struct Reporter {
    random: u64,
    cname: [u8; 16],
    due_us: i64,
    packets: u32,
    octets: u32,
    packets_told: u32,
    expected_told: u64,
    received_told: u64,
    /// The middle of the NTP time of each report, and when it was sent.
    sent: [Option<(u32, i64)>; REMEMBERED],
    reports: usize,
    /// The middle of the NTP time of the peer's last sender report, and when it came.
    peer_report: Option<(u32, i64)>,
    remote: Remote,
}

impl Reporter {
    pub(crate) fn new(now_us: i64, seed: u64) -> Self {
        let mut random = seed;
        let mut cname = [0; 16];
        for (at, place) in cname.iter_mut().enumerate() {
            // A name that says nothing of anybody and is good for one call (RFC 7022, 4.2).
            *place = b"0123456789abcdef"[(next_random(&mut random) >> (at % 8)) as usize & 15];
        }
        let mut reporter = Self {
            random,
            cname,
            due_us: now_us,
            packets: 0,
            octets: 0,
            packets_told: 0,
            expected_told: 0,
            received_told: 0,
            sent: [None; REMEMBERED],
            reports: 0,
            peer_report: None,
            remote: Remote::default(),
        };
        // The first one after half the time (RFC 3550, 6.2).
        reporter.due_us += reporter.interval_us() / 2;
        reporter
    }

    pub(crate) fn remote(&self) -> Remote {
        self.remote
    }

    /// An RTP packet has been sent.
    pub(crate) fn note_sent(&mut self, payload: usize) {
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(payload as u32);
    }

    pub(crate) fn has_sent(&self) -> bool {
        self.packets > 0
    }

    pub(crate) fn is_due(&self, now_us: i64) -> bool {
        now_us >= self.due_us
    }

    /// Not now; when nothing may be sent to the peer.
    pub(crate) fn put_off(&mut self, now_us: i64) {
        self.due_us = now_us + self.interval_us();
    }

    /// The report that is due.
    pub(crate) fn report(
        &mut self,
        at: Moment,
        said: Said,
        heard: Option<Heard>,
        bytes: &mut Vec<u8>,
    ) {
        self.put_off(at.now_us);
        let mut writer = self.begin(at, said, heard, bytes);
        writer.name(said.ssrc, &self.cname);
        self.sent[self.reports % REMEMBERED] = Some((middle(at.ntp), at.now_us));
        self.reports += 1;
    }

    /// The last report, with a BYE (RFC 3550, 6.6).
    pub(crate) fn bye(
        &mut self,
        at: Moment,
        said: Said,
        heard: Option<Heard>,
        bytes: &mut Vec<u8>,
    ) {
        let mut writer = self.begin(at, said, heard, bytes);
        writer.name(said.ssrc, &self.cname);
        writer.bye(said.ssrc);
    }

    /// A compound packet from the peer, whose sound has `peer` as its source.
    pub(crate) fn handle(
        &mut self,
        now_us: i64,
        own_ssrc: u32,
        peer: Option<u32>,
        bytes: &[u8],
    ) -> Result<(), Malformed> {
        let compound = compound::read(bytes, own_ssrc)?;
        if let Some(report) = compound.sender
            && peer.is_none_or(|peer| peer == report.ssrc)
        {
            self.peer_report = Some((middle(report.ntp), now_us));
        }
        if let Some(block) = compound.block {
            self.take(now_us, &block);
        }
        Ok(())
    }

    fn take(&mut self, now_us: i64, block: &Block) {
        self.remote.loss = Some(block.loss);
        self.remote.jitter = Some(block.jitter);
        let sent = self.sent.iter().flatten().find(|(middle, _)| *middle == block.last_report);
        let Some(&(_, sent_us)) = sent else { return };
        // In 65,536ths of a second.
        let held_us = (i64::from(block.delay) * 1_000_000) >> 16;
        let round_trip_us = now_us - sent_us - held_us;
        if (0..=ROUND_TRIP_MAX_US).contains(&round_trip_us) {
            self.remote.round_trip_us = Some(round_trip_us);
        }
    }

    /// A sender's report if something was sent since the last one, else a receiver's.
    fn begin<'a>(
        &mut self,
        at: Moment,
        said: Said,
        heard: Option<Heard>,
        bytes: &'a mut Vec<u8>,
    ) -> Writer<'a> {
        let block = self.block(at.now_us, heard);
        let mut writer = Writer::new(bytes);
        if self.packets == self.packets_told {
            writer.receiver_report(said.ssrc, block.as_ref());
        } else {
            writer.sender_report(at.ntp, said, self.packets, self.octets, block.as_ref());
        }
        self.packets_told = self.packets;
        writer
    }

    /// Nothing is said of a peer of which nothing came since the last report (RFC 3550, 6.4).
    fn block(&mut self, now_us: i64, heard: Option<Heard>) -> Option<Block> {
        let heard = heard.filter(|heard| heard.received != self.received_told)?;
        let expected = heard.expected.saturating_sub(self.expected_told);
        let received = heard.received.saturating_sub(self.received_told);
        self.expected_told = heard.expected;
        self.received_told = heard.received;
        let lost = expected.saturating_sub(received);
        let (last_report, came_us) = self.peer_report.unwrap_or((0, now_us));
        Some(Block {
            ssrc: heard.ssrc,
            loss: (lost * 256 / expected.max(1)).min(255) as u8,
            // 24 bits with a sign.
            lost: heard.expected.saturating_sub(heard.received).min(0x7f_ffff) as u32,
            highest: heard.highest,
            jitter: heard.jitter,
            last_report,
            delay: u32::try_from(((now_us - came_us).max(0) << 16) / 1_000_000).unwrap_or(u32::MAX),
        })
    }

    /// From half to one and a half times the interval (RFC 3550, 6.3.1).
    fn interval_us(&mut self) -> i64 {
        INTERVAL_US / 2 + (next_random(&mut self.random) % INTERVAL_US as u64) as i64
    }
}

/// The middle 32 of the 64 bits of an NTP time.
fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
fn next_random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests;
