//! Secure RTP with keys from SDP (RFC 3711, RFC 4568).

mod keys;

pub use keys::{SrtpKeys, SrtpSuite};
