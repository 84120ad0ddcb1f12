//! Seats per edge and minute.
use crate::Ledger;
use crate::error::Result;

impl Ledger {
    pub(crate) async fn set_edges(&self) -> Result<()> {
        todo!()
    }
}
