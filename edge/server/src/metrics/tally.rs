//! What the edge's task counts: calls as they end, and the packets of legs, whether they are up or gone.

use std::collections::{BTreeMap, BTreeSet};

use konf_contract::LegId;
use konf_contract::link::LegLeft;
use konf_contract::metrics::Page;
use konf_media::LegStats;

/// Bounds of MOS: what G.107, annex B, calls "nearly all users dissatisfied", "many", "some", "satisfied", "very".
const MOS: [f64; 5] = [2.58, 3.10, 3.60, 4.03, 4.34];

#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// By whether they came into a room, and why they ended.
    calls: BTreeMap<(&'static str, &'static str), u64>,
    mos: [u64; MOS.len() + 1],
    mos_sum: f64,
    packets: Packets,
    /// What has been counted of each leg that is up, or has just ended.
    seen: BTreeMap<LegId, Packets>,
    ended: BTreeSet<LegId>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Packets {
    received: u64,
    lost: u64,
    late: u64,
    refused: u64,
    unauthentic: u64,
    concealed_ms: u64,
}

impl Tally {
    /// The media threads' newest numbers.
    pub(crate) fn update(&mut self, legs: &BTreeMap<LegId, LegStats>) {
        for (leg, stats) in legs.iter().filter(|(leg, _)| !self.ended.contains(leg)) {
            let packets = Packets::of(stats);
            let before = self.seen.insert(*leg, packets).unwrap_or_default();
            self.packets.grow(packets, before);
        }
        // An ended leg may stand in the numbers for a second more.
        self.ended.retain(|leg| legs.contains_key(leg));
        self.seen.retain(|leg, _| legs.contains_key(leg) || self.ended.contains(leg));
    }

    /// A leg's last numbers.
    pub(crate) fn closed(&mut self, leg: LegId, stats: &LegStats) {
        let before = self.seen.remove(&leg).unwrap_or_default();
        self.packets.grow(Packets::of(stats), before);
        self.ended.insert(leg);
        if let Some(mos_x100) = stats.mos_x100 {
            let mos = f64::from(mos_x100) / 100.0;
            let place = MOS.iter().position(|bound| mos <= *bound);
            self.mos[place.unwrap_or(MOS.len())] += 1;
            self.mos_sum += mos;
        }
    }

    /// A call has ended.
    pub(crate) fn left(&mut self, left: &LegLeft) {
        let result = if left.joined.is_some() { "joined" } else { "not-joined" };
        *self.calls.entry((result, left.end.reason.label())).or_default() += 1;
    }

    pub(super) fn write(&self, page: &mut Page) {
        page.counters(
            "konf_edge_calls_total",
            "Calls that were answered and have ended, by whether they came into a room and why they ended.",
            self.calls.iter().map(|(&(result, reason), count)| {
                ([("result", result), ("reason", reason)], *count)
            }),
        );
        page.histogram(
            "konf_edge_leg_mos",
            "Listening quality of the calls that have ended (E-model, ITU-T G.107).",
            &MOS,
            &self.mos,
            self.mos_sum,
        );
        let Packets { received, lost, late, refused, unauthentic, concealed_ms } = self.packets;
        for (name, help, value) in [
            ("received", "RTP packets received.", received),
            ("lost", "RTP packets lost on the way here.", lost),
            ("late", "RTP packets that came after their place had been played.", late),
            (
                "refused",
                "Datagrams refused: foreign, malformed, too many or not authentic.",
                refused,
            ),
            ("unauthentic", "SRTP with a wrong tag, or that had come before.", unauthentic),
        ] {
            page.counter(&format!("konf_edge_media_packets_{name}_total"), help, value);
        }
        page.counter(
            "konf_edge_media_concealed_seconds_total",
            "Sound made up for what was lost or late.",
            concealed_ms as f64 / 1e3,
        );
    }
}

impl Packets {
    fn of(stats: &LegStats) -> Packets {
        Packets {
            received: stats.packets_received,
            lost: stats.packets_lost,
            late: stats.packets_late,
            refused: stats.packets_refused,
            unauthentic: stats.packets_unauthentic,
            concealed_ms: stats.concealed_ms,
        }
    }

    /// What a leg has more than before. A packet that counted as lost may still come: that is not taken back here.
    fn grow(&mut self, now: Packets, before: Packets) {
        self.received += now.received.saturating_sub(before.received);
        self.lost += now.lost.saturating_sub(before.lost);
        self.late += now.late.saturating_sub(before.late);
        self.refused += now.refused.saturating_sub(before.refused);
        self.unauthentic += now.unauthentic.saturating_sub(before.unauthentic);
        self.concealed_ms += now.concealed_ms.saturating_sub(before.concealed_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(packets_received: u64, packets_lost: u64) -> LegStats {
        LegStats { packets_received, packets_lost, mos_x100: Some(441), ..LegStats::default() }
    }

    #[test]
    fn packets_count_once_while_a_leg_is_up_and_after_it() {
        let mut tally = Tally::default();
        let (one, other) = (LegId(1), LegId(2));
        let both = BTreeMap::from([(one, stats(100, 2)), (other, stats(50, 0))]);
        tally.update(&both);
        tally.update(&both);
        assert_eq!((tally.packets.received, tally.packets.lost), (150, 2));
        // A lost packet has come after all; another is lost.
        tally.update(&BTreeMap::from([(one, stats(120, 1)), (other, stats(50, 0))]));
        tally.update(&BTreeMap::from([(one, stats(130, 2)), (other, stats(50, 0))]));
        assert_eq!((tally.packets.received, tally.packets.lost), (180, 3));
        tally.closed(one, &stats(140, 2));
        assert_eq!(tally.packets.received, 190);
        // The threads have not yet published that it is gone.
        tally.update(&BTreeMap::from([(one, stats(130, 2)), (other, stats(50, 0))]));
        assert_eq!(tally.packets.received, 190);
        tally.update(&BTreeMap::from([(other, stats(60, 0))]));
        assert_eq!(tally.packets.received, 200);
        assert!(tally.ended.is_empty() && tally.seen.len() == 1);
        assert_eq!(tally.mos, [0, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn a_leg_that_was_never_seen_counts_when_it_ends() {
        let mut tally = Tally::default();
        tally.closed(LegId(1), &stats(7, 0));
        tally.update(&BTreeMap::new());
        assert_eq!(tally.packets.received, 7);
        assert!(tally.ended.is_empty() && tally.seen.is_empty());
    }
}
