//! Offers of our own (RFC 3261, section 13.3.1.4: an INVITE without one), and the answers to them.

use std::net::SocketAddr;

use super::write::{Lines, push_stream, session_lines};
use super::{Layout, Origin, SdpError, Terms, session, stream};
use crate::media::{Codec, Crypto, Direction, MediaOffer, Rtcp, Srtp, SrtpKey, Suite};

/// Payload types that our own offers give, as most of the world does; all others are static (RFC 3551, table 4).
const OPUS: u8 = 111;
const EVENTS: u8 = 101;
const WIDE_EVENTS: u8 = 110;
/// Where dynamic ones begin (RFC 3551, section 3).
const DYNAMIC: u8 = 96;

/// What we offered, until it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnOffer {
    pub(crate) layout: Layout,
    codecs: Vec<(Codec, u8)>,
    events: Vec<(u8, u32)>,
    keys: Vec<(u32, Suite, SrtpKey)>,
    must_encrypt: bool,
    rtcp: Rtcp,
    direction: Direction,
}

impl OwnOffer {
    /// Everything that the terms allow, first what holds `now`. Numbers that are in use keep their meaning (RFC 3264,
    /// section 8.3.2), and so do the places of all media.
    pub(crate) fn new(
        former: Option<&Layout>,
        now: &MediaOffer,
        terms: &Terms<'_>,
        fresh: [SrtpKey; 2],
    ) -> Self {
        let mut taken: Vec<u8> = now.event_payload_type.into_iter().collect();
        taken.push(now.receive_payload_type);
        let mut number = |wanted: u8| {
            let free = |n: &u8| !taken.contains(n);
            let number = [wanted].into_iter().chain(DYNAMIC..128).find(free).unwrap_or(wanted);
            taken.push(number);
            number
        };
        let mut codecs: Vec<(Codec, u8)> = Vec::new();
        for codec in terms.codecs {
            match codec {
                codec if *codec == now.codec => {
                    let at = if former.is_some() { 0 } else { codecs.len() };
                    codecs.insert(at, (*codec, now.receive_payload_type));
                }
                codec => codecs.push((*codec, number(default_number(*codec)))),
            }
        }
        let rates: &[u32] =
            if terms.codecs.contains(&Codec::Opus) { &[48_000, 8_000] } else { &[8_000] };
        let event = |rate: &u32| match now.event_payload_type {
            Some(number) if now.event_clock_rate == *rate => (number, *rate),
            _ => (number(if *rate == 8_000 { EVENTS } else { WIDE_EVENTS }), *rate),
        };
        let events = rates.iter().map(event).collect();
        let encrypts = terms.is_secure && terms.srtp != Srtp::Off;
        let [long, short] = fresh;
        let both = [(1, Suite::AesCm128HmacSha1_80, long), (2, Suite::AesCm128HmacSha1_32, short)];
        let keys = match &now.crypto {
            Some(crypto) => vec![(1, crypto.suite, crypto.send.clone())],
            None if encrypts => both.to_vec(),
            None => Vec::new(),
        };
        let must_encrypt = now.crypto.is_some() || (encrypts && terms.srtp == Srtp::Required);
        let transport = if must_encrypt { "RTP/SAVP" } else { "RTP/AVP" };
        let layout = former.cloned().unwrap_or_else(|| Layout::single(transport));
        let direction = Direction::SendReceive;
        OwnOffer { layout, codecs, events, keys, must_encrypt, rtcp: Rtcp::Mux, direction }
    }

    /// What holds, offered again to show that we live (RFC 4028, section 7.4).
    pub(crate) fn again(layout: &Layout, now: &MediaOffer) -> Self {
        let events = now.event_payload_type.map(|number| (number, now.event_clock_rate));
        let keys = now.crypto.as_ref().map(|crypto| (1, crypto.suite, crypto.send.clone()));
        OwnOffer {
            layout: layout.clone(),
            codecs: vec![(now.codec, now.receive_payload_type)],
            events: events.into_iter().collect(),
            must_encrypt: keys.is_some(),
            keys: keys.into_iter().collect(),
            rtcp: now.rtcp,
            direction: now.direction,
        }
    }

    pub(crate) fn text(&self, origin: Origin, local: SocketAddr) -> String {
        let mut text = session_lines(origin, local.ip());
        self.layout.push(&mut text, |text, transport| {
            let lines = Lines {
                transport,
                port: local.port(),
                codecs: &self.codecs,
                events: &self.events,
                keys: &self.keys,
                rtcp: self.rtcp,
                direction: self.direction,
            };
            push_stream(text, &lines);
        });
        text
    }

    /// Reads the answer: the peer numbers what it wants to get, and sends by our numbers (RFC 3264, section 6.1).
    pub(crate) fn read_answer(&self, body: &[u8]) -> Result<MediaOffer, SdpError> {
        let session = session(body)?;
        let codecs: Vec<Codec> = self.codecs.iter().map(|(codec, _)| *codec).collect();
        let srtp = match self.keys.is_empty() {
            true => Srtp::Off,
            false if self.must_encrypt => Srtp::Required,
            false => Srtp::Optional,
        };
        let terms = Terms { codecs: &codecs, in_their_order: true, srtp, is_secure: true };
        let media = session.medias.get(self.layout.chosen).ok_or(SdpError::NothingInCommon)?;
        let stream = stream::read(&session, media, &terms).ok_or(SdpError::NothingInCommon)?;
        let mut offer = stream.offer;
        let ours = self.codecs.iter().find(|(codec, _)| *codec == offer.codec);
        offer.receive_payload_type = ours.ok_or(SdpError::NothingInCommon)?.1;
        if let Some(events) = &mut offer.event_payload_type {
            let ours = self.events.iter().find(|(_, rate)| *rate == offer.event_clock_rate);
            *events = ours.map_or(*events, |(number, _)| *number);
        }
        if let Some(line) = stream.line {
            let ours =
                self.keys.iter().find(|(tag, suite, _)| (*tag, *suite) == (line.tag, line.suite));
            let (_, suite, send) = ours.ok_or(SdpError::NothingInCommon)?;
            offer.crypto = Some(Crypto { suite: *suite, send: send.clone(), receive: line.key });
        }
        Ok(offer)
    }
}

fn default_number(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 8,
        Codec::G722 => 9,
        Codec::Opus => OPUS,
    }
}
