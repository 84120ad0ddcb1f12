use super::*;

/// An hour of five, five minutes before its end.
fn facts(slice_min: u32, free_min: u32) -> Facts {
    Facts {
        now_ms: 55 * 60_000,
        starts_ms: 0,
        booked_end_ms: 60 * 60_000,
        ends_ms: 60 * 60_000,
        seats: 5,
        seats_taken: 2,
        slice_min,
        free_min,
        by_organiser: false,
    }
}

#[test]
fn a_free_edge_gives_the_whole_slice() {
    assert_eq!(decide(&facts(15, 120)), Verdict::Extend(15));
    assert_eq!(decide(&facts(15, 15)), Verdict::Extend(15));
}

#[test]
fn what_is_free_is_given_and_less_than_five_minutes_are_no_extension() {
    assert_eq!(decide(&facts(15, 14)), Verdict::Extend(14));
    assert_eq!(decide(&facts(15, 5)), Verdict::Extend(5));
    assert_eq!(decide(&facts(15, 4)), Verdict::Refuse);
    assert_eq!(decide(&facts(4, 120)), Verdict::Refuse);
    assert_eq!(decide(&facts(0, 0)), Verdict::Refuse);
}

#[test]
fn who_asks_and_how_often_it_was_extended_make_no_difference() {
    let asked = Facts { by_organiser: true, ends_ms: 90 * 60_000, ..facts(15, 120) };
    assert_eq!(decide(&asked), Verdict::Extend(15));
}
