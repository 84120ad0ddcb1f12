//! What a browser sends: forms, cookies, and whether a page of ours sent them.

use bytes::Bytes;
use http::{HeaderMap, Request, header};

use crate::accounts::{SessionToken, oidc};

/// The longest form is an answer with some names.
const FIELDS_MAX: usize = 32;

/// The fields of a form or of a query.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn of_body(request: &Request<Bytes>) -> Fields {
        Fields::read(request.body())
    }

    pub(super) fn of_query(request: &Request<Bytes>) -> Fields {
        Fields::read(request.uri().query().unwrap_or_default().as_bytes())
    }

    fn read(text: &[u8]) -> Fields {
        Fields(
            form_urlencoded::parse(text)
                .take(FIELDS_MAX)
                .map(|(k, v)| (k.into(), v.into()))
                .collect(),
        )
    }

    /// Without the space around it; empty where there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.given(name).unwrap_or_default()
    }

    pub(super) fn given(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// A password may begin with a space.
    pub(super) fn as_it_is(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// A number, nothing where none is given, or what was given instead.
    pub(super) fn number(&self, name: &str) -> Result<Option<u32>, String> {
        let read = |text: &str| text.parse().map_err(|_| text.to_owned());
        self.given(name).map(read).transpose()
    }
}

/// Of a secure address: the browser gives it back over TLS alone, to this host alone, and lets no other host set it.
const SECURE: &str = "__Host-konf-desk";
/// At plain HTTP, which is for development on loopback: browsers take no `__Host-` cookie there.
const PLAIN: &str = "konf-desk";

fn name(secure: bool) -> &'static str {
    if secure { SECURE } else { PLAIN }
}

/// The session's cookie until the browser closes, or one that takes it back.
pub(super) fn cookie(secure: bool, token: Option<&SessionToken>) -> String {
    let flags = if secure { "; Secure" } else { "" };
    let name = name(secure);
    match token {
        Some(token) => {
            format!("{name}={}; Path=/; HttpOnly; SameSite=Strict{flags}", token.expose())
        }
        None => format!("{name}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0{flags}"),
    }
}

/// What a browser keeps while it is at the provider. Lax: it comes back from another site.
pub(super) fn attempt_cookie(secure: bool, state: Option<&str>) -> String {
    let flags = if secure { "; Secure" } else { "" };
    let (state, seconds) = state.map_or(("", 0), |state| (state, oidc::ATTEMPT_MS / 1_000));
    let name = attempt_name(secure);
    format!("{name}={state}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{flags}")
}

pub(super) fn attempt_name(secure: bool) -> &'static str {
    if secure { "__Host-konf-oidc" } else { "konf-oidc" }
}

pub(super) fn token(headers: &HeaderMap, secure: bool) -> Option<SessionToken> {
    cookie_named(headers, name(secure)).map(SessionToken::shown)
}

pub(super) fn cookie_named<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(this, _)| *this == name).map(|(_, value)| value)
}

/// Whether the browser says that another site sent this. Those that say nothing are old, or no browsers.
pub(super) fn is_from_another_site(headers: &HeaderMap) -> bool {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = said("sec-fetch-site") {
        return !["same-origin", "none"].contains(&site);
    }
    match (said("origin"), said("host")) {
        (Some(origin), Some(host)) => origin.split_once("://").is_none_or(|(_, of)| of != host),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_session_is_read_from_its_own_cookie() {
        let sent = headers(&[("cookie", "a=b; konf-desk=plain; __Host-konf-desk=secure")]);
        assert_eq!(token(&sent, true).unwrap().expose(), "secure");
        assert_eq!(token(&sent, false).unwrap().expose(), "plain");
        assert!(token(&headers(&[("cookie", "x__Host-konf-desk=1")]), true).is_none());
        let set = cookie(true, Some(&SessionToken::shown("t")));
        assert_eq!(set, "__Host-konf-desk=t; Path=/; HttpOnly; SameSite=Strict; Secure");
    }

    #[test]
    fn what_another_site_sends_is_seen() {
        for (sent, foreign) in [
            (&[("sec-fetch-site", "cross-site")][..], true),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")], false),
            (&[("origin", "https://evil.example"), ("host", "konf.example")], true),
            (&[("origin", "null"), ("host", "konf.example")], true),
            (&[("origin", "https://konf.example"), ("host", "konf.example")], false),
            (&[], false),
        ] {
            assert_eq!(is_from_another_site(&headers(sent)), foreign, "{sent:?}");
        }
    }

    #[test]
    fn fields_are_decoded_and_bounded() {
        let fields = Fields::read(b"text=a+%C4%8D%3Cb%3E&people=30&minutes=x&empty=++&password=+p");
        assert_eq!((fields.text("text"), fields.text("none")), ("a \u{10d}<b>", ""));
        assert_eq!(fields.number("people"), Ok(Some(30)));
        assert_eq!(fields.number("minutes"), Err("x".to_owned()));
        assert_eq!((fields.number("empty"), fields.as_it_is("password")), (Ok(None), " p"));
        assert_eq!(Fields::read("a=1&".repeat(10_000).as_bytes()).0.len(), FIELDS_MAX);
    }
}
