//! SIP and SDP without I/O: transactions, dialogs, offer and answer, as a server that takes calls needs them.
//!
//! An [`Endpoint`] takes datagrams and stream octets with the time, and gives back what to send and what happened.
//!
//! # Law of use
//!
//! 1. Hand in whatever comes (`handle_*`), with the present instant.
//! 2. After each of them take all of [`Endpoint::poll_output`]: it is the only thing here that grows with what comes in.
//! 3. Wait until [`Endpoint::poll_timeout`] at most, then call [`Endpoint::handle_timeout`], then go to 2.
//!
//! Each [`Event::Incoming`] wants one [`Command::Answer`] or [`Command::Reject`] and is followed by exactly one
//! [`Event::Ended`], whatever ends the call, a rejection included. Commands for calls that have ended are ignored.
//!
//! An INVITE without SDP is taken too: its [`Incoming::offer`] names port 0 of no address and is inactive, our answer
//! makes the offer, and [`Event::MediaChanged`] brings the peer's side with the ACK, before [`Event::Confirmed`].
//!
//! ```
//! use std::time::Instant;
//! use konf_sip::{Command, Config, Endpoint, Event, Output};
//!
//! fn turn(endpoint: &mut Endpoint, now: Instant, media: std::net::SocketAddr) {
//!     endpoint.handle_timeout(now);
//!     while let Some(output) = endpoint.poll_output() {
//!         match output {
//!             Output::Send { flow: _, bytes: _ } => { /* to the socket or connection of the flow */ }
//!             Output::Close { connection: _ } => { /* no more octets either way */ }
//!             Output::Event(Event::Incoming(call)) => {
//!                 endpoint.handle_command(now, Command::Answer { call: call.call, media });
//!             }
//!             Output::Event(_) => {}
//!         }
//!     }
//! }
//! # let advertised = "192.0.2.1:5060".parse().unwrap();
//! # let config = Config { advertised, advertised_tls: advertised, product: "doc".into(), served_users: vec![], trunks: vec![], calls_max: 1, stranger_calls_per_second: 20, phones: vec![],
//! #     phones_required: false, phones_md5_only: false, realm: "doc".into(), nonce_key: [1; 32].into(), codecs: vec![], srtp: Default::default(), srtp_seed: [2; 32].into(), seed: 1 };
//! # #[expect(clippy::disallowed_methods, reason = "the shell of this example")]
//! # turn(&mut Endpoint::new(config), Instant::now(), advertised);
//! ```
//!
//! # Strangers
//!
//! Whoever calls from no trunk's address is a stranger. Each address has an allowance of messages and of calls (`guard`);
//! what is beyond it is dropped unread or refused without state. Over UDP a stranger may be somebody else: until a message
//! comes that knows our tag it gets at most two octets for each of its own, no 100 when the answer comes at once, and 8 s.
//!
//! All calls without an ACK get half of the room; the rest is for trunks, for phones that have proved who they are, and for
//! addresses that have acknowledged a call within a day.
//!
//! With [`Config::phones_required`] an INVITE that comes from no trunk has to prove that it is one of `Config::phones`
//! (`digest`, `phone`), and nothing is kept of one that doesn't. We never answer a challenge, follow no redirection, and ask
//! nothing but BYE and what refreshes a session.
//!
//! # Why all of it is our own
//!
//! `rsipstack` holds 46 kB for 80 s for each half-open INVITE; here it is about 4 kB for 32 s, and nothing for what is
//! refused. Its parser alone can't be had without async machinery and digests, and would still need every check of
//! `message` in front of it. SDP is read by `sdp-types`, after counting its lines.
//!
//! # Where things are
//!
//! `frame` cuts streams, `message`, `request` and `value` read and check, `reply` writes responses and `client` requests,
//! `endpoint` sorts, `invite`, `ack`, `dialog`, `session` and `bye` hold the machines, `call` their state, `guard` what
//! strangers may ask, `media`, `negotiate` and `sdp` what is agreed, `identity` who calls, `timer` the clock and `limits`
//! every number. A new method needs a variant of `request::Method`, a word in its `ALLOW`, and an arm
//! in `Endpoint::request` (outside of calls) or `Endpoint::dispatch` (inside).

mod ack;
mod bye;
mod call;
mod client;
mod connection;
mod counters;
mod dialog;
mod digest;
mod endpoint;
mod frame;
mod guard;
mod identity;
mod invite;
mod limits;
mod media;
mod message;
mod negotiate;
mod phone;
mod reply;
mod request;
mod sdp;
mod session;
mod timer;
#[cfg(test)]
mod torture;
mod value;
mod words;

pub use counters::Counters;
pub use digest::Phone;
pub use endpoint::Endpoint;
pub use media::{Codec, Crypto, Direction, MediaOffer, OpusWishes, Rtcp, Srtp, SrtpKey, Suite};
pub use words::{
    CallId, Command, Config, ConnectionId, Event, Flow, Hangup, Incoming, Output, Protocol, Seed,
    Trunk,
};
