//! Packets of a stream that goes on: an encoder, what it made last, and silence that it need not make again.

use crate::codec::opus::BITRATE_MAX;
use crate::codec::{Encoder, PAYLOAD_MAX};
use crate::{Codec, OpusWishes, Stream};

/// After so many ticks of silence (0.2 s) any packet of Opus will do for the next one: encoder and decoder have forgotten
/// what came before. G.722 never forgets, and costs little.
const SETTLED_TICKS: u32 = 10;

/// All that makes the packets of two listeners differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recipe {
    codec: Codec,
    opus: OpusWishes,
}

impl Recipe {
    pub(crate) fn of(stream: &Stream) -> Self {
        let opus = match stream.codec {
            Codec::Opus => rounded(&stream.opus),
            _ => OpusWishes::default(),
        };
        Self { codec: stream.codec, opus }
    }
}

/// Wishes that are nearly the same are the same, so that those who have them can share.
fn rounded(wishes: &OpusWishes) -> OpusWishes {
    /// Finer steps are not heard.
    const BITRATE_STEP: u32 = 4_000;
    /// The bandwidths that there are (RFC 6716, 2).
    const PLAYBACK_RATES: [u32; 4] = [8_000, 12_000, 16_000, 24_000];
    let whole = |bitrate: u32| (bitrate - bitrate % BITRATE_STEP).max(BITRATE_STEP);
    let playback = PLAYBACK_RATES.into_iter().find(|&rate| wishes.max_playback_rate <= rate);
    OpusWishes {
        max_average_bitrate: wishes
            .max_average_bitrate
            .filter(|&most| most < BITRATE_MAX)
            .map(whole),
        max_playback_rate: playback.unwrap_or(48_000),
        ..*wishes
    }
}

/// Kept for who begins to speak: more hardly do in one tick, and what nobody needs is 33 kB each.
const SPARES_MAX: usize = 4;

/// Encoders of Opus that nobody needs any more.
#[derive(Default)]
pub(crate) struct Spares(Vec<(Recipe, Box<Encoding>)>);

impl Spares {
    pub(crate) fn put(&mut self, recipe: Recipe, encoding: Box<Encoding>) {
        if self.0.len() < SPARES_MAX {
            self.0.push((recipe, encoding));
        }
    }

    /// One that has heard nothing.
    pub(crate) fn take(&mut self, recipe: &Recipe) -> Box<Encoding> {
        let Some(place) = self.0.iter().position(|(made_by, _)| made_by == recipe) else {
            return Box::new(Encoding::new(recipe));
        };
        let (_, mut encoding) = self.0.swap_remove(place);
        encoding.begin_anew();
        encoding
    }
}

/// With DTX a packet of at most so many octets says that nothing is worth a packet (RFC 6716, 2.1.9): it is not sent.
const PAUSE_PAYLOAD: usize = 2;

pub(crate) struct Encoding {
    encoder: Encoder,
    payload: Box<[u8; PAYLOAD_MAX]>,
    length: usize,
    /// As the encoder was before the last packet.
    before: Option<Encoder>,
    forgets: bool,
    pauses: bool,
    /// Nothing but silence has ever been encoded.
    is_fresh: bool,
    silent_ticks: u32,
    loss_percent: Option<u8>,
}

impl Encoding {
    pub(crate) fn new(recipe: &Recipe) -> Self {
        Self {
            encoder: Encoder::new(recipe.codec, &recipe.opus),
            payload: Box::new([0; PAYLOAD_MAX]),
            length: 0,
            before: (recipe.codec == Codec::G722).then(|| Encoder::new(recipe.codec, &recipe.opus)),
            forgets: recipe.codec == Codec::Opus && !recipe.opus.dtx,
            pauses: recipe.codec == Codec::Opus && recipe.opus.dtx,
            is_fresh: true,
            silent_ticks: 0,
            loss_percent: None,
        }
    }

    /// Forgets all that it has heard: the next listener is another one.
    fn begin_anew(&mut self) {
        self.encoder.begin_anew();
        self.length = 0;
        self.is_fresh = true;
        self.silent_ticks = 0;
        self.loss_percent = None;
    }

