//! Who is told of each call of a policy.

use crate::Digest;
use konf_api::policy::About;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Writes down what policies are asked and answer, such as a decision log.
pub trait Witness: Send + Sync {
    /// Told after each call, on the request's path: does not block.
    fn called(&self, call: Called);
}

/// One call of a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    /// Such as `konf:policy/tariff@1.0.0`.
    pub interface: Arc<str>,
    pub digest: Digest,
    pub part: Part,
    pub about: About,
    /// As the contract has it.
    pub input: Value,
    /// What it answered, or why it failed.
    pub output: Result<Value, String>,
    pub took: Duration,
}

/// Why this policy was asked and no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Active,
    /// The conference is in the canary's share, or was admitted by it.
    Canary,
    /// The conference was admitted by it, and it is neither active nor a canary any more.
    Pinned,
    /// Another one failed.
    Fallback,
}

impl Part {
    pub fn as_str(self) -> &'static str {
        match self {
            Part::Active => "active",
            Part::Canary => "canary",
            Part::Pinned => "pinned",
            Part::Fallback => "fallback",
        }
    }
}
