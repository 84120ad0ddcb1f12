//! What a request costs through the embedded host, over real sockets: `cargo run --release -p konf-control --example
//! order_cost`.
//!
//! Orders as a gateway sends them, signed, answered after the commit; and a JSON request without the ledger, to compare
//! with other hosts. Prints one figure a line, `name value`; `cargo xtask bench functions` builds it, and sets budgets
//! beside them. Needs the components of `cargo xtask components`.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock and speaks to a person"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hmac::{Hmac, Mac};
use http::{Request, Response};
use konf_control::ledger_service::Inside;
use konf_control::{clock, server};
use konf_host::Host;
use konf_ledger::{Budget, EdgeSeats, Ledger};
use sha2::Sha256;
use tokio::sync::watch;

const SECRET: &[u8] = b"a secret of the measurement only";
const LEDGER_TOKEN: &str = "a token of the measurement only";
/// Callers at once where as much as possible is asked.
const CLIENTS: usize = 32;
const WARM_UP: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(5);
/// Orders a second where latency is measured (RELIABILITY.md, rows 1 to 9, at a thousand times what is expected).
const ORDERS_PER_SECOND: u32 = 200;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let served = serve(folder.path()).await?;
    let address = served.address;
    let measured = tokio::task::spawn_blocking(move || measure(address)).await?;
    served.stop.send(true)?;
    measured
}

/// An argument picks one part: `json`, `rate` or `orders`.
fn measure(address: SocketAddr) -> Result<()> {
    let only = std::env::args().nth(1);
    let is_wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    if is_wanted("json") {
        let json = as_many_as_possible(address, &|_| json_request())?;
        tell("json_per_second", json.per_second);
        tell_latencies("json", json.took);
    }
    if is_wanted("rate") {
        let orders = at_a_rate(address, &order)?;
        tell_latencies("order", orders.took);
    }
    if is_wanted("orders") {
        let orders = as_many_as_possible(address, &order)?;
        tell("orders_per_second", orders.per_second);
        tell_latencies("orders_at_once", orders.took);
    }
    Ok(())
}

// ── what is measured ────────────────────────────────────────────────────────────────────────────────────────────────

struct Served {
    address: SocketAddr,
    stop: watch::Sender<bool>,
}

/// As control serves them, with the private `/render` of `credentials` made public.
struct Functions(Arc<Host>);

impl server::Handler for Functions {
    async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        match request.uri().path() {
            "/render" => self.0.call("credentials", request).await,
            _ => self.0.handle(request).await,
        }
    }
}

async fn serve(folder: &Path) -> Result<Served> {
    let edges = vec![EdgeSeats { name: "edge-1".to_owned(), seats: 1_000_000, labels: Vec::new() }];
    let mut settings = konf_ledger::Settings::new(LEDGER_TOKEN, Arc::new(clock::now), edges);
    settings.budget = Budget { per_recipient: u32::MAX, total: u32::MAX };
    let ledger = Ledger::open(&folder.join("ledger.sqlite"), settings).await?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut settings = konf_host::Settings::new(root.join("spin.toml"));
    for (name, value) in [
        ("ledger_url", "http://ledger.konf.internal".to_owned()),
        ("ledger_token", LEDGER_TOKEN.to_owned()),
        ("sms_secrets", format!("whsec_{}", BASE64_STANDARD.encode(SECRET))),
    ] {
        settings.variables.insert(name.to_owned(), value);
    }
    settings.internal.push(("ledger.konf.internal".into(), Arc::new(Inside::alone(ledger))));
    // Compiled once for all runs.
    settings.cache_dir = Some(root.join("target/bench/compiled"));
    let host = tokio::task::spawn_blocking(move || Host::load(settings)).await??;
    let listener = server::bind("measurement", "127.0.0.1:0".parse()?).await?;
    let address = listener.local_addr()?;
    let (stop, stopping) = watch::channel(false);
    tokio::spawn(server::serve(listener, Arc::new(Functions(host)), stopping));
    Ok(Served { address, stop })
}

// ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────────

