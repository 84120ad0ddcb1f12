//! Samples, or the codes that they are made of, by timestamp: packets go to where they belong, whatever order they come
//! in.

/// One second and a bit at 8 kHz; a power of two.
pub(crate) const SPAN: usize = 8_192;
const MASK: usize = SPAN - 1;

/// Holds timestamps of one window of [`SPAN`] samples. The owner keeps what it writes and reads within one window.
pub(crate) struct Ring<T> {
    samples: Box<[T; SPAN]>,
    present: Box<[u64; SPAN / 64]>,
}

impl<T: Copy + Default> Ring<T> {
    pub(crate) fn new() -> Self {
        Self { samples: Box::new([T::default(); SPAN]), present: Box::new([0; SPAN / 64]) }
    }

    /// Puts `samples` at `at`. Beyond [`SPAN`] they are cut off.
    pub(crate) fn write(&mut self, at: i64, samples: &[T]) {
        let samples = &samples[..samples.len().min(SPAN)];
        let start = place(at);
        let (head, tail) = samples.split_at(samples.len().min(SPAN - start));
        self.samples[start..start + head.len()].copy_from_slice(head);
        self.samples[..tail.len()].copy_from_slice(tail);
        self.mark(at, samples.len(), true);
    }

    /// What lies at `at` and behind, present or not, in two parts: `length` of it, at most [`SPAN`].
    pub(crate) fn parts(&self, at: i64, length: usize) -> [&[T]; 2] {
        let (length, start) = (length.min(SPAN), place(at));
        let head = length.min(SPAN - start);
        [&self.samples[start..start + head], &self.samples[..length - head]]
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
            ring.write(at, &[7u8; 160]);
            ring.write(at + 320, &[9; 33]);
            assert_eq!(ring.run(at, 500), 160);
            assert_eq!(ring.run(at + 100, 20), 20);
            assert_eq!(ring.first(at - 1), Some(at));
            assert_eq!(ring.first(at + 160), Some(at + 320));
            assert_eq!(ring.parts(at + 320, 33).concat(), [9; 33]);
            ring.forget(at, 353);
            assert_eq!(ring.first(at), None);
        }
    }
}
