//! Whether a line sends back what it hears: its envelope then follows what was sent to it, always the same time later.
//!
//! Of envelopes only what rises and falls counts, in dB and within some 300 ms: voices that have nothing to do with each
//! other are then hardly alike at any delay, and tones not at all. Nothing is turned down for it: by its level alone an
//! echo cannot be told from who speaks into it.

use multiversion::multiversion;

use super::{Envelope, decibels};

/// Delays of 90 to 830 ms, in blocks of 10 ms: less is what two telephones in one room pick up, with more nobody can
/// talk.
const LAG_MIN: usize = 9;
const LAGS: usize = 75;
const KEPT: usize = LAG_MIN + LAGS - 1;

/// How much of a new block a mean takes over: 300 ms for what is usual, 10 s for what is alike.
const USUAL_SHARE: f32 = 0.033;
const SHARE: f32 = 0.001;

/// A move beyond that is an onset out of silence; one of them tells no more than any other syllable.
const MOVE_MAX: f32 = 12.0;

/// Compared only while something was sent lately: -50 dBov for a tenth of the time that is looked back at. Who speaks into
/// silence tells nothing of an echo.
const AUDIBLE_DB: f32 = -50.0;
const AUDIBLE_BLOCKS: u32 = 8;

/// Judged after so many blocks that were compared: 6 s.
const WARM_BLOCKS: u16 = 600;

/// What is quieter is silence: nobody hears its echo.
pub(super) const SILENCE_DB: f32 = -60.0;
const SILENCE: f32 = 1_074.0;

/// Envelopes that move by less than 3 dB tell nothing.
const VARIANCE_MIN: f32 = 9.0;

/// As much is alike, and so much more than at any other delay (60 ms or more beside it); strangers are less alike than
/// that (held by a test).
const ALIKE: f32 = 0.4;
const DISTINCT: f32 = 0.1;
const BESIDE: usize = 6;

/// Judged twice a second; sure after four times in a row at the same delay, and no more after 10 s without.
const JUDGE_TICKS: u16 = 25;
const SURE: u8 = 4;
const GONE: u8 = 20;
/// The same delay, give or take 20 ms: a jitter buffer moves.
const SAME: usize = 2;

/// Compared so many blocks at a time: what is compared is a kilobyte, and to have it at hand costs more than to compare. A
/// part of what is judged at once.
const TOGETHER: usize = 10;

/// A line that says nothing at all while it is sent 5 s of sound has no echo.
const SILENT_TICKS: u16 = 250;

pub(super) struct Echo {
    /// Which of the last [`KEPT`] blocks that were sent were audible; the newest is the lowest bit.
    audible: u128,
    /// How far above the usual each of them was, in dB: those before `end`, the newest last. They are moved only when the
    /// room behind them is used up.
    moves: [f32; 2 * KEPT],
    end: usize,
    /// Heard and not yet compared: how far above the usual, and where in `moves` what was sent before begins.
    waiting: [(f32, u16); TOGETHER],
    waits: usize,
    usual_sent: f32,
    usual_heard: f32,
    /// Mean products for each delay, the longest first.
    alike: [f32; LAGS],
    sent_variance: f32,
    heard_variance: f32,
    compared: u16,
    ticks: u16,
    silent: u16,
    /// The delay that was the best lately, and how often in a row.
    candidate: usize,
    times: u8,
    misses: u8,
    /// In blocks.
    found: Option<usize>,
}

impl Echo {
    pub(super) fn new() -> Self {
        Self {
            audible: 0,
            moves: [0.0; 2 * KEPT],
            end: KEPT,
            waiting: [(0.0, 0); TOGETHER],
            waits: 0,
            usual_sent: SILENCE_DB,
            usual_heard: SILENCE_DB,
            alike: [0.0; LAGS],
            sent_variance: 0.0,
            heard_variance: 0.0,
            compared: 0,
            ticks: 0,
            silent: 0,
            candidate: 0,
            times: 0,
            misses: 0,
            found: None,
        }
    }

    /// From what is sent to what comes back, in milliseconds.
    pub(super) fn delay_ms(&self) -> Option<u16> {
        Some(self.found? as u16 * 10)
    }

    /// What was sent to the line in a tick.
    pub(super) fn send(&mut self, envelope: Envelope) {
        if self.end + envelope.len() > self.moves.len() {
            self.compare();
            self.moves.copy_within(self.end - KEPT..self.end, 0);
            self.end = KEPT;
        }
        for level in envelope {
            self.audible = self.audible << 1 | u128::from(level > AUDIBLE_DB);
            self.moves[self.end] = moved(level, &mut self.usual_sent);
            self.end += 1;
        }
        self.audible &= (1 << KEPT) - 1;
    }

