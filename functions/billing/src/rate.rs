//! From a finished leg to its price.

use konf_api::ledger::{Amount, RatingProposal};
use konf_api::rating::RateRequest;
use konf_contract::link::LegLeft;

/// What the policy is asked: the record `leg` of the interface `tariff` in `wit/policy.wit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyLeg {
    pub network: String,
    pub mobile: bool,
    pub answered_ms: i64,
    pub duration_ms: u64,
}

/// What the policy answers: the record `charge` there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    pub amount: i64,
    pub billed_s: u32,
    pub rule: String,
}

/// A policy's answer that can't stand on a bill. The leg stays unrated until another policy is in place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCharge {
    #[error("the tariff asks for a negative amount")]
    Negative,
    #[error("the tariff names its rule by something else than 1 to 64 letters, digits and dashes")]
    Rule,
}

/// Rules are named by at most so many characters (`wit/policy.wit`).
const RULE_LENGTH_MAX: usize = 64;

pub fn policy_leg(leg: &LegLeft) -> PolicyLeg {
    PolicyLeg {
        network: leg.caller.network.clone(),
        mobile: leg.caller.mobile,
        answered_ms: leg.answered.0,
        duration_ms: leg.duration_ms,
    }
}

/// What is proposed to the ledger. A policy may come from elsewhere, so its answer is checked.
pub fn proposal(request: &RateRequest, charge: Charge) -> Result<RatingProposal, BadCharge> {
    if charge.amount < 0 {
        return Err(BadCharge::Negative);
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if !(1..=RULE_LENGTH_MAX).contains(&charge.rule.len()) || !charge.rule.bytes().all(plain) {
        return Err(BadCharge::Rule);
    }
    Ok(RatingProposal {
        record: request.record.clone(),
        amount: Amount(charge.amount),
        billed_s: charge.billed_s,
        rule: charge.rule,
    })
}

#[cfg(test)]
mod tests;
