//! Longer than booked.
use konf_api::ledger::{ExtensionFacts, ExtensionOutcome, ExtensionProposal, ExtensionQuestion};

use crate::Ledger;
use crate::error::Result;

impl Ledger {
    pub async fn extension_facts(&self, question: &ExtensionQuestion) -> Result<ExtensionFacts> {
        let _ = question;
        todo!()
    }
    pub async fn extend(
        &self,
        proposal: &ExtensionProposal,
        policies: &str,
    ) -> Result<ExtensionOutcome> {
        let _ = (proposal, policies);
        todo!()
    }
}
