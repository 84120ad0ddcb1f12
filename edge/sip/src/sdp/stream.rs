//! Reading one medium: what of it we can agree to.

use std::net::{IpAddr, SocketAddr};

use sdp_types::{Connection, Media, Session};

use super::crypto::Line;
use super::{Terms, opus};
use crate::limits::{ATTRIBUTES_MAX, FMTP_MAX};
use crate::media::{Codec, Direction, MediaOffer, Rtcp, Srtp};

/// A medium that can be agreed to; the keys are still the peer's alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stream {
    pub(super) offer: MediaOffer,
    pub(super) line: Option<Line>,
}

/// What can be done with a medium, if anything.
pub(super) fn read(session: &Session, media: &Media, terms: &Terms<'_>) -> Option<Stream> {
    if media.media != "audio" || media.port == 0 {
        return None;
    }
    let line = line(media, terms)?;
    let connection = media.connections.first().or(session.connection.as_ref())?;
    let address = unicast(connection)?;
    let formats = media.fmt.split_whitespace().filter_map(|f| f.parse().ok()).filter(|f| *f < 128);
    let formats: Vec<u8> = formats.take(ATTRIBUTES_MAX).collect();
    let (payload_type, codec) = choose(media, &formats, terms)?;
    let events = events(media, &formats, codec);
    let offer = MediaOffer {
        remote: SocketAddr::new(address, media.port),
        codec,
        payload_type,
        receive_payload_type: payload_type,
        event_payload_type: events.map(|(number, _)| number),
        event_clock_rate: events.map_or(codec.clock_rate(), |(_, rate)| rate),
        opus: fmtp(media, payload_type).map(opus::wishes).unwrap_or_default(),
        rtcp: rtcp(media, SocketAddr::new(address, media.port)),
        crypto: None,
        direction: direction(session, media, address),
    };
    Some(Stream { offer, line })
}

/// The keys that are offered where they may be used; nothing at all where the medium can't be taken. RTP/AVP with keys is
/// what phones offer that would like to encrypt and can do without.
#[expect(clippy::option_option, reason = "refused, plain, encrypted")]
fn line(media: &Media, terms: &Terms<'_>) -> Option<Option<Line>> {
    let must = match media.proto.to_ascii_uppercase().as_str() {
        // Feedback (RFC 4585) is a right and no duty.
        "RTP/AVP" | "RTP/AVPF" => false,
        "RTP/SAVP" | "RTP/SAVPF" => true,
        _ => return None,
    };
    let line = match terms.srtp {
        Srtp::Off => None,
        Srtp::Optional | Srtp::Required => Line::all(media).next(),
    };
    let fits = match terms.srtp {
        Srtp::Required => line.is_some() && terms.is_secure,
        Srtp::Off | Srtp::Optional => line.is_some() || !must,
    };
    fits.then_some(line)
}

fn choose(media: &Media, formats: &[u8], terms: &Terms<'_>) -> Option<(u8, Codec)> {
    let offered = formats.iter().filter_map(|f| Some((*f, codec(media, *f)?)));
    let mut common = offered.filter(|(_, codec)| terms.codecs.contains(codec));
    if terms.in_their_order {
        return common.next();
    }
    common.min_by_key(|(_, codec)| terms.codecs.iter().position(|c| c == codec))
}

/// An address to which a stream can be sent. Names are no use without a resolver, and groups are nobody's telephone.
fn unicast(connection: &Connection) -> Option<IpAddr> {
    let address = connection.connection_address.trim().parse::<IpAddr>().ok()?;
    let broadcast = matches!(address, IpAddr::V4(a) if a.is_broadcast());
    (!address.is_multicast() && !broadcast).then_some(address)
}

/// By its rtpmap, or by its static number when there is none (RFC 3551, table 4).
fn codec(media: &Media, format: u8) -> Option<Codec> {
    match (rtpmap(media, format), format) {
        (None, 0) => Some(Codec::Pcmu),
        (None, 8) => Some(Codec::Pcma),
        (None, 9) => Some(Codec::G722),
        _ if is_mapped(media, format, "PCMA", 8_000, "1") => Some(Codec::Pcma),
        _ if is_mapped(media, format, "PCMU", 8_000, "1") => Some(Codec::Pcmu),
        _ if is_mapped(media, format, "G722", 8_000, "1") => Some(Codec::G722),
        // RFC 7587, section 7: "the number of channels ... MUST be 2", and has to be said.
        (Some(encoding), _) if encoding.eq_ignore_ascii_case("opus/48000/2") => Some(Codec::Opus),
        _ => None,
    }
}

/// Telephone events at the codec's clock rate, as RFC 4733, section 2.1 wants it, or else at 8 kHz, which is all that
/// many phones know whatever their codec is.
fn events(media: &Media, formats: &[u8], codec: Codec) -> Option<(u8, u32)> {
    [codec.clock_rate(), 8_000].into_iter().find_map(|rate| {
        let is_event = |f: &&u8| is_mapped(media, **f, "telephone-event", rate, "1");
        Some((*formats.iter().find(is_event)?, rate))
    })
}

fn is_mapped(media: &Media, format: u8, encoding: &str, rate: u32, channels: &str) -> bool {
    let mut parts = rtpmap(media, format).unwrap_or_default().split('/');
    let named = parts.next().is_some_and(|n| n.trim().eq_ignore_ascii_case(encoding));
    let clocked = parts.next().and_then(|r| r.parse().ok()) == Some(rate);
    named && clocked && parts.next().is_none_or(|c| c == channels)
}

/// `PCMA/8000` of `a=rtpmap:8 PCMA/8000`.
fn rtpmap(media: &Media, format: u8) -> Option<&str> {
    of_format(media, "rtpmap", format)
}

fn fmtp(media: &Media, format: u8) -> Option<&str> {
    of_format(media, "fmtp", format).filter(|value| value.len() <= FMTP_MAX)
}

fn of_format<'a>(media: &'a Media, attribute: &str, format: u8) -> Option<&'a str> {
    media.attributes.iter().filter(|a| a.attribute == attribute).find_map(|a| {
        let (number, value) = a.value.as_deref()?.trim().split_once(' ')?;
        (number.parse() == Ok(format)).then_some(value.trim())
    })
}

/// `a=rtcp:53020` (RFC 3605). An address of its own is not followed: reports go where media go, or nowhere.
fn rtcp(media: &Media, remote: SocketAddr) -> Rtcp {
    if media.attributes.iter().any(|a| a.attribute == "rtcp-mux") {
        return Rtcp::Mux;
    }
    let said = media.attributes.iter().find(|a| a.attribute == "rtcp");
    let port = said.and_then(|a| a.value.as_deref()?.split_whitespace().next()?.parse().ok());
    let next = remote.port().checked_add(1).unwrap_or(0);
    Rtcp::Separate(SocketAddr::new(remote.ip(), port.unwrap_or(next)))
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
