//! The control link, control's side: QUIC with mutual TLS; edges dial.
//!
//! Each call is one bidirectional stream, so admission never waits behind records. An edge is who its certificate says:
//! a hello under another name is refused. What arrived is acknowledged only after it has been durably committed.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use konf_contract::link::{
    ControlCall, ControlReply, EdgeCall, EdgeReply, Heartbeat, Hello, PROTOCOL, Welcome,
};
use konf_contract::{ConferenceNumber, UnixMs, frame};
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{
    Connection, ConnectionError, Endpoint, Incoming, RecvStream, SendStream, TransportConfig,
    TransportErrorCode, VarInt,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::sync::Semaphore;

use crate::config;

/// Names the protocol in the TLS handshake; a peer that speaks another is refused there.
const ALPN: &[u8] = b"konf/1";
/// How long one call may take, here as at the edge (`ask_patience`).
const CALL_PATIENCE: Duration = Duration::from_secs(5);
/// Calls of one edge under way at once. An edge of 2,000 seats that fills within seconds stays below it.
const CALLS_AT_ONCE: u32 = 256;
/// Edges and strangers that may be shaking hands at once.
const CONNECTIONS_MAX: usize = 256;
/// An edge says something every two seconds; after ten it is gone.
const IDLE_MAX: Duration = Duration::from_secs(10);

/// What the link asks of the rest of control.
pub trait Service: Send + Sync + 'static {
    /// An edge has come (again).
    fn hello(&self, hello: &Hello) -> impl Future<Output = Result<()>> + Send;
    /// An edge said how it is.
    fn heard(
        &self,
        _edge: &str,
        _boot: &str,
        _heartbeat: &Heartbeat,
    ) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }
    /// Admission, extension and records; heartbeats are kept by the link itself.
    fn call(
        &self,
        edge: &str,
        boot: &str,
        call: EdgeCall,
    ) -> impl Future<Output = Result<ControlReply>> + Send;
    fn now(&self) -> UnixMs;
}

/// The edges that are connected, by name.
#[derive(Clone, Default)]
pub struct Edges(Arc<Mutex<BTreeMap<String, Edge>>>);

#[derive(Clone)]
struct Edge {
    hello: Hello,
    connection: Connection,
    last: Option<Heartbeat>,
}

/// One connected edge as an operator sees it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct EdgeLine {
    pub edge: String,
    pub boot: String,
    pub version: String,
    pub address: SocketAddr,
    pub capacity: u32,
    pub legs: Option<u32>,
    pub heard: Option<UnixMs>,
}

impl Edges {
    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Edge>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn lines(&self) -> Vec<EdgeLine> {
        let line = |(name, edge): (&String, &Edge)| EdgeLine {
            edge: name.clone(),
            boot: edge.hello.boot.clone(),
            version: edge.hello.version.clone(),
            address: edge.connection.remote_address(),
            capacity: edge.hello.capacity,
            legs: edge.last.as_ref().map(|heartbeat| heartbeat.legs),
            heard: edge.last.as_ref().map(|heartbeat| heartbeat.at),
        };
        self.locked().iter().map(line).collect()
    }

    /// Asks every connected edge; an edge that does not answer is left out.
    pub async fn ask_all(&self, call: &ControlCall) -> Vec<(String, EdgeReply)> {
        let connections: Vec<_> = self
            .locked()
            .iter()
            .map(|(name, edge)| (name.clone(), edge.connection.clone()))
            .collect();
        let mut replies = Vec::new();
        for (name, connection) in connections {
            match tokio::time::timeout(CALL_PATIENCE, ask(&connection, call)).await {
                Ok(Ok(reply)) => replies.push((name, reply)),
                Ok(Err(error)) => tracing::warn!(edge = name, %error, "edge did not answer"),
                Err(_) => tracing::warn!(edge = name, "edge did not answer in time"),
            }
        }
        replies
    }

    /// Ends the room of a conference wherever it is.
    pub async fn close(&self, conference: ConferenceNumber) {
        self.ask_all(&ControlCall::Close { conference }).await;
    }
}

