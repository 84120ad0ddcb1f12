use konf_api::ledger::RecordKey;
use konf_contract::link::{EndReason, LegEnd, Party};
use konf_contract::{Caller, LegId, UnixMs};
use konf_policy_tariff::rule;

use super::*;

fn request(network: &str, mobile: bool, duration_ms: u64) -> RateRequest {
    let leg = LegLeft {
        leg: LegId(1),
        caller: Caller { number: None, network: network.into(), trunk: "t".into(), mobile },
        grant: None,
        conference: None,
        booking: None,
        role: None,
        answered: UnixMs(1_815_134_400_000),
        joined: None,
        // The wall clock was set back in between: it labels, it does not measure.
        ended: UnixMs(1_815_134_300_000),
        duration_ms,
        end: LegEnd { reason: EndReason::HungUp, who: Party::Caller, detail: None },
        quality: None,
    };
    RateRequest { record: RecordKey { edge: "a".into(), boot: "b".into(), sequence: 9 }, leg }
}

fn charge(rule: &str, amount: i64) -> Charge {
    Charge { amount, billed_s: 61, rule: rule.into() }
}

#[test]
fn what_is_billed_is_the_monotonic_duration() {
    let leg = policy_leg(&request("o2-mobile", true, 61_000).leg);
    let expected = PolicyLeg {
        network: "o2-mobile".into(),
        mobile: true,
        answered_ms: 1_815_134_400_000,
        duration_ms: 61_000,
    };
    assert_eq!(leg, expected);
}

#[test]
fn the_policys_price_is_proposed_for_that_very_record() {
    let request = request("o2-mobile", true, 61_000);
    let proposal = proposal(&request, charge("own-mobile", 24_400_000)).unwrap();
    assert_eq!(proposal.record, request.record);
    assert_eq!((proposal.amount, proposal.billed_s), (Amount(24_400_000), 61));
    assert_eq!(proposal.rule, "own-mobile");
}

#[test]
fn an_answer_that_cannot_stand_on_a_bill_is_refused() {
    let request = request("o2-mobile", true, 61_000);
    assert_eq!(proposal(&request, charge("own-mobile", -1)), Err(BadCharge::Negative));
    for rule in ["", "a b", "<b>", "příplatek", "a\n", &"a".repeat(65)] {
        assert_eq!(proposal(&request, charge(rule, 1)), Err(BadCharge::Rule), "{rule:?}");
    }
    assert!(proposal(&request, charge(&"a".repeat(64), 1)).is_ok());
}

/// Through all of this function, with the default tariff in the policy's place: what a leg costs, from its record to the
/// proposal, against the price list worked out in whole hellers and 128 bits.
#[test]
fn a_million_random_legs_are_proposed_at_the_price_of_the_list() {
    let mut state = 21_u64;
    let mut below = move |limit: u64| {
        // An LCG of 64 bits (Knuth's MMIX constants), its high half.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) % limit
    };
    let mut request = request("", false, 0);
    for leg in 0..1_000_000 {
        let own = below(3) > 0;
        let mobile = own || below(2) > 0;
        request.leg.caller.network.clear();
        request.leg.caller.network.push_str(if own { "o2-mobile" } else { "elsewhere" });
        request.leg.caller.mobile = mobile;
        request.leg.duration_ms = below(4_300_000);
        let asked = policy_leg(&request.leg);
        let rated = rule::rate(&asked.network, asked.mobile, asked.duration_ms);
        let charge =
            Charge { amount: rated.amount, billed_s: rated.billed_s, rule: rated.rule.into() };
        let proposed = proposal(&request, charge).unwrap().amount;

        let ms = i128::from(request.leg.duration_ms);
        let seconds = if ms % 1000 == 0 { ms / 1000 } else { ms / 1000 + 1 };
        // 400 hellers a minute; an amount counts sixtieths of a thousandth of a heller.
        let hellers_times_60 = match seconds {
            _ if !own => 0,
            0 => 0,
            1..=60 => 400 * 60,
            more => 400 * more,
        };
        assert_eq!(i128::from(proposed.0), hellers_times_60 * 1000, "leg {leg}: {ms} ms, {own}");
    }
}
