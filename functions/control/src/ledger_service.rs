//! The ledger for components (`functions/ledger/HTTP.md`): without a socket for those of the embedded host, on a socket
//! for those that another host runs, such as Spin.

use std::pin::Pin;

use bytes::Bytes;
use http::{Request, Response};
use konf_api::ledger::POLICY_HEADER;
use konf_api::policy::{ABOUT_HEADER, CHOICE_HEADER};
use konf_host::Internal;
use konf_ledger::Ledger;

use crate::link::Edges;
use crate::rooms::{self, Rooms};
use crate::server;

/// Both ways to ask: the ledger, and beside it the live rooms.
async fn ask(ledger: &Ledger, rooms: &Rooms, request: Request<Bytes>) -> Response<Bytes> {
    match request.uri().path().strip_prefix(rooms::PATH) {
        Some("" | "/act") => rooms.handle(&request).await,
        _ => ledger.handle(request).await,
    }
}

/// For the embedded host, whose word on policies counts: it called them in its slots.
pub struct Inside(pub Ledger, pub Rooms);

impl Inside {
    /// Without any edge.
    pub fn alone(ledger: Ledger) -> Inside {
        Inside(ledger.clone(), Rooms::new(ledger, Edges::default()))
    }
}

impl Internal for Inside {
    fn call(
        &self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Response<Bytes>> + Send + '_>> {
        Box::pin(ask(&self.0, &self.1, request))
    }
}

/// For components under another host, which has composed its policies into them. A record must not name a digest that
/// nobody has verified, so what they say of policies is taken off, and their records name none.
pub struct Outside(pub Ledger, pub Rooms);

impl Outside {
    /// Without any edge.
    pub fn alone(ledger: Ledger) -> Outside {
        Outside(ledger.clone(), Rooms::new(ledger, Edges::default()))
    }
}

impl server::Handler for Outside {
    async fn handle(&self, mut request: Request<Bytes>) -> Response<Bytes> {
        for header in [POLICY_HEADER, CHOICE_HEADER] {
            request.headers_mut().remove(header);
        }
        let mut response = ask(&self.0, &self.1, request).await;
        // Only a host that calls policies in slots can make use of it.
        response.headers_mut().remove(ABOUT_HEADER);
        response
    }
}

#[cfg(test)]
mod tests;
