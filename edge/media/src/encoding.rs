//! Packets of a stream that goes on: an encoder, what it made last, and silence that it need not make again.

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
        max_average_bitrate: wishes.max_average_bitrate.filter(|&most| most < 64_000).map(whole),
        max_playback_rate: playback.unwrap_or(48_000),
        ..*wishes
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
