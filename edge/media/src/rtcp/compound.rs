//! Compound packets, read (RFC 3550, 6.4 and A.2).

pub(super) const SENDER_REPORT: u8 = 200;
pub(super) const RECEIVER_REPORT: u8 = 201;
pub(super) const NAME: u8 = 202;
pub(super) const BYE: u8 = 203;

const BLOCK: usize = 24;
/// Header, SSRC and what a sender says of itself.
const SENDER_INFO: usize = 28;
const RECEIVER_HEADER: usize = 8;

/// Not a compound packet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// What counts in a compound packet.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Compound {
    pub(super) sender: Option<SenderReport>,
    /// Of what we send.
    pub(super) block: Option<Block>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct SenderReport {
    pub(super) ssrc: u32,
    pub(super) ntp: u64,
}

/// How one source is received (RFC 3550, 6.4.1).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) ssrc: u32,
    /// In 256ths.
    pub(super) loss: u8,
    /// In all; 24 bits.
    pub(super) lost: u32,
    pub(super) highest: u32,
    /// In units of the RTP clock.
    pub(super) jitter: u32,
    pub(super) last_report: u32,
    /// Since then, in 65,536ths of a second.
    pub(super) delay: u32,
}

/// RTCP on the port of RTP (RFC 5761, 4): packet types 192 to 223 stand where RTP has marker and payload type.
pub(crate) fn is_rtcp(bytes: &[u8]) -> bool {
    matches!(bytes, [first, 192..=223, ..] if first >> 6 == 2)
}

/// Reads all of it before any of it counts. `own` is our SSRC: blocks about others are passed over, as are packets of
/// kinds that say nothing here.
pub(super) fn read(bytes: &[u8], own: u32) -> Result<Compound, Malformed> {
    let mut compound = Compound::default();
    let mut rest = bytes;
    // The first of a compound packet is a report and has no padding (RFC 3550, A.2).
    if !matches!(bytes, [first, SENDER_REPORT | RECEIVER_REPORT, ..] if first & 0x20 == 0) {
        return Err(Malformed);
    }
    while !rest.is_empty() {
        let (packet, behind) = split(rest)?;
        match packet[1] {
            SENDER_REPORT => {
                let info = packet.get(..SENDER_INFO).ok_or(Malformed)?;
                let ntp = u64::from(word(info, 8)) << 32 | u64::from(word(info, 12));
                compound.sender = Some(SenderReport { ssrc: word(info, 4), ntp });
                read_blocks(packet, SENDER_INFO, own, &mut compound)?;
            }
            RECEIVER_REPORT => read_blocks(packet, RECEIVER_HEADER, own, &mut compound)?,
            _ => {}
        }
        rest = behind;
    }
    Ok(compound)
}

/// The first packet, without padding, and what follows.
fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let header = bytes.get(..4).filter(|header| header[0] >> 6 == 2).ok_or(Malformed)?;
    let length = 4 + 4 * usize::from(u16::from_be_bytes([header[2], header[3]]));
    if bytes.len() < length {
        return Err(Malformed);
    }
    let (packet, rest) = bytes.split_at(length);
    if header[0] & 0x20 == 0 {
        return Ok((packet, rest));
    }
    // Only the last one is padded, in whole words; the last byte says how much.
    let padding = usize::from(packet[length - 1]);
    let fits = rest.is_empty() && padding > 0 && padding.is_multiple_of(4) && padding <= length - 4;
    if fits { Ok((&packet[..length - padding], rest)) } else { Err(Malformed) }
}

fn read_blocks(
    packet: &[u8],
    start: usize,
    own: u32,
    compound: &mut Compound,
) -> Result<(), Malformed> {
    let count = usize::from(packet[0] & 0x1f);
    let blocks = packet.get(start..start + BLOCK * count).ok_or(Malformed)?;
    let about_us = blocks.chunks_exact(BLOCK).find(|block| word(block, 0) == own);
    if let Some(block) = about_us {
        compound.block = Some(Block {
            ssrc: own,
            loss: block[4],
            lost: word(block, 4) & 0xff_ffff,
            highest: word(block, 8),
            jitter: word(block, 12),
            last_report: word(block, 16),
            delay: word(block, 20),
        });
    }
    Ok(())
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
