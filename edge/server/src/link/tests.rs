use std::path::{Path, PathBuf};

use konf_contract::link::{
    Admission, AdmissionRequest, Denial, EndReason, LegEnd, LegLeft, Party, Record, RecordAck,
    RecordEvent, Welcome,
};
use konf_contract::{Caller, LegId, UnixMs};
use quinn::crypto::rustls::QuicServerConfig;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::*;
use crate::journal::Note;

/// No test waits longer for anything.
const LIMIT: Duration = Duration::from_secs(20);

/// A folder with keys and a journal, gone when the test ends.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("konf-edge-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// `ca.pem`, and NAME.pem with NAME.key for control and an edge.
pub(crate) fn make_keys(folder: &Path) {
    let ca_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    std::fs::write(folder.join("ca.pem"), params.self_signed(&ca_key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(params, ca_key);
    for name in [SERVER_NAME, "edge-1"] {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        std::fs::write(folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
        std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    }
}

pub(crate) fn link_keys(folder: &Path) -> LinkKeys {
    LinkKeys {
        ca: folder.join("ca.pem"),
        cert: folder.join("edge-1.pem"),
        key: folder.join("edge-1.key"),
    }
}

/// A control that welcomes, turns everybody away and takes all records; says over a channel what it was asked.
pub(crate) struct Control {
    endpoint: quinn::Endpoint,
    pub(crate) address: String,
    pub(crate) heard: mpsc::Receiver<EdgeCall>,
    pub(crate) connections: mpsc::Receiver<Connection>,
}

impl Control {
    pub(crate) fn start(keys: &Path) -> Control {
        let any = ([127, 0, 0, 1], 0).into();
        Control::serve(quinn::Endpoint::server(server_config(keys), any).unwrap())
    }

    /// On an address that another one has just left; its socket may linger until its connections are forgotten.
    async fn start_again_at(keys: &Path, address: SocketAddr) -> Control {
        let bound = timeout(LIMIT, async {
            loop {
                match quinn::Endpoint::server(server_config(keys), address) {
                    Ok(endpoint) => return endpoint,
                    Err(_) => sleep(Duration::from_millis(20)).await,
                }
            }
        });
        Control::serve(bound.await.expect("the address comes free"))
    }

    fn serve(endpoint: quinn::Endpoint) -> Control {
        let address = endpoint.local_addr().unwrap().to_string();
        let (heard_outbox, heard) = mpsc::channel(64);
        let (connected, connections) = mpsc::channel(64);
        let accepting = endpoint.clone();
        tokio::spawn(async move {
            while let Some(incoming) = accepting.accept().await {
                let Ok(connection) = incoming.await else { continue };
                let _ = connected.send(connection.clone()).await;
                tokio::spawn(answer_all(connection, heard_outbox.clone()));
            }
        });
        Control { endpoint, address, heard, connections }
    }

    /// What it was asked next, signs of life left out.
    pub(crate) async fn hear(&mut self) -> EdgeCall {
        loop {
            match timeout(LIMIT, self.heard.recv()).await.expect("control hears nothing").unwrap() {
                EdgeCall::Heartbeat(_) => {}
                call => return call,
            }
        }
    }

    fn die(self) {
        self.endpoint.close(9u32.into(), b"killed");
    }
}

fn server_config(keys: &Path) -> quinn::ServerConfig {
    let mut authorities = rustls::RootCertStore::empty();
    authorities.add(CertificateDer::from_pem_file(keys.join("ca.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
        Arc::new(authorities),
        Arc::clone(&provider),
    )
    .build()
    .unwrap();
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![CertificateDer::from_pem_file(keys.join("konf-control.pem")).unwrap()],
            PrivateKeyDer::from_pem_file(keys.join("konf-control.key")).unwrap(),
        )
        .unwrap();
    tls.alpn_protocols = vec![b"konf/1".to_vec()];
    quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls).unwrap()))
}

async fn answer_all(connection: Connection, heard: mpsc::Sender<EdgeCall>) {
    while let Ok((mut send, mut receive)) = connection.accept_bi().await {
        let call: EdgeCall = read_message(&mut receive).await.unwrap();
        let reply = match &call {
            EdgeCall::Hello(_) => {
                ControlReply::Welcome(Welcome { protocol: PROTOCOL, now: UnixMs(0) })
            }
            EdgeCall::Admit(_) => ControlReply::Admission(Admission::Denied(Denial::Unknown)),
            EdgeCall::Records(batch) => ControlReply::Acknowledged(RecordAck {
                boot: batch.boot.clone(),
                through: batch.records.last().unwrap().sequence,
            }),
            EdgeCall::Extend(_) | EdgeCall::Heartbeat(_) => ControlReply::Noted,
        };
        let _ = heard.send(call).await;
        let _ = send.write_all(&frame::encode(&reply).unwrap()).await;
        let _ = send.finish();
    }
}

fn dial(address: &str, folder: &Path) -> Dial {
    let hello = Hello {
        protocol: PROTOCOL,
        edge: "edge-1".into(),
        boot: "b".into(),
        version: "test".into(),
        capacity: 1,
    };
    Dial { address: address.to_owned(), keys: link_keys(folder), hello }
}

fn caller() -> Caller {
    Caller { number: None, network: "internet".into(), trunk: "internet".into(), mobile: false }
}

fn admit() -> EdgeCall {
    EdgeCall::Admit(AdmissionRequest { leg: LegId(1), caller: caller(), credentials: None })
}

fn left() -> Note {
    Note::Record(RecordEvent::LegLeft(LegLeft {
        leg: LegId(1),
        caller: caller(),
        grant: None,
        conference: None,
        booking: None,
        role: None,
        answered: UnixMs(0),
        joined: None,
        ended: UnixMs(1),
        duration_ms: 1,
        end: LegEnd { reason: EndReason::HungUp, who: Party::Caller, detail: None },
        quality: None,
    }))
}

async fn next(news: &mut mpsc::Receiver<News>) -> News {
    timeout(LIMIT, news.recv()).await.expect("no news in time").unwrap()
}

/// Asks until the link is up.
async fn asked_until_answered(link: &Link, news: &mut mpsc::Receiver<News>) -> ControlReply {
    for ask in 1..1_000 {
        link.ask(AskId(ask), admit());
        let News::Reply { ask: answered, reply } = next(news).await else { panic!("no reply") };
        assert_eq!(answered, AskId(ask));
        match reply {
            Some(reply) => return reply,
            None => sleep(Duration::from_millis(20)).await,
        }
    }
    panic!("control is never reached");
}

#[tokio::test]
async fn the_link_comes_back_after_control_died_and_brings_the_records_that_waited() {
    let folder = Folder::new("link");
    make_keys(&folder.0);
    let clock = Clock::start();
    let (journal, thread) =
        Journal::start(&folder.0.join("journal"), "edge-1", "b", clock).unwrap();
    let mut control = Control::start(&folder.0);
    let address = control.address.clone();
    let (outbox, mut news) = mpsc::channel(16);
    let link = Link::start(dial(&address, &folder.0), journal.clone(), clock, outbox);

    let reply = asked_until_answered(&link, &mut news).await;
    assert_eq!(reply, ControlReply::Admission(Admission::Denied(Denial::Unknown)));
    assert!(matches!(control.hear().await, EdgeCall::Hello(hello) if hello.edge == "edge-1"));
    assert!(matches!(control.hear().await, EdgeCall::Admit(_)));

    control.die();
    timeout(LIMIT, async {
        while link.is_up() {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
    link.ask(AskId(5_000), admit());
    let unanswered =
        timeout(Duration::from_secs(1), next(&mut news)).await.expect("no answer is told at once");
    assert!(matches!(unanswered, News::Reply { ask: AskId(5_000), reply: None }));
    journal.note(clock.now(), left()).await;

    let mut control = Control::start_again_at(&folder.0, address.parse().unwrap()).await;
    assert!(matches!(control.hear().await, EdgeCall::Hello(_)));
    let EdgeCall::Records(RecordBatch { boot, records, .. }) = control.hear().await else {
        panic!("no records")
    };
    assert_eq!(boot, "b");
    assert!(matches!(records[..], [Record { sequence: 1, .. }]));
    timeout(LIMIT, async {
        while journal.batch(&[]).await.is_some() {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("what is acknowledged is let go of");
    link.close().await;
    journal.close().await;
    thread.join().unwrap();
}

#[tokio::test]
async fn an_order_of_control_is_answered_on_its_stream() {
    let folder = Folder::new("order");
    make_keys(&folder.0);
    let clock = Clock::start();
    let (journal, _thread) =
        Journal::start(&folder.0.join("journal"), "edge-1", "b", clock).unwrap();
    let mut control = Control::start(&folder.0);
    let (outbox, mut news) = mpsc::channel(16);
    let link = Link::start(dial(&control.address, &folder.0), journal, clock, outbox);
    let connection = timeout(LIMIT, control.connections.recv()).await.unwrap().unwrap();

    let asked = tokio::spawn(async move {
        let (mut send, mut receive) = connection.open_bi().await.unwrap();
        send.write_all(&frame::encode(&ControlCall::Rooms).unwrap()).await.unwrap();
        send.finish().unwrap();
        read_message::<EdgeReply>(&mut receive).await.unwrap()
    });
    let News::Order { order: ControlCall::Rooms, answer } = next(&mut news).await else {
        panic!("no order")
    };
    answer.send(EdgeReply::Rooms(Vec::new())).unwrap();
    assert_eq!(timeout(LIMIT, asked).await.unwrap().unwrap(), EdgeReply::Rooms(Vec::new()));
    link.close().await;
}

#[tokio::test]
async fn a_control_that_starts_late_is_reached_soon_after() {
    let folder = Folder::new("late");
    make_keys(&folder.0);
    let clock = Clock::start();
    let (journal, thread) =
        Journal::start(&folder.0.join("journal"), "edge-1", "b", clock).unwrap();
    // Takes what is sent and says nothing, as a host does whose control has not started.
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let (outbox, _news) = mpsc::channel(16);
    let link = Link::start(dial(&address.to_string(), &folder.0), journal.clone(), clock, outbox);
    sleep(Duration::from_millis(3_100)).await;
    assert!(!link.is_up());
    drop(silent);
    let _control = Control::start_again_at(&folder.0, address).await;
    timeout(Duration::from_millis(1_500), async {
        while !link.is_up() {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("control is reached within 1.5 s of its start");
    link.close().await;
    journal.close().await;
    thread.join().unwrap();
}

#[tokio::test]
async fn a_control_of_another_authority_is_not_talked_to() {
    let (ours, theirs) = (Folder::new("ours"), Folder::new("theirs"));
    make_keys(&ours.0);
    make_keys(&theirs.0);
    let control = Control::start(&theirs.0);
    let refused = connect(&dial(&control.address, &ours.0), LIMIT).await.unwrap_err();
    assert!(format!("{refused:#}").contains("certificate"), "{refused:#}");
}

#[test]
fn keys_that_do_not_fit_or_are_missing_are_named() {
    let (folder, other) = (Folder::new("keys"), Folder::new("other-keys"));
    make_keys(&folder.0);
    make_keys(&other.0);
    let said = |keys: LinkKeys| format!("{:#}", check_keys(&keys).unwrap_err());
    assert!(check_keys(&link_keys(&folder.0)).is_ok());
    let good = link_keys(&folder.0);
    assert!(
        said(LinkKeys { key: other.0.join("edge-1.key"), ..good.clone() }).contains("edge-1.key")
    );
    assert!(
        said(LinkKeys { cert: folder.0.join("none.pem"), ..good.clone() }).contains("none.pem")
    );
    assert!(said(LinkKeys { ca: folder.0.join("edge-1.key"), ..good }).contains("edge-1.key"));
}
