//! What outlives an empty room: who calls back finds the conference as the organiser left it.

use std::collections::VecDeque;

use konf_contract::link::RoomMode;

/// Of as many bookings as an edge has legs at most; the oldest is forgotten first. Control knows of the ends as well.
const BOOKINGS_MAX: usize = 2_000;

/// What is kept of a room until somebody comes back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    /// It was ended for all: nobody comes in any more, even if control has not yet read the record of it.
    pub(crate) closed: bool,
    pub(crate) locked: bool,
    pub(crate) mode: RoomMode,
}

/// By booking: a number is used again.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    kept: VecDeque<(String, Kept)>,
}

impl Memory {
    pub(crate) fn keep(&mut self, booking: &str, kept: Kept) {
        self.kept.retain(|(of, _)| of != booking);
        if kept == Kept::default() {
            return;
        }
        if self.kept.len() == BOOKINGS_MAX {
            self.kept.pop_front();
        }
        self.kept.push_back((booking.to_owned(), kept));
    }

    pub(crate) fn of(&self, booking: &str) -> Kept {
        let found = self.kept.iter().find(|(of, _)| of == booking);
        found.map_or_else(Kept::default, |(_, kept)| *kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKED: Kept = Kept { closed: false, locked: true, mode: RoomMode::Everybody };

    #[test]
    fn a_room_as_it_began_needs_no_memory() {
        let mut memory = Memory::default();
        memory.keep("b1", LOCKED);
        assert_eq!(memory.of("b1"), LOCKED);
        memory.keep("b1", Kept::default());
        assert!(memory.kept.is_empty());
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut memory = Memory::default();
        for booking in 0..=BOOKINGS_MAX {
            memory.keep(&booking.to_string(), LOCKED);
        }
        assert_eq!(memory.kept.len(), BOOKINGS_MAX);
        assert_eq!(memory.of("0"), Kept::default());
        assert_eq!(memory.of("1"), LOCKED);
    }
}
