//! Answers every call, over UDP and TCP, and says what happens: `cargo run -p konf-sip --example uas -- 127.0.0.1:5060`.
//! A thin shell to try the endpoint against real peers; it sends no media.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use konf_sip::{
    Codec, Command, Config, ConnectionId, Endpoint, Event, Flow, Output, Protocol, Seed, Srtp,
};

/// Short enough for a test peer, long enough to leave the processor alone.
const REST: Duration = Duration::from_millis(1);

struct Shell {
    endpoint: Endpoint,
    udp: UdpSocket,
    tcp: TcpListener,
    connections: HashMap<ConnectionId, TcpStream>,
    accepted: u64,
    /// Hang up after that long, to see our own BYE.
    hang_up_after: Option<Duration>,
    hang_ups: Vec<(Instant, konf_sip::CallId)>,
}

#[expect(clippy::disallowed_methods, reason = "the shell reads the clock")]
fn now() -> Instant {
    Instant::now()
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address: SocketAddr =
        arguments.next().and_then(|a| a.parse().ok()).unwrap_or(([127, 0, 0, 1], 5060).into());
    let hang_up_after = arguments.next().and_then(|s| s.parse().ok()).map(Duration::from_millis);
    let config = Config {
        advertised: address,
        advertised_tls: address,
        product: "konf".into(),
        served_users: Vec::new(),
        trunks: Vec::new(),
        calls_max: 10_000,
        stranger_calls_per_second: 10_000,
        phones: Vec::new(),
        phones_required: false,
        phones_md5_only: false,
        realm: "konf".into(),
        nonce_key: Seed::default(),
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        srtp: Srtp::Off,
        srtp_seed: Seed::default(),
        seed: std::process::id().into(),
    };
    let (udp, tcp) = (UdpSocket::bind(address)?, TcpListener::bind(address)?);
    udp.set_nonblocking(true)?;
    tcp.set_nonblocking(true)?;
    println!("answering at {address}");
    let endpoint = Endpoint::new(config);
    let (connections, hang_ups) = Default::default();
    let mut shell = Shell { endpoint, udp, tcp, connections, accepted: 0, hang_up_after, hang_ups };
    loop {
        if !shell.turn(address)? {
            std::thread::sleep(REST);
        }
    }
}

impl Shell {
    /// Whether anything happened.
    fn turn(&mut self, local: SocketAddr) -> std::io::Result<bool> {
        let mut busy = false;
        let mut buffer = [0; 65_536];
        while let Ok((length, remote)) = self.udp.recv_from(&mut buffer) {
            let flow = Flow { protocol: Protocol::Udp, local, remote };
            self.endpoint.handle_datagram(now(), flow, &buffer[..length]);
            self.take_outputs(local)?;
            busy = true;
        }
        while let Ok((stream, remote)) = self.tcp.accept() {
            stream.set_nonblocking(true)?;
            self.accepted += 1;
            let id = ConnectionId(self.accepted);
            self.connections.insert(id, stream);
            self.endpoint
                .handle_connected(now(), Flow { protocol: Protocol::Tcp(id), local, remote });
            busy = true;
        }
        let ids: Vec<_> = self.connections.keys().copied().collect();
        for id in ids {
            let Some(stream) = self.connections.get_mut(&id) else { continue };
            match stream.read(&mut buffer) {
                Ok(length) if length > 0 => {
                    self.endpoint.handle_stream(now(), id, &buffer[..length]);
                    busy = true;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                _ => {
                    self.connections.remove(&id);
                    self.endpoint.handle_disconnected(now(), id);
                }
            }
            self.take_outputs(local)?;
        }
        while let Some(at) = self.hang_ups.iter().position(|(at, _)| *at <= now()) {
            let (_, call) = self.hang_ups.swap_remove(at);
            let reason = "example is over".into();
            self.endpoint.handle_command(now(), Command::HangUp { call, reason });
        }
        if self.endpoint.poll_timeout().is_some_and(|at| at <= now()) {
            self.endpoint.handle_timeout(now());
        }
        self.take_outputs(local)?;
        Ok(busy)
    }

    fn take_outputs(&mut self, local: SocketAddr) -> std::io::Result<()> {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                Output::Send { flow, bytes } => match flow.protocol {
                    Protocol::Udp => drop(self.udp.send_to(&bytes, flow.remote)),
                    Protocol::Tcp(id) | Protocol::Tls(id) => {
                        if let Some(stream) = self.connections.get_mut(&id) {
                            drop(stream.write_all(&bytes));
                        }
                    }
                },
                Output::Close { connection } => drop(self.connections.remove(&connection)),
                Output::Event(event) => self.take_event(local, event),
            }
        }
        Ok(())
    }

    fn take_event(&mut self, local: SocketAddr, event: Event) {
        println!("{} {event:?}", self.endpoint.calls());
        match event {
            Event::Incoming(incoming) => {
                let media = SocketAddr::new(local.ip(), 40_000);
                let call = incoming.call;
                self.endpoint.handle_command(now(), Command::Answer { call, media });
            }
            Event::Confirmed { call } => {
                self.hang_ups.extend(self.hang_up_after.map(|after| (now() + after, call)));
            }
            _ => {}
        }
    }
}
