//! The sockets of one thread's legs: one for each leg, so that the kernel keeps strangers and floods of one leg from all
//! others (ARCHITECTURE.md, Decisions, says what fewer would save).
//!
//! Nobody waits for a socket: each is asked once a tick for what has come, which is cheaper than to be told which of them
//! to ask, since nearly all have something in every tick.

use std::collections::BTreeMap;
use std::io::IoSliceMut;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant};

use konf_contract::LegId;
use konf_media::{SourceRule, Stream, Transmit};
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt,
};
use nix::sys::time::TimeSpec;
use tracing::debug;

use super::grid::TICK;

/// Packets that are read from one leg in one tick: a phone sends one, or two of 10 ms; 32 empty what a network held back
/// for half a second, and a flood against one leg costs the others little.
const PACKETS_PER_TICK: usize = 32;
/// The longest datagram that is looked at: more than any codec puts into 20 ms; longer ones are cut off and refused.
const DATAGRAM_MAX: usize = 2048;
/// A packet cannot have waited for longer than this: beyond it the wall clock was set meanwhile.
const WAIT_MAX: Duration = Duration::from_secs(1);
/// What a thread that stalls for 200 ms must not lose: 20 packets of 10 ms, for which the kernel counts up to 2,304 octets
/// each, and as much again. It doubles the number that it is told.
const RECEIVE_BUFFER: usize = 48 * 1024;
/// For a second after none or two packets came in one tick, a leg is read until nothing is left.
const EAGER_TICKS: u8 = 50;

/// Reports come every few seconds, and the kernel says when: often enough is every 0.32 s.
const REPORT_TICKS: u8 = 16;
const REPORTS_AT_ONCE: usize = 4;

/// A leg's socket.
pub(super) struct Way {
    leg: LegId,
    socket: UdpSocket,
    local: Option<SocketAddr>,
    /// For reports that do not share the first.
    reports: Option<UdpSocket>,
    /// The kernel sends to this address and takes packets from it alone.
    peer: Option<SocketAddr>,
    /// Ticks for which the leg is read until nothing is left.
    eager: u8,
}

/// All of them, in the order in which the engine goes through its legs.
pub(super) struct Ways {
    ways: Vec<Way>,
    /// Where each of the engine's blocks ends in `ways`.
    ends: Vec<usize>,
    /// Place of each leg in `ways`.
    places: BTreeMap<LegId, usize>,
    /// Whose turn it is to send, most likely.
    turn: usize,
    /// Ticks since reports were read.
    unread: u8,
    inlet: Inlet,
}

impl Ways {
    pub(super) fn new(now: Instant) -> Ways {
        let inlet = Inlet {
            now,
            former: now,
            is_in_time: true,
            wall: Duration::ZERO,
            buffer: [0; DATAGRAM_MAX],
            control: nix::cmsg_space!(TimeSpec),
        };
        Ways {
            ways: Vec::new(),
            ends: Vec::new(),
            places: BTreeMap::new(),
            turn: 0,
            unread: 0,
            inlet,
        }
    }

    pub(super) fn open(&mut self, leg: LegId, stream: &Stream, socket: UdpSocket) {
        if let Err(cause) = setsockopt(&socket, sockopt::ReceiveTimestampns, &true) {
            debug!(%leg, %cause, "arrivals are told by the clock of the thread");
        }
        if let Err(cause) = setsockopt(&socket, sockopt::RcvBuf, &RECEIVE_BUFFER) {
            debug!(%leg, %cause, "a socket keeps the system's receive buffer");
        }
        let peer = bind_to_peer(leg, &socket, stream);
        let local = socket.local_addr().ok();
        self.put(Way { leg, socket, local, reports: None, peer, eager: EAGER_TICKS });
    }

    /// A second socket of a leg that is here.
    pub(super) fn open_reports(&mut self, leg: LegId, socket: UdpSocket) {
        if let Err(cause) = setsockopt(&socket, sockopt::ReceiveTimestampns, &true) {
            debug!(%leg, %cause, "the arrival of reports is told by the clock of the thread");
        }
        if let Some(&place) = self.places.get(&leg) {
            self.ways[place].reports = Some(socket);
        }
    }

