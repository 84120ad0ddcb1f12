//! A letter as a simple page that mail programs show alike: no style sheet, no picture, no script, nothing from elsewhere.

use konf_contract::Language;

use crate::mail::Letter;

/// Styles stand in the tags: mail programs throw away anything else. Readable on white and, where a program turns colours
/// round for dark screens, there too.
const BODY: &str = "margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;\
     font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5";
const CARD: &str =
    "width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px";
const LABEL: &str = "padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top";
const VALUE: &str = "padding:6px 0;font-weight:bold;vertical-align:top";
/// An address breaks anywhere, a telephone number nowhere: a phone shows some 30 characters.
const LINK: &str = "color:#0b4fb3;overflow-wrap:anywhere;word-break:break-all";
const BUTTON: &str = "display:inline-block;padding:12px 24px;background:#0b4fb3;color:#ffffff;border-radius:6px;\
     font-weight:bold;text-decoration:none";

pub(crate) fn page(letter: &Letter) -> String {
    let lang = match letter.language {
        Language::Cs => "cs",
        Language::En => "en",
    };
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{}</title></head>\n\
         <body style=\"{BODY}\">\n\
         <table role=\"presentation\" align=\"center\" cellspacing=\"0\" style=\"{CARD}\"><tr><td style=\"padding:4px 16px\">\n",
        escape(&letter.subject)
    );
    paragraph(&mut page, &letter.lead, "");
    if let Some((label, link)) = &letter.action {
        let (label, link) = (escape(label), escape(link));
        page.push_str(&format!("<p><a href=\"{link}\" style=\"{BUTTON}\">{label}</a></p>\n"));
    }
    if !letter.rows.is_empty() {
        page.push_str("<table cellspacing=\"0\">\n");
        for (label, value) in &letter.rows {
            let (label, value) = (escape(label), cell(value));
            page.push_str(&format!(
                "<tr><th align=\"left\" scope=\"row\" style=\"{LABEL}\">{label}</th><td style=\"{VALUE}\">{value}</td></tr>\n"
            ));
        }
        page.push_str("</table>\n");
    }
    for item in &letter.items {
        paragraph(&mut page, item, "font-weight:bold");
    }
    for note in &letter.notes {
        paragraph(&mut page, note, "color:#555b63");
    }
    page.push_str("</td></tr></table>\n</body>\n</html>\n");
    page
}

/// What an operator wrote has lines of its own.
fn paragraph(page: &mut String, text: &str, style: &str) {
    let text = escape(text).replace('\n', "<br>\n");
    match style {
        "" => page.push_str(&format!("<p>{text}</p>\n")),
        style => page.push_str(&format!("<p style=\"{style}\">{text}</p>\n")),
    }
}

/// A web address becomes a link; nothing else may, whatever scheme it names.
fn cell(value: &str) -> String {
    let escaped = escape(value);
    if value.starts_with("https://") || value.starts_with("http://") {
        format!("<a href=\"{escaped}\" style=\"{LINK}\">{escaped}</a>")
    } else {
        escaped
    }
}

pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_stays_text() {
        assert_eq!(escape("<a href='x\"'>&"), "&lt;a href=&#39;x&quot;&#39;&gt;&amp;");
        assert_eq!(cell("javascript:alert(1)"), "javascript:alert(1)");
        assert_eq!(
            cell("https://a.cz/?x=\"1\""),
            format!(
                "<a href=\"https://a.cz/?x=&quot;1&quot;\" style=\"{LINK}\">https://a.cz/?x=&quot;1&quot;</a>"
            )
        );
    }
}
