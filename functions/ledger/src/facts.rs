//! What a component may ask before it proposes.
use konf_api::ledger::{
    BookingFacts, BookingQuestion, OffersFacts, OffersQuestion, OrderFacts, OrderQuestion,
};

use crate::Ledger;
use crate::error::Result;

impl Ledger {
    pub async fn order_facts(&self, question: &OrderQuestion) -> Result<OrderFacts> {
        let _ = question;
        todo!()
    }
    pub async fn offers_facts(&self, question: &OffersQuestion) -> Result<OffersFacts> {
        let _ = question;
        todo!()
    }
    pub async fn booking_facts(&self, question: &BookingQuestion) -> Result<BookingFacts> {
        let _ = question;
        todo!()
    }
}
