//! The datagrams of one tick, in one buffer that is used again and again.

use std::net::SocketAddr;

use konf_contract::LegId;

use crate::Transmit;
use crate::leg::Leg;

/// RTP without CSRCs and extensions (RFC 3550, 5.1).
const HEADER: usize = 12;

#[derive(Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    /// The last number is where each packet ends.
    packets: Vec<(LegId, SocketAddr, usize)>,
    taken: usize,
}

impl Outbox {
    /// Forgets what nobody took: late sound is no use.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.packets.clear();
        self.taken = 0;
    }

    /// Uses the memory again if everything has been taken: it is still near.
    pub(crate) fn make_room(&mut self) {
        if self.taken == self.packets.len() {
            self.clear();
        }
    }

    /// The next packet of `leg`, of a tick; without a payload none is sent.
    pub(crate) fn push(&mut self, leg: &mut Leg, payload: &[u8]) {
        if payload.is_empty() {
            leg.rest();
            return;
        }
        let sender = &mut leg.sender;
        let marker = if sender.marker { 0x80 } else { 0 };
        let mut header = [0; HEADER];
        header[0] = 0x80;
        header[1] = marker | (leg.stream.payload_type & 0x7f);
        header[2..4].copy_from_slice(&sender.sequence.to_be_bytes());
        header[4..8].copy_from_slice(&sender.timestamp.to_be_bytes());
        header[8..12].copy_from_slice(&leg.stream.ssrc.to_be_bytes());
        sender.sequence = sender.sequence.wrapping_add(1);
        sender.timestamp = sender.timestamp.wrapping_add(leg.stream.codec.clock_rate() / 50);
        sender.marker = false;
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&header);
        self.bytes.extend_from_slice(payload);
        leg.contact.sent(&mut self.bytes, start, payload.len());
        self.packets.push((leg.id, leg.destination(), self.bytes.len()));
    }

    pub(crate) fn next(&mut self) -> Option<Transmit<'_>> {
        let &(leg, destination, end) = self.packets.get(self.taken)?;
        let start = self.taken.checked_sub(1).map_or(0, |before| self.packets[before].2);
        self.taken += 1;
        Some(Transmit { leg, destination, rtcp: false, bytes: &self.bytes[start..end] })
    }
}
