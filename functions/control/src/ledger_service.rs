//! The ledger for components (`functions/ledger/HTTP.md`): without a socket for those of the embedded host, on a socket
//! for those that another host runs, such as Spin.

use std::pin::Pin;

use bytes::Bytes;
use http::{Request, Response};
use konf_api::ledger::POLICY_HEADER;
use konf_api::policy::{ABOUT_HEADER, CHOICE_HEADER};
use konf_host::Internal;
use konf_ledger::Ledger;

use crate::server;

/// For the embedded host, whose word on policies counts: it called them in its slots.
pub struct Inside(pub Ledger);

impl Internal for Inside {
    fn call(
        &self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Response<Bytes>> + Send + '_>> {
        Box::pin(self.0.handle(request))
    }
}

/// For components under another host, which has composed its policies into them. A record must not name a digest that
/// nobody has verified, so what they say of policies is taken off, and their records name none.
pub struct Outside(pub Ledger);

impl server::Handler for Outside {
    async fn handle(&self, mut request: Request<Bytes>) -> Response<Bytes> {
        for header in [POLICY_HEADER, CHOICE_HEADER] {
            request.headers_mut().remove(header);
        }
        let mut response = self.0.handle(request).await;
        // Only a host that calls policies in slots can make use of it.
        response.headers_mut().remove(ABOUT_HEADER);
        response
    }
}

#[cfg(test)]
mod tests;
