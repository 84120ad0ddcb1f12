//! How long packets travel, relative to each other: the fastest of late, and how far the slow ones lag behind.
//!
//! The longest lag of each quarter of a second is kept for ten seconds. The margin covers all of them but the three
//! longest: steady jitter shows in nearly every quarter, a single stall in one or two, and a stall must not raise the
//! delay for everything that follows.

const BUCKET_US: i64 = 250_000;

/// Ten seconds: the time within which a stall has to be forgotten (RELIABILITY.md).
const BUCKETS: usize = 40;

/// Quarters that may be longer than the margin: a stall of up to 0.5 s touches at most three.
const OUTLIERS: usize = 3;

/// The fastest packet is sought in the last 4 s. At 300 ppm, twice what telephones drift, that is an error of 1.2 ms.
const FLOOR_BUCKETS: i64 = 16;

/// After so long without a packet the sender may have started its clock anew.
const FORGET_US: i64 = 1_000_000;

/// Added to the measured lag, and the least margin of all: what a busy machine delays a packet or a tick now and then.
const GUARD_US: i64 = 500;
const MARGIN_MIN_US: i64 = 1_000;

/// How far the beat of the ticks, which follows late ones a little, may wander: a sixteenth of 16 ms.
const WOBBLE_US: i64 = 1_000;

/// However wild the network is, the delay stays bounded.
const MARGIN_MAX_US: i64 = 160_000;

#[derive(Clone, Copy)]
struct Bucket {
    index: i64,
    shortest_us: i64,
    longest_us: i64,
}

pub(crate) struct Transit {
    buckets: [Bucket; BUCKETS],
    floor_us: i64,
    lag_us: i64,
    last_us: Option<i64>,
    with_tick: bool,
}

impl Transit {
    pub(crate) fn new() -> Self {
        let never = Bucket { index: i64::MIN, shortest_us: 0, longest_us: 0 };
        Self { buckets: [never; BUCKETS], floor_us: 0, lag_us: 0, last_us: None, with_tick: false }
    }

    /// A packet whose first sample belongs to `sample_us` of the sender's clock came at `at_us`; `with_tick` says that it
    /// was read together with a tick, which makes up for what delays both.
    pub(crate) fn note(&mut self, at_us: i64, sample_us: i64, with_tick: bool) {
        self.with_tick = with_tick;
        let transit_us = at_us - sample_us;
        if self.last_us.is_none_or(|last| at_us - last > FORGET_US) {
            self.restart(transit_us);
        }
        self.last_us = Some(at_us);
        self.floor_us = self.floor_us.min(transit_us);
        let index = at_us.div_euclid(BUCKET_US);
        let bucket = &mut self.buckets[index.rem_euclid(BUCKETS as i64) as usize];
        if bucket.index == index {
            bucket.shortest_us = bucket.shortest_us.min(transit_us);
            bucket.longest_us = bucket.longest_us.max(transit_us);
        } else {
            *bucket = Bucket { index, shortest_us: transit_us, longest_us: transit_us };
            self.refresh(index);
        }
    }

    /// The stream begins anew. What was learnt of its jitter holds until better is known.
    pub(crate) fn reset(&mut self) {
        self.last_us = None;
    }

    /// Arrival of the fastest packets minus their time, in the receiver's clock.
    pub(crate) fn floor_us(&self) -> i64 {
        self.floor_us
    }

    /// How long before it is needed the fastest packet should be here, so that the slow ones come in time.
    pub(crate) fn margin_us(&self) -> i64 {
        if self.with_tick {
            return (self.lag_us - WOBBLE_US).clamp(0, MARGIN_MAX_US);
        }
        (self.lag_us + GUARD_US).clamp(MARGIN_MIN_US, MARGIN_MAX_US)
    }

    fn restart(&mut self, transit_us: i64) {
        for bucket in &mut self.buckets {
            bucket.index = i64::MIN;
        }
        self.floor_us = transit_us;
    }

