//! Offer and answer (RFC 3264) for one stream of G.711 with telephone events; every other medium is declined.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use sdp_types::{Connection, Media, Session};

use crate::limits::{ATTRIBUTES_MAX, BODY_MAX, MEDIA_MAX};
use crate::words::{Codec, Direction, MediaOffer};

/// The payload type that our own offers give to telephone events, as most of the world does.
const EVENTS: u8 = 101;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SdpError {
    /// 400.
    #[error("malformed SDP")]
    Malformed,
    /// 488.
    #[error("no audio stream that can be used")]
    NothingInCommon,
}

/// A description by the peer: all its media, and what was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Description {
    /// Kind, transport and first format of each medium.
    media: Vec<(String, String, String)>,
    chosen: usize,
    pub(crate) offer: MediaOffer,
}

impl Description {
    /// Reads an offer, or an answer to ours.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, SdpError> {
        if !is_bounded(body) {
            return Err(SdpError::Malformed);
        }
        let session = Session::parse(body).map_err(|_| SdpError::Malformed)?;
        let usable = |(at, media)| Some((at, stream(&session, media)?));
        let (chosen, offer) =
            session.medias.iter().enumerate().find_map(usable).ok_or(SdpError::NothingInCommon)?;
        let media = session.medias.iter().map(kind).collect();
        Ok(Description { media, chosen, offer })
    }

    /// The answer that takes the chosen stream at `local` and declines the rest, in the offer's order (RFC 3264,
    /// section 6).
    pub(crate) fn answer(&self, origin: Origin, local: SocketAddr) -> String {
        let mut text = session_lines(origin, local.ip());
        for (at, (kind, transport, format)) in self.media.iter().enumerate() {
            if at == self.chosen {
                push_stream(&mut text, local.port(), &[self.offer.codec], &self.offer);
            } else {
                let _ = write!(text, "m={kind} 0 {transport} {format}\r\n");
            }
        }
        text
    }
}

/// Our offer, when the peer's INVITE has none (RFC 3261, section 13.3.1.4).
pub(crate) fn own_offer(origin: Origin, local: SocketAddr, now: &MediaOffer) -> String {
    let mut text = session_lines(origin, local.ip());
    let codecs = match now.codec {
        Codec::Pcma => [Codec::Pcma, Codec::Pcmu],
        Codec::Pcmu => [Codec::Pcmu, Codec::Pcma],
    };
    let event_payload_type = now.event_payload_type.or(Some(EVENTS));
    let direction = Direction::SendReceive;
    let offer = MediaOffer { event_payload_type, direction, ..now.clone() };
    push_stream(&mut text, local.port(), &codecs, &offer);
    text
}

/// Who described, and how often it changed (`o=`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) id: u64,
    pub(crate) version: u64,
}

fn session_lines(origin: Origin, address: IpAddr) -> String {
    let kind = if address.is_ipv4() { "IP4" } else { "IP6" };
    let Origin { id, version } = origin;
    format!(
        "v=0\r\no=konf {id} {version} IN {kind} {address}\r\ns=-\r\nc=IN {kind} {address}\r\nt=0 0\r\n"
    )
}

fn push_stream(text: &mut String, port: u16, codecs: &[Codec], offer: &MediaOffer) {
    let number = |codec: Codec| match codec {
        // The payload type that the peer chose holds in both directions (RFC 3264, section 5.1).
        codec if codec == offer.codec => offer.payload_type,
        Codec::Pcma => 8,
        Codec::Pcmu => 0,
    };
    let _ = write!(text, "m=audio {port} RTP/AVP");
    for codec in codecs {
        let _ = write!(text, " {}", number(*codec));
    }
    if let Some(events) = offer.event_payload_type {
        let _ = write!(text, " {events}");
    }
    text.push_str("\r\n");
    for codec in codecs {
        let _ = write!(text, "a=rtpmap:{} {}/8000\r\n", number(*codec), name(*codec));
    }
    if let Some(events) = offer.event_payload_type {
        let _ = write!(text, "a=rtpmap:{events} telephone-event/8000\r\na=fmtp:{events} 0-15\r\n");
    }
    let direction = match offer.direction {
        Direction::SendReceive => "sendrecv",
        Direction::SendOnly => "sendonly",
        Direction::ReceiveOnly => "recvonly",
        Direction::Inactive => "inactive",
    };
    let _ = write!(text, "a=ptime:20\r\na={direction}\r\n");
}

fn name(codec: Codec) -> &'static str {
    match codec {
        Codec::Pcma => "PCMA",
        Codec::Pcmu => "PCMU",
    }
}

