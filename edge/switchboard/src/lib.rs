//! What happens to a call: menus, rooms, keys, clocks. No I/O.
//!
//! A [`Switchboard`] takes inputs with the time and gives back outputs until there are none.

mod words;

pub use words::{AskId, Config, Input, Key, LocalTime, Now, Output, PlaybackId, Sound};
