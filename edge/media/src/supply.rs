//! What one leg has sent and is still to be played, by timestamp in samples.
//!
//! G.711 lies here by its codes, whatever order they come in, and is decoded as it is read: half the memory, which most
//! legs are too many to have next to the processor. A codec whose decoder has a memory is decoded in order and as late as
//! possible: until then its packets are kept as they came, and what they say of a lost one can still be used.

mod store;

use self::store::Store;
use crate::Codec;
use crate::codec::{Decoder, SAMPLES_MAX};
use crate::frame::{FRAME_MAX, is_silent};
use crate::ring::Ring;

/// Timestamps around what is played that are taken, at 8 kHz: one second and a bit.
pub(crate) const WINDOW: usize = 8_192;

/// Decoded of a codec whose decoder has a memory, at first: at 48 kHz what is looked at to stretch sound (40 ms) and
/// the packet that lies across its end. Longer packets, and sound that is recovered before its time, make it grow.
const DECODED: usize = 2_880;

/// Made up at one go by a codec: 10 ms at 48 kHz, the least that all of Opus can make up.
const BLOCK: usize = 480;

/// What a codec makes up is heard in full for 80 ms and silent after 120 ms (at 48 kHz): beyond a syllable it misleads.
const FADE_BEGIN: usize = 3_840;
const FADE_END: usize = 5_760;

/// A payload of at most so many octets says that the sender is silent and will be (RFC 6716, 2.1.9; RFC 7587, 3.1.3).
const PAUSE_PAYLOAD: usize = 2;

/// Whoever is muted at a telephone with Opus sends silence all the time, and decoding it costs as much as speech. After so
/// many silent payloads (0.2 s, when the decoder has forgotten what came before) another one without a voice and no longer
/// than those is taken for silence, but for each eighth (160 ms), which is decoded to see.
const SILENT_PAYLOADS: u32 = 10;
const LOOKED_AT: u32 = 8;

/// The longest sound that one packet can say again: the longest packet.
const RECOVERABLE: i64 = SAMPLES_MAX as i64;

pub(crate) struct Supply {
    held: Held,
    decoder: Decoder,
}

/// What is there, by timestamp.
enum Held {
    /// A sample each.
    Codes(Ring<u8>),
    Samples(Ring<i16>, Box<Coded>),
}

/// Packets of a codec whose decoder has a memory.
struct Coded {
    store: Store,
    /// Behind what has been decoded.
    head: i64,
    /// The sender has said that it will be silent.
    pauses: bool,
    silence: Silence,
    /// Made up and not yet heard.
    block: [i16; BLOCK],
    begin: usize,
    end: usize,
    /// Samples made up since the last real one.
    made: usize,
}

impl Supply {
    pub(crate) fn new(codec: Codec) -> Self {
        let decoder = Decoder::new(codec);
        let held = match decoder {
            Decoder::G711(_) => Held::Codes(Ring::with_span(WINDOW)),
            _ => Held::Samples(Ring::with_span(DECODED), Box::new(Coded::new())),
        };
        Self { held, decoder }
    }

    /// How many samples `payload` holds, `None` when it is malformed.
    pub(crate) fn samples(&self, payload: &[u8]) -> Option<usize> {
        self.decoder.samples(payload)
    }

    /// Whether `payload` would help if the one before it were lost: it holds a copy of that, or what is made up can lead
    /// to its sound.
    pub(crate) fn helps_before(&self, payload: &[u8]) -> bool {
        !self.conceals() || self.decoder.carries_copy(payload)
    }

    /// Whether the codec makes up what is missing itself.
    fn conceals(&self) -> bool {
        matches!(self.decoder, Decoder::Opus(_))
    }

    /// Copies what is there from `first` on, behind a hole that begins at `next` and is about to be made up, as far as
    /// it is there and `out` is long; returns how much that is. Nothing for a codec that conceals by itself.
    pub(crate) fn look_ahead(&mut self, next: i64, first: i64, out: &mut [i16]) -> usize {
        if self.conceals() {
            return 0;
        }
        if let Held::Samples(_, coded) = &mut self.held {
            // What would still fill the hole comes too late from now on.
            coded.head = coded.head.max(first);
        }
        self.decode_to(next, first + out.len() as i64);
        let run = self.run_of_decoded(first, out.len());
        self.read(first, &mut out[..run]);
        run
    }

    pub(crate) fn clear(&mut self) {
        match &mut self.held {
            Held::Codes(ring) => ring.clear(),
            Held::Samples(ring, coded) => {
                ring.clear();
                coded.clear();
            }
        }
    }

