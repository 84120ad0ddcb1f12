//! PRODUCT.md, section 5: own mobile customers pay 4.00 CZK a minute without VAT, the whole first minute, then by the
//! second; everybody else is rated by their own operator, here as zero.

/// Units of an amount in one Czech crown: sixtieths of a thousandth of a heller (`wit/policy.wit`).
pub const PER_CZK: i64 = 6_000_000;

/// 4.00 CZK a minute (PRODUCT.md, section 5), by the second.
const PER_SECOND: i64 = 4 * PER_CZK / 60;

/// The whole first minute is billed (PRODUCT.md, section 5).
const BILLED_S_MIN: u32 = 60;

/// The network whose mobile customers are our own.
const OWN_NETWORK: &str = "o2-mobile";

/// The price of a leg without VAT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// In units of which [`PER_CZK`] make a crown.
    pub amount: i64,
    /// Seconds that were billed: none where nothing is charged.
    pub billed_s: u32,
    /// Stands on the statement.
    pub rule: &'static str,
}

/// What a leg of `duration_ms` from `network` costs.
///
/// Every started second counts as a whole one. A leg that lasted 0 ms was not answered and costs nothing.
pub fn rate(network: &str, mobile: bool, duration_ms: u64) -> Charge {
    if network != OWN_NETWORK || !mobile {
        return Charge { amount: 0, billed_s: 0, rule: "other-network" };
    }
    let billed_s = match started_seconds(duration_ms) {
        0 => 0,
        seconds => seconds.max(BILLED_S_MIN),
    };
    Charge { amount: i64::from(billed_s) * PER_SECOND, billed_s, rule: "own-mobile" }
}

/// Whole seconds, rounded up; 136 years at most.
fn started_seconds(duration_ms: u64) -> u32 {
    u32::try_from(duration_ms.div_ceil(1000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
