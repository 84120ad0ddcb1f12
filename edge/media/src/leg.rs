//! One leg: what it sends comes in here, what it hears goes out.

mod contact;
mod inlet;
mod raising;
mod report;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use konf_contract::LegId;
use rtp_types::RtpPacket;

pub(crate) use self::contact::Contact;
use crate::clock::Beat;
use crate::ear::Ear;
use crate::encoding::Recipe;
use crate::frame::{crossfade, is_silent, power};
use crate::inband::ToneDetector;
use crate::mix::Ascent;
use crate::mos::Judge;
use crate::player::Player;
use crate::playout::{Placement, Playout};
use crate::recorder::Recorder;
use crate::sequence::Sequence;
use crate::source::{Allowance, Source};
use crate::telephone_event::EventReceiver;
use crate::voice::{Envelope, Voice};
use crate::{Digit, Direction, Event, Rate, Stream};

pub(crate) type Events = VecDeque<Event>;

/// Without a packet for so long the medium is lost (`Event::MediaLost`).
const LOST_US: i64 = 30_000_000;

/// Static payload type of comfort noise (RFC 3551, 6).
const COMFORT_NOISE: u8 = 13;

/// So many packets too late in a row (0.5 s) mean that the sender's clock has jumped back.
const LATE_MAX: u32 = 25;

/// A voice comes and goes within 5 ms: samples at 8 kHz.
const EDGE: usize = 40;
const EDGE_MAX: usize = EDGE * Rate::Full.scale();

/// -55 dBov, 29 dB below speech at its usual level: the hiss of a quiet room. Such a leg may hear its own hiss come back,
/// since an encoder for each leg that merely hisses is dear (ARCHITECTURE.md, Decisions).
const HISS: f32 = 3_396.0;

pub(crate) struct Leg {
    pub(crate) id: LegId,
    pub(crate) stream: Stream,
    /// Its room's place in the engine.
    pub(crate) room: Option<usize>,
    pub(crate) muted: bool,
    pub(crate) player: Player,
    pub(crate) ear: Ear,
    pub(crate) recipe: Recipe,
    pub(crate) sender: Sender,
    pub(crate) contact: Contact,
    /// Whether its voice is in the sum of its room.
    pub(crate) adds: bool,
    /// What the leg says in a tick, for the room; lent to it for as long ([`Self::lend`]).
    heard: Vec<i16>,
    /// More than three were heard in the room.
    pub(crate) crowded: bool,
    /// Whether `heard` adds anything to the room.
    speaks: bool,
    /// In a room of a higher rate.
    ascent: Option<Box<Ascent>>,
    /// The same in a tick in which the room changes its rate, as it was before.
    former: Option<Box<Ascent>>,
    pub(crate) adds_as_before: bool,
    source: Source,
    allowance: Allowance,
    ssrc: Option<u32>,
    /// A packet that would begin a new stream if the next one agrees.
    probe: Option<Header>,
    sequence: Sequence,
    playout: Playout,
    events: EventReceiver,
    /// Only for a phone that negotiated no events.
    tones: Option<Box<ToneDetector>>,
    recorder: Option<Recorder>,
    voice: Voice,
    judge: Judge,
    late_in_a_row: u32,
    last_packet_us: i64,
    lost: bool,
    was_pressing: bool,
    was_open: bool,
    packets_late: u64,
    packets_refused: u64,
    /// Of the comfort noise.
    seed: u32,
}

/// Numbers of the packets to send.
pub(crate) struct Sender {
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
}

#[derive(Clone, Copy)]
struct Header {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
}

enum Kind {
    /// Of so many samples.
    Audio(usize),
    Event,
    Comfort,
}

/// The packet does not count.
struct Refused;

impl Leg {
    pub(crate) fn new(id: LegId, stream: Stream, now_us: i64, seed: u32) -> Self {
        let rate = stream.codec.sampling();
        Self {
            id,
            room: None,
            muted: false,
            player: Player::new(rate),
            ear: Ear::new(),
            recipe: Recipe::of(&stream),
            sender: Sender {
                sequence: contact::first_sequence(&stream),
                timestamp: stream.first_timestamp,
                marker: true,
            },
            contact: Contact::new(&stream, now_us, seed),
            adds: false,
            heard: Vec::new(),
            crowded: false,
            speaks: false,
            ascent: None,
            former: None,
            adds_as_before: false,
            source: Source::new(&stream),
            allowance: Allowance::new(now_us),
            ssrc: None,
            probe: None,
            sequence: Sequence::new(stream.codec.clock_rate()),
            playout: Playout::new(stream.codec, seed),
            events: EventReceiver::new(stream.codec.clock_rate()),
            tones: tone_detector(&stream),
            recorder: None,
            voice: Voice::new(),
            judge: Judge::default(),
            late_in_a_row: 0,
            last_packet_us: now_us,
            lost: false,
            was_pressing: false,
            was_open: false,
            packets_late: 0,
            packets_refused: 0,
            seed,
            stream,
        }
    }

