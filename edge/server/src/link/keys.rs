//! Keys of the link: who control must be, and how we prove who we are.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, IdleTimeout, TransportConfig, VarInt};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::LinkKeys;

/// Names the protocol in the TLS handshake; a peer that speaks another is refused there.
const ALPN: &[u8] = b"konf/1";
/// A sign of life every two seconds; after ten of silence the peer is gone.
const KEEP_ALIVE: Duration = Duration::from_secs(2);
const IDLE_MS_MAX: u32 = 10_000;
/// Streams that control may open; it asks a few things at a time.
const ORDERS_MAX: u32 = 64;

/// Whether the files of the link can be used together.
pub(crate) fn check(keys: &LinkKeys) -> Result<()> {
    client_config(keys).map(drop)
}

/// Read anew at each dial, so that renewed keys need no restart.
pub(super) fn client_config(keys: &LinkKeys) -> Result<ClientConfig> {
    let mut authorities = rustls::RootCertStore::empty();
    for certificate in certificates(&keys.ca)? {
        authorities.add(certificate).with_context(|| format!("link_ca {}", keys.ca.display()))?;
    }
    let key = PrivateKeyDer::from_pem_file(&keys.key)
        .with_context(|| format!("link_key {}", keys.key.display()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(authorities)
        .with_client_auth_cert(certificates(&keys.cert)?, key)
        .with_context(|| {
            format!("link_cert {} and link_key {}", keys.cert.display(), keys.key.display())
        })?;
    tls.alpn_protocols = vec![ALPN.to_vec()];
    // What is sent before the handshake is done may be replayed.
    tls.enable_early_data = false;

    let mut transport = TransportConfig::default();
    transport
        .keep_alive_interval(Some(KEEP_ALIVE))
        .max_idle_timeout(Some(IdleTimeout::from(VarInt::from_u32(IDLE_MS_MAX))))
        .max_concurrent_bidi_streams(VarInt::from_u32(ORDERS_MAX))
        .max_concurrent_uni_streams(VarInt::from_u32(0));
    let mut config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?));
    config.transport_config(Arc::new(transport));
    Ok(config)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let reading = || format!("reading the certificate {}", path.display());
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .with_context(reading)?
        .collect::<Result<_, _>>()
        .with_context(reading)?;
    ensure!(!found.is_empty(), "{} holds no certificate", path.display());
    Ok(found)
}
