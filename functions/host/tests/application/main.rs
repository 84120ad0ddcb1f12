//! Applications with the repository's own components and with components that mean harm.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod compose;
mod contained;
mod evil;
mod policies;
mod requests;
mod spin;
mod support;
