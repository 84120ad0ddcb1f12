//! A control that lets everybody in, for load tests of one edge without anything behind it.
//!
//! `cargo run -p konf-edge --example open_door -- DIR [CONTROL_PORT SIP_PORT]` makes keys and a configuration in DIR,
//! starts control on loopback and says how to start the edge. Whoever keys in a number and any code enters the conference of that number, as a
//! participant, for two hours. Records are acknowledged and counted.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use konf_contract::link::{
    Admission, AdmissionRequest, ControlReply, Denial, EdgeCall, ExtensionReply, Grant, PROTOCOL,
    RecordAck, Welcome,
};
use konf_contract::{ConferenceNumber, GrantId, Language, Role, UnixMs, Window, frame};
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Connection, RecvStream, SendStream};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

const MINUTE_MS: i64 = 60_000;

#[tokio::main]
async fn main() -> Result<()> {
    let folder =
        PathBuf::from(std::env::args().nth(1).context("name a folder for keys and state")?);
    std::fs::create_dir_all(&folder)?;
    make_keys(&folder)?;
    let port =
        |place, otherwise| std::env::args().nth(place).map_or(Ok(otherwise), |text| text.parse());
    let (control, sip): (u16, u16) = (port(2, 7443)?, port(3, 5060)?);
    let endpoint =
        quinn::Endpoint::server(server_config(&folder)?, ([127, 0, 0, 1], control).into())?;
    let config = folder.join("konf-edge.toml");
    let text = EDGE.replace("7443", &control.to_string()).replace("5060", &sip.to_string());
    std::fs::write(&config, text)?;
    println!("Now start the edge: konf-edge --config {}", config.display());
    while let Some(incoming) = endpoint.accept().await {
        match incoming.await {
            Ok(connection) => drop(tokio::spawn(serve(connection))),
            Err(cause) => eprintln!("a connection failed: {cause}"),
        }
    }
    Ok(())
}

const EDGE: &str = r#"name = "edge-1"
capacity = 1000
sip_listen = "127.0.0.1:5060"
media_ports = [20000, 23999]
control_address = "127.0.0.1:7443"
link_ca = "ca.pem"
link_cert = "edge-1.pem"
link_key = "edge-1.key"
state_dir = "state"
ask_names = false
language = "en"
"#;

async fn serve(connection: Connection) {
    while let Ok((send, receive)) = connection.accept_bi().await {
        tokio::spawn(async move {
            if let Err(cause) = answer(send, receive).await {
                eprintln!("a call failed: {cause:#}");
            }
        });
    }
    println!("the edge is gone: {:?}", connection.close_reason());
}

async fn answer(mut send: SendStream, mut receive: RecvStream) -> Result<()> {
    let mut prefix = [0; 4];
    receive.read_exact(&mut prefix).await?;
    let mut body = vec![0; frame::length(prefix)?];
    receive.read_exact(&mut body).await?;
    let reply = match frame::decode(&body)? {
        EdgeCall::Hello(hello) => {
            println!("{} is here, boot {}", hello.edge, hello.boot);
            ControlReply::Welcome(Welcome { protocol: PROTOCOL, now: now() })
        }
        EdgeCall::Admit(request) => ControlReply::Admission(admit(request)),
        EdgeCall::Extend(request) => ControlReply::Extension(ExtensionReply::Extended {
            end: request.end.plus_ms(15 * MINUTE_MS),
        }),
        EdgeCall::Records(batch) => {
            let through = batch.records.last().map_or(0, |record| record.sequence);
            println!("{} records, through {through}", batch.records.len());
            ControlReply::Acknowledged(RecordAck { boot: batch.boot, through })
        }
        EdgeCall::Heartbeat(heartbeat) => {
            println!("{} legs in {} rooms", heartbeat.legs, heartbeat.rooms.len());
            ControlReply::Noted
        }
    };
    send.write_all(&frame::encode(&reply)?).await?;
    send.finish()?;
    Ok(())
}

fn admit(request: AdmissionRequest) -> Admission {
    let Some(keyed) = request.credentials else { return Admission::NoSeatHeld };
    let Ok(conference) = ConferenceNumber::new(keyed.number) else {
        return Admission::Denied(Denial::Unknown);
    };
    let now = now();
    Admission::Granted(Grant {
        grant: GrantId(format!("leg-{}", request.leg)),
        booking: format!("booking-{conference}"),
        conference,
        seats: 1000,
        window: Window { start: now.plus_ms(-MINUTE_MS), end: now.plus_ms(119 * MINUTE_MS) },
        language: Language::En,
        role: Role::Participant,
        leg_limit_s: None,
        returning: false,
        former_leg: None,
        policy: "sha256:none".into(),
        keys: None,
    })
}

#[expect(clippy::disallowed_methods, reason = "a program of its own, with nothing to be repeated")]
fn now() -> UnixMs {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs(since_epoch.as_millis() as i64)
}

fn make_keys(folder: &Path) -> Result<()> {
    let ca_key = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    std::fs::write(folder.join("ca.pem"), params.self_signed(&ca_key)?.pem())?;
    let issuer = Issuer::new(params, ca_key);
    for name in ["konf-control", "edge-1"] {
        let key = KeyPair::generate()?;
        let certificate =
            CertificateParams::new(vec![name.to_owned()])?.signed_by(&key, &issuer)?;
        std::fs::write(folder.join(format!("{name}.pem")), certificate.pem())?;
        std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem())?;
    }
    Ok(())
}

fn server_config(folder: &Path) -> Result<quinn::ServerConfig> {
    let mut authorities = rustls::RootCertStore::empty();
    authorities.add(CertificateDer::from_pem_file(folder.join("ca.pem"))?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
        Arc::new(authorities),
        Arc::clone(&provider),
    )
    .build()?;
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![CertificateDer::from_pem_file(folder.join("konf-control.pem"))?],
            PrivateKeyDer::from_pem_file(folder.join("konf-control.key"))?,
        )?;
    tls.alpn_protocols = vec![b"konf/1".to_vec()];
    Ok(quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?)))
}
