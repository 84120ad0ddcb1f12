//! One message: start line, unfolded headers under their long names, body. Checked before anything else looks at it.
//!
//! Reading is in two steps. [`Message::parse`] takes octets apart and remembers the first thing that is wrong with
//! them, since even a wrong request wants an answer. [`crate::request::Request::read`] checks the headers that every request must have.

use std::borrow::Cow;

use crate::limits::{BODY_MAX, HEAD_MAX, HEADERS_MAX, ID_MAX, URI_MAX, VALUES_MAX};
use crate::value::{self, ValueError, Via, is_token, split_outside};

/// What a response says about a request that can't be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) status: u16,
    pub(crate) reason: &'static str,
}

pub(crate) const fn bad(reason: &'static str) -> Fault {
    Fault { status: 400, reason }
}

/// No SIP at all: dropped without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SIP message")]
pub(crate) struct Junk;

/// The headers that matter here; others are checked, counted and forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    Accept,
    Allow,
    Authorization,
    CallId,
    Contact,
    ContentEncoding,
    ContentLength,
    ContentType,
    CSeq,
    Expires,
    From,
    MaxForwards,
    MinSe,
    PAccessNetworkInfo,
    PAssertedIdentity,
    Reason,
    RecordRoute,
    Require,
    RetryAfter,
    SessionExpires,
    Supported,
    Timestamp,
    To,
    Via,
    XNetwork,
}

/// Long and compact forms (RFC 3261, section 7.3.3; RFC 4028 for `x`).
const NAMES: &[(&str, Name)] = &[
    ("accept", Name::Accept),
    ("allow", Name::Allow),
    ("authorization", Name::Authorization),
    ("call-id", Name::CallId),
    ("i", Name::CallId),
    ("contact", Name::Contact),
    ("m", Name::Contact),
    ("content-encoding", Name::ContentEncoding),
    ("e", Name::ContentEncoding),
    ("content-length", Name::ContentLength),
    ("l", Name::ContentLength),
    ("content-type", Name::ContentType),
    ("c", Name::ContentType),
    ("cseq", Name::CSeq),
    ("expires", Name::Expires),
    ("from", Name::From),
    ("f", Name::From),
    ("max-forwards", Name::MaxForwards),
    ("min-se", Name::MinSe),
    ("p-access-network-info", Name::PAccessNetworkInfo),
    ("p-asserted-identity", Name::PAssertedIdentity),
    ("reason", Name::Reason),
    ("record-route", Name::RecordRoute),
    ("require", Name::Require),
    ("retry-after", Name::RetryAfter),
    ("session-expires", Name::SessionExpires),
    ("x", Name::SessionExpires),
    ("supported", Name::Supported),
    ("k", Name::Supported),
    ("timestamp", Name::Timestamp),
    ("to", Name::To),
    ("t", Name::To),
    ("via", Name::Via),
    ("v", Name::Via),
    ("x-network", Name::XNetwork),
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) name: Name,
    /// Unfolded, without CR and LF; octets that are no UTF-8 stay, so that an echo is exact.
    pub(crate) value: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    Request { method: String, uri: String },
    Status(u16),
}

/// Where the message came from decides what Content-Length means (RFC 3261, section 18.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Datagram,
    Stream,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) start: Start,
    pub(crate) headers: Vec<Header>,
    pub(crate) body: Vec<u8>,
    /// The first thing that was wrong.
    pub(crate) fault: Option<Fault>,
    /// Octets as received.
    pub(crate) size: usize,
}

impl Message {
    /// Takes one message apart; of a stream, exactly one (see `frame`).
    pub(crate) fn parse(bytes: &[u8], framing: Framing) -> Result<Self, Junk> {
        let end = head_end(bytes).ok_or(Junk)?;
        let (head, body) = (&bytes[..end], &bytes[end + 4..]);
        let mut lines = unfold(head).into_iter();
        let start_line = lines.next().ok_or(Junk)?;
        let (start, mut fault) = start(&start_line)?;
        if end > HEAD_MAX {
            fault = fault.or(Some(Fault { status: 513, reason: "Message Too Large" }));
        }
        let mut headers = Vec::new();
        for (at, line) in lines.enumerate() {
            if at == HEADERS_MAX {
                fault = fault.or(Some(Fault { status: 513, reason: "Too Many Headers" }));
                break;
            }
            match header(&line) {
                Ok(Some(header)) => headers.push(header),
                Ok(None) => {}
                Err(wrong) => fault = fault.or(Some(wrong)),
            }
        }
        let mut message = Message { start, headers, body: Vec::new(), fault, size: bytes.len() };
        match message.body_of(body, framing) {
            Ok(body) => message.body = body.to_vec(),
            Err(wrong) => message.fault = message.fault.or(Some(wrong)),
        }
        Ok(message)
    }

