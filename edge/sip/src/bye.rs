//! How we end a call: BYE and its client transaction (RFC 3261, sections 15 and 17.1.2).

use std::net::SocketAddr;
use std::time::Instant;

use crate::call::{Bye, Call, InviteState, Phase};
use crate::endpoint::Endpoint;
use crate::limits::{T1, T2, TRANSACTION};
use crate::message::{Message, Name};
use crate::reply::{More, PORT, canonical};
use crate::timer::Timer;
use crate::value::{self, Address, Uri};
use crate::words::{CallId, Protocol};

impl Endpoint {
    /// Nothing of ours is repeated to a peer that has gone.
    pub(crate) fn quiet(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.bye_wanted = None;
        for invite in &mut call.invites {
            if invite.state == InviteState::Accepted {
                invite.state = InviteState::Acknowledged;
                self.timers.cancel(Timer::Response(id, invite.cseq));
            }
        }
    }

    /// BYE, when its time has come; before the answer 480.
    pub(crate) fn hang_up(&mut self, now: Instant, id: CallId, reason: String) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        match call.phase {
            Phase::Ringing => {
                let more = More::default().with("Reason", reason_header(&reason));
                return self.refuse(now, id, 480, more, reason);
            }
            Phase::Answered => call.bye_wanted = Some(reason.clone()),
            Phase::Confirmed => self.send_bye(now, id, &reason),
            Phase::Leaving => return,
        }
        self.end(now, id, false, reason);
    }

    pub(crate) fn send_bye(&mut self, now: Instant, id: CallId, reason: &str) {
        let branch = format!("z9hG4bK{:016x}", self.token());
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.dialog.local_cseq += 1;
        call.flow.remote = next_hop(call);
        let flow = call.flow;
        let bytes = self.bye(id, &branch, reason);
        let bye = Bye {
            branch: branch.clone(),
            bytes: bytes.clone(),
            interval: T1,
            give_up: now + TRANSACTION,
        };
        if let Some(call) = self.calls.get_mut(&id) {
            call.bye = Some(bye);
        }
        self.by_branch.insert(branch, id);
        if flow.protocol == Protocol::Udp {
            self.timers.set(Timer::Bye(id), now + T1);
        }
        self.timers.set(Timer::Gone(id), now + TRANSACTION);
        self.send_in(id, flow, bytes);
    }

    fn bye(&self, id: CallId, branch: &str, reason: &str) -> Vec<u8> {
        let call = &self.calls[&id];
        let (dialog, flow) = (&call.dialog, call.flow);
        let (transport, advertised) = match flow.protocol {
            Protocol::Udp => ("UDP", self.config.advertised),
            Protocol::Tcp(_) => ("TCP", self.config.advertised),
            Protocol::Tls(_) => ("TLS", self.config.advertised_tls),
        };
        let (target, routes) = way(&dialog.target, &dialog.routes);
        let mut out = format!("BYE {target} SIP/2.0\r\n").into_bytes();
        let mut line = |name: &str, value: &[u8]| {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value);
            out.extend_from_slice(b"\r\n");
        };
        let via = format!("SIP/2.0/{transport} {advertised};branch={branch};rport");
        line("Via", via.as_bytes());
        line("Max-Forwards", b"70");
        for route in &routes {
            line("Route", route.as_bytes());
        }
        line("From", &[&dialog.local, b";tag=".as_slice(), dialog.local_tag.as_bytes()].concat());
        line("To", &dialog.remote);
        line("Call-ID", dialog.call_id.as_bytes());
        line("CSeq", format!("{} BYE", dialog.local_cseq).as_bytes());
        line("Reason", reason_header(reason).as_bytes());
        line("User-Agent", self.config.product.as_bytes());
        line("Content-Length", b"0");
        out.extend_from_slice(b"\r\n");
        out
    }

    pub(crate) fn repeat_bye(&mut self, now: Instant, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let flow = call.flow;
        let Some(bye) = call.bye.as_mut().filter(|b| now < b.give_up) else { return };
        bye.interval = (bye.interval * 2).min(T2);
        let (bytes, next) = (bye.bytes.clone(), now + bye.interval);
        self.timers.set(Timer::Bye(id), next);
        self.send_in(id, flow, bytes);
    }

    /// A response to our BYE; others are nobody's.
    pub(crate) fn response(&mut self, now: Instant, message: &Message, status: u16) {
        let Ok(via) = message.top_via() else { return };
        let method = message.text(Name::CSeq).and_then(|c| value::cseq(&c).ok()).map(|(_, m)| m);
        let Some(id) = via.branch().and_then(|b| self.by_branch.get(b)).copied() else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        if method.as_deref() != Some("BYE") || message.fault.is_some() {
            return;
        }
        if status < 200 {
            // RFC 3261, figure 6: in Proceeding it is repeated every T2.
            if let Some(bye) = &mut call.bye {
                bye.interval = T2;
                self.timers.set(Timer::Bye(id), now + T2);
            }
            return;
        }
        if let Some(bye) = call.bye.take() {
            self.by_branch.remove(&bye.branch);
        }
        self.timers.cancel(Timer::Bye(id));
    }
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

/// RFC 3326. Text becomes the text of a normal clearing (Q.850, cause 16); a value that is one already stays.
fn reason_header(reason: &str) -> String {
    let clean: String =
        reason.chars().filter(|c| (' '..='~').contains(c) && *c != '\\').take(128).collect();
    if clean.contains(";cause=") {
        return clean;
    }
    format!("Q.850;cause=16;text=\"{}\"", clean.replace('"', "'"))
}
