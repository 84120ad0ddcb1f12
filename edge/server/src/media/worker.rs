//! One lane of a media thread: an engine, the sockets of its legs, and what it was told.

use std::collections::{BTreeMap, VecDeque};
use std::thread;
use std::time::{Duration, Instant};

use konf_contract::LegId;
use konf_media::{Command, Engine, Event, LegStats, MovingLeg};
use tokio::sync::mpsc::error::{TryRecvError, TrySendError};
use tokio::sync::{mpsc, watch};
use tracing::{error, warn};

use super::Counters;
use super::grid::{CATCH_UP, Grid, SLICES_PER_TICK, TICK};
use super::roster::Order;
use super::ways::{Way, Ways};
use crate::clock::{monotonic, since_epoch};
use crate::metrics::Lateness;

/// News that wait while the rest of the edge is busy; beyond it only the end of legs is kept.
const NEWS_MAX: usize = 8192;
/// Orders for a leg that is on its way, which takes one tick: far more than anybody orders in that time.
const WAITING_MAX: usize = 1024;
/// A thread that could not sleep for 20 ms gives way for so long: whatever its priority, a twentieth of its
/// processor is left to others.
const REST: Duration = Duration::from_millis(1);

/// A leg that comes from another lane, with its socket.
pub(super) struct Arrival {
    leg: MovingLeg,
    hop: u64,
    way: Way,
    /// The last turn to tick of the lane that it was part of.
    ticked: u64,
}

/// What joins a lane to the rest.
pub(super) struct Wires {
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) arrivals: mpsc::Receiver<Arrival>,
    /// To each lane by its number.
    pub(super) peers: Vec<mpsc::Sender<Arrival>>,
    pub(super) news: mpsc::Sender<Event>,
    pub(super) counters: watch::Sender<Counters>,
}

pub(super) struct Worker {
    engine: Engine,
    ways: Ways,
    phase: u64,
    wires: Wires,
    /// Legs on their way here.
    expected: BTreeMap<LegId, Expected>,
    /// Legs that came before it was said that they would, with the number of their move.
    early: BTreeMap<LegId, u64>,
    /// One that has been part of a tick which is still to come here.
    ahead: Option<Arrival>,
    /// The number of the slice in which the lane last had its turn to tick.
    ticked: u64,
    leaving: VecDeque<Departure>,
    /// News that the rest of the edge had no room for yet.
    untold: VecDeque<Event>,
    /// What was published last had legs.
    counted: bool,
    ticks_late: u64,
    lateness: Lateness,
}

struct Expected {
    hop: u64,
    waiting: Vec<Order>,
}

struct Departure {
    leg: LegId,
    hop: u64,
    to: usize,
}

/// One thread, until nobody is left to order anything. Its lanes take turns. It sleeps through slices in which none of
/// them has anything to do, since waking a processor costs as much as a dozen legs; whoever orders something wakes it
/// (`Thread::unpark`), and it goes on with the next slice.
pub(super) fn run(mut lanes: Vec<Worker>, epoch: Instant) {
    let mut grid = Grid::new(epoch);
    let (mut slept, mut since) = (false, grid.number());
    loop {
        let busy = grid.first(|slice| lanes.iter().any(|lane| lane.is_busy(slice)));
        slept |= busy.due() > monotonic();
        grid = wait(grid, busy);
        let (now, wall) = (monotonic(), since_epoch());
        if !lanes.iter_mut().all(|lane| lane.step(grid, now, wall)) {
            return;
        }
        if grid.number() - since >= SLICES_PER_TICK {
            if !slept {
                thread::sleep(REST);
            }
            (slept, since) = (false, grid.number());
        }
        grid = grid.next(now);
    }
}

