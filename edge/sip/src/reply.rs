//! Responses: what of a request has to come back, and where it goes.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use crate::limits::ROUTES_MAX;
use crate::message::{Message, Name};
use crate::value::{Via, split_outside};
use crate::words::{Flow, Protocol};

/// RFC 3261, section 18.2.2 and table 1 of section 20: default ports.
pub(crate) const PORT: u16 = 5060;

/// The headers that a response repeats, ready to be written (RFC 3261, section 8.2.6.2), and its way back.
#[derive(Debug, Clone)]
pub(crate) struct Echo {
    /// Via, From, Call-ID and CSeq lines.
    lines: Vec<u8>,
    to: Vec<u8>,
    to_has_tag: bool,
    pub(crate) flow: Flow,
    /// Octets of the request.
    size: usize,
}

impl Echo {
    pub(crate) fn of(message: &Message, via: &Via, flow: Flow, to_has_tag: bool) -> Self {
        let mut lines = Vec::with_capacity(512);
        push_vias(&mut lines, message, via, flow.remote);
        for (label, name) in [("From", Name::From), ("Call-ID", Name::CallId), ("CSeq", Name::CSeq)]
        {
            if let Some(value) = message.all(name).next() {
                push_line(&mut lines, label, value);
            }
        }
        let to = message.all(Name::To).next().unwrap_or_default().to_vec();
        let flow = Flow { remote: way_back(via, flow), ..flow };
        Echo { lines, to, to_has_tag, flow, size: message.size }
    }

    /// A response; `tag` goes to To unless it has one already.
    pub(crate) fn response(&self, status: u16, reason: &str, tag: &str, more: &More) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.lines.len() + self.to.len() + 512);
        out.extend_from_slice(format!("SIP/2.0 {status} {reason}\r\n").as_bytes());
        out.extend_from_slice(&self.lines);
        if !self.to.is_empty() {
            out.extend_from_slice(b"To: ");
            out.extend_from_slice(&self.to);
            if !self.to_has_tag && !tag.is_empty() {
                out.extend_from_slice(format!(";tag={tag}").as_bytes());
            }
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(&more.lines);
        if let Some(kind) = more.body_type {
            out.extend_from_slice(format!("Content-Type: {kind}\r\n").as_bytes());
        }
        out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", more.body.len()).as_bytes());
        out.extend_from_slice(more.body.as_bytes());
        out
    }

    /// A refusal that keeps its optional headers only where the response stays below twice the request: whoever
    /// forges a sender's address must not gain by it.
    pub(crate) fn refusal(&self, status: u16, reason: &str, tag: &str, more: &More) -> Vec<u8> {
        let full = self.response(status, reason, tag, more);
        if full.len() <= 2 * self.size {
            return full;
        }
        self.response(status, reason, tag, &More { lines: more.needed.clone(), ..More::default() })
    }
}

/// What stands in a response besides the echo.
#[derive(Debug, Clone, Default)]
pub(crate) struct More {
    lines: Vec<u8>,
    /// Those of `lines` that the status demands.
    needed: Vec<u8>,
    body_type: Option<&'static str>,
    body: String,
}

impl More {
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<str>) -> Self {
        push_line(&mut self.lines, name, value.as_ref().as_bytes());
        self
    }

    /// A header that stays when the response has to be small.
    pub(crate) fn needing(mut self, name: &str, value: impl AsRef<str>) -> Self {
        push_line(&mut self.needed, name, value.as_ref().as_bytes());
        self.with(name, value)
    }

    pub(crate) fn raw(mut self, lines: &[u8]) -> Self {
        self.lines.extend_from_slice(lines);
        self
    }

    pub(crate) fn sdp(mut self, body: String) -> Self {
        (self.body_type, self.body) = (Some("application/sdp"), body);
        self
    }
}

fn push_line(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// The topmost Via says where the request came from (RFC 3261, section 18.2.1; RFC 3581, section 4); the others are
/// repeated as they are.
fn push_vias(out: &mut Vec<u8>, message: &Message, via: &Via, source: SocketAddr) {
    push_line(out, "Via", top_via(via, source).as_bytes());
    let mut lines = message.all(Name::Via);
    if let Some(first) = lines.next() {
        let first = String::from_utf8_lossy(first);
        for value in split_outside(&first, ',').unwrap_or_default().into_iter().skip(1) {
            push_line(out, "Via", value.as_bytes());
        }
    }
    for line in lines {
        push_line(out, "Via", line);
    }
}

fn top_via(via: &Via, source: SocketAddr) -> String {
    let address = canonical(source.ip());
    let rport = via.params.has("rport");
    let mut text = format!("SIP/2.0/{} {}", via.transport, via.host);
    if let Some(port) = via.port {
        let _ = write!(text, ":{port}");
    }
    for (name, value) in &via.params.0 {
        match (name.as_str(), value) {
            ("received", _) => {}
            ("rport", _) => drop(write!(text, ";rport={}", source.port())),
            (name, Some(value)) => drop(write!(text, ";{name}={value}")),
            (name, None) => drop(write!(text, ";{name}")),
        }
    }
    if rport || via.address() != Some(address) {
        let _ = write!(text, ";received={address}");
    }
    text
}

/// Never anywhere but to the sender's own address: `maddr` and a foreign sent-by would let a stranger aim our answers
/// at somebody else.
fn way_back(via: &Via, flow: Flow) -> SocketAddr {
    let keep = flow.protocol != Protocol::Udp || via.params.has("rport");
    if keep {
        return flow.remote;
    }
    SocketAddr::new(flow.remote.ip(), via.port.filter(|p| *p != 0).unwrap_or(PORT))
}

/// An IPv4 address that a dual-stack socket shows as IPv6 is IPv4.
pub(crate) fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Record-Route lines of a request as a response repeats them (RFC 3261, section 12.1.1), and as a route set.
pub(crate) fn routes(message: &Message) -> Option<(Vec<u8>, Vec<String>)> {
    let mut lines = Vec::new();
    for value in message.all(Name::RecordRoute) {
        push_line(&mut lines, "Record-Route", value);
    }
    let set = message.list(Name::RecordRoute).ok()?;
    (lines.len() <= ROUTES_MAX).then_some((lines, set))
}

/// The phrases that we send (RFC 3261, section 21).
pub(crate) fn phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        600 => "Busy Everywhere",
        603 => "Decline",
        _ => "Refused",
    }
}
