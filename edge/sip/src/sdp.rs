//! Offer and answer (RFC 3264) for one stream of sound with telephone events; every other medium is declined.

pub(crate) mod crypto;
mod multipart;
mod opus;
mod own;
mod stream;
mod write;

use std::fmt::Write as _;
use std::net::SocketAddr;

use sdp_types::{Media, Session};

use self::crypto::Line;
pub(crate) use self::multipart::find_in_multipart;
pub(crate) use self::own::OwnOffer;
use self::stream::Stream;
use self::write::{push_stream, session_lines};
use crate::limits::{ATTRIBUTES_MAX, BODY_MAX, MEDIA_MAX};
use crate::media::{Codec, Crypto, MediaOffer, Srtp, SrtpKey};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SdpError {
    /// 400.
    #[error("malformed SDP")]
    Malformed,
    /// 488.
    #[error("no audio stream that can be used")]
    NothingInCommon,
}

/// What we would agree to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    /// The best first.
    pub(crate) codecs: &'a [Codec],
    /// The peer's best of them is taken instead of ours.
    pub(crate) in_their_order: bool,
    pub(crate) srtp: Srtp,
    /// Nobody on the way reads SDP.
    pub(crate) is_secure: bool,
}

impl Terms<'_> {
    /// What a peer that we have nothing in common with is told.
    pub(crate) fn demand(&self) -> String {
        let name = |codec: &Codec| write::name(*codec).split('/').next().unwrap_or_default();
        let names: Vec<_> = self.codecs.iter().map(name).collect();
        let how = match self.srtp {
            Srtp::Off => "RTP/AVP",
            Srtp::Optional => "RTP/AVP or RTP/SAVP with SDES",
            Srtp::Required => "RTP/SAVP with SDES and SIP by TLS",
        };
        format!("{} over {how}", names.join(" or "))
    }
}

/// Which media a description has; later ones of the same call have as many, in the same order (RFC 3264, section 8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Kind, transport and first format of each medium.
    media: Vec<(String, String, String)>,
    chosen: usize,
}

impl Layout {
    fn of(session: &Session, chosen: usize) -> Self {
        let kind = |media: &Media| {
            let format = media.fmt.split_whitespace().next().unwrap_or("0");
            (media.media.clone(), media.proto.clone(), format.to_owned())
        };
        Layout { media: session.medias.iter().map(kind).collect(), chosen }
    }

    fn single(transport: &str) -> Self {
        Layout { media: vec![("audio".into(), transport.into(), "0".into())], chosen: 0 }
    }

    /// The chosen medium as it is told, the rest declined.
    fn push(&self, text: &mut String, push_chosen: impl Fn(&mut String, &str)) {
        for (at, (kind, transport, format)) in self.media.iter().enumerate() {
            if at == self.chosen {
                push_chosen(text, transport);
            } else {
                let _ = write!(text, "m={kind} 0 {transport} {format}\r\n");
            }
        }
    }
}

/// A description by the peer: all its media, and what was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Description {
    pub(crate) layout: Layout,
    line: Option<Line>,
    /// Without keys until [`Description::lock`].
    pub(crate) offer: MediaOffer,
}

impl Description {
    /// Reads an offer; of several streams the first that can be encrypted, if that is wanted, or else the first.
    pub(crate) fn parse(body: &[u8], terms: &Terms<'_>) -> Result<Self, SdpError> {
        let session = session(body)?;
        let read = |(at, media)| Some((at, stream::read(&session, media, terms)?));
        let usable: Vec<(usize, Stream)> =
            session.medias.iter().enumerate().filter_map(read).collect();
        let encrypted = usable.iter().position(|(_, stream)| stream.line.is_some());
        let (chosen, Stream { offer, line }) =
            usable.into_iter().nth(encrypted.unwrap_or(0)).ok_or(SdpError::NothingInCommon)?;
        Ok(Description { layout: Layout::of(&session, chosen), line, offer })
    }

    /// Puts a key of our own beside the peer's: the former one while the peer keeps its own, so that a hold does not
    /// begin anew.
    pub(crate) fn lock(&mut self, former: Option<&Crypto>, key: impl FnOnce() -> SrtpKey) {
        let Some(line) = &self.line else { return };
        let kept = former.filter(|c| c.suite == line.suite && c.receive == line.key);
        let send = kept.map_or_else(key, |crypto| crypto.send.clone());
        self.offer.crypto = Some(Crypto { suite: line.suite, send, receive: line.key.clone() });
    }

    /// The answer that takes the chosen stream at `local` and declines the rest, in the offer's order (RFC 3264,
    /// section 6).
    pub(crate) fn answer(&self, origin: Origin, local: SocketAddr) -> String {
        let mut text = session_lines(origin, local.ip());
        self.layout.push(&mut text, |text, transport| {
            self.push_chosen(text, transport, local.port());
        });
        text
    }

    fn push_chosen(&self, text: &mut String, transport: &str, port: u16) {
        let offer = &self.offer;
        let keys = self.line.as_ref().zip(offer.crypto.as_ref());
        push_stream(
            text,
            &write::Lines {
                transport,
                port,
                codecs: &[(offer.codec, offer.receive_payload_type)],
                events: offer.event_payload_type.map(|n| (n, offer.event_clock_rate)).as_slice(),
                keys: keys.map(|(line, own)| (line.tag, own.suite, own.send.clone())).as_slice(),
                rtcp: offer.rtcp,
                direction: offer.direction,
            },
        );
    }
}

/// Who described, and how often it changed (`o=`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) id: u64,
    pub(crate) version: u64,
}

fn session(body: &[u8]) -> Result<Session, SdpError> {
    if !is_bounded(body) {
        return Err(SdpError::Malformed);
    }
    Session::parse(body).map_err(|_| SdpError::Malformed)
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

#[cfg(test)]
mod tests;
