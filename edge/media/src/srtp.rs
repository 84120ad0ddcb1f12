//! Secure RTP with keys from SDP (RFC 3711, RFC 4568).
//!
//! One context of each leg and direction. Nothing is learnt from a packet before its tag was found right, and none is
//! taken twice. A packet that is refused leaves everything as it was.

mod cipher;
mod keys;
mod replay;

use self::cipher::{Cipher, Label};
use self::replay::Sources;
pub use keys::{SrtpKeys, SrtpSuite};

/// Of an RTP header without contributing sources (RFC 3550, 5.1).
const RTP_HEADER: usize = 12;

/// Of the RTCP header and the sender's SSRC, which stay readable (RFC 3711, 3.4).
const RTCP_HEADER: usize = 8;

/// Says that an SRTCP packet is encrypted, in front of its index (RFC 3711, 3.4).
const ENCRYPTED: u32 = 1 << 31;

/// The tag of SRTCP in both suites: 80 bits (RFC 4568, 6.2).
const RTCP_TAG: usize = 10;

/// Malformed, forged, or here before.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unauthentic;

/// The contexts of one leg.
pub(crate) struct Srtp {
    keys: SrtpKeys,
    rtp_tag: usize,
    rtp_in: Cipher,
    rtcp_in: Cipher,
    rtp_out: Cipher,
    rtcp_out: Cipher,
    rtp_seen: Sources,
    rtcp_seen: Sources,
    /// Of the last packet sent: roll-over counter and sequence number.
    sent: Option<u64>,
    rtcp_sent: u32,
    /// Where packets are decrypted, again and again.
    plain: Vec<u8>,
}

impl Srtp {
    pub(crate) fn new(keys: &SrtpKeys) -> Self {
        let (receive, send) = (keys.receive(), keys.send());
        Self {
            keys: keys.clone(),
            rtp_tag: keys.suite().rtp_tag(),
            rtp_in: Cipher::new(receive, Label::Rtp),
            rtcp_in: Cipher::new(receive, Label::Rtcp),
            rtp_out: Cipher::new(send, Label::Rtp),
            rtcp_out: Cipher::new(send, Label::Rtcp),
            rtp_seen: Sources::default(),
            rtcp_seen: Sources::default(),
            sent: None,
            rtcp_sent: 0,
            plain: Vec::new(),
        }
    }

    /// Whether these are the keys it was made of. The same keys have to stay in the same context: from the beginning,
    /// they would encrypt two packets alike.
    pub(crate) fn is_of(&self, keys: &SrtpKeys) -> bool {
        self.keys == *keys
    }

    // ── in ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// The RTP packet in an SRTP packet.
    pub(crate) fn open_rtp(&mut self, packet: &[u8]) -> Result<&[u8], Unauthentic> {
        let body = packet.len().checked_sub(self.rtp_tag).ok_or(Unauthentic)?;
        let (signed, tag) = packet.split_at(body);
        let header = rtp_header(signed).ok_or(Unauthentic)?;
        let (sequence, ssrc) = (be16(&signed[2..4]), be32(&signed[8..12]));
        let index = self.rtp_seen.index(ssrc, sequence).ok_or(Unauthentic)?;
        if !self.rtp_seen.is_new(ssrc, index) {
            return Err(Unauthentic);
        }
        let rollover = ((index >> 16) as u32).to_be_bytes();
        self.rtp_in.verify(&[signed, &rollover], tag)?;
        self.rtp_seen.note(ssrc, index);
        self.plain.clear();
        self.plain.extend_from_slice(signed);
        self.rtp_in.apply(ssrc, index, &mut self.plain[header..]);
        Ok(&self.plain)
    }

    /// The compound RTCP packet in an SRTCP packet.
    pub(crate) fn open_rtcp(&mut self, packet: &[u8]) -> Result<&[u8], Unauthentic> {
        let signed = packet.len().checked_sub(RTCP_TAG).ok_or(Unauthentic)?;
        let body = signed.checked_sub(4).filter(|&body| body >= RTCP_HEADER).ok_or(Unauthentic)?;
        let ssrc = be32(&packet[4..8]);
        let trailer = be32(&packet[body..signed]);
        let index = u64::from(trailer & !ENCRYPTED);
        // Unencrypted RTCP has to be negotiated, and is not (RFC 4568, 6.3.2).
        if trailer & ENCRYPTED == 0 || !self.rtcp_seen.is_new(ssrc, index) {
            return Err(Unauthentic);
        }
        self.rtcp_in.verify(&[&packet[..signed]], &packet[signed..])?;
        self.rtcp_seen.note(ssrc, index);
        self.plain.clear();
        self.plain.extend_from_slice(&packet[..body]);
        self.rtcp_in.apply(ssrc, index, &mut self.plain[RTCP_HEADER..]);
        Ok(&self.plain)
    }

    // ── out ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Encrypts the RTP packet that begins at `start` and ends `bytes`, and signs it.
    ///
    /// It is one of ours: a header without extension, and a sequence number that follows.
    pub(crate) fn seal_rtp(&mut self, bytes: &mut Vec<u8>, start: usize) {
        let packet = &mut bytes[start..];
        let (sequence, ssrc) = (be16(&packet[2..4]), be32(&packet[8..12]));
        let index = match self.sent {
            Some(before) => before + u64::from(sequence.wrapping_sub(before as u16)),
            None => u64::from(sequence),
        };
        self.sent = Some(index);
        self.rtp_out.apply(ssrc, index, &mut packet[RTP_HEADER..]);
        let rollover = ((index >> 16) as u32).to_be_bytes();
        let tag = self.rtp_out.sign(&[packet, &rollover]);
        bytes.extend_from_slice(&tag[..self.rtp_tag]);
    }

    /// Encrypts the compound RTCP packet that begins at `start` and ends `bytes`, and signs it.
    pub(crate) fn seal_rtcp(&mut self, bytes: &mut Vec<u8>, start: usize) {
        // One each 2.5 s or more: 31 bits last for 170 years.
        self.rtcp_sent = (self.rtcp_sent + 1) & !ENCRYPTED;
        let packet = &mut bytes[start..];
        let ssrc = be32(&packet[4..8]);
        self.rtcp_out.apply(ssrc, u64::from(self.rtcp_sent), &mut packet[RTCP_HEADER..]);
        bytes.extend_from_slice(&(self.rtcp_sent | ENCRYPTED).to_be_bytes());
        let tag = self.rtcp_out.sign(&[&bytes[start..]]);
        bytes.extend_from_slice(&tag[..RTCP_TAG]);
    }
}

/// Where the payload begins: behind contributing sources and an extension (RFC 3550, 5.1 and 5.3.1).
fn rtp_header(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    if first >> 6 != 2 {
        return None;
    }
    let sources = RTP_HEADER + 4 * usize::from(first & 0x0f);
    let header = match first & 0x10 {
        0 => sources,
        _ => sources + 4 + 4 * usize::from(be16(packet.get(sources + 2..sources + 4)?)),
    };
    (header <= packet.len()).then_some(header)
}

fn be16(bytes: &[u8]) -> u16 {
    u16::from_be_bytes([bytes[0], bytes[1]])
}

fn be32(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

#[cfg(test)]
pub(crate) mod tests;