    /// The stream was negotiated again: what goes out goes on with its own numbers, what comes in with its statistics.
    pub(crate) fn update(&mut self, now_us: i64, stream: Stream) {
        if stream.remote != self.stream.remote || stream.source != self.stream.source {
            self.source = Source::new(&stream);
        }
        if stream.direction != self.stream.direction {
            self.last_packet_us = now_us;
            self.lost = false;
        }
        let other_codec = stream.codec != self.stream.codec;
        if other_codec || stream.event_payload_type.is_some() == self.tones.is_some() {
            self.tones = tone_detector(&stream);
        }
        self.contact.update(&stream);
        let recipe = Recipe::of(&stream);
        if recipe != self.recipe {
            self.recipe = recipe;
            self.ear.begin_anew();
        }
        self.stream = Stream { ssrc: self.stream.ssrc, ..stream };
        if other_codec {
            self.change_codec();
        }
    }

    fn change_codec(&mut self) {
        let rate = self.rate();
        self.sequence.set_clock_rate(self.stream.codec.clock_rate());
        self.events.set_clock_rate(self.stream.codec.clock_rate());
        self.playout = self.playout.renewed(self.stream.codec, self.seed);
        self.ascent = None;
        // What comes now comes in softly.
        self.was_open = false;
        self.player.set_rate(rate);
        if let Some(recorder) = &mut self.recorder {
            recorder.set_source(rate);
        }
    }

    /// Of what it says and hears.
    pub(crate) fn rate(&self) -> Rate {
        self.stream.codec.sampling()
    }

    pub(crate) fn destination(&self) -> SocketAddr {
        self.source.destination()
    }

    pub(crate) fn sends(&self) -> bool {
        matches!(self.stream.direction, Direction::SendReceive | Direction::SendOnly)
            && self.source.is_verified()
    }

    /// A tick in which nothing is sent: time goes on, and the next packet begins anew (RFC 3550, 5.1).
    pub(crate) fn rest(&mut self) {
        self.sender.timestamp =
            self.sender.timestamp.wrapping_add(self.stream.codec.clock_rate() / 50);
        self.sender.marker = true;
    }

    fn receives(&self) -> bool {
        matches!(self.stream.direction, Direction::SendReceive | Direction::ReceiveOnly)
    }

    /// The noise that this leg brings into its room: mean of the squares, if it is worth a word.
    pub(crate) fn noise(&self) -> Option<f32> {
        self.was_open.then(|| self.voice.noise()).flatten()
    }

    pub(crate) fn leave_noise(&mut self) {
        self.voice.leave_noise();
    }

    pub(crate) fn record(&mut self, longest: Duration) {
        self.recorder = Some(Recorder::new(longest, self.rate()));
    }

    pub(crate) fn stop_recording(&mut self) -> Option<Event> {
        let clip = self.recorder.take()?.finish();
        Some(Event::Recorded { leg: self.id, clip })
    }

