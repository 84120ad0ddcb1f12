//! Who wrote, about what, in answer to what: nothing of it is taken over unseen.

use konf_api::mail::Thread;
use mail_parser::{Address, HeaderName, HeaderValue, Message};

/// RFC 5321, 4.5.3.1.3: a path has 256 octets, its brackets included.
const ADDRESS_BYTES_MAX: usize = 254;
/// Those of mail programs have 60 to 120.
const ID_BYTES_MAX: usize = 250;
/// The first and the latest of a long thread lead back to it.
const REFERENCES_MAX: usize = 20;
const SUBJECT_CHARACTERS_MAX: usize = 200;

/// Marks of an answer or of something forwarded, in the languages around here; folded.
const MARKS: [&str; 7] = ["re:", "fw:", "fwd:", "odp:", "aw:", "wg:", "sv:"];

/// The one address after `From:`, in lower case. Two senders, or two such fields, could each be the one that is proven.
pub(super) fn sender(message: &Message<'_>) -> Option<String> {
    let mut fields = message.headers().iter().filter(|field| field.name == HeaderName::From);
    let (field, None) = (fields.next()?, fields.next()) else { return None };
    let HeaderValue::Address(Address::List(list)) = &field.value else { return None };
    let [only] = &list[..] else { return None };
    plain_address(only.address.as_deref()?)
}

/// In lower case, without anything that has a meaning to mail programs.
pub(crate) fn plain_address(address: &str) -> Option<String> {
    let address = address.trim();
    let (user, domain) = address.split_once('@')?;
    let good = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_graphic() && !"<>()[],;:@\"\\".contains(c))
    };
    let is_plain = address.len() <= ADDRESS_BYTES_MAX && good(user) && good(domain);
    is_plain.then(|| address.to_ascii_lowercase())
}

/// One line, as people see it.
pub(super) fn subject(message: &Message<'_>) -> String {
    let subject = message.subject().unwrap_or_default();
    let line: String = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn thread(message: &Message<'_>) -> Thread {
    let mut references = ids(message.references());
    for id in ids(message.in_reply_to()) {
        if !references.contains(&id) {
            references.push(id);
        }
    }
    if references.len() > REFERENCES_MAX {
        references.drain(1..=references.len() - REFERENCES_MAX);
    }
    let message_id = message.message_id().and_then(good_id).unwrap_or_default();
    let subject = subject(message);
    let subject = without_marks(&subject).chars().take(SUBJECT_CHARACTERS_MAX).collect();
    Thread { message_id, references, subject }
}

fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    match value {
        HeaderValue::Text(id) => good_id(id).into_iter().collect(),
        HeaderValue::TextList(ids) => ids.iter().filter_map(|id| good_id(id)).collect(),
        _ => Vec::new(),
    }
}

/// With its angle brackets, if it can stand in a header of ours as it is.
fn good_id(id: &str) -> Option<String> {
    let id = id.trim().trim_start_matches('<').trim_end_matches('>');
    let is_good = !id.is_empty()
        && id.len() <= ID_BYTES_MAX - 2
        && id.chars().all(|c| c.is_ascii_graphic() && !"<>()\"\\,;".contains(c));
    is_good.then(|| format!("<{id}>"))
}

fn without_marks(subject: &str) -> &str {
    let mut rest = subject.trim();
    while let Some(mark) = MARKS
        .iter()
        .find(|mark| rest.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark)))
    {
        rest = rest[mark.len()..].trim_start();
    }
    rest
}
