use konf_contract::LegId;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

fn written() -> String {
    let mut tally = Tally::default();
    tally.closed(LegId(1), &konf_media::LegStats::default());
    let state = State {
        legs: 2,
        rooms: 1,
        capacity: 200,
        ticks_late: 0,
        lateness: &Lateness::default(),
        sip: &konf_sip::Counters::default(),
        journal_waiting: 3,
        journal_healthy: true,
        link_up: false,
        heartbeat_age: Some(Duration::from_millis(1_500)),
    };
    page(&state, &tally)
}

/// Prometheus' rules for names and samples (its text format); `promtool check metrics` says the same and more.
#[test]
fn every_number_has_a_help_a_type_and_a_value() {
    let page = written();
    let mut family = "";
    for line in page.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            family = help.split(' ').next().unwrap();
            assert!(help.len() > family.len() + 3, "{line}");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            assert_eq!(kind.split(' ').next(), Some(family));
        } else {
            assert!(line.starts_with(family), "{line}");
            let value = line.rsplit(' ').next().unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
    }
    for line in ["konf_edge_legs 2", "konf_edge_link_up 0", "konf_edge_heartbeat_age_seconds 1.5"] {
        assert!(page.lines().any(|l| l == line), "{line} is missing in\n{page}");
    }
    assert!(page.contains("konf_edge_sip_requests_total{method=\"INVITE\"} 0\n"), "{page}");
    assert!(page.contains("process_resident_memory_bytes "), "{page}");
}

/// A server that answers each scrape with `page`.
async fn server(page: &'static str) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (wishes, mut scrapes) = tokio::sync::mpsc::channel(1);
    tokio::spawn(http::accept(listener, wishes));
    tokio::spawn(async move {
        while let Some(reply) = scrapes.recv().await {
            let reply: tokio::sync::oneshot::Sender<String> = reply;
            let _ = reply.send(page.to_owned());
        }
    });
    address
}

async fn ask(address: std::net::SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn the_page_is_given_and_nothing_else_is() {
    let address = server("a 1\n").await;
    let answer = ask(address, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\na 1\n"),
        "{answer}"
    );
    assert!(answer.contains("Content-Length: 4\r\n"), "{answer}");
    for (request, status) in [
        ("GET / HTTP/1.1\r\n\r\n", "404"),
        ("GET /metricsx HTTP/1.1\r\n\r\n", "404"),
        ("POST /metrics HTTP/1.1\r\n\r\n", "405"),
    ] {
        let answer = ask(address, request.as_bytes()).await;
        assert_eq!(answer.get(9..12), Some(status), "{request:?}");
    }
    assert_eq!(ask(address, &[b'x'; 100_000]).await, "", "a head without an end");
}

#[tokio::test]
async fn who_dawdles_is_cut_off_and_keeps_others_out_only_for_so_long() {
    let address = server("a 1\n").await;
    let began = crate::clock::monotonic();
    let mut dawdlers = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let _ = stream.write_all(b"GET /metr").await;
        dawdlers.push(stream);
    }
    for mut stream in dawdlers {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert_eq!(rest, b"");
    }
    assert!(began.elapsed() < Duration::from_secs(10));
    let answer = ask(address, b"GET /metrics HTTP/1.0\r\n\r\n").await;
    assert!(answer.ends_with("a 1\n"), "{answer}");
}
