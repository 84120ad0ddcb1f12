//! Who may enter: facts, wrong tries, seats.
use konf_api::ledger::{AdmissionFacts, AdmissionOutcome, AdmissionProposal, AdmissionQuestion};

use crate::Ledger;
use crate::error::Result;

impl Ledger {
    pub async fn admission_facts(&self, question: &AdmissionQuestion) -> Result<AdmissionFacts> {
        let _ = question;
        todo!()
    }
    /// `policies` is what the host stamped ([`konf_api::ledger::POLICY_HEADER`]); empty when composed.
    pub async fn admit(
        &self,
        proposal: &AdmissionProposal,
        policies: &str,
    ) -> Result<AdmissionOutcome> {
        let _ = (proposal, policies);
        todo!()
    }
}
