//! How many messages may leave within an hour (RELIABILITY.md, row 9): who orders from numbers that are invented or
//! other people's makes Konf pay for messages, or pester.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use konf_api::ledger::OutboxMessage;
use konf_contract::UnixMs;
use sqlx::SqliteConnection;

use crate::error::Result;
use crate::outbox;
use crate::words::{Columns, to_json};

/// Messages out, each part of an SMS counted, that are written within any hour. Beyond it an order is stored and gets no
/// answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// To one number or address.
    pub per_recipient: u32,
    /// To all together; [`u32::MAX`] is not counted.
    pub total: u32,
}

impl Default for Budget {
    /// Whoever tries for an hour, a message every other minute, gets answers of two parts at most: 60. A thousand orders
    /// an hour are far above what 400 seats take.
    fn default() -> Self {
        Budget { per_recipient: 60, total: 2_000 }
    }
}

/// What is spent, if `messages` would go beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spent {
    Recipient,
    Total,
}

/// In the transaction that writes the messages, so that no race goes beyond the budget.
pub(crate) async fn spent(
    tx: &mut SqliteConnection,
    budget: Budget,
    messages: &[OutboxMessage],
    now: UnixMs,
) -> Result<Option<Spent>> {
    if messages.is_empty() {
        return Ok(None);
    }
    for (at, message) in messages.iter().enumerate() {
        if messages[..at].iter().any(|before| before.recipient == message.recipient) {
            continue;
        }
        let row = sqlx::query(
            "SELECT
                 CASE WHEN $3 THEN (SELECT count(*) FROM outbox WHERE created_ms > $2) ELSE 0 END
                     AS in_all,
                 (SELECT count(*) FROM outbox WHERE recipient = $1 AND created_ms > $2) AS to_it",
        )
        .bind(to_json(&message.recipient)?)
        .bind(now.0.saturating_sub(crate::HOUR))
        .bind(budget.total < u32::MAX)
        .fetch_one(&mut *tx)
        .await?;
        if goes_beyond(row.value("in_all")?, messages.iter(), budget.total) {
            return Ok(Some(Spent::Total));
        }
        let to_it = messages.iter().filter(|other| other.recipient == message.recipient);
        if goes_beyond(row.value("to_it")?, to_it, budget.per_recipient) {
            return Ok(Some(Spent::Recipient));
        }
    }
    Ok(None)
}

fn goes_beyond<'a>(
    written: i64,
    messages: impl Iterator<Item = &'a OutboxMessage>,
    limit: u32,
) -> bool {
    let new: usize = messages.map(|message| outbox::rows(&message.body)).sum();
    written.saturating_add(new as i64) > i64::from(limit)
}

/// Alarms at most once a minute: the log must not be what a flood fills.
#[derive(Default)]
pub(crate) struct Alarm {
    next_ms: AtomicI64,
    silent: AtomicU64,
}

const ALARM_EVERY_MS: i64 = UnixMs::MINUTE;

impl Alarm {
    pub(crate) fn ring(&self, spent: Spent, budget: Budget, now: UnixMs) {
        if let Some(unanswered) = self.due(now) {
            tracing::warn!(
                ?spent,
                ?budget,
                unanswered,
                "the budget of messages out is spent: orders are stored and get no answer"
            );
        }
    }

    /// How many it is about, when it is time to say it.
    fn due(&self, now: UnixMs) -> Option<u64> {
        let silent = self.silent.fetch_add(1, Ordering::Relaxed) + 1;
        if now.0 < self.next_ms.load(Ordering::Relaxed) {
            return None;
        }
        self.next_ms.store(now.0.saturating_add(ALARM_EVERY_MS), Ordering::Relaxed);
        self.silent.fetch_sub(silent, Ordering::Relaxed);
        Some(silent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alarm_rings_once_a_minute_and_says_how_many_it_is_about() {
        let alarm = Alarm::default();
        assert_eq!(alarm.due(UnixMs(1_000)), Some(1));
        assert_eq!(alarm.due(UnixMs(2_000)), None);
        assert_eq!(alarm.due(UnixMs(60_999)), None);
        assert_eq!(alarm.due(UnixMs(61_000)), Some(3));
        assert_eq!(alarm.due(UnixMs(61_001)), None);
    }
}
