//! The media threads alone with as many legs as one likes, or the floor below it: a program that receives and sends the
//! same packets and does nothing with them. `cargo xtask bench media` plays the phones and compares the two.
//!
//!     media_load konf  LEGS ROOM_SIZE OWN_IP PHONES_IP FIRST_PORT THREADS pcma|g722|opus
//!     media_load floor LEGS ROOM_SIZE OWN_IP PHONES_IP FIRST_PORT THREADS OCTETS
//!     media_load voices g722|opus
//!
//! Leg n has the port FIRST_PORT + n on both addresses. Says `ready` when all sockets are open; ends when its standard
//! input does, and then says how many ticks were late. OCTETS is the size of the floor's packets. `voices` prints two
//! seconds of a voice and of silence, encoded, for phones that know no codec.

use std::io::{IoSliceMut, Read as _};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use konf_contract::LegId;
use konf_edge::media::{Media, Setup, ToMedia, raise_priority};
use konf_media::{Codec, Command, Direction, Engine, OpusWishes, RoomId, SourceRule, Stream};
use nix::sys::socket::{MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;

/// As the phones send.
const TICK: Duration = Duration::from_millis(20);

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
    if let [mode, codec] = arguments.as_slice()
        && mode == "voices"
    {
        return voices(codec_of(codec)?);
    }
    let [mode, legs, room_size, own, phones, first_port, threads, sends] = arguments.as_slice()
    else {
        bail!("usage: media_load konf|floor LEGS ROOM_SIZE OWN PHONES PORT THREADS CODEC|OCTETS");
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
        "konf" => konf(&plan, codec_of(sends)?),
        "floor" => floor(&plan, sends.parse()?),
        other => bail!("{other:?} is neither konf nor floor"),
    }
}

fn codec_of(name: &str) -> Result<Codec> {
    match name {
        "pcma" => Ok(Codec::Pcma),
        "g722" => Ok(Codec::G722),
        "opus" => Ok(Codec::Opus),
        other => bail!("{other:?} is none of pcma, g722, opus"),
    }
}

/// Static ones of RFC 3551, and the one that everybody takes for Opus.
fn payload_type(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 8,
        Codec::G722 => 9,
        Codec::Opus => 111,
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

fn konf(plan: &Plan, codec: Codec) -> Result<()> {
    let mut media = Media::start(Setup {
        seed: 1,
        threads: plan.threads,
        realtime: true,
        suppress_noise: true,
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        for (leg, socket) in (0..plan.legs).zip(plan.sockets()?) {
            let (id, room) = (LegId(u64::from(leg)), RoomId(u64::from(leg / plan.room_size)));
            let stream = stream(plan.phone(leg), codec);
            media.order(ToMedia::Open { leg: id, stream, socket }).await?;
            media.order(ToMedia::Command(Command::Join { leg: id, room })).await?;
        }
        anyhow::Ok(())
    })?;
    until_told_to_end();
    println!("late {}", media.ticks_late());
    media.end()
}

fn stream(remote: SocketAddr, codec: Codec) -> Stream {
    Stream {
        remote,
        source: SourceRule::Exact,
        codec,
        payload_type: payload_type(codec),
        receive_payload_type: payload_type(codec),
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

// ── what phones say ─────────────────────────────────────────────────────────────────────────────────────────────────

/// What phones say again and again: 2 s.
const PHRASE_TICKS: u16 = 100;

/// Left out before it. Codecs remember: a silence that begins before they have settled (4 s) cracks in G.722 wherever it
/// begins anew, at -50 dBov, and all who only listen seem to have something to say.
const SETTLED_TICKS: u16 = 200;

/// The engine encodes it: one leg says it in A-law, another one hears it.
fn voices(codec: Codec) -> Result<()> {
    println!("{} {}", payload_type(codec), codec.clock_rate() / 50);
    for (name, loud) in [("voice", true), ("silence", false)] {
        let epoch = now();
        let mut engine = Engine::with_epoch(1, epoch);
        let (speaker, listener) = (([127, 0, 0, 1], 1).into(), ([127, 0, 0, 1], 2).into());
        for (leg, stream) in [(0, stream(speaker, Codec::Pcma)), (1, stream(listener, codec))] {
            engine.handle_command(epoch, Command::AddLeg { leg: LegId(leg), stream });
            engine.handle_command(epoch, Command::Join { leg: LegId(leg), room: RoomId(1) });
        }
        for tick in 1..=SETTLED_TICKS + PHRASE_TICKS {
            let now = epoch + TICK * u32::from(tick);
            engine.handle_datagram(now - TICK / 2, LegId(0), speaker, &said(tick, loud));
            engine.tick(now);
            while let Some(packet) = engine.poll_transmit() {
                if packet.leg == LegId(1) && !packet.rtcp && tick > SETTLED_TICKS {
                    let octets: String =
                        packet.bytes[12..].iter().map(|octet| format!("{octet:02x}")).collect();
                    println!("{name} {octets}");
                }
            }
            while engine.poll_event().is_some() {}
        }
    }
    Ok(())
}

/// 20 ms of A-law: a buzz of 140 Hz with the overtones of a vowel, in syllables of 0.2 s; or next to nothing.
fn said(tick: u16, loud: bool) -> Vec<u8> {
    let mut packet = vec![0x80, 8];
    packet.extend(tick.to_be_bytes());
    packet.extend((u32::from(tick) * 160).to_be_bytes());
    packet.extend([0, 0, 0, 7]);
    let sample = |n: u32| {
        let t = f64::from(u32::from(tick) * 160 + n) / 8_000.0;
        let tone = |k: u32| {
            let hz = 140.0 * f64::from(k);
            (std::f64::consts::TAU * hz * t).sin() / (1.0 + ((hz - 600.0) / 300.0).powi(2))
        };
        let voice: f64 = (1..=20).map(tone).sum();
        let syllable = 0.6 + 0.4 * (std::f64::consts::TAU * 5.0 * t).sin();
        if loud { voice * syllable * 4_000.0 } else { 0.0 }
    };
    packet.extend((0..160).map(|n| alaw(sample(n))));
    packet
}

/// G.711, coarsely: a segment and four bits.
fn alaw(sample: f64) -> u8 {
    let magnitude = (sample.abs() as u32).min(32_767) >> 3;
    let code = match magnitude {
        0..=31 => magnitude >> 1,
        _ => {
            let segment = magnitude.ilog2() - 4;
            (segment << 4) | ((magnitude >> segment) & 15)
        }
    };
    (code as u8 | if sample >= 0.0 { 0x80 } else { 0 }) ^ 0x55
}

// ── the floor ───────────────────────────────────────────────────────────────────────────────────────────────────────

fn floor(plan: &Plan, octets: usize) -> Result<()> {
    let sockets = plan.sockets()?;
    for (leg, socket) in (0..).zip(&sockets) {
        socket.connect(plan.phone(leg))?;
        setsockopt(socket, sockopt::ReceiveTimestampns, &true)?;
    }
    let share = sockets.len().div_ceil(plan.threads).max(1);
    let mut sockets = sockets.into_iter();
    for _ in 0..plan.threads {
        let share: Vec<UdpSocket> = sockets.by_ref().take(share).collect();
        thread::spawn(move || receive_and_send(&share, octets));
    }
    until_told_to_end();
    println!("late 0");
    Ok(())
}

/// Once a tick, in the calls that Konf uses: no bridge that measures jitter can do with less on these sockets.
fn receive_and_send(sockets: &[UdpSocket], octets: usize) {
    raise_priority();
    let mut packet = vec![0; octets.max(12)];
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
