//! Words as they are stored.
