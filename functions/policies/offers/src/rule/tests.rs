use super::*;

/// 2027-07-09T12:00:00Z, 14:00 in Prague.
const START_MS: i64 = 1_815_134_400_000;

fn at(minutes: i64) -> i64 {
    START_MS + minutes * MINUTE_MS
}

/// `free` seats from each of the minutes (after 14:00) on; all of them before.
fn edge(id: &str, capacity: u32, steps: &[(i64, u32)]) -> Edge {
    let first = Step { from_ms: at(-720), free: capacity };
    let steps = steps.iter().map(|&(minute, free)| Step { from_ms: at(minute), free });
    Edge { id: id.to_owned(), capacity, steps: std::iter::once(first).chain(steps).collect() }
}

/// An hour for ten at 14:00, ordered the day before.
fn facts(edges: Vec<Edge>) -> Facts {
    Facts {
        now_ms: at(-24 * 60),
        order: Alternative { starts_ms: START_MS, minutes: 60, seats: 10 },
        day_starts_ms: at(-14 * 60),
        day_ends_ms: at(10 * 60),
        from_ms: at(-720),
        until_ms: at(780),
        edges,
        pass_over: 0,
    }
}

/// Minutes after 14:00, length, people.
fn proposed(facts: &Facts) -> Vec<(i64, u32, u32)> {
    let shape = |found: &Alternative| {
        ((found.starts_ms - START_MS) / MINUTE_MS, found.minutes, found.seats)
    };
    propose(facts).iter().map(shape).collect()
}

#[test]
fn another_time_fewer_people_and_shorter_each_beside_the_others() {
    let edges = vec![edge("a", 20, &[(40, 8), (80, 20)]), edge("b", 10, &[(50, 9)])];
    assert_eq!(proposed(&facts(edges)), [(-10, 60, 10), (0, 60, 8), (0, 40, 10)]);
}

#[test]
fn the_same_day_comes_first_then_round_steps_then_the_nearest_and_of_two_the_later() {
    let first = |steps: &[(i64, u32)]| proposed(&facts(vec![edge("a", 10, steps)]))[0].0;
    assert_eq!(first(&[(-5, 5), (5, 10)]), 5);
    assert_eq!(first(&[(-60, 5), (3, 10)]), 5);
    assert_eq!(first(&[(-720, 5), (3, 10), (63, 5)]), 3);
    assert_eq!(first(&[(-540, 5), (600, 10)]), -600);
    assert_eq!(first(&[(-720, 5), (600, 10)]), 600);
}

#[test]
fn the_past_is_never_proposed() {
    let soon = Facts { now_ms: at(-10), ..facts(vec![edge("a", 10, &[(40, 5), (200, 10)])]) };
    assert_eq!(proposed(&soon), [(200, 60, 10), (0, 60, 5)]);
    let begun = Facts { now_ms: START_MS, ..soon };
    assert_eq!(proposed(&begun), [(200, 60, 10)]);
}

#[test]
fn the_nearest_times_are_passed_over_while_there_are_others() {
    let crowd = |pass_over, steps: &[(i64, u32)]| {
        proposed(&Facts { pass_over, ..facts(vec![edge("a", 10, steps)]) })[0].0
    };
    let taken = [(-60, 5), (60, 10)];
    assert_eq!([0, 1, 2].map(|pass_over| crowd(pass_over, &taken)), [60, 65, 70]);
    assert_eq!(crowd(u32::MAX, &[(-720, 5), (3, 10), (63, 5)]), 3);
}

#[test]
fn where_nothing_is_known_or_free_nothing_is_proposed() {
    assert_eq!(proposed(&facts(vec![])), []);
    assert_eq!(proposed(&facts(vec![edge("a", 100, &[(-720, 1)])])), []);
    let blind = Facts { from_ms: START_MS, until_ms: START_MS, ..facts(vec![edge("a", 10, &[])]) };
    assert_eq!(proposed(&blind), []);
    let hollow = Edge { steps: vec![], ..edge("a", 10, &[]) };
    assert_eq!(proposed(&facts(vec![hollow])), []);
}

#[test]
fn two_people_are_the_fewest() {
    assert_eq!(proposed(&facts(vec![edge("a", 2, &[])])), [(0, 60, 2)]);
    assert_eq!(proposed(&facts(vec![edge("a", 1, &[])])), []);
}

#[test]
fn what_fits_is_found_among_many_stretches_that_are_too_short() {
    // Ten are free for half an hour at a time, nowhere for an hour, until the last hour that is known.
    let short: Vec<(i64, u32)> =
        (-24..24).map(|n| (n * 30, if n % 2 == 0 { 10 } else { 0 })).collect();
    let edges = |last: u32| {
        let steps = [&short[..], &[(720, last)]].concat();
        (0..16).map(|n| edge(&format!("edge-{n:02}"), 20, &steps)).collect::<Vec<_>>()
    };
    let half_an_hour = (0, 30, 10);
    assert_eq!(proposed(&facts(edges(0))), [half_an_hour]);
    assert_eq!(proposed(&facts(edges(10))), [(720, 60, 10), half_an_hour]);
}