    /// Whether it costs so much memory that it is not kept for a listener who does without.
    pub(crate) fn is_large(&self) -> bool {
        matches!(self.encoder, Encoder::Opus(_))
    }

    /// The next tick's packet; empty when nothing is to be sent.
    pub(crate) fn encode(&mut self, frame: &[i16]) -> &[u8] {
        let is_zero = frame.iter().fold(0, |all, &sample| all | sample) == 0;
        self.silent_ticks = if is_zero { self.silent_ticks.saturating_add(1) } else { 0 };
        self.is_fresh &= is_zero;
        if self.silent_ticks <= SETTLED_TICKS || !self.forgets {
            if let Some(before) = &mut self.before {
                before.go_on_from(&self.encoder);
            }
            self.length = self.encoder.encode(frame, &mut self.payload[..]);
        }
        self.payload()
    }

    /// What [`Self::encode`] made last.
    pub(crate) fn payload(&self) -> &[u8] {
        let pauses = self.pauses && self.length <= PAUSE_PAYLOAD;
        if pauses { &[] } else { &self.payload[..self.length] }
    }

    /// Whether any packet of Opus will do for the next one: nothing was heard for a while, or ever.
    pub(crate) fn has_settled(&self) -> bool {
        matches!(self.encoder, Encoder::Opus(_))
            && (self.is_fresh || self.silent_ticks > SETTLED_TICKS)
    }

    /// Goes on for a listener who has heard `shared` up to the tick before. `is_made` says that it has encoded this tick
    /// already.
    pub(crate) fn part_from(&mut self, shared: &Self, is_made: bool) {
        let stands = if is_made { shared.before.as_ref() } else { Some(&shared.encoder) };
        if let Some(stands) = stands {
            self.encoder.go_on_from(stands);
        }
        self.is_fresh = false;
        self.silent_ticks = 0;
    }

    /// What the listener loses, of 100 packets, if it has reported.
    pub(crate) fn set_loss(&mut self, percent: Option<u8>) {
        if let Some(loss) = percent
            && percent != self.loss_percent
        {
            self.loss_percent = percent;
            self.encoder.set_loss(loss);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::FRAME_MAX;

    fn frame(tick: usize, hz: f64) -> Vec<i16> {
        let turn = std::f64::consts::TAU * hz / 48_000.0;
        let sample = |n: usize| 8_000.0 * (turn * (tick * FRAME_MAX + n) as f64).sin();
        (0..FRAME_MAX).map(|n| sample(n) as i16).collect()
    }

    #[test]
    fn an_encoder_that_is_used_again_says_nothing_of_its_last_listener() {
        let wishes = OpusWishes { in_band_fec: true, ..OpusWishes::default() };
        let recipe = Recipe { codec: Codec::Opus, opus: wishes };
        let mut spares = Spares::default();
        let mut used = spares.take(&recipe);
        used.set_loss(Some(20));
        for tick in 0..50 {
            used.encode(&frame(tick, 313.0));
        }
        spares.put(recipe, used);
        let (mut again, mut new) = (spares.take(&recipe), Encoding::new(&recipe));
        assert!(spares.0.is_empty() && again.has_settled() && again.payload().is_empty());
        for tick in 0..50 {
            assert_eq!(again.encode(&frame(tick, 500.0)), new.encode(&frame(tick, 500.0)));
        }
    }

    #[test]
    fn spares_are_few_and_go_only_to_who_wants_the_same() {
        let low = Recipe { codec: Codec::Opus, opus: OpusWishes::default() };
        let wishes = OpusWishes { max_average_bitrate: Some(12_000), ..OpusWishes::default() };
        let mut spares = Spares::default();
        for _ in 0..2 * SPARES_MAX {
            spares.put(low, Box::new(Encoding::new(&low)));
        }
        assert_eq!(spares.0.len(), SPARES_MAX);
        spares.take(&Recipe { codec: Codec::Opus, opus: wishes });
        assert_eq!(spares.0.len(), SPARES_MAX);
        spares.take(&low);
        assert_eq!(spares.0.len(), SPARES_MAX - 1);
    }
}
