//! Whether packets are lost, so that waiting for what replaces them is worth its delay.
//!
//! A packet then waits until the one behind it is here: that may hold a copy of a lost one, or what is made up can lead to
//! its sound. At 10 % loss that scores 0.5 more (PESQ, G.711) for 20 ms of delay, which those without loss don't have.

/// Two holes within 5 s are loss, not an accident: what helps is awaited for the next 10 s, if any has been seen within
/// 10 s.
const HOLES_WITHIN_US: i64 = 5_000_000;
const HELP_AWAITED_US: i64 = 10_000_000;

pub(super) struct Loss {
    help_us: i64,
    hole_us: i64,
    awaited_until_us: i64,
    /// How long help is waited for now, in samples.
    pub(super) awaited: i64,
}

impl Loss {
    pub(super) fn new() -> Self {
        let never = i64::MIN / 2;
        Self { help_us: never, hole_us: never, awaited_until_us: never, awaited: 0 }
    }

    /// A packet has come that would help if the one before it were lost.
    pub(super) fn note_help(&mut self, now_us: i64) {
        self.help_us = now_us;
    }

    /// Something has been lost.
    pub(super) fn note(&mut self, now_us: i64) {
        if now_us - self.hole_us < HOLES_WITHIN_US {
            self.awaited_until_us = now_us + HELP_AWAITED_US;
        }
        self.hole_us = now_us;
    }

    /// `length` is that of a packet.
    pub(super) fn judge(&mut self, now_us: i64, length: i64) {
        let awaits = now_us < self.awaited_until_us && now_us - self.help_us < HELP_AWAITED_US;
        self.awaited = if awaits { length } else { 0 };
    }
}
