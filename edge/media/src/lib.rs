//! Real-time audio without I/O: jitter, codecs, DTMF, mixing.
//!
//! One [`Engine`] owns whole rooms and the legs in them. A thread drives it: datagrams in, a tick every 20 ms, datagrams
//! and events out. Time is an argument.
//!
//! # The loop
//!
//! Datagrams go in as they come, with the time at which they came; what has come before a tick goes in before it. A tick
//! is due every 20 ms of an absolute clock: one that is late is made late, and the next on time. A thread that slept
//! through several makes them up in one go, at most ten (200 ms): the sound is there, and nothing is heard of it; beyond
//! that they are left out. After each tick all packets are taken, after anything all events.
//!
//! ```
//! use std::net::SocketAddr;
//! use std::time::{Duration, Instant};
//!
//! use konf_contract::LegId;
//! use konf_media::{Codec, Command, Direction, Engine, OpusWishes, RoomId, Rtcp, SourceRule, Stream};
//!
//! let mut engine = Engine::new(1);
//! let mut now = Instant::now();
//! let phone: SocketAddr = "192.0.2.1:4000".parse().unwrap();
//! let stream = Stream {
//!     remote: phone,
//!     source: SourceRule::Exact,
//!     codec: Codec::Pcma,
//!     payload_type: 8,
//!     receive_payload_type: 8,
//!     event_payload_type: Some(101),
//!     opus: OpusWishes::default(),
//!     rtcp: Rtcp::Mux,
//!     srtp: None,
//!     direction: Direction::SendReceive,
//!     ssrc: 1,
//!     first_sequence: 0,
//!     first_timestamp: 0,
//! };
//! engine.handle_command(now, Command::AddLeg { leg: LegId(1), stream });
//! engine.handle_command(now, Command::Join { leg: LegId(1), room: RoomId(1) });
//! for _ in 0..3 {
//!     // … engine.handle_datagram(arrived, leg, source, bytes) for all that came …
//!     now += Duration::from_millis(20);
//!     engine.tick(now);
//!     while let Some(packet) = engine.poll_transmit() {
//!         assert_eq!((packet.destination, packet.bytes.len()), (phone, 172));
//!     }
//!     while let Some(_event) = engine.poll_event() {}
//! }
//! ```
//!
//! # What holds
//!
//! * No clock, socket, thread or lock; no allocation in a tick once its buffers have grown.
//! * Nobody hears a leg that is muted, on hold, pressing a key, or in another room.
//! * A sum below full scale reaches each listener as it is. Of a leg that speaks at a usual level, sings or only makes
//!   noise nothing is changed, but in a room where more than three are heard lines of mere noise are turned down by 10 dB.
//! * Where somebody speaks and even noise is nearer to the voice than 25 dB, the noise is turned down by up to 15 dB and the
//!   sound comes 10 ms later. Every other leg is as it was, and not delayed.
//! * Whatever bytes come in, nothing panics and nothing grows.
//! * Where keys were agreed on, nothing goes out in the clear and nothing counts that is not authentic, or that came before.
//! * Reports come and go every five seconds; none of them ends a leg.
//!
//! * A room is mixed at the highest rate that somebody in it has, and everybody hears it at their own. When that changes,
//!   one mix fades into the other.
//!
//! # To add a codec
//!
//! A variant of [`Codec`] with its rates, a module in `codec/`. If what its decoder makes of a packet depends on those
//! before, also what lets an encoder go on from the state of another (`Encoder::go_on_from`), or the seam is heard when a
//! listener begins to speak.

mod clock;
mod codec;
mod conceal;
mod ear;
mod encoding;
mod engine;
mod frame;
mod inband;
mod leg;
mod limiter;
mod mix;
mod mos;
mod outbox;
mod player;
mod playout;
mod recorder;
mod resample;
mod ring;
mod room;
mod rtcp;
mod sequence;
mod source;
mod srtp;
mod stats;
mod stretch;
mod supply;
mod tape;
mod telephone_event;
mod transit;
mod voice;
mod words;

pub use engine::{Engine, MovingLeg};
pub use srtp::{SrtpKeys, SrtpSuite};
pub use stats::LegStats;
pub use words::{
    Clip, Codec, Command, Digit, Direction, Event, OpusWishes, PlaybackId, Rate, RoomId, Rtcp,
    SourceRule, Stream, Transmit,
};
