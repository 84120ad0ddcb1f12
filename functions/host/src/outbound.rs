//! `allowed_outbound_hosts`: where a component may send requests, as Spin understands it.
//!
//! `scheme://host:port`, each part `*` for any; `*.domain` for the names below a domain; a range `8000..9000` for ports.
//! Without a port the scheme's own is meant. `self` and address ranges are not honoured and therefore refused.

use std::ops::Range;

/// One permitted destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// None is any.
    scheme: Option<String>,
    host: Host,
    /// None is any.
    ports: Option<Range<u32>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Any,
    /// With its leading dot.
    Below(String),
    Exactly(String),
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) scheme: String,
    /// Lower case.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Destination {
    /// None when the URI is not absolute or its scheme has no port of its own and none is written.
    pub(crate) fn of(uri: &http::Uri) -> Option<Destination> {
        let scheme = uri.scheme_str()?.to_owned();
        let port = uri.port_u16().or_else(|| default_port(&scheme))?;
        Some(Destination { host: uri.host()?.to_ascii_lowercase(), port, scheme })
    }

    /// `host:port`, the form in which authorities are compared.
    pub(crate) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl std::fmt::Display for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}:{}", self.scheme, self.host, self.port)
    }
}

/// An authority as written in settings, in the form of [`Destination::authority`].
pub(crate) fn normal_authority(written: &str) -> String {
    let written = written.to_ascii_lowercase();
    let has_port = written.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if has_port { written } else { format!("{written}:80") }
}

impl Pattern {
    pub(crate) fn parse(written: &str) -> Result<Pattern, String> {
        let bad = |why: &str| format!("allowed_outbound_hosts: {written:?} {why}");
        let Some((scheme, rest)) = written.trim().split_once("://") else {
            return Err(bad("has no scheme, such as http://"));
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains('/') {
            return Err(bad("has a path or an address range, which can't be used here"));
        }
        let (host, port) = split_port(rest);
        let scheme = match scheme {
            "*" => None,
            name if !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase()) => {
                Some(name.to_owned())
            }
            _ => return Err(bad("has an unknown scheme")),
        };
        let ports = parse_ports(port, scheme.as_deref()).map_err(|why| bad(&why))?;
        Ok(Pattern { host: Host::parse(host).map_err(|why| bad(&why))?, scheme, ports })
    }

    pub(crate) fn allows(&self, to: &Destination) -> bool {
        self.scheme.as_ref().is_none_or(|scheme| *scheme == to.scheme)
            && self.ports.as_ref().is_none_or(|ports| ports.contains(&u32::from(to.port)))
            && match &self.host {
                Host::Any => true,
                Host::Below(suffix) => to.host.ends_with(suffix.as_str()),
                Host::Exactly(host) => *host == to.host,
            }
    }
}

impl Host {
    fn parse(written: &str) -> Result<Host, String> {
        match written {
            "*" => return Ok(Host::Any),
            "self" | "self.alt" => {
                return Err("means requests to itself, which this host does not honour".into());
            }
            "" => return Err("has no host".into()),
            _ => {}
        }
        let (below, name) = match written.strip_prefix("*.") {
            Some(domain) => (true, domain),
            None => (false, written),
        };
        if name.contains(['*', '{', '}', '@']) {
            return Err("may have * only alone or before the first dot".into());
        }
        let name = name.to_ascii_lowercase();
        Ok(if below { Host::Below(format!(".{name}")) } else { Host::Exactly(name) })
    }
}

/// At the last colon, unless it belongs to a bracketed IPv6 address.
fn split_port(authority: &str) -> (&str, &str) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, ""),
    }
}

fn parse_ports(written: &str, scheme: Option<&str>) -> Result<Option<Range<u32>>, String> {
    let number = |text: &str| {
        text.parse::<u16>().map(u32::from).map_err(|_| format!("has {text:?} for a port"))
    };
    match written {
        "*" => Ok(None),
        "" => match scheme.and_then(default_port) {
            Some(port) => Ok(Some(u32::from(port)..u32::from(port) + 1)),
            None => Err("needs a port, since its scheme has none of its own".into()),
        },
        range if range.contains("..") => {
            let (start, end) = range.split_once("..").unwrap_or_default();
            Ok(Some(number(start)?..number(end)?))
        }
        one => {
            let port = number(one)?;
            Ok(Some(port..port + 1))
        }
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Destination, Pattern, normal_authority};

    fn allows(pattern: &str, uri: &str) -> bool {
        let to = Destination::of(&uri.parse().unwrap()).unwrap();
        Pattern::parse(pattern).unwrap().allows(&to)
    }

    #[test]
    fn a_pattern_allows_its_scheme_host_and_port_alone() {
        assert!(allows("http://ledger.konf.internal", "http://ledger.konf.internal/v1/commit"));
        assert!(allows("http://127.0.0.1:7071/", "http://127.0.0.1:7071/v1"));
        assert!(!allows("http://127.0.0.1:7071", "http://127.0.0.1:7072/v1"));
        assert!(!allows("http://a.example", "https://a.example/"));
        assert!(!allows("http://a.example", "http://b.a.example/"));
        assert!(allows("http://a.example", "http://A.Example:80/"));
    }

    #[test]
    fn wildcards_stand_for_whole_parts() {
        assert!(allows("http://*.spin.internal", "http://order.spin.internal/x"));
        assert!(!allows("http://*.spin.internal", "http://spin.internal/x"));
        assert!(!allows("http://*.spin.internal", "http://order.spin.internal.evil.example/x"));
        assert!(allows("*://*:*", "https://anything.example:1234/"));
        assert!(allows("http://h.example:8000..9000", "http://h.example:8999/"));
        assert!(!allows("http://h.example:8000..9000", "http://h.example:9000/"));
        assert!(allows("http://[::1]:7071", "http://[::1]:7071/"));
    }

    #[test]
    fn what_can_not_be_honoured_is_refused() {
        for pattern in [
            "a.example",
            "http://self",
            "http://10.0.0.0/8",
            "http://a.example/path",
            "*://a.example",
            "http://a.*.example",
            "http://a.example:http",
            "http://",
            "insecure:allow-all",
        ] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn an_authority_without_a_port_means_80() {
        assert_eq!(normal_authority("Ledger.konf.internal"), "ledger.konf.internal:80");
        assert_eq!(normal_authority("127.0.0.1:7071"), "127.0.0.1:7071");
    }
}
