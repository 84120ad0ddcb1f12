//! What time takes back.
use serde::Serialize;

use crate::Ledger;
use crate::error::Result;

/// How much [`Ledger::expire`] took back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Expired {
    /// Held offers whose time was over.
    pub offers: u32,
    /// Seats held for callers who did not come back.
    pub held_seats: u32,
    /// Extensions of rooms that stayed empty.
    pub extensions: u32,
    /// Bookings whose end has passed.
    pub ended: u32,
    /// Bookings and messages whose secrets were erased.
    pub credentials: u32,
}

impl Ledger {
    /// Idempotent; call it every minute or so.
    pub async fn expire(&self) -> Result<Expired> {
        todo!()
    }
}
