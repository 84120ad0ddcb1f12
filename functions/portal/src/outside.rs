//! What the pages can't compute: the ledger, the other functions, randomness.

use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callee {
    Ledger,
    Order,
    Schedule,
    Credentials,
    Billing,
}

/// Why an answer could not be had. It may be tried again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    #[error("{0:?} cannot be reached")]
    Unreachable(Callee),
    #[error("{callee:?} answered {path} with status {status}")]
    Refused { callee: Callee, path: String, status: u16 },
    #[error("the answer of {0:?} is not understood")]
    Malformed(Callee),
}

/// Implemented over HTTP in the component, over values in tests.
pub trait Outside {
    fn call<Q: Serialize, A: DeserializeOwned>(
        &self,
        callee: Callee,
        path: &str,
        question: &Q,
    ) -> impl Future<Output = Result<A, CallError>>;

    /// 256 bits that nobody can guess.
    fn random(&self) -> [u8; 32];
}
