//! One line of a journal: a checksum, a space, JSON, a line feed.

use konf_contract::link::Record;
use konf_contract::{Caller, ConferenceNumber, GrantId, LegId, Role, UnixMs};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// Milliseconds since the boot, by the monotonic clock.
    pub(crate) t: u64,
    pub(crate) at: UnixMs,
    pub(crate) entry: Entry,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Entry {
    /// The first line of a file. Everything up to `acknowledged` has been trimmed; the next record is the one after it.
    Boot {
        edge: String,
        boot: String,
        acknowledged: u64,
    },
    /// A leg is up, as far as is known of it; a later line of the same leg replaces an earlier one.
    Leg(OpenLeg),
    Record(Record),
    /// A sign of life.
    Alive,
    Acknowledged {
        through: u64,
    },
}

/// What it takes to close a leg for an edge that died.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenLeg {
    pub(crate) leg: LegId,
    pub(crate) caller: Caller,
    pub(crate) answered: UnixMs,
    /// When it was answered, as in [`Line::t`]; the journal fills it in.
    pub(crate) answered_t: u64,
    pub(crate) grant: Option<OpenGrant>,
    pub(crate) joined: Option<UnixMs>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenGrant {
    pub(crate) grant: GrantId,
    pub(crate) conference: ConferenceNumber,
    pub(crate) booking: String,
    pub(crate) role: Role,
}

/// With its line feed.
pub(crate) fn encode(line: &Line) -> Result<Vec<u8>, serde_json::Error> {
    let json = serde_json::to_vec(line)?;
    let mut bytes = format!("{:08x} ", crc32(&json)).into_bytes();
    bytes.extend_from_slice(&json);
    bytes.push(b'\n');
    Ok(bytes)
}

/// Without its line feed; `None` when it is not what was written.
pub(crate) fn decode(bytes: &[u8]) -> Option<Line> {
    let (checksum, json) = (bytes.get(..8)?, bytes.get(9..)?);
    let checksum = u32::from_str_radix(std::str::from_utf8(checksum).ok()?, 16).ok()?;
    if bytes[8] != b' ' || checksum != crc32(json) {
        return None;
    }
    serde_json::from_slice(json).ok()
}

/// CRC-32 as in IEEE 802.3, bit by bit: a line costs a few microseconds, its fsync a thousand times that.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_well_known_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_line_comes_back_and_a_changed_one_does_not() {
        let line = Line { t: 7, at: UnixMs(8), entry: Entry::Acknowledged { through: 9 } };
        let bytes = encode(&line).unwrap();
        let body = &bytes[..bytes.len() - 1];
        assert_eq!(decode(body), Some(line));
        for at in 0..body.len() {
            let mut changed = body.to_vec();
            changed[at] ^= 1;
            assert_eq!(decode(&changed), None, "byte {at}");
        }
    }
}
