//! What became of a leg's sound on its way through the jitter buffer.

use crate::Rate;

/// Lengths in samples.
#[derive(Debug)]
pub(crate) struct Tally {
    rate: Rate,
    played: u64,
    made_up: u64,
    /// Made up since the last real sound: a loss, unless the sender turns out to have paused.
    pending: u64,
    stretched: u64,
    discarded: u64,
    paused: bool,
    /// Of codecs before, in microseconds: played, made up, stretched, discarded.
    before_us: [u64; 4],
}

impl Tally {
    pub(crate) fn new(rate: Rate) -> Self {
        Self {
            rate,
            played: 0,
            made_up: 0,
            pending: 0,
            stretched: 0,
            discarded: 0,
            paused: false,
            before_us: [0; 4],
        }
    }

    /// Goes on at another rate.
    pub(crate) fn at(&self, rate: Rate) -> Self {
        Self { before_us: self.all_us(), ..Self::new(rate) }
    }

    /// Real sound: what was made up before it was missing, but in a pause.
    pub(super) fn play(&mut self, samples: usize) {
        self.played += samples as u64;
        if self.pending > 0 && !std::mem::take(&mut self.paused) {
            self.made_up += self.pending;
            self.played += self.pending;
        }
        self.pending = 0;
    }

    pub(super) fn make_up(&mut self, samples: usize) {
        self.pending += samples as u64;
    }

    /// The sender says nothing, or says that it begins anew (RFC 3551, 4.1: the marker).
    pub(super) fn pause(&mut self) {
        self.paused = self.pending > 0;
    }

    pub(super) fn stretch(&mut self, samples: u64) {
        self.stretched += samples;
    }

    pub(super) fn discard(&mut self, samples: u64) {
        self.discarded += samples;
    }

    /// Sound that was heard, what was made up of it included.
    pub(crate) fn played_ms(&self) -> u64 {
        self.all_us()[0] / 1_000
    }

    pub(crate) fn made_up_ms(&self) -> u64 {
        self.all_us()[1] / 1_000
    }

    pub(crate) fn stretched_ms(&self) -> u64 {
        self.all_us()[2] / 1_000
    }

    pub(crate) fn discarded_ms(&self) -> u64 {
        self.all_us()[3] / 1_000
    }

    fn all_us(&self) -> [u64; 4] {
        let lengths = [self.played, self.made_up, self.stretched, self.discarded];
        let mut all_us = self.before_us;
        for (us, length) in all_us.iter_mut().zip(lengths) {
            *us += self.rate.us(length as i64) as u64;
        }
        all_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_is_a_loss_and_a_pause_is_none() {
        let mut tally = Tally::new(Rate::Narrow);
        tally.play(800);
        tally.make_up(160);
        tally.play(160);
        assert_eq!((tally.played_ms(), tally.made_up_ms()), (140, 20));
        tally.make_up(480);
        tally.pause();
        tally.play(160);
        assert_eq!((tally.played_ms(), tally.made_up_ms()), (160, 20));
        // A marker in the middle of sound excuses nothing that comes later.
        tally.pause();
        tally.make_up(160);
        tally.play(160);
        assert_eq!(tally.made_up_ms(), 40);
        // Nothing comes any more: nobody knows whether anything was to come.
        tally.make_up(480);
        assert_eq!(tally.made_up_ms(), 40);
    }

    #[test]
    fn another_rate_goes_on_where_the_one_before_ended() {
        let mut tally = Tally::new(Rate::Narrow);
        tally.play(800);
        tally.stretch(80);
        let mut tally = tally.at(Rate::Full);
        tally.play(4_800);
        tally.discard(48);
        assert_eq!((tally.played_ms(), tally.stretched_ms(), tally.discarded_ms()), (200, 10, 1));
    }
}
