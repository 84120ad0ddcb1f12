//! Takes orders by e-mail: SMTP (RFC 5321) or LMTP (RFC 2033) for one address, the order address.
//!
//! [`session`] is the conversation, without I/O or clock; [`listener`] the sockets, clocks and limits; what has come is
//! `order`'s to read ([`inbox`]). A message is acknowledged once it is stored. Nothing is relayed: whatever is for another
//! address is refused at `RCPT`.

pub mod inbox;
pub mod listener;
pub mod session;

mod data;
