//! What a tick costs: µs per leg for packets in, mix and packets out, without sockets.
//!
//!     cargo run --release -p konf-media --example tick_cost [legs] [room size] [talkers per room] [codec] [seconds]
//!
//! The codec is pcma, g722, opus, or mixed (a third of each). Who does not talk sends the hiss of a quiet room.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use konf_contract::LegId;
use konf_media::{
    Clip, Codec, Command, Direction, Engine, OpusWishes, Rate, RoomId, Rtcp, SourceRule, Stream,
};

/// Left out while buffers grow and legs that begin to speak get encoders.
const WARM_UP: u32 = 100;

/// The talkers say the same 2 s again and again, each from another place on.
const PHRASE: usize = 100;

fn main() {
    let argument = |n, or| std::env::args().nth(n).and_then(|s| s.parse().ok()).unwrap_or(or);
    let (legs, room_size, talkers) = (argument(1, 200), argument(2, 20), argument(3, 20));
    let codec = std::env::args().nth(4).unwrap_or_else(|| "pcma".to_owned());
    let ticks = WARM_UP + argument(5, 28) as u32 * 50;
    let codec_of = |leg: u64| match codec.as_str() {
        "g722" => Codec::G722,
        "opus" => Codec::Opus,
        "mixed" => [Codec::Pcma, Codec::G722, Codec::Opus][leg as usize % 3],
        _ => Codec::Pcma,
    };
    #[expect(clippy::disallowed_methods, reason = "an example is its own shell")]
    let clock = Instant::now;
    let start = clock();
    let scores = [Codec::Pcma, Codec::G722, Codec::Opus].map(|codec| Score::new(start, codec));
    let mut engine = Engine::new(1);
    for leg in 0..legs {
        let (id, room) = (LegId(leg), RoomId(leg / room_size.max(1)));
        let stream = stream(id, codec_of(leg));
        engine.handle_command(start, Command::AddLeg { leg: id, stream });
        engine.handle_command(start, Command::Join { leg: id, room });
    }
    let (mut receiving, mut ticking) = (Duration::ZERO, Duration::ZERO);
    let (mut fastest, mut longest, mut sent) = (Duration::MAX, Duration::ZERO, 0u64);
    for tick in 0..ticks {
        let now = start + Duration::from_millis(20) * (tick + 1);
        let packets: Vec<Vec<u8>> = (0..legs)
            .map(|leg| {
                let score = scores.iter().find(|score| score.codec == codec_of(leg));
                let talks = leg % room_size.max(1) < talkers;
                score.map_or_else(Vec::new, |score| score.packet(leg, tick, talks))
            })
            .collect();
        let before = clock();
        for (leg, bytes) in (0..legs).zip(&packets) {
            let at = now - Duration::from_micros(2_000 + leg % 10 * 1_700);
            engine.handle_datagram(at, LegId(leg), address(leg), bytes);
        }
        let received = clock();
        engine.tick(now);
        while let Some(packet) = engine.poll_transmit() {
            sent += u64::from(!packet.rtcp);
        }
        let done = clock();
        if tick >= WARM_UP {
            receiving += received - before;
            ticking += done - received;
            longest = longest.max(done - received);
            fastest = fastest.min(done - before);
        }
    }
    assert_eq!(sent, legs * u64::from(ticks), "a packet for each leg and tick");
    let per_leg = |total: Duration| {
        total.as_secs_f64() * 1e6 / f64::from(ticks - WARM_UP) / legs.max(1) as f64
    };
    let (receiving, ticking) = (per_leg(receiving), per_leg(ticking));
    let milliseconds = (receiving + ticking) * 50.0 / 1e3;
    let least = fastest.as_secs_f64() * 50.0 * 1e3 / legs.max(1) as f64;
    println!("{legs} legs with {codec} in rooms of {room_size}, {talkers} talking");
    println!("receive {receiving:.3} µs, mix and send {ticking:.3} µs per leg and tick");
    println!("        {milliseconds:.4} ms per leg and second, {least:.4} in the fastest tick");
    println!("        {:.0} legs on one core", 1e3 / milliseconds);
    println!("longest tick {:.0} µs", longest.as_secs_f64() * 1e6);
}

