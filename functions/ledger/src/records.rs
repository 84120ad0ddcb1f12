//! What edges report.
use konf_contract::ConferenceNumber;
use konf_contract::link::{Hello, RecordAck, RecordBatch};

use crate::Ledger;
use crate::error::Result;

/// What the ledger knows of an edge that said hello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelloNoted {
    /// Records of this boot are committed through this one; 0 for none.
    pub through: u64,
    /// Seats of the edge's former boots that were released.
    pub released: u32,
    /// Seats that the settings give the edge; a warning is due when the edge says it holds fewer.
    pub seats: u32,
}

/// A cancelled or ended booking that still has people in its room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomToClose {
    pub edge: String,
    pub conference: ConferenceNumber,
    pub booking: String,
}

impl Ledger {
    /// A start of an edge: seats of its former starts go back. [`crate::LedgerError::Invalid`] for an unknown edge.
    pub async fn edge_hello(&self, hello: &Hello) -> Result<HelloNoted> {
        let _ = hello;
        todo!()
    }
    /// Applies records, each once; answered after the commit. [`crate::LedgerError::Gap`] when records are missing:
    /// those before the gap are committed.
    pub async fn apply_records(&self, batch: &RecordBatch) -> Result<RecordAck> {
        let _ = batch;
        todo!()
    }
    /// Rooms of cancelled bookings in which people still are: control closes them.
    pub async fn rooms_to_close(&self, limit: u32) -> Result<Vec<RoomToClose>> {
        let _ = limit;
        todo!()
    }
}