    /// What comes begins at `at`.
    pub(crate) fn begin(&mut self, at: i64) {
        if let Held::Samples(_, coded) = &mut self.held {
            coded.head = at;
        }
    }

    /// Takes `length` samples that belong to `start`, of which those before `next` have been played. Returns whether
    /// they still have a place.
    pub(crate) fn put(&mut self, start: i64, length: usize, payload: &[u8], next: i64) -> bool {
        match &mut self.held {
            Held::Codes(ring) => {
                let skipped = (next - start).max(0) as usize;
                ring.write(start + skipped as i64, &payload[skipped.min(payload.len())..]);
                true
            }
            Held::Samples(_, coded) => {
                start >= coded.head && coded.store.put(start, length, payload)
            }
        }
    }

    /// The first timestamp at or behind `at` of which something is there.
    pub(crate) fn first(&self, at: i64) -> Option<i64> {
        let (ring, coded) = match &self.held {
            Held::Codes(ring) => return ring.first(at),
            Held::Samples(ring, coded) => (ring, coded),
        };
        let decoded = if coded.head > at { ring.first(at) } else { None };
        decoded.or_else(|| coded.store.first().map(|start| start.max(coded.head).max(at)))
    }

    /// How many samples from `at` on are there without a hole, at most `most`; they can be read then.
    pub(crate) fn run(&mut self, at: i64, most: usize) -> usize {
        self.decode_to(at, at + most as i64);
        self.run_of_decoded(at, most)
    }

    fn run_of_decoded(&self, at: i64, most: usize) -> usize {
        match &self.held {
            Held::Codes(ring) => ring.run(at, most),
            Held::Samples(ring, _) => ring.run(at, most),
        }
    }

    /// Copies what lies at `at` and behind, present or not.
    pub(crate) fn read(&mut self, at: i64, out: &mut [i16]) {
        match &self.held {
            Held::Codes(ring) => {
                let [head, tail] = ring.parts(at, out.len());
                let (first, second) = out.split_at_mut(head.len());
                self.decoder.decode(head, first);
                self.decoder.decode(tail, second);
            }
            Held::Samples(ring, _) => {
                let [head, tail] = ring.parts(at, out.len());
                out[..head.len()].copy_from_slice(head);
                out[head.len()..][..tail.len()].copy_from_slice(tail);
            }
        }
    }

    /// Whether what has been played can still be read, as far back as nothing new lies there.
    pub(crate) fn keeps_played(&self) -> bool {
        matches!(self.held, Held::Codes(_))
    }

    /// What lies between `from` and `to` is no longer needed.
    pub(crate) fn forget(&mut self, from: i64, to: i64) {
        let length = (to - from).max(0) as usize;
        let (ring, coded) = match &mut self.held {
            Held::Codes(ring) => return ring.forget(from, length),
            Held::Samples(ring, coded) => (ring, coded),
        };
        ring.forget(from, length);
        if coded.head < to {
            coded.store.forget_before(to);
            // A packet that lies across is decoded, and half of it left out.
            coded.head = coded.store.first().map_or(to, |first| first.min(to));
        }
    }

    /// Decodes the sound between `from` and `to` out of the packet that begins at `to` and holds a copy of it. The hole
    /// begins at `next`.
    pub(crate) fn recover(&mut self, next: i64, from: i64, to: i64) -> bool {
        let Held::Samples(ring, coded) = &mut self.held else { return false };
        if coded.head > from || !(1..=RECOVERABLE).contains(&(to - next)) {
            return false;
        }
        let Some(following) =
            coded.store.first_payload().filter(|_| coded.store.first() == Some(to))
        else {
            return false;
        };
        let mut samples = [0; SAMPLES_MAX];
        let samples = &mut samples[..(to - from) as usize];
        if self.decoder.recover(following, samples) != Some(samples.len()) {
            return false;
        }
        ring.widen(next, to);
        ring.write(from, samples);
        coded.head = to;
        coded.resume();
        true
    }

    /// Fills `out` with what the codec makes of missing sound, `false` if it makes nothing.
    pub(crate) fn conceal(&mut self, out: &mut [i16]) -> bool {
        let Held::Samples(_, coded) = &mut self.held else { return false };
        let mut filled = 0;
        while filled < out.len() {
            if coded.begin == coded.end && !coded.make_up(&mut self.decoder) {
                return false;
            }
            let rest = &mut out[filled..];
            let length = rest.len().min(coded.end - coded.begin);
            rest[..length].copy_from_slice(&coded.block[coded.begin..coded.begin + length]);
            coded.begin += length;
            filled += length;
        }
        true
    }

