//! What a leg says, brought to the rate of its room.

use super::Leg;
use crate::Rate;
use crate::mix::Ascent;

impl Leg {
    /// Begins a tick; the room asks afterwards.
    pub(super) fn be_heard_nowhere(&mut self) {
        self.adds = false;
        self.adds_as_before = false;
        self.former = None;
        if self.room.is_none() {
            self.ascent = None;
        }
    }

    /// What the leg adds to a room at `rate` in this tick, if anything.
    pub(crate) fn raise(&mut self, rate: Rate) -> Option<&[i16]> {
        let own = self.rate();
        if own == rate {
            self.ascent = None;
            self.adds = self.speaks;
        } else {
            if !self.ascent.as_ref().is_some_and(|ascent| ascent.leads_to(rate)) {
                self.ascent = None;
            }
            let ascent = self.ascent.get_or_insert_with(|| Box::new(Ascent::new(own, rate)));
            self.adds = ascent.climb(self.speaks.then_some(&self.heard));
        }
        self.adds.then(|| self.voice())
    }

    /// What the leg adds once more to the mix of its room at the `rate` until now.
    pub(crate) fn raise_as_before(&mut self, rate: Rate) -> Option<&[i16]> {
        self.former = self.ascent.take();
        self.adds_as_before = match &mut self.former {
            None => self.speaks && rate == self.stream.codec.sampling(),
            Some(ascent) => {
                ascent.leads_to(rate) && ascent.climb(self.speaks.then_some(&self.heard))
            }
        };
        self.adds_as_before.then(|| self.voice_as_before())
    }

    pub(crate) fn voice_as_before(&self) -> &[i16] {
        self.former.as_ref().map_or(&self.heard, |ascent| ascent.frame())
    }

    /// What it has added to its room in this tick, if it adds anything.
    pub(crate) fn voice(&self) -> &[i16] {
        self.ascent.as_ref().map_or(&self.heard, |ascent| ascent.frame())
    }
}
