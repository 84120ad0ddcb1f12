//! Writes the messages that Konf sends: SMS, e-mail, invitation.
//!
//! `POST /render` (private) takes a [`konf_api::render::RenderRequest`] and gives the messages for the outbox; the
//! trigger (wasm only) is a few lines over [`render::render`], which is pure.
//!
//! Each sentence is written once, with its accents, in [`sentences`]; an SMS is the same sentence in GSM 03.38 without
//! them ([`gsm`]). To add a message: a variant in `konf_api::render::Message`, its sentence in both languages, a kind
//! in [`render`], a row in `render/tests.rs`, where its worst values are proven to fit one SMS.

pub mod gsm;
pub mod render;

mod html;
mod invitation;
mod mail;
mod sentences;
mod sms;
mod when;

#[cfg(target_family = "wasm")]
#[expect(unsafe_code, reason = "spin-sdk's macro takes handles over from the generated bindings")]
mod trigger;
