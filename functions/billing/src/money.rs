//! Rounding and showing amounts (PRODUCT.md, section 5: integers, rounded once, half up).

use konf_api::ledger::Amount;

/// Decimals of a crown on a statement's line: 61 s are 4.0667 CZK.
pub const LINE_DECIMALS: u32 = 4;
/// Decimals of a sum: whole hellers.
pub const SUM_DECIMALS: u32 = 2;

/// An exact sum of [`Amount`]s, in the same unit; wide enough for any number of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum(i128);

impl Sum {
    pub fn add(&mut self, amount: Amount) {
        self.0 += i128::from(amount.0);
    }

    /// In units of `10^-decimals` CZK, rounded half up.
    pub fn rounded(self, decimals: u32) -> i128 {
        divide_half_up(self.0, i128::from(Amount::PER_CZK) / 10_i128.pow(decimals))
    }
}

impl From<Amount> for Sum {
    fn from(amount: Amount) -> Self {
        Sum(i128::from(amount.0))
    }
}

/// `value / by`, where a half goes up (towards plus infinity).
pub fn divide_half_up(value: i128, by: i128) -> i128 {
    (2 * value + by).div_euclid(2 * by)
}

/// Units of `10^-decimals` as a decimal number: `4.0667`, `-0.05`.
pub fn decimal(units: i128, decimals: u32) -> String {
    let one = 10_u128.pow(decimals);
    let sign = if units < 0 { "-" } else { "" };
    let (whole, part) = (units.unsigned_abs() / one, units.unsigned_abs() % one);
    format!("{sign}{whole}.{part:0width$}", width = decimals as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(amount: i64) -> String {
        decimal(Sum::from(Amount(amount)).rounded(LINE_DECIMALS), LINE_DECIMALS)
    }

    #[test]
    fn a_line_is_rounded_half_up_to_four_decimals() {
        assert_eq!(line(24_400_000), "4.0667");
        assert_eq!(line(280 * Amount::PER_CZK), "280.0000");
        assert_eq!(line(299), "0.0000");
        assert_eq!(line(300), "0.0001");
        assert_eq!(line(-300), "0.0000");
        assert_eq!(line(-301), "-0.0001");
    }

    #[test]
    fn a_sum_is_exact_until_it_is_shown() {
        let mut sum = Sum::default();
        for _ in 0..3 {
            sum.add(Amount(24_400_000));
        }
        // 3 x 4.06666… is 12.20, while three rounded lines would make 12.2001.
        assert_eq!(decimal(sum.rounded(LINE_DECIMALS), LINE_DECIMALS), "12.2000");
        assert_eq!(decimal(sum.rounded(SUM_DECIMALS), SUM_DECIMALS), "12.20");
    }

    #[test]
    fn the_largest_amounts_do_not_overflow() {
        let mut sum = Sum::default();
        for _ in 0..1_000 {
            sum.add(Amount(i64::MAX));
        }
        assert_eq!(decimal(sum.rounded(SUM_DECIMALS), SUM_DECIMALS), "1537228672809129.30");
    }
}
