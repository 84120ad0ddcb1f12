//! Values of headers: URI, name and address, Via, CSeq and lists. Small and bounded; they borrow nothing.

use std::net::{IpAddr, Ipv6Addr};

use crate::limits::{ID_MAX, PARAMS_MAX, URI_MAX, VALUES_MAX};

/// Why a value was refused. The method that reads a request turns it into a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ValueError {
    #[error("malformed")]
    Malformed,
    #[error("unknown URI scheme")]
    Scheme,
    #[error("too long")]
    TooLong,
}

/// `;name=value` after something, names in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Params(pub(crate) Vec<(String, Option<String>)>);

impl Params {
    /// Reads `;a=b;c ; d = "e"`; the text may be empty.
    pub(crate) fn parse(text: &str) -> Result<Self, ValueError> {
        let mut params = Vec::new();
        let text = text.trim();
        if text.is_empty() {
            return Ok(Params(params));
        }
        let rest = text.strip_prefix(';').ok_or(ValueError::Malformed)?;
        for part in split_outside(rest, ';')? {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name.trim(), Some(parameter_value(value.trim())?)),
                None => (part.trim(), None),
            };
            if !is_parameter_name(name) {
                return Err(ValueError::Malformed);
            }
            if params.len() == PARAMS_MAX {
                return Err(ValueError::TooLong);
            }
            params.push((name.to_ascii_lowercase(), value));
        }
        Ok(Params(params))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).and_then(|(_, v)| v.as_deref())
    }
}

/// A token, a host or a quoted string, kept as written.
fn parameter_value(value: &str) -> Result<String, ValueError> {
    let quoted = value.len() >= 2 && value.starts_with('"') && value.ends_with('"');
    let plain =
        !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || "\"<>,".contains(c));
    if quoted || plain { Ok(value.to_owned()) } else { Err(ValueError::Malformed) }
}

/// `token`, or what URIs allow besides (RFC 3261, section 25.1: `param-unreserved`).
fn is_parameter_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| is_token_byte(b) || b"[]/:&$()".contains(&b))
}

fn is_token_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&b)
}

/// RFC 3261, section 25.1: `token`.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// Splits at a separator that stands outside quotes and angle brackets.
pub(crate) fn split_outside(text: &str, separator: char) -> Result<Vec<&str>, ValueError> {
    let (mut quoted, mut escaped, mut bracket) = (false, false, false);
    let (mut parts, mut from) = (Vec::new(), 0);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '<' => bracket = true,
            '>' => bracket = false,
            c if c == separator && !bracket => {
                if parts.len() == VALUES_MAX {
                    return Err(ValueError::TooLong);
                }
                parts.push(text[from..at].trim());
                from = at + c.len_utf8();
            }
            _ => {}
        }
    }
    if quoted {
        return Err(ValueError::Malformed);
    }
    parts.push(text[from..].trim());
    Ok(parts)
}

/// A URI as far as a server needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Uri {
    /// `sip`, `sips` or `tel`.
    pub(crate) scheme: String,
    /// Unescaped where that gives printable text; for `tel:` the number without visual separators.
    pub(crate) user: Option<String>,
    /// Empty for `tel:`.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    pub(crate) params: Params,
    /// Has `?header=value`, which no Request-URI may have.
    pub(crate) headers: bool,
    /// As it was written.
    pub(crate) text: String,
}

