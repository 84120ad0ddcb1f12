//! Reads an order from a message and answers it.
//!
//! A message comes from a [`gateway`], proven and decoded; the ledger stores it before the gateway hears a 2xx;
//! [`grammar::understand`] reads it; [`work::plan`] says what to do; [`restriction`] whether the sender may; the trigger (wasm only) does it over
//! HTTP.
//!
//! An e-mail is read by [`mail`] first, which says whether its sender is proven.
//!
//! Everything here but the trigger is pure: the time is an argument.
//!
//! | to add | write |
//! |---|---|
//! | a gateway | a module in [`gateway`], see there |
//! | a spelling of an order | an alternative in `spellings`, a row in the table of `grammar/tests.rs` |
//! | a holiday | a row in [`deadline`] |

pub mod deadline;
pub mod gateway;
pub mod grammar;
pub mod mail;
pub mod restriction;
pub mod work;

mod calendar;
mod example;
mod items;
mod spellings;
mod text;
mod tokens;

#[cfg(target_family = "wasm")]
#[expect(unsafe_code, reason = "spin-sdk's macro takes handles over from the generated bindings")]
mod trigger;
