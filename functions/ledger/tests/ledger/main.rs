//! The ledger on a real file: one binary, since linking is what costs.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod admission;
mod budget;
mod database;
mod dedicated;
mod expiry;
mod http_interface;
mod kill;
mod model;
mod ordering;
mod outbox;
mod parts;
mod policies;
mod records;
mod reports;
mod requests;
mod sender;
mod sign_in;
mod support;
mod usage;
mod webhooks;
