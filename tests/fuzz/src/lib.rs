//! What fuzzing does to whatever strangers send (RELIABILITY.md, row 27): any octets, in any order, from anybody.
//!
//! Each target is a function of octets that must return: no panic, nothing that grows, and the promises of the crates
//! hold. `engine/` feeds them from libFuzzer (`cargo xtask fuzz`), `tests/replay.rs` from `corpus/`, which has one folder
//! for each target. To add one: a function here, a line in [`TARGETS`], a file of one line in `engine/src/bin`, a folder.

mod media;
mod order;
mod sip;

pub use media::{dtmf, rtcp, rtp};
pub use order::{mail, sms};
pub use sip::{sdp, sip};

/// A name and what eats octets.
pub type Target = (&'static str, fn(&[u8]));

pub const TARGETS: [Target; 7] = [
    ("sip", sip),
    ("sdp", sdp),
    ("rtp", rtp),
    ("rtcp", rtcp),
    ("dtmf", dtmf),
    ("sms", sms),
    ("mail", mail),
];

/// Where virtual clocks begin.
fn beginning() -> std::time::Instant {
    static BEGINNING: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "the beginning of a virtual clock")]
    *BEGINNING.get_or_init(std::time::Instant::now)
}