fn address(leg: u64) -> SocketAddr {
    SocketAddr::from(([127, 0, (leg >> 8) as u8, leg as u8], 4000))
}

fn stream(leg: LegId, codec: Codec) -> Stream {
    Stream {
        remote: address(leg.0),
        source: SourceRule::Exact,
        codec,
        payload_type: 8,
        receive_payload_type: 8,
        event_payload_type: Some(101),
        opus: OpusWishes::default(),
        rtcp: Rtcp::Mux,
        srtp: None,
        direction: Direction::SendReceive,
        ssrc: leg.0 as u32,
        first_sequence: 0,
        first_timestamp: 0,
    }
}

/// What a telephone with one codec sends: payloads that an engine has made.
struct Score {
    codec: Codec,
    speech: Vec<Vec<u8>>,
    hiss: Vec<Vec<u8>>,
}

impl Score {
    fn new(start: Instant, codec: Codec) -> Self {
        let payloads = |clip| payloads(start, codec, clip);
        Self { codec, speech: payloads(babble()), hiss: payloads(hiss()) }
    }

    fn packet(&self, leg: u64, tick: u32, talks: bool) -> Vec<u8> {
        let mut bytes = vec![0x80, 8];
        bytes.extend((tick as u16).to_be_bytes());
        bytes.extend((tick * self.codec.clock_rate() / 50).to_be_bytes());
        bytes.extend((leg as u32).to_be_bytes());
        let at = (tick as usize + leg as usize * 7) % PHRASE;
        bytes.extend(if talks { &self.speech[at] } else { &self.hiss[at] });
        bytes
    }
}

/// A phrase of `clip`, as a leg that is played it is sent it.
fn payloads(start: Instant, codec: Codec, clip: Clip) -> Vec<Vec<u8>> {
    let mut engine = Engine::new(1);
    let leg = LegId(1);
    engine.handle_command(start, Command::AddLeg { leg, stream: stream(leg, codec) });
    engine.handle_command(start, Command::Music { leg, clip: Some(clip) });
    let mut payloads = Vec::new();
    for tick in 0..2 * PHRASE as u32 {
        engine.tick(start + Duration::from_millis(20) * tick);
        while let Some(packet) = engine.poll_transmit() {
            payloads.extend((!packet.rtcp).then(|| packet.bytes[12..].to_vec()));
        }
    }
    payloads.split_off(PHRASE)
}

/// 2 s of noise at -66 dBFS.
fn hiss() -> Clip {
    let rate = Rate::Full;
    let mut noise = 1u32;
    let samples = (0..rate.hz() * 2).map(|_| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // Even steps up to 28 have an RMS of 16.
        ((noise >> 16) % 57) as i16 - 28
    });
    Clip { samples: samples.collect(), rate }
}

/// 2 s of something like a voice at -30 dBFS, which twenty can use at once.
fn babble() -> Clip {
    let rate = Rate::Full;
    let mut noise = 1u32;
    let samples = (0..rate.hz() * 2).map(|i| {
        let t = f64::from(i) / f64::from(rate.hz());
        let pitch = 120.0 + 20.0 * (t * 5.0).sin();
        let voice: f64 = (1..30)
            .map(|n| (std::f64::consts::TAU * pitch * f64::from(n) * t).sin() / f64::from(n))
            .sum();
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let hiss = f64::from(noise >> 16) / 32_768.0 - 1.0;
        let syllable = (std::f64::consts::TAU * 4.0 * t).sin().abs();
        ((voice * 700.0 + hiss * 100.0) * syllable) as i16
    });
    Clip { samples: samples.collect(), rate }
}
