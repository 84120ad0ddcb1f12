//! Samples, or the codes that they are made of, by timestamp: packets go to where they belong, whatever order they come
//! in.

/// Holds timestamps of one window. The owner keeps what it writes and reads within one window, as long as
/// [`Self::with_span`] and [`Self::widen`] have made it.
pub(crate) struct Ring<T> {
    samples: Box<[T]>,
    present: Box<[u64]>,
}

impl<T: Copy + Default> Ring<T> {
    /// A window of at least `span` samples.
    pub(crate) fn with_span(span: usize) -> Self {
        let words = span.div_ceil(64).max(1);
        Self { samples: vec![T::default(); words * 64].into(), present: vec![0; words].into() }
    }

    /// The samples of a window.
    pub(crate) fn span(&self) -> usize {
        self.samples.len()
    }

    /// Makes the window reach from `from` to `to`; nothing that is present lies before `from`. Takes memory if it did
    /// not reach.
    pub(crate) fn widen(&mut self, from: i64, to: i64) {
        let span = (to - from).max(0) as usize;
        if span > self.span() {
            self.grow(from, span);
        }
    }

    #[cold]
    fn grow(&mut self, from: i64, span: usize) {
        let mut wider = Self::with_span(span);
        let mut at = from;
        while let Some(first) = self.first(at).filter(|&first| first < from + self.span() as i64) {
            let run = self.run(first, (from + self.span() as i64 - first) as usize);
            for part in self.parts(first, run) {
                wider.write(at.max(first), part);
                at = at.max(first) + part.len() as i64;
            }
        }
        *self = wider;
    }

    /// Puts `samples` at `at`. Beyond the window they are cut off.
    pub(crate) fn write(&mut self, at: i64, samples: &[T]) {
        let samples = &samples[..samples.len().min(self.span())];
        let start = self.place(at);
        let (head, tail) = samples.split_at(samples.len().min(self.span() - start));
        self.samples[start..start + head.len()].copy_from_slice(head);
        self.samples[..tail.len()].copy_from_slice(tail);
        self.mark(at, samples.len(), true);
    }

    /// What lies at `at` and behind, present or not, in two parts: `length` of it, at most the window.
    pub(crate) fn parts(&self, at: i64, length: usize) -> [&[T]; 2] {
        let (length, start) = (length.min(self.span()), self.place(at));
        let head = length.min(self.span() - start);
        [&self.samples[start..start + head], &self.samples[..length - head]]
    }

    pub(crate) fn forget(&mut self, at: i64, length: usize) {
        self.mark(at, length.min(self.span()), false);
    }

    pub(crate) fn clear(&mut self) {
        self.present.fill(0);
    }

    /// How many samples from `at` on are present without a hole, at most `most`.
    pub(crate) fn run(&self, at: i64, most: usize) -> usize {
        let most = most.min(self.span());
        let (mut index, mut length) = (self.place(at), 0);
        while length < most {
            let ones = (self.present[index / 64] >> (index % 64)).trailing_ones() as usize;
            let rest = 64 - index % 64;
            length += ones;
            if ones < rest {
                break;
            }
            index = self.around(index + rest);
        }
        length.min(most)
    }

    /// The first present timestamp at or behind `at`.
    pub(crate) fn first(&self, at: i64) -> Option<i64> {
        let (mut index, mut ahead) = (self.place(at), 0);
        while ahead < self.span() {
            let word = self.present[index / 64] >> (index % 64);
            if word != 0 {
                return Some(at + (ahead + word.trailing_zeros() as usize) as i64);
            }
            let rest = 64 - index % 64;
            ahead += rest;
            index = self.around(index + rest);
        }
        None
    }

    fn mark(&mut self, at: i64, length: usize, present: bool) {
        let (mut index, mut done) = (self.place(at), 0);
        while done < length {
            let count = (64 - index % 64).min(length - done);
            let bits = (u64::MAX >> (64 - count)) << (index % 64);
            let word = &mut self.present[index / 64];
            *word = if present { *word | bits } else { *word & !bits };
            done += count;
            index = self.around(index + count);
        }
    }

    /// Where `at` lies.
    fn place(&self, at: i64) -> usize {
        // The codes of G.711 have such a window, and a division costs as much as to copy half of a packet.
        if self.span().is_power_of_two() {
            return at as usize & (self.span() - 1);
        }
        at.rem_euclid(self.span() as i64) as usize
    }

    /// `index` or, at the end, the beginning.
    fn around(&self, index: usize) -> usize {
        if index < self.span() { index } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_holes_are_found_across_the_seam() {
        for span in [2_880, 8_192] {
            for at in [-5i64, 0, 63, span as i64 - 192, span as i64 - 1, 1 << 33] {
                let mut ring = Ring::with_span(span);
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

    #[test]
    fn a_wider_window_holds_what_the_narrower_one_did() {
        for at in [-5i64, 0, 63, 100, 1 << 33] {
            let mut ring = Ring::with_span(128);
            let sound: Vec<u8> = (1..=40).collect();
            ring.write(at + 10, &sound);
            ring.write(at + 90, &sound[..38]);
            ring.widen(at, at + 100);
            assert_eq!(ring.span(), 128);
            ring.widen(at, at + 1_000);
            assert!(ring.span() >= 1_000);
            ring.write(at + 960, &sound);
            for (start, length) in [(10, 40), (90, 38), (960, 40)] {
                assert_eq!(ring.first(at + start - 5), Some(at + start));
                assert_eq!(ring.run(at + start, 500), length);
                assert_eq!(ring.parts(at + start, length).concat(), sound[..length]);
            }
        }
    }
}
