//! How a leg is heard, in numbers.

use super::Leg;
use crate::LegStats;

impl Leg {
    pub(crate) fn stats(&self) -> LegStats {
        let mut stats = self.measured();
        self.judge.report(&mut stats);
        stats
    }

    /// Every tick.
    pub(super) fn judge(&mut self) {
        if self.judge.tick() {
            let stats = self.measured();
            self.judge.judge(self.stream.codec, self.playout.tally().played_ms(), &stats);
        }
    }

    fn measured(&self) -> LegStats {
        let tally = self.playout.tally();
        let mut stats = LegStats {
            packets_received: self.sequence.received(),
            packets_lost: self.sequence.lost(),
            packets_late: self.packets_late,
            packets_refused: self.packets_refused,
            jitter_us: self.sequence.jitter_us(),
            delay_ms: (self.playout.lead_us() / 1_000) as u32,
            concealed_ms: tally.made_up_ms(),
            stretched_ms: tally.stretched_ms(),
            discarded_ms: tally.discarded_ms(),
            codec: Some(self.stream.codec),
            remote: Some(self.source.destination()),
            ..LegStats::default()
        };
        self.contact.report(self.stream.codec, &mut stats);
        self.voice.report(&mut stats);
        stats
    }
}
