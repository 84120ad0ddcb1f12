//! A request as the pages see it: bounded, decoded, its cookies read.

use konf_contract::{UnixMs, WebToken};

use crate::client;
use crate::cookie::Cookies;
use crate::tongue::Tongue;

/// The longest form has a dozen fields of some characters; one is text that people write.
pub const BODY_BYTES_MAX: usize = 16 * 1024;
const FIELDS_MAX: usize = 40;
/// An e-mail address has at most 254 characters (RFC 5321).
const VALUE_CHARACTERS_MAX: usize = 320;
/// Of a path: the longest ends with a link's token.
const PATH_BYTES_MAX: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Other,
}

/// What a browser sends, as it came.
pub struct Raw<'a> {
    pub method: Method,
    /// With its query.
    pub target: &'a str,
    pub cookie: &'a str,
    pub accept_language: &'a str,
    /// `Sec-Fetch-Site`; empty from browsers that do not say it.
    pub fetch_site: &'a str,
    /// `spin-client-addr`.
    pub client: &'a str,
    pub body: &'a [u8],
    pub now: UnixMs,
}

pub struct Asked {
    pub method: Method,
    /// Without its query.
    pub path: String,
    pub now: UnixMs,
    pub tongue: Tongue,
    /// The language was asked for by the link, and is to be kept.
    pub tongue_chosen: bool,
    /// Of the browser, signed in or not; absent at its first visit.
    pub token: Option<WebToken>,
    /// From where, as far as that tells people apart.
    pub client: Option<String>,
    /// Whether another site has sent the browser here with a form.
    pub is_cross_site: bool,
    pub query: Fields,
    pub form: Fields,
}

impl Asked {
    /// None when it is longer than any request that a page makes.
    pub fn read(raw: &Raw<'_>, cookies: &Cookies) -> Option<Asked> {
        let (path, query) = raw.target.split_once('?').unwrap_or((raw.target, ""));
        if path.len() > PATH_BYTES_MAX || raw.body.len() > BODY_BYTES_MAX {
            return None;
        }
        let query = Fields::read(query.as_bytes())?;
        let chosen = cookies.language(raw.cookie);
        Some(Asked {
            method: raw.method,
            path: path.to_owned(),
            now: raw.now,
            tongue: Tongue::of(query.get("lang"), chosen.as_deref(), Some(raw.accept_language)),
            tongue_chosen: query.get("lang").is_some(),
            token: cookies.token(raw.cookie),
            client: client::of(raw.client),
            is_cross_site: matches!(raw.fetch_site, "cross-site" | "same-site"),
            query,
            form: if raw.method == Method::Post {
                Fields::read(raw.body)?
            } else {
                Fields::default()
            },
        })
    }
}

/// Names and values of a form, decoded. Control characters are gone: nothing that is written into one line of a field can
/// hold a line's end.
#[derive(Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// None when there is more than any form of ours has.
    pub fn read(encoded: &[u8]) -> Option<Fields> {
        let mut fields = Vec::new();
        for (name, value) in form_urlencoded::parse(encoded) {
            if fields.len() == FIELDS_MAX || value.chars().count() > VALUE_CHARACTERS_MAX {
                return None;
            }
            let value: String = value.chars().filter(|c| !c.is_control()).collect();
            fields.push((name.into_owned(), value));
        }
        Some(Fields(fields))
    }

    /// The first of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim())
    }

    pub fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }

    pub fn number(&self, name: &str) -> Option<u32> {
        self.get(name)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_bounded_and_has_no_line_ends() {
        let fields = Fields::read(b"a=1&b=x%0D%0ASet-Cookie:%20y&a=2").unwrap();
        assert_eq!(fields.get("a"), Some("1"));
        assert_eq!(fields.get("b"), Some("xSet-Cookie: y"));
        assert_eq!(fields.number("a"), Some(1));
        assert!(Fields::read(&b"a=1&".repeat(41)).is_none());
        assert!(Fields::read(format!("a={}", "x".repeat(321)).as_bytes()).is_none());
        assert_eq!(Fields::read(b"a=%ff").unwrap().get("a"), Some("\u{fffd}"));
    }
}
