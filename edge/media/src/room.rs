//! One room: what all of its legs say, summed once per tick, and encoded once for all who only listen.

use std::collections::VecDeque;

use crate::frame::{FRAME, add};
use crate::limiter::Limiter;
use crate::{Clip, Codec, RoomId, g711};

/// More than a conference ever announces at once; what comes beyond is left out.
const QUEUE_MAX: usize = 64;

/// A-law and µ-law.
const G711_CODECS: usize = 2;

pub(crate) struct Room {
    pub(crate) id: RoomId,
    pub(crate) members: usize,
    /// Everybody and the announcements.
    pub(crate) sum: [i32; FRAME],
    speakers: usize,
    announcing: bool,
    queue: VecDeque<Clip>,
    position: usize,
    limiter: Limiter,
    limited: Option<[i16; FRAME]>,
    /// What those hear who add nothing, A-law and µ-law.
    encoded: [Option<[u8; FRAME]>; G711_CODECS],
}

impl Room {
    pub(crate) fn new(id: RoomId) -> Self {
        Self {
            id,
            members: 0,
            sum: [0; FRAME],
            speakers: 0,
            announcing: false,
            queue: VecDeque::new(),
            position: 0,
            limiter: Limiter::new(),
            limited: None,
            encoded: [None; G711_CODECS],
        }
    }

    /// Queued behind what is announced. Returns `false` when the queue is full.
    pub(crate) fn announce(&mut self, clips: Vec<Clip>) -> bool {
        let fits = self.queue.len() + clips.len() <= QUEUE_MAX;
        if fits {
            self.queue.extend(clips);
        }
        fits
    }

    /// Begins a tick.
    pub(crate) fn begin(&mut self) {
        self.sum = [0; FRAME];
        self.speakers = 0;
        self.limited = None;
        self.encoded = [None; G711_CODECS];
        self.announcing = !self.queue.is_empty();
        self.add_announcement();
    }

    pub(crate) fn hear(&mut self, frame: &[i16]) {
        add(&mut self.sum, frame);
        self.speakers += 1;
    }

    /// Nobody says anything and nothing is announced.
    pub(crate) fn is_quiet(&self) -> bool {
        self.speakers == 0 && !self.announcing
    }

    /// The whole mix as `codec`, made at most once per tick.
    pub(crate) fn shared(&mut self, codec: Codec) -> &[u8; FRAME] {
        let limiter = &mut self.limiter;
        let sum = &self.sum;
        let limited = self.limited.get_or_insert_with(|| {
            let mut frame = [0; FRAME];
            limiter.limit(sum, &mut frame);
            frame
        });
        self.encoded[codec as usize].get_or_insert_with(|| {
            let mut payload = [0; FRAME];
            g711::encode(codec, limited, &mut payload);
            payload
        })
    }

    /// As it is after [`Self::shared`]: a leg that begins to speak goes on from there.
    pub(crate) fn limiter(&self) -> Limiter {
        self.limiter
    }

    fn add_announcement(&mut self) {
        let mut filled = 0;
        while filled < FRAME
            && let Some(clip) = self.queue.front()
        {
            let rest = &clip.samples[self.position.min(clip.samples.len())..];
            let length = rest.len().min(FRAME - filled);
            for (sum, &sample) in self.sum[filled..].iter_mut().zip(&rest[..length]) {
                *sum += i32::from(sample);
            }
            filled += length;
            self.position += length;
            if length == rest.len() {
                self.queue.pop_front();
                self.position = 0;
            }
        }
    }
}