/// The messages of one booking: JSON in, three SMS out as JSON.
fn json_request() -> String {
    let body = r#"{"recipient":{"sms":"+420606123456"},"language":"cs","now":1790000000000,"message":{"credentials":{
        "number":"123456","pin":"654321","password":"12345678","window":{"start":1790010000000,"end":1790013600000},
        "zone":"Europe/Prague","seats":10}}}"#;
    format!(
        "POST /render HTTP/1.1\r\nhost: konf\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// From a number and for an hour of its own.
fn order(number: u32) -> String {
    let at = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    let day = at.saturating_add(jiff::Span::new().days(10 + i64::from(number / 12 % 200)));
    let text = format!("konf {} {:02}00 60 10", day.strftime("%d%m"), 8 + number % 12);
    let body = format!(
        r#"{{"from":"+4206{:08}","to":"+420720002233","text":"{text}"}}"#,
        number % 100_000_000
    );
    let (id, timestamp) = (format!("order-{number}"), clock::now().0 / 1_000);
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("any key will do");
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    format!(
        "POST /sms/generic HTTP/1.1\r\nhost: konf\r\ncontent-type: application/json\r\nwebhook-id: {id}\r\n\
         webhook-timestamp: {timestamp}\r\nwebhook-signature: v1,{signature}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

// ── callers ─────────────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Default)]
struct Answered {
    took: Vec<Duration>,
    per_second: f64,
}

type MakeRequest = dyn Fn(u32) -> String + Sync;

/// Each caller asks again as soon as it is answered.
fn as_many_as_possible(address: SocketAddr, request: &MakeRequest) -> Result<Answered> {
    let begin = Instant::now() + WARM_UP;
    callers(CLIENTS, |_| {
        let mut caller = Caller::new(address)?;
        let mut took = Vec::new();
        while begin.elapsed() < MEASURED {
            let asked = Instant::now();
            caller.ask(&request(next_number()))?;
            if asked >= begin {
                took.push(asked.elapsed());
            }
        }
        Ok(took)
    })
}

/// Requests leave when they are due, whether or not earlier ones were answered, as long as a caller is free; what one
/// waits for that counts.
fn at_a_rate(address: SocketAddr, request: &MakeRequest) -> Result<Answered> {
    let turn = AtomicU32::new(0);
    let begin = Instant::now();
    callers(CLIENTS, |_| {
        let mut caller = Caller::new(address)?;
        let mut took = Vec::new();
        loop {
            let at = turn.fetch_add(1, Ordering::Relaxed);
            let due = begin + Duration::from_secs(1) * at / ORDERS_PER_SECOND;
            if due > begin + WARM_UP + MEASURED {
                return Ok(took);
            }
            thread::sleep(due.saturating_duration_since(Instant::now()));
            caller.ask(&request(next_number()))?;
            if due > begin + WARM_UP {
                took.push(due.elapsed());
            }
        }
    })
}

fn callers(
    number: usize,
    caller: impl Fn(usize) -> Result<Vec<Duration>> + Sync,
) -> Result<Answered> {
    thread::scope(|scope| {
        let caller = &caller;
        let running: Vec<_> =
            (0..number).map(|number| scope.spawn(move || caller(number))).collect();
        let mut answered = Answered::default();
        for caller in running {
            answered.took.extend(caller.join().expect("a caller does not panic")?);
        }
        answered.per_second = answered.took.len() as f64 / MEASURED.as_secs_f64();
        Ok(answered)
    })
}

fn next_number() -> u32 {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// One connection that is kept.
struct Caller(BufReader<TcpStream>);

impl Caller {
    fn new(address: SocketAddr) -> Result<Caller> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Caller(BufReader::new(stream)))
    }

    fn ask(&mut self, request: &str) -> Result<()> {
        self.0.get_mut().write_all(request.as_bytes())?;
        let (mut status, mut length) = (String::new(), 0);
        self.0.read_line(&mut status)?;
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line)?;
            if line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().context("content-length")?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        ensure!(status.contains(" 200 "), "{status}{}", String::from_utf8_lossy(&body));
        Ok(())
    }
}

// ── figures ─────────────────────────────────────────────────────────────────────────────────────────────────────────

fn tell_latencies(name: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    for percent in [50, 99] {
        let at = took.get(took.len() * percent / 100).copied().unwrap_or_default();
        tell(&format!("{name}_p{percent}_ms"), at.as_secs_f64() * 1e3);
    }
}

fn tell(name: &str, value: f64) {
    println!("{name} {value:.3}");
}
