use expect_test::expect;
use konf_api::ledger::{Amount, RecordKey};
use konf_contract::link::{LegEnd, LegLeft};
use konf_contract::{Caller, LegId, Msisdn, Window};

use super::*;

/// 2027-07-09T12:00:00Z, 14:00 in Prague.
const START: UnixMs = UnixMs(1_815_134_400_000);

fn leg(sequence: u64, after_s: i64, duration_ms: u64, network: &str) -> RatedLeg {
    let answered = START.plus_ms(after_s * 1000);
    let own = network == "o2-mobile";
    RatedLeg {
        record: RecordKey { edge: "a".into(), boot: "b".into(), sequence },
        leg: LegLeft {
            leg: LegId(sequence),
            caller: Caller {
                number: own.then(|| Msisdn::parse("+420606123456").unwrap()),
                network: network.into(),
                trunk: "t".into(),
                mobile: own,
            },
            grant: None,
            conference: None,
            booking: Some("b1".into()),
            role: None,
            answered,
            joined: None,
            ended: answered.plus_ms(duration_ms as i64),
            duration_ms,
            end: LegEnd { reason: EndReason::HungUp, who: Party::Caller, detail: None },
            quality: None,
        },
        rating: None,
    }
}

fn rated(mut leg: RatedLeg, amount: i64, billed_s: u32, rule: &str) -> RatedLeg {
    let policy = if rule == "own-mobile" { "sha256:12ab" } else { "" };
    let rule = rule.to_owned();
    let rating =
        Rating { amount: Amount(amount), billed_s, rule, policy: policy.into(), rated: START };
    leg.rating = Some(rating);
    leg
}

/// An hour with a short own leg, a stranger, and one that is not rated yet; in no order.
pub(crate) fn facts() -> StatementFacts {
    let booking = OwnBooking {
        booking: "b1".into(),
        number: ConferenceNumber::new("284917").unwrap(),
        window: Window { start: START, end: START.plus_ms(3_600_000) },
        seats: 5,
        language: Language::En,
        state: BookingState::Ended,
        event: None,
    };
    let mut last = leg(3, 600, 4_200_000, "o2-mobile");
    last.leg.end = LegEnd { reason: EndReason::LegLimit, who: Party::Network, detail: None };
    let legs = vec![
        last,
        rated(leg(2, 30, 1_800_500, "internet"), 0, 0, "other-network"),
        rated(leg(1, 3, 61_000, "o2-mobile"), 24_400_000, 61, "own-mobile"),
    ];
    StatementFacts { now: START.plus_ms(9_000_000), booking: Some(booking), legs }
}

#[test]
fn a_statement_tells_each_leg_and_the_sum_with_tax() {
    let statement = statement(&facts()).unwrap();
    expect![[r#"
        {
          "conference": "284917",
          "booking": "b1",
          "state": "ended",
          "starts": "2027-07-09T14:00:00+02:00",
          "ends": "2027-07-09T15:00:00+02:00",
          "made": "2027-07-09T16:30:00+02:00",
          "legs": [
            {
              "caller": "+420…456",
              "network": "o2-mobile",
              "from": "2027-07-09T14:00:03+02:00",
              "to": "2027-07-09T14:01:04+02:00",
              "duration_ms": 61000,
              "price": {
                "billed_s": 61,
                "czk": "4.0667",
                "rule": "own-mobile",
                "tariff": "sha256:12ab"
              },
              "why_ended": "hung-up",
              "ended_by": "caller"
            },
            {
              "caller": null,
              "network": "internet",
              "from": "2027-07-09T14:00:30+02:00",
              "to": "2027-07-09T14:30:30+02:00",
              "duration_ms": 1800500,
              "price": {
                "billed_s": 0,
                "czk": "0.0000",
                "rule": "other-network",
                "tariff": null
              },
              "why_ended": "hung-up",
              "ended_by": "caller"
            },
            {
              "caller": "+420…456",
              "network": "o2-mobile",
              "from": "2027-07-09T14:10:00+02:00",
              "to": "2027-07-09T15:20:00+02:00",
              "duration_ms": 4200000,
              "price": null,
              "why_ended": "leg-limit",
              "ended_by": "network"
            }
          ],
          "total": {
            "without_vat": "4.07",
            "vat_percent": 21,
            "vat": "0.85",
            "with_vat": "4.92",
            "legs_unrated": 1
          }
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&statement).unwrap());
}

#[test]
fn without_a_booking_there_is_no_statement() {
    assert_eq!(statement(&StatementFacts { booking: None, ..facts() }), None);
}

#[test]
fn a_conference_that_nobody_called_costs_nothing() {
    let total = statement(&StatementFacts { legs: vec![], ..facts() }).unwrap().total;
    assert_eq!((total.without_vat.as_str(), total.with_vat.as_str()), ("0.00", "0.00"));
}

#[test]
fn the_sum_is_that_of_the_exact_prices_not_of_the_rounded_lines() {
    // Three times 4.0666…: exactly 12.20. Seventy minutes: 280.00.
    let mut legs: Vec<_> = (0..3)
        .map(|n| rated(leg(n, 0, 61_000, "o2-mobile"), 24_400_000, 61, "own-mobile"))
        .collect();
    legs.push(rated(leg(9, 0, 4_200_000, "o2-mobile"), 280 * Amount::PER_CZK, 4_200, "own-mobile"));
    let total = statement(&StatementFacts { legs, ..facts() }).unwrap().total;
    let shown = [total.without_vat, total.vat, total.with_vat];
    assert_eq!(shown, ["292.20", "61.36", "353.56"]);
}

#[test]
fn on_the_night_of_the_autumn_change_the_offset_tells_the_two_hours_apart() {
    // 2026-10-25T00:30:00Z and an hour later: both are 02:30 in Prague.
    let first = UnixMs(1_792_888_200_000);
    assert_eq!(wall(first), "2026-10-25T02:30:00+02:00");
    assert_eq!(wall(first.plus_ms(3_600_000)), "2026-10-25T02:30:00+01:00");
}

#[test]
fn a_leg_from_beyond_the_calendar_does_not_hide_the_others() {
    let mut facts = facts();
    facts.legs[0].leg.ended = UnixMs(i64::MAX);
    let legs = statement(&facts).unwrap().legs;
    assert_eq!((legs.len(), legs[2].to.as_str()), (3, "9223372036854775807 ms"));
}
