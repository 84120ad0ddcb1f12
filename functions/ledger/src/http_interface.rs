//! The HTTP interface of [`konf_api::ledger`], without a socket.
use bytes::Bytes;

use crate::Ledger;

impl Ledger {
    /// Answers a request of the HTTP interface. Errors are JSON `{"error": "…"}`: 400 not understood, 401 wrong token,
    /// 404 no such call, 405 not a POST, 413 too long, 503 may be tried again.
    pub async fn handle(&self, request: http::Request<Bytes>) -> http::Response<Bytes> {
        let _ = request;
        todo!()
    }
}
