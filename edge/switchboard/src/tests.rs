//! Whole calls on a virtual clock.

mod admissions;
mod clocks;
mod driver;
mod endings;
mod floor;
mod hearing;
mod menus;
mod prompts;
mod random;
mod rooms;

pub(crate) use driver::start;
