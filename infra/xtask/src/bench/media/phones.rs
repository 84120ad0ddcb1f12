//! The phones of a benchmark: one thread sends, one hears. They send 20 ms of A-law in ten phases, 2 ms apart, so that
//! they keep time neither with each other nor with the bridge.
//!
//! Once a second one phone of each room sends a mark: a packet far louder than all others of the room together. How
//! much later the others hear its first sample is the delay that the bridge adds. Arrivals are dated by the kernel, so
//! that a busy machine does not count against the bridge.

use std::io::IoSliceMut;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;

use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

use super::{FIRST_PORT, OWN, PHONES};

const PHASES: u64 = 10;
const PHASE: Duration = Duration::from_millis(2);
const HEADER: usize = 12;
const FRAME: usize = 160;
/// Packets between two marks of a room: one second.
const MARK_EVERY: u64 = 50;
/// A mark is sought for so long after it was sent: far beyond any delay of a working bridge.
const SOUGHT_US: u64 = 700_000;
/// A-law magnitudes (the code without its sign, its even bits inverted back): -36 dBFS for a voice, so that twenty
/// add up to less than a mark, which is -2 dBFS and heard above or below all of them; what exceeds -8 dBFS is a mark.
const VOICE: u8 = 0x20;
const MARK: u8 = 0x78;
const LOUD: u8 = 0x6a;
/// Every second code of A-law is inverted on the line (G.711).
const LINE: u8 = 0x55;
const POSITIVE: u8 = 0x80;
/// A pause as long as two packets that are missing.
const GAP_US: u64 = 60_000;

/// What all phones heard while it was measured.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) packets: u64,
    pub(super) octets: u64,
    /// Missing in the sequence.
    pub(super) lost: u64,
    /// Pauses of 60 ms or longer.
    pub(super) gaps: u64,
    pub(super) delays_us: Vec<u64>,
    /// How late the phones themselves sent: what a busy machine does to the measurement.
    lateness_us: Vec<u64>,
}

impl Heard {
    pub(super) fn add(&mut self, other: Heard) {
        self.packets += other.packets;
        self.octets += other.octets;
        self.lost += other.lost;
        self.gaps += other.gaps;
        self.delays_us.extend(other.delays_us);
        self.lateness_us.extend(other.lateness_us);
    }

    pub(super) fn delay_ms(&self, percentile: usize) -> f64 {
        at_percentile(&self.delays_us, percentile)
    }

    pub(super) fn own_lateness_ms(&self, percentile: usize) -> f64 {
        at_percentile(&self.lateness_us, percentile)
    }
}

