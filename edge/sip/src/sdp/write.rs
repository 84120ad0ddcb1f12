//! The lines of our descriptions.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::{Origin, crypto, opus};
use crate::media::{Codec, Direction, Rtcp, SrtpKey, Suite};

/// One stream of ours.
pub(super) struct Lines<'a> {
    pub(super) transport: &'a str,
    pub(super) port: u16,
    /// With their payload types.
    pub(super) codecs: &'a [(Codec, u8)],
    /// Payload types of telephone events and their clock rates.
    pub(super) events: &'a [(u8, u32)],
    pub(super) keys: &'a [(u32, Suite, SrtpKey)],
    pub(super) rtcp: Rtcp,
    pub(super) direction: Direction,
}

pub(super) fn session_lines(origin: Origin, address: IpAddr) -> String {
    let kind = if address.is_ipv4() { "IP4" } else { "IP6" };
    let Origin { id, version } = origin;
    format!(
        "v=0\r\no=konf {id} {version} IN {kind} {address}\r\ns=-\r\nc=IN {kind} {address}\r\nt=0 0\r\n"
    )
}

pub(super) fn push_stream(text: &mut String, lines: &Lines<'_>) {
    let _ = write!(text, "m=audio {} {}", lines.port, lines.transport);
    let numbers = lines.codecs.iter().map(|(_, number)| number);
    for number in numbers.chain(lines.events.iter().map(|(number, _)| number)) {
        let _ = write!(text, " {number}");
    }
    text.push_str("\r\n");
    for (codec, number) in lines.codecs {
        let _ = write!(text, "a=rtpmap:{number} {}\r\n", name(*codec));
        if *codec == Codec::Opus {
            let _ = write!(text, "a=fmtp:{number} {}\r\n", opus::OURS);
        }
    }
    for (number, rate) in lines.events {
        let _ =
            write!(text, "a=rtpmap:{number} telephone-event/{rate}\r\na=fmtp:{number} 0-15\r\n");
    }
    for (tag, suite, key) in lines.keys {
        text.push_str(&crypto::line(*tag, *suite, key));
    }
    // Otherwise reports come to the next port, which needs no word (RFC 3550, section 11).
    if lines.rtcp == Rtcp::Mux {
        text.push_str("a=rtcp-mux\r\n");
    }
    let direction = match lines.direction {
        Direction::SendReceive => "sendrecv",
        Direction::SendOnly => "sendonly",
        Direction::ReceiveOnly => "recvonly",
        Direction::Inactive => "inactive",
    };
    let _ = write!(text, "a=ptime:20\r\na={direction}\r\n");
}

pub(super) fn name(codec: Codec) -> &'static str {
    match codec {
        Codec::Pcma => "PCMA/8000",
        Codec::Pcmu => "PCMU/8000",
        Codec::G722 => "G722/8000",
        Codec::Opus => "opus/48000/2",
    }
}
