//! The decision log.
use konf_contract::UnixMs;
use serde::Serialize;

use crate::Ledger;
use crate::error::Result;

/// One decision; `input` and `output` are JSON without numbers of people or secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionLine {
    pub at: UnixMs,
    /// `order`, `admission`, `extension` or `rating`.
    pub kind: String,
    /// Booking, record or message that it is about.
    pub subject: String,
    pub policies: String,
    pub input: serde_json::Value,
    pub output: serde_json::Value,
}

impl Ledger {
    /// The latest `limit` decisions, of one kind or of all, the newest first.
    pub async fn decisions(&self, kind: Option<&str>, limit: u32) -> Result<Vec<DecisionLine>> {
        let _ = (kind, limit);
        todo!()
    }
}
