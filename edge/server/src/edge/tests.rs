use std::net::{SocketAddr, UdpSocket};
use std::path::Path;

use konf_contract::UnixMs;
use rustls_pki_types::pem::PemObject as _;
use tokio::time::timeout;

use super::setup::prague;
use super::*;
use crate::link::tests::{Control, Folder, link_keys, make_keys};

fn config(folder: &Path, control: &str) -> Config {
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let probe = UdpSocket::bind(any).unwrap();
    let first = probe.local_addr().unwrap().port().min(60_000);
    Config {
        name: "edge-1".into(),
        capacity: 10,
        sip_listen: any,
        sip_advertised: any,
        sip_tls: None,
        served_users: Vec::new(),
        codecs: vec![konf_sip::Codec::Pcma],
        srtp: konf_sip::Srtp::Off,
        stranger_calls_per_second: 20,
        media_address: any.ip(),
        media_listen: any.ip(),
        media_ports: first..=first + 200,
        media_threads: 2,
        realtime: false,
        suppress_noise: true,
        control_address: control.to_owned(),
        link_keys: link_keys(folder),
        metrics_listen: None,
        state_dir: folder.join("state"),
        prompts_dir: None,
        language: konf_contract::Language::Cs,
        ask_names: false,
        tries: 3,
        drain_patience: Duration::from_millis(200),
        log_json: false,
        phones_required: false,
        phones_md5_only: false,
        realm: "konf".into(),
        phones: Vec::new(),
        trunks: Vec::new(),
    }
}

/// A phone that is no more than what these tests need.
struct Phone {
    sip: tokio::net::UdpSocket,
    media: tokio::net::UdpSocket,
    edge: SocketAddr,
}

impl Phone {
    async fn new(edge: SocketAddr) -> Phone {
        let bind = || tokio::net::UdpSocket::bind("127.0.0.1:0");
        Phone { sip: bind().await.unwrap(), media: bind().await.unwrap(), edge }
    }

