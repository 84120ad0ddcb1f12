//! The page of the development mailbox.

use super::Kept;

/// What a message holds can neither run nor load anything; only the page's own style counts.
pub(super) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8>\
<meta name=viewport content='width=device-width, initial-scale=1'><meta http-equiv=refresh content=5>\
<title>Konf development mailbox</title><style>\
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1c2430;background:#f6f7f9}\
article{background:#fff;border:1px solid #d8dde4;border-radius:8px;padding:1rem;margin:1rem 0}\
header{display:flex;gap:1rem;flex-wrap:wrap;color:#4a5666;font-size:.9rem}b{color:#0b57a4}\
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;margin:.5rem 0 0}h1{font-size:1.4rem}h2{font-size:1rem;margin:.5rem 0 0}\
</style><h1>Development mailbox</h1><p>What Konf has sent, the newest first. The page renews itself.</p>";

pub(super) fn render(kept: &[Kept]) -> String {
    let mut page = HEAD.to_owned();
    if kept.is_empty() {
        page += "<p>Nothing yet. Order a conference, and its credentials come here.</p>";
    }
    for message in kept {
        let seconds = message.at.0.div_euclid(1000).rem_euclid(86_400);
        page += &format!(
            "<article><header><b>{}</b><span>to {}</span><span>{:02}:{:02}:{:02} UTC</span></header>",
            message.kind,
            escape(&message.to),
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
        );
        if !message.subject.is_empty() {
            page += &format!("<h2>{}</h2>", escape(&message.subject));
        }
        page += &format!("<pre>{}</pre></article>", escape(&message.text));
    }
    page
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use konf_contract::UnixMs;

    #[test]
    fn what_a_message_says_is_text_not_markup() {
        let text = "<script>alert(1)</script>".to_owned();
        let message =
            Kept { at: UnixMs(0), kind: "SMS", to: "\"x\"".into(), subject: String::new(), text };
        let page = render(&[message]);
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"));
    }
}