    fn body_of<'a>(&self, rest: &'a [u8], framing: Framing) -> Result<&'a [u8], Fault> {
        let length = match content_length(self.all(Name::ContentLength))? {
            Some(length) => length,
            None if framing == Framing::Datagram => rest.len(),
            None => return Err(bad("Missing Content-Length")),
        };
        if length > rest.len() {
            // RFC 3261, section 18.3: "If the transport packet ends before the end of the message body, this is
            // considered an error."
            return Err(bad("Content-Length Exceeds Message"));
        }
        if length > BODY_MAX {
            return Err(Fault { status: 413, reason: "Request Entity Too Large" });
        }
        Ok(&rest[..length])
    }

    /// Raw values in order, one for each header line.
    pub(crate) fn all(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        self.headers.iter().filter(move |h| h.name == name).map(|h| h.value.as_slice())
    }

    pub(crate) fn text(&self, name: Name) -> Option<Cow<'_, str>> {
        self.all(name).next().map(String::from_utf8_lossy)
    }

    /// All values of a list header, whether on one line or on several.
    pub(crate) fn list(&self, name: Name) -> Result<Vec<String>, ValueError> {
        let mut values = Vec::new();
        for line in self.all(name) {
            let line = String::from_utf8_lossy(line);
            for value in split_outside(&line, ',')? {
                if values.len() == VALUES_MAX {
                    return Err(ValueError::TooLong);
                }
                values.push(value.to_owned());
            }
        }
        Ok(values)
    }

    /// Whether a list of tokens has this one (Supported, Require).
    pub(crate) fn lists(&self, name: Name, token: &str) -> bool {
        self.list(name).is_ok_and(|values| values.iter().any(|v| v.eq_ignore_ascii_case(token)))
    }

    pub(crate) fn top_via(&self) -> Result<Via, ValueError> {
        let line = self.all(Name::Via).next().ok_or(ValueError::Malformed)?;
        let line = String::from_utf8_lossy(line);
        let values = split_outside(&line, ',')?;
        Via::parse(values.first().ok_or(ValueError::Malformed)?)
    }

    pub(crate) fn one(&self, name: Name, missing: Fault) -> Result<Cow<'_, str>, Fault> {
        let mut lines = self.all(name);
        match (lines.next(), lines.next()) {
            (Some(value), None) => Ok(String::from_utf8_lossy(value)),
            (None, _) => Err(missing),
            (Some(_), Some(_)) => Err(bad("Repeated Header")),
        }
    }
}

/// The place of the empty line.
pub(crate) fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|w| w == b"\r\n\r\n")
}

/// Joins continuation lines by one space (RFC 3261, section 7.3.1).
pub(crate) fn unfold(head: &[u8]) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut rest = head;
    loop {
        let end = rest.windows(2).position(|w| w == b"\r\n");
        let line = &rest[..end.unwrap_or(rest.len())];
        let folded = line.starts_with(b" ") || line.starts_with(b"\t");
        match lines.last_mut() {
            Some(last) if folded => {
                last.push(b' ');
                last.extend_from_slice(line.trim_ascii());
            }
            _ => lines.push(line.to_vec()),
        }
        // One more than allowed shows that there are too many.
        if lines.len() > HEADERS_MAX + 2 {
            return lines;
        }
        match end {
            Some(end) => rest = &rest[end + 2..],
            None => return lines,
        }
    }
}

fn start(line: &[u8]) -> Result<(Start, Option<Fault>), Junk> {
    let line = String::from_utf8_lossy(line);
    if let Some(rest) = line.strip_prefix("SIP/2.0 ") {
        let code = rest.split(' ').next().and_then(|c| c.parse().ok()).ok_or(Junk)?;
        return if (100..700).contains(&code) {
            Ok((Start::Status(code), None))
        } else {
            Err(Junk)
        };
    }
    let (method, rest) = line.split_once(' ').ok_or(Junk)?;
    let (uri, version) = rest.trim_end().rsplit_once(' ').ok_or(Junk)?;
    let name = version.get(..4).ok_or(Junk)?;
    if !name.eq_ignore_ascii_case("SIP/") || !is_token(method) || method.len() > ID_MAX {
        return Err(Junk);
    }
    let fault = if !version[4..].eq("2.0") {
        Some(Fault { status: 505, reason: "Version Not Supported" })
    } else if uri.len() > URI_MAX {
        Some(Fault { status: 414, reason: "Request-URI Too Long" })
    } else if uri.contains(char::is_whitespace) || line.ends_with(' ') {
        Some(bad("Malformed Request-Line"))
    } else {
        None
    };
    Ok((Start::Request { method: method.to_owned(), uri: uri.to_owned() }, fault))
}

/// A known header, nothing for one that doesn't matter.
fn header(line: &[u8]) -> Result<Option<Header>, Fault> {
    let colon = line.iter().position(|b| *b == b':').ok_or(bad("Malformed Header"))?;
    let name = String::from_utf8_lossy(line[..colon].trim_ascii_end()).to_ascii_lowercase();
    if !is_token(&name) {
        return Err(bad("Malformed Header Name"));
    }
    let value = line[colon + 1..].trim_ascii();
    let known = NAMES.iter().find(|(n, _)| *n == name).map(|(_, name)| *name);
    if has_stray_control(value) {
        // Kept without them, so that the refusal can be sent.
        return Err(bad("Control Character"));
    }
    Ok(known.map(|name| Header { name, value: value.to_vec() }))
}

/// A control character that no backslash makes part of a quoted string (RFC 3261, section 25.1: `quoted-pair`). CR and
/// LF may not even be quoted: they would break out of the line.
fn has_stray_control(value: &[u8]) -> bool {
    let mut escaped = false;
    for b in value {
        match b {
            b'\r' | b'\n' => return true,
            b'\t' => escaped = false,
            0..0x20 | 0x7f if !escaped => return true,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    false
}

/// One length, or the same one several times over; anything else would let two readers see two messages.
pub(crate) fn content_length<'a>(
    values: impl Iterator<Item = &'a [u8]>,
) -> Result<Option<usize>, Fault> {
    let mut length = None;
    for value in values {
        let value = String::from_utf8_lossy(value);
        let this: usize = value::number(&value).map_err(|_| bad("Malformed Content-Length"))?;
        if length.is_some() {
            return Err(bad("Repeated Content-Length"));
        }
        length = Some(this);
    }
    Ok(length)
}

#[cfg(test)]
mod tests;
