//! In which order a tick goes through the legs: room by room.
//!
//! Each leg is touched four times in a tick: its packet is read, its sound is taken, its own mix is made and sent. What a
//! hundred legs and their sockets have in memory fits no processor's nearer caches; what a room has does.

use std::ops::Range;

use konf_contract::LegId;

use crate::leg::Leg;

/// So many legs of no room are gone through together.
const GROUP: usize = 32;

/// Legs in a row that may have sent nothing before the next one is sought among all.
const NEAR: usize = 8;

#[derive(Default)]
pub(super) struct Blocks {
    /// Each leg and its place in the engine, by rooms.
    order: Vec<(LegId, usize)>,
    blocks: Vec<Range<usize>>,
    is_fresh: bool,
    /// Whose datagram came last, or near to it: they are read in this order.
    turn: usize,
}

impl Blocks {
    /// A leg has come, gone, or changed its room or place.
    pub(super) fn forget(&mut self) {
        self.is_fresh = false;
    }

    /// Returns whether anything has changed.
    pub(super) fn arrange(&mut self, legs: &[Box<Leg>]) -> bool {
        self.turn = 0;
        if std::mem::replace(&mut self.is_fresh, true) {
            return false;
        }
        self.order.clear();
        self.order.extend(legs.iter().enumerate().map(|(place, leg)| (leg.id, place)));
        let room = |&(_, place): &(LegId, usize)| legs[place].room.unwrap_or(usize::MAX);
        self.order.sort_unstable_by_key(|entry| (room(entry), entry.1));
        self.blocks.clear();
        let mut start = 0;
        for together in self.order.chunk_by(|a, b| room(a) == room(b)) {
            let most = if room(&together[0]) == usize::MAX { GROUP } else { together.len() };
            for block in together.chunks(most) {
                self.blocks.push(start..start + block.len());
                start += block.len();
            }
        }
        true
    }

    pub(super) fn count(&self) -> usize {
        self.blocks.len()
    }

    pub(super) fn legs(&self) -> impl Iterator<Item = impl Iterator<Item = LegId>> {
        self.blocks.iter().map(|block| self.order[block.clone()].iter().map(|&(leg, _)| leg))
    }

    /// Legs of a block and their places.
    pub(super) fn of(&self, block: usize) -> &[(LegId, usize)] {
        self.blocks.get(block).map_or(&[], |block| &self.order[block.clone()])
    }

    /// Where the leg is, if it is known without a search.
    pub(super) fn place_in_turn(&mut self, leg: LegId) -> Option<usize> {
        if !self.is_fresh {
            return None;
        }
        let mut near = self.order.get(self.turn..)?.iter().take(NEAR);
        let ahead = near.position(|&(next, _)| next == leg)?;
        // A leg may have sent more than one.
        self.turn += ahead;
        Some(self.order[self.turn].1)
    }
}
