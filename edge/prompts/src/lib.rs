//! What Konf says to callers, in Czech and English.
//!
//! A [`Phrase`] is what is said; the sound files under `cs/` and `en/` are how, each beside its text.

mod phrase;

pub use phrase::Phrase;
