//! An engine with two legs in a room, one of them under fire.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use konf_contract::LegId;
use konf_media::{
    Codec, Command, Direction, Engine, Event, OpusWishes, RoomId, Rtcp, SourceRule, SrtpKeys,
    SrtpSuite, Stream,
};

use crate::beginning;

const LEG: LegId = LegId(1);
const OTHER: LegId = LegId(2);
/// Steps of one input; more make it slow and tell nothing new.
const STEPS_MAX: usize = 64;
/// Of telephone-event.
const EVENTS: u8 = 101;

/// Packets of sound. The first octet chooses the stream; then come steps: a kind, an octet that says more, a length and
/// so many octets, which are a whole datagram or only its payload behind a header that fits.
pub fn rtp(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let mut world = World::new(*choice);
    for step in steps(rest) {
        match step.kind % 8 {
            0 => world.hear(step.octets, step.more),
            1..=4 => world.packet(world.codec_payload_type(), step.more, step.octets),
            5 => world.packet(EVENTS, step.more, step.octets),
            6 => world.command(step.more),
            _ => world.tick(step.more % 16),
        }
    }
    world.finish();
}

/// Reports: steps as in [`rtp`], whose octets are whole or have a common header put in front.
pub fn rtcp(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let mut world = World::new(*choice);
    for step in steps(rest) {
        match step.kind % 4 {
            0 => world.hear(step.octets, step.more),
            // Sender report, receiver report, source description, BYE, application, feedback; RFC 3550, section 6.
            1 => {
                let words = (step.octets.len() / 4) as u8;
                let head = [0x80 | step.more & 0x1f, 200 + (step.more >> 5), 0, words];
                world.hear(&[&head, step.octets].concat(), 0);
            }
            2 => world.packet(world.codec_payload_type(), step.more, step.octets),
            _ => world.tick(step.more % 16),
        }
    }
    world.finish();
}

/// Keys: events by RFC 4733 as they come, double, late and damaged, and sound that may be tones.
pub fn dtmf(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let mut world = World::new(*choice);
    for step in rest.chunks(6).take(4 * STEPS_MAX) {
        let &[kind, timing, code, flags, high, low] = step else { break };
        match kind % 8 {
            0..=4 => world.packet(EVENTS, timing, &[code, flags, high, low]),
            5 => world.packet(EVENTS, timing, &[code, flags, high, low, code, flags, high, low]),
            6 => {
                // A tone of two frequencies out of what is left of the step.
                let octets: Vec<u8> =
                    (0..160).map(|at: u8| code.wrapping_mul(at) ^ low.wrapping_mul(at)).collect();
                world.packet(world.codec_payload_type(), timing, &octets);
            }
            _ => world.tick(code % 16),
        }
    }
    assert!(world.keys <= world.packets, "no more keys than packets");
    world.finish();
}

struct Step<'a> {
    kind: u8,
    more: u8,
    octets: &'a [u8],
}

fn steps(data: &[u8]) -> impl Iterator<Item = Step<'_>> {
    let mut rest = data;
    let next = move || {
        let (&[kind, more, length], after) = rest.split_first_chunk()?;
        let (octets, after) = after.split_at(usize::from(length).min(after.len()));
        rest = after;
        Some(Step { kind, more, octets })
    };
    std::iter::from_fn(next).take(STEPS_MAX)
}

struct World {
    engine: Engine,
    now: Instant,
    stream: Stream,
    sequence: u16,
    timestamp: u32,
    packets: u64,
    keys: u64,
}

impl World {
    fn new(choice: u8) -> Self {
        let mut engine = Engine::new(1);
        let stream = stream(choice);
        let other = Stream {
            remote: phone(5_000),
            codec: Codec::Pcma,
            payload_type: 8,
            receive_payload_type: 8,
            srtp: None,
            ..stream.clone()
        };
        for (leg, stream) in [(LEG, stream.clone()), (OTHER, other)] {
            engine.handle_command(beginning(), Command::AddLeg { leg, stream });
            engine.handle_command(beginning(), Command::Join { leg, room: RoomId(1) });
        }
        let (sequence, timestamp, packets, keys) = Default::default();
        World { engine, now: beginning(), stream, sequence, timestamp, packets, keys }
    }

    fn codec_payload_type(&self) -> u8 {
        self.stream.receive_payload_type
    }

