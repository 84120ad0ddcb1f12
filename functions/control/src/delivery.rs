//! Takes what is due from the outbox and delivers it: SMS by a gateway's HTTP interface, e-mail by SMTP.
//!
//! At least once: a message is doubled only when its outcome is unknown. How long to wait before the next attempt is
//! [`retry_after_ms`]; after the last one it is a dead letter that `konf outbox` shows.

pub mod mail;
pub mod sms;

use konf_contract::UnixMs;

/// Why a delivery did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The message itself is refused; trying again would not help.
    #[error("refused: {0}")]
    Refused(String),
    /// Nothing was taken over; try again.
    #[error("not reached: {0}")]
    NotReached(String),
    /// The connection broke after the message had been sent: it may have been taken over.
    #[error("outcome unknown: {0}")]
    Unknown(String),
}

/// Quick at first, since most outages are short; 24 hours in all, since credentials that come later are of no use.
const BACKOFF_S: [i64; 10] = [5, 15, 60, 300, 900, 3600, 7200, 14_400, 21_600, 36_000];

/// When attempt number `attempt` (from 1) has failed: how long until the next one; `None`: no more.
pub fn retry_at(now: UnixMs, attempt: u32, failure: &Failure) -> Option<UnixMs> {
    if matches!(failure, Failure::Refused(_)) {
        return None;
    }
    let index = usize::try_from(attempt.saturating_sub(1)).ok()?;
    BACKOFF_S.get(index).map(|seconds| now.plus_ms(seconds * 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_message_is_a_dead_letter_at_once() {
        assert_eq!(retry_at(UnixMs(0), 1, &Failure::Refused("bad number".into())), None);
    }

    #[test]
    fn a_gateway_that_is_down_is_tried_again_later_and_later_and_then_no_more() {
        let down = Failure::NotReached("connection refused".into());
        let waits: Vec<_> = (1..=11).map(|attempt| retry_at(UnixMs(0), attempt, &down)).collect();
        assert!(waits[..10].windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(waits[10], None);
    }
}
