//! The words that both halves say: ids, secrets that cannot be printed, and the messages of the control link.
//!
//! [`words`] holds the plain words, [`link`] the messages between an edge and control as `wit/control.wit` names them,
//! [`keys`] what each key in the room does, [`frame`] how a message lies on a QUIC stream,
//! [`metrics`] how numbers are shown. Nothing here does I/O.

pub mod frame;
pub mod keys;
pub mod link;
pub mod metrics;
pub mod words;

pub use words::{
    Caller, ConferenceNumber, GrantId, Language, LegId, Msisdn, OneTimeCode, Password, Pin, Role,
    UnixMs, WebToken, Window, WordError,
};
