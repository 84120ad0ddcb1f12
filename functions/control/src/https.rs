//! The client by which control asks others over HTTPS.

use anyhow::Result;
use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

pub type Client = hyper_util::client::legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Trusts whom browsers trust. Plain HTTP is spoken where an address says so: whoever takes addresses from a
/// configuration has seen to that ([`crate::config::is_confidential`]).
///
/// # Errors
///
/// When TLS cannot be set up.
pub fn client() -> Result<Client> {
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())?
        .https_or_http()
        .enable_http1()
        .build();
    Ok(hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector))
}
