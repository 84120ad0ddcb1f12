//! The organiser's pages: order, sign in, own conferences.
//!
//! A request comes as [`asked::Asked`] and is answered as [`answer::Answer`] by [`site::Site`], which asks the ledger and
//! the other functions through [`outside::Outside`]; the pages are pure, in [`pages`]. The trigger (wasm only) is the door
//! to HTTP.
//!
//! The law of use:
//! * Ordering is signing in: nothing is booked, and nothing but one code or link is sent, before somebody has shown to
//!   read what is sent to that number or address.
//! * One cookie names a browser, signed in or not; it is drawn anew at every sign-in. Every form carries a digest of it,
//!   and a `POST` without it changes nothing.
//! * What a stranger wrote is text: templates escape it, and no header is made of it.
//!
//! | to add | write |
//! |---|---|
//! | a page | a module in [`pages`], its route in [`site`] |
//! | a sentence | both languages where it is said, by [`tongue::Tongue::say`] |

pub mod answer;
pub mod asked;
pub mod cookie;
pub mod free;
pub mod outside;
pub mod pages;
pub mod site;
pub mod tongue;

mod client;
mod contact;
mod order_form;
mod pending;
mod when;

#[cfg(target_family = "wasm")]
#[expect(unsafe_code, reason = "spin-sdk's macro takes handles over from the generated bindings")]
mod trigger;

#[cfg(test)]
mod testing;
