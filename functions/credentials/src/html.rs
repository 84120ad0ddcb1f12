//! A letter as a simple page that mail programs show alike: no style sheet, no picture, no script.

use konf_contract::Language;

use crate::mail::Letter;

pub(crate) fn page(letter: &Letter) -> String {
    let lang = match letter.language {
        Language::Cs => "cs",
        Language::En => "en",
    };
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head><meta charset=\"utf-8\"><title>{}</title></head>\n\
         <body style=\"font-family:sans-serif\">\n",
        escape(&letter.subject)
    );
    paragraph(&mut page, &letter.lead);
    if !letter.rows.is_empty() {
        page.push_str("<table cellpadding=\"4\">\n");
        for (label, value) in &letter.rows {
            let (label, value) = (escape(label), cell(value));
            page.push_str(&format!("<tr><th align=\"left\">{label}</th><td>{value}</td></tr>\n"));
        }
        page.push_str("</table>\n");
    }
    for item in &letter.items {
        paragraph(&mut page, item);
    }
    for note in &letter.notes {
        paragraph(&mut page, note);
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn paragraph(page: &mut String, text: &str) {
    page.push_str(&format!("<p>{}</p>\n", escape(text)));
}

/// A web address becomes a link; nothing else may, whatever scheme it names.
fn cell(value: &str) -> String {
    let escaped = escape(value);
    if value.starts_with("https://") || value.starts_with("http://") {
        format!("<a href=\"{escaped}\">{escaped}</a>")
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
            "<a href=\"https://a.cz/?x=&quot;1&quot;\">https://a.cz/?x=&quot;1&quot;</a>"
        );
    }
}