/// In milliseconds; of nothing, nothing.
fn at_percentile(values_us: &[u64], percentile: usize) -> f64 {
    let mut sorted = values_us.to_vec();
    sorted.sort_unstable();
    sorted
        .get((sorted.len() * percentile / 100).min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or(0) as f64
        / 1e3
}

/// What the phones say.
#[derive(Clone)]
pub(super) enum Voices {
    /// Made here, with marks.
    Alaw,
    Recorded(Recorded),
}

/// Payloads that are sent in a loop.
#[derive(Clone)]
pub(super) struct Recorded {
    payload_type: u8,
    /// Of the timestamps, for each packet.
    step: u32,
    voice: Vec<Vec<u8>>,
    silence: Vec<Vec<u8>>,
}

impl Voices {
    /// What `media_load voices` prints: a line with payload type and step, then a line for each payload, `voice` or
    /// `silence` and its octets in hexadecimal.
    pub(super) fn read(text: &str) -> Option<Voices> {
        let mut lines = text.lines();
        let (payload_type, step) = lines.next()?.split_once(' ')?;
        let mut recorded = Recorded {
            payload_type: payload_type.parse().ok()?,
            step: step.parse().ok()?,
            voice: Vec::new(),
            silence: Vec::new(),
        };
        for line in lines {
            let (kind, octets) = line.split_once(' ')?;
            let octet = |at: usize| u8::from_str_radix(octets.get(at..at + 2)?, 16).ok();
            let payload = (0..octets.len()).step_by(2).map(octet).collect::<Option<Vec<u8>>>()?;
            match kind {
                "voice" => recorded.voice.push(payload),
                _ => recorded.silence.push(payload),
            }
        }
        let complete = !recorded.voice.is_empty() && !recorded.silence.is_empty();
        complete.then_some(Voices::Recorded(recorded))
    }
}

pub(super) struct Phones {
    shared: Arc<Shared>,
    sender: JoinHandle<Vec<u64>>,
    hearer: JoinHandle<Result<Heard>>,
}

struct Shared {
    sockets: Vec<UdpSocket>,
    voices: Voices,
    room_size: u16,
    talkers: u16,
    /// When each room's last mark was sent, in microseconds of the wall clock.
    marks: Vec<AtomicU64>,
    measuring: AtomicBool,
    ending: AtomicBool,
}

impl Phones {
    pub(super) fn start(
        count: u16,
        room_size: u16,
        talkers: u16,
        voices: Voices,
    ) -> Result<Phones> {
        let sockets = (0..count).map(open).collect::<Result<Vec<_>>>()?;
        let marks = (0..count.div_ceil(room_size)).map(|_| AtomicU64::new(0)).collect();
        let shared = Arc::new(Shared {
            sockets,
            voices,
            room_size,
            talkers,
            marks,
            measuring: AtomicBool::new(false),
            ending: AtomicBool::new(false),
        });
        let (sending, hearing) = (Arc::clone(&shared), Arc::clone(&shared));
        Ok(Phones {
            shared,
            sender: thread::spawn(move || sending.send()),
            hearer: thread::spawn(move || hearing.hear()),
        })
    }

    pub(super) fn measure(&self, on: bool) {
        self.shared.measuring.store(on, Ordering::Relaxed);
    }

    pub(super) fn end(self) -> Result<Heard> {
        self.shared.ending.store(true, Ordering::Relaxed);
        let lateness_us = self.sender.join().ok().context("the sending phones have failed")?;
        let heard = self.hearer.join().ok().context("the hearing phones have failed")??;
        Ok(Heard { lateness_us, ..heard })
    }
}

fn open(phone: u16) -> Result<UdpSocket> {
    let address = SocketAddr::new(PHONES, FIRST_PORT + phone);
    let socket = UdpSocket::bind(address).with_context(|| format!("opening {address}"))?;
    socket.connect(SocketAddr::new(OWN, FIRST_PORT + phone))?;
    socket.set_nonblocking(true)?;
    setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
    Ok(socket)
}

impl Shared {
    fn ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// How late each phase was while it was measured.
    fn send(&self) -> Vec<u64> {
        go_first();
        let mut lateness_us = Vec::new();
        let start = wall();
        for phase in 0u64.. {
            if self.ending() {
                break;
            }
            let due = start + PHASE * phase as u32;
            thread::sleep(due.saturating_sub(wall()));
            if self.measuring.load(Ordering::Relaxed) {
                lateness_us.push(wall().saturating_sub(due).as_micros() as u64);
            }
            let first = (phase % PHASES) as usize;
            for phone in (first..self.sockets.len()).step_by(PHASES as usize) {
                self.send_one(phone, phase / PHASES);
            }
        }
        lateness_us
    }

    fn send_one(&self, phone: usize, number: u64) {
        let packet = match &self.voices {
            Voices::Alaw => self.alaw(phone, number),
            Voices::Recorded(recorded) => self.recorded(recorded, phone, number),
        };
        // A bridge that is not there shows in what is heard.
        let _ = self.sockets[phone].send(&packet);
    }

    fn recorded(&self, recorded: &Recorded, phone: usize, number: u64) -> Vec<u8> {
        let talks = phone % usize::from(self.room_size) < usize::from(self.talkers);
        let payloads = if talks { &recorded.voice } else { &recorded.silence };
        // Each begins elsewhere in the loop.
        let payload = &payloads[(number as usize + 7 * phone) % payloads.len()];
        let mut packet = header(recorded.payload_type, phone, number, recorded.step).to_vec();
        packet.extend_from_slice(payload);
        packet
    }

    fn alaw(&self, phone: usize, number: u64) -> Vec<u8> {
        let place = phone % usize::from(self.room_size);
        let room = phone / usize::from(self.room_size);
        // Rooms take turns, and within a room the talkers.
        let second = number / MARK_EVERY;
        let marks = number % MARK_EVERY == room as u64 % MARK_EVERY
            && place as u64 == second % u64::from(self.talkers.min(self.room_size));
        let mut packet = vec![0; HEADER + FRAME];
        packet[..HEADER].copy_from_slice(&header(8, phone, number, FRAME as u32));
        let magnitude = match () {
            () if marks => MARK,
            () if place < usize::from(self.talkers) => VOICE,
            () => 0,
        };
        // A square wave of a period of its own; at 20 ms it joins itself without a seam for most periods.
        let half = 4 + place;
        for (i, code) in packet[HEADER..].iter_mut().enumerate() {
            let sign = if (i / half).is_multiple_of(2) { POSITIVE } else { 0 };
            *code = (sign | magnitude) ^ LINE;
        }
        if marks {
            self.marks[room].store(wall().as_micros() as u64, Ordering::Release);
        }
        packet
    }

    fn hear(&self) -> Result<Heard> {
        go_first();
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        for (phone, socket) in (0..).zip(&self.sockets) {
            epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, phone))?;
        }
        let mut ears: Vec<Ear> = self.sockets.iter().map(|_| Ear::default()).collect();
        let mut heard = Heard::default();
        let mut ready = [EpollEvent::empty(); 256];
        let mut packet = [0; 2048];
        let mut control = nix::cmsg_space!(TimeSpec);
        while !self.ending() {
            // Seldom enough not to take the bridge's processor; the kernel dates what waits.
            thread::sleep(PHASE);
            let found = epoll.wait(&mut ready, EpollTimeout::from(50u16))?;
            for event in &ready[..found] {
                let phone = event.data() as usize;
                if let Some((at_us, length)) =
                    receive(&self.sockets[phone], &mut packet, &mut control)
                {
                    let mark_us =
                        self.marks[phone / usize::from(self.room_size)].load(Ordering::Acquire);
                    let measuring = self.measuring.load(Ordering::Relaxed);
                    ears[phone].hear(at_us, &packet[..length], mark_us, measuring, &mut heard);
                }
            }
        }
        Ok(heard)
    }
}

