//! What a function can't compute: the ledger, the other functions, the policy, randomness.

use std::future::Future;

use konf_api::ledger::OutboxMessage;
use konf_api::render::RenderRequest;
use konf_contract::keys::KeyAction;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::admit::{PolicyFacts, Verdict};
use crate::extend::ExtensionPolicyFacts;
use crate::keys::KeysPolicyFacts;
use crate::offers::{Alternative, OffersPolicyFacts};
use crate::place::PlacementPolicyFacts;

/// Why an answer could not be had. All of it may be tried again by whoever asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    #[error("{0} cannot be reached")]
    Unreachable(String),
    #[error("{callee} answered with status {status}")]
    Refused { callee: String, status: u16 },
    #[error("the answer of {0} is not understood")]
    Malformed(String),
    #[error("the facts moved in each of {} rounds", crate::ROUNDS_MAX)]
    Moving,
}

/// Implemented over HTTP and WIT in the component, over values in tests.
pub trait Outside {
    /// One call of the ledger's HTTP interface (`konf_api::ledger`), such as `/v1/commit`.
    fn ledger<Q: Serialize, A: DeserializeOwned>(
        &self,
        path: &'static str,
        question: &Q,
    ) -> impl Future<Output = Result<A, CallError>>;

    /// The messages that tell a sender what became of the order, written by `credentials`.
    fn render(
        &self,
        request: &RenderRequest,
    ) -> impl Future<Output = Result<Vec<OutboxMessage>, CallError>>;

    /// The admission policy of this deployment.
    fn admission_policy(&self, facts: &PolicyFacts) -> Verdict;

    /// The extension policy of this deployment: minutes, or none.
    fn extension_policy(&self, facts: &ExtensionPolicyFacts) -> Option<u32>;

    /// The offers policy of this deployment: the best first.
    fn offers_policy(&self, facts: &OffersPolicyFacts) -> Vec<Alternative>;

    /// The placement policy of this deployment: the name of an edge.
    fn placement_policy(&self, facts: &PlacementPolicyFacts) -> String;

    /// The keys policy of this deployment: sequences and what they do, good or not.
    fn keys_policy(&self, facts: &KeysPolicyFacts) -> Vec<(String, KeyAction)>;

    /// Says in the log what somebody has to mend.
    fn warn(&self, what: &str);

    /// 64 bits that nobody can guess.
    fn random(&self) -> u64;
}
