//! A hall full of phones: each sends a sound, each keeps what it hears.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use konf_contract::LegId;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::codec::{Decoder, Encoder, SAMPLES_MAX};
use crate::frame::TICK_US;
use crate::srtp::Srtp;
use crate::{
    Codec, Command, Direction, Engine, Event, LegStats, OpusWishes, Rate, RoomId, SourceRule,
    Stream,
};

pub(super) const EVENT_PAYLOAD_TYPE: u8 = 101;

/// What a phone says at a sample of its own clock.
pub(super) type Sound = Box<dyn Fn(i64) -> i16>;

pub(super) fn tone(hz: f64, amplitude: f64) -> Sound {
    tone_at(Rate::Narrow, hz, amplitude)
}

pub(super) fn tone_at(rate: Rate, hz: f64, amplitude: f64) -> Sound {
    let turn = std::f64::consts::TAU * hz / f64::from(rate.hz());
    Box::new(move |n| (amplitude * (turn * n as f64).sin()) as i16)
}

pub(super) fn silence() -> Sound {
    Box::new(|_| 0)
}

/// What happens to a phone's packets.
#[derive(Clone, Default)]
pub(super) struct Network {
    pub(super) loss: f64,
    pub(super) duplicates: f64,
    /// Uniform, in microseconds; more than a packet time reorders.
    pub(super) jitter_us: i64,
    /// Nothing comes in between; all of it comes at the end (from, to), in microseconds of the hall.
    pub(super) stall: Option<(i64, i64)>,
}

pub(super) struct Phone {
    pub(super) leg: LegId,
    pub(super) address: SocketAddr,
    pub(super) codec: Codec,
    pub(super) encoder: Encoder,
    decoder: Decoder,
    pub(super) ssrc: u32,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) sound: Sound,
    pub(super) network: Network,
    /// Samples per packet, at the rate of the codec.
    pub(super) length: usize,
    pub(super) ppm: f64,
    /// A phone that says nothing sends nothing.
    pub(super) sending: bool,
    pub(super) heard: Vec<i16>,
    /// When each packet of `heard` came, and what was in its header: marker, sequence, timestamp.
    pub(super) packets: Vec<(i64, bool, u16, u32)>,
    /// Packets of `heard` that say again what the one before said.
    pub(super) copies: usize,
    /// Reports that came: when, where to, and what they say.
    pub(super) reports: Vec<(i64, SocketAddr, Vec<u8>)>,
    pub(super) srtp: Option<Srtp>,
    /// The next packet begins anew after silence.
    pub(super) spurt: bool,
    /// Samples said so far.
    said: i64,
    /// When the next packet leaves.
    next_us: f64,
}

impl Phone {
    pub(super) fn packet(&mut self, payload_type: u8, timestamp: u32, payload: &[u8]) -> Vec<u8> {
        let mut bytes = rtp(payload_type, self.sequence, timestamp, self.ssrc, payload);
        self.sequence = self.sequence.wrapping_add(1);
        bytes[1] |= u8::from(std::mem::take(&mut self.spurt)) << 7;
        if let Some(srtp) = &mut self.srtp {
            srtp.seal_rtp(&mut bytes, 0);
        }
        bytes
    }

    /// When the packet that holds sample `n` left, in microseconds, and the place of the sample in it.
    pub(super) fn left_us(&self, first_us: f64, n: i64) -> (f64, i64) {
        let packet = n / self.length as i64;
        (first_us + packet as f64 * self.packet_us(), n % self.length as i64)
    }

    fn packet_us(&self) -> f64 {
        self.length as f64 * 1e6 / f64::from(self.codec.rate()) / (1.0 + self.ppm / 1e6)
    }

    /// What it says and hears from now on. Its sound is to be made anew.
    pub(super) fn set_codec(&mut self, codec: Codec) {
        self.codec = codec;
        self.encoder = Encoder::new(codec, &OpusWishes::default());
        self.decoder = Decoder::new(codec);
        self.length = codec.sampling().frame();
        self.heard.clear();
    }
}

pub(super) fn rtp(
    payload_type: u8,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    payload: &[u8],
) -> Vec<u8> {
    let mut bytes = vec![0x80, payload_type];
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(timestamp.to_be_bytes());
    bytes.extend(ssrc.to_be_bytes());
    bytes.extend(payload);
    bytes
}

pub(super) struct Hall {
    pub(super) engine: Engine,
    pub(super) phones: Vec<Phone>,
    pub(super) events: Vec<Event>,
    pub(super) now_us: i64,
    /// The thread reads its sockets only so often, and is a little late each time.
    pub(super) slice_us: Option<i64>,
    start: Instant,
    rng: StdRng,
    /// By arrival; the second number keeps equal times apart.
    wire: BTreeMap<(i64, u64), (usize, SocketAddr, Vec<u8>)>,
    sent: u64,
}

