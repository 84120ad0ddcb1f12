//! The media thread: the clock of the mixes, and the sockets of the legs.
//!
//! One thread owns the engine and a socket for each leg. It wakes every 5 ms on an absolute clock, does what it was told,
//! reads what has come, and on every fourth wake-up lets the engine mix 20 ms and sends them. When a packet came is said
//! by the kernel, so that neither the wait for a wake-up nor a late one counts as the network's jitter. The thread waits
//! for nobody: its news lie in a queue of its own until the way to the rest of the edge has room.

use std::collections::{BTreeMap, VecDeque};
use std::io::IoSliceMut;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use konf_contract::LegId;
use konf_media::{Command, Engine, Event, LegStats, SourceRule, Stream};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt,
};
use nix::sys::time::TimeSpec;
use tokio::sync::{mpsc, watch};
use tracing::{debug, error, warn};

use crate::clock::{monotonic, since_epoch};
use crate::metrics::Lateness;

/// How often the thread wakes: keys and the ends of prompts are told without much delay, and no socket runs full.
const SLICE: Duration = Duration::from_millis(5);
/// The mix runs in frames of 20 ms, as the phones send.
const SLICES_PER_TICK: u64 = 4;
/// Every second, two slices after a tick.
const SLICES_PER_COUNT: u64 = 200;
/// Packets that are read from one leg in one slice. A phone sends one every 20 ms; 8 let a burst of 32 a tick through,
/// and a flood against one leg costs the others nothing.
const PACKETS_PER_SLICE: usize = 8;
/// After a stall, missed ticks are made up for up to this long; older ones are skipped.
const CATCH_UP: Duration = Duration::from_millis(200);
/// The longest datagram that is looked at: more than any codec puts into 20 ms; longer ones are cut off and refused.
const DATAGRAM_MAX: usize = 2048;
/// A packet cannot have waited for longer than this: beyond it the wall clock was set meanwhile.
const WAIT_MAX: Duration = Duration::from_secs(1);
/// News that wait while the rest of the edge is busy; beyond it only the end of legs is kept.
const NEWS_MAX: usize = 8192;
/// Ready sockets that the kernel names at once.
const READY_MAX: usize = 256;

/// What the thread is told to do.
#[derive(Debug)]
pub enum ToMedia {
    /// A new leg with the socket that is its own.
    Open {
        leg: LegId,
        stream: Stream,
        /// Non-blocking.
        socket: UdpSocket,
    },
    /// For a leg or a room that is there.
    Command(Command),
}

/// What the thread counts for others to read, made anew every second.
#[derive(Debug, Default, Clone)]
pub struct Counters {
    /// Ticks that began a whole tick too late, since the start.
    pub ticks_late: u64,
    /// Of all ticks.
    pub(crate) lateness: Lateness,
    /// How each leg is heard.
    pub legs: BTreeMap<LegId, LegStats>,
}

/// Starts the thread. It ends when `orders` is closed.
///
/// # Errors
///
/// When the system gives no thread or no epoll.
pub fn start(
    seed: u64,
    orders: mpsc::Receiver<ToMedia>,
    news: mpsc::Sender<Event>,
    counters: watch::Sender<Counters>,
) -> Result<JoinHandle<()>> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).context("creating an epoll")?;
    let media = Media {
        engine: Engine::new(seed),
        sockets: BTreeMap::new(),
        epoll,
        control_buffer: nix::cmsg_space!(TimeSpec),
        orders,
        news,
        waiting: VecDeque::new(),
        counters,
        ticks_late: 0,
        lateness: Lateness::default(),
    };
    thread::Builder::new()
        .name("media".into())
        .spawn(move || media.run())
        .context("starting the media thread")
}

/// A leg's socket.
struct Way {
    socket: UdpSocket,
    /// The kernel sends to the leg's peer and takes packets from it alone.
    bound: bool,
}

struct Media {
    engine: Engine,
    sockets: BTreeMap<LegId, Way>,
    epoll: Epoll,
    /// Room for what the kernel says about a packet.
    control_buffer: Vec<u8>,
    orders: mpsc::Receiver<ToMedia>,
    news: mpsc::Sender<Event>,
    waiting: VecDeque<Event>,
    counters: watch::Sender<Counters>,
    ticks_late: u64,
    lateness: Lateness,
}

