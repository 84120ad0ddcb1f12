use konf_api::ledger::LoadStep;

use super::*;

fn at(minute: i64) -> UnixMs {
    UnixMs::from_minutes(1_000 + minute)
}

fn span() -> Window {
    window(at(0), 120)
}

fn edge(name: &str, capacity: u32, steps: &[(i64, u32)]) -> Seats {
    let steps =
        steps.iter().map(|&(minute, taken)| LoadStep { minute: 1_000 + minute, taken }).collect();
    Seats::new(&EdgeLoad { edge: name.into(), labels: vec![], capacity, steps }, span())
}

#[test]
fn what_is_free_is_what_is_free_at_the_fullest_minute() {
    let edge = edge("a", 10, &[(0, 2), (30, 7), (60, 0)]);
    assert_eq!(edge.free(window(at(0), 30)), Some(8));
    assert_eq!(edge.free(window(at(0), 31)), Some(3));
    assert_eq!(edge.free(window(at(60), 60)), Some(10));
}

#[test]
fn beyond_the_span_nothing_is_known() {
    let edge = edge("a", 10, &[(0, 0)]);
    assert_eq!(edge.free(window(at(-1), 10)), None);
    assert_eq!(edge.free(window(at(119), 2)), None);
    assert_eq!(edge.free(window(at(5), 0)), None);
}

#[test]
fn a_booking_goes_to_the_edge_that_is_least_loaded_for_its_size() {
    let edges = [edge("big", 100, &[(0, 30)]), edge("small", 10, &[(0, 2)])];
    assert_eq!(least_loaded(&edges, window(at(0), 60), 5), Some(1));
    assert_eq!(least_loaded(&edges, window(at(0), 60), 9), Some(0));
    assert_eq!(least_loaded(&edges, window(at(0), 60), 71), None);
}

#[test]
fn of_two_equal_edges_the_first_by_name_is_taken() {
    let edges = [edge("b", 10, &[(0, 0)]), edge("a", 10, &[(0, 0)])];
    assert_eq!(least_loaded(&edges, window(at(0), 60), 5), Some(1));
}

#[test]
fn steps_before_the_span_and_overbooked_edges_do_not_panic() {
    let edge = edge("a", 10, &[(-500, 12), (500, 3)]);
    assert_eq!(edge.free(window(at(0), 120)), Some(0));
}

#[test]
fn free_seats_are_told_step_by_step_and_in_coarse_steps_by_the_fullest_minute() {
    let edge = edge("a", 10, &[(0, 2), (30, 12), (31, 2), (60, 0)]);
    let told = |grain| {
        let minute = |(at_ms, free): (UnixMs, u32)| (at_ms.since(at(0)) / UnixMs::MINUTE, free);
        edge.free_steps(grain).into_iter().map(minute).collect::<Vec<_>>()
    };
    assert_eq!(told(1), [(0, 8), (30, 0), (31, 8), (60, 10)]);
    assert_eq!(told(60), [(0, 0), (60, 10)]);
    assert_eq!(told(0), told(1));
    assert_eq!(edge.span(), span());
}