/// Until the slice `busy`, or until the one after an order, from `next` on.
fn wait(next: Grid, busy: Grid) -> Grid {
    let left = |grid: Grid| grid.due().saturating_duration_since(monotonic());
    thread::park_timeout(left(busy));
    let woken = next.from(monotonic());
    let grid = if woken.number() < busy.number() { woken } else { busy };
    thread::sleep(left(grid));
    grid
}

impl Worker {
    /// All lanes have the same `epoch`; those of one thread tick `phase` slices apart.
    pub(super) fn new(seed: u64, epoch: Instant, phase: u64, wires: Wires) -> Worker {
        let mut engine = Engine::with_epoch(seed, epoch);
        engine.set_wall_clock(monotonic(), since_epoch());
        Worker {
            engine,
            ways: Ways::new(epoch),
            phase,
            wires,
            expected: BTreeMap::new(),
            early: BTreeMap::new(),
            ahead: None,
            ticked: 0,
            leaving: VecDeque::new(),
            untold: VecDeque::new(),
            counted: false,
            ticks_late: 0,
            lateness: Lateness::default(),
        }
    }

    /// Its legs keep the noise under their voices.
    pub(super) fn leave_noise(&mut self) {
        self.engine.leave_noise();
    }

    /// Whether there is anything to do in a slice if nobody orders anything: a tick or a count of its legs, or what should
    /// not wait for either.
    fn is_busy(&self, grid: Grid) -> bool {
        let grid = grid.of(self.phase);
        let waits = !self.leaving.is_empty() || !self.untold.is_empty() || self.ahead.is_some();
        let awaits = !self.expected.is_empty() || !self.early.is_empty();
        let works = !self.ways.is_empty() && grid.is_tick();
        works || waits || awaits || grid.is_count() && (self.counted || !self.ways.is_empty())
    }

    /// One slice. False when nobody is left to order anything.
    fn step(&mut self, grid: Grid, now: Instant, wall: Duration) -> bool {
        let grid = grid.of(self.phase);
        self.ticked = grid.former_tick();
        if !self.take_orders(now) {
            return false;
        }
        self.take_arrivals(now);
        if grid.is_tick() && !self.ways.is_empty() {
            self.note_lateness(now.saturating_duration_since(grid.due()));
            self.tick(now, wall);
        }
        if grid.is_tick() {
            self.ticked = grid.number();
            self.take_arrivals(now);
        }
        // Before legs move or end, and their sockets with them.
        self.send();
        if !grid.is_before_tick() {
            self.depart();
        }
        self.tell();
        if grid.is_count() {
            self.engine.set_wall_clock(now, wall);
            self.publish();
        }
        true
    }

    /// Room by room, from reading to sending.
    fn tick(&mut self, now: Instant, wall: Duration) {
        let engine = &mut self.engine;
        if engine.begin_tick(now) {
            self.ways.arrange(engine.blocks());
        }
        self.ways.begin(now, wall);
        for block in 0..self.ways.blocks() {
            self.ways.receive(block, |at, leg, source, bytes| {
                engine.handle_datagram(at, leg, source, bytes);
            });
            engine.tick_block(block);
            while let Some(packet) = engine.poll_transmit() {
                self.ways.send(&packet);
            }
        }
    }

    /// The last reports of legs that have ended.
    fn send(&mut self) {
        while let Some(packet) = self.engine.poll_transmit() {
            self.ways.send(&packet);
        }
    }

    // ── orders ──────────────────────────────────────────────────────────────────────────────────────────────────────