    // ── in ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    fn handle_rtp(
        &mut self,
        now_us: i64,
        from: SocketAddr,
        bytes: &[u8],
    ) -> Result<Option<Digit>, Refused> {
        let packet = RtpPacket::parse(bytes).map_err(|_| Refused)?;
        let header = Header {
            ssrc: packet.ssrc(),
            sequence: packet.sequence_number(),
            timestamp: packet.timestamp(),
        };
        let payload = packet.payload();
        let kind = self.kind(packet.payload_type(), payload).ok_or(Refused)?;
        if !self.source.admit(from, header.ssrc, header.sequence) {
            return Err(Refused);
        }
        self.follow(&header)?;
        self.alive(now_us);
        if !self.sequence.note(header.sequence) {
            return Ok(None);
        }
        match kind {
            Kind::Audio(samples) => {
                self.sequence.note_transit(now_us, header.timestamp);
                if packet.marker_bit() {
                    self.playout.pause();
                }
                self.place(now_us, header, payload, samples).map(|()| None)
            }
            Kind::Event => {
                let delay_us = self.playout.lead_us();
                Ok(self.events.handle(now_us, delay_us, header.timestamp, payload))
            }
            Kind::Comfort => {
                self.playout.comfort(payload.first().copied().unwrap_or(127) & 0x7f);
                Ok(None)
            }
        }
    }

    fn alive(&mut self, now_us: i64) {
        self.last_packet_us = now_us;
        self.lost = false;
    }

    fn kind(&self, payload_type: u8, payload: &[u8]) -> Option<Kind> {
        if payload_type == self.stream.receive_payload_type {
            self.playout.samples(payload).map(Kind::Audio)
        } else if Some(payload_type) == self.stream.event_payload_type {
            (payload.len() >= 4).then_some(Kind::Event)
        } else {
            (payload_type == COMFORT_NOISE).then_some(Kind::Comfort)
        }
    }

    /// A new SSRC counts from its second packet on: one stray packet must not tear the stream.
    fn follow(&mut self, header: &Header) -> Result<(), Refused> {
        match self.ssrc {
            Some(ssrc) if ssrc == header.ssrc => return Ok(()),
            Some(_) => {
                self.agrees_with_probe(header).then_some(()).ok_or(Refused)?;
                self.sequence.forget();
                self.playout.restart();
                self.events.restart();
            }
            None => {}
        }
        self.ssrc = Some(header.ssrc);
        Ok(())
    }

    fn place(
        &mut self,
        now_us: i64,
        header: Header,
        payload: &[u8],
        samples: usize,
    ) -> Result<(), Refused> {
        match self.playout.insert(now_us, header.timestamp, payload, samples) {
            Placement::Kept => {
                self.late_in_a_row = 0;
                return Ok(());
            }
            Placement::Late => {
                self.packets_late += 1;
                self.late_in_a_row += 1;
                if self.late_in_a_row <= LATE_MAX {
                    return Ok(());
                }
            }
            // One packet with a wild timestamp is passed over, two that agree are a new clock.
            Placement::Elsewhere => {
                self.agrees_with_probe(&header).then_some(()).ok_or(Refused)?;
            }
        }
        self.late_in_a_row = 0;
        self.playout.restart();
        self.playout.insert(now_us, header.timestamp, payload, samples);
        Ok(())
    }

    /// Whether the last odd packet was one of the same new stream; remembers this one.
    fn agrees_with_probe(&mut self, header: &Header) -> bool {
        let agrees = self.probe.as_ref().is_some_and(|probe| {
            let apart = header.timestamp.wrapping_sub(probe.timestamp).cast_signed();
            probe.ssrc == header.ssrc
                && (1..=3).contains(&header.sequence.wrapping_sub(probe.sequence))
                && apart.unsigned_abs() <= self.stream.codec.clock_rate()
        });
        self.probe = if agrees { None } else { Some(*header) };
        agrees
    }

    // ── every tick ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// Room for what it says in a tick, before [`Self::listen`]: all legs of a thread use the same few, which stay near the
    /// processor.
    pub(crate) fn lend(&mut self, mut frame: Vec<i16>) {
        frame.resize(self.rate().frame(), 0);
        self.heard = frame;
    }

    /// When nobody needs any more what it said.
    pub(crate) fn give_back(&mut self) -> Vec<i16> {
        std::mem::take(&mut self.heard)
    }

    /// Takes what the leg says in this tick.
    pub(crate) fn listen(&mut self, beat: Beat, events: &mut Events) {
        let now_us = beat.now_us;
        self.playout.pull(beat, &mut self.heard);
        let pressing = self.events.is_pressing(now_us) | self.hear_tones(events);
        if let Some(news) = self.voice.listen(&mut self.heard, pressing, self.crowded) {
            events.push_back(news.event(self.id));
        }
        self.keep(pressing, events);
        self.was_pressing = pressing;
        self.open_or_close(pressing);
        self.watch(now_us, events);
        self.judge();
    }

    /// Whether it adds so much to its room that it would notice its own sound coming back.
    pub(crate) fn adds_more_than_hiss(&self) -> bool {
        self.adds && power(&self.heard) > HISS
    }

    /// What it is sent in this tick, which may come back.
    pub(crate) fn is_sent(&mut self, envelope: Envelope) {
        self.voice.send(envelope);
    }

    /// Decides whether the room hears the leg; the edges are rounded, but a key is cut off.
    fn open_or_close(&mut self, pressing: bool) {
        let open = !pressing
            && !self.muted
            && self.room.is_some()
            && self.stream.direction == Direction::SendReceive;
        let closing = self.was_open && !open && !pressing;
        if open != self.was_open {
            let (head, tail) = self.heard.split_at_mut(EDGE * self.stream.codec.sampling().scale());
            let mut before = [0; EDGE_MAX];
            let before = &mut before[..head.len()];
            before.copy_from_slice(head);
            let silence = &[0; EDGE_MAX][..head.len()];
            if open {
                crossfade(silence, before, head);
            } else {
                crossfade(before, silence, head);
                tail.fill(0);
            }
        }
        self.was_open = open;
        self.speaks = (open || closing) && self.room.is_some() && !is_silent(&self.heard);
        self.be_heard_nowhere();
    }

    /// Whether a key sounds.
    fn hear_tones(&mut self, events: &mut Events) -> bool {
        let Some(tones) = &mut self.tones else { return false };
        if let Some(digit) = tones.handle(&self.heard) {
            events.push_back(Event::Digit { leg: self.id, digit });
        }
        let pressing = tones.is_pressing();
        if pressing
            && !self.was_pressing
            && let Some(recorder) = &mut self.recorder
        {
            // The tone had begun before it was recognised.
            recorder.drop_last(2);
        }
        pressing
    }

    fn keep(&mut self, pressing: bool, events: &mut Events) {
        let Some(recorder) = &mut self.recorder else { return };
        if recorder.tick((!pressing).then_some(&self.heard)) {
            events.extend(self.stop_recording());
        }
    }

    fn watch(&mut self, now_us: i64, events: &mut Events) {
        if self.receives() && !self.lost && now_us - self.last_packet_us >= LOST_US {
            self.lost = true;
            events.push_back(Event::MediaLost { leg: self.id });
        }
    }
}

fn tone_detector(stream: &Stream) -> Option<Box<ToneDetector>> {
    stream
        .event_payload_type
        .is_none()
        .then(|| Box::new(ToneDetector::new(stream.codec.sampling())))
}
