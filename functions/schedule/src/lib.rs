//! Books capacity, offers what would fit, admits callers, extends conferences.
//!
//! Decisions are plain functions over facts: [`load`] (which edge has seats when), [`draw`] (numbers and codes),
//! [`place`] (on which edge), [`offers`] (what would fit instead), [`admit`] and [`extend`]. [`order`], [`admit`] and [`extend`] also have the
//! conversation around their decision: read facts from the ledger, decide, have the messages written by `credentials`,
//! propose to the ledger, and decide again when the facts have moved. Whatever is outside comes in through [`Outside`],
//! so that all of it runs in tests on the machine at hand. The private module `trigger` is the only part that exists in
//! the component alone: it maps HTTP requests to those conversations (`konf_api::schedule` names the routes).

pub mod admit;
pub mod approve;
pub mod change;
pub mod dedicate;
pub mod draw;
pub mod extend;
pub mod keys;
pub mod load;
pub mod offers;
pub mod order;
pub mod outside;
pub mod place;
#[cfg(test)]
mod testing;
pub mod wall;
#[cfg(test)]
mod with_the_ledger;

pub use outside::{CallError, Outside};

#[cfg(target_family = "wasm")]
mod trigger;

/// How often a decision is made again when the facts have moved under it. Each round lost means that somebody else won
/// it. A hundred orders at once for five places needed at most twelve rounds (the test in `with_the_ledger`); twice that
/// is lost only in a flood, and then whoever asked may ask again.
pub const ROUNDS_MAX: usize = 24;
