//! From where a page is asked for, as far as that tells people apart.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Of `spin-client-addr`: an IPv4 address, or the 64 bits that an IPv6 network is given as one. `None` for an address of
/// the inside, which is a proxy's: behind it may be everybody.
pub(crate) fn of(header: &str) -> Option<String> {
    let with_port = header.parse().map(|address: SocketAddr| address.ip());
    let address: IpAddr = with_port.or_else(|_| header.parse()).ok()?;
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let inside = address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_unspecified();
            (!inside).then(|| address.to_string())
        }
        IpAddr::V6(address) => {
            let inside = address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_unspecified();
            let [a, b, c, d, ..] = address.segments();
            (!inside).then(|| Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_network_of_ipv6_is_one_and_the_inside_is_nobody() {
        assert_eq!(of("203.0.113.7:51000").as_deref(), Some("203.0.113.7"));
        assert_eq!(of("203.0.113.7").as_deref(), Some("203.0.113.7"));
        assert_eq!(of("[::ffff:203.0.113.7]:1").as_deref(), Some("203.0.113.7"));
        assert_eq!(of("[2001:db8:1:2:3::4]:51000").as_deref(), Some("2001:db8:1:2::"));
        for nobody in ["", "unknown", "127.0.0.1:4000", "10.1.2.3:4000", "[::1]:4000", "fd00::1"] {
            assert_eq!(of(nobody), None, "{nobody}");
        }
    }
}
