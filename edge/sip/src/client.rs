//! Requests of our own inside a call: how they are written, repeated and answered (RFC 3261, section 17.1).
//!
//! There are few: a BYE, and UPDATE or INVITE to refresh a session. None leaves a dialog, no challenge to one is answered
//! and no redirection followed, so nobody makes us dial.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::call::Call;
use crate::endpoint::Endpoint;
use crate::limits::{T1, T2, TRANSACTION};
use crate::message::{Message, Name};
use crate::reply::{PORT, canonical};
use crate::timer::Timer;
use crate::value::{self, Address, Uri};
use crate::words::{CallId, Flow, Protocol};

/// A request of ours and its client transaction.
#[derive(Debug)]
pub(crate) struct Ours {
    pub(crate) method: &'static str,
    pub(crate) branch: String,
    pub(crate) cseq: u32,
    pub(crate) flow: Flow,
    pub(crate) bytes: Vec<u8>,
    /// Until the next repetition.
    pub(crate) interval: Duration,
    pub(crate) give_up: Instant,
}

/// What stands in a request besides what its dialog says.
#[derive(Default)]
pub(crate) struct Added {
    lines: Vec<u8>,
    body: String,
}

impl Added {
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        push_line(&mut self.lines, name, value.as_ref());
        self
    }

    pub(crate) fn sdp(self, body: String) -> Self {
        Added { body, ..self.with("Content-Type", "application/sdp") }
    }
}

impl Endpoint {
    /// Sends a new request; who keeps it decides when to repeat it.
    pub(crate) fn ask(
        &mut self,
        now: Instant,
        id: CallId,
        method: &'static str,
        added: &Added,
    ) -> Option<Ours> {
        let branch = format!("z9hG4bK{:016x}", self.token());
        let call = self.calls.get_mut(&id)?;
        call.dialog.local_cseq += 1;
        let (cseq, flow) = (call.dialog.local_cseq, Flow { remote: next_hop(call), ..call.flow });
        let bytes = self.compose(id, method, &branch, cseq, added);
        self.by_branch.insert(branch.clone(), id);
        self.send_in(id, flow, bytes.clone());
        let give_up = now + TRANSACTION;
        Some(Ours { method, branch, cseq, flow, bytes, interval: T1, give_up })
    }

    /// The ACK of a final answer to our INVITE: of the same transaction, unless the answer was a 2xx (RFC 3261, sections
    /// 17.1.1.3 and 13.2.2.4).
    pub(crate) fn acknowledge(&mut self, id: CallId, cseq: u32, former: Option<&str>) -> Vec<u8> {
        let branch = match former {
            Some(branch) => branch.to_owned(),
            None => format!("z9hG4bK{:016x}", self.token()),
        };
        let bytes = self.compose(id, "ACK", &branch, cseq, &Added::default());
        if let Some(call) = self.calls.get(&id) {
            let flow = Flow { remote: next_hop(call), ..call.flow };
            self.send_in(id, flow, bytes.clone());
        }
        bytes
    }

    fn compose(&self, id: CallId, method: &str, branch: &str, cseq: u32, added: &Added) -> Vec<u8> {
        let call = &self.calls[&id];
        let dialog = &call.dialog;
        let (transport, advertised) = match call.flow.protocol {
            Protocol::Udp => ("UDP", self.config.advertised),
            Protocol::Tcp(_) => ("TCP", self.config.advertised),
            Protocol::Tls(_) => ("TLS", self.config.advertised_tls),
        };
        let (target, routes) = way(&dialog.target, &dialog.routes);
        let mut out = format!("{method} {target} SIP/2.0\r\n").into_bytes();
        let mut line = |name: &str, value: &[u8]| push_line(&mut out, name, value);
        let via = format!("SIP/2.0/{transport} {advertised};branch={branch};rport");
        line("Via", via.as_bytes());
        line("Max-Forwards", b"70");
        for route in &routes {
            line("Route", route.as_bytes());
        }
        line("From", &[&dialog.local, b";tag=".as_slice(), dialog.local_tag.as_bytes()].concat());
        line("To", &dialog.remote);
        line("Call-ID", dialog.call_id.as_bytes());
        line("CSeq", format!("{cseq} {method}").as_bytes());
        line("User-Agent", self.config.product.as_bytes());
        out.extend_from_slice(&added.lines);
        push_line(&mut out, "Content-Length", added.body.len().to_string().as_bytes());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(added.body.as_bytes());
        out
    }

    /// A response to a request of ours; others are nobody's.
    pub(crate) fn response(&mut self, now: Instant, message: &Message, status: u16) {
        let Ok(via) = message.top_via() else { return };
        let cseq = message.text(Name::CSeq).and_then(|c| value::cseq(&c).ok());
        let Some((cseq, method)) = cseq.filter(|_| message.fault.is_none()) else { return };
        let Some(id) = via.branch().and_then(|b| self.by_branch.get(b)).copied() else { return };
        match method.as_str() {
            "BYE" => self.bye_answered(now, id, cseq, status),
            "UPDATE" | "INVITE" => self.refresh_answered(now, id, &method, cseq, message, status),
            _ => {}
        }
    }

    /// Repeats a request that has no answer yet, under the timer that says so again; false when its time is over.
    pub(crate) fn repeat(&mut self, now: Instant, timer: Timer, id: CallId) -> bool {
        let Some(call) = self.calls.get_mut(&id) else { return true };
        let ours = match timer {
            Timer::Bye(_) => call.bye.as_mut(),
            _ => call.refresh.as_mut().map(|refresh| &mut refresh.ours),
        };
        let Some(ours) = ours else { return true };
        if now >= ours.give_up {
            return false;
        }
        let longest = if ours.method == "INVITE" { TRANSACTION } else { T2 };
        ours.interval = (ours.interval * 2).min(longest);
        let (flow, bytes) = (ours.flow, ours.bytes.clone());
        let next = (now + ours.interval).min(ours.give_up);
        self.timers.set(timer, next);
        if flow.protocol == Protocol::Udp {
            self.send_in(id, flow, bytes);
        }
        true
    }
}

fn push_line(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Where our requests go: where theirs come from, since routes and contacts may name what is behind a NAT, or somebody
/// whom a stranger wants to bother. Only a peer that doesn't say that it listens where it sends from is believed the port
/// at its own address.
fn next_hop(call: &Call) -> SocketAddr {
    let remote = call.flow.remote;
    if call.symmetric || call.flow.protocol != Protocol::Udp {
        return remote;
    }
    let first = call.dialog.routes.first().and_then(|r| Address::parse(r).ok());
    let uri = first.map_or_else(|| call.dialog.target.clone(), |address| address.uri);
    match Uri::parse(&uri) {
        Ok(uri) if uri.address() == Some(canonical(remote.ip())) => {
            SocketAddr::new(remote.ip(), uri.port.filter(|p| *p != 0).unwrap_or(PORT))
        }
        _ => remote,
    }
}

/// Request-URI and Route of our requests (RFC 3261, section 12.2.1.1): a first proxy without `lr` is a strict router,
/// which wants itself in the Request-URI and the target last.
fn way(target: &str, routes: &[String]) -> (String, Vec<String>) {
    let Some(first) = routes.first() else { return (target.to_owned(), Vec::new()) };
    let address = Address::parse(first).ok();
    let uri = address.and_then(|a| Uri::parse(&a.uri).ok());
    match uri {
        Some(uri) if !uri.params.has("lr") => {
            let last = format!("<{target}>");
            (uri.text, routes[1..].iter().cloned().chain([last]).collect())
        }
        _ => (target.to_owned(), routes.to_vec()),
    }
}