    async fn send(&self, method: &str, cseq: u32, to_tag: &str, body: &str) {
        let own = self.sip.local_addr().unwrap();
        let edge = self.edge;
        let cseq_method = if method == "ACK" { "ACK" } else { method };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let message = format!(
            "{method} sip:600@{edge} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK-{method}-{cseq}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:606123456@{own}>;tag=phone\r\nTo: <sip:600@{edge}>{to_tag}\r\n\
             Call-ID: one-call\r\nCSeq: {cseq} {cseq_method}\r\nContact: <sip:phone@{own}>\r\n{kind}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.sip.send_to(message.as_bytes(), self.edge).await.unwrap();
    }

    async fn receive(&self) -> String {
        let mut buffer = vec![0; 65_536];
        let received = timeout(Duration::from_secs(10), self.sip.recv_from(&mut buffer));
        let (length, _) = received.await.expect("an answer in time").unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    async fn receive_until(&self, start: &str) -> String {
        loop {
            let message = self.receive().await;
            if message.starts_with(start) {
                return message;
            }
        }
    }

    fn offer(&self) -> String {
        let port = self.media.local_addr().unwrap().port();
        format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
        )
    }

    /// Calls, and returns the tag of the other side.
    async fn call(&self) -> String {
        self.send("INVITE", 1, "", &self.offer()).await;
        let answer = self.receive_until("SIP/2.0 200").await;
        let to = answer.lines().find(|line| line.to_lowercase().starts_with("to:")).unwrap();
        let tag = to.split_once(";tag=").unwrap().1.split(';').next().unwrap();
        let tag = format!(";tag={tag}");
        self.send("ACK", 1, &tag, "").await;
        tag
    }

    /// What is heard within a second: packets, and whether one of them is no silence.
    async fn listen(&self) -> (usize, bool) {
        let (mut packets, mut loud) = (0, false);
        let mut buffer = [0; 2_048];
        let until = tokio::time::Instant::now() + Duration::from_secs(1);
        while let Ok(Ok((length, _))) =
            tokio::time::timeout_at(until, self.media.recv_from(&mut buffer)).await
        {
            packets += 1;
            // A-law silence is 0xd5 or 0x55.
            loud |= buffer[12..length].iter().any(|byte| byte & 0x7f != 0x55);
        }
        (packets, loud)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_hears_the_welcome_control_hears_of_the_call_and_a_drain_ends_it() {
    let folder = Folder::new("edge");
    make_keys(&folder.0);
    let mut control = Control::start(&folder.0);
    let edge = Edge::start(config(&folder.0, &control.address)).await.unwrap();
    assert!(matches!(control.hear().await, konf_contract::link::EdgeCall::Hello(_)));
    timeout(Duration::from_secs(10), async {
        // Control has heard the hello; the edge still has to hear the welcome.
        while !edge.link.is_up() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("control welcomes the edge");
    let phone = Phone::new(edge.sip_address()).await;
    let (stop, stopped) = watch::channel(0);
    let running = tokio::spawn(edge.run(stopped));

    phone.call().await;
    let (packets, loud) = phone.listen().await;
    assert!((30..=65).contains(&packets), "{packets} packets in a second");
    assert!(loud, "the welcome is silent");
    let konf_contract::link::EdgeCall::Admit(request) = control.hear().await else {
        panic!("no admission")
    };
    assert!(request.credentials.is_none(), "first it is asked whether a seat is held");

    stop.send_modify(|count| *count += 1);
    let bye = phone.receive_until("BYE").await;
    assert!(bye.to_lowercase().contains("reason"), "{bye}");
    let konf_contract::link::EdgeCall::Records(batch) = control.hear().await else {
        panic!("no records")
    };
    let RecordEvent::LegLeft(left) = &batch.records[0].event else { panic!("{batch:?}") };
    assert_eq!(left.end.reason, konf_contract::link::EndReason::Operator);
    assert_eq!(left.caller.network, "internet");
    timeout(Duration::from_secs(10), running).await.expect("the edge ends").unwrap().unwrap();
    let left_over = std::fs::read_dir(folder.0.join("state/journal")).unwrap().count();
    assert_eq!(left_over, 0, "what control has committed is let go of");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_control_a_caller_is_told_so_and_the_record_waits() {
    let folder = Folder::new("alone");
    make_keys(&folder.0);
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap().to_string();
    let edge = Edge::start(config(&folder.0, &address)).await.unwrap();
    let phone = Phone::new(edge.sip_address()).await;
    let (stop, stopped) = watch::channel(0);
    let running = tokio::spawn(edge.run(stopped));

    let tag = phone.call().await;
    let (packets, loud) = phone.listen().await;
    assert!(packets >= 30 && loud, "{packets} packets");
    phone.send("BYE", 2, &tag, "").await;
    phone.receive_until("SIP/2.0 200").await;
    stop.send_modify(|count| *count += 1);
    timeout(Duration::from_secs(10), running).await.expect("the edge ends").unwrap().unwrap();
    let left_over = std::fs::read_dir(folder.0.join("state/journal")).unwrap().count();
    assert_eq!(left_over, 1, "the record waits in the journal");
}

#[tokio::test]
async fn two_edges_do_not_share_a_state_directory() {
    let folder = Folder::new("shared");
    make_keys(&folder.0);
    let _first = Edge::start(config(&folder.0, "127.0.0.1:1")).await.unwrap();
    let refused = Edge::start(config(&folder.0, "127.0.0.1:1")).await.err().unwrap();
    assert!(format!("{refused:#}").contains("in use by another edge"), "{refused:#}");
}

#[test]
fn local_time_knows_summer() {
    let at = |ms| {
        let time = prague(UnixMs(ms));
        (time.year, time.month, time.day, time.hour, time.minute)
    };
    // 2026-07-09T12:00:00Z and 2026-12-09T12:00:00Z.
    assert_eq!(at(1_783_598_400_000), (2026, 7, 9, 14, 0));
    assert_eq!(at(1_796_817_600_000), (2026, 12, 9, 13, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_over_tcp_are_answered_on_their_connection_however_they_are_cut() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let folder = Folder::new("tcp");
    make_keys(&folder.0);
    let edge = Edge::start(config(&folder.0, "127.0.0.1:1")).await.unwrap();
    let address = edge.sip_address();
    let (stop, stopped) = watch::channel(0);
    let running = tokio::spawn(edge.run(stopped));

    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let own = stream.local_addr().unwrap();
    for cut in [1, 30, 200] {
        let request = format!(
            "OPTIONS sip:{address} SIP/2.0\r\nVia: SIP/2.0/TCP {own};branch=z9hG4bK-{cut}\r\nMax-Forwards: 70\r\n\
             From: <sip:a@{own}>;tag=a\r\nTo: <sip:{address}>\r\nCall-ID: tcp-{cut}\r\nCSeq: 1 OPTIONS\r\n\
             Content-Length: 0\r\n\r\n"
        );
        let (head, rest) = request.split_at(cut);
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        tokio::time::sleep(Duration::from_millis(30)).await;
        stream.write_all(rest.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4_096];
        let length =
            timeout(Duration::from_secs(10), stream.read(&mut answer)).await.unwrap().unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]);
        assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
        assert!(answer.contains(&format!("tcp-{cut}")), "{answer}");
    }
    stop.send_modify(|count| *count += 1);
    timeout(Duration::from_secs(10), running).await.expect("the edge ends").unwrap().unwrap();
}

/// A door for TLS with the keys of the link, and who trusts them.
async fn with_tls(folder: &Path) -> (Edge, tokio_rustls::TlsConnector) {
    make_keys(folder);
    let keys = link_keys(folder);
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let tls = crate::config::TlsKeys { cert: keys.cert, key: keys.key };
    let sip_tls = Some(crate::config::SipTls { listen: any, advertised: any, keys: tls });
    let edge = Edge::start(Config { sip_tls, ..config(folder, "127.0.0.1:1") }).await.unwrap();
    let mut authorities = rustls::RootCertStore::empty();
    let authority = rustls_pki_types::CertificateDer::from_pem_file(keys.ca).unwrap();
    authorities.add(authority).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(authorities)
        .with_no_client_auth();
    (edge, std::sync::Arc::new(client).into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_by_tls_is_answered_by_tls_and_silent_strangers_hold_nothing() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let folder = Folder::new("tls");
    let (edge, connector) = with_tls(&folder.0).await;
    let door = edge.signalling.local_tls.unwrap();
    let (stop, stopped) = watch::channel(0);
    let running = tokio::spawn(edge.run(stopped));

    // More than may shake hands at once from one address: the last ones are closed without a word.
    let mut silent = Vec::new();
    for _ in 0..9 {
        silent.push(tokio::net::TcpStream::connect(door).await.unwrap());
    }
    let mut byte = [0];
    let refused = timeout(Duration::from_secs(2), silent[8].read(&mut byte)).await;
    assert!(matches!(refused, Ok(Ok(0) | Err(_))), "{refused:?}");
    let patience = Duration::from_secs(8);
    let cut = timeout(patience, silent[0].read(&mut byte)).await;
    assert!(matches!(cut, Ok(Ok(0) | Err(_))), "a handshake that never comes is cut: {cut:?}");

    let stream = tokio::net::TcpStream::connect(door).await.unwrap();
    let name = rustls_pki_types::ServerName::try_from("edge-1").unwrap();
    let mut stream = connector.connect(name, stream).await.unwrap();
    let options = format!(
        "OPTIONS sip:{door} SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
         From: <sip:a@b>;tag=a\r\nTo: <sip:{door}>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    );
    stream.write_all(options.as_bytes()).await.unwrap();
    let mut buffer = [0; 4_096];
    let length = timeout(Duration::from_secs(5), stream.read(&mut buffer)).await.unwrap().unwrap();
    assert!(buffer[..length].starts_with(b"SIP/2.0 200 OK\r\n"));
    stop.send_modify(|count| *count += 1);
    timeout(Duration::from_secs(10), running).await.expect("the edge ends").unwrap().unwrap();
}