    fn hear(&mut self, datagram: &[u8], source: u8) {
        let source = match source % 4 {
            0 => self.stream.remote,
            1 => phone(4_001),
            2 => ([203, 0, 113, 9], 4_000).into(),
            _ => ([198, 51, 100, 7], 6_000).into(),
        };
        self.packets += 1;
        self.engine.handle_datagram(self.now, LEG, source, datagram);
        self.now += Duration::from_millis(1);
        self.events();
    }

    /// A packet with a header that fits; `timing` says how far it is from the one before.
    fn packet(&mut self, payload_type: u8, timing: u8, payload: &[u8]) {
        let jump = i16::from((timing & 0x0f) as i8 - 3);
        self.sequence = self.sequence.wrapping_add_signed(jump);
        let ticks = self.stream.codec.clock_rate() / 50;
        self.timestamp = self.timestamp.wrapping_add(ticks.wrapping_mul(u32::from(timing >> 4)));
        let mut datagram = vec![0x80, payload_type | (timing & 0x80)];
        datagram.extend_from_slice(&self.sequence.to_be_bytes());
        datagram.extend_from_slice(&self.timestamp.to_be_bytes());
        datagram.extend_from_slice(&7_u32.to_be_bytes());
        datagram.extend_from_slice(payload);
        self.hear(&datagram, 0);
    }

    fn tick(&mut self, ticks: u8) {
        for _ in 0..=ticks {
            self.now += Duration::from_millis(20);
            self.engine.tick(self.now);
            let mut sent = 0;
            while let Some(packet) = self.engine.poll_transmit() {
                assert!(packet.bytes.len() <= 1_500, "fits into a frame of Ethernet");
                sent += 1;
            }
            assert!(sent <= 8, "two legs send little in a tick");
        }
        self.events();
    }

    fn events(&mut self) {
        while let Some(event) = self.engine.poll_event() {
            self.keys += u64::from(matches!(event, Event::Digit { .. }));
        }
    }

    fn command(&mut self, choice: u8) {
        let leg = LEG;
        let command = match choice % 8 {
            0 => Command::Mute { leg, muted: choice & 8 == 0 },
            1 => Command::Leave { leg },
            2 => Command::Join { leg, room: RoomId(u64::from(choice >> 6)) },
            3 => Command::Record { leg, longest: Duration::from_millis(u64::from(choice) * 10) },
            4 => Command::StopRecording { leg },
            5 => Command::Volume { leg, gain_db: choice as i8 },
            _ => {
                self.stream =
                    Stream { source: self.stream.source.clone(), ..stream(choice.rotate_left(3)) };
                Command::UpdateLeg { leg, stream: self.stream.clone() }
            }
        };
        self.engine.handle_command(self.now, command);
        self.events();
    }

    fn finish(&mut self) {
        self.tick(15);
        for leg in [LEG, OTHER] {
            self.engine.handle_command(self.now, Command::RemoveLeg { leg });
        }
        let mut closed = 0;
        while let Some(event) = self.engine.poll_event() {
            closed += usize::from(matches!(event, Event::Closed { .. }));
        }
        assert_eq!(closed, 2, "each leg is closed once");
    }
}

fn phone(port: u16) -> SocketAddr {
    ([192, 0, 2, 9], port).into()
}

/// Codec, encryption, whose packets count and what else a description may say.
fn stream(choice: u8) -> Stream {
    let (codec, payload_type) = match choice & 3 {
        0 => (Codec::Pcma, 8),
        1 => (Codec::Pcmu, 0),
        2 => (Codec::G722, 9),
        _ => (Codec::Opus, 111),
    };
    let suite = [SrtpSuite::AesCm128HmacSha1Tag80, SrtpSuite::AesCm128HmacSha1Tag32];
    let keys = || SrtpKeys::new(suite[usize::from(choice >> 7)], [1; 30], [2; 30]);
    Stream {
        remote: phone(4_000),
        source: match choice & 8 {
            0 => SourceRule::Exact,
            _ => SourceRule::Latch { signalling: [198, 51, 100, 7].into() },
        },
        codec,
        payload_type,
        receive_payload_type: payload_type,
        event_payload_type: (choice & 16 == 0).then_some(EVENTS),
        opus: OpusWishes { in_band_fec: choice & 32 == 0, ..OpusWishes::default() },
        rtcp: match choice & 64 {
            0 => Rtcp::Mux,
            _ => Rtcp::Separate(phone(4_001)),
        },
        srtp: (choice & 4 != 0).then(keys),
        direction: Direction::SendReceive,
        ssrc: 1,
        first_sequence: 65_530,
        first_timestamp: u32::MAX - 500,
    }
}
