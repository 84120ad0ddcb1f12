//! Legs that move from one engine to another, with all that plays, records and waits in them.

use konf_contract::LegId;

use super::Engine;
use crate::leg::Leg;

/// A leg on its way from one engine to another (see [`Engine::detach`]).
pub struct MovingLeg(Box<Leg>);

impl MovingLeg {
    pub fn id(&self) -> LegId {
        self.0.id
    }
}

impl std::fmt::Debug for MovingLeg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MovingLeg({})", self.0.id)
    }
}

impl Engine {
    /// Takes a leg out of its room and out of this engine, as it is: what plays to it goes on where it is attached, and
    /// no event tells of it. Both engines need the same epoch ([`Engine::with_epoch`]) and ticks at the same times: a leg
    /// that is moved between two ticks misses none.
    pub fn detach(&mut self, leg: LegId) -> Option<MovingLeg> {
        self.take_out(leg).map(MovingLeg)
    }

    /// A leg of the same number that is here already stays, and the other one is forgotten.
    pub fn attach(&mut self, MovingLeg(leg): MovingLeg) {
        if !self.places.contains_key(&leg.id) {
            self.places.insert(leg.id, self.legs.len());
            self.legs.push(leg);
            self.blocks.forget();
        }
    }

    pub(super) fn take_out(&mut self, id: LegId) -> Option<Box<Leg>> {
        self.leave(id);
        let place = self.places.remove(&id)?;
        let leg = self.legs.swap_remove(place);
        self.blocks.forget();
        if let Some(last) = self.legs.get(place) {
            self.places.insert(last.id, place);
        }
        Some(leg)
    }
}