    /// Where a leg's sound is received.
    pub(super) fn local(&self, leg: LegId) -> Option<SocketAddr> {
        self.places.get(&leg).and_then(|&place| self.ways[place].local)
    }

    pub(super) fn put(&mut self, way: Way) {
        self.take(way.leg);
        self.places.insert(way.leg, self.ways.len());
        self.ways.push(way);
    }

    pub(super) fn take(&mut self, leg: LegId) -> Option<Way> {
        let place = self.places.remove(&leg)?;
        let way = self.ways.swap_remove(place);
        if let Some(last) = self.ways.get(place) {
            self.places.insert(last.leg, place);
        }
        Some(way)
    }

    /// The leg's stream was negotiated again.
    pub(super) fn update(&mut self, leg: LegId, stream: &Stream) {
        if let Some(&place) = self.places.get(&leg) {
            let way = &mut self.ways[place];
            way.peer = bind_to_peer(leg, &way.socket, stream);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ways.is_empty()
    }

    pub(super) fn legs(&self) -> impl Iterator<Item = LegId> {
        self.places.keys().copied()
    }

    /// Takes the order of the engine's blocks.
    pub(super) fn arrange(&mut self, blocks: impl Iterator<Item = impl Iterator<Item = LegId>>) {
        self.ends.clear();
        let mut end = 0;
        for block in blocks {
            for leg in block {
                let Some(&place) = self.places.get(&leg) else { continue };
                self.ways.swap(end, place);
                self.places.insert(self.ways[place].leg, place);
                self.places.insert(leg, end);
                end += 1;
            }
            self.ends.push(end);
        }
    }

    /// Begins a tick at `now`, which is `wall` by the wall clock: what has come until then is read now, and what comes
    /// meanwhile too.
    pub(super) fn begin(&mut self, now: Instant, wall: Duration) {
        self.inlet.begin(now, wall);
        self.turn = 0;
        self.unread = if self.unread == REPORT_TICKS { 1 } else { self.unread + 1 };
    }

    /// Of the engine, as arranged last.
    pub(super) fn blocks(&self) -> usize {
        self.ends.len()
    }

    /// Reads what has come for the legs of a block: for each packet when it came, to whom, from where, and what.
    pub(super) fn receive(
        &mut self,
        block: usize,
        mut handle: impl FnMut(Instant, LegId, SocketAddr, &[u8]),
    ) {
        let start = block.checked_sub(1).map_or(0, |before| self.ends[before]);
        let ways = self.ways.iter_mut().take(self.ends[block]).skip(start);
        for way in ways {
            self.inlet.read_all(way, &mut handle);
            if self.unread == REPORT_TICKS {
                self.inlet.read_reports(way, &mut handle);
            }
        }
    }

    /// A full socket buffer or an unreachable phone loses the packet, as the network might.
    pub(super) fn send(&mut self, packet: &Transmit<'_>) {
        let Transmit { leg, destination, bytes, rtcp } = *packet;
        let in_turn = self.ways.get(self.turn).is_some_and(|way| way.leg == leg);
        if !in_turn {
            let Some(&place) = self.places.get(&leg) else { return };
            self.turn = place;
        }
        let way = &self.ways[self.turn];
        self.turn += 1;
        let _ = match (way.peer, &way.reports) {
            (_, Some(reports)) if rtcp => reports.send_to(bytes, destination),
            (Some(_), _) if !rtcp => way.socket.send(bytes),
            _ => way.socket.send_to(bytes, destination),
        };
    }
}

/// Lets the kernel keep the way to a peer that stays where it is (4 to 7 % of what a packet costs) and turn strangers
/// away before they cost anything. Not for a phone, which may yet be latched elsewhere and cannot be let go of again; nor for
/// a socket on every address: it would hear only what is sent to the one from which the peer is reached.
fn bind_to_peer(leg: LegId, socket: &UdpSocket, stream: &Stream) -> Option<SocketAddr> {
    let one_address = socket.local_addr().is_ok_and(|local| !local.ip().is_unspecified());
    if stream.source != SourceRule::Exact || !one_address {
        return None;
    }
    let connected = socket.connect(stream.remote);
    if let Err(cause) = &connected {
        debug!(%leg, %cause, "the kernel does not keep the way to a peer");
    }
    connected.ok().map(|()| stream.remote)
}

/// Reads packets with the time at which the kernel took them, which it tells by the wall clock.
struct Inlet {
    now: Instant,
    /// When everything was read before.
    former: Instant,
    /// That was a tick ago.
    is_in_time: bool,
    /// `now` by the wall clock, since its epoch.
    wall: Duration,
    buffer: [u8; DATAGRAM_MAX],
    /// Room for what the kernel says about a packet.
    control: Vec<u8>,
}

impl Inlet {
    fn begin(&mut self, now: Instant, wall: Duration) {
        self.former = self.now;
        self.now = now;
        self.is_in_time = now - self.former < TICK * 3 / 2;
        self.wall = wall;
    }

