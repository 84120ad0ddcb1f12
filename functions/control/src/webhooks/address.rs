//! Which addresses a webhook may have: none of the inside, whatever a name resolves to.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;

const URL_BYTES_MAX: usize = 1_000;

/// Why an address is not told anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error(
        "a webhook's url is such as https://shop.example/konf, of at most {URL_BYTES_MAX} bytes, without a name and password in it"
    )]
    Url,
    #[error("a webhook's url begins with https://")]
    Plain,
    #[error("this is no address of the public internet")]
    Private,
}

/// Whether `url` may be told, as far as it says itself; `private`: whether the inside may.
///
/// # Errors
///
/// What is wrong with it.
pub fn check(url: &str, private: bool) -> Result<(), Unfit> {
    let uri: http::Uri = url.parse().map_err(|_| Unfit::Url)?;
    let authority = uri.authority().ok_or(Unfit::Url)?;
    if url.len() > URL_BYTES_MAX || authority.as_str().contains('@') || authority.host().is_empty()
    {
        return Err(Unfit::Url);
    }
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if private => {}
        Some("http") => return Err(Unfit::Plain),
        _ => return Err(Unfit::Url),
    }
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let inside = match host.parse::<IpAddr>() {
        Ok(address) => !is_public(address),
        Err(_) => {
            let host = host.to_ascii_lowercase();
            let host = host.trim_end_matches('.');
            host == "localhost"
                || !host.contains('.')
                || host.ends_with(".internal")
                || host.ends_with(".local")
        }
    };
    if inside && !private { Err(Unfit::Private) } else { Ok(()) }
}

/// What is neither this machine, nor a network of the inside, nor reserved for something else (RFC 6890 and its tables).
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_4(address),
        IpAddr::V6(address) => is_public_6(address),
    }
}

fn is_public_4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19)))
}

/// Of 2000::/3, without what holds an IPv4 address (6to4, Teredo) and what is for documentation.
fn is_public_6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_4(inner);
    }
    let [a, b, ..] = address.segments();
    a & 0xe000 == 0x2000
        && a != 0x2002
        && !(a == 0x2001 && (b < 0x200 || b == 0xdb8))
        && a != 0x3fff
}

/// Resolves names to addresses of the public internet alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct PublicNames {
    pub(super) private: bool,
}

impl tower_service::Service<Name> for PublicNames {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let private = self.private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let good: Vec<SocketAddr> =
                found.filter(|address| private || is_public(address.ip())).collect();
            if good.is_empty() {
                return Err(io::Error::other(Unfit::Private));
            }
            Ok(good.into_iter())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inside_is_told_nothing() {
        for inside in [
            "https://127.0.0.1/",
            "https://10.1.2.3/",
            "https://169.254.169.254/latest",
            "https://[::1]/",
            "https://[fd00::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://100.64.0.1/",
            "https://0.0.0.0/",
            "https://localhost/",
            "https://konf/",
            "https://ledger.konf.internal/",
            "https://[2002:a00:1::]/",
            "https://[64:ff9b::a00:1]/",
            "https://[fe80::1]/",
            "https://LOCALHOST./",
            "https://255.255.255.255/",
        ] {
            assert_eq!(check(inside, false), Err(Unfit::Private), "{inside}");
            assert_eq!(check(inside, true), Ok(()), "{inside}");
        }
        for outside in
            ["https://shop.example/konf?x=1", "https://8.8.8.8/", "https://[2606:4700::1111]:8443/"]
        {
            assert_eq!(check(outside, false), Ok(()), "{outside}");
        }
        assert_eq!(check("http://shop.example/", false), Err(Unfit::Plain));
        for wrong in
            ["", "shop.example", "ftp://shop.example/", "https://u:p@shop.example/", "https:///x"]
        {
            assert_eq!(check(wrong, true), Err(Unfit::Url), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_name_of_the_inside_leads_nowhere() {
        use tower_service::Service;
        let name: Name = "localhost".parse().unwrap();
        assert!(PublicNames { private: false }.call(name.clone()).await.is_err());
        assert!(PublicNames { private: true }.call(name).await.is_ok());
    }
}