impl Uri {
    pub(crate) fn parse(text: &str) -> Result<Self, ValueError> {
        if text.len() > URI_MAX {
            return Err(ValueError::TooLong);
        }
        if text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"".contains(c)) {
            return Err(ValueError::Malformed);
        }
        let (scheme, rest) = text.split_once(':').ok_or(ValueError::Malformed)?;
        let starts_well = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
        if !starts_well || !scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        {
            return Err(ValueError::Malformed);
        }
        match scheme.to_ascii_lowercase().as_str() {
            "tel" => Uri::tel(text, rest),
            scheme @ ("sip" | "sips") => Uri::sip(text, scheme, rest),
            _ => Err(ValueError::Scheme),
        }
    }

    fn tel(text: &str, rest: &str) -> Result<Self, ValueError> {
        let (number, params) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
        let number: String = number.chars().filter(|c| !"-.()".contains(*c)).collect();
        let digits = number.strip_prefix('+').unwrap_or(&number);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit() || b"*#".contains(&b))
        {
            return Err(ValueError::Malformed);
        }
        Ok(Uri {
            scheme: "tel".into(),
            user: Some(number),
            host: String::new(),
            port: None,
            params: Params::parse(params)?,
            headers: false,
            text: text.to_owned(),
        })
    }

    fn sip(text: &str, scheme: &str, rest: &str) -> Result<Self, ValueError> {
        let (user, rest) = match rest.split_once('@') {
            Some(("", _)) => return Err(ValueError::Malformed),
            Some((user, rest)) => (Some(user), rest),
            None => (None, rest),
        };
        let (rest, headers) = match rest.split_once('?') {
            Some((rest, _)) => (rest, true),
            None => (rest, false),
        };
        let (host_port, params) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
        let (host, port) = host_and_port(host_port)?;
        let user = user.map(|u| printable(u.split(':').next().unwrap_or(u)));
        Ok(Uri {
            scheme: scheme.to_owned(),
            user,
            host,
            port,
            params: Params::parse(params)?,
            headers,
            text: text.to_owned(),
        })
    }

    /// The host, where it is no name.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        literal(&self.host)
    }

    /// The number or name that was dialled: the user part without telephone parameters (RFC 3966 inside RFC 3261).
    pub(crate) fn dialled(&self) -> String {
        let user = self.user.as_deref().unwrap_or_default();
        let number = user.starts_with(|c: char| c == '+' || c.is_ascii_digit());
        let end = if number { user.find(';').unwrap_or(user.len()) } else { user.len() };
        user[..end].to_owned()
    }
}

/// `%41` becomes `A`, unless something unprintable would come out; then the text stays as it was.
fn printable(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        if b != b'%' {
            out.push(b);
            continue;
        }
        let digit = |b: Option<u8>| b.and_then(|b| (b as char).to_digit(16));
        match (digit(bytes.next()), digit(bytes.next())) {
            (Some(high), Some(low)) => out.push((high * 16 + low) as u8),
            _ => return text.to_owned(),
        }
    }
    match String::from_utf8(out) {
        Ok(out) if !out.contains(char::is_control) => out,
        _ => text.to_owned(),
    }
}

/// `host`, `host:5060`, `[2001:db8::1]:5060`.
fn host_and_port(text: &str) -> Result<(String, Option<u16>), ValueError> {
    let text = text.trim();
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']').ok_or(ValueError::Malformed)?;
            address.parse::<Ipv6Addr>().map_err(|_| ValueError::Malformed)?;
            let after = after.trim();
            let port = match after.strip_prefix(':') {
                Some(port) => Some(port),
                None if after.is_empty() => None,
                None => return Err(ValueError::Malformed),
            };
            (format!("[{address}]"), port)
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host.trim().to_owned(), Some(port)),
            None => (text.to_owned(), None),
        },
    };
    let named = host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    if host.is_empty() || !(named || host.starts_with('[')) {
        return Err(ValueError::Malformed);
    }
    let port = port.map(|p| number(p.trim())).transpose()?;
    Ok((host, port))
}

/// A decimal number, leading zeros allowed, no sign.
pub(crate) fn number<N: TryFrom<u64>>(text: &str) -> Result<N, ValueError> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ValueError::Malformed);
    }
    let value: u64 = text.parse().map_err(|_| ValueError::Malformed)?;
    N::try_from(value).map_err(|_| ValueError::Malformed)
}

