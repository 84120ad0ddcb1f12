//! Messages in.
use konf_api::ledger::{InboundMessage, InboundStored};

use crate::Ledger;
use crate::error::Result;

impl Ledger {
    /// Stores a message; a copy of one that was stored before gives that one.
    pub async fn inbound(&self, message: &InboundMessage) -> Result<InboundStored> {
        let _ = message;
        todo!()
    }
    /// Messages that came at least `older_than_ms` ago and have no answer, the oldest first.
    pub async fn unanswered(
        &self,
        older_than_ms: i64,
        limit: u32,
    ) -> Result<Vec<(InboundStored, InboundMessage)>> {
        let _ = (older_than_ms, limit);
        todo!()
    }
}
