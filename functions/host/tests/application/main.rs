//! Applications with the repository's own components and with components that mean harm.

mod contained;
mod policies;
mod requests;
mod support;