async fn ask(connection: &Connection, call: &ControlCall) -> Result<EdgeReply> {
    let (mut send, mut receive) = connection.open_bi().await?;
    send.write_all(&frame::encode(call)?).await?;
    send.finish()?;
    read_message(&mut receive).await
}

/// Binds the link's socket.
pub fn bind(link: &config::Link) -> Result<Endpoint> {
    let server = server_config(link)?;
    Endpoint::server(server, link.listen)
        .with_context(|| format!("cannot listen on {} (link.listen)", link.listen))
}

/// Whether the files of the link can be used together.
pub fn check_keys(link: &config::Link) -> Result<()> {
    server_config(link).map(drop)
}

fn server_config(link: &config::Link) -> Result<quinn::ServerConfig> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in
        CertificateDer::pem_file_iter(&link.ca).with_context(|| format!("link.ca {:?}", link.ca))?
    {
        roots.add(certificate?)?;
    }
    let certificates = CertificateDer::pem_file_iter(&link.cert)
        .with_context(|| format!("link.cert {:?}", link.cert))?
        .collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(&link.key)
        .with_context(|| format!("link.key {:?}", link.key))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let clients = rustls::server::WebPkiClientVerifier::builder_with_provider(
        Arc::new(roots),
        provider.clone(),
    )
    .build()?;
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(clients)
        .with_single_cert(certificates, key)?;
    tls.alpn_protocols = vec![ALPN.to_vec()];
    // No early data: a replayed admission would take a second seat.
    tls.max_early_data_size = 0;
    let mut server = quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?));
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(CALLS_AT_ONCE))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .max_idle_timeout(Some(IDLE_MAX.try_into()?))
        .keep_alive_interval(Some(Duration::from_secs(2)));
    server.transport_config(Arc::new(transport));
    Ok(server)
}

/// Serves edges until the endpoint is closed.
pub async fn serve<S: Service>(endpoint: Endpoint, edges: Edges, service: Arc<S>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    while let Some(incoming) = endpoint.accept().await {
        let Ok(permit) = room.clone().try_acquire_owned() else {
            incoming.refuse();
            continue;
        };
        let (edges, service) = (edges.clone(), service.clone());
        tokio::spawn(async move {
            let address = incoming.remote_address();
            if let Err(error) = serve_edge(incoming, edges, service).await {
                tracing::warn!(%address, error = format!("{error:#}"), "link refused or lost");
            }
            drop(permit);
        });
    }
}

async fn serve_edge<S: Service>(incoming: Incoming, edges: Edges, service: Arc<S>) -> Result<()> {
    let handshake = tokio::time::timeout(CALL_PATIENCE, incoming.accept()?);
    let connection = match handshake.await.context("handshake too slow")? {
        // It called before control was ready, and has called again since.
        Err(ConnectionError::ConnectionClosed(close))
            if close.error_code == TransportErrorCode::APPLICATION_ERROR =>
        {
            tracing::debug!("an edge did not wait for its link");
            return Ok(());
        }
        connection => connection?,
    };
    let hello = match tokio::time::timeout(CALL_PATIENCE, greet(&connection, &*service)).await {
        Ok(Ok(hello)) => hello,
        Ok(Err(error)) => {
            connection.close(VarInt::from_u32(1), b"hello refused");
            return Err(error);
        }
        Err(_) => bail!("no hello in time"),
    };
    let name = hello.edge.clone();
    tracing::info!(edge = name, boot = hello.boot, version = hello.version, "edge connected");
    let former = edges.locked().insert(
        name.clone(),
        Edge { hello: hello.clone(), connection: connection.clone(), last: None },
    );
    if let Some(former) = former {
        former.connection.close(VarInt::from_u32(2), b"replaced by a newer connection");
    }
    let ended = serve_calls(&connection, &edges, &hello, &service).await;
    let mut connected = edges.locked();
    if connected
        .get(&name)
        .is_some_and(|edge| edge.connection.stable_id() == connection.stable_id())
    {
        connected.remove(&name);
    }
    drop(connected);
    tracing::info!(edge = name, reason = format!("{ended:#}"), "edge disconnected");
    Ok(())
}

