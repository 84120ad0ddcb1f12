//! Rates legs through the tariff policy and writes statements.
//!
//! Money is an integer everywhere: [`money`] rounds it, once, where it is shown. [`rate`] asks the policy for the price
//! of a leg and proposes it to the ledger; [`statement`] turns the ledger's facts into lines and sums, [`page`] shows
//! them to people. [`access`] guards them. The private module `trigger` exists only in the component.

pub mod access;
pub mod money;
pub mod page;
pub mod rate;
pub mod statement;
pub mod vat;

#[cfg(target_family = "wasm")]
mod trigger;
