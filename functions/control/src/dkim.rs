//! DKIM (RFC 6376): what goes out is signed, what comes in is looked at. Both by `ring`, which TLS has anyway.

pub mod verify;

mod canonical;
mod sign;

pub use sign::Signer;
