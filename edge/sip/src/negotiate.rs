//! What a request asks for besides its method: a description of media, a reason, a key.

use std::borrow::Cow;

use crate::message::{Message, Name};
use crate::reply::More;
use crate::sdp::{Description, SdpError, Terms, find_in_multipart};
use crate::value::{self, Params};

/// A status and its headers.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) more: More,
}

/// The offer of a message, if it has one.
pub(crate) fn description(
    message: &Message,
    terms: &Terms<'_>,
    more: impl Fn() -> More,
) -> Result<Option<Description>, Refusal> {
    let Some(body) = sdp_of(message, &more)? else { return Ok(None) };
    match Description::parse(&body, terms) {
        Ok(description) => Ok(Some(description)),
        Err(SdpError::Malformed) => {
            Err(Refusal { status: 400, more: more().with("Warning", "399 konf \"Malformed SDP\"") })
        }
        // RFC 3261, section 20.43: 305 is "incompatible media format".
        Err(SdpError::NothingInCommon) => Err(Refusal {
            status: 488,
            more: more().with("Warning", format!("305 konf \"{} needed\"", terms.demand())),
        }),
    }
}

pub(crate) fn sdp_of<'a>(
    message: &'a Message,
    more: impl Fn() -> More,
) -> Result<Option<Cow<'a, [u8]>>, Refusal> {
    if message.body.is_empty() {
        return Ok(None);
    }
    let encoding = message.text(Name::ContentEncoding).unwrap_or_default();
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        return Err(Refusal { status: 415, more: more().needing("Accept-Encoding", "identity") });
    }
    let kind = message.text(Name::ContentType).unwrap_or_default();
    let (kind, params) = kind.split_at(kind.find(';').unwrap_or(kind.len()));
    let kind = kind.trim().to_ascii_lowercase();
    if kind == "application/sdp" {
        return Ok(Some(Cow::Borrowed(&message.body)));
    }
    if kind == "multipart/mixed" || kind == "multipart/alternative" {
        let params = Params::parse(params).unwrap_or_default();
        let boundary = params.get("boundary").unwrap_or_default().trim_matches('"');
        if let Some(part) =
            find_in_multipart(&message.body, boundary).filter(|_| !boundary.is_empty())
        {
            return Ok(Some(Cow::Borrowed(part)));
        }
    }
    Err(Refusal { status: 415, more: more().needing("Accept", "application/sdp") })
}

/// ` Q.850;cause=16` of the Reason header (RFC 3326), preferably of the telephone network; its text stays out, since
/// anything may stand there.
pub(crate) fn reason(message: &Message) -> String {
    let reasons = message.list(Name::Reason).unwrap_or_default();
    let best = reasons.iter().find(|r| r.to_ascii_uppercase().starts_with("Q.850"));
    let Some(reason) = best.or(reasons.first()) else { return String::new() };
    let (protocol, params) = reason.split_at(reason.find(';').unwrap_or(reason.len()));
    let cause: Option<u16> =
        Params::parse(params).ok().and_then(|p| value::number(p.get("cause")?).ok());
    match cause {
        Some(cause) if value::is_token(protocol.trim()) && protocol.len() <= 16 => {
            format!(" {};cause={cause}", protocol.trim())
        }
        _ => String::new(),
    }
}

/// A key of `application/dtmf-relay` (`Signal=5`) or `application/dtmf` (`5`). Some peers number `*` and `#` 10 and 11.
pub(crate) fn key(kind: &str, body: &[u8]) -> Option<char> {
    let text = std::str::from_utf8(body).ok()?;
    let signal = match kind {
        "application/dtmf" => text.trim(),
        _ => text.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case("signal").then_some(value.trim())
        })?,
    };
    match signal {
        "10" => Some('*'),
        "11" => Some('#'),
        _ => {
            let mut chars = signal.chars();
            let key = chars.next()?.to_ascii_uppercase();
            let known = matches!(key, '0'..='9' | '*' | '#' | 'A'..='D');
            (known && chars.next().is_none()).then_some(key)
        }
    }
}

#[cfg(test)]
mod tests;
