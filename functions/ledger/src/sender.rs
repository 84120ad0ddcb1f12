//! What is known of a sender who orders: how often, and whether an operator has restricted it.

use konf_api::ledger::{Sender, SenderFacts, SenderQuestion};
use sha2::{Digest, Sha256};
use sqlx::SqliteConnection;

use crate::Ledger;
use crate::error::{LedgerError, Result};
use crate::restriction::restriction_of;

/// Of a pseudonym: no two of a million senders share one but by chance of one in 40 million.
const PSEUDONYM_BYTES: usize = 8;

impl Ledger {
    pub async fn sender_facts(&self, question: &SenderQuestion) -> Result<SenderFacts> {
        let mut tx = self.store().read().await?;
        let now = self.now();
        let key = question.sender.key();
        let [hour, day] = [crate::HOUR, crate::DAY].map(|ms| now.0.saturating_sub(ms));
        let messages = "SELECT count(*) FROM inbound WHERE sender_key = $1 AND received_ms > $2";
        let booked = "SELECT count(*) FROM booking WHERE sender_key = $1 AND created_ms > $2";
        let ahead = "SELECT count(*) FROM booking
             WHERE sender_key = $1 AND end_ms > $2 AND state = 'booked'";
        Ok(SenderFacts {
            now,
            restriction: restriction_of(&mut tx, &question.sender, now).await?,
            pseudonym: self.pseudonym(&question.sender),
            messages_hour: counted(&mut tx, messages, &key, hour).await?,
            messages_day: counted(&mut tx, messages, &key, day).await?,
            booked_hour: counted(&mut tx, booked, &key, hour).await?,
            booked_day: counted(&mut tx, booked, &key, day).await?,
            booked_ahead: counted(&mut tx, ahead, &key, now.0).await?,
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

async fn counted(
    tx: &mut SqliteConnection,
    sql: &'static str,
    sender_key: &str,
    after_ms: i64,
) -> Result<u32> {
    let count: i64 = sqlx::query_scalar(sql).bind(sender_key).bind(after_ms).fetch_one(tx).await?;
    u32::try_from(count).map_err(|_| LedgerError::Stored("a count"))
}
