//! What Konf says to callers, in Czech and English.
//!
//! A [`Phrase`] is what is said; the sound files under `cs/` and `en/` are how, each beside its text. Sounds without
//! words lie in `common/`. A [`Catalogue`] holds all of them, built into the program; a deployment replaces them file
//! by file with [`Catalogue::load`].
//!
//! ```
//! use konf_contract::Language;
//! use konf_prompts::{Catalogue, Phrase};
//!
//! let catalogue = Catalogue::built_in();
//! let samples = catalogue.samples_8k(Language::Cs, Phrase::Hour(14));
//! assert!(samples.len() > 4_000, "half a second at least");
//! assert_eq!(catalogue.text(Language::Cs, Phrase::Hour(14)), "ve čtrnáct hodin");
//! ```
//!
//! # How to add one
//! A phrase: a variant of [`Phrase`], its name in [`Phrase::file_name`], a line in [`Phrase::all`], its words in
//! `examples/make/texts.rs`; then `cargo run -p konf-prompts --example make`. A language: a variant of
//! [`konf_contract::Language`], a folder, its column in `texts.rs` and its voice in `speech.rs`.

mod catalogue;
mod phrase;
pub mod resample;
pub mod wav;

pub use catalogue::{Catalogue, LoadError, RATE, SAMPLES_MAX};
pub use phrase::Phrase;
