//! One room: what all of its legs say, summed once per tick, and encoded once for all who only listen.

use std::collections::VecDeque;

use crate::encoding::{Encoding, Recipe};
use crate::frame::crossfade;
use crate::leg::Leg;
use crate::limiter::Limiter;
use crate::mix::Mix;
use crate::tape::Tape;
use crate::voice::{Envelope, envelope_of_mix};
use crate::{Clip, Rate, RoomId};

/// More than a conference ever announces at once; what comes beyond is left out.
const QUEUE_MAX: usize = 64;

/// How often the shared encoders follow what their listeners lose: each second.
const LOSS_TICKS: u32 = 50;

/// An encoder that nobody has listened to for 10 s is forgotten.
const UNUSED_TICKS_MAX: u32 = 500;

/// Of so many nobody is ever turned down, noise or not: what a telephone conference of old could hold.
const FEW: usize = 3;

/// Twenty quiet lines that hiss at -66 dBov, and 6 dB: 20 dB below speech, the pauses in it.
const FAINT_DB: f32 = -47.0;

pub(crate) struct Room {
    pub(crate) id: RoomId,
    /// By [`Rate`].
    members: [usize; 3],
    /// Everybody and the announcements.
    mix: Mix,
    /// That of the rate which the room had until this tick: it fades away.
    former: Option<Box<Mix>>,
    /// From the former mix to the new one, at each rate that hears both.
    blends: Vec<(Rate, Vec<i16>)>,
    speakers: usize,
    crowded: bool,
    envelope: Option<Envelope>,
    announcing: bool,
    queue: VecDeque<Clip>,
    position: usize,
    tape: Tape,
    shared: Vec<Shared>,
}

/// What those hear who add nothing and want the same packets.
struct Shared {
    recipe: Recipe,
    encoding: Encoding,
    is_made: bool,
    unused_ticks: u32,
    /// What the worst of its listeners loses, and for how many ticks that has been looked at.
    loss_percent: Option<u8>,
    loss_ticks: u32,
}

impl Room {
    pub(crate) fn new(id: RoomId) -> Self {
        Self {
            id,
            members: [0; 3],
            mix: Mix::new(Rate::Narrow),
            former: None,
            blends: Vec::new(),
            speakers: 0,
            crowded: false,
            envelope: None,
            announcing: false,
            queue: VecDeque::new(),
            position: 0,
            tape: Tape::default(),
            shared: Vec::new(),
        }
    }

    /// Somebody who says and hears sound of `rate`.
    pub(crate) fn enter(&mut self, rate: Rate) {
        self.members[rate as usize] += 1;
    }

    pub(crate) fn leave(&mut self, rate: Rate) {
        self.members[rate as usize] -= 1;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members == [0; 3]
    }

    /// Queued behind what is announced. Returns `false` when the queue is full.
    pub(crate) fn announce(&mut self, clips: Vec<Clip>) -> bool {
        let fits = self.queue.len() + clips.len() <= QUEUE_MAX;
        if fits {
            self.queue.extend(clips);
        }
        fits
    }

    /// Begins a tick, at the highest rate that somebody has.
    pub(crate) fn begin(&mut self) {
        let members = self.members;
        let hears = |rate: Rate| members[rate as usize] > 0;
        let rates = [Rate::Full, Rate::Wide];
        let rate = rates.into_iter().find(|&rate| hears(rate)).unwrap_or(Rate::Narrow);
        self.former = None;
        self.blends.clear();
        if rate != self.mix.rate() {
            let mut former = std::mem::replace(&mut self.mix, Mix::new(rate));
            former.begin(hears);
            self.former = Some(Box::new(former));
        }
        self.mix.begin(hears);
        self.crowded = self.speakers > FEW;
        self.envelope = None;
        self.speakers = 0;
        self.announcing = !self.queue.is_empty();
        self.add_announcement();
        self.shared.iter_mut().for_each(Shared::begin);
        self.shared.retain(|shared| shared.unused_ticks < UNUSED_TICKS_MAX);
    }

    pub(crate) fn hear(&mut self, leg: &mut Leg) {
        if let Some(former) = &mut self.former
            && let Some(voice) = leg.raise_as_before(former.rate())
        {
            former.hear(voice);
        }
        if let Some(voice) = leg.raise(self.mix.rate()) {
            self.mix.hear(voice);
            self.speakers += 1;
        }
    }