impl Media {
    fn run(mut self) {
        self.engine.set_wall_clock(monotonic(), since_epoch());
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
            if slice % SLICES_PER_COUNT == SLICES_PER_TICK / 2 {
                self.publish();
            }
            due = next_due(due, now);
        }
    }

    /// False when nobody is left to order anything.
    fn take_orders(&mut self, now: Instant) -> bool {
        loop {
            match self.orders.try_recv() {
                Ok(ToMedia::Open { leg, stream, socket }) => self.open(now, leg, stream, socket),
                Ok(ToMedia::Command(command)) => self.command(now, command),
                Err(mpsc::error::TryRecvError::Empty) => return true,
                Err(mpsc::error::TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn open(&mut self, now: Instant, leg: LegId, stream: Stream, socket: UdpSocket) {
        if let Err(cause) = setsockopt(&socket, sockopt::ReceiveTimestampns, &true) {
            debug!(%leg, %cause, "arrivals are told by the clock of the thread");
        }
        let readable = EpollEvent::new(EpollFlags::EPOLLIN, leg.0);
        if let Err(cause) = self.epoll.add(&socket, readable) {
            // The leg then hears and is not heard, until it counts as lost.
            error!(%leg, %cause, "a media socket cannot be watched");
        }
        let bound = bind_to_peer(leg, &socket, &stream);
        self.sockets.insert(leg, Way { socket, bound });
        self.engine.handle_command(now, Command::AddLeg { leg, stream });
    }

    fn command(&mut self, now: Instant, command: Command) {
        if let Command::UpdateLeg { leg, stream } = &command
            && let Some(way) = self.sockets.get_mut(leg)
        {
            way.bound = bind_to_peer(*leg, &way.socket, stream);
        }
        self.engine.handle_command(now, command);
    }

    fn receive(&mut self, now: Instant) {
        let mut ready = [EpollEvent::empty(); READY_MAX];
        let mut inlet = Inlet { now, wall: since_epoch(), buffer: [0; DATAGRAM_MAX] };
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
                    read += usize::from(self.receive_one(LegId(event.data()), &mut inlet));
                }
                rest = if found < READY_MAX { 0 } else { rest.saturating_sub(found) };
            }
            if read == 0 {
                return;
            }
        }
    }

    fn receive_one(&mut self, leg: LegId, inlet: &mut Inlet) -> bool {
        let Some(way) = self.sockets.get(&leg) else { return false };
        let Some((at, source, length)) = inlet.read(&way.socket, &mut self.control_buffer) else {
            return false;
        };
        self.engine.handle_datagram(at, leg, source, &inlet.buffer[..length]);
        true
    }

    fn send(&mut self) {
        while let Some(transmit) = self.engine.poll_transmit() {
            // A full socket buffer or an unreachable phone loses this packet, as the network might.
            let _ = match self.sockets.get(&transmit.leg) {
                Some(Way { socket, bound: true }) if !transmit.rtcp => socket.send(transmit.bytes),
                Some(Way { socket, .. }) => socket.send_to(transmit.bytes, transmit.destination),
                None => continue,
            };
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

    /// Between two ticks, so that a mix never waits for whoever reads.
    fn publish(&mut self) {
        self.engine.set_wall_clock(monotonic(), since_epoch());
        let stats = |leg: &LegId| Some((*leg, self.engine.stats(*leg)?));
        let legs = self.sockets.keys().filter_map(stats).collect();
        let (ticks_late, lateness) = (self.ticks_late, self.lateness.clone());
        self.counters.send_replace(Counters { ticks_late, lateness, legs });
    }

    fn note_lateness(&mut self, now: Instant, due: Instant) {
        let late = now.saturating_duration_since(due);
        self.lateness.note(late);
        if late > SLICE * SLICES_PER_TICK as u32 {
            self.ticks_late += 1;
            if late > CATCH_UP {
                warn!(late_ms = late.as_millis() as u64, "the media thread was held up");
            }
        }
    }
}

/// Lets the kernel keep the way to a peer that stays where it is (4 to 7 % of what a packet costs) and turn strangers
/// away before they cost anything. Not for a phone, which may yet be latched elsewhere and cannot be let go of again; nor for
/// a socket on every address: it would hear only what is sent to the one from which the peer is reached.
fn bind_to_peer(leg: LegId, socket: &UdpSocket, stream: &Stream) -> bool {
    let one_address = socket.local_addr().is_ok_and(|local| !local.ip().is_unspecified());
    if stream.source != SourceRule::Exact || !one_address {
        return false;
    }
    let connected = socket.connect(stream.remote);
    if let Err(cause) = &connected {
        debug!(%leg, %cause, "the kernel does not keep the way to a peer");
    }
    connected.is_ok()
}

/// Reads packets with the time at which the kernel took them, which it tells by the wall clock.
struct Inlet {
    now: Instant,
    /// `now` by the wall clock, since its epoch.
    wall: Duration,
    buffer: [u8; DATAGRAM_MAX],
}

impl Inlet {
    /// When it came, from where, and how long it is.
    fn read(
        &mut self,
        socket: &UdpSocket,
        control: &mut [u8],
    ) -> Option<(Instant, SocketAddr, usize)> {
        let mut parts = [IoSliceMut::new(&mut self.buffer)];
        let flags = MsgFlags::MSG_DONTWAIT;
        let message =
            recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(control), flags)
                .ok()?;
        let source = address(message.address?)?;
        let taken = message.cmsgs().ok()?.find_map(|part| match part {
            ControlMessageOwned::ScmTimestampns(time) => Some(Duration::from(time)),
            _ => None,
        });
        let waited = taken.and_then(|taken| self.wall.checked_sub(taken)).unwrap_or_default();
        let waited = if waited > WAIT_MAX { Duration::ZERO } else { waited };
        Some((self.now.checked_sub(waited).unwrap_or(self.now), source, message.bytes))
    }
}

fn address(storage: SockaddrStorage) -> Option<SocketAddr> {
    let v4 = storage.as_sockaddr_in().map(|a| SocketAddr::from((a.ip(), a.port())));
    v4.or_else(|| storage.as_sockaddr_in6().map(|a| SocketAddr::from((a.ip(), a.port()))))
}

/// One slice on, whatever the last one took; after a long stall what is too old to be made up for is skipped.
fn next_due(due: Instant, now: Instant) -> Instant {
    let next = due + SLICE;
    if now.saturating_duration_since(next) > CATCH_UP { now } else { next }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(remote: SocketAddr, source: SourceRule) -> Stream {
        Stream {
            remote,
            source,
            codec: konf_media::Codec::Pcma,
            payload_type: 8,
            receive_payload_type: 8,
            event_payload_type: None,
            opus: konf_media::OpusWishes::default(),
            rtcp: konf_media::Rtcp::Mux,
            srtp: None,
            direction: konf_media::Direction::SendReceive,
            ssrc: 1,
            first_sequence: 0,
            first_timestamp: 0,
        }
    }

    #[test]
    fn a_flood_against_one_leg_takes_nothing_from_another() {
        let socket = || UdpSocket::bind("127.0.0.1:0").unwrap();
        let (orders, inbox) = mpsc::channel(16);
        let (outbox, mut news) = mpsc::channel(16);
        let (counters, counted) = watch::channel(Counters::default());
        let thread = start(1, inbox, outbox, counters).unwrap();
        let phones = [socket(), socket()];
        let mut addresses = Vec::new();
        for (leg, phone) in (1..).map(LegId).zip(&phones) {
            let own = socket();
            own.set_nonblocking(true).unwrap();
            addresses.push(own.local_addr().unwrap());
            let phone = phone.local_addr().unwrap();
            let stream = stream(phone, SourceRule::Latch { signalling: phone.ip() });
            orders.blocking_send(ToMedia::Open { leg, stream, socket: own }).unwrap();
        }
        let until = monotonic() + Duration::from_millis(1_500);
        let flood = thread::spawn(move || {
            let attacker = UdpSocket::bind("127.0.0.1:0").unwrap();
            let mut sent = 0u32;
            while monotonic() < until {
                let _ = attacker.send_to(&[0x80; 172], addresses[0]);
                sent += 1;
                if sent.is_multiple_of(100) {
                    thread::sleep(Duration::from_millis(5));
                }
            }
            sent
        });
        phones[1].set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let (mut packets, mut buffer) = (0, [0; 2_048]);
        while monotonic() < until && phones[1].recv_from(&mut buffer).is_ok() {
            packets += 1;
        }
        let sent = flood.join().unwrap();
        assert!(sent > 5_000, "{sent} are no flood");
        assert!(packets >= 50, "{packets} packets in 1.5 s");
        assert!(counted.borrow().legs.get(&LegId(1)).unwrap().packets_refused > 100);

        let leg = LegId(2);
        orders.blocking_send(ToMedia::Command(Command::RemoveLeg { leg })).unwrap();
        assert!(matches!(news.blocking_recv(), Some(Event::Closed { leg: LegId(2), .. })));
        drop(orders);
        thread.join().unwrap();
    }

    #[test]
    fn a_trunk_is_followed_to_a_new_address_and_nobody_else_is_heard() {
        let socket = || UdpSocket::bind("127.0.0.1:0").unwrap();
        let (orders, inbox) = mpsc::channel(16);
        let (outbox, mut news) = mpsc::channel(16);
        let (counters, counted) = watch::channel(Counters::default());
        let thread = start(1, inbox, outbox, counters).unwrap();
        let (own, leg) = (socket(), LegId(1));
        own.set_nonblocking(true).unwrap();
        let address = own.local_addr().unwrap();
        let peers = [socket(), socket()];
        let at = |peer: &UdpSocket| stream(peer.local_addr().unwrap(), SourceRule::Exact);
        orders.blocking_send(ToMedia::Open { leg, stream: at(&peers[0]), socket: own }).unwrap();
        let mut packet = [0xd5; 172];
        packet[..12].copy_from_slice(&[0x80, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        for (number, peer) in (0..).zip(&peers) {
            if number > 0 {
                let update = Command::UpdateLeg { leg, stream: at(peer) };
                orders.blocking_send(ToMedia::Command(update)).unwrap();
            }
            peer.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            peer.recv_from(&mut [0; 2_048]).expect("the peer is sent to");
            packet[3] = number;
            peer.send_to(&packet, address).unwrap();
            socket().send_to(&packet, address).unwrap();
            let until = monotonic() + Duration::from_secs(5);
            let received = || counted.borrow().legs.get(&leg).map_or(0, |s| s.packets_received);
            while received() <= number.into() && monotonic() < until {
                thread::sleep(Duration::from_millis(10));
            }
        }
        orders.blocking_send(ToMedia::Command(Command::RemoveLeg { leg })).unwrap();
        let Some(Event::Closed { stats, .. }) = news.blocking_recv() else { panic!("no end") };
        assert_eq!(stats.packets_received, 2, "{stats:?}");
        drop(orders);
        thread.join().unwrap();
    }

    #[test]
    fn a_packet_is_dated_when_it_came_and_not_when_it_is_read() {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        setsockopt(&receiver, sockopt::ReceiveTimestampns, &true).unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let before = monotonic();
        sender.send_to(&[1, 2, 3], receiver.local_addr().unwrap()).unwrap();
        let after = monotonic();
        thread::sleep(Duration::from_millis(60));
        let mut inlet = Inlet { now: monotonic(), wall: since_epoch(), buffer: [0; DATAGRAM_MAX] };
        let mut control = nix::cmsg_space!(TimeSpec);
        let (at, source, length) = inlet.read(&receiver, &mut control).unwrap();
        let tolerance = Duration::from_millis(20);
        assert!(
            at + tolerance > before && at < after + tolerance,
            "{:?} after it was sent",
            at - before
        );
        assert_eq!(
            (source, &inlet.buffer[..length]),
            (sender.local_addr().unwrap(), &[1, 2, 3][..])
        );
        assert!(inlet.read(&receiver, &mut control).is_none(), "nothing more has come");
    }

    #[test]
    fn a_late_slice_does_not_move_the_clock_and_a_long_stall_does() {
        let start = monotonic();
        let ms = Duration::from_millis;
        assert_eq!(next_due(start, start + ms(3)), start + ms(5));
        assert_eq!(next_due(start, start + ms(150)), start + ms(5));
        assert_eq!(next_due(start, start + ms(900)), start + ms(900));
    }
}
