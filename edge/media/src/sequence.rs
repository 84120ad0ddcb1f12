//! Sequence numbers of one source: what came, what is lost, how unevenly (RFC 3550, 6.4.1 and A.1).

use crate::rtcp::Heard;

/// A jump forward of more is a restart of the sender, not loss (RFC 3550, A.1).
const DROPOUT_MAX: u16 = 3_000;

/// Older packets are told from new ones and from duplicates by a bit each.
const WINDOW: u16 = 64;

pub(crate) struct Sequence {
    /// Ticks a second of the timestamps.
    clock_rate: u32,
    highest: Option<u16>,
    /// How often the numbers have wrapped, in the upper half.
    wraps: u32,
    /// Bit i: `highest - i` came.
    came: u64,
    expected: u64,
    received: u64,
    transit: Option<i64>,
    /// 16 times the mean deviation, in ticks of the timestamps (RFC 3550, A.8).
    jitter: i64,
}

impl Sequence {
    pub(crate) fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate,
            highest: None,
            wraps: 0,
            came: 0,
            expected: 0,
            received: 0,
            transit: None,
            jitter: 0,
        }
    }

    /// What comes now counts its time otherwise.
    pub(crate) fn set_clock_rate(&mut self, clock_rate: u32) {
        if clock_rate != self.clock_rate {
            self.jitter = self.jitter * i64::from(clock_rate) / i64::from(self.clock_rate);
            self.clock_rate = clock_rate;
            self.transit = None;
        }
    }

    /// Returns `false` for a packet that came before.
    pub(crate) fn note(&mut self, sequence: u16) -> bool {
        let Some(highest) = self.highest else {
            self.restart(sequence);
            return true;
        };
        let ahead = sequence.wrapping_sub(highest);
        let behind = highest.wrapping_sub(sequence);
        if ahead != 0 && ahead < DROPOUT_MAX {
            self.came = self.came.checked_shl(u32::from(ahead)).unwrap_or(0) | 1;
            if sequence < highest {
                self.wraps = self.wraps.wrapping_add(1 << 16);
            }
            self.highest = Some(sequence);
            self.expected += u64::from(ahead);
        } else if behind < WINDOW {
            if self.came & (1 << behind) != 0 {
                return false;
            }
            self.came |= 1 << behind;
        } else {
            self.restart(sequence);
            return true;
        }
        self.received += 1;
        true
    }

    /// The next packet is the first of a new stream.
    pub(crate) fn forget(&mut self) {
        self.highest = None;
    }

    fn restart(&mut self, sequence: u16) {
        self.highest = Some(sequence);
        self.came = 1;
        self.expected += 1;
        self.received += 1;
        self.transit = None;
    }

    pub(crate) fn note_transit(&mut self, at_us: i64, timestamp: u32) {
        // Modulo 2^32 like the timestamp.
        let transit = i64::from((at_us * i64::from(self.clock_rate) / 1_000_000) as u32);
        let transit = (transit - i64::from(timestamp)) as u32;
        if let Some(before) = self.transit {
            let deviation = i64::from(transit.wrapping_sub(before as u32).cast_signed()).abs();
            // A pause or a new clock says nothing of the network: at most a second counts.
            self.jitter += deviation.min(i64::from(self.clock_rate)) - ((self.jitter + 8) >> 4);
        }
        self.transit = Some(i64::from(transit));
    }

    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    pub(crate) fn lost(&self) -> u64 {
        self.expected.saturating_sub(self.received)
    }

    /// For a report to the source with `ssrc`.
    pub(crate) fn heard(&self, ssrc: u32) -> Option<Heard> {
        Some(Heard {
            ssrc,
            highest: self.wraps | u32::from(self.highest?),
            expected: self.expected,
            received: self.received,
            jitter: (self.jitter >> 4) as u32,
        })
    }

    pub(crate) fn jitter_us(&self) -> u32 {
        ((self.jitter >> 4) * 1_000_000 / i64::from(self.clock_rate)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_is_counted_across_the_wrap_and_taken_back_when_it_was_disorder() {
        let mut sequence = Sequence::new(8_000);
        for s in [65_533u16, 65_534, 1, 0, 3] {
            assert!(sequence.note(s));
        }
        // 65,535 and 2 are missing.
        assert_eq!((sequence.received(), sequence.lost()), (5, 2));
        assert!(sequence.note(2));
        assert_eq!(sequence.lost(), 1);
    }

    #[test]
    fn a_duplicate_is_known_and_not_counted() {
        let mut sequence = Sequence::new(8_000);
        assert!(sequence.note(7) && !sequence.note(7) && sequence.note(8) && !sequence.note(7));
        assert_eq!((sequence.received(), sequence.lost()), (2, 0));
    }

    #[test]
    fn a_restart_of_the_sender_is_no_loss() {
        let mut sequence = Sequence::new(8_000);
        for s in [10u16, 11, 40_000, 40_001] {
            assert!(sequence.note(s));
        }
        assert_eq!(sequence.lost(), 0);
    }

    #[test]
    fn jitter_is_that_of_the_rfc() {
        let mut sequence = Sequence::new(8_000);
        for i in 0..200i64 {
            sequence.note_transit(i * 20_000 + (i % 2) * 4_000, (i * 160) as u32);
        }
        assert!((3_800..=4_000).contains(&sequence.jitter_us()), "{}", sequence.jitter_us());
        let mut even = Sequence::new(8_000);
        for i in 0..200i64 {
            even.note_transit(i * 20_000, (i * 160) as u32);
        }
        assert_eq!(even.jitter_us(), 0);
    }

    #[test]
    fn jitter_is_the_same_by_any_clock() {
        let mut sequence = Sequence::new(48_000);
        for i in 0..200i64 {
            sequence.note_transit(i * 20_000 + (i % 2) * 4_000, (i * 960) as u32);
        }
        assert!((3_800..=4_000).contains(&sequence.jitter_us()), "{}", sequence.jitter_us());
        sequence.set_clock_rate(8_000);
        assert!((3_800..=4_000).contains(&sequence.jitter_us()), "{}", sequence.jitter_us());
    }
}
