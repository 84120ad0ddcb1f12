//! An answer to a browser, with all that keeps it from doing what we did not mean.

use maud::Markup;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Answer {
    /// A whole page; only what carries `nonce` counts as its style and script.
    pub fn page(status: u16, nonce: &str, markup: Markup) -> Answer {
        let policy = format!(
            "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        let html = "text/html; charset=utf-8".to_owned();
        Answer::new(status, markup.into_string())
            .with("content-type", html)
            .with("content-security-policy", policy)
    }

    /// A part of a page.
    pub fn fragment(markup: Markup) -> Answer {
        Answer::new(200, markup.into_string())
            .with("content-type", "text/html; charset=utf-8".to_owned())
            .with(
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'".to_owned(),
            )
    }

    /// Of a stream that ends: whoever listens asks again.
    pub fn events(body: String) -> Answer {
        Answer::new(200, body).with("content-type", "text/event-stream; charset=utf-8".to_owned())
    }

    /// See what came of a form: the page is got anew, so that reloading it sends nothing again. `path` is one of ours.
    pub fn see(path: &str) -> Answer {
        Answer::new(303, String::new()).with("location", path.to_owned())
    }

    fn new(status: u16, body: String) -> Answer {
        let headers = vec![
            ("cache-control", "no-store".to_owned()),
            ("referrer-policy", "no-referrer".to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
            ("cross-origin-opener-policy", "same-origin".to_owned()),
        ];
        Answer { status, headers, body }
    }

    pub fn with(mut self, name: &'static str, value: String) -> Answer {
        self.headers.push((name, value));
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}
