//! SDP beside other bodies (RFC 5621).

use crate::limits::MEDIA_MAX;

/// RFC 2046, section 5.1.1: "boundary delimiters must be no longer than 70 characters"; it is searched for in all octets.
const BOUNDARY_MAX: usize = 70;

/// The part of a body of several parts that is SDP; trunks put ISUP beside it.
pub(crate) fn find_in_multipart<'a>(body: &'a [u8], boundary: &str) -> Option<&'a [u8]> {
    if boundary.len() > BOUNDARY_MAX {
        return None;
    }
    let mark = format!("--{boundary}");
    let mut rest = &body[find(body, mark.as_bytes())? + mark.len()..];
    // More parts than media make no sense.
    for _ in 0..MEDIA_MAX {
        let end = find(rest, mark.as_bytes())?;
        let part = &rest[..end];
        if let Some(head) = find(part, b"\r\n\r\n") {
            let headers = String::from_utf8_lossy(&part[..head]).to_ascii_lowercase();
            let is_sdp = headers.lines().any(|line| {
                let value = line.strip_prefix("content-type").or(line.strip_prefix("c"));
                value.is_some_and(|v| {
                    v.trim_start()
                        .strip_prefix(':')
                        .is_some_and(|v| v.trim().starts_with("application/sdp"))
                })
            });
            if is_sdp {
                let content = &part[head + 4..];
                return Some(content.strip_suffix(b"\r\n").unwrap_or(content));
            }
        }
        rest = &rest[end + mark.len()..];
    }
    None
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|w| w == wanted)
}
