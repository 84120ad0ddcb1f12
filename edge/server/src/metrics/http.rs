//! One page over HTTP/1: small enough to need no library. Whoever dawdles or sends much is cut off.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use konf_contract::metrics::CONTENT_TYPE;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;
use tracing::{debug, info, warn};

/// From the first byte to the last (RELIABILITY.md, row 29: strangers are cut within 30 s); Prometheus itself waits 10 s.
const PATIENCE: Duration = Duration::from_secs(5);
/// More than any scraper's head.
const HEAD_MAX: usize = 4096;
/// A few scrapers at once; more are turned away.
const CONNECTIONS_MAX: usize = 8;

/// Whoever wants the page sends the way back.
pub(crate) type Scrapes = mpsc::Receiver<oneshot::Sender<String>>;

/// Answers `GET /metrics` at `address`, if there is one, with what comes back from the receiver's owner.
///
/// # Errors
///
/// When the address cannot be listened on.
pub(crate) async fn serve(address: Option<SocketAddr>) -> Result<Scrapes> {
    let (wishes, scrapes) = mpsc::channel(CONNECTIONS_MAX);
    if let Some(address) = address {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("metrics_listen: cannot listen on {address}"))?;
        info!(metrics = %listener.local_addr()?, "numbers are given at /metrics");
        tokio::spawn(accept(listener, wishes));
    }
    Ok(scrapes)
}

pub(super) async fn accept(listener: TcpListener, wishes: mpsc::Sender<oneshot::Sender<String>>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    while !wishes.is_closed() {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(cause) => {
                warn!(%cause, "a connection for numbers could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        // Without room the connection is dropped, which closes it.
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else { continue };
        let wishes = wishes.clone();
        tokio::spawn(async move {
            if let Ok(Err(cause)) | Err(cause) =
                timeout(PATIENCE, answer(stream, wishes)).await.map_err(Into::into)
            {
                debug!(%cause, "numbers were not given");
            }
            drop(place);
        });
    }
}

async fn answer(
    mut stream: TcpStream,
    wishes: mpsc::Sender<oneshot::Sender<String>>,
) -> Result<()> {
    let head = read_head(&mut stream).await?;
    let (status, kind, body) = match head.as_slice() {
        head if is_for(head, b"GET /metrics") => {
            let (sender, page) = oneshot::channel();
            wishes.send(sender).await.ok().context("the edge ends")?;
            ("200 OK", CONTENT_TYPE, page.await.context("the edge ends")?)
        }
        head if head.starts_with(b"GET ") => {
            ("404 Not Found", "text/plain", "known is /metrics\n".to_owned())
        }
        _ => ("405 Method Not Allowed", "text/plain", "GET /metrics\n".to_owned()),
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    Ok(())
}

/// The request line names this, with or without a query.
fn is_for(head: &[u8], what: &[u8]) -> bool {
    matches!(head.strip_prefix(what), Some([b' ' | b'?', ..]))
}

/// Up to the empty line.
async fn read_head(stream: &mut TcpStream) -> Result<Vec<u8>> {
    let mut head = Vec::with_capacity(512);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        anyhow::ensure!(head.len() < HEAD_MAX, "the head is too long");
        let read = stream.read_buf(&mut head).await?;
        anyhow::ensure!(read > 0, "closed in the middle of the head");
    }
    Ok(head)
}
