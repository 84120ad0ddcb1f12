//! What the sender of a mail wrote now, without what is quoted of others: a mail of ours holds the words that cancel.

use mail_parser::decoders::html::html_to_text;
use mail_parser::{Message, PartType};

/// Where a mail program begins to quote in HTML; in lower case.
const HTML_QUOTES: [&str; 8] = [
    "<blockquote",
    "class=\"gmail_quote",
    "class=\"gmail_attr",
    "id=\"divrplyfwdmsg",
    "id=\"appendonsend",
    "class=\"moz-cite-prefix",
    "border-top:solid #e1e1e1",
    "border-top:solid #b5c4df",
];

/// What ends a line for whoever reads it.
const HTML_LINES: [&str; 4] = ["</div>", "</tr>", "</li>", "</h1>"];

/// Sentences of ours that hold a command (`functions/credentials/src/mail.rs`): who quotes them commands nothing.
const OURS: [&str; 2] = ["Zrušit můžete zprávou:", "To cancel, send:"];

/// Lines after `From:` in which a quoted message's other fields stand.
const HEADER_LINES: usize = 5;

/// Of the parts that are shown as its text, in their order.
pub(super) fn own_text(message: &Message<'_>) -> String {
    let mut own = String::new();
    for part in message.text_bodies() {
        match &part.body {
            PartType::Text(text) => own.push_str(&unquoted(text)),
            PartType::Html(html) => own.push_str(&unquoted(&from_html(html))),
            _ => continue,
        }
        own.push('\n');
    }
    own.trim().to_owned()
}

fn from_html(html: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let quoted = HTML_QUOTES.iter().filter_map(|mark| lower.find(mark)).min();
    // From the tag that the mark stands in.
    let end = quoted.map_or(html.len(), |at| lower[..=at].rfind('<').unwrap_or(at));
    let mut lines = html[..end].to_owned();
    for tag in HTML_LINES {
        lines = broken_after(&lines, tag);
    }
    html_to_text(&lines)
}

/// With `<br>` after each `tag`, whatever its case.
fn broken_after(html: &str, tag: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let mut broken = String::with_capacity(html.len());
    let mut rest = 0;
    for (at, _) in lower.match_indices(tag) {
        let end = at + tag.len();
        broken.push_str(&html[rest..end]);
        broken.push_str("<br>");
        rest = end;
    }
    broken.push_str(&html[rest..]);
    broken
}

fn unquoted(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut own = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        if is_rule(trimmed) || is_signature(line) || begins_header(&lines[at..]) {
            break;
        }
        if trimmed.starts_with('>') || OURS.iter().any(|sentence| line.contains(sentence)) {
            continue;
        }
        if is_attribution(&lines[at..]) {
            let mut after = lines[at..].iter().skip(1).filter(|line| !line.trim().is_empty());
            // Either its second half or what it quotes.
            let is_marked = after.any(|line| line.trim_start().starts_with('>'));
            if is_marked {
                continue;
            }
            break;
        }
        own.push(*line);
    }
    own.join("\n").trim().to_owned()
}

fn is_signature(line: &str) -> bool {
    // RFC 3676, section 4.3; many programs drop the space.
    line == "--" || line == "-- "
}

fn is_rule(line: &str) -> bool {
    let of = |mark: char| line.len() >= 10 && line.chars().all(|c| c == mark);
    line.starts_with("-----") || of('_')
}

/// `Dne 9. 7. v 14:00 Konf napsal(a):`, `On … wrote:`, perhaps over two lines.
fn is_attribution(lines: &[&str]) -> bool {
    let first = lines[0].trim().to_lowercase();
    if !["dne ", "on ", "am ", "le ", "po ", "út ", "st ", "čt ", "pá ", "so ", "ne "]
        .iter()
        .any(|start| first.starts_with(start))
    {
        return false;
    }
    let second = lines.get(1).map(|line| line.trim().to_lowercase()).unwrap_or_default();
    [first.clone(), format!("{first} {second}")].iter().any(|line| {
        line.ends_with(':')
            && ["wrote", "napsal", "odesílatel", "schrieb", "écrit"]
                .iter()
                .any(|word| line.contains(word))
    })
}

/// `From: … Sent: … To: …`, as Outlook writes above what it quotes.
fn begins_header(lines: &[&str]) -> bool {
    let starts = |line: &str, words: &[&str]| {
        let line = line.trim_start_matches(['*', ' ']).to_lowercase();
        words.iter().any(|word| line.starts_with(word))
    };
    starts(lines[0], &["from:", "od:", "von:", "de :", "de:"])
        && lines.iter().skip(1).take(HEADER_LINES).any(|line| {
            starts(line, &["sent:", "odesláno:", "date:", "datum:", "to:", "komu:", "gesendet:"])
        })
}
