//! Real-time audio without I/O: jitter, codecs, DTMF, mixing.
//!
//! One [`Engine`] owns whole rooms and the legs in them. A thread drives it: datagrams in, a tick every 20 ms, datagrams
//! and events out. Time is an argument.

mod words;

pub use words::{
    Clip, Codec, Command, Digit, Direction, Event, LegStats, PlaybackId, RoomId, SourceRule,
    Stream, Transmit,
};