/// The first call of a connection is a hello under the name of its certificate.
async fn greet<S: Service>(connection: &Connection, service: &S) -> Result<Hello> {
    let (mut send, mut receive) = connection.accept_bi().await?;
    let EdgeCall::Hello(hello) = read_message(&mut receive).await? else {
        bail!("the first call is not a hello")
    };
    let checked = check_hello(connection, &hello);
    let reply = match &checked {
        Ok(()) => match service.hello(&hello).await {
            Ok(()) => ControlReply::Welcome(Welcome { protocol: PROTOCOL, now: service.now() }),
            Err(error) => ControlReply::Failed { reason: format!("{error:#}"), retry: true },
        },
        Err(error) => ControlReply::Failed { reason: format!("{error:#}"), retry: false },
    };
    send.write_all(&frame::encode(&reply)?).await?;
    send.finish()?;
    let _ = send.stopped().await;
    checked?;
    match reply {
        ControlReply::Welcome(_) => Ok(hello),
        other => bail!("hello not served: {other:?}"),
    }
}

fn check_hello(connection: &Connection, hello: &Hello) -> Result<()> {
    ensure!(
        hello.protocol == PROTOCOL,
        "protocol {} is not served; this control serves {PROTOCOL}",
        hello.protocol
    );
    let chain = connection
        .peer_identity()
        .and_then(|identity| identity.downcast::<Vec<CertificateDer<'static>>>().ok())
        .context("no client certificate")?;
    let certificate =
        webpki::EndEntityCert::try_from(chain.first().context("empty certificate chain")?)?;
    let name =
        ServerName::try_from(hello.edge.as_str()).context("the edge's name is no host name")?;
    certificate.verify_is_valid_for_subject_name(&name).with_context(|| {
        format!("the certificate is not of the edge that it says hello as ({:?})", hello.edge)
    })
}

async fn serve_calls<S: Service>(
    connection: &Connection,
    edges: &Edges,
    hello: &Hello,
    service: &Arc<S>,
) -> ConnectionError {
    loop {
        let (send, receive) = match connection.accept_bi().await {
            Ok(streams) => streams,
            Err(ended) => return ended,
        };
        let (edges, hello, service) = (edges.clone(), hello.clone(), service.clone());
        // At most CALLS_AT_ONCE of these: QUIC's stream limit is the bound.
        tokio::spawn(async move {
            match tokio::time::timeout(
                CALL_PATIENCE,
                answer(send, receive, &edges, &hello, &*service),
            )
            .await
            {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!(edge = hello.edge, error = format!("{error:#}"), "call failed")
                }
                Err(_) => tracing::warn!(edge = hello.edge, "call took too long"),
            }
        });
    }
}

async fn answer<S: Service>(
    mut send: SendStream,
    mut receive: RecvStream,
    edges: &Edges,
    hello: &Hello,
    service: &S,
) -> Result<()> {
    let call: EdgeCall = read_message(&mut receive).await?;
    let reply = match call {
        EdgeCall::Heartbeat(heartbeat) => {
            if let Err(error) = service.heard(&hello.edge, &hello.boot, &heartbeat).await {
                tracing::error!(
                    error = format!("{error:#}"),
                    "what an edge says was not passed on"
                );
            }
            if let Some(edge) = edges.locked().get_mut(&hello.edge) {
                edge.last = Some(heartbeat);
            }
            ControlReply::Noted
        }
        EdgeCall::Hello(_) => {
            ControlReply::Failed { reason: "hello was said before".to_owned(), retry: false }
        }
        call => service.call(&hello.edge, &hello.boot, call).await.unwrap_or_else(|error| {
            tracing::error!(
                edge = hello.edge,
                error = format!("{error:#}"),
                "call could not be served"
            );
            ControlReply::Failed { reason: "control cannot serve this now".to_owned(), retry: true }
        }),
    };
    send.write_all(&frame::encode(&reply)?).await?;
    send.finish()?;
    Ok(())
}

async fn read_message<M: serde::de::DeserializeOwned>(receive: &mut RecvStream) -> Result<M> {
    let mut prefix = [0; 4];
    receive.read_exact(&mut prefix).await?;
    let mut body = vec![0; frame::length(prefix)?];
    receive.read_exact(&mut body).await?;
    Ok(frame::decode(&body)?)
}

#[cfg(test)]
mod tests;