    /// Everybody has been heard.
    pub(crate) fn end(&mut self) {
        self.mix.descend();
        let Some(former) = &mut self.former else { return };
        former.descend();
        for rate in [Rate::Narrow, Rate::Wide] {
            if rate <= former.rate().min(self.mix.rate()) && self.members[rate as usize] > 0 {
                let mut blend = vec![0; rate.frame()];
                crossfade(former.heard_at(rate), self.mix.heard_at(rate), &mut blend);
                self.blends.push((rate, blend));
            }
        }
    }

    /// That of another rate, which was heard until this tick.
    pub(crate) fn former(&mut self) -> Option<&mut Mix> {
        self.former.as_deref_mut()
    }

    pub(crate) fn rate(&self) -> Rate {
        self.mix.rate()
    }

    /// Everybody and the announcements, at the room's rate.
    pub(crate) fn mix(&mut self) -> &mut Mix {
        &mut self.mix
    }

    /// Of everybody and the announcements.
    pub(crate) fn envelope(&mut self) -> Envelope {
        *self.envelope.get_or_insert_with(|| envelope_of_mix(self.mix.sum()))
    }

    /// Nothing is heard in this tick but the hiss of lines.
    pub(crate) fn is_faint(&mut self) -> bool {
        self.is_quiet() || self.envelope().iter().all(|&level| level < FAINT_DB)
    }

    /// More were heard in the tick before than are always heard as they are.
    pub(crate) fn is_crowded(&self) -> bool {
        self.crowded
    }

    /// Nobody says anything and nothing is announced.
    pub(crate) fn is_quiet(&self) -> bool {
        self.speakers == 0 && !self.announcing
    }

    /// A packet of the whole mix, made at most once per tick. `loss_percent` is what the listener has reported.
    pub(crate) fn shared(
        &mut self,
        rate: Rate,
        recipe: &Recipe,
        loss_percent: Option<u8>,
    ) -> &[u8] {
        let place = self.shared.iter().position(|shared| shared.recipe == *recipe);
        let place = place.unwrap_or(self.shared.len());
        if place == self.shared.len() {
            self.shared.push(Shared::new(recipe));
        }
        let shared = &mut self.shared[place];
        shared.loss_percent = shared.loss_percent.max(loss_percent);
        if !shared.is_made {
            shared.is_made = true;
            shared.encoding.encode(heard_at(&mut self.mix, &self.blends, rate));
        }
        shared.encoding.payload()
    }

    /// Makes `own` go on where those stand who share, for one of them who does not any more.
    /// In a tick they may stand one ahead.
    pub(crate) fn part(&self, recipe: &Recipe, own: &mut Encoding, in_tick: bool) {
        if let Some(shared) = self.shared.iter().find(|shared| shared.recipe == *recipe) {
            own.part_from(&shared.encoding, in_tick && shared.is_made);
        }
    }

    /// As it is after [`Self::shared`]: a leg that begins to speak goes on from there.
    pub(crate) fn limiter(&self, rate: Rate) -> Limiter {
        if rate == self.mix.rate() { self.mix.limiter() } else { Limiter::new() }
    }

    fn add_announcement(&mut self) {
        let rate = self.mix.rate();
        let sum = self.mix.sum_mut();
        let mut filled = 0;
        while filled < sum.len()
            && let Some(clip) = self.queue.front()
        {
            let (length, over) = self.tape.add(clip, &mut self.position, rate, &mut sum[filled..]);
            filled += length;
            if over {
                self.queue.pop_front();
                self.position = 0;
            }
        }
    }
}

fn heard_at<'a>(mix: &'a mut Mix, blends: &'a [(Rate, Vec<i16>)], rate: Rate) -> &'a [i16] {
    // Also in a tick of two mixes the filters and the limiter of the new one go on.
    let whole = mix.heard_at(rate);
    blends.iter().find(|(at, _)| *at == rate).map_or(whole, |(_, blend)| blend)
}

impl Shared {
    fn new(recipe: &Recipe) -> Self {
        Self {
            recipe: *recipe,
            encoding: Encoding::new(recipe),
            is_made: false,
            unused_ticks: 0,
            loss_percent: None,
            loss_ticks: 0,
        }
    }

    /// Begins a tick.
    fn begin(&mut self) {
        self.unused_ticks = if self.is_made { 0 } else { self.unused_ticks + 1 };
        self.is_made = false;
        self.loss_ticks += 1;
        if self.loss_ticks >= LOSS_TICKS {
            self.loss_ticks = 0;
            self.encoding.set_loss(self.loss_percent.take());
        }
    }
}
