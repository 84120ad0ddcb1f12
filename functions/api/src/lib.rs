//! What functions and the ledger say to each other, as JSON over HTTP.
//!
//! A component proposes, the ledger commits: [`ledger`] has the facts that a component may ask for and the proposals
//! that the ledger commits in one transaction, or answers with what has moved. [`schedule`], [`render`] and [`rating`]
//! are what the functions ask of each other by service chaining. No I/O here.

pub mod ledger;
pub mod mail;
pub mod ordering;
pub mod policy;
pub mod portal;
pub mod rating;
pub mod render;
pub mod room;
pub mod schedule;
