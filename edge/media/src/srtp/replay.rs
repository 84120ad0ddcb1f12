//! Which packets have come: by source, its roll-over counter and a window behind the newest (RFC 3711, 3.3.1, 3.3.2).

/// Sources kept. A phone changes its own at a transfer or a hold; only who holds the key can add one.
const SOURCES_MAX: usize = 32;

/// Older than so many packets counts as here before: 2.5 s of 20 ms, more than a jitter buffer waits for. RFC 3711 asks
/// for 64 at least.
const WINDOW: u64 = 128;

#[derive(Default)]
pub(super) struct Sources(Vec<Source>);

struct Source {
    ssrc: u32,
    newest: u64,
    /// Bit i: `newest - i` has come.
    came: u128,
}

impl Sources {
    /// Sequence number and roll-over counter as one: the one nearest to the newest. `None` before the first of all.
    pub(super) fn index(&self, ssrc: u32, sequence: u16) -> Option<u64> {
        let Some(source) = self.find(ssrc) else { return Some(u64::from(sequence)) };
        let ahead = sequence.wrapping_sub(source.newest as u16).cast_signed();
        source.newest.checked_add_signed(i64::from(ahead))
    }

    pub(super) fn is_new(&self, ssrc: u32, index: u64) -> bool {
        let Some(source) = self.find(ssrc) else { return true };
        match source.newest.checked_sub(index) {
            None => true,
            Some(behind) => behind < WINDOW && source.came & (1 << behind) == 0,
        }
    }

    /// An authentic packet.
    pub(super) fn note(&mut self, ssrc: u32, index: u64) {
        let Some(source) = self.0.iter_mut().find(|source| source.ssrc == ssrc) else {
            if self.0.len() == SOURCES_MAX {
                self.0.remove(0);
            }
            return self.0.push(Source { ssrc, newest: index, came: 1 });
        };
        match index.checked_sub(source.newest) {
            Some(ahead) => {
                let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
                source.came = source.came.checked_shl(ahead).unwrap_or(0) | 1;
                source.newest = index;
            }
            None => source.came |= 1 << (source.newest - index),
        }
    }

    fn find(&self, ssrc: u32) -> Option<&Source> {
        self.0.iter().find(|source| source.ssrc == ssrc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_packet_counts_once_within_the_window_and_none_behind_it() {
        let mut sources = Sources::default();
        let mut take = |sequence: u16| {
            let index = sources.index(1, sequence);
            let new = index.is_some_and(|index| sources.is_new(1, index));
            if new {
                sources.note(1, index.unwrap());
            }
            new
        };
        assert!(take(1_000));
        assert!(!take(1_000));
        assert!(take(998));
        assert!(!take(998));
        assert!(take(1_127));
        assert!(!take(1_000));
        assert!(take(1_001));
        assert!(!take(999), "just behind the window");
    }

    #[test]
    fn the_roll_over_counter_goes_on_at_the_wrap_and_back_for_a_late_packet() {
        let mut sources = Sources::default();
        assert_eq!(sources.index(1, 65_535), Some(65_535));
        sources.note(1, 65_535);
        assert_eq!(sources.index(1, 3), Some(65_539));
        sources.note(1, 65_539);
        assert_eq!(sources.index(1, 65_534), Some(65_534));
        // Another source has a counter of its own.
        assert_eq!(sources.index(2, 3), Some(3));
    }

    #[test]
    fn nothing_comes_before_the_first_packet_of_all() {
        let mut sources = Sources::default();
        sources.note(1, 2);
        assert_eq!(sources.index(1, 65_530), None);
    }

    #[test]
    fn sources_are_bounded() {
        let mut sources = Sources::default();
        (0..1_000).for_each(|ssrc| sources.note(ssrc, 7));
        assert_eq!(sources.0.len(), SOURCES_MAX);
        assert!(!sources.is_new(999, 7));
    }
}