/// Counted before anything is allocated for it.
fn is_bounded(body: &[u8]) -> bool {
    if body.len() > BODY_MAX {
        return false;
    }
    let (mut media, mut attributes) = (0, 0);
    for line in body.split(|b| *b == b'\n') {
        if line.starts_with(b"m=") {
            (media, attributes) = (media + 1, 0);
        } else {
            attributes += 1;
        }
        // All other lines count as attributes: there are only a few of them.
        if media > MEDIA_MAX || attributes > ATTRIBUTES_MAX + 8 {
            return false;
        }
    }
    true
}

fn kind(media: &Media) -> (String, String, String) {
    let format = media.fmt.split_whitespace().next().unwrap_or("0");
    (media.media.clone(), media.proto.clone(), format.to_owned())
}

/// What can be done with a medium, if anything.
fn stream(session: &Session, media: &Media) -> Option<MediaOffer> {
    if media.media != "audio" || !media.proto.eq_ignore_ascii_case("RTP/AVP") || media.port == 0 {
        return None;
    }
    let connection = media.connections.first().or(session.connection.as_ref())?;
    let address = unicast(connection)?;
    let formats = media.fmt.split_whitespace().filter_map(|f| f.parse().ok()).filter(|f| *f < 128);
    let formats: Vec<u8> = formats.take(ATTRIBUTES_MAX).collect();
    let (payload_type, codec) = formats.iter().find_map(|f| Some((*f, codec(media, *f)?)))?;
    let is_event = |f: &&u8| is_mapped(media, **f, "telephone-event");
    let event_payload_type = formats.iter().find(is_event).copied();
    let remote = SocketAddr::new(address, media.port);
    let direction = direction(session, media, address);
    Some(MediaOffer { remote, codec, payload_type, event_payload_type, direction })
}

/// An address to which a stream can be sent. Names are no use without a resolver, and groups are nobody's telephone.
fn unicast(connection: &Connection) -> Option<IpAddr> {
    let address = connection.connection_address.trim().parse::<IpAddr>().ok()?;
    let broadcast = matches!(address, IpAddr::V4(a) if a.is_broadcast());
    (!address.is_multicast() && !broadcast).then_some(address)
}

/// By its rtpmap, or by its static number when there is none (RFC 3551, table 4).
fn codec(media: &Media, format: u8) -> Option<Codec> {
    match rtpmap(media, format) {
        None if format == 8 => Some(Codec::Pcma),
        None if format == 0 => Some(Codec::Pcmu),
        _ if is_mapped(media, format, "PCMA") => Some(Codec::Pcma),
        _ if is_mapped(media, format, "PCMU") => Some(Codec::Pcmu),
        _ => None,
    }
}

fn is_mapped(media: &Media, format: u8, encoding: &str) -> bool {
    let mut parts = rtpmap(media, format).unwrap_or_default().split('/');
    let named = parts.next().is_some_and(|n| n.trim().eq_ignore_ascii_case(encoding));
    named && parts.next() == Some("8000") && parts.next().is_none_or(|channels| channels == "1")
}

/// `PCMA/8000` of `a=rtpmap:8 PCMA/8000`.
fn rtpmap(media: &Media, format: u8) -> Option<&str> {
    media.attributes.iter().filter(|a| a.attribute == "rtpmap").find_map(|a| {
        let (number, encoding) = a.value.as_deref()?.trim().split_once(' ')?;
        (number.parse() == Ok(format)).then_some(encoding.trim())
    })
}

/// The peer's direction turned to ours.
fn direction(session: &Session, media: &Media, address: IpAddr) -> Direction {
    let said = media.attributes.iter().chain(&session.attributes).find_map(|a| {
        match a.attribute.as_str() {
            "sendrecv" => Some(Direction::SendReceive),
            "sendonly" => Some(Direction::ReceiveOnly),
            "recvonly" => Some(Direction::SendOnly),
            "inactive" => Some(Direction::Inactive),
            _ => None,
        }
    });
    let said = said.unwrap_or(Direction::SendReceive);
    // RFC 3264, section 8.4: hold as RFC 2543 had it, "an address of 0.0.0.0": nothing can be sent to the peer.
    match said {
        Direction::SendReceive if address.is_unspecified() => Direction::ReceiveOnly,
        Direction::SendOnly if address.is_unspecified() => Direction::Inactive,
        said => said,
    }
}

/// The part of a body of several parts that is SDP (RFC 5621); trunks put ISUP beside it.
pub(crate) fn find_in_multipart<'a>(body: &'a [u8], boundary: &str) -> Option<&'a [u8]> {
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

#[cfg(test)]
mod tests;
