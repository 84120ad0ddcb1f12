//! The door for SIP over TLS: takes connections, shakes hands, hands in who is through.
//!
//! A handshake costs a stranger nothing and us a signature, so there are few at a time, fewer for one address, and none
//! takes long. One task owns the count.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::{debug, warn};

use super::Piece;
use crate::config::TlsKeys;

/// Two round trips over the worst way, and time to think for a slow telephone.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(5);
/// Handshakes at once, in all and of one address: a whole office dials in within some seconds, not at the same instant.
const HANDSHAKES_MAX: usize = 32;
const HANDSHAKES_PER_ADDRESS: usize = 8;

/// Whether the files can be used together; read once, at the start.
pub(crate) fn acceptor(keys: &TlsKeys) -> Result<TlsAcceptor> {
    let key = PrivateKeyDer::from_pem_file(&keys.key)
        .with_context(|| format!("sip_tls_key {}", keys.key.display()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates(&keys.cert)?, key)
        .with_context(|| {
            format!("sip_tls_cert {} and sip_tls_key {}", keys.cert.display(), keys.key.display())
        })?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let reading = || format!("sip_tls_cert {}", path.display());
    let chain = CertificateDer::pem_file_iter(path).with_context(reading)?;
    chain.collect::<Result<_, _>>().with_context(reading)
}

/// What became of one handshake.
type Shaken = (SocketAddr, Option<TlsStream<TcpStream>>);

/// Serves until the edge is gone.
pub(crate) async fn serve(door: TcpListener, acceptor: TlsAcceptor, pieces: mpsc::Sender<Piece>) {
    let mut handshakes: JoinSet<Shaken> = JoinSet::new();
    let mut of_address: HashMap<IpAddr, usize> = HashMap::new();
    loop {
        tokio::select! {
            accepted = door.accept() => match accepted {
                Ok((stream, remote)) => {
                    let own = of_address.entry(remote.ip()).or_default();
                    if handshakes.len() >= HANDSHAKES_MAX || *own >= HANDSHAKES_PER_ADDRESS {
                        debug!(%remote, "too many handshakes");
                        continue;
                    }
                    *own += 1;
                    handshakes.spawn(shake(acceptor.clone(), stream, remote));
                }
                // Such as no file descriptor left: the same error would come at once again.
                Err(cause) => {
                    warn!(%cause, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            },
            Some(Ok((remote, stream))) = handshakes.join_next() => {
                if let Some(own) = of_address.get_mut(&remote.ip()) {
                    *own = own.saturating_sub(1);
                }
                of_address.retain(|_, own| *own > 0);
                let Some(stream) = stream else { continue };
                if pieces.send(Piece::Secured(Box::new(stream), remote)).await.is_err() {
                    return;
                }
            }
            () = pieces.closed() => return,
        }
    }
}

async fn shake(acceptor: TlsAcceptor, stream: TcpStream, remote: SocketAddr) -> Shaken {
    let _ = stream.set_nodelay(true);
    match tokio::time::timeout(HANDSHAKE_PATIENCE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => (remote, Some(stream)),
        Ok(Err(cause)) => {
            debug!(%remote, %cause, "a handshake failed");
            (remote, None)
        }
        Err(_) => {
            debug!(%remote, "a handshake took too long");
            (remote, None)
        }
    }
}
