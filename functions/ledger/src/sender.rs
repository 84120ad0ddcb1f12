//! What is known of a sender who orders: how often, and whether an operator has restricted it.

use konf_api::ledger::{Sender, SenderFacts, SenderQuestion};
use sha2::{Digest, Sha256};

use crate::Ledger;
use crate::error::Result;
use crate::restriction;
use crate::words::Columns;

/// Of a pseudonym: no two of a million senders share one but by chance of one in 40 million.
const PSEUDONYM_BYTES: usize = 8;

impl Ledger {
    pub async fn sender_facts(&self, question: &SenderQuestion) -> Result<SenderFacts> {
        let now = self.now();
        let [hour, day] = [crate::HOUR, crate::DAY].map(|ms| now.0.saturating_sub(ms));
        let row = sqlx::query(
            "SELECT
                 (SELECT count(*) FROM inbound WHERE sender_key = $1 AND received_ms > $2)
                     AS messages_hour,
                 (SELECT count(*) FROM inbound WHERE sender_key = $1 AND received_ms > $3)
                     AS messages_day,
                 (SELECT count(*) FROM booking WHERE sender_key = $1 AND created_ms > $2
                      AND dedicated IS NULL) AS booked_hour,
                 (SELECT count(*) FROM booking WHERE sender_key = $1 AND created_ms > $3
                      AND dedicated IS NULL) AS booked_day,
                 (SELECT count(*) FROM booking WHERE sender_key = $1 AND end_ms > $4
                      AND state = 'booked' AND dedicated IS NULL) AS booked_ahead,
                 r.sender_key IS NOT NULL AS is_restricted, r.reason, r.until_ms
             FROM (SELECT 1) LEFT JOIN restriction r
                 ON r.sender_key = $1 AND (r.until_ms IS NULL OR r.until_ms > $4)",
        )
        .bind(question.sender.key())
        .bind(hour)
        .bind(day)
        .bind(now.0)
        .fetch_one(self.store().readers())
        .await?;
        let is_restricted = row.value::<bool>("is_restricted")?;
        Ok(SenderFacts {
            now,
            restriction: is_restricted.then(|| restriction::of_row(&row, "reason")).transpose()?,
            pseudonym: self.pseudonym(&question.sender),
            messages_hour: row.count("messages_hour")?,
            messages_day: row.count("messages_day")?,
            booked_hour: row.count("booked_hour")?,
            booked_day: row.count("booked_day")?,
            booked_ahead: row.count("booked_ahead")?,
        })
    }

    /// The same for the same sender as long as the ledger's token is the same; nobody without the token can find out whose
    /// it is by trying all numbers.
    fn pseudonym(&self, sender: &Sender) -> String {
        let token = Sha256::digest(self.settings().token.as_bytes());
        let digest = Sha256::new().chain_update(token).chain_update(sender.key()).finalize();
        digest.iter().take(PSEUDONYM_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }
}
