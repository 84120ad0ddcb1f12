//! The jitter buffer of one leg: packets in by their timestamp, 20 ms of sound out at every tick.
//!
//! How the delay is steered. The *lead* of a sample is how long after the arrival of the fastest packets it is played.
//! Packets come in whole, so the lead that protects against late packets moves in steps of a *grain* (what packets and
//! ticks have in common: 20 ms for packets of 20 ms), and the best place to play is where a packet begins with a tick.
//! The lead is kept in [margin, margin + grain): too little, and sound is stretched by one grain before a packet comes
//! too late; too much, and it is shrunk, silence first. With no jitter that is 1 to 21.5 ms, evenly spread over legs.

mod loss;
mod tally;

use self::loss::Loss;
pub(crate) use self::tally::Tally;
use crate::clock::Beat;
use crate::conceal::{Concealer, HISTORY};
use crate::stretch::{VIEW, VIEW_MAX, lengthen, shorten};
use crate::supply::{Supply, WINDOW};
use crate::transit::Transit;
use crate::{Codec, Rate};

// Lengths in samples are at 8 kHz.

/// More than this is never kept waiting: 300 ms, a stall of 200 ms on top of a jittery network.
const BACKLOG_MAX: i64 = 2_400;

/// Left when a longer backlog is cut: 100 ms.
const BACKLOG_KEPT: i64 = 800;

/// Sound is shrunk only if this much more than the margin is left then, so that it does not swing.
const HYSTERESIS_US: i64 = 500;

/// Ticks for which there has to be too much lead before sound is shrunk: 200 ms, longer than one late tick.
const ROOMY_TICKS: u32 = 10;

/// Between two stretches of moderate urgency: 60 ms.
const REST_TICKS: u32 = 3;

/// From this excess on (60 ms) there is no rest.
const URGENT: i64 = 480;

/// A seam as good as this is hardly heard.
const SEAM_GOOD: f32 = 0.8;

/// With each refused seam a worse one will do; after so many (0.5 s, or 0.16 s when it is urgent) any.
const PATIENCE_TICKS: u32 = 25;
const PATIENCE_URGENT_TICKS: u32 = 8;

/// Sound behind a hole is played before its time when it lies here so much longer than needed: 40 ms.
const OVERDUE_US: i64 = 40_000;

/// A packet at most so far before the first one may still come first: 100 ms.
const REORDERED_START: i64 = 800;

/// Packets per tick whose arrival is judged at the tick; those beyond are judged as they come. A telephone sends two.
const ARRIVALS: usize = 8;

/// What a codec would have made up next is heard for 5 ms at most (at 48 kHz) while real sound comes in.
const CONTINUATION: usize = 240;

/// Three packets (60 ms) in a row may be lost; what is missing longer was never said.
const LOSS_MAX: i64 = 480;

/// A longer packet (60 ms) is not waited for.
const AWAITED_MAX: i64 = 480;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placement {
    Kept,
    /// Its place has been played.
    Late,
    /// Nowhere near what is played.
    Elsewhere,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Empty,
    /// Something is there and waits for its time.
    Waiting,
    Playing,
}

pub(crate) struct Playout {
    rate: Rate,
    /// Samples for each tick of the RTP clock.
    step: i64,
    supply: Supply,
    transit: Transit,
    /// Arrivals and timestamps since the last tick.
    arrivals: [(i64, i64); ARRIVALS],
    arrived: usize,
    concealer: Concealer,
    /// Samples before `next` that were played as they lie in the supply, and that the concealer has not been told of.
    untold: usize,
    state: State,
    /// Extended timestamp of the next sample to play.
    next: i64,
    /// Behind the newest sample.
    end: i64,
    /// Where some packet begins, and what its length has in common with a tick.
    anchor: i64,
    grain: i64,
    /// Samples made up since the last real one, as far as no hole accounts for them.
    concealed: i64,
    rest: u32,
    refused: u32,
    roomy: u32,
    roomy_slack_us: i64,
    lead_us: i64,
    /// Samples in the last packet.
    length: i64,
    loss: Loss,
    tally: Tally,
}

