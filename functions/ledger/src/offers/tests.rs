use konf_contract::{Language, Window};

use super::*;

fn offer(from: i64, to: i64, seats: u32) -> OfferProposal {
    let at = UnixMs::from_minutes;
    OfferProposal {
        index: 1,
        edge: "e".to_owned(),
        window: Window { start: at(from), end: at(to) },
        seats,
        language: Language::Cs,
    }
}

fn hold(from: i64, to: i64, seats: u32) -> Hold {
    Hold { edge: "e".to_owned(), span: Minutes { from, to }, seats }
}

#[test]
fn a_set_holds_in_each_minute_the_largest_of_its_alternatives() {
    let offers = [offer(10, 20, 5), offer(15, 30, 8), offer(12, 18, 5), offer(40, 50, 8)];
    let expected = [hold(10, 15, 5), hold(15, 30, 8), hold(40, 50, 8)];
    assert_eq!(holds(&offers).unwrap(), expected);
}

#[test]
fn what_a_booking_keeps_of_a_hold_does_not_go_back() {
    let kept = hold(12, 18, 3);
    let rest = without(&hold(10, 20, 5), Some(&kept));
    assert_eq!(rest, [hold(10, 12, 5), hold(12, 18, 2), hold(18, 20, 5)]);
    assert_eq!(without(&hold(20, 30, 5), Some(&kept)), [hold(20, 30, 5)]);
    let elsewhere = Hold { edge: "f".to_owned(), ..hold(10, 20, 5) };
    assert_eq!(without(&elsewhere, Some(&kept)), [elsewhere]);
}
