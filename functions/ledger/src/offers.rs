//! Alternatives that are held.
