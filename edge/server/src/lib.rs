//! The media edge, `konf-edge`: the shell around the pure cores.
//!
//! [`edge`] is the one task that owns signalling and switchboard; `board` translates between their words; `media` are the
//! threads with the 20 ms clock and the RTP sockets; `journal` keeps records until control has them; `link` talks to
//! control. Only this crate of the edge has sockets, threads and clocks. (`media` is public for `cargo xtask bench media`,
//! which drives it alone.)
//!
//! What is absent: no wasm, no database, no lock on the audio path, no queue without a bound.

mod board;
mod clock;
pub mod config;
pub mod doctor;
pub mod edge;
mod journal;
mod limits;
mod link;
pub mod logging;
pub mod media;
mod metrics;
mod ports;
mod signalling;
