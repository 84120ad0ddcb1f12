//! The media threads alone with as many legs as one likes, or the floor below it: a program that receives and sends the
//! same packets and does nothing with them. `cargo xtask bench media` plays the phones and compares the two.
//!
//!     media_load konf|floor LEGS ROOM_SIZE OWN_IP PHONES_IP FIRST_PORT THREADS
//!
//! Leg n has the port FIRST_PORT + n on both addresses. Says `ready` when all sockets are open; ends when its standard
//! input does, and then says how many ticks were late.

use std::io::{IoSliceMut, Read as _};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use konf_contract::LegId;
use konf_edge::media::{Media, ToMedia};
use konf_media::{Codec, Command, Direction, OpusWishes, RoomId, SourceRule, Stream};
use nix::sys::socket::{MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;

/// As the phones send.
const TICK: Duration = Duration::from_millis(20);
/// A header of RTP and 20 ms of G.711.
const PACKET: usize = 172;

struct Plan {
    legs: u16,
    room_size: u16,
    own: IpAddr,
    phones: IpAddr,
    first_port: u16,
    threads: usize,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, legs, room_size, own, phones, first_port, threads] = arguments.as_slice() else {
        bail!("usage: media_load konf|floor LEGS ROOM_SIZE OWN_IP PHONES_IP FIRST_PORT THREADS");
    };
    let plan = Plan {
        legs: legs.parse()?,
        room_size: room_size.parse::<u16>()?.max(1),
        own: own.parse()?,
        phones: phones.parse()?,
        first_port: first_port.parse()?,
        threads: threads.parse::<usize>()?.max(1),
    };
    match mode.as_str() {
        "konf" => konf(&plan),
        "floor" => floor(&plan),
        other => bail!("{other:?} is neither konf nor floor"),
    }
}

impl Plan {
    fn sockets(&self) -> Result<Vec<UdpSocket>> {
        (0..self.legs).map(|leg| self.socket(leg)).collect()
    }

    fn socket(&self, leg: u16) -> Result<UdpSocket> {
        let address = SocketAddr::new(self.own, self.first_port + leg);
        let socket = UdpSocket::bind(address).with_context(|| format!("opening {address}"))?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }

    fn phone(&self, leg: u16) -> SocketAddr {
        SocketAddr::new(self.phones, self.first_port + leg)
    }
}

// ── Konf ────────────────────────────────────────────────────────────────────────────────────────────────────────────

fn konf(plan: &Plan) -> Result<()> {
    let mut media = Media::start(1, plan.threads)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        for (leg, socket) in (0..plan.legs).zip(plan.sockets()?) {
            let (id, room) = (LegId(u64::from(leg)), RoomId(u64::from(leg / plan.room_size)));
            let stream = stream(plan.phone(leg));
            media.order(ToMedia::Open { leg: id, stream, socket }).await?;
            media.order(ToMedia::Command(Command::Join { leg: id, room })).await?;
        }
        anyhow::Ok(())
    })?;
    until_told_to_end();
    println!("late {}", media.ticks_late());
    media.end()
}

fn stream(remote: SocketAddr) -> Stream {
    Stream {
        remote,
        source: SourceRule::Exact,
        codec: Codec::Pcma,
        payload_type: 8,
        receive_payload_type: 8,
        event_payload_type: Some(101),
        opus: OpusWishes::default(),
        rtcp: konf_media::Rtcp::Mux,
        srtp: None,
        direction: Direction::SendReceive,
        ssrc: u32::from(remote.port()),
        first_sequence: 0,
        first_timestamp: 0,
    }
}

// ── the floor ───────────────────────────────────────────────────────────────────────────────────────────────────────

fn floor(plan: &Plan) -> Result<()> {
    let sockets = plan.sockets()?;
    for (leg, socket) in (0..).zip(&sockets) {
        socket.connect(plan.phone(leg))?;
        setsockopt(socket, sockopt::ReceiveTimestampns, &true)?;
    }
    let share = sockets.len().div_ceil(plan.threads).max(1);
    let mut sockets = sockets.into_iter();
    for _ in 0..plan.threads {
        let share: Vec<UdpSocket> = sockets.by_ref().take(share).collect();
        thread::spawn(move || receive_and_send(&share));
    }
    until_told_to_end();
    println!("late 0");
    Ok(())
}

/// Once a tick, in the calls that Konf uses: no bridge that measures jitter can do with less on these sockets.
fn receive_and_send(sockets: &[UdpSocket]) {
    let mut packet = [0; PACKET];
    let mut buffer = [0; 2048];
    let mut control = nix::cmsg_space!(TimeSpec);
    let mut due = now();
    for sequence in 0u32.. {
        due += TICK;
        thread::sleep(due.saturating_duration_since(now()));
        for socket in sockets {
            // What has come twice in one tick is read once in a while.
            while receive(socket, &mut buffer, &mut control) && sequence.is_multiple_of(50) {}
        }
        packet[..2].copy_from_slice(&[0x80, 8]);
        packet[2..4].copy_from_slice(&(sequence as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&sequence.wrapping_mul(160).to_be_bytes());
        for socket in sockets {
            let _ = socket.send(&packet);
        }
    }
}

fn receive(socket: &UdpSocket, buffer: &mut [u8], control: &mut [u8]) -> bool {
    let mut parts = [IoSliceMut::new(buffer)];
    recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(control), MsgFlags::MSG_DONTWAIT).is_ok()
}

fn until_told_to_end() {
    println!("ready");
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

#[expect(clippy::disallowed_methods, reason = "a program of its own, which keeps time")]
fn now() -> Instant {
    Instant::now()
}
