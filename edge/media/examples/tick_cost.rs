//! What a tick costs: µs per leg for packets in, mix and packets out, without sockets.
//!
//!     cargo run -p konf-media --example tick_cost [legs] [room size] [talkers per room]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use konf_contract::LegId;
use konf_media::{Codec, Command, Direction, Engine, OpusWishes, RoomId, SourceRule, Stream};

const TICKS: u32 = 1_500;

/// Left out while buffers grow.
const WARM_UP: u32 = 100;

fn main() {
    let argument = |n, or| std::env::args().nth(n).and_then(|s| s.parse().ok()).unwrap_or(or);
    let (legs, room_size, talkers): (u64, u64, u64) =
        (argument(1, 200), argument(2, 20), argument(3, 20));
    let mut engine = Engine::new(1);
    #[expect(clippy::disallowed_methods, reason = "an example is its own shell")]
    let clock = Instant::now;
    let start = clock();
    for leg in 0..legs {
        let (leg, room) = (LegId(leg), RoomId(leg / room_size.max(1)));
        engine.handle_command(start, Command::AddLeg { leg, stream: stream(leg) });
        engine.handle_command(start, Command::Join { leg, room });
    }
    let (mut receiving, mut ticking) = (Duration::ZERO, Duration::ZERO);
    let (mut longest, mut sent) = (Duration::ZERO, 0u64);
    for tick in 0..TICKS {
        let now = start + Duration::from_millis(20) * (tick + 1);
        let packets: Vec<Vec<u8>> =
            (0..legs).map(|leg| packet(leg, tick, leg % room_size.max(1) < talkers)).collect();
        let before = clock();
        for (leg, bytes) in (0..legs).zip(&packets) {
            let at = now - Duration::from_micros(2_000 + leg % 10 * 1_700);
            engine.handle_datagram(at, LegId(leg), address(leg), bytes);
        }
        let received = clock();
        engine.tick(now);
        while let Some(packet) = engine.poll_transmit() {
            sent += u64::from(packet.bytes.len() == 172);
        }
        let done = clock();
        if tick >= WARM_UP {
            receiving += received - before;
            ticking += done - received;
            longest = longest.max(done - received);
        }
    }
    assert_eq!(sent, legs * u64::from(TICKS), "a packet for each leg and tick");
    let per_leg = |total: Duration| {
        total.as_secs_f64() * 1e6 / f64::from(TICKS - WARM_UP) / legs.max(1) as f64
    };
    let (receiving, ticking) = (per_leg(receiving), per_leg(ticking));
    println!("{legs} legs in rooms of {room_size}, {talkers} talking");
    println!("receive {receiving:.3} µs, mix and send {ticking:.3} µs per leg and tick");
    println!("        {:.4} ms per leg and second", (receiving + ticking) * 50.0 / 1e3);
    println!("longest tick {:.0} µs", longest.as_secs_f64() * 1e6);
}

fn address(leg: u64) -> SocketAddr {
    SocketAddr::from(([127, 0, (leg >> 8) as u8, leg as u8], 4000))
}

fn stream(leg: LegId) -> Stream {
    Stream {
        remote: address(leg.0),
        source: SourceRule::Exact,
        codec: Codec::Pcma,
        payload_type: 8,
        receive_payload_type: 8,
        event_payload_type: Some(101),
        opus: OpusWishes::default(),
        rtcp: konf_media::Rtcp::Mux,
        srtp: None,
        direction: Direction::SendReceive,
        ssrc: leg.0 as u32,
        first_sequence: 0,
        first_timestamp: 0,
    }
}

/// 20 ms of something at -30 dBFS, which twenty can say at once, or of digital silence.
fn packet(leg: u64, tick: u32, talks: bool) -> Vec<u8> {
    let mut bytes = vec![0x80, 8];
    bytes.extend((tick as u16).to_be_bytes());
    bytes.extend((tick * 160).to_be_bytes());
    bytes.extend((leg as u32).to_be_bytes());
    let code = |i: u64| if talks { 0xd5 ^ ((i * (leg + 3)) % 48) as u8 } else { 0xd5 };
    bytes.extend((0..160).map(code));
    bytes
}
