use super::*;

fn own(duration_ms: u64) -> Charge {
    rate("o2-mobile", true, duration_ms)
}

#[test]
fn the_first_minute_is_billed_whole() {
    for duration_ms in [1, 999, 1_000, 1_001, 59_999, 60_000] {
        let charge = own(duration_ms);
        assert_eq!((charge.amount, charge.billed_s), (4 * PER_CZK, 60), "{duration_ms} ms");
    }
}

#[test]
fn after_the_first_minute_every_started_second_counts() {
    assert_eq!(own(60_001).billed_s, 61);
    assert_eq!(own(61_000), Charge { amount: 24_400_000, billed_s: 61, rule: "own-mobile" });
    assert_eq!(own(61_001).billed_s, 62);
}

#[test]
fn seventy_minutes_cost_280_crowns() {
    assert_eq!(own(70 * 60_000).amount, 280 * PER_CZK);
}

#[test]
fn a_leg_that_was_never_answered_costs_nothing() {
    assert_eq!(own(0), Charge { amount: 0, billed_s: 0, rule: "own-mobile" });
}

#[test]
fn other_networks_and_fixed_lines_are_rated_as_zero() {
    for (network, mobile) in [
        ("t-mobile", true),
        ("o2-mobile", false),
        ("internet", false),
        ("", true),
        ("O2-MOBILE", true),
    ] {
        let charge = rate(network, mobile, 600_000);
        assert_eq!(charge, Charge { amount: 0, billed_s: 0, rule: "other-network" }, "{network}");
    }
}

#[test]
fn a_duration_beyond_all_sense_neither_wraps_nor_panics() {
    assert_eq!(own(u64::MAX).billed_s, u32::MAX);
    assert!(own(u64::MAX).amount > 0);
}

/// The oracle follows the sentence of the price list in another way: crowns as a fraction of a minute, in 128 bits, from
/// the number of milliseconds that are missing to the next whole second.
fn oracle(network: &str, mobile: bool, duration_ms: u64) -> i128 {
    if !(mobile && network.as_bytes() == b"o2-mobile") || duration_ms == 0 {
        return 0;
    }
    let missing_ms = (1000 - i128::from(duration_ms) % 1000) % 1000;
    let whole_ms = i128::from(duration_ms) + missing_ms;
    let after_first_minute_ms = (whole_ms - 60_000).max(0);
    let czk_times_60000 = 4 * 60_000 + 4 * after_first_minute_ms;
    czk_times_60000 * i128::from(PER_CZK) / 60_000
}

/// `SplitMix64`: enough to draw legs, and repeatable.
struct Seed(u64);

impl Seed {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

#[test]
fn a_million_random_legs_cost_what_the_oracle_says() {
    let mut seed = Seed(0x4b6f_6e66);
    let networks = ["o2-mobile", "o2-mobile", "o2-mobile", "o2-fixed", "vodafone", "internet"];
    for leg in 0..1_000_000 {
        let network = networks[seed.below(6) as usize];
        let mobile = seed.below(4) != 0;
        // Short legs, legs around whole seconds, legs up to two hours, and now and then an absurd one.
        let duration_ms = match seed.below(8) {
            0 => seed.below(3),
            1 => seed.below(121) * 1000 + seed.below(3),
            2 => seed.below(1 << 41),
            3 => 59_000 + seed.below(3_000),
            _ => seed.below(7_200_001),
        };
        let charge = rate(network, mobile, duration_ms);
        let expected = oracle(network, mobile, duration_ms);
        assert_eq!(
            i128::from(charge.amount),
            expected,
            "leg {leg}: {network} {mobile} {duration_ms} ms"
        );
    }
}
