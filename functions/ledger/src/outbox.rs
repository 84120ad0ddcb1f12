//! Messages out.
use konf_api::ledger::OutboxMessage;
use konf_contract::UnixMs;

use crate::Ledger;
use crate::error::Result;

/// A message that the caller has claimed and must now send and settle with [`Ledger::outbox_sent`],
/// [`Ledger::outbox_failed`] or [`Ledger::outbox_unknown`]; unsettled it comes again after the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxItem {
    pub id: String,
    /// From 1.
    pub attempt: u32,
    pub message: OutboxMessage,
    /// The same at every attempt.
    pub idempotency_key: String,
}

impl Ledger {
    /// Claims messages that are due, the longest due first.
    pub async fn outbox_due(&self, limit: u32) -> Result<Vec<OutboxItem>> {
        let _ = limit;
        todo!()
    }
    /// The gateway took it.
    pub async fn outbox_sent(&self, id: &str, gateway_id: Option<&str>) -> Result<()> {
        let _ = (id, gateway_id);
        todo!()
    }
    /// The gateway did not take it: tried again at `retry_at`, or a dead letter when absent.
    pub async fn outbox_failed(
        &self,
        id: &str,
        error: &str,
        retry_at: Option<UnixMs>,
    ) -> Result<()> {
        let _ = (id, error, retry_at);
        todo!()
    }
    /// Nobody knows whether the gateway took it (no answer): as [`Ledger::outbox_failed`], and the error says so.
    pub async fn outbox_unknown(
        &self,
        id: &str,
        error: &str,
        retry_at: Option<UnixMs>,
    ) -> Result<()> {
        let _ = (id, error, retry_at);
        todo!()
    }
}
