//! One sum of sound at the rate of its best hearer, brought down for those who hear less.

use crate::Rate;
use crate::frame::{FRAME_MAX, add};
use crate::limiter::Limiter;
use crate::resample::Resampler;

pub(crate) struct Mix {
    rate: Rate,
    sum: Vec<i32>,
    limiter: Limiter,
    /// As it was before this tick, if there is somebody at a lower rate.
    limiter_before: Limiter,
    /// `sum` as it is heard; made when it is first asked for.
    whole: Vec<i16>,
    is_made: bool,
    lower: Vec<Lower>,
}

/// The mix for all who hear no more than `rate`.
struct Lower {
    rate: Rate,
    resampler: Resampler,
    /// As it was before this tick: a leg that begins to hear a mix of its own goes on from there.
    before: Resampler,
    frame: Vec<i16>,
}

/// The way of one leg's own mix down to its rate.
pub(crate) struct Descent {
    limiter: Limiter,
    resampler: Resampler,
}

impl Mix {
    pub(crate) fn new(rate: Rate) -> Self {
        Self {
            rate,
            sum: vec![0; rate.frame()],
            limiter: Limiter::new(),
            limiter_before: Limiter::new(),
            whole: vec![0; rate.frame()],
            is_made: false,
            lower: Vec::new(),
        }
    }

    pub(crate) fn rate(&self) -> Rate {
        self.rate
    }

    /// Begins a tick; `hears` says who is there besides those at the mix's own rate.
    pub(crate) fn begin(&mut self, hears: impl Fn(Rate) -> bool) {
        self.sum.fill(0);
        self.is_made = false;
        for rate in [Rate::Narrow, Rate::Wide] {
            let place = self.lower.iter().position(|lower| lower.rate == rate);
            match (place, rate < self.rate && hears(rate)) {
                (None, true) => self.lower.push(Lower::new(self.rate, rate)),
                (Some(place), false) => drop(self.lower.swap_remove(place)),
                _ => {}
            }
        }
    }

    pub(crate) fn hear(&mut self, frame: &[i16]) {
        add(&mut self.sum, frame);
    }

    pub(crate) fn sum(&self) -> &[i32] {
        &self.sum
    }

    pub(crate) fn sum_mut(&mut self) -> &mut [i32] {
        &mut self.sum
    }

    /// Ends the adding: brings the sum down to all lower rates, whoever listens in this tick, so that their filters go on.
    pub(crate) fn descend(&mut self) {
        if self.lower.is_empty() {
            return;
        }
        self.limiter_before = self.limiter;
        self.make_whole();
        for lower in &mut self.lower {
            lower.before.clone_from(&lower.resampler);
            lower.resampler.process(&self.whole, &mut lower.frame);
        }
    }

    /// The mix as it is heard at `rate`, its own or a lower one that somebody hears.
    pub(crate) fn heard_at(&mut self, rate: Rate) -> &[i16] {
        match self.lower.iter().position(|lower| lower.rate == rate) {
            Some(place) => &self.lower[place].frame,
            None => {
                self.make_whole();
                &self.whole
            }
        }
    }

    fn make_whole(&mut self) {
        if !self.is_made {
            self.limiter.limit(&self.sum, &mut self.whole);
            self.is_made = true;
        }
    }

    /// As it is after [`Self::heard_at`] of the mix's own rate: a leg that begins to speak goes on from there.
    pub(crate) fn limiter(&self) -> Limiter {
        self.limiter
    }

    /// The way down to `rate`, as it was before this tick.
    pub(crate) fn descent(&self, rate: Rate) -> Descent {
        let lower = self.lower.iter().find(|lower| lower.rate == rate);
        let new = || Resampler::new(self.rate, rate);
        let resampler = lower.map_or_else(new, |lower| lower.before.clone());
        Descent { limiter: self.limiter_before, resampler }
    }
}

impl Lower {
    fn new(from: Rate, rate: Rate) -> Self {
        let resampler = Resampler::new(from, rate);
        Self { rate, before: resampler.clone(), resampler, frame: vec![0; rate.frame()] }
    }
}

impl Descent {
    /// A tick's worth of `sum` into `out`; `limited` is for what is in between.
    pub(crate) fn descend(&mut self, sum: &[i32], limited: &mut [i16], out: &mut [i16]) {
        self.limiter.limit(sum, limited);
        self.resampler.process(limited, out);
    }
}

/// The way of one leg's voice up to the rate of its room.
pub(crate) struct Ascent {
    from: Rate,
    to: Rate,
    resampler: Resampler,
    frame: Vec<i16>,
    /// The filter still has something of the last tick.
    rings: bool,
}

impl Ascent {
    pub(crate) fn new(from: Rate, to: Rate) -> Self {
        let frame = vec![0; to.frame()];
        Self { from, to, resampler: Resampler::new(from, to), frame, rings: false }
    }

    pub(crate) fn leads_to(&self, rate: Rate) -> bool {
        self.to == rate
    }

    /// Takes the next of what is said, if anything is; returns whether there is anything to be heard.
    pub(crate) fn climb(&mut self, said: Option<&[i16]>) -> bool {
        let was_ringing = self.rings;
        self.rings = said.is_some();
        match said {
            Some(said) => self.resampler.process(said, &mut self.frame),
            None if was_ringing => {
                let silence = [0; FRAME_MAX];
                self.resampler.process(&silence[..self.from.frame()], &mut self.frame);
            }
            None => return false,
        }
        true
    }

    /// What [`Self::climb`] made.
    pub(crate) fn frame(&self) -> &[i16] {
        &self.frame
    }
}
