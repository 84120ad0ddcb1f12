//! Applications with the repository's own components and with components that mean harm.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod contained;
mod policies;
mod requests;
mod support;
