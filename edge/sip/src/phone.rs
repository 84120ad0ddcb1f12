//! Phones that come by no trunk: the challenge to an INVITE, and REGISTER.

use std::time::Instant;

use crate::digest::{Asked, Phone, Verdict};
use crate::endpoint::Endpoint;
use crate::guard::Source;
use crate::limits::{REGISTRATION, REGISTRATION_LEAST, RETRY_FULL};
use crate::message::{Name, Start};
use crate::request::Request;
use crate::value::{self, Address};
use crate::words::Flow;

impl Endpoint {
    /// The phone that a request proves to come from; otherwise it has been challenged or turned away.
    pub(crate) fn authenticate(
        &mut self,
        now: Instant,
        flow: Flow,
        request: &Request<'_>,
    ) -> Option<usize> {
        let Start::Request { method, .. } = &request.message.start else { return None };
        let (address, source) = (flow.remote.ip(), Source::of(flow.remote.ip()));
        // Before the password is looked at: beyond its tries an address doesn't learn whether one was right.
        if !self.guard.admits_guess(now, source) {
            let more = self.more().needing("Retry-After", RETRY_FULL.to_string());
            self.refuse_request(flow, request, 503, more);
            return None;
        }
        let asked = Asked { method, uri: &request.uri, source: address };
        let verdict = self.authority.judge(now, &asked, request.message.all(Name::Authorization));
        match verdict {
            Verdict::Phone(phone) => {
                let connection = flow.protocol.connection();
                if let Some(state) = connection.and_then(|c| self.connections.get_mut(&c)) {
                    state.known = true;
                }
                return Some(phone);
            }
            Verdict::Wrong => self.guard.guessed(now, source),
            Verdict::Unasked | Verdict::Stale => {}
        }
        let [best, old] = self.authority.challenge(now, address, verdict == Verdict::Stale);
        let more = match self.config.phones_md5_only {
            true => self.more().needing("WWW-Authenticate", old),
            false => self.more().needing("WWW-Authenticate", best).with("WWW-Authenticate", old),
        };
        self.refuse_request(flow, request, 401, more);
        None
    }

    /// For phones that insist on it: nobody is ever called, so nothing is kept (RFC 3261, section 10.3).
    pub(crate) fn register(&mut self, now: Instant, flow: Flow, request: Request<'_>) {
        if !self.authority.has_phones() {
            return self.refuse_request(flow, &request, 405, self.allowing());
        }
        let Some(phone) = self.authenticate(now, flow, &request) else { return };
        let to = request.message.text(Name::To).unwrap_or_default();
        let own = Address::parse(&to).ok().and_then(|to| to.user());
        if own.as_deref() != self.authority.phone(phone).map(Phone::user) {
            return self.refuse_request(flow, &request, 403, self.more());
        }
        let Ok(contacts) = request.message.list(Name::Contact) else {
            return self.refuse_request(flow, &request, 400, self.more());
        };
        let general = request.message.text(Name::Expires);
        let general = general.and_then(|e| value::number(&e).ok()).unwrap_or(REGISTRATION);
        let mut more = self.more();
        for contact in contacts.iter().filter(|c| *c != "*") {
            let Ok(contact) = Address::parse(contact) else {
                return self.refuse_request(flow, &request, 400, self.more());
            };
            let own = contact.params.get("expires").and_then(|e| value::number(e).ok());
            match own.unwrap_or(general) {
                0 => {}
                seconds if seconds < REGISTRATION_LEAST => {
                    let least = REGISTRATION_LEAST.to_string();
                    let more = self.more().needing("Min-Expires", least);
                    return self.refuse_request(flow, &request, 423, more);
                }
                seconds => {
                    let seconds = seconds.min(REGISTRATION);
                    more = more.needing("Contact", format!("<{}>;expires={seconds}", contact.uri));
                }
            }
        }
        self.refuse_request(flow, &request, 200, more);
    }
}
