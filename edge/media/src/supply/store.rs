//! Packets as they came, in the order of their timestamps.

use std::collections::VecDeque;

/// A stall of 200 ms of packets of 2.5 ms, twice; a second of usual ones.
const PACKETS_MAX: usize = 160;

/// A second of Opus at 256 kbit/s; four of G.722. What comes beyond is lost.
const BYTES_MAX: usize = 32_768;

/// Kept to be used again: so many buffers of so many octets, a second of usual packets in all.
const SPARE_MAX: usize = 50;
const SPARE_BYTES_MAX: usize = 320;

struct Stored {
    start: i64,
    /// Samples.
    length: usize,
    payload: Vec<u8>,
}

#[derive(Default)]
pub(super) struct Store {
    packets: VecDeque<Stored>,
    bytes: usize,
    spare: Vec<Vec<u8>>,
}

impl Store {
    /// Returns whether there is room for it; what is here already stays.
    pub(super) fn put(&mut self, start: i64, length: usize, payload: &[u8]) -> bool {
        let full = self.packets.len() >= PACKETS_MAX || self.bytes + payload.len() > BYTES_MAX;
        let later = self.packets.iter().rev().take_while(|packet| packet.start >= start).count();
        let place = self.packets.len() - later;
        let is_here = self.packets.get(place).is_some_and(|packet| packet.start == start);
        if is_here || full {
            return is_here;
        }
        let mut kept = self.spare.pop().unwrap_or_default();
        kept.extend_from_slice(payload);
        self.bytes += payload.len();
        self.packets.insert(place, Stored { start, length, payload: kept });
        true
    }

    /// Where the first packet begins.
    pub(super) fn first(&self) -> Option<i64> {
        self.packets.front().map(|packet| packet.start)
    }

    /// Where the first packet begins and how many samples it has.
    pub(super) fn first_place(&self) -> Option<(i64, usize)> {
        self.packets.front().map(|packet| (packet.start, packet.length))
    }

    pub(super) fn first_payload(&self) -> Option<&[u8]> {
        self.packets.front().map(|packet| &packet.payload[..])
    }

    /// Takes the first packet out.
    pub(super) fn take(&mut self) {
        let Some(mut packet) = self.packets.pop_front() else { return };
        self.bytes -= packet.payload.len();
        if self.spare.len() < SPARE_MAX && packet.payload.capacity() <= SPARE_BYTES_MAX {
            packet.payload.clear();
            self.spare.push(packet.payload);
        }
    }

    /// Takes out all that ends before `at`.
    pub(super) fn forget_before(&mut self, at: i64) {
        while self.first_place().is_some_and(|(start, length)| start + length as i64 <= at) {
            self.take();
        }
    }

    pub(super) fn clear(&mut self) {
        while !self.packets.is_empty() {
            self.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_come_out_by_timestamp_and_once() {
        let mut store = Store::default();
        for start in [300, 100, 200, 100, 400] {
            assert!(store.put(start, 100, &[start as u8]));
        }
        store.forget_before(200);
        let mut starts = Vec::new();
        while let Some(start) = store.first() {
            assert_eq!(store.first_payload(), Some(&[start as u8][..]));
            starts.push(start);
            store.take();
        }
        assert_eq!(starts, [200, 300, 400]);
        assert_eq!(store.bytes, 0);
    }

    #[test]
    fn what_is_kept_is_bounded_in_packets_and_in_octets() {
        let mut store = Store::default();
        let kept = (0..10_000).filter(|&i| store.put(i, 1, &[0; 100])).count();
        assert_eq!(kept, PACKETS_MAX);
        store.clear();
        let kept = (0..10_000).filter(|&i| store.put(-i, 1, &[0; 1_275])).count();
        assert_eq!(kept, BYTES_MAX / 1_275);
        store.clear();
        assert!(store.spare.len() <= SPARE_MAX && store.bytes == 0);
        assert!(store.spare.iter().all(|spare| spare.capacity() <= SPARE_BYTES_MAX));
    }
}
