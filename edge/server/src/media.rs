//! The media threads: the clock of the mixes, and the sockets of the legs.
//!
//! All threads keep one clock ([`grid`]) in slices of 5 ms. Each has four lanes, which take turns: a lane ([`worker`])
//! owns whole rooms with an engine of its own and a socket for each leg ([`ways`]), does what it was told, and every 20 ms
//! reads what has come, mixes it and sends. So a thread with a thousand legs sends a quarter of them at a time, and
//! nobody's sound waits for all others'. Who is where is known to one place alone, outside of the threads ([`roster`]): a
//! caller enters on any lane and moves to that of the room, between two ticks, with socket, sound and all. The threads wait
//! for nobody: their news lie in a queue of their own until the way to the rest of the edge has room.

mod grid;
pub(crate) mod priority;
mod roster;
mod ways;
mod worker;

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use anyhow::{Context as _, Result, bail, ensure};
use konf_contract::LegId;
use konf_media::{Command, Event, LegStats, Stream};
use tokio::sync::{Notify, mpsc, watch};
use tracing::{info, warn};

use self::priority::Priority;
use self::roster::{Order, Roster};
use self::worker::{Arrival, Wires, Worker};
use crate::clock::monotonic;
use crate::metrics::Lateness;

/// Of one thread, one for each slice between two ticks.
const LANES: usize = grid::SLICES_PER_TICK as usize;
/// A lane with so many legs of G.711 is busy for about 1 ms of its slice: the next ones get another.
const LANE_FULL: usize = 120;
/// Orders on their way to one lane; it takes all of them within 5 ms.
const ORDERS_MAX: usize = 8192;
/// News on their way from the threads.
const NEWS_MAX: usize = 4096;
/// Legs on their way to one lane; more of them stay where they are for another 5 ms.
const ARRIVALS_MAX: usize = 256;
/// Without sound there is no service: the process ends, whoever supervises it starts it anew, and the journal closes the
/// calls.
const GONE: &str = "a media thread has failed";

/// What the threads are told to do.
#[derive(Debug)]
pub enum ToMedia {
    /// A new leg with the socket that is its own.
    Open {
        leg: LegId,
        stream: Stream,
        /// Non-blocking.
        socket: UdpSocket,
    },
    /// A second socket for a leg whose reports do not share the first (`konf_media::Rtcp::Separate`). Non-blocking.
    Reports { leg: LegId, socket: UdpSocket },
    /// For a leg or a room that is there.
    Command(Command),
}

/// What a lane counts for others to read, made anew every second.
#[derive(Debug, Default, Clone)]
pub struct Counters {
    /// Ticks that began a whole tick too late, since the start.
    pub ticks_late: u64,
    /// Of all ticks.
    pub(crate) lateness: Lateness,
    /// How each leg is heard.
    pub legs: BTreeMap<LegId, LegStats>,
}

/// How the threads are started.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    /// Of what is random in the sound: comfort noise.
    pub seed: u64,
    /// At least one is started.
    pub threads: usize,
    /// Ask for a priority.
    pub realtime: bool,
    /// Take the noise of a line out from under the voice on it.
    pub suppress_noise: bool,
}

/// The threads, seen from the rest of the edge.
pub struct Media {
    roster: Roster,
    lanes: Vec<Lane>,
    threads: Vec<JoinHandle<()>>,
    news: mpsc::Receiver<Event>,
    gone: Arc<Notify>,
}

/// A share of the rooms.
struct Lane {
    orders: mpsc::Sender<Order>,
    counters: watch::Receiver<Counters>,
}

