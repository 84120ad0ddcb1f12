//! Value added tax by date (FIELD.md, section 4).
//!
//! To change the rate: add a row with its first day; statements of earlier conferences keep theirs.

use jiff::civil::{Date, date};

use crate::money::divide_half_up;

/// The standard Czech rate in whole percent, from the named day on; newest first.
const RATES: [(Date, u32); 2] = [(date(2013, 1, 1), 21), (date(2010, 1, 1), 20)];

/// The rate of a day in whole percent. Days before the table have the rate of its first row.
pub fn percent(day: Date) -> u32 {
    let row = RATES.iter().find(|(from, _)| day >= *from).or(RATES.last());
    row.map_or(0, |(_, percent)| *percent)
}

/// The tax on a base in hellers, rounded half up to a heller.
pub fn tax(base_hellers: i128, percent: u32) -> i128 {
    divide_half_up(base_hellers * i128::from(percent), 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_day() {
        assert_eq!(percent(date(2027, 7, 9)), 21);
        assert_eq!(percent(date(2013, 1, 1)), 21);
        assert_eq!(percent(date(2012, 12, 31)), 20);
        assert_eq!(percent(date(1999, 1, 1)), 20);
    }

    #[test]
    fn tax_is_rounded_half_up() {
        assert_eq!(tax(407, 21), 85);
        assert_eq!(tax(50, 21), 11);
        assert_eq!(tax(0, 21), 0);
    }
}
