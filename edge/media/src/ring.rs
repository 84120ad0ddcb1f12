//! Samples by timestamp: packets are decoded to where they belong, whatever order they come in.

use std::ops::Range;

/// One second and a bit at 8 kHz; a power of two.
pub(crate) const SPAN: usize = 8_192;
const MASK: usize = SPAN - 1;

/// Holds timestamps of one window of [`SPAN`] samples. The owner keeps what it writes and reads within one window.
pub(crate) struct Ring {
    samples: Box<[i16; SPAN]>,
    present: Box<[u64; SPAN / 64]>,
}

impl Ring {
    pub(crate) fn new() -> Self {
        Self { samples: Box::new([0; SPAN]), present: Box::new([0; SPAN / 64]) }
    }

    /// Puts `length` samples at `at`: `fill` makes those that it is told, in one or two parts. Beyond [`SPAN`] they are
    /// cut off.
    pub(crate) fn write(
        &mut self,
        at: i64,
        length: usize,
        mut fill: impl FnMut(Range<usize>, &mut [i16]),
    ) {
        let length = length.min(SPAN);
        let start = place(at);
        let head = length.min(SPAN - start);
        fill(0..head, &mut self.samples[start..start + head]);
        if head < length {
            fill(head..length, &mut self.samples[..length - head]);
        }
        self.mark(at, length, true);
    }

    /// Copies what lies at `at` and behind, present or not.
    pub(crate) fn read(&self, at: i64, out: &mut [i16]) {
        let start = place(at);
        let first = out.len().min(SPAN - start);
        let (head, tail) = out.split_at_mut(first);
        head.copy_from_slice(&self.samples[start..start + first]);
        let length = tail.len().min(SPAN);
        tail[..length].copy_from_slice(&self.samples[..length]);
    }

    pub(crate) fn forget(&mut self, at: i64, length: usize) {
        self.mark(at, length.min(SPAN), false);
    }

    pub(crate) fn clear(&mut self) {
        self.present.fill(0);
    }

    /// How many samples from `at` on are present without a hole, at most `most`.
    pub(crate) fn run(&self, at: i64, most: usize) -> usize {
        let mut length = 0;
        while length < most.min(SPAN) {
            let index = (place(at) + length) & MASK;
            let ones = (self.present[index / 64] >> (index % 64)).trailing_ones() as usize;
            length += ones;
            if ones < 64 - index % 64 {
                break;
            }
        }
        length.min(most)
    }

    /// The first present timestamp at or behind `at`.
    pub(crate) fn first(&self, at: i64) -> Option<i64> {
        let mut ahead = 0;
        while ahead < SPAN {
            let index = (place(at) + ahead) & MASK;
            let word = self.present[index / 64] >> (index % 64);
            if word != 0 {
                return Some(at + (ahead + word.trailing_zeros() as usize) as i64);
            }
            ahead += 64 - index % 64;
        }
        None
    }

    fn mark(&mut self, at: i64, length: usize, present: bool) {
        let mut done = 0;
        while done < length {
            let index = (place(at) + done) & MASK;
            let count = (64 - index % 64).min(length - done);
            let bits = (u64::MAX >> (64 - count)) << (index % 64);
            let word = &mut self.present[index / 64];
            *word = if present { *word | bits } else { *word & !bits };
            done += count;
        }
    }
}

fn place(at: i64) -> usize {
    // Two's complement: the low bits are right for negative timestamps too.
    at as usize & MASK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_holes_are_found_across_the_seam() {
        for at in [-5i64, 0, 63, 8_000, 8_191, 1 << 33] {
            let mut ring = Ring::new();
            ring.write(at, 160, |_, part| part.fill(7));
            ring.write(at + 320, 33, |_, part| part.fill(9));
            assert_eq!(ring.run(at, 500), 160);
            assert_eq!(ring.run(at + 100, 20), 20);
            assert_eq!(ring.first(at - 1), Some(at));
            assert_eq!(ring.first(at + 160), Some(at + 320));
            let mut out = [0; 33];
            ring.read(at + 320, &mut out);
            assert_eq!(out, [9; 33]);
            ring.forget(at, 353);
            assert_eq!(ring.first(at), None);
        }
    }
}