impl Media {
    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub fn start(setup: Setup) -> Result<Media> {
        let Setup { seed, threads, realtime, suppress_noise } = setup;
        let threads = threads.max(1);
        let (outbox, news) = mpsc::channel(NEWS_MAX);
        let gone = Arc::new(Notify::new());
        let (peers, arrivals): (Vec<_>, Vec<mpsc::Receiver<Arrival>>) =
            (0..threads * LANES).map(|_| mpsc::channel(ARRIVALS_MAX)).unzip();
        let epoch = monotonic();
        let mut lanes = Vec::new();
        let mut workers: Vec<Vec<Worker>> = (0..threads).map(|_| Vec::new()).collect();
        // Neighbours are of different threads, so that the first rooms are spread over all of them.
        for (number, arrivals) in arrivals.into_iter().enumerate() {
            let (orders, inbox) = mpsc::channel(ORDERS_MAX);
            let (counters_outbox, counters) = watch::channel(Counters::default());
            let wires = Wires {
                orders: inbox,
                arrivals,
                peers: peers.clone(),
                news: outbox.clone(),
                counters: counters_outbox,
            };
            let phase = (number / threads) as u64;
            // Each lane's noise is its own.
            let mut worker = Worker::new(seed.wrapping_add(number as u64), epoch, phase, wires);
            if !suppress_noise {
                worker.leave_noise();
            }
            workers[number % threads].push(worker);
            lanes.push(Lane { orders, counters });
        }
        let start_one = |(number, lanes)| {
            let obituary = Obituary(Arc::clone(&gone));
            thread::Builder::new()
                .name(format!("media-{number}"))
                .spawn(move || {
                    let _obituary = obituary;
                    if realtime {
                        say_once(number, priority::raise());
                    }
                    worker::run(lanes, epoch);
                })
                .context("starting a media thread")
        };
        let threads: Vec<JoinHandle<()>> =
            (0..).zip(workers).map(start_one).collect::<Result<_>>()?;
        Ok(Media {
            roster: Roster::new(threads.len(), LANES, LANE_FULL),
            lanes,
            threads,
            news,
            gone,
        })
    }

    /// Tells those whom it concerns.
    ///
    /// # Errors
    ///
    /// When one of them has failed.
    pub async fn order(&mut self, order: ToMedia) -> Result<()> {
        for (lane, order) in self.roster.route(order) {
            self.lanes[lane].orders.send(order).await.ok().context(GONE)?;
            self.threads[lane % self.threads.len()].thread().unpark();
        }
        Ok(())
    }

    /// The next thing that has happened; may be dropped and called again.
    ///
    /// # Errors
    ///
    /// When a thread has failed.
    pub async fn next_event(&mut self) -> Result<Event> {
        tokio::select! {
            event = self.news.recv() => event.context(GONE),
            () = self.gone.notified() => bail!(GONE),
        }
    }

    /// Ticks of all threads that began a whole tick too late, since the start.
    pub fn ticks_late(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.counters.borrow().ticks_late).sum()
    }

    /// What all threads count together, as of up to a second ago.
    pub fn counters(&self) -> Counters {
        let mut sum = Counters::default();
        for (number, lane) in self.lanes.iter().enumerate() {
            let counters = lane.counters.borrow();
            sum.ticks_late += counters.ticks_late;
            sum.lateness.add(&counters.lateness);
            // A leg that has just moved is still in what its former lane has told.
            let at_home = |leg: &LegId| self.roster.lane_of(*leg) == Some(number);
            for (leg, stats) in &counters.legs {
                if at_home(leg) || !sum.legs.contains_key(leg) {
                    sum.legs.insert(*leg, *stats);
                }
            }
        }
        sum
    }

    /// How a leg is heard, as of up to a second ago.
    pub fn stats(&self, leg: LegId) -> Option<LegStats> {
        let told_by = |lane: &Lane| lane.counters.borrow().legs.get(&leg).copied();
        let home = self.roster.lane_of(leg).and_then(|lane| told_by(&self.lanes[lane]));
        // A leg that has just moved is still in what its former lane has told.
        home.or_else(|| self.lanes.iter().find_map(told_by))
    }

    /// Ends the threads and waits for them.
    ///
    /// # Errors
    ///
    /// When one of them has failed.
    pub fn end(self) -> Result<()> {
        let Media { lanes, threads, .. } = self;
        drop(lanes);
        threads.iter().for_each(|thread| thread.thread().unpark());
        // All of them, whatever becomes of one.
        let ended: Vec<bool> = threads.into_iter().map(|thread| thread.join().is_ok()).collect();
        ensure!(ended.iter().all(|&well| well), GONE);
        Ok(())
    }
}

/// Gives the calling thread the priority that media threads have, and says which: what is measured beside them needs the
/// same.
pub fn raise_priority() -> String {
    priority::raise().to_string()
}

/// All threads get the same: the first one tells.
fn say_once(number: u64, priority: Priority) {
    match priority {
        _ if number > 0 => {}
        Priority::RealTime => info!(%priority, "the media threads have a priority"),
        Priority::Nice | Priority::Plain => warn!(%priority, "the media threads may be held up"),
    }
}

/// Says that a thread has ended, however that came.
struct Obituary(Arc<Notify>);

impl Drop for Obituary {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[cfg(test)]
mod tests;
