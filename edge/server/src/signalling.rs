//! Sockets for SIP: one for datagrams, one that takes connections, on the same address, and maybe one for TLS.

pub(crate) mod tls;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use konf_sip::{ConnectionId, Flow, Protocol};
use nix::sys::socket::{setsockopt, sockopt};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
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
    /// A new one by TLS; it is nobody's yet.
    Secured(Box<TlsStream<TcpStream>>, SocketAddr),
    Bytes(ConnectionId, Vec<u8>),
    Closed(ConnectionId),
}

pub(crate) struct Signalling {
    pub(crate) udp: UdpSocket,
    pub(crate) tcp: TcpListener,
    pub(crate) local: SocketAddr,
    pub(crate) local_tls: Option<SocketAddr>,
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
            local_tls: None,
            connections: BTreeMap::new(),
            next_connection: 1,
            pieces,
        };
        Ok((signalling, inbox))
    }

    /// Takes connections by TLS as well.
    pub(crate) async fn open_tls(&mut self, listen: SocketAddr, keys: TlsAcceptor) -> Result<()> {
        let door = TcpListener::bind(listen);
        let door = door.await.with_context(|| format!("listening for SIP by TLS on {listen}"))?;
        self.local_tls = Some(door.local_addr()?);
        tokio::spawn(tls::serve(door, keys, self.pieces.clone()));
        Ok(())
    }

    pub(crate) fn datagram_flow(&self, remote: SocketAddr) -> Flow {
        Flow { protocol: Protocol::Udp, local: self.local, remote }
    }

    /// A connection came in; the flow that names it.
    pub(crate) fn accept(&mut self, stream: TcpStream, remote: SocketAddr) -> Flow {
        let local = stream.local_addr().unwrap_or(self.local);
        let _ = stream.set_nodelay(true);
        let protocol = Protocol::Tcp(self.adopt(stream));
        Flow { protocol, local, remote }
    }

    /// One came in by TLS and has shaken hands.
    pub(crate) fn accept_tls(&mut self, stream: TlsStream<TcpStream>, remote: SocketAddr) -> Flow {
        let local = stream.get_ref().0.local_addr().unwrap_or(self.local);
        let protocol = Protocol::Tls(self.adopt(stream));
        Flow { protocol, local, remote }
    }

    fn adopt(&mut self, stream: impl AsyncRead + AsyncWrite + Send + 'static) -> ConnectionId {
        let id = ConnectionId(self.next_connection);
        self.next_connection += 1;
        let (read, write) = tokio::io::split(stream);
        let (writer, unsent) = mpsc::channel(UNSENT_MAX);
        tokio::spawn(write_all(write, unsent));
        let reader = tokio::spawn(read_all(id, read, self.pieces.clone())).abort_handle();
        self.connections.insert(id, Peer { writer, reader });
        id
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
            Protocol::Tcp(id) | Protocol::Tls(id) => {
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

async fn read_all(id: ConnectionId, mut read: impl AsyncRead + Unpin, pieces: mpsc::Sender<Piece>) {
    let mut buffer = vec![0; PIECE_BYTES];
    while let Ok(length @ 1..) = read.read(&mut buffer).await {
        if pieces.send(Piece::Bytes(id, buffer[..length].to_vec())).await.is_err() {
            return;
        }
    }
    let _ = pieces.send(Piece::Closed(id)).await;
}

async fn write_all(mut write: impl AsyncWrite + Unpin, mut unsent: mpsc::Receiver<Vec<u8>>) {
    while let Some(bytes) = unsent.recv().await {
        // TLS may keep what is written until it is flushed.
        let written = async {
            write.write_all(&bytes).await?;
            write.flush().await
        };
        match tokio::time::timeout(WRITE_PATIENCE, written).await {
            Ok(Ok(())) => {}
            // The reader sees the end of the connection, or the next message finds no one to take it.
            _ => return,
        }
    }
    let _ = tokio::time::timeout(WRITE_PATIENCE, write.shutdown()).await;
}
