//! Prices of legs, statements.
use konf_api::ledger::{
    RatedLeg, RatingOutcome, RatingProposal, StatementFacts, StatementQuestion,
};

use crate::Ledger;
use crate::error::Result;

impl Ledger {
    pub async fn rate(&self, proposal: &RatingProposal, policies: &str) -> Result<RatingOutcome> {
        let _ = (proposal, policies);
        todo!()
    }
    /// Legs without a price, those handed out least often first, so that one that cannot be rated holds up no other.
    pub async fn unrated(&self, limit: u32) -> Result<Vec<RatedLeg>> {
        let _ = limit;
        todo!()
    }
    pub async fn statement_facts(&self, question: &StatementQuestion) -> Result<StatementFacts> {
        let _ = question;
        todo!()
    }
}