    /// A leg that has sent one packet a tick is not asked whether there is another (7 % of what receiving and sending
    /// cost): should there be, it is for the next tick, and as old packets are followed up, nothing is left behind.
    fn read_all(
        &mut self,
        way: &mut Way,
        handle: &mut impl FnMut(Instant, LegId, SocketAddr, &[u8]),
    ) {
        way.eager = way.eager.saturating_sub(1);
        for taken in 1..=PACKETS_PER_TICK {
            let Some((at, source, length)) = self.read(&way.socket, way.peer) else {
                way.eager = if taken == 1 { EAGER_TICKS } else { way.eager };
                return;
            };
            handle(at, way.leg, source, &self.buffer[..length]);
            if taken > 1 {
                way.eager = EAGER_TICKS;
            } else if way.eager == 0 && at >= self.former && self.is_in_time {
                return;
            }
        }
    }

    fn read_reports(
        &mut self,
        way: &Way,
        handle: &mut impl FnMut(Instant, LegId, SocketAddr, &[u8]),
    ) {
        let Some(reports) = &way.reports else { return };
        for _ in 0..REPORTS_AT_ONCE {
            let Some((at, source, length)) = self.read(reports, None) else { return };
            handle(at, way.leg, source, &self.buffer[..length]);
        }
    }

    /// When it came, from where, and how long it is.
    fn read(
        &mut self,
        socket: &UdpSocket,
        peer: Option<SocketAddr>,
    ) -> Option<(Instant, SocketAddr, usize)> {
        let socket = socket.as_raw_fd();
        let mut parts = [IoSliceMut::new(&mut self.buffer)];
        let (control, flags) = (Some(self.control.as_mut_slice()), MsgFlags::MSG_DONTWAIT);
        let (taken, source, length) = match peer {
            Some(peer) => {
                let message = recvmsg::<()>(socket, &mut parts, control, flags).ok()?;
                (time_of(message.cmsgs().ok()?), peer, message.bytes)
            }
            None => {
                let message =
                    recvmsg::<SockaddrStorage>(socket, &mut parts, control, flags).ok()?;
                (time_of(message.cmsgs().ok()?), address(message.address?)?, message.bytes)
            }
        };
        let waited = taken.and_then(|taken| self.wall.checked_sub(taken)).unwrap_or_default();
        let waited = if waited > WAIT_MAX { Duration::ZERO } else { waited };
        Some((self.now.checked_sub(waited).unwrap_or(self.now), source, length))
    }
}

/// Since the epoch of the wall clock.
fn time_of(mut said: impl Iterator<Item = ControlMessageOwned>) -> Option<Duration> {
    said.find_map(|part| match part {
        ControlMessageOwned::ScmTimestampns(time) => Some(Duration::from(time)),
        _ => None,
    })
}

fn address(storage: SockaddrStorage) -> Option<SocketAddr> {
    let v4 = storage.as_sockaddr_in().map(|a| SocketAddr::from((a.ip(), a.port())));
    v4.or_else(|| storage.as_sockaddr_in6().map(|a| SocketAddr::from((a.ip(), a.port()))))
}

#[cfg(test)]
mod tests;