impl Hall {
    pub(super) fn new(seed: u64) -> Self {
        println!("seed {seed}");
        #[expect(clippy::disallowed_methods, reason = "an Instant has no other constructor")]
        let start = Instant::now();
        Self {
            engine: Engine::with_epoch(seed, start),
            phones: Vec::new(),
            events: Vec::new(),
            now_us: 0,
            slice_us: None,
            start,
            rng: StdRng::seed_from_u64(seed),
            wire: BTreeMap::new(),
            sent: 0,
        }
    }

    /// A phone that is in a room and sends packets of 20 ms, `phase_us` after the ticks.
    pub(super) fn enter(&mut self, room: u64, codec: Codec, phase_us: i64, sound: Sound) -> usize {
        let phone = self.call(codec, phase_us, sound);
        self.command(Command::Join { leg: self.phones[phone].leg, room: RoomId(room) });
        phone
    }

    /// A phone in no room.
    pub(super) fn call(&mut self, codec: Codec, phase_us: i64, sound: Sound) -> usize {
        let index = self.phones.len();
        let leg = LegId(index as u64 + 1);
        let address = SocketAddr::from(([192, 0, 2, index as u8], 4000));
        self.phones.push(Phone {
            leg,
            address,
            codec,
            encoder: Encoder::new(codec, &OpusWishes::default()),
            decoder: Decoder::new(codec),
            ssrc: self.rng.random(),
            sequence: self.rng.random(),
            timestamp: self.rng.random(),
            sound,
            network: Network::default(),
            length: codec.sampling().frame(),
            ppm: 0.0,
            sending: true,
            heard: Vec::new(),
            packets: Vec::new(),
            copies: 0,
            reports: Vec::new(),
            srtp: None,
            spurt: false,
            said: 0,
            next_us: (self.now_us + phase_us) as f64,
        });
        let stream = self.stream(index);
        self.command(Command::AddLeg { leg, stream });
        index
    }

    pub(super) fn stream(&self, phone: usize) -> Stream {
        let phone = &self.phones[phone];
        Stream {
            remote: phone.address,
            source: SourceRule::Exact,
            codec: phone.codec,
            payload_type: payload_type(phone.codec),
            receive_payload_type: payload_type(phone.codec),
            event_payload_type: Some(EVENT_PAYLOAD_TYPE),
            opus: OpusWishes::default(),
            rtcp: crate::Rtcp::Mux,
            srtp: None,
            direction: Direction::SendReceive,
            ssrc: phone.leg.0 as u32,
            first_sequence: 65_500,
            first_timestamp: u32::MAX - 3_000,
        }
    }

    pub(super) fn command(&mut self, command: Command) {
        self.engine.handle_command(self.now(), command);
        self.poll();
    }

    /// One that legs of the first may move to.
    pub(super) fn another_engine(&self, seed: u64) -> Engine {
        Engine::with_epoch(seed, self.start)
    }

    pub(super) fn stats(&self, phone: usize) -> LegStats {
        self.engine.stats(self.phones[phone].leg).unwrap()
    }

    /// A datagram that arrives as soon as the hall goes on.
    pub(super) fn inject(&mut self, phone: usize, source: SocketAddr, bytes: Vec<u8>) {
        self.put(self.now_us, phone, source, bytes);
    }

    pub(super) fn put(&mut self, at_us: i64, phone: usize, source: SocketAddr, bytes: Vec<u8>) {
        self.sent += 1;
        self.wire.insert((at_us, self.sent), (phone, source, bytes));
    }

    pub(super) fn run_ms(&mut self, ms: i64) {
        for _ in 0..ms / 20 {
            self.step();
        }
    }

    pub(super) fn step(&mut self) {
        self.oversleep(1);
    }

    /// The thread wakes up after so many ticks and makes them up in one go.
    pub(super) fn oversleep(&mut self, ticks: i64) {
        self.now_us += ticks * TICK_US;
        for phone in 0..self.phones.len() {
            self.talk(phone);
        }
        while let Some(entry) = self.wire.first_entry() {
            if entry.key().0 > self.now_us {
                break;
            }
            let ((at_us, _), (phone, source, bytes)) = entry.remove_entry();
            let at = self.start + Duration::from_micros(self.read_us(at_us.max(0)) as u64);
            self.engine.handle_datagram(at, self.phones[phone].leg, source, &bytes);
        }
        for _ in 0..ticks {
            let now_us = self.read_us(self.now_us);
            self.engine.tick(self.start + Duration::from_micros(now_us as u64));
            self.listen();
        }
        self.poll();
    }

    /// When the thread that does something at `at_us` believes it to be.
    fn read_us(&self, at_us: i64) -> i64 {
        let Some(slice_us) = self.slice_us else { return at_us };
        let slice = (at_us as u64).div_ceil(slice_us as u64);
        // Up to 0.3 ms, and 3 ms now and then.
        let noise = slice.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let late_us = if noise.is_multiple_of(301) { 3_000 } else { noise % 300 };
        slice as i64 * slice_us + late_us as i64
    }

