use std::collections::BTreeSet;

use konf_media::SourceRule;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::super::tests::{socket, stream};
use super::*;

const FULL: usize = 10;

fn open(roster: &mut Roster, leg: u64) -> usize {
    let stream = stream(([192, 0, 2, 1], 4_000).into(), SourceRule::Exact);
    let orders = roster.route(ToMedia::Open { leg: LegId(leg), stream, socket: socket() });
    assert!(matches!(orders[..], [(_, Order::Open { .. })]));
    orders[0].0
}

fn command(roster: &mut Roster, command: Command) -> Vec<(usize, Order)> {
    roster.route(ToMedia::Command(command))
}

fn join(roster: &mut Roster, leg: u64, room: u64) -> Vec<(usize, Order)> {
    command(roster, Command::Join { leg: LegId(leg), room: RoomId(room) })
}

#[test]
fn legs_enter_where_the_least_is_to_do_and_follow_their_room() {
    let mut roster = Roster::new(3, 1, FULL);
    let lanes: Vec<usize> = (0..3).map(|leg| open(&mut roster, leg)).collect();
    assert_eq!(lanes, [0, 1, 2]);
    assert!(matches!(join(&mut roster, 1, 7)[..], [(1, Order::Command(_))]), "born where it is");
    let moved = join(&mut roster, 2, 7);
    assert!(
        matches!(
            moved[..],
            [
                (1, Order::Expect { leg: LegId(2), hop: 1 }),
                (2, Order::Move { leg: LegId(2), hop: 1, to: 1 }),
                (1, Order::Command(Command::Join { .. }))
            ]
        ),
        "{moved:?}"
    );
    assert_eq!(command(&mut roster, Command::StopPlaying { leg: LegId(2) })[0].0, 1);
    let announce = Command::PlayToRoom { room: RoomId(7), clips: Vec::new() };
    assert_eq!(command(&mut roster, announce)[0].0, 1);
}

#[test]
fn one_lane_of_a_thread_is_filled_after_the_other() {
    let mut roster = Roster::new(2, 2, 3);
    let lanes: Vec<usize> = (0..9).map(|leg| open(&mut roster, leg)).collect();
    // Threads in turn; the second lane of each once the first is full.
    assert_eq!(lanes, [0, 1, 0, 1, 0, 1, 2, 3, 2]);
    let mut stream = stream(([192, 0, 2, 1], 4_000).into(), SourceRule::Exact);
    stream.codec = Codec::Opus;
    command(&mut roster, Command::UpdateLeg { leg: LegId(0), stream });
    assert_eq!(open(&mut roster, 9), 3, "a codec that costs more fills a lane sooner");
    for leg in 0..10 {
        command(&mut roster, Command::RemoveLeg { leg: LegId(leg) });
    }
    assert_eq!(roster.loads, [0; 4]);
}

#[test]
fn what_is_for_nobody_goes_nowhere() {
    let mut roster = Roster::new(2, 1, FULL);
    open(&mut roster, 1);
    assert!(join(&mut roster, 2, 7).is_empty());
    assert!(command(&mut roster, Command::RemoveLeg { leg: LegId(2) }).is_empty());
    let announce = Command::PlayToRoom { room: RoomId(7), clips: Vec::new() };
    assert!(command(&mut roster, announce).is_empty());
    assert_eq!(command(&mut roster, Command::RemoveLeg { leg: LegId(1) }).len(), 1);
    assert!(command(&mut roster, Command::RemoveLeg { leg: LegId(1) }).is_empty());
}

#[test]
fn rooms_that_fill_at_the_same_time_are_spread() {
    let mut roster = Roster::new(3, 1, FULL);
    for leg in 0..180 {
        open(&mut roster, leg);
    }
    // Nine rooms of twenty, entered in turn.
    for leg in 0..180 {
        join(&mut roster, leg, leg % 9);
    }
    let mut legs = [0; 3];
    for leg in 0..180 {
        legs[roster.lane_of(LegId(leg)).unwrap()] += 1;
    }
    assert_eq!(legs, [60, 60, 60]);
}

#[test]
fn whatever_is_ordered_a_room_is_on_one_lane_and_nothing_is_forgotten() {
    for seed in 0..20 {
        println!("seed {seed}");
        let mut random = StdRng::seed_from_u64(seed);
        let mut roster = Roster::new(random.random_range(1..4), random.random_range(1..3), FULL);
        // Thread of each leg as the orders say, and its room.
        let mut legs: BTreeMap<u64, (usize, Option<u64>)> = BTreeMap::new();
        let mut hops = BTreeSet::new();
        for _ in 0..2_000 {
            let (leg, room) = (random.random_range(0..30), random.random_range(0..6));
            match random.random_range(0..6) {
                0 if !legs.contains_key(&leg) => {
                    legs.insert(leg, (open(&mut roster, leg), None));
                }
                0 | 1 => {
                    command(&mut roster, Command::RemoveLeg { leg: LegId(leg) });
                    legs.remove(&leg);
                }
                2 => {
                    command(&mut roster, Command::Leave { leg: LegId(leg) });
                    if let Some(place) = legs.get_mut(&leg) {
                        place.1 = None;
                    }
                }
                _ => {
                    let orders = join(&mut roster, leg, room);
                    assert_eq!(orders.is_empty(), !legs.contains_key(&leg));
                    for (lane, order) in orders {
                        match order {
                            Order::Move { hop, to, .. } => {
                                assert_eq!(lane, legs[&leg].0, "it moves from where it is");
                                assert!(hops.insert(hop) && to != lane);
                            }
                            Order::Command(_) => {
                                legs.insert(leg, (lane, Some(room)));
                            }
                            _ => {}
                        }
                    }
                }
            }
            let mut rooms: BTreeMap<u64, usize> = BTreeMap::new();
            for (leg, (lane, room)) in &legs {
                assert_eq!(roster.lane_of(LegId(*leg)), Some(*lane));
                if let Some(room) = room {
                    assert_eq!(rooms.entry(*room).or_insert(*lane), lane);
                }
            }
            assert_eq!(roster.rooms.len(), rooms.len());
            assert_eq!(roster.loads.iter().sum::<usize>(), legs.len() + rooms.len());
        }
    }
}
