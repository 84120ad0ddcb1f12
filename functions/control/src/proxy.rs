//! Who asks, where a proxy stands in front.
//!
//! Anybody can write `X-Forwarded-For`, so that it counts as far as proxies of ours have written it: each adds, at the
//! end, the address that it was asked from.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Where the request comes from that `peer` has brought. The port is 0 where only a proxy knows it.
pub fn client(peer: SocketAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> SocketAddr {
    let mut client = SocketAddr::new(peer.ip().to_canonical(), peer.port());
    let values: Vec<&str> =
        headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok()).collect();
    for entry in values.iter().rev().flat_map(|value| value.rsplit(',')) {
        if !proxies.contains(&client.ip()) {
            break;
        }
        let Some(before) = address(entry.trim()) else { break };
        client = SocketAddr::new(before.to_canonical(), 0);
    }
    client
}

/// Some proxies write a port as well.
fn address(entry: &str) -> Option<IpAddr> {
    let with_port = || entry.parse().ok().map(|address: SocketAddr| address.ip());
    entry.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(forwarded: &[&str], expected: &str) {
        let proxies = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        let found = client("10.0.0.1:4000".parse().unwrap(), &headers, &proxies);
        assert_eq!(found.ip().to_string(), expected, "{forwarded:?}");
    }

    #[test]
    fn what_proxies_of_ours_have_written_counts() {
        check(&[], "10.0.0.1");
        check(&["203.0.113.7"], "203.0.113.7");
        check(&["203.0.113.7, 10.0.0.2"], "203.0.113.7");
        check(&["203.0.113.7", "10.0.0.2"], "203.0.113.7");
        check(&["203.0.113.7:51000"], "203.0.113.7");
        check(&["2001:db8::7"], "2001:db8::7");
        check(&["[2001:db8::7]:51000"], "2001:db8::7");
        check(&["::ffff:203.0.113.7"], "203.0.113.7");
    }

    #[test]
    fn what_a_stranger_has_written_does_not() {
        check(&["198.51.100.1, 203.0.113.7"], "203.0.113.7");
        check(&["198.51.100.1", "203.0.113.7, 10.0.0.2"], "203.0.113.7");
        check(&["10.0.0.2, unknown"], "10.0.0.1");
        check(&["203.0.113.7, "], "10.0.0.1");
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED_FOR, "203.0.113.7".parse().unwrap());
        let direct: SocketAddr = "198.51.100.9:4000".parse().unwrap();
        assert_eq!(client(direct, &headers, &["10.0.0.1".parse().unwrap()]), direct);
    }
}