    fn now(&self) -> Instant {
        self.start + Duration::from_micros(self.now_us as u64)
    }

    fn talk(&mut self, index: usize) {
        while self.phones[index].next_us <= self.now_us as f64 {
            let phone = &mut self.phones[index];
            let left_us = phone.next_us as i64;
            let length = phone.length;
            let first = phone.said;
            phone.said += length as i64;
            phone.next_us += phone.packet_us();
            let timestamp = phone.timestamp;
            let ticks = length as u32 * phone.codec.clock_rate() / phone.codec.rate();
            phone.timestamp = timestamp.wrapping_add(ticks);
            if !phone.sending {
                continue;
            }
            let samples: Vec<i16> = (first..first + length as i64).map(&phone.sound).collect();
            let mut payload = vec![0; 4_000];
            let octets = phone.encoder.encode(&samples, &mut payload);
            let bytes = phone.packet(payload_type(phone.codec), timestamp, &payload[..octets]);
            self.transport(index, left_us, bytes);
        }
    }

    /// Over the phone's network.
    pub(super) fn transport(&mut self, index: usize, left_us: i64, bytes: Vec<u8>) {
        let network = self.phones[index].network.clone();
        let address = self.phones[index].address;
        if self.rng.random_bool(network.loss) {
            return;
        }
        for _ in 0..if self.rng.random_bool(network.duplicates) { 2 } else { 1 } {
            let jitter_us = match network.jitter_us {
                0 => 0,
                most => self.rng.random_range(0..most),
            };
            let mut at_us = left_us + jitter_us;
            if let Some((from, to)) = network.stall
                && (from..to).contains(&at_us)
            {
                at_us = to;
            }
            self.put(at_us, index, address, bytes.clone());
        }
    }

    pub(super) fn listen(&mut self) {
        while let Some(packet) = self.engine.poll_transmit() {
            let index = packet.leg.0 as usize - 1;
            let phone = &mut self.phones[index];
            if packet.rtcp {
                phone.reports.push((self.now_us, packet.destination, packet.bytes.to_vec()));
                continue;
            }
            let bytes = match &mut phone.srtp {
                Some(srtp) => srtp.open_rtp(packet.bytes).unwrap(),
                None => packet.bytes,
            };
            assert_eq!(bytes[1] & 0x7f, payload_type(phone.codec));
            phone.copies += usize::from(phone.decoder.carries_copy(&bytes[12..]));
            let mut samples = [0; SAMPLES_MAX];
            let decoded = phone.decoder.decode(&bytes[12..], &mut samples);
            assert_eq!(decoded, Some(phone.codec.sampling().frame()));
            phone.heard.extend_from_slice(&samples[..phone.codec.sampling().frame()]);
            let header = bytes;
            phone.packets.push((
                self.now_us,
                header[1] & 0x80 != 0,
                u16::from_be_bytes([header[2], header[3]]),
                u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
            ));
        }
    }

    fn poll(&mut self) {
        while let Some(event) = self.engine.poll_event() {
            self.events.push(event);
        }
    }
}

pub(super) fn payload_type(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 8,
        Codec::G722 => 9,
        Codec::Opus => 111,
    }
}

/// Level of `hz` in `samples` relative to a tone of `amplitude`, in dB.
pub(super) fn level_db(samples: &[i16], hz: f64, amplitude: f64) -> f64 {
    level_db_at(Rate::Narrow, samples, hz, amplitude)
}

pub(super) fn level_db_at(rate: Rate, samples: &[i16], hz: f64, amplitude: f64) -> f64 {
    let (mut re, mut im, mut weight) = (0.0, 0.0, 0.0);
    for (i, &s) in samples.iter().enumerate() {
        let at = i as f64 / samples.len() as f64;
        // A Hann window, so that strong neighbours don't leak.
        let w = 0.5 - 0.5 * (std::f64::consts::TAU * at).cos();
        let angle = std::f64::consts::TAU * hz * i as f64 / f64::from(rate.hz());
        re += w * f64::from(s) * angle.cos();
        im += w * f64::from(s) * angle.sin();
        weight += w;
    }
    20.0 * ((re.hypot(im) * 2.0 / weight).max(1e-9) / amplitude).log10()
}

/// The lowest and the highest RMS of all stretches of 20 ms.
pub(super) fn envelope(samples: &[i16]) -> (f32, f32) {
    envelope_at(Rate::Narrow, samples)
}

pub(super) fn envelope_at(rate: Rate, samples: &[i16]) -> (f32, f32) {
    samples
        .windows(rate.frame())
        .step_by(40 * rate.scale())
        .map(|w| crate::frame::power(w).sqrt())
        .fold((f32::MAX, 0.0), |(low, high), rms| (low.min(rms), high.max(rms)))
}
