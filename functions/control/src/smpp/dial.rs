//! The way to an SMSC: TCP, or TLS over it.

use std::sync::Arc;

use anyhow::{Context, Result};
use hyper_rustls::ConfigBuilderExt as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::config;

pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

pub(super) async fn dial(smpp: &config::Smpp) -> Result<Box<dyn Stream>> {
    let stream = TcpStream::connect(&smpp.address).await?;
    stream.set_nodelay(true)?;
    if !smpp.tls {
        return Ok(Box::new(stream));
    }
    let host = smpp.address.rsplit_once(':').map_or(&*smpp.address, |(host, _)| host);
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
        .with_context(|| format!("smpp.address: {host:?} is no name for a certificate"))?;
    let connector = TlsConnector::from(Arc::new(trust(smpp)?));
    Ok(Box::new(connector.connect(name, stream).await.context("TLS with the SMSC")?))
}

/// The certificates of `smpp.ca`, or those that browsers trust.
fn trust(smpp: &config::Smpp) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = match &smpp.ca {
        None => builder.with_webpki_roots(),
        Some(ca) => {
            let mut roots = RootCertStore::empty();
            let read = || format!("smpp.ca {}", ca.display());
            for certificate in CertificateDer::pem_file_iter(ca).with_context(read)? {
                roots.add(certificate.with_context(read)?).with_context(read)?;
            }
            builder.with_root_certificates(roots)
        }
    };
    Ok(builder.with_no_client_auth())
}
