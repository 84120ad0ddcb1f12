//! Who may not order.
use konf_api::ledger::Sender;
use konf_contract::UnixMs;
use serde::Serialize;

use crate::Ledger;
use crate::error::Result;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestrictionLine {
    pub sender: Sender,
    pub reason: String,
    pub until: Option<UnixMs>,
    pub since: UnixMs,
    pub by: String,
}

impl Ledger {
    /// Takes effect at once: no order of `sender` commits after this returns. Replaces an earlier restriction.
    pub async fn restrict(
        &self,
        sender: &Sender,
        reason: &str,
        until: Option<UnixMs>,
        by: &str,
    ) -> Result<()> {
        let _ = (sender, reason, until, by);
        todo!()
    }
    /// False when there was none.
    pub async fn unrestrict(&self, sender: &Sender, by: &str) -> Result<bool> {
        let _ = (sender, by);
        todo!()
    }
    pub async fn restrictions(&self) -> Result<Vec<RestrictionLine>> {
        todo!()
    }
}
