//! Sockets for SIP: one for datagrams, one that takes connections, on the same address.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use konf_sip::{ConnectionId, Flow, Protocol};
use nix::sys::socket::{setsockopt, sockopt};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tracing::{debug, warn};

/// Bursts of a trunk that has much to say at once: about a thousand messages.
const RECEIVE_BUFFER_BYTES: usize = 1 << 20;
/// Pieces that wait to be read by the edge, of all connections together.
const PIECES_MAX: usize = 256;
/// The size of a piece: most SIP messages fit into one.
const PIECE_BYTES: usize = 4096;
/// Messages that wait for one slow peer; a peer that lets more wait is cut off.
const UNSENT_MAX: usize = 64;
/// For a peer that takes nothing.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);
/// Ports that are tried when the system may choose and UDP and TCP have to agree.
const BIND_TRIES: usize = 16;

/// What a connection brought.
#[derive(Debug)]
pub(crate) enum Piece {
    Bytes(ConnectionId, Vec<u8>),
    Closed(ConnectionId),
}

pub(crate) struct Signalling {
    pub(crate) udp: UdpSocket,
    pub(crate) tcp: TcpListener,
    pub(crate) local: SocketAddr,
    connections: BTreeMap<ConnectionId, Peer>,
    next_connection: u64,
    pieces: mpsc::Sender<Piece>,
}

struct Peer {
    writer: mpsc::Sender<Vec<u8>>,
    reader: AbortHandle,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Signalling {
    /// Binds UDP and TCP on the same port, also when the system chooses it.
    pub(crate) async fn bind(listen: SocketAddr) -> Result<(Signalling, mpsc::Receiver<Piece>)> {
        let (udp, tcp) =
            bind_both(listen).await.with_context(|| format!("listening for SIP on {listen}"))?;
        // The system may give less; it then also loses more in a burst.
        let _ = setsockopt(&udp, sockopt::RcvBuf, &RECEIVE_BUFFER_BYTES);
        let local = udp.local_addr()?;
        let (pieces, inbox) = mpsc::channel(PIECES_MAX);
        let signalling = Signalling {
            udp,
            tcp,
            local,
            connections: BTreeMap::new(),
            next_connection: 1,
            pieces,
        };
        Ok((signalling, inbox))
    }

    pub(crate) fn datagram_flow(&self, remote: SocketAddr) -> Flow {
        Flow { protocol: Protocol::Udp, local: self.local, remote }
    }

    /// A connection came in; the flow that names it.
    pub(crate) fn accept(&mut self, stream: TcpStream, remote: SocketAddr) -> Flow {
        let id = ConnectionId(self.next_connection);
        self.next_connection += 1;
        let local = stream.local_addr().unwrap_or(self.local);
        let _ = stream.set_nodelay(true);
        let (read, write) = stream.into_split();
        let (writer, unsent) = mpsc::channel(UNSENT_MAX);
        tokio::spawn(write_all(write, unsent));
        let reader = tokio::spawn(read_all(id, read, self.pieces.clone())).abort_handle();
        self.connections.insert(id, Peer { writer, reader });
        Flow { protocol: Protocol::Tcp(id), local, remote }
    }

    /// Sends, or loses what cannot be sent at once: SIP repeats what matters. True when the connection had to be given
    /// up.
    #[must_use]
    pub(crate) fn send(&mut self, flow: Flow, bytes: Vec<u8>) -> bool {
        match flow.protocol {
            Protocol::Udp => {
                if let Err(cause) = self.udp.try_send_to(&bytes, flow.remote) {
                    debug!(remote = %flow.remote, %cause, "a datagram was not sent");
                }
                false
            }
            Protocol::Tcp(id) => {
                let Some(peer) = self.connections.get(&id) else { return false };
                let stuck = peer.writer.try_send(bytes).is_err();
                if stuck {
                    warn!(remote = %flow.remote, "a peer takes nothing: its connection is closed");
                    self.close(id);
                }
                stuck
            }
        }
    }

    /// What was sent before still goes out.
    pub(crate) fn close(&mut self, connection: ConnectionId) {
        self.connections.remove(&connection);
    }
}

async fn bind_both(listen: SocketAddr) -> io::Result<(UdpSocket, TcpListener)> {
    let tries = if listen.port() == 0 { BIND_TRIES } else { 1 };
    let mut last_error = io::ErrorKind::AddrInUse.into();
    for _ in 0..tries {
        let udp = UdpSocket::bind(listen).await?;
        match TcpListener::bind(udp.local_addr()?).await {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(cause) => last_error = cause,
        }
    }
    Err(last_error)
}

async fn read_all(id: ConnectionId, mut read: OwnedReadHalf, pieces: mpsc::Sender<Piece>) {
    let mut buffer = vec![0; PIECE_BYTES];
    while let Ok(length @ 1..) = read.read(&mut buffer).await {
        if pieces.send(Piece::Bytes(id, buffer[..length].to_vec())).await.is_err() {
            return;
        }
    }
    let _ = pieces.send(Piece::Closed(id)).await;
}

async fn write_all(mut write: OwnedWriteHalf, mut unsent: mpsc::Receiver<Vec<u8>>) {
    while let Some(bytes) = unsent.recv().await {
        match tokio::time::timeout(WRITE_PATIENCE, write.write_all(&bytes)).await {
            Ok(Ok(())) => {}
            // The reader sees the end of the connection, or the next message finds no one to take it.
            _ => return,
        }
    }
    let _ = write.shutdown().await;
}
