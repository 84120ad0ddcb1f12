//! The whole way on real parts: orders come over HTTP, messages leave by HTTP and SMTP, phones call over SIP.

mod api;
mod calling;
mod crashing;
mod desk;
mod mailing;
mod ordering;
mod portal;
mod signalling;
mod smpp;
mod support;
