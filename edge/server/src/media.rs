//! The media thread: the clock of the mixes, and the sockets of the legs.
//!
//! One thread owns the engine and a socket for each leg. It wakes every 5 ms on an absolute clock, does what it was told,
//! reads what has come, and on every fourth wake-up lets the engine mix 20 ms and sends them. It waits for nobody: its
//! news lie in a queue of its own until the way to the rest of the edge has room.

use std::collections::{HashMap, VecDeque};
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use konf_contract::LegId;
use konf_media::{Command, Engine, Event, Stream};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use tokio::sync::mpsc;
use tracing::{debug, error, warn};

use crate::clock::monotonic;

/// How often the thread wakes. Packets wait in their sockets for no longer, so that their arrival is known well enough
/// to measure jitter.
const SLICE: Duration = Duration::from_millis(5);
/// The mix runs in frames of 20 ms, as the phones send.
const SLICES_PER_TICK: u64 = 4;
/// Packets that are read from one leg in one slice. A phone sends one every 20 ms; 8 let a burst of 32 a tick through,
/// and a flood against one leg costs the others nothing.
const PACKETS_PER_SLICE: usize = 8;
/// After a stall, missed ticks are made up for up to this long; older ones are skipped.
const CATCH_UP: Duration = Duration::from_millis(200);
/// The longest datagram that is looked at: more than any codec puts into 20 ms; longer ones are cut off and refused.
const DATAGRAM_MAX: usize = 2048;
/// News that wait while the rest of the edge is busy; beyond it only the end of legs is kept.
const NEWS_MAX: usize = 8192;
/// Ready sockets that the kernel names at once.
const READY_MAX: usize = 256;

#[derive(Debug)]
pub(crate) enum ToMedia {
    /// A new leg with the socket that is its own.
    Open {
        leg: LegId,
        stream: Stream,
        socket: UdpSocket,
    },
    Command(Command),
}

/// What the thread counts for others to read.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Ticks that began a whole tick too late.
    pub(crate) ticks_late: AtomicU64,
}

/// Starts the thread. It ends when `orders` is closed.
pub(crate) fn start(
    seed: u64,
    orders: mpsc::Receiver<ToMedia>,
    news: mpsc::Sender<Event>,
    counters: Arc<Counters>,
) -> Result<JoinHandle<()>> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).context("creating an epoll")?;
    let media = Media {
        engine: Engine::new(seed),
        sockets: HashMap::new(),
        epoll,
        orders,
        news,
        waiting: VecDeque::new(),
        counters,
    };
    thread::Builder::new()
        .name("media".into())
        .spawn(move || media.run())
        .context("starting the media thread")
}

struct Media {
    engine: Engine,
    sockets: HashMap<LegId, UdpSocket>,
    epoll: Epoll,
    orders: mpsc::Receiver<ToMedia>,
    news: mpsc::Sender<Event>,
    waiting: VecDeque<Event>,
    counters: Arc<Counters>,
}

impl Media {
    fn run(mut self) {
        let mut due = monotonic() + SLICE;
        for slice in 1u64.. {
            thread::sleep(due.saturating_duration_since(monotonic()));
            let now = monotonic();
            if !self.take_orders(now) {
                return;
            }
            self.receive(now);
            if slice.is_multiple_of(SLICES_PER_TICK) {
                self.note_lateness(now, due);
                self.engine.tick(now);
            }
            self.send();
            self.tell();
            due = next_due(due, now);
        }
    }

    /// False when nobody is left to order anything.
    fn take_orders(&mut self, now: Instant) -> bool {
        loop {
            match self.orders.try_recv() {
                Ok(ToMedia::Open { leg, stream, socket }) => self.open(now, leg, stream, socket),
                Ok(ToMedia::Command(command)) => self.engine.handle_command(now, command),
                Err(mpsc::error::TryRecvError::Empty) => return true,
                Err(mpsc::error::TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn open(&mut self, now: Instant, leg: LegId, stream: Stream, socket: UdpSocket) {
        let readable = EpollEvent::new(EpollFlags::EPOLLIN, leg.0);
        if let Err(cause) = self.epoll.add(&socket, readable) {
            // The leg then hears and is not heard, until it counts as lost.
            error!(%leg, %cause, "a media socket cannot be watched");
        }
        self.sockets.insert(leg, socket);
        self.engine.handle_command(now, Command::AddLeg { leg, stream });
    }

    fn receive(&mut self, now: Instant) {
        let mut ready = [EpollEvent::empty(); READY_MAX];
        let mut buffer = [0; DATAGRAM_MAX];
        // Each round reads one packet from each ready socket, so the rounds bound what one leg may take.
        for _ in 0..PACKETS_PER_SLICE {
            let mut rest = self.sockets.len();
            let mut read = 0;
            while rest > 0 {
                let found = match self.epoll.wait(&mut ready, EpollTimeout::ZERO) {
                    Ok(found) => found,
                    Err(cause) => return debug!(%cause, "waiting for media failed"),
                };
                for event in &ready[..found] {
                    read += usize::from(self.receive_one(now, LegId(event.data()), &mut buffer));
                }
                rest = if found < READY_MAX { 0 } else { rest.saturating_sub(found) };
            }
            if read == 0 {
                return;
            }
        }
    }

    fn receive_one(&mut self, now: Instant, leg: LegId, buffer: &mut [u8]) -> bool {
        let Some(socket) = self.sockets.get(&leg) else { return false };
        match socket.recv_from(buffer) {
            Ok((length, source)) => {
                self.engine.handle_datagram(now, leg, source, &buffer[..length]);
                true
            }
            Err(_) => false,
        }
    }

    fn send(&mut self) {
        while let Some(transmit) = self.engine.poll_transmit() {
            if let Some(socket) = self.sockets.get(&transmit.leg) {
                // A full socket buffer or an unreachable phone loses this packet, as the network might.
                let _ = socket.send_to(transmit.bytes, transmit.destination);
            }
        }
    }

    fn tell(&mut self) {
        while let Some(event) = self.engine.poll_event() {
            if let Event::Closed { leg, .. } = event {
                self.sockets.remove(&leg);
            }
            if self.waiting.len() < NEWS_MAX || matches!(event, Event::Closed { .. }) {
                self.waiting.push_back(event);
            }
        }
        while let Some(event) = self.waiting.pop_front() {
            if let Err(mpsc::error::TrySendError::Full(event)) = self.news.try_send(event) {
                self.waiting.push_front(event);
                return;
            }
        }
    }

    fn note_lateness(&self, now: Instant, due: Instant) {
        let late = now.saturating_duration_since(due);
        if late > SLICE * SLICES_PER_TICK as u32 {
            self.counters.ticks_late.fetch_add(1, Ordering::Relaxed);
            if late > CATCH_UP {
                warn!(late_ms = late.as_millis() as u64, "the media thread was held up");
            }
        }
    }
}

/// One slice on, whatever the last one took; after a long stall what is too old to be made up for is skipped.
fn next_due(due: Instant, now: Instant) -> Instant {
    let next = due + SLICE;
    if now.saturating_duration_since(next) > CATCH_UP { now } else { next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_slice_does_not_move_the_clock_and_a_long_stall_does() {
        let start = monotonic();
        let ms = Duration::from_millis;
        assert_eq!(next_due(start, start + ms(3)), start + ms(5));
        assert_eq!(next_due(start, start + ms(150)), start + ms(5));
        assert_eq!(next_due(start, start + ms(900)), start + ms(900));
    }
}