/// From, To, Contact, Record-Route, P-Asserted-Identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// The URI as written: its scheme may be one that we don't know.
    pub(crate) uri: String,
    pub(crate) params: Params,
}

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self, ValueError> {
        let text = text.trim();
        let open = split_at_bracket(text)?;
        let (uri, params) = match open {
            Some(at) => {
                let (uri, rest) = text[at + 1..].split_once('>').ok_or(ValueError::Malformed)?;
                (uri, rest)
            }
            None => text.split_at(text.find(';').unwrap_or(text.len())),
        };
        let (uri, bare) = (uri.trim(), open.is_none());
        if uri.len() > URI_MAX {
            return Err(ValueError::TooLong);
        }
        // Without brackets neither a comma nor a question mark may stand in a URI (RFC 3261, section 20).
        let wrong = |c: char| c.is_whitespace() || c.is_control() || (bare && "?,\"<>".contains(c));
        let known = !matches!(Uri::parse(uri), Err(ValueError::Malformed));
        if !uri.contains(':') || uri.contains(wrong) || !known {
            return Err(ValueError::Malformed);
        }
        Ok(Address { uri: uri.to_owned(), params: Params::parse(params)? })
    }

    pub(crate) fn tag(&self) -> Result<Option<String>, ValueError> {
        match self.params.get("tag") {
            Some(tag) if tag.len() > ID_MAX => Err(ValueError::TooLong),
            Some(tag) if !is_token(tag) => Err(ValueError::Malformed),
            tag => Ok(tag.map(str::to_owned)),
        }
    }

    pub(crate) fn user(&self) -> Option<String> {
        Uri::parse(&self.uri).ok().filter(|u| u.user.is_some()).map(|u| u.dialled())
    }
}

/// Where the `<` outside of quotes stands; an error when a quote stays open.
fn split_at_bracket(text: &str) -> Result<Option<usize>, ValueError> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => return Ok(Some(at)),
            // The URI of an address without brackets ends at its first parameter.
            ';' if !quoted => return Ok(None),
            _ => {}
        }
    }
    if quoted { Err(ValueError::Malformed) } else { Ok(None) }
}

/// One Via value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Via {
    /// `UDP`, `TCP`, `TLS`, … as written.
    pub(crate) transport: String,
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    pub(crate) params: Params,
}

impl Via {
    pub(crate) fn parse(text: &str) -> Result<Self, ValueError> {
        let (head, params) = text.split_at(text.find(';').unwrap_or(text.len()));
        let mut parts = head.splitn(3, '/');
        let (name, version) =
            (parts.next().unwrap_or("").trim(), parts.next().unwrap_or("").trim());
        let rest = parts.next().ok_or(ValueError::Malformed)?.trim();
        let (transport, sent_by) =
            rest.split_once(char::is_whitespace).ok_or(ValueError::Malformed)?;
        if !name.eq_ignore_ascii_case("SIP") || version != "2.0" || !is_token(transport) {
            return Err(ValueError::Malformed);
        }
        let (host, port) = host_and_port(sent_by)?;
        let params = Params::parse(params)?;
        if params.get("branch").is_some_and(|b| b.len() > ID_MAX) {
            return Err(ValueError::TooLong);
        }
        Ok(Via { transport: transport.to_owned(), host, port, params })
    }

    /// The transaction's name, when it has been made by RFC 3261's rule.
    pub(crate) fn branch(&self) -> Option<&str> {
        self.params.get("branch").filter(|b| {
            b.len() > 7 && b.is_char_boundary(7) && b[..7].eq_ignore_ascii_case("z9hG4bK")
        })
    }

    pub(crate) fn sent_by(&self) -> String {
        let port = self.port.map(|p| format!(":{p}")).unwrap_or_default();
        format!("{}{port}", self.host.to_ascii_lowercase())
    }

    pub(crate) fn address(&self) -> Option<IpAddr> {
        literal(&self.host)
    }
}

fn literal(host: &str) -> Option<IpAddr> {
    host.trim_matches(|c| c == '[' || c == ']').parse().ok()
}

/// RFC 3261, section 8.1.1.5: below 2^31.
pub(crate) fn cseq(text: &str) -> Result<(u32, String), ValueError> {
    let (sequence, method) =
        text.trim().split_once(char::is_whitespace).ok_or(ValueError::Malformed)?;
    let sequence: u32 = number(sequence)?;
    let method = method.trim();
    if sequence >= 1 << 31 || !is_token(method) {
        return Err(ValueError::Malformed);
    }
    Ok((sequence, method.to_owned()))
}

#[cfg(test)]
mod tests;
