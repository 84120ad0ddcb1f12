use super::*;
use crate::endpoint::tests::beginning;

fn address(text: &str) -> Source {
    Source::of(text.parse().unwrap())
}

#[test]
fn a_source_gets_its_burst_and_then_its_rate() {
    let (mut guard, mut now) = (Guard::new(20, 1), beginning());
    let source = address("203.0.113.1");
    let at_once = (0..1_000).filter(|_| guard.admits_call(now, source)).count();
    assert_eq!(at_once, 100, "five seconds of 20 a second");
    let mut later = 0;
    for _ in 0..1_000 {
        now += Duration::from_millis(10);
        later += usize::from(guard.admits_call(now, source));
    }
    assert_eq!(later, 200, "10 s of 20 a second");
    assert_eq!((0..5_000).filter(|_| guard.admits_request(now, source)).count(), 500);
}

#[test]
fn one_source_does_not_use_up_what_another_has() {
    let (mut guard, now) = (Guard::new(20, 1), beginning());
    while guard.admits_request(now, address("203.0.113.1")) {}
    assert!(guard.admits_request(now, address("203.0.113.2")));
    assert!(!guard.admits_request(now, address("::ffff:203.0.113.1")), "the same by another name");
    while guard.admits_request(now, address("2001:db8::1")) {}
    assert!(!guard.admits_request(now, address("2001:db8::2:3")), "the same network");
    assert!(guard.admits_request(now, address("2001:db8:0:1::1")));
}

#[test]
fn a_million_addresses_take_no_more_room_and_the_busiest_are_remembered() {
    let (mut guard, now) = (Guard::new(20, 1), beginning());
    let loud = address("203.0.113.1");
    while guard.admits_call(now, loud) {}
    for bits in 0..1_000_000u32 {
        guard.admits_request(now, Source::V4(bits));
    }
    let kept: usize = guard.sets.iter().map(Vec::len).sum();
    assert!(kept <= GUARD_SETS * GUARD_WAYS, "{kept}");
    assert!(!guard.admits_call(now, loud));
}

#[test]
fn one_call_a_second_is_no_panic_and_not_none() {
    let (mut guard, now) = (Guard::new(0, 1), beginning());
    assert!(guard.admits_call(now, address("203.0.113.1")));
}

#[test]
fn as_many_are_known_as_there_is_room_for_and_no_longer_than_a_day() {
    let begin = beginning();
    let mut guard = Guard::new(1, 1);
    let source = |at: u32| Source::V4(at);
    for at in 0..=KNOWN_MAX as u32 {
        guard.know(begin + Duration::from_millis(at.into()), source(at));
    }
    assert_eq!(guard.known.len(), KNOWN_MAX);
    assert!(!guard.knows(begin, source(0)) && guard.knows(begin, source(1)));
    assert!(!guard.knows(begin + KNOWN_LIFE + Duration::from_secs(5), source(1)));
}
