//! SIP and SDP without I/O: transactions, dialogs, offer and answer.
//!
//! An [`Endpoint`] takes datagrams and stream bytes with the time, and gives back what to send and what happened.

mod words;

pub use words::{
    CallId, Codec, Command, Config, ConnectionId, Direction, Event, Flow, Hangup, Incoming,
    MediaOffer, Output, Protocol, Trunk,
};
