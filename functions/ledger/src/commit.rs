//! The answer to one message: its effect and what goes out, together or not at all.
use konf_api::ledger::{Outcome, Proposal};

use crate::Ledger;
use crate::error::Result;

impl Ledger {
    pub async fn commit(&self, proposal: &Proposal, policies: &str) -> Result<Outcome> {
        let _ = (proposal, policies);
        todo!()
    }
}
