//! How many requests a token may send: a bucket for each, which fills evenly.

use std::collections::BTreeMap;
use std::time::Duration;

/// Tokens with a bucket; as many as there can be, and some that were revoked.
const BUCKETS_MAX: usize = 2_000;

pub(crate) struct Rates {
    per_minute: u32,
    /// What is left in the bucket, and when that was so.
    buckets: BTreeMap<String, (f64, Duration)>,
}

impl Rates {
    /// `per_minute` is also how many may come at once.
    pub(crate) fn new(per_minute: u32) -> Rates {
        Rates { per_minute, buckets: BTreeMap::new() }
    }

    /// Takes one, or says in how many seconds there is one. `now` is by a clock that only goes on.
    pub(crate) fn take(&mut self, token: &str, now: Duration) -> Result<(), u64> {
        let (most, each_s) = (f64::from(self.per_minute), f64::from(self.per_minute) / 60.0);
        let left = match self.buckets.get(token) {
            Some((left, at)) => (left + now.saturating_sub(*at).as_secs_f64() * each_s).min(most),
            None => {
                self.make_room(now);
                most
            }
        };
        let taken = left >= 1.0;
        let left = if taken { left - 1.0 } else { left };
        self.buckets.insert(token.to_owned(), (left, now));
        if taken { Ok(()) } else { Err(((1.0 - left) / each_s).ceil().max(1.0) as u64) }
    }

    /// A bucket that was not touched for a minute is full.
    fn make_room(&mut self, now: Duration) {
        if self.buckets.len() >= BUCKETS_MAX {
            self.buckets.retain(|_, (_, at)| now.saturating_sub(*at) < Duration::from_secs(60));
        }
        if self.buckets.len() >= BUCKETS_MAX {
            self.buckets.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_gets_its_rate_and_hurts_no_other() {
        let mut rates = Rates::new(60);
        let at = Duration::from_secs;
        for _ in 0..60 {
            assert_eq!(rates.take("a", at(1)), Ok(()));
        }
        assert_eq!(rates.take("a", at(1)), Err(1));
        assert_eq!(rates.take("b", at(1)), Ok(()));
        assert_eq!(rates.take("a", at(2)), Ok(()));
        assert_eq!(rates.take("a", at(2)), Err(1));
        assert_eq!(rates.take("a", at(600)), Ok(()));
        for n in 0..BUCKETS_MAX * 2 {
            let _ = rates.take(&n.to_string(), at(600));
        }
        assert!(rates.buckets.len() <= BUCKETS_MAX);
    }
}
