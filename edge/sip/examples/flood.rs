//! How long calls of a trunk take to be answered while strangers flood an edge with INVITEs (RELIABILITY.md, row 28):
//! `cargo run -p konf-sip --example flood -- 127.0.0.1:5060 127.0.0.2 5000 20`
//! calls the edge at the first address ten times a second from the second, which its configuration should name as a
//! trunk's; for 10 s without a flood, then while 250 addresses send 5,000 INVITEs a second for 20 s, then for 10 s after it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const SOURCES: u32 = 250;
/// Between two calls of the trunk.
const PACE: Duration = Duration::from_millis(100);
/// A call that has no answer by then has failed.
const PATIENCE: Duration = Duration::from_secs(5);
const BEFORE_AND_AFTER: Duration = Duration::from_secs(10);

fn main() -> Result<(), Failure> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [edge, trunk, rate, seconds] = arguments.as_slice() else {
        return Err("name the edge's address, the trunk's, INVITEs a second, and seconds".into());
    };
    let (edge, trunk): (SocketAddr, Ipv4Addr) = (edge.parse()?, trunk.parse()?);
    let (rate, seconds): (u32, u64) = (rate.parse()?, seconds.parse()?);
    println!(
        "{:>8} {:>6} {:>6} {:>8} {:>8} {:>8}",
        "flood/s", "calls", "failed", "p50 ms", "p95 ms", "max ms"
    );
    measure(edge, trunk, BEFORE_AND_AFTER, 0)?;
    let stop = Arc::new(AtomicBool::new(false));
    let sent = Arc::new(AtomicU64::new(0));
    let flood = {
        let (stop, sent) = (stop.clone(), sent.clone());
        thread::spawn(move || flood(edge, rate, &stop, &sent))
    };
    measure(edge, trunk, Duration::from_secs(seconds), rate)?;
    stop.store(true, Ordering::Relaxed);
    let (received, bytes_in, bytes_out) = flood.join().map_err(|_| "the flood panicked")??;
    measure(edge, trunk, BEFORE_AND_AFTER, 0)?;
    let sent = sent.load(Ordering::Relaxed);
    println!(
        "{} INVITEs a second were sent; {received} answers came, {:.2} octets for each that was sent",
        sent / seconds,
        bytes_in as f64 / bytes_out as f64
    );
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a program that measures real time")]
fn now() -> Instant {
    Instant::now()
}

/// Calls of the trunk one after the other, at a steady pace; one line about them.
fn measure(edge: SocketAddr, trunk: Ipv4Addr, time: Duration, rate: u32) -> Result<(), Failure> {
    let socket = UdpSocket::bind((trunk, 0))?;
    socket.set_read_timeout(Some(Duration::from_millis(5)))?;
    let (begin, mut next, mut begun) = (now(), now(), 0_u32);
    let mut waiting: BTreeMap<u32, Instant> = BTreeMap::new();
    let mut took = Vec::new();
    let mut buffer = [0; 65_536];
    let salt = begin.elapsed().as_nanos() as u32 ^ std::process::id() ^ rate;
    while begin.elapsed() < time || (!waiting.is_empty() && begin.elapsed() < time + PATIENCE) {
        if now() >= next && begin.elapsed() < time {
            begun += 1;
            next += PACE;
            waiting.insert(begun, now());
            socket.send_to(request("INVITE", begun, 1, salt, "", trunk.into()).as_bytes(), edge)?;
        }
        let Ok((length, _)) = socket.recv_from(&mut buffer) else { continue };
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let line =
            |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let call = line("Call-ID: ").and_then(|id| id.split('-').next()?.parse::<u32>().ok());
        let Some(call) = call.filter(|_| text.starts_with("SIP/2.0 200")) else { continue };
        if line("CSeq: ").is_some_and(|cseq| cseq.ends_with("INVITE")) {
            let tag = line("To: ").and_then(|to| to.split("tag=").nth(1)).unwrap_or_default();
            took.extend(waiting.remove(&call).map(|began| began.elapsed()));
            for (method, cseq) in [("ACK", 1), ("BYE", 2)] {
                let text = request(method, call, cseq, salt, tag, trunk.into());
                socket.send_to(text.as_bytes(), edge)?;
            }
        }
    }
    took.sort();
    let at = |share: usize| took.get((took.len() * share / 100).min(took.len().saturating_sub(1)));
    let ms = |time: Option<&Duration>| time.map_or(f64::NAN, |t| t.as_secs_f64() * 1_000.0);
    let (p50, p95, most) = (ms(at(50)), ms(at(95)), ms(took.last()));
    println!("{rate:>8} {begun:>6} {:>6} {p50:>8.1} {p95:>8.1} {most:>8.1}", waiting.len());
    Ok(())
}

/// INVITEs that are never acknowledged, from many addresses in turn; how many answers came, and the octets both ways.
fn flood(
    edge: SocketAddr,
    rate: u32,
    stop: &AtomicBool,
    sent: &AtomicU64,
) -> Result<(u64, u64, u64), Failure> {
    let mut sockets = Vec::new();
    for at in 0..SOURCES {
        let address = Ipv4Addr::from_bits(Ipv4Addr::new(127, 1, 0, 1).to_bits() + at);
        let socket = UdpSocket::bind((address, 0))?;
        socket.set_nonblocking(true)?;
        sockets.push((address, socket));
    }
    let (begin, mut count) = (now(), 0_u32);
    let (mut received, mut bytes_in, mut bytes_out) = (0, 0, 0);
    let mut buffer = [0; 65_536];
    while !stop.load(Ordering::Relaxed) {
        let due = (begin.elapsed().as_secs_f64() * f64::from(rate)) as u32;
        while count < due {
            let (address, socket) = &sockets[(count % SOURCES) as usize];
            let text = request("INVITE", count, 1, rate, "", (*address).into());
            bytes_out += socket.send_to(text.as_bytes(), edge).unwrap_or(0) as u64;
            count += 1;
            while let Ok((length, _)) = socket.recv_from(&mut buffer) {
                (received, bytes_in) = (received + 1, bytes_in + length as u64);
            }
        }
        sent.store(count.into(), Ordering::Relaxed);
        sleep(Duration::from_millis(1));
    }
    Ok((received, bytes_in, bytes_out))
}

fn request(
    method: &str,
    call: u32,
    cseq: u32,
    salt: u32,
    tag: &str,
    from: std::net::IpAddr,
) -> String {
    let to_tag = if tag.is_empty() { String::new() } else { format!(";tag={tag}") };
    let body = match method {
        "INVITE" => format!(
            "v=0\r\no=- 1 1 IN IP4 {from}\r\ns=-\r\nc=IN IP4 {from}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 101\r\n\
             a=rtpmap:101 telephone-event/8000\r\n"
        ),
        _ => String::new(),
    };
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "{method} sip:konf@{from} SIP/2.0\r\nVia: SIP/2.0/UDP {from};rport;branch=z9hG4bK{method}{call}x{salt}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:caller@{from}>;tag={call}\r\nTo: <sip:konf@{from}>{to_tag}\r\n\
         Call-ID: {call}-{salt}@{from}\r\nCSeq: {cseq} {method}\r\nContact: <sip:caller@{from}>\r\n{kind}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
