//! Three threads that are none, with two lanes each: the test says when each of them wakes, on a clock of its own.

use std::net::UdpSocket;

use konf_media::{Clip, PlaybackId, Rate, RoomId, SourceRule};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};

use super::super::ToMedia;
use super::super::roster::Roster;
use super::super::tests::{packet, socket, stream};
use super::*;

const THREADS: usize = 3;
const LANES: usize = 6;

struct Phone {
    socket: UdpSocket,
    edge: std::net::SocketAddr,
    said: u16,
    /// Packets of the last tick, and in which slice each came.
    heard: Vec<(u64, [u8; 172])>,
    last: Option<u64>,
    /// Slices between two packets, the least and the most.
    apart: (u64, u64),
}

impl Phone {
    fn hear(&mut self, slice: u64) {
        let mut packet = [0; 172];
        while self.socket.recv(&mut packet).is_ok() {
            // Reports come now and then (RFC 5761, 4).
            if (192..=223).contains(&packet[1]) {
                continue;
            }
            self.heard.push((slice, packet));
            if let Some(before) = self.last.replace(slice) {
                let (least, most) = self.apart;
                self.apart = (least.min(slice - before), most.max(slice - before));
            }
        }
    }
}

struct Threads {
    workers: Vec<Worker>,
    orders: Vec<mpsc::Sender<Order>>,
    roster: Roster,
    news: mpsc::Receiver<Event>,
    phones: BTreeMap<LegId, Phone>,
    events: Vec<Event>,
    grid: Grid,
    random: StdRng,
}

impl Threads {
    fn new(seed: u64) -> Threads {
        println!("seed {seed}");
        let epoch = monotonic();
        let (outbox, news) = mpsc::channel(4_096);
        let (peers, arrivals): (Vec<_>, Vec<_>) = (0..LANES).map(|_| mpsc::channel(4)).unzip();
        let start = |(number, arrivals)| {
            let (orders, inbox) = mpsc::channel(4_096);
            let wires = Wires {
                orders: inbox,
                arrivals,
                peers: peers.clone(),
                news: outbox.clone(),
                counters: watch::channel(Counters::default()).0,
            };
            (Worker::new(seed, epoch, number % 2 * 3, wires), orders)
        };
        let (workers, orders) = (0u64..).zip(arrivals).map(start).unzip();
        Threads {
            workers,
            orders,
            roster: Roster::new(THREADS, LANES / THREADS, 3),
            grid: Grid::new(epoch),
            news,
            phones: BTreeMap::new(),
            events: Vec::new(),
            random: StdRng::seed_from_u64(seed),
        }
    }

    fn order(&mut self, order: ToMedia) {
        for (thread, order) in self.roster.route(order) {
            self.orders[thread].try_send(order).unwrap();
        }
    }

    fn command(&mut self, command: Command) {
        self.order(ToMedia::Command(command));
    }

    fn join(&mut self, leg: LegId, room: u64) {
        self.command(Command::Join { leg, room: RoomId(room) });
    }

    fn open(&mut self, leg: LegId) {
        let (own, phone) = (socket(), socket());
        phone.set_nonblocking(true).unwrap();
        let edge = own.local_addr().unwrap();
        let stream = stream(phone.local_addr().unwrap(), SourceRule::Exact);
        self.phones.insert(
            leg,
            Phone {
                socket: phone,
                edge,
                said: 0,
                heard: Vec::new(),
                last: None,
                apart: (u64::MAX, 0),
            },
        );
        self.order(ToMedia::Open { leg, stream, socket: own });
    }

    /// One slice: the threads wake in any order.
    fn slice(&mut self) {
        let now = self.grid.due();
        let mut order = [0, 1, 2];
        order.shuffle(&mut self.random);
        for thread in order {
            for lane in (thread..LANES).step_by(THREADS) {
                assert!(self.workers[lane].step(self.grid, now, since_epoch()));
            }
        }
        while let Ok(event) = self.news.try_recv() {
            self.events.push(event);
        }
        for phone in self.phones.values_mut() {
            phone.hear(self.grid.number());
        }
        self.grid = self.grid.next(now);
    }

    /// Four slices, in each lane one of them a tick; orders may come between them. Every phone sends, and hears what was
    /// sent.
    fn tick(&mut self, mut between: impl FnMut(&mut Threads)) {
        for phone in self.phones.values_mut() {
            phone.heard.clear();
        }
        for _ in 0..3 {
            self.slice();
            between(self);
        }
        for (leg, phone) in &mut self.phones {
            phone.socket.send_to(&packet(phone.said, leg.0 as u8), phone.edge).unwrap();
            phone.said += 1;
        }
        self.slice();
    }

    fn workers_with(&self, leg: LegId) -> Vec<usize> {
        let has = |thread: &usize| self.workers[*thread].ways.legs().any(|own| own == leg);
        (0..LANES).filter(has).collect()
    }
}

fn sequence(packet: &[u8]) -> u16 {
    u16::from_be_bytes([packet[2], packet[3]])
}

/// No 20 ms of it sound like any other.
fn murmur(ms: i32) -> Clip {
    let sample = |n: i32| (n * 7_919 % 4_001 - 2_000) as i16;
    Clip { samples: (0..ms * 8).map(sample).collect(), rate: Rate::Narrow }
}