impl Playout {
    pub(crate) fn new(codec: Codec, seed: u32) -> Self {
        let rate = codec.sampling();
        Self {
            rate,
            step: i64::from(codec.rate() / codec.clock_rate()),
            supply: Supply::new(codec),
            transit: Transit::new(),
            arrivals: [(0, 0); ARRIVALS],
            arrived: 0,
            concealer: Concealer::new(rate, seed),
            untold: 0,
            state: State::Empty,
            next: 0,
            end: 0,
            anchor: 0,
            grain: rate.frame() as i64,
            concealed: 0,
            rest: 0,
            refused: 0,
            roomy: 0,
            roomy_slack_us: 0,
            lead_us: 0,
            length: rate.frame() as i64,
            loss: Loss::new(),
            tally: Tally::new(rate),
        }
    }

    /// One for another codec, which goes on counting.
    pub(crate) fn renewed(&self, codec: Codec, seed: u32) -> Self {
        Self { tally: self.tally.at(codec.sampling()), ..Self::new(codec, seed) }
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The sender begins to speak anew: before that it said nothing.
    pub(crate) fn pause(&mut self) {
        self.tally.pause();
    }

    /// Forgets what lies here; the next packet begins a new stream.
    pub(crate) fn restart(&mut self) {
        self.tell();
        self.supply.clear();
        self.transit.reset();
        self.arrived = 0;
        self.tally.pause();
        self.state = State::Empty;
    }

    /// How long the sound played last had been here, in microseconds.
    pub(crate) fn lead_us(&self) -> i64 {
        // A wild timestamp makes a wild lead; nothing waits longer than the ring is.
        let lead_us = self.lead_us.clamp(0, self.rate.us(self.span()));
        if self.state == State::Playing { lead_us } else { 0 }
    }

    /// The sender will be silent and asks for noise (RFC 3389).
    pub(crate) fn comfort(&mut self, level: u8) {
        self.concealer.comfort(level);
    }

    /// How many samples `payload` holds; `None` when it is malformed.
    pub(crate) fn samples(&self, payload: &[u8]) -> Option<usize> {
        self.supply.samples(payload)
    }

    /// A packet of `samples`, as [`Self::samples`] says.
    pub(crate) fn insert(
        &mut self,
        at_us: i64,
        timestamp: u32,
        payload: &[u8],
        samples: usize,
    ) -> Placement {
        let length = samples as i64;
        let start = self.extend(timestamp);
        if self.state == State::Empty {
            self.begin(start);
        }
        if self.state == State::Waiting
            && (1..self.scaled(REORDERED_START)).contains(&(self.next - start))
        {
            self.next = start;
            self.supply.begin(start);
        }
        let span = self.span();
        if start + length > self.next + span || start < self.next - span {
            // After a pause sound may come back with any timestamp.
            if self.end > self.next || !self.concealer.faded() {
                return Placement::Elsewhere;
            }
            self.begin(start);
        }
        self.note_arrival(at_us, start);
        if start + length <= self.next {
            return Placement::Late;
        }
        if start + length > self.next + span - self.scaled(HISTORY as i64) {
            // It will lie where what was played last does.
            self.tell();
        }
        if !self.supply.put(start, samples, payload, self.next) {
            return Placement::Late;
        }
        if self.supply.helps_before(payload) {
            self.loss.note_help(at_us);
        }
        self.length = length;
        self.end = self.end.max(start + length);
        self.anchor = start;
        self.grain = common(length, self.frame());
        Placement::Kept
    }

    /// The sound of this tick.
    pub(crate) fn pull(&mut self, beat: Beat, frame: &mut [i16]) {
        self.judge_arrivals(beat);
        let now_us = beat.due_us;
        match self.state {
            State::Empty => return self.idle(frame),
            State::Waiting if !self.due(now_us, self.next) => return self.idle(frame),
            State::Waiting => {
                self.state = State::Playing;
                // Blends in if something was heard before a restart.
                self.concealed = self.concealed.max(1);
            }
            State::Playing => {}
        }
        self.bound();
        self.loss.judge(now_us, self.length.min(self.scaled(AWAITED_MAX)));
        let run = self.supply.run(self.next, frame.len());
        if run < frame.len() || self.concealed > 0 {
            self.patch(now_us, frame);
            return;
        }
        self.lead_us = self.lead_of(now_us, self.next);
        if !self.stretch(frame) {
            self.supply.read(self.next, frame);
            self.note_played(frame);
            self.consume(frame.len());
        }
        self.tally.play(frame.len());
    }

    fn note_arrival(&mut self, at_us: i64, timestamp: i64) {
        if let Some(slot) = self.arrivals.get_mut(self.arrived) {
            *slot = (at_us, timestamp);
            self.arrived += 1;
        } else {
            self.transit.note(at_us, self.rate.us(timestamp), false);
        }
    }

    /// What carries the very time of the tick was read right before it: it is in time whenever the tick is, so it counts
    /// from when the tick is due.
    fn judge_arrivals(&mut self, beat: Beat) {
        for &(at_us, timestamp) in &self.arrivals[..self.arrived] {
            let with_tick = at_us == beat.now_us;
            let at_us = if with_tick { beat.due_us } else { at_us };
            self.transit.note(at_us, self.rate.us(timestamp), with_tick);
        }
        self.arrived = 0;
    }

    /// What was played as it came is still there where codes lie, and hardly ever asked for: to keep it twice would cost
    /// memory that is far from the processor by the next tick.
    fn note_played(&mut self, frame: &[i16]) {
        if self.supply.keeps_played() {
            self.untold = (self.untold + frame.len()).min(HISTORY * self.rate.scale());
        } else {
            self.concealer.remember(frame);
        }
    }

    /// Before anything else is played or made up, or lies where it did.
    fn tell(&mut self) {
        let untold = std::mem::take(&mut self.untold);
        if untold > 0 {
            let mut heard = [0; HISTORY * Rate::Full.scale()];
            let heard = &mut heard[..untold];
            self.supply.read(self.next - untold as i64, heard);
            self.concealer.remember(heard);
        }
    }

    fn idle(&mut self, frame: &mut [i16]) {
        self.tell();
        // After a restart what was heard last fades away; before the first packet that is silence.
        self.concealer.fill(frame);
    }

    fn begin(&mut self, start: i64) {
        self.tell();
        self.state = State::Waiting;
        self.supply.begin(start);
        self.next = start;
        self.end = start;
        self.roomy = 0;
        self.refused = 0;
    }

    /// Timestamps around what is played that are taken.
    fn span(&self) -> i64 {
        self.scaled(WINDOW as i64)
    }

    /// Samples in a tick.
    fn frame(&self) -> i64 {
        self.rate.frame() as i64
    }

    /// A length that is given at 8 kHz.
    fn scaled(&self, length: i64) -> i64 {
        length * self.rate.scale() as i64
    }

    /// The timestamp nearest to what is played.
    fn extend(&self, timestamp: u32) -> i64 {
        if self.state == State::Empty {
            // Leaves room below for packets from before the first.
            return (i64::from(timestamp) + (1 << 32)) * self.step;
        }
        let next = self.next.div_euclid(self.step);
        (next + i64::from(timestamp.wrapping_sub(next as u32).cast_signed())) * self.step
    }

    /// Whether the sample at `timestamp` may begin to be played without the packets behind it coming too late.
    fn due(&self, now_us: i64, timestamp: i64) -> bool {
        self.lead_of(now_us, timestamp) >= self.transit.margin_us() + self.reserve_us()
    }

    /// The lead of a sample that begins this tick.
    fn lead_of(&self, now_us: i64, timestamp: i64) -> i64 {
        now_us - self.transit.floor_us() - self.rate.us(timestamp)
    }

    /// With packets shorter than a tick the last of them needs to be there too, and when packets are lost the one behind.
    fn reserve_us(&self) -> i64 {
        self.rate.us(self.frame() - self.grain + self.loss.awaited)
    }

    fn bound(&mut self) {
        let most = self.scaled(BACKLOG_MAX);
        if self.end - self.next <= most {
            return;
        }
        // A pause is no backlog: what counts begins with the first sample that is there.
        if let Some(first) = self.supply.first(self.next)
            && self.end - first > most
        {
            self.tell();
            let kept = self.end - self.scaled(BACKLOG_KEPT);
            self.tally.discard((kept - first) as u64);
            self.skip_to(kept);
            // Blends over the cut.
            self.concealed = self.concealed.max(1);
        }
    }

    fn skip_to(&mut self, next: i64) {
        self.supply.forget(self.next, next);
        self.next = next;
    }

    fn consume(&mut self, length: usize) {
        self.skip_to(self.next + length as i64);
    }

    /// Samples to add (positive) or to cut (negative) so that the lead is as it should be.
    fn plan(&mut self) -> i64 {
        let margin_us = self.transit.margin_us();
        let slack_us = self.lead_us - self.reserve_us();
        let offset = (self.next - self.anchor).rem_euclid(self.grain);
        let wasted_us = if offset == 0 { 0 } else { self.rate.us(self.grain - offset) };
        if slack_us - wasted_us < margin_us {
            self.roomy = 0;
            let least = self.rate.samples_for(margin_us - slack_us).max(1);
            return least + (offset - least).rem_euclid(self.grain);
        }
        self.roomy_slack_us =
            if self.roomy == 0 { slack_us } else { self.roomy_slack_us.min(slack_us) };
        let most = self.rate.samples_within(self.roomy_slack_us - margin_us - HYSTERESIS_US);
        let cut = most - (most + offset).rem_euclid(self.grain);
        if cut <= 0 {
            self.roomy = 0;
            return 0;
        }
        self.roomy += 1;
        if self.roomy > ROOMY_TICKS { -cut } else { 0 }
    }

    /// Fills `frame` with stretched sound if that is due and sounds well.
    fn stretch(&mut self, frame: &mut [i16]) -> bool {
        let change = self.plan();
        if change == 0 {
            self.refused = 0;
            return false;
        }
        self.rest = self.rest.saturating_sub(1);
        if self.rest > 0 {
            return false;
        }
        self.tell();
        let (rate, scale) = (self.rate, self.rate.scale());
        let mut view = [0; VIEW_MAX];
        let view = &mut view[..VIEW * scale];
        self.concealer.recall(view);
        let run = self.supply.run(self.next, view.len() - HISTORY * scale);
        self.supply.read(self.next, &mut view[HISTORY * scale..]);
        let urgent = change > 0 || -change > self.scaled(URGENT);
        let patience = if urgent { PATIENCE_URGENT_TICKS } else { PATIENCE_TICKS };
        let least = SEAM_GOOD * (1.0 - self.refused as f32 / patience as f32);
        let wanted = change.unsigned_abs() as usize;
        let done = if change > 0 {
            lengthen(rate, view, wanted, least, frame).map(|added| frame.len() - added)
        } else {
            shorten(rate, view, run, wanted, least, frame).map(|cut| frame.len() + cut)
        };
        let Some(consumed) = done else {
            self.refused += 1;
            return false;
        };
        self.tally.stretch(consumed.abs_diff(frame.len()) as u64);
        self.roomy_slack_us -= rate.us((consumed as i64 - self.frame()).max(0));
        self.refused = 0;
        self.rest = if urgent { 1 } else { REST_TICKS };
        self.concealer.remember(frame);
        self.consume(consumed);
        true
    }

    /// Fills `frame` with what is there and makes up what is not.
    fn patch(&mut self, now_us: i64, frame: &mut [i16]) {
        self.tell();
        let mut filled = 0;
        while filled < frame.len() {
            let rest = &mut frame[filled..];
            let mut first = self.supply.first(self.next).filter(|&first| first < self.end);
            if let Some(found) = first
                && self.fill_from_copy(found)
            {
                // A packet that is lost all the same.
                self.loss.note(now_us);
                first = Some(self.next);
            }
            if let Some(first) = first
                && self.resumes(now_us, first)
            {
                self.note_loss(now_us, first);
                if self.concealed != first - self.next {
                    // A packet that was thought lost, or the one behind before its time.
                    self.concealer.lose_lead();
                }
                self.skip_to(first);
                self.lead_us = self.lead_of(now_us, first) + self.rate.us(filled as i64);
                let mut continuation = [0; CONTINUATION];
                let continuation = self.supply.continuation(&mut continuation);
                let run = self.supply.run(first, rest.len());
                if run == 0 {
                    // What was there could not be decoded.
                    continue;
                }
                self.supply.read(first, &mut rest[..run]);
                if self.concealed > 0 {
                    self.concealer.recover(&mut rest[..run], continuation);
                    self.concealed = 0;
                }
                self.concealer.remember(&rest[..run]);
                self.tally.play(run);
                self.consume(run);
                filled += run;
                continue;
            }
            let hole = first.map_or(i64::MAX, |first| first - self.next - self.concealed);
            let made = if hole > 0 { hole.min(rest.len() as i64) as usize } else { rest.len() };
            if let Some(first) = first {
                self.lead_to(first, hole);
            }
            self.make_up(&mut rest[..made]);
            self.concealed += made as i64;
            filled += made;
        }
    }

    /// What lies before `first` never came. A longer hole is a pause of a sender that suppresses silence.
    fn note_loss(&mut self, now_us: i64, first: i64) {
        if (1..=self.scaled(LOSS_MAX)).contains(&(first - self.next)) {
            self.loss.note(now_us);
        }
    }

    /// What is made up in the next `hole` samples is to lead to the sound at `first`.
    fn lead_to(&mut self, first: i64, hole: i64) {
        let mut following = [0; HISTORY * Rate::Full.scale()];
        let following = &mut following[..HISTORY * self.rate.scale()];
        if hole > 0 && self.concealer.can_lead(hole as usize) {
            let known = self.supply.look_ahead(self.next, first, following);
            self.concealer.bridge(hole as usize, &following[..known]);
        }
    }

    /// Makes up what is missing as the codec does, or as well as it goes.
    fn make_up(&mut self, out: &mut [i16]) {
        if self.supply.pauses() {
            self.tally.pause();
        } else if !self.concealer.faded() && !self.concealer.comforts() {
            self.tally.make_up(out.len());
        }
        if self.supply.conceal(out) {
            self.concealer.adopt(out);
        } else {
            self.concealer.fill(out);
        }
    }

    /// What is missing before `first` and has not been made up is in the packet there as well: plays it from there.
    fn fill_from_copy(&mut self, first: i64) -> bool {
        let missing = self.next + self.concealed;
        let found = missing < first && self.supply.recover(self.next, missing, first);
        if found {
            self.skip_to(missing);
        }
        found
    }

    /// Whether the sound at `first` follows now.
    fn resumes(&self, now_us: i64, first: i64) -> bool {
        if self.concealer.faded() {
            // After silence the delay is chosen anew.
            return self.due(now_us, first);
        }
        let overdue_us = self.transit.margin_us() + self.reserve_us() + OVERDUE_US;
        self.concealed >= first - self.next || self.lead_of(now_us, first) > overdue_us
    }
}

/// The greatest common divisor.
fn common(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { common(b, a % b) }
}