    fn take_orders(&mut self, now: Instant) -> bool {
        loop {
            match self.wires.orders.try_recv() {
                Ok(order) => self.handle(now, order),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn handle(&mut self, now: Instant, order: Order) {
        if let Some(leg) = order.leg()
            && let Some(expected) = self.expected.get_mut(&leg)
        {
            if expected.waiting.len() < WAITING_MAX {
                expected.waiting.push(order);
            } else {
                error!(%leg, "too many orders wait for a leg that does not come: one is lost");
            }
            return;
        }
        match order {
            Order::Open { leg, stream, socket } => {
                self.ways.open(leg, &stream, socket);
                self.engine.handle_command(now, Command::AddLeg { leg, stream });
            }
            Order::Reports { leg, socket } => self.ways.open_reports(leg, socket),
            Order::Command(command) => self.command(now, command),
            Order::Expect { leg, hop } if self.early.get(&leg) == Some(&hop) => {
                self.early.remove(&leg);
            }
            Order::Expect { leg, hop } => {
                self.expected.insert(leg, Expected { hop, waiting: Vec::new() });
            }
            Order::Move { leg, hop, to } => self.leaving.push_back(Departure { leg, hop, to }),
        }
    }

    fn command(&mut self, now: Instant, command: Command) {
        if let Command::UpdateLeg { leg, stream } = &command {
            self.ways.update(*leg, stream);
        }
        self.engine.handle_command(now, command);
    }

    // ── moves ───────────────────────────────────────────────────────────────────────────────────────────────────────

    fn take_arrivals(&mut self, now: Instant) {
        while let Some(arrival) = self.ahead.take().or_else(|| self.wires.arrivals.try_recv().ok())
        {
            if arrival.ticked > self.ticked {
                self.ahead = Some(arrival);
                return;
            }
            let Arrival { leg: moving, hop, way, .. } = arrival;
            let leg = moving.id();
            self.engine.attach(moving);
            self.ways.put(way);
            match self.expected.remove(&leg) {
                Some(expected) if expected.hop == hop => {
                    for order in expected.waiting {
                        self.handle(now, order);
                    }
                }
                other => {
                    self.early.insert(leg, hop);
                    self.expected.extend(other.map(|expected| (leg, expected)));
                }
            }
        }
    }

    /// After a tick, or early enough before one: who goes misses none.
    fn depart(&mut self) {
        while let Some(&Departure { leg, hop, to }) = self.leaving.front() {
            let Some(Ok(seat)) = self.wires.peers.get(to).map(mpsc::Sender::try_reserve) else {
                return;
            };
            self.leaving.pop_front();
            match (self.engine.detach(leg), self.ways.take(leg)) {
                (Some(leg), Some(way)) => {
                    seat.send(Arrival { leg, hop, way, ticked: self.ticked });
                }
                _ => error!(%leg, "a leg that should move is not here"),
            }
        }
    }

    // ── what others are told ────────────────────────────────────────────────────────────────────────────────────────

    fn tell(&mut self) {
        while let Some(event) = self.engine.poll_event() {
            if let Event::Closed { leg, .. } = event {
                self.ways.take(leg);
            }
            if self.untold.len() < NEWS_MAX || matches!(event, Event::Closed { .. }) {
                self.untold.push_back(event);
            }
        }
        while let Some(event) = self.untold.pop_front() {
            if let Err(TrySendError::Full(event)) = self.wires.news.try_send(event) {
                self.untold.push_front(event);
                return;
            }
        }
    }

    /// Between two ticks, so that a mix never waits for whoever reads.
    fn publish(&mut self) {
        let stats = |leg: LegId| {
            let stats = self.engine.stats(leg)?;
            Some((leg, LegStats { local: self.ways.local(leg), ..stats }))
        };
        let legs: BTreeMap<LegId, LegStats> = self.ways.legs().filter_map(stats).collect();
        self.counted = !legs.is_empty();
        let (ticks_late, lateness) = (self.ticks_late, self.lateness.clone());
        self.wires.counters.send_replace(Counters { ticks_late, lateness, legs });
    }

    fn note_lateness(&mut self, late: Duration) {
        self.lateness.note(late);
        if late > TICK {
            self.ticks_late += 1;
            if late > CATCH_UP {
                warn!(late_ms = late.as_millis() as u64, "a media thread was held up");
            }
        }
    }
}

#[cfg(test)]
mod tests;
