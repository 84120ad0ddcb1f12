//! Reports that wait to be sent, in one buffer that is used again and again.

use std::net::SocketAddr;

use konf_contract::LegId;

use crate::Transmit;

/// Of a thread with 2,000 legs, at most so many are due in one tick or end at once; what comes beyond is left out, as
/// the network might have.
const WAITING_MAX: usize = 4_096;

#[derive(Default)]
pub(crate) struct Post {
    bytes: Vec<u8>,
    /// The last number is where each one ends.
    letters: Vec<(LegId, SocketAddr, usize)>,
    taken: usize,
}

impl Post {
    /// `write` appends one packet to the bytes, which begin with others.
    pub(crate) fn push(
        &mut self,
        leg: LegId,
        destination: SocketAddr,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        if self.letters.len() < WAITING_MAX {
            write(&mut self.bytes);
            self.letters.push((leg, destination, self.bytes.len()));
        }
    }

    pub(crate) fn is_waiting(&mut self) -> bool {
        let waiting = self.taken < self.letters.len();
        if !waiting {
            self.bytes.clear();
            self.letters.clear();
            self.taken = 0;
        }
        waiting
    }

    /// Unlike sound, a report that was not taken with its tick still goes out.
    pub(crate) fn next(&mut self) -> Option<Transmit<'_>> {
        self.letters.get(self.taken)?;
        let start = self.taken.checked_sub(1).map_or(0, |before| self.letters[before].2);
        let (leg, destination, end) = self.letters[self.taken];
        self.taken += 1;
        Some(Transmit { leg, destination, rtcp: true, bytes: &self.bytes[start..end] })
    }
}