    /// What the codec would have made up next, as far as it is there, at most as long as `out`.
    pub(crate) fn continuation<'a>(&self, out: &'a mut [i16]) -> &'a [i16] {
        let Held::Samples(_, coded) = &self.held else { return &[] };
        if coded.made >= FADE_END && !coded.pauses {
            return out;
        }
        let length = out.len().min(coded.end - coded.begin);
        out[..length].copy_from_slice(&coded.block[coded.begin..coded.begin + length]);
        &out[..length]
    }

    /// The sender said that it would be silent: what the codec makes up meanwhile is the sound of its room.
    pub(crate) fn pauses(&self) -> bool {
        matches!(&self.held, Held::Samples(_, coded) if coded.pauses)
    }

    fn decode_to(&mut self, next: i64, target: i64) {
        let Held::Samples(ring, coded) = &mut self.held else { return };
        while coded.head < target
            && let Some((start, length)) = coded.store.first_place()
            && start <= coded.head
        {
            // Packets do not overlap; those that do are not worth decoding.
            if start < coded.head {
                coded.store.take();
                continue;
            }
            let payload = coded.store.first_payload().unwrap_or_default();
            let (mut short, mut long);
            let samples: &mut [i16] = if length <= FRAME_MAX {
                short = [0; FRAME_MAX];
                &mut short
            } else {
                long = [0; SAMPLES_MAX];
                &mut long
            };
            let decoded = if coded.silence.goes_on_with(&self.decoder, payload) {
                Some(length)
            } else {
                let decoded = self.decoder.decode(payload, samples);
                coded.silence.note(payload, decoded.map_or(&[][..], |length| &samples[..length]));
                decoded
            };
            coded.pauses =
                matches!(self.decoder, Decoder::Opus(_)) && payload.len() <= PAUSE_PAYLOAD;
            coded.store.take();
            // What cannot be decoded is missing.
            let Some(decoded) = decoded else { continue };
            let samples = &samples[..decoded];
            let skipped = (next - start).clamp(0, decoded as i64) as usize;
            let samples = &samples[skipped..];
            let at = start + skipped as i64;
            ring.widen(next, at + samples.len() as i64);
            ring.write(at, samples);
            coded.head = start + decoded as i64;
            coded.resume();
        }
    }
}

/// What was silent of late.
#[derive(Default)]
struct Silence {
    payloads: u32,
    /// Octets in the longest of them.
    longest: usize,
}

impl Silence {
    /// Whether `payload` is taken for silence.
    fn goes_on_with(&mut self, decoder: &Decoder, payload: &[u8]) -> bool {
        let settled = self.payloads >= SILENT_PAYLOADS && payload.len() <= self.longest;
        let skips = settled && decoder.is_inactive(payload);
        if skips {
            self.payloads = self.payloads.wrapping_add(1).max(SILENT_PAYLOADS);
        }
        skips && !self.payloads.is_multiple_of(LOOKED_AT)
    }

    fn note(&mut self, payload: &[u8], samples: &[i16]) {
        if !samples.is_empty() && is_silent(samples) {
            self.payloads = self.payloads.saturating_add(1);
            self.longest = self.longest.max(payload.len());
        } else {
            *self = Self::default();
        }
    }
}

impl Coded {
    fn new() -> Self {
        Self {
            store: Store::default(),
            head: 0,
            pauses: false,
            silence: Silence::default(),
            block: [0; BLOCK],
            begin: 0,
            end: 0,
            made: 0,
        }
    }

    fn clear(&mut self) {
        self.store.clear();
        self.pauses = false;
        self.resume();
    }

    /// Real sound is heard again.
    fn resume(&mut self) {
        self.begin = 0;
        self.end = 0;
        self.made = 0;
    }

    /// The next block.
    fn make_up(&mut self, decoder: &mut Decoder) -> bool {
        if !self.pauses && self.made >= FADE_END {
            self.block.fill(0);
        } else if !decoder.conceal(&mut self.block) {
            return false;
        } else if !self.pauses && self.made >= FADE_BEGIN {
            fade(&mut self.block, self.made);
        }
        self.made = self.made.saturating_add(BLOCK);
        self.begin = 0;
        self.end = BLOCK;
        true
    }
}

/// Turns down what is heard from `made` samples after the beginning of a hole on.
fn fade(block: &mut [i16], made: usize) {
    for (i, sample) in block.iter_mut().enumerate() {
        let left = FADE_END.saturating_sub(made + i) as i32;
        *sample = (i32::from(*sample) * left / (FADE_END - FADE_BEGIN) as i32) as i16;
    }
}
