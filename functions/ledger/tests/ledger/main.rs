//! The ledger on a real file: one binary, since linking is what costs.

mod admission;
mod expiry;
mod http_interface;
mod kill;
mod model;
mod ordering;
mod outbox;
mod records;
mod support;
