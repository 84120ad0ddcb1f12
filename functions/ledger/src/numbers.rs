//! Numbers for Prometheus: what was answered since the process started, and what waits now.

use std::sync::atomic::{AtomicU64, Ordering};

use konf_api::ledger::{Effect, Outcome};

use crate::Ledger;
use crate::error::Result;
use crate::requests::RequestCounts;
use crate::words::Columns;

/// What became of messages in and of what operators did, by name, in the order of [`Tally`].
const OUTCOMES: [&str; 14] = [
    "answered",
    "booked",
    "offer-taken",
    "offered",
    "cancelled",
    "changed",
    "requested",
    "approved",
    "settled",
    "dedicated",
    "dedicated-cancelled",
    "repeated",
    "moved",
    "over-budget",
];

#[derive(Debug, Default)]
pub(crate) struct Tally([AtomicU64; OUTCOMES.len()]);

impl Tally {
    pub(crate) fn count(&self, effect: &Effect, outcome: &Outcome) {
        let at = match (outcome, effect) {
            (Outcome::Committed { .. }, effect) => match effect {
                Effect::Answer => 0,
                Effect::Book(_) => 1,
                Effect::TakeOffer { .. } => 2,
                Effect::HoldOffers { .. } => 3,
                Effect::Cancel { .. } => 4,
                Effect::Change { .. } => 5,
                Effect::Enqueue { .. } => 6,
                Effect::Approve { .. } => 7,
                Effect::Settle { .. } => 8,
                Effect::Dedicate(_) => 9,
                Effect::CancelDedicated { .. } => 10,
            },
            (Outcome::Repeated, _) => 11,
            (Outcome::Moved(_), _) => 12,
            (Outcome::OverBudget, _) => 13,
        };
        self.0[at].fetch_add(1, Ordering::Relaxed);
    }
}

/// As they stand at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// Name and count of each outcome of a commit, since the ledger was opened.
    pub outcomes: Vec<(&'static str, u64)>,
    /// Conferences that are booked and not over.
    pub booked_ahead: u32,
    /// Messages in that have no answer yet.
    pub unanswered: u32,
    /// Messages out that wait or are being sent, and how long the oldest has waited in milliseconds.
    pub waiting: u32,
    pub waiting_ms: i64,
    /// Messages out that were given up, until an operator tries or drops them.
    pub dead: u32,
    pub requests: RequestCounts,
    /// Legs that have no price yet.
    pub unrated: u32,
}

impl Ledger {
    pub async fn numbers(&self) -> Result<Numbers> {
        let requests = self.request_counts().await?;
        let mut tx = self.store().read().await?;
        let now = self.now();
        let row = sqlx::query(
            "SELECT (SELECT count(*) FROM booking WHERE state = 'booked' AND end_ms > $1) AS ahead,
                 (SELECT count(*) FROM inbound
                  WHERE answered_ms IS NULL AND message IS NOT NULL) AS unanswered,
                 (SELECT count(*) FROM outbox WHERE state IN ('waiting', 'sending')) AS waiting,
                 (SELECT coalesce($1 - min(created_ms), 0) FROM outbox
                  WHERE state IN ('waiting', 'sending')) AS waiting_ms,
                 (SELECT count(*) FROM outbox WHERE state = 'dead') AS dead,
                 (SELECT count(*) FROM record WHERE unrated = 1) AS unrated",
        )
        .bind(now.0)
        .fetch_one(&mut *tx)
        .await?;
        let counts = self.inner.tally.0.iter().map(|count| count.load(Ordering::Relaxed));
        Ok(Numbers {
            outcomes: OUTCOMES.into_iter().zip(counts).collect(),
            booked_ahead: row.count("ahead")?,
            unanswered: row.count("unanswered")?,
            waiting: row.count("waiting")?,
            waiting_ms: row.value::<i64>("waiting_ms")?.max(0),
            dead: row.count("dead")?,
            requests,
            unrated: row.count("unrated")?,
        })
    }
}
