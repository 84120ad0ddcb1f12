//! What one leg hears of its room: the mix of all who only listen, or one of its own.

use crate::encoding::{Encoding, Recipe, Spares};
use crate::limiter::Limiter;
use crate::mix::Descent;

/// So long (1.5 s) after it had something of its own to hear a leg may share again, if next to nothing is to be heard just
/// then: going over from one encoder's stream to another's would be. Pauses between words are shorter. Who has heard
/// nothing but silence, as all do who have just been let in, shares at once.
const ALONE_TICKS: u32 = 75;

/// After so long (10 s) it shares whatever is to be heard.
const ALONE_TICKS_MAX: u32 = 500;

pub(crate) struct Ear {
    pub(crate) limiter: Limiter,
    /// While the leg speaks in a room of a higher rate.
    descent: Option<Box<Descent>>,
    descends: bool,
    own: Option<Box<Encoding>>,
    shares: bool,
    heard: bool,
    idle_ticks: u32,
}

impl Ear {
    pub(crate) fn new() -> Self {
        Self {
            limiter: Limiter::new(),
            descent: None,
            descends: false,
            own: None,
            shares: true,
            heard: false,
            idle_ticks: 0,
        }
    }

    /// The leg's packets are to be made otherwise from now on.
    pub(crate) fn begin_anew(&mut self) {
        *self = Self::new();
    }

    /// Whether it hears the same packets as others, or will.
    pub(crate) fn shares(&self) -> bool {
        self.shares
    }

    /// Whether it has heard them in the last tick.
    pub(crate) fn has_heard(&self) -> bool {
        self.heard
    }

    /// It hears the same as others in this tick, and so needs no encoder.
    pub(crate) fn share(&mut self, recipe: &Recipe, spares: &mut Spares) {
        self.heard = true;
        if let Some(own) = self.own.take_if(|own| own.is_large()) {
            spares.put(*recipe, own);
        }
        self.forget_descent();
    }

    /// It goes on alone from the next tick on.
    pub(crate) fn stop_sharing(&mut self) {
        self.shares = false;
        self.heard = false;
        self.idle_ticks = 0;
    }

    /// Whether the leg, whose packets depend on those before, has an encoder of its own in this tick. `wanted` says that
    /// it hears something else than others, `is_quiet` that next to nothing is heard.
    pub(crate) fn is_alone(&mut self, wanted: bool, is_quiet: bool) -> bool {
        if wanted {
            self.shares = false;
            self.idle_ticks = 0;
        } else if !self.shares {
            self.idle_ticks += 1;
            self.shares = self.idle_ticks >= ALONE_TICKS && is_quiet
                || self.idle_ticks >= ALONE_TICKS_MAX
                || self.own.as_ref().is_none_or(|own| own.has_settled());
        }
        self.heard &= self.shares;
        !self.shares
    }

    /// Its own encoder, to be given back.
    pub(crate) fn take_encoding(&mut self, recipe: &Recipe, spares: &mut Spares) -> Box<Encoding> {
        self.own.take().unwrap_or_else(|| spares.take(recipe))
    }

    pub(crate) fn give_back(&mut self, encoding: Box<Encoding>) {
        self.own = Some(encoding);
    }

    /// Its own way down, which begins as `room` says.
    pub(crate) fn descent(&mut self, room: impl Fn() -> Descent) -> &mut Descent {
        let descent = self.descent.get_or_insert_with(|| Box::new(room()));
        if !self.descends {
            **descent = room();
            self.descends = true;
        }
        descent
    }

    /// It does not speak in a room of a higher rate.
    pub(crate) fn forget_descent(&mut self) {
        self.descends = false;
    }
}
