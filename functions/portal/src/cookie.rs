//! The browser's cookies, and what binds a form to them.
//!
//! Over HTTPS they are `__Host-…`: for this host alone, sent over TLS alone, and set by nobody else. A browser takes such a
//! cookie over plain HTTP from nobody, so a development on loopback has them without prefix and without `Secure`; plain
//! HTTP anywhere else has no cookies, and so nobody signs in.

use konf_contract::WebToken;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookies {
    Secure,
    Loopback,
    /// `public_url` names plain HTTP on a host that others reach.
    None,
}

/// A year; only the language is kept so long.
const LANGUAGE_S: u32 = 365 * 24 * 3600;

impl Cookies {
    /// By how people reach the service.
    pub fn of(public_url: &str) -> Cookies {
        if public_url.starts_with("https://") {
            return Cookies::Secure;
        }
        let host = public_url.strip_prefix("http://").unwrap_or_default();
        let host = host.split('/').next().unwrap_or_default();
        let is_port = |rest: &str| {
            rest.is_empty()
                || rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
        };
        let loopback = ["127.0.0.1", "localhost", "[::1]"];
        match loopback.iter().any(|name| host.strip_prefix(name).is_some_and(is_port)) {
            true => Cookies::Loopback,
            false => Cookies::None,
        }
    }

    fn names(self) -> Option<(&'static str, &'static str)> {
        match self {
            Cookies::Secure => Some(("__Host-konf", "__Host-konf-language")),
            Cookies::Loopback => Some(("konf", "konf-language")),
            Cookies::None => None,
        }
    }

    /// `Set-Cookie` for the browser's token, until the browser ends.
    pub fn set_token(self, token: &WebToken) -> Option<String> {
        let (name, _) = self.names()?;
        Some(format!("{name}={}; Path=/; HttpOnly; SameSite=Lax{}", token.expose(), self.secure()))
    }

    pub fn set_language(self, tag: &'static str) -> Option<String> {
        let (_, name) = self.names()?;
        let secure = self.secure();
        Some(format!("{name}={tag}; Path=/; HttpOnly; SameSite=Lax; Max-Age={LANGUAGE_S}{secure}"))
    }

    fn secure(self) -> &'static str {
        if self == Cookies::Secure { "; Secure" } else { "" }
    }

    pub(crate) fn token(self, header: &str) -> Option<WebToken> {
        WebToken::new(value(header, self.names()?.0)?).ok()
    }

    pub(crate) fn language(self, header: &str) -> Option<String> {
        value(header, self.names()?.1).map(str::to_owned)
    }
}

fn value<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let pairs = header.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(known, _)| *known == name).map(|(_, value)| value).next()
}

/// What every form carries: whoever can read the cookie's digest was shown a page of ours, and the cookie cannot be found
/// out from it.
pub fn csrf(token: &WebToken) -> String {
    let digest = Sha256::new().chain_update("konf form ").chain_update(token.expose()).finalize();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a form came from a page that this browser was shown.
pub fn is_ours(token: Option<&WebToken>, given: Option<&str>) -> bool {
    match (token, given) {
        (Some(token), Some(given)) => csrf(token).as_bytes().ct_eq(given.as_bytes()).into(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(digit: &str) -> WebToken {
        WebToken::new(digit.repeat(64)).unwrap()
    }

    #[test]
    fn only_tls_and_loopback_have_cookies() {
        assert_eq!(Cookies::of("https://konf.example"), Cookies::Secure);
        for url in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1/"] {
            assert_eq!(Cookies::of(url), Cookies::Loopback, "{url}");
        }
        for url in ["http://konf.example", "http://127.0.0.1.example", "http://localhost:x", ""] {
            assert_eq!(Cookies::of(url), Cookies::None, "{url}");
        }
        assert_eq!(Cookies::None.set_token(&token("a")), None);
        let set = Cookies::Secure.set_token(&token("a")).unwrap();
        assert!(set.starts_with("__Host-konf=aaaa"), "{set}");
        assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{set}");
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let header = format!("x__Host-konf=1; konf=2; __Host-konf={}", "b".repeat(64));
        assert_eq!(Cookies::Secure.token(&header), Some(token("b")));
        assert_eq!(Cookies::Loopback.token(&header), None, "2 is no token");
        assert_eq!(Cookies::Secure.token(""), None);
    }

    #[test]
    fn a_form_of_another_browser_is_not_ours() {
        let (one, other) = (token("a"), token("b"));
        assert!(is_ours(Some(&one), Some(&csrf(&one))));
        assert!(!is_ours(Some(&one), Some(&csrf(&other))));
        assert!(!is_ours(Some(&one), None));
        assert!(!is_ours(None, Some(&csrf(&one))));
    }
}
