//! Edges over a real QUIC connection on loopback.

use std::path::Path;

use konf_contract::LegId;
use konf_contract::link::{Admission, AdmissionRequest};
use rcgen::{CertificateParams, Issuer, KeyPair};

use super::*;
use crate::keys;

struct Answers;

impl Service for Answers {
    async fn hello(&self, _: &Hello) -> Result<()> {
        Ok(())
    }

    async fn call(&self, edge: &str, _: &str, call: EdgeCall) -> Result<ControlReply> {
        assert_eq!(edge, "edge-1");
        match call {
            EdgeCall::Admit(_) => Ok(ControlReply::Admission(Admission::NoSeatHeld)),
            _ => bail!("only admission here"),
        }
    }

    fn now(&self) -> UnixMs {
        UnixMs(7)
    }
}

fn start(dir: &Path) -> (SocketAddr, Edges) {
    keys::make(dir, &["edge-1".to_owned(), "edge-2".to_owned()]).unwrap();
    let link = config::Link {
        listen: "127.0.0.1:0".parse().unwrap(),
        ca: dir.join("ca.pem"),
        cert: dir.join("control.pem"),
        key: dir.join("control.key"),
    };
    let endpoint = bind(&link).unwrap();
    let (address, edges) = (endpoint.local_addr().unwrap(), Edges::default());
    tokio::spawn(serve(endpoint, edges.clone(), Arc::new(Answers)));
    (address, edges)
}

async fn dial(
    address: SocketAddr,
    ca: &Path,
    certificate: &Path,
    key: &Path,
) -> Result<Connection> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca)?)?;
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_protocol_versions(&[&rustls::version::TLS13])?
    .with_root_certificates(roots)
    .with_client_auth_cert(
        vec![CertificateDer::from_pem_file(certificate)?],
        PrivateKeyDer::from_pem_file(key)?,
    )?;
    tls.alpn_protocols = vec![ALPN.to_vec()];
    let mut endpoint = Endpoint::client("127.0.0.1:0".parse()?)?;
    let tls = quinn::crypto::rustls::QuicClientConfig::try_from(tls)?;
    endpoint.set_default_client_config(quinn::ClientConfig::new(Arc::new(tls)));
    Ok(endpoint.connect(address, keys::CONTROL_NAME)?.await?)
}

async fn call(connection: &Connection, call: &EdgeCall) -> Result<ControlReply> {
    let (mut send, mut receive) = connection.open_bi().await?;
    send.write_all(&frame::encode(call)?).await?;
    send.finish()?;
    read_message(&mut receive).await
}

fn hello(edge: &str) -> EdgeCall {
    let (edge, boot, version) = (edge.to_owned(), "b1".to_owned(), "0".to_owned());
    EdgeCall::Hello(Hello { protocol: PROTOCOL, edge, boot, version, capacity: 1 })
}

fn admit() -> EdgeCall {
    let caller = konf_contract::Caller {
        number: None,
        network: "internet".into(),
        trunk: "internet".into(),
        mobile: false,
    };
    EdgeCall::Admit(AdmissionRequest { leg: LegId(1), caller, credentials: None })
}

#[tokio::test]
async fn an_edge_says_hello_and_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let (address, edges) = start(dir.path());
    let file = |name: &str| dir.path().join(name);
    let edge =
        dial(address, &file("ca.pem"), &file("edge-1.pem"), &file("edge-1.key")).await.unwrap();
    let welcome = call(&edge, &hello("edge-1")).await.unwrap();
    assert_eq!(welcome, ControlReply::Welcome(Welcome { protocol: PROTOCOL, now: UnixMs(7) }));
    assert_eq!(
        call(&edge, &admit()).await.unwrap(),
        ControlReply::Admission(Admission::NoSeatHeld)
    );
    assert_eq!(edges.lines().len(), 1);
}

#[tokio::test]
async fn an_edge_under_the_name_of_another_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (address, edges) = start(dir.path());
    let file = |name: &str| dir.path().join(name);
    let edge =
        dial(address, &file("ca.pem"), &file("edge-2.pem"), &file("edge-2.key")).await.unwrap();
    let reply = call(&edge, &hello("edge-1")).await.unwrap();
    assert!(matches!(reply, ControlReply::Failed { retry: false, .. }), "{reply:?}");
    assert!(call(&edge, &admit()).await.is_err());
    assert!(edges.lines().is_empty());
}

#[tokio::test]
async fn a_call_before_hello_and_a_message_without_end_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (address, _) = start(dir.path());
    let file = |name: &str| dir.path().join(name);
    let edge =
        dial(address, &file("ca.pem"), &file("edge-1.pem"), &file("edge-1.key")).await.unwrap();
    assert!(call(&edge, &admit()).await.is_err());

    let edge =
        dial(address, &file("ca.pem"), &file("edge-1.pem"), &file("edge-1.key")).await.unwrap();
    let (mut send, mut receive) = edge.open_bi().await.unwrap();
    send.write_all(&[0xff; 64]).await.unwrap();
    assert!(read_message::<ControlReply>(&mut receive).await.is_err());
}

/// The server's refusal of a certificate comes after the client's side of the handshake, so a call shows it.
async fn refused(dialled: Result<Connection>) -> bool {
    match dialled {
        Err(_) => true,
        Ok(connection) => call(&connection, &hello("edge-1")).await.is_err(),
    }
}

#[tokio::test]
async fn a_foreign_and_an_expired_certificate_are_refused() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (address, edges) = start(ours.path());
    keys::make(theirs.path(), &["edge-1".to_owned(), "edge-2".to_owned()]).unwrap();
    let (foreign, foreign_key) =
        (theirs.path().join("edge-1.pem"), theirs.path().join("edge-1.key"));
    assert!(
        refused(dial(address, &ours.path().join("ca.pem"), &foreign, &foreign_key).await).await
    );

    let (expired, expired_key) =
        (theirs.path().join("expired.pem"), theirs.path().join("expired.key"));
    expired_certificate(theirs.path(), &expired, &expired_key);
    let (address_of_theirs, _) = start(theirs.path());
    let ca = theirs.path().join("ca.pem");
    assert!(refused(dial(address_of_theirs, &ca, &expired, &expired_key).await).await);
    // The same but for the date, so it was the date.
    let (valid, valid_key) = (theirs.path().join("edge-1.pem"), theirs.path().join("edge-1.key"));
    assert!(!refused(dial(address_of_theirs, &ca, &valid, &valid_key).await).await);
    assert!(edges.lines().is_empty());
}

/// Signed by an authority whose key is written over the one in `dir`, so that only the date is wrong.
fn expired_certificate(dir: &Path, certificate: &Path, key: &Path) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let issue = |file: &Path, key_file: &Path, name: &str, year: i32| {
        let pair = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        std::fs::write(file, params.signed_by(&pair, &issuer).unwrap().pem()).unwrap();
        std::fs::write(key_file, pair.serialize_pem()).unwrap();
    };
    issue(certificate, key, "edge-1", 2020);
    issue(&dir.join("edge-1.pem"), &dir.join("edge-1.key"), "edge-1", 4000);
    issue(&dir.join("control.pem"), &dir.join("control.key"), keys::CONTROL_NAME, 4000);
    std::fs::write(dir.join("ca.pem"), pem).unwrap();
}