fn header(payload_type: u8, phone: usize, number: u64, step: u32) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..2].copy_from_slice(&[0x80, payload_type]);
    header[2..4].copy_from_slice(&(number as u16).to_be_bytes());
    header[4..8].copy_from_slice(&(number as u32).wrapping_mul(step).to_be_bytes());
    header[8..].copy_from_slice(&(phone as u32).to_be_bytes());
    header
}

/// Telephones share no processor with a bridge: these go before it, and before whatever else runs here. Where that is not
/// permitted, how late they were says what to believe.
fn go_first() {
    let first = ThreadPriorityValue::try_from(20u8).map(ThreadPriority::Crossplatform);
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin);
    if let Ok(first) = first {
        let _ = set_thread_priority_and_policy(thread_native_id(), first, policy);
    }
}

/// What one phone remembers of what it hears.
#[derive(Default)]
struct Ear {
    last: Option<(u16, u64)>,
    /// The mark that was heard last.
    mark_us: u64,
}

impl Ear {
    fn hear(
        &mut self,
        at_us: u64,
        packet: &[u8],
        mark_us: u64,
        measuring: bool,
        heard: &mut Heard,
    ) {
        let (Some(&[_, kind, high, low]), Some(payload)) =
            (packet.first_chunk(), packet.get(HEADER..))
        else {
            return;
        };
        // Reports come on the same port (RFC 5761, 4).
        if (192..=223).contains(&kind) {
            return;
        }
        let sequence = u16::from_be_bytes([high, low]);
        let last = self.last.replace((sequence, at_us));
        let onset = payload.iter().position(|code| (code ^ LINE) & !POSITIVE >= LOUD);
        let fresh = mark_us != self.mark_us && at_us.saturating_sub(mark_us) < SOUGHT_US;
        let delay_us = onset.filter(|_| fresh).map(|sample| {
            self.mark_us = mark_us;
            // The first sample of the mark stood first in its packet; here it stands `sample` times 125 µs later.
            at_us.saturating_sub(mark_us) + sample as u64 * 125
        });
        if !measuring {
            return;
        }
        heard.packets += 1;
        heard.octets += packet.len() as u64;
        heard.delays_us.extend(delay_us);
        if let Some((former, before_us)) = last {
            heard.lost += u64::from(sequence.wrapping_sub(former).wrapping_sub(1));
            heard.gaps += u64::from(at_us.saturating_sub(before_us) >= GAP_US);
        }
    }
}

/// When the kernel took it, and how long it is.
fn receive(socket: &UdpSocket, buffer: &mut [u8], control: &mut [u8]) -> Option<(u64, usize)> {
    let mut parts = [IoSliceMut::new(buffer)];
    let message =
        recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(control), MsgFlags::MSG_DONTWAIT)
            .ok()?;
    let at = message.cmsgs().ok()?.find_map(|part| match part {
        ControlMessageOwned::ScmTimestampns(time) => Some(Duration::from(time)),
        _ => None,
    })?;
    Some((at.as_micros() as u64, message.bytes))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the phones keep time by the clock that dates packets"
)]
fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
