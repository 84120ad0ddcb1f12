//! Who is muted, as the edges say whenever it changes: what is different from before is an event. A state that lasts
//! shorter than it takes an edge to say so may go untold, and of those who came before control started the first word is
//! what others are compared with.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use konf_contract::link::RoomStatus;
use konf_contract::{LegId, UnixMs};

/// Somebody is muted now, or no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub booking: String,
    pub leg: LegId,
    /// In part.
    pub caller: String,
    pub muted: bool,
}

/// What each edge said last: as many legs as it has.
#[derive(Debug)]
pub struct Muted {
    /// From when on nobody can have been told of.
    since: UnixMs,
    edges: Mutex<BTreeMap<String, Heard>>,
}

/// Those who are in a room, and whether each is muted.
#[derive(Debug, Default)]
struct Heard {
    boot: String,
    legs: BTreeMap<LegId, bool>,
}

impl Muted {
    pub fn since(since: UnixMs) -> Muted {
        Muted { since, edges: Mutex::default() }
    }

    /// What has turned since the edge spoke last. Who has come since then is told of when muted.
    pub fn turns(&self, edge: &str, boot: &str, rooms: &[RoomStatus]) -> Vec<Turn> {
        let inside = rooms.iter().flat_map(|room| {
            let joined = room.legs.iter().filter(|leg| leg.joined.is_some());
            joined.map(move |leg| (room, leg))
        });
        let legs = inside.clone().map(|(_, leg)| (leg.leg, leg.muted)).collect();
        let mut edges = self.edges.lock().unwrap_or_else(PoisonError::into_inner);
        let before = edges.insert(edge.to_owned(), Heard { boot: boot.to_owned(), legs });
        let before = before.filter(|before| before.boot == boot);
        let turned = inside.filter(|(_, leg)| {
            let was = match &before {
                Some(before) => before.legs.get(&leg.leg).copied().unwrap_or(false),
                // Who was inside already may have been told of.
                None => leg.muted && leg.joined.is_none_or(|joined| joined < self.since),
            };
            was != leg.muted
        });
        turned
            .map(|(room, leg)| Turn {
                booking: room.booking.clone(),
                leg: leg.leg,
                caller: leg.caller.clone(),
                muted: leg.muted,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use konf_contract::link::LegStatus;
    use konf_contract::{ConferenceNumber, Role, Window};

    use super::*;

    const JOINED: UnixMs = UnixMs(1_000);

    fn rooms(legs: &[(u64, bool)]) -> Vec<RoomStatus> {
        let leg = |&(leg, muted): &(u64, bool)| LegStatus {
            leg: LegId(leg),
            caller: "+420…456".to_owned(),
            role: Role::Participant,
            muted,
            joined: Some(JOINED),
            quality: None,
            hand: None,
            level_dbov: None,
            speaking: None,
            suppressed_db: None,
            remote: None,
            local: None,
        };
        vec![RoomStatus {
            conference: ConferenceNumber::new("123456").unwrap(),
            booking: "booking-1".to_owned(),
            window: Window { start: UnixMs(0), end: UnixMs(60_000) },
            seats: 5,
            locked: false,
            legs: legs.iter().map(leg).collect(),
            mode: None,
        }]
    }

    fn turns(muted: &Muted, boot: &str, legs: &[(u64, bool)]) -> Vec<(u64, bool)> {
        let turns = muted.turns("edge-1", boot, &rooms(legs));
        turns.into_iter().map(|turn| (turn.leg.0, turn.muted)).collect()
    }

    #[test]
    fn what_is_different_is_told_once() {
        let muted = Muted::since(UnixMs(JOINED.0 + 1));
        let turns = |boot: &str, legs: &[(u64, bool)]| turns(&muted, boot, legs);
        assert_eq!(turns("a", &[(1, true), (2, false)]), []);
        assert_eq!(
            turns("a", &[(1, true), (2, true), (3, true), (4, false)]),
            [(2, true), (3, true)]
        );
        assert_eq!(turns("a", &[(1, false), (2, true)]), [(1, false)]);
        assert_eq!(turns("a", &[(1, false), (2, true)]), []);
        // Another start of the edge counts its legs anew.
        assert_eq!(turns("b", &[(1, true)]), []);
    }

    #[test]
    fn who_was_muted_before_the_edges_first_word_is_told_of() {
        let muted = Muted::since(JOINED);
        assert_eq!(turns(&muted, "a", &[(1, true), (2, false)]), [(1, true)]);
        assert_eq!(turns(&muted, "a", &[(1, true), (2, false)]), []);
    }
}
