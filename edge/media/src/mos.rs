//! How a leg sounds to those who listen to it, estimated by the E-model (ITU-T G.107, 06/2015).
//!
//! Only what a bridge can see counts: the codec, the sound that had to be made up, and how long sound is under way. All
//! else is as G.107's defaults have it. Wideband codecs stand on the same scale, on which none is better than G.711, so
//! that one number compares all legs.

use crate::{Codec, LegStats};

/// `Ro - Is` with the defaults of G.107, table 3.
const R_DEFAULT: f32 = 93.2;

/// How well a codec bears random loss once it is concealed: `Bpl` of G.711 with its Appendix I (G.113, Appendix I, table
/// I.4). None is published for G.722 and Opus with what conceals them here; they are taken for the same.
const LOSS_ROBUSTNESS: f32 = 25.1;

/// Under so much delay conversation is not impaired (G.107, 7.4).
const DELAY_FREE_MS: f32 = 100.0;

/// On the way besides network and jitter buffer: a packet of 20 ms is full before it leaves, and waits for the mix for
/// half a tick on average.
const DELAY_FIXED_MS: f32 = 30.0;

/// Ticks that are judged together: 5 s, as often as heartbeats tell of it.
const WINDOW_TICKS: u32 = 250;

/// A window in which less was said than this, in milliseconds, says nothing: 1 s.
const HEARD_MIN_MS: u64 = 1_000;

/// The transmission rating factor R (G.107, 7.1), from 0 to 93.2.
pub(crate) fn rating(codec: Codec, lost_percent: f32, delay_ms: f32) -> f32 {
    (R_DEFAULT - delay_impairment(delay_ms) - equipment_impairment(codec, lost_percent)).max(0.0)
}

/// How people would judge it (G.107, annex B), 100 to 450.
pub(crate) fn mos_x100(rating: f32) -> u16 {
    let r = rating.clamp(0.0, 100.0);
    let mos = 1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6;
    (mos.clamp(1.0, 4.5) * 100.0).round() as u16
}

/// `Ie,eff` (G.107, 7.5), for loss that does not come in bursts.
fn equipment_impairment(codec: Codec, lost_percent: f32) -> f32 {
    let undisturbed = match codec {
        Codec::Pcma | Codec::Pcmu | Codec::G722 | Codec::Opus => 0.0,
    };
    let lost = lost_percent.clamp(0.0, 100.0);
    undisturbed + (95.0 - undisturbed) * lost / (lost + LOSS_ROBUSTNESS)
}

/// `Idd` (G.107, 7.4).
fn delay_impairment(delay_ms: f32) -> f32 {
    if delay_ms <= DELAY_FREE_MS {
        return 0.0;
    }
    let x = (delay_ms / DELAY_FREE_MS).log2();
    let root = |x: f32| (1.0 + x.powi(6)).powf(1.0 / 6.0);
    25.0 * (root(x) - 3.0 * root(x / 3.0) + 2.0)
}

/// Judges a leg, five seconds at a time.
#[derive(Debug, Default)]
pub(crate) struct Judge {
    ticks: u32,
    played_ms: u64,
    concealed_ms: u64,
    last: Option<u16>,
    sum: u64,
    windows: u64,
}

impl Judge {
    /// Every tick; whether it is time for [`Self::judge`].
    pub(crate) fn tick(&mut self) -> bool {
        self.ticks += 1;
        self.ticks.is_multiple_of(WINDOW_TICKS)
    }

    /// `played_ms` and what of it was made up, since the beginning.
    pub(crate) fn judge(&mut self, codec: Codec, played_ms: u64, stats: &LegStats) {
        let heard_ms = played_ms.saturating_sub(self.played_ms);
        let made_up_ms = stats.concealed_ms.saturating_sub(self.concealed_ms);
        (self.played_ms, self.concealed_ms) = (played_ms, stats.concealed_ms);
        if heard_ms < HEARD_MIN_MS {
            return self.last = None;
        }
        let lost_percent = 100.0 * made_up_ms as f32 / heard_ms as f32;
        let way_ms = stats.round_trip_ms.unwrap_or(0) as f32 / 2.0;
        let delay_ms = stats.delay_ms as f32 + way_ms + DELAY_FIXED_MS;
        let mos_x100 = mos_x100(rating(codec, lost_percent, delay_ms));
        self.last = Some(mos_x100);
        self.sum += u64::from(mos_x100);
        self.windows += 1;
    }

    pub(crate) fn report(&self, stats: &mut LegStats) {
        stats.mos_now_x100 = self.last;
        stats.mos_x100 = self.sum.checked_div(self.windows).map(|mos| mos as u16);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_are_judged_as_annex_b_of_g_107_says() {
        // Table B.1, whose last digit is not always that of the formula.
        for (rating, mos) in [(90.0, 434), (80.0, 403), (70.0, 360), (60.0, 310), (50.0, 258)] {
            assert!(mos_x100(rating).abs_diff(mos) <= 1, "R = {rating}");
        }
        assert_eq!((mos_x100(-5.0), mos_x100(0.0), mos_x100(100.0)), (100, 100, 450));
        // The best that the defaults allow.
        assert_eq!(mos_x100(rating(Codec::Pcma, 0.0, 50.0)), 441);
    }

    #[test]
    fn loss_and_delay_impair_as_g_107_says() {
        let near = |a: f32, b: f32| assert!((a - b).abs() < 0.1, "{a} {b}");
        // Half of what could be lost is, when as much is lost as the codec bears.
        near(equipment_impairment(Codec::Pcma, 25.1), 47.5);
        near(equipment_impairment(Codec::Pcma, 5.0), 15.8);
        near(equipment_impairment(Codec::Pcma, 0.0), 0.0);
        // Equation 7-28 worked out by hand for 150, 200 and 400 ms.
        near(delay_impairment(100.0), 0.0);
        near(delay_impairment(150.0), 0.16);
        near(delay_impairment(200.0), 3.04);
        near(delay_impairment(400.0), 24.1);
    }

    #[test]
    fn a_pause_is_not_judged_and_the_record_keeps_the_mean() {
        let mut judge = Judge::default();
        let mut window = |played_ms, concealed_ms| {
            let stats = LegStats { concealed_ms, delay_ms: 20, ..LegStats::default() };
            judge.judge(Codec::Pcma, played_ms, &stats);
            let mut stats = LegStats::default();
            judge.report(&mut stats);
            (stats.mos_now_x100, stats.mos_x100)
        };
        assert_eq!(window(500, 0), (None, None));
        assert_eq!(window(5_500, 0), (Some(441), Some(441)));
        let (now, mean) = window(10_500, 500);
        assert!(now < Some(350) && mean > now && mean < Some(441), "{now:?} {mean:?}");
        assert_eq!(window(10_700, 500), (None, mean));
    }
}
