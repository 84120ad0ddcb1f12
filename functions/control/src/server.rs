//! HTTP/1 in front of the functions: bounded in time, size and number, Nagle's algorithm off.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// RELIABILITY.md, row 29: strangers that dawdle are cut within 30 s.
const HEADER_PATIENCE: Duration = Duration::from_secs(10);
const BODY_PATIENCE: Duration = Duration::from_secs(15);
/// FIELD.md, section 2: the largest inbound message.
pub const BODY_MAX: usize = 256 * 1024;
const CONNECTIONS_MAX: u32 = 1024;

/// Among the extensions of each request: where its connection comes from, a proxy where one stands in front.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

pub trait Handler: Send + Sync + 'static {
    /// How long the body of a request may be.
    fn body_max(&self, _head: &http::request::Parts) -> impl Future<Output = usize> + Send {
        async { BODY_MAX }
    }

    /// What is said of a body that could not be read.
    fn unread(
        &self,
        _head: &http::request::Parts,
        status: StatusCode,
        why: &str,
    ) -> Response<Bytes> {
        fault(status, why)
    }

    fn handle(&self, request: Request<Bytes>) -> impl Future<Output = Response<Bytes>> + Send;
}

pub async fn bind(key: &str, address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address} ({key})"))
}

/// Serves until `stopping` says so; then takes no more connections and waits until the requests taken are answered.
pub async fn serve<H: Handler>(
    listener: TcpListener,
    handler: Arc<H>,
    mut stopping: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX as usize));
    loop {
        let accepted = async {
            let permit = room.clone().acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = stopped(&mut stopping) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (handler, stopping) = (handler.clone(), stopping.clone());
                tokio::spawn(async move {
                    serve_connection(stream, Peer(peer), handler, stopping).await;
                    drop(permit);
                });
            }
            Err(error) => {
                // Mostly too many open files: wait for some to close.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    let _ = room.acquire_many(CONNECTIONS_MAX).await;
}

/// Waits for the word, or for the end of whoever could give it.
pub async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

async fn serve_connection<H: Handler>(
    stream: TcpStream,
    peer: Peer,
    handler: Arc<H>,
    mut stopping: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let handler = handler.clone();
        async move { Ok::<_, std::convert::Infallible>(respond(request, &*handler).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

async fn respond<H: Handler>(request: Request<Incoming>, handler: &H) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let most = handler.body_max(&head).await;
    let body = tokio::time::timeout(BODY_PATIENCE, Limited::new(body, most).collect()).await;
    let response = match body {
        Ok(Ok(body)) => handler.handle(Request::from_parts(head, body.to_bytes())).await,
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let why = format!("the body is longer than {most} bytes");
            handler.unread(&head, StatusCode::PAYLOAD_TOO_LARGE, &why)
        }
        Ok(Err(_)) => handler.unread(&head, StatusCode::BAD_REQUEST, "the body could not be read"),
        Err(_) => {
            handler.unread(&head, StatusCode::REQUEST_TIMEOUT, "the body did not come in time")
        }
    };
    guarded(response).map(Full::new)
}

/// What every answer says to a browser, unless its maker said otherwise: answers are for the one who asked, they are
/// what they say they are, and a page of them loads nothing and stands in no frame (RELIABILITY.md, row 37).
fn guarded(mut response: Response<Bytes>) -> Response<Bytes> {
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ] {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// `{"error": "…"}`.
pub fn fault(status: StatusCode, error: &str) -> Response<Bytes> {
    json(status, &serde_json::json!({ "error": error }))
}

pub fn json(status: StatusCode, value: &impl serde::Serialize) -> Response<Bytes> {
    let body = serde_json::to_vec(value).unwrap_or_default();
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

#[cfg(test)]
mod tests;