#[test]
fn a_prompt_and_music_go_on_while_their_legs_move() {
    let mut threads = Threads::new(1);
    let legs = [LegId(1), LegId(2), LegId(3)];
    for leg in legs {
        threads.open(leg);
    }
    threads.tick(|_| ());
    let clips = vec![murmur(2_000)];
    threads.command(Command::Play { leg: LegId(2), playback: PlaybackId(9), clips });
    threads.command(Command::Music { leg: LegId(3), clip: Some(murmur(3_000)) });
    let mut last: Option<(u16, [u8; 160])> = None;
    for tick in 0..99 {
        threads.tick(|threads| {
            if tick == 30 {
                threads.join(LegId(1), 5);
                threads.join(LegId(2), 5);
                threads.join(LegId(3), 5);
            }
        });
        for (slice, packet) in &threads.phones[&LegId(2)].heard {
            let payload: [u8; 160] = packet[12..].try_into().unwrap();
            if let Some((number, before)) = last.replace((sequence(packet), payload)) {
                assert_eq!(sequence(packet), number.wrapping_add(1));
                assert_ne!(payload, before, "the prompt stands still in slice {slice}");
            }
        }
    }
    for leg in legs {
        let (least, most) = threads.phones[&leg].apart;
        assert!(least >= 4 && most <= 7, "leg {leg}: packets {least} to {most} slices apart");
    }
    assert!(legs.iter().any(|leg| threads.phones[leg].apart.1 > 4), "nobody has changed phases");
    let home = threads.workers_with(LegId(1));
    assert_eq!(home.len(), 1);
    assert!(legs.iter().all(|leg| threads.workers_with(*leg) == home));
    let played = |event: &Event| matches!(event, Event::Played { playback: PlaybackId(9), .. });
    assert!(!threads.events.iter().any(played));
    threads.tick(|_| ());
    threads.tick(|_| ());
    assert_eq!(threads.events.iter().filter(|event| played(event)).count(), 1);
}

#[test]
fn orders_behind_a_move_reach_the_leg_where_it_is() {
    let mut threads = Threads::new(2);
    for leg in 1..=3 {
        threads.open(LegId(leg));
    }
    threads.tick(|_| ());
    threads.join(LegId(1), 1);
    // To and fro within one slice, and gone.
    for room in [1, 2, 1, 3, 1] {
        threads.join(LegId(2), room);
        threads.join(LegId(3), 4 - room.min(3));
    }
    threads.command(Command::RemoveLeg { leg: LegId(2) });
    for _ in 0..20 {
        threads.tick(|_| ());
    }
    let closed = |event: &Event| matches!(event, Event::Closed { leg: LegId(2), .. });
    assert_eq!(threads.events.iter().filter(|event| closed(event)).count(), 1);
    assert!(threads.workers_with(LegId(2)).is_empty());
    assert_eq!(threads.workers_with(LegId(3)).len(), 1);
    assert!(threads.workers.iter().all(|worker| {
        worker.expected.is_empty() && worker.early.is_empty() && worker.leaving.is_empty()
    }));
}

#[test]
fn random_joins_on_three_threads_lose_no_leg_no_packet_and_no_tick() {
    for seed in 0..6 {
        let mut threads = Threads::new(seed);
        let mut next = 0;
        let mut closed = 0;
        for _ in 0..100 {
            threads.tick(|threads| {
                for _ in 0..threads.random.random_range(0..4) {
                    let legs: Vec<LegId> = threads.phones.keys().copied().collect();
                    let pick = threads.random.random_range(0..legs.len().max(1));
                    let room = threads.random.random_range(0..6);
                    match (threads.random.random_range(0..8), legs.get(pick)) {
                        (0 | 1, _) if legs.len() < 24 => {
                            next += 1;
                            threads.open(LegId(next));
                        }
                        (2, Some(&leg)) => threads.command(Command::Leave { leg }),
                        (3, Some(&leg)) => {
                            threads.command(Command::RemoveLeg { leg });
                            threads.phones.remove(&leg);
                            closed += 1;
                        }
                        (_, Some(&leg)) => threads.join(leg, room),
                        _ => {}
                    }
                }
            });
            // A leg that moves may be sent to a little later, never twice.
            for (leg, phone) in &threads.phones {
                assert!(phone.apart.0 >= 4, "leg {leg}: {} slices apart", phone.apart.0);
            }
        }
        let numbers = |threads: &Threads| -> BTreeMap<LegId, u16> {
            let number = |phone: &Phone| sequence(&phone.heard[0].1);
            threads.phones.iter().map(|(leg, phone)| (*leg, number(phone))).collect()
        };
        for _ in 0..4 {
            threads.tick(|_| ());
        }
        let before = numbers(&threads);
        threads.tick(|_| ());
        let after = numbers(&threads);
        for _ in 0..4 {
            // What the phones have said is read.
            threads.slice();
        }
        for (leg, number) in after {
            assert_eq!(number, before[&leg].wrapping_add(1));
            let home = threads.roster.lane_of(leg).unwrap();
            assert_eq!(threads.workers_with(leg), [home], "one lane has the leg");
            let stats = threads.workers[home].engine.stats(leg).unwrap();
            // To this clock every packet seems fresh, so one may still wait for the next tick.
            let missing = u64::from(threads.phones[&leg].said) - stats.packets_received;
            assert!(missing <= 1, "leg {leg}: {missing} packets are missing");
            assert_eq!(stats.packets_lost, 0);
        }
        let told = threads.events.iter().filter(|event| matches!(event, Event::Closed { .. }));
        assert_eq!(told.count(), closed, "each end is told once");
        let legs: usize = threads.workers.iter().map(|worker| worker.ways.legs().count()).sum();
        assert_eq!(legs, threads.phones.len());
    }
}