    /// Runs four times a second: looks at all buckets again.
    ///
    /// A bucket since the fastest packet is compared with that packet. An older one is compared with its neighbours: if
    /// the way has become shorter since, its lag was no lag.
    fn refresh(&mut self, now: i64) {
        let recent = now - FLOOR_BUCKETS + 1..=now;
        let recent = self.buckets.iter().filter(|bucket| recent.contains(&bucket.index));
        let fastest = recent.min_by_key(|bucket| (bucket.shortest_us, bucket.index));
        let Some(&fastest) = fastest else { return };
        let known = now - BUCKETS as i64 + 1..=now;
        let mut longest = [i64::MIN; OUTLIERS + 1];
        let mut count = 0;
        for (place, bucket) in self.buckets.iter().enumerate() {
            if !known.contains(&bucket.index) {
                continue;
            }
            let floor_us = match bucket.index < fastest.index {
                true => self.around(place),
                false => fastest.shortest_us,
            };
            keep_longest(&mut longest, bucket.longest_us - floor_us);
            count += 1;
        }
        self.floor_us = fastest.shortest_us;
        // The newest bucket has one packet so far; it counts once it is full.
        if count > OUTLIERS + 1 {
            self.lag_us = longest[OUTLIERS].max(0);
        }
    }

    /// The fastest of the bucket at `place` and its neighbours in time, which lie beside it.
    fn around(&self, place: usize) -> i64 {
        let bucket = &self.buckets[place];
        let before = &self.buckets[place.checked_sub(1).unwrap_or(BUCKETS - 1)];
        let after = &self.buckets[if place + 1 < BUCKETS { place + 1 } else { 0 }];
        let near =
            [before, after].into_iter().filter(|near| near.index.abs_diff(bucket.index) == 1);
        near.fold(bucket.shortest_us, |shortest, near| shortest.min(near.shortest_us))
    }
}

/// `longest` stays sorted, the longest first.
fn keep_longest(longest: &mut [i64], mut value: i64) {
    for kept in longest {
        if value > *kept {
            std::mem::swap(kept, &mut value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(transit: &mut Transit, from_s: i64, seconds: i64, lag_us: impl Fn(i64) -> i64) {
        for i in from_s * 50..(from_s + seconds) * 50 {
            transit.note(i * 20_000 + lag_us(i), i * 20_000, false);
        }
    }

    #[test]
    fn without_jitter_the_margin_is_the_least() {
        let mut transit = Transit::new();
        feed(&mut transit, 0, 20, |_| 3_000);
        assert_eq!(transit.floor_us(), 3_000);
        assert_eq!(transit.margin_us(), MARGIN_MIN_US);
    }

    #[test]
    fn steady_jitter_is_covered_within_two_seconds() {
        let mut transit = Transit::new();
        feed(&mut transit, 0, 2, |i| i % 7 * 5_000);
        assert_eq!(transit.margin_us(), 30_000 + GUARD_US);
    }

    #[test]
    fn one_stall_does_not_raise_the_margin() {
        let mut transit = Transit::new();
        feed(&mut transit, 0, 20, |i| if (300..310).contains(&i) { (310 - i) * 20_000 } else { 0 });
        assert_eq!(transit.margin_us(), MARGIN_MIN_US);
    }

    #[test]
    fn a_shorter_way_is_normal_at_once() {
        let mut transit = Transit::new();
        feed(&mut transit, 0, 10, |_| 200_000);
        feed(&mut transit, 10, 1, |i| i % 2 * 10_000);
        assert_eq!(transit.floor_us(), 0);
        assert!(transit.margin_us() <= 11_000, "{}", transit.margin_us());
    }

    #[test]
    fn a_longer_way_becomes_the_new_normal() {
        let mut transit = Transit::new();
        feed(&mut transit, 0, 30, |i| if i < 500 { 0 } else { 50_000 });
        assert_eq!(transit.floor_us(), 50_000);
        assert_eq!(transit.margin_us(), MARGIN_MIN_US);
    }
}
