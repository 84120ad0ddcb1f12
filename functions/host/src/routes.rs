//! Which component answers a path, as Spin's HTTP trigger decides.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use std::net::SocketAddr;

/// Public routes of an application, the longest first.
#[derive(Debug, Default)]
pub(crate) struct Routes(Vec<Route>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// As written, such as `/sms/...`.
    pub(crate) pattern: String,
    pub(crate) component: String,
}

/// A route that matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Matched {
    pub(crate) component: String,
    pub(crate) pattern: String,
    /// What stands in the place of `/...`: `/42` for `/sms/42` by `/sms/...`; empty for an exact match.
    pub(crate) path_info: String,
}

impl Route {
    /// The pattern without `/...` and without a closing slash; the flag says whether it had `/...`.
    fn prefix(&self) -> (&str, bool) {
        match self.pattern.strip_suffix("/...") {
            Some(prefix) => (prefix, true),
            None => (self.pattern.strip_suffix('/').unwrap_or(&self.pattern), false),
        }
    }

    fn check(&self) -> Result<(), String> {
        let (prefix, _) = self.prefix();
        let wild = prefix
            .split('/')
            .any(|part| part.starts_with(':') || part.contains('*') || part == "...");
        if !self.pattern.starts_with('/') {
            return Err(format!("route {:?} does not begin with /", self.pattern));
        }
        if wild || prefix.contains(['?', '#']) {
            return Err(format!(
                "route {:?}: only whole paths and a closing /... are honoured",
                self.pattern
            ));
        }
        if prefix.starts_with("/.well-known/spin") {
            return Err(format!("route {:?}: /.well-known/spin is reserved", self.pattern));
        }
        Ok(())
    }

    /// What follows the prefix, if the path matches.
    fn path_info<'path>(&self, path: &'path str) -> Option<&'path str> {
        let (prefix, wildcard) = self.prefix();
        let rest = path.strip_prefix(prefix)?;
        match wildcard {
            true if rest.is_empty() || rest.starts_with('/') => Some(rest),
            false if rest.bytes().all(|byte| byte == b'/') => Some(""),
            _ => None,
        }
    }
}

impl Routes {
    pub(crate) fn new(mut routes: Vec<Route>) -> Result<Routes, String> {
        routes.iter().try_for_each(Route::check)?;
        // An exact route goes before a wildcard, a longer prefix before a shorter one.
        routes.sort_by_key(|route| {
            let (prefix, wildcard) = route.prefix();
            (wildcard, std::cmp::Reverse(prefix.len()), route.pattern.clone())
        });
        match routes.windows(2).find(|pair| pair[0].prefix() == pair[1].prefix()) {
            Some(pair) => Err(format!(
                "route {:?} is given to both {} and {}",
                pair[0].pattern, pair[0].component, pair[1].component
            )),
            None => Ok(Routes(routes)),
        }
    }

    pub(crate) fn find(&self, path: &str) -> Option<Matched> {
        self.0.iter().find_map(|route| {
            Some(Matched {
                path_info: route.path_info(path)?.to_owned(),
                component: route.component.clone(),
                pattern: route.pattern.clone(),
            })
        })
    }

    pub(crate) fn of(&self, component: &str) -> Vec<String> {
        let own = self.0.iter().filter(|route| route.component == component);
        own.map(|route| route.pattern.clone()).collect()
    }
}

impl Matched {
    /// Of a request that names the component itself: as if by the route `/...`.
    pub(crate) fn chained(component: &str, path: &str) -> Matched {
        Matched { component: component.into(), pattern: "/...".into(), path_info: path.into() }
    }

    /// Replaces whatever `spin-*` headers a client sent by what Spin tells a component.
    pub(crate) fn tell(&self, headers: &mut HeaderMap, full_url: &str, client: Option<SocketAddr>) {
        let forged: Vec<HeaderName> =
            headers.keys().filter(|name| name.as_str().starts_with("spin-")).cloned().collect();
        for name in forged {
            headers.remove(name);
        }
        let matched = self.pattern.strip_suffix('/').unwrap_or(&self.pattern);
        let prefix = self.pattern.strip_suffix("/...").unwrap_or(&self.pattern);
        let client = client.map(|client| client.to_string()).unwrap_or_default();
        for (name, value) in [
            ("spin-path-info", self.path_info.as_str()),
            ("spin-full-url", full_url),
            ("spin-matched-route", matched),
            ("spin-raw-component-route", &self.pattern),
            ("spin-component-route", prefix),
            ("spin-base-path", "/"),
            ("spin-client-addr", &client),
        ] {
            // A path may hold bytes that a header may not; the component still has them in the URI.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Route, Routes};

    fn routes(patterns: &[&str]) -> Result<Routes, String> {
        let route = |pattern: &&str| Route {
            pattern: (*pattern).into(),
            component: format!("for {pattern}"),
        };
        Routes::new(patterns.iter().map(route).collect())
    }

    fn find(patterns: &[&str], path: &str) -> Option<(String, String)> {
        routes(patterns).unwrap().find(path).map(|matched| (matched.pattern, matched.path_info))
    }

    #[test]
    fn an_exact_route_goes_before_a_wildcard_and_a_longer_before_a_shorter() {
        let all = ["/...", "/sms/...", "/sms/in", "/"];
        assert_eq!(find(&all, "/sms/in"), Some(("/sms/in".into(), String::new())));
        assert_eq!(find(&all, "/sms/out/1"), Some(("/sms/...".into(), "/out/1".into())));
        assert_eq!(find(&all, "/smsx"), Some(("/...".into(), "/smsx".into())));
        assert_eq!(find(&all, "/"), Some(("/".into(), String::new())));
    }

    #[test]
    fn a_wildcard_matches_its_prefix_with_and_without_a_slash() {
        assert_eq!(find(&["/sms/..."], "/sms"), Some(("/sms/...".into(), String::new())));
        assert_eq!(find(&["/sms/..."], "/sms/"), Some(("/sms/...".into(), "/".into())));
        assert_eq!(find(&["/sms/..."], "/other"), None);
    }

    #[test]
    fn routes_that_can_not_be_honoured_are_refused() {
        for bad in ["sms", "/user/:id", "/a/*/b", "/.well-known/spin/health", "/.../a"] {
            assert!(routes(&[bad]).is_err(), "{bad}");
        }
        assert!(routes(&["/a", "/a/"]).is_err());
    }
}
