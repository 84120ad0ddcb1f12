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
    let maps = Maps::of(media);
    let (payload_type, codec) = choose(&maps, &formats, terms)?;
    let events = events(&maps, &formats, codec);
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

fn choose(maps: &Maps<'_>, formats: &[u8], terms: &Terms<'_>) -> Option<(u8, Codec)> {
    let offered = formats.iter().filter_map(|f| Some((*f, codec(maps, *f)?)));
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

/// `PCMA/8000` of `a=rtpmap:8 PCMA/8000`, by number; read once, since a description may have as many as formats.
struct Maps<'a>([Option<&'a str>; 128]);

impl<'a> Maps<'a> {
    fn of(media: &'a Media) -> Self {
        let mut maps = [None; 128];
        for attribute in media.attributes.iter().filter(|a| a.attribute == "rtpmap") {
            let value = attribute.value.as_deref().unwrap_or_default().trim();
            let Some((number, encoding)) = value.split_once(' ') else { continue };
            let place = number.parse().ok().and_then(|number: usize| maps.get_mut(number));
            if let Some(place @ None) = place {
                *place = Some(encoding.trim());
            }
        }
        Maps(maps)
    }

    fn get(&self, format: u8) -> Option<&'a str> {
        self.0.get(usize::from(format)).copied().flatten()
    }
}

/// By its rtpmap, or by its static number when there is none (RFC 3551, table 4).
fn codec(maps: &Maps<'_>, format: u8) -> Option<Codec> {
    let Some(encoding) = maps.get(format) else {
        return match format {
            0 => Some(Codec::Pcmu),
            8 => Some(Codec::Pcma),
            9 => Some(Codec::G722),
            _ => None,
        };
    };
    // RFC 7587, section 7: "the number of channels ... MUST be 2", and has to be said.
    if encoding.eq_ignore_ascii_case("opus/48000/2") {
        return Some(Codec::Opus);
    }
    let names = [("PCMA", Codec::Pcma), ("PCMU", Codec::Pcmu), ("G722", Codec::G722)];
    names.into_iter().find(|(name, _)| is(encoding, name, 8_000)).map(|(_, codec)| codec)
}

/// Telephone events at the codec's clock rate, as RFC 4733, section 2.1 wants it, or else at 8 kHz, which is all that
/// many phones know whatever their codec is.
fn events(maps: &Maps<'_>, formats: &[u8], codec: Codec) -> Option<(u8, u32)> {
    [codec.clock_rate(), 8_000].into_iter().find_map(|rate| {
        let is_event = |f: &&u8| maps.get(**f).is_some_and(|m| is(m, "telephone-event", rate));
        Some((*formats.iter().find(is_event)?, rate))
    })
}

/// Whether `PCMA/8000` or `PCMA/8000/1` says this.
fn is(encoding: &str, name: &str, rate: u32) -> bool {
    let mut parts = encoding.split('/');
    let named = parts.next().is_some_and(|n| n.trim().eq_ignore_ascii_case(name));
    let clocked = parts.next().and_then(|r| r.parse().ok()) == Some(rate);
    named && clocked && parts.next().is_none_or(|channels| channels == "1")
}

fn fmtp(media: &Media, format: u8) -> Option<&str> {
    let value = media.attributes.iter().filter(|a| a.attribute == "fmtp").find_map(|a| {
        let (number, value) = a.value.as_deref()?.trim().split_once(' ')?;
        (number.parse() == Ok(format)).then_some(value.trim())
    });
    value.filter(|value| value.len() <= FMTP_MAX)
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