    /// What the line says in a tick, before [`Self::send`] of the same tick. Returns whether that may be an
    /// echo.
    /// `halves` are means of squares.
    pub(super) fn hear(&mut self, halves: [f32; 2]) -> bool {
        let silent = halves.iter().all(|&power| power < SILENCE);
        let audible = self.audible.count_ones() >= AUDIBLE_BLOCKS;
        if !silent {
            self.silent = 0;
        } else if audible {
            self.silent = self.silent.saturating_add(1);
        }
        if self.silent >= SILENT_TICKS {
            if self.silent == SILENT_TICKS {
                self.forget();
            }
            return false;
        }
        for (block, power) in halves.into_iter().enumerate() {
            let heard = moved(level(power), &mut self.usual_heard);
            if audible {
                // Each block that was sent is one more back for the second of a tick.
                self.wait(heard, self.end - KEPT + block);
            }
        }
        self.ticks += 1;
        if self.ticks >= JUDGE_TICKS {
            self.ticks = 0;
            self.compare();
            self.judge();
        }
        audible && self.found.is_some()
    }

    fn wait(&mut self, heard: f32, from: usize) {
        if self.waits == TOGETHER {
            self.compare();
        }
        self.waiting[self.waits] = (heard, from as u16);
        self.waits += 1;
    }

    fn compare(&mut self) {
        let waiting = &self.waiting[..self.waits];
        follow(waiting, &self.moves, &mut self.alike);
        for &(heard, from) in waiting {
            let newest = self.moves[usize::from(from) + LAGS - 1];
            self.sent_variance += (newest * newest - self.sent_variance) * SHARE;
            self.heard_variance += (heard * heard - self.heard_variance) * SHARE;
        }
        self.compared = self.compared.saturating_add(self.waits as u16);
        self.waits = 0;
    }

    fn forget(&mut self) {
        self.waits = 0;
        self.compared = 0;
        self.alike = [0.0; LAGS];
        self.sent_variance = 0.0;
        self.heard_variance = 0.0;
        self.times = 0;
        self.found = None;
    }

    fn judge(&mut self) {
        let best = self.best();
        let same = best.is_some_and(|lag| lag.abs_diff(self.candidate) <= SAME);
        self.times = if same { self.times.saturating_add(1) } else { u8::from(best.is_some()) };
        self.misses = if same { 0 } else { self.misses.saturating_add(1) };
        self.candidate = best.unwrap_or(self.candidate);
        if self.times >= SURE {
            self.found = Some(self.candidate);
        } else if self.misses >= GONE {
            self.found = None;
        }
    }

    /// The delay at which what is heard follows what was sent, in blocks.
    fn best(&self) -> Option<usize> {
        if self.compared < WARM_BLOCKS {
            return None;
        }
        if self.sent_variance < VARIANCE_MIN || self.heard_variance < VARIANCE_MIN {
            return None;
        }
        let (place, &most) = self.alike.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
        let others = self.alike.iter().enumerate().filter(|(at, _)| at.abs_diff(place) >= BESIDE);
        let next = others.fold(0f32, |next, (_, &alike)| next.max(alike));
        let whole = (self.sent_variance * self.heard_variance).sqrt();
        let sure = most > ALIKE * whole && most - next > DISTINCT * whole;
        sure.then_some(KEPT - place)
    }

    /// How alike at the best delay, 0 to 1.
    #[cfg(test)]
    pub(super) fn likeness(&self) -> f32 {
        if self.compared < WARM_BLOCKS {
            return 0.0;
        }
        let whole = (self.sent_variance * self.heard_variance).sqrt().max(VARIANCE_MIN);
        self.alike.iter().fold(0f32, |most, &alike| most.max(alike)) / whole
    }
}

/// Takes over what was heard, with what was sent before each of it, into the mean products.
#[multiversion(targets("x86_64+avx2"))]
fn follow(waiting: &[(f32, u16)], moves: &[f32], alike: &mut [f32; LAGS]) {
    for &(heard, from) in waiting {
        let sent = &moves[usize::from(from)..][..LAGS];
        for (alike, &sent) in alike.iter_mut().zip(sent) {
            *alike += (sent * heard - *alike) * SHARE;
        }
    }
}

/// Of a mean of squares.
pub(super) fn level(power: f32) -> f32 {
    if power < SILENCE { SILENCE_DB } else { decibels(power) }
}

/// By how much a block is above what is usual, in dB.
fn moved(level: f32, usual: &mut f32) -> f32 {
    *usual += (level - *usual) * USUAL_SHARE;
    (level - *usual).clamp(-MOVE_MAX, MOVE_MAX)
}
