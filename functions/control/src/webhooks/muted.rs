//! Who is muted, as the edges say every few seconds: what is different from before is an event. A state that lasts shorter
//! than that may go untold, and after a restart of control the first word of an edge is what others are compared with.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use konf_contract::LegId;
use konf_contract::link::RoomStatus;

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
#[derive(Debug, Default)]
pub struct Muted(Mutex<BTreeMap<String, Heard>>);

/// Those who are in a room, and whether each is muted.
#[derive(Debug, Default)]
struct Heard {
    boot: String,
    legs: BTreeMap<LegId, bool>,
}

impl Muted {
    /// What has turned since the edge spoke last. Who has just come is told of when muted.
    pub fn turns(&self, edge: &str, boot: &str, rooms: &[RoomStatus]) -> Vec<Turn> {
        let inside = rooms.iter().flat_map(|room| {
            let joined = room.legs.iter().filter(|leg| leg.joined.is_some());
            joined.map(move |leg| (room, leg))
        });
        let legs: BTreeMap<LegId, bool> =
            inside.clone().map(|(_, leg)| (leg.leg, leg.muted)).collect();
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = heard.insert(edge.to_owned(), Heard { boot: boot.to_owned(), legs });
        let Some(before) = before.filter(|before| before.boot == boot) else { return Vec::new() };
        let turned = inside
            .filter(|(_, leg)| before.legs.get(&leg.leg).copied().unwrap_or(false) != leg.muted);
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
    use konf_contract::{ConferenceNumber, Role, UnixMs, Window};

    use super::*;

    fn rooms(legs: &[(u64, bool)]) -> Vec<RoomStatus> {
        let leg = |&(leg, muted): &(u64, bool)| LegStatus {
            leg: LegId(leg),
            caller: "+420…456".to_owned(),
            role: Role::Participant,
            muted,
            joined: Some(UnixMs(1)),
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

    #[test]
    fn what_is_different_is_told_once() {
        let muted = Muted::default();
        let turns = |boot: &str, legs: &[(u64, bool)]| -> Vec<(u64, bool)> {
            let turns = muted.turns("edge-1", boot, &rooms(legs));
            turns.into_iter().map(|turn| (turn.leg.0, turn.muted)).collect()
        };
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
}
