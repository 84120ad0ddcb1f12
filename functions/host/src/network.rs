//! Plain HTTP/1.1 to another machine: one connection for each request.

use crate::outbound::Destination;
use bytes::Bytes;
use http::header;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use tokio::net::TcpStream;
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::{Error, Result};

pub(crate) async fn send(
    to: &Destination,
    mut request: http::Request<Bytes>,
    response_bytes_max: usize,
) -> Result<http::Response<Bytes>> {
    if to.scheme != "http" {
        let why = format!("this host sends plain http only, not {}", to.scheme);
        return Err(Error::InternalError(Some(why)));
    }
    // A server takes the path alone; the authority stands in the Host header.
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path.parse().map_err(|_| Error::HttpRequestUriInvalid)?;

    let stream = TcpStream::connect(to.authority()).await.map_err(Error::Connect)?;
    // Small requests must not wait for acknowledgements of earlier ones.
    stream.set_nodelay(true).map_err(Error::Connect)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends when the handle is dropped at the latest.
    let _connection = wasmtime_wasi::runtime::spawn(connection);
    let response = sender.send_request(request.map(Full::new)).await?;
    let (mut parts, body) = response.into_parts();
    let body = Limited::new(body, response_bytes_max).collect().await;
    let body = body.map_err(|_| Error::HttpResponseBodySize(None))?.to_bytes();
    for hop_by_hop in [header::CONNECTION, header::TRANSFER_ENCODING, header::UPGRADE] {
        parts.headers.remove(hop_by_hop);
    }
    Ok(http::Response::from_parts(parts, body))
}
