//! The words of a short message: alphabets (3GPP TS 23.038) and the header of user data (TS 23.040, section 9.2.3.24).

use super::codec::Message;

/// `esm_class`: the payload begins with a header of user data.
const HAS_HEADER: u8 = 0x40;

/// `data_coding` of UCS-2.
const UCS2: u8 = 8;

/// The default alphabet by code; 0x1b goes before one of the extension.
const DEFAULT: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

const EXTENSION: [(u8, char); 10] = [
    (0x0a, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2f, '\\'),
    (0x3c, '['),
    (0x3d, '~'),
    (0x3e, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

const ESCAPE: u8 = 0x1b;

/// What a message in says, and which part of a longer one it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    pub text: String,
    /// Reference, how many parts, which.
    pub part: Option<(u32, u32, u32)>,
}

/// None: an alphabet that nobody writes orders in.
pub fn read(message: &Message) -> Option<Words> {
    let (in_header, bytes) = match message.esm_class & HAS_HEADER {
        0 => (None, message.payload.as_slice()),
        _ => header(&message.payload)?,
    };
    let text = decode(message.data_coding, bytes)?;
    let is_several = |part: &(u32, u32, u32)| part.1 > 1;
    Some(Words { text, part: in_header.or(message.sar).filter(is_several) })
}

type Part = Option<(u32, u32, u32)>;

/// The part's numbers and what follows the header.
fn header(payload: &[u8]) -> Option<(Part, &[u8])> {
    let (length, rest) = payload.split_first()?;
    let (mut elements, bytes) = rest.split_at_checked(usize::from(*length))?;
    let mut part = None;
    while let [kind, length, rest @ ..] = elements {
        let (value, rest) = rest.split_at_checked(usize::from(*length))?;
        part = match (kind, value) {
            (0x00, [reference, total, part]) => {
                Some((u32::from(*reference), u32::from(*total), u32::from(*part)))
            }
            (0x08, [high, low, total, part]) => {
                let reference = u32::from(*high) << 8 | u32::from(*low);
                Some((reference, u32::from(*total), u32::from(*part)))
            }
            _ => part,
        };
        elements = rest;
    }
    Some((part, bytes))
}

fn decode(data_coding: u8, bytes: &[u8]) -> Option<String> {
    match data_coding {
        0 => Some(from_default(bytes)),
        // ASCII is the lower half of Latin-1.
        1 | 3 => Some(bytes.iter().copied().map(char::from).collect()),
        UCS2 => {
            let units = bytes.chunks_exact(2).map(|pair| match pair {
                [high, low] => u16::from_be_bytes([*high, *low]),
                _ => 0,
            });
            Some(char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect())
        }
        _ => None,
    }
}

fn from_default(bytes: &[u8]) -> String {
    let table: Vec<char> = DEFAULT.chars().collect();
    let mut text = String::new();
    let mut escaped = false;
    for byte in bytes {
        if *byte == ESCAPE && !escaped {
            escaped = true;
            continue;
        }
        let plain = table.get(usize::from(*byte)).copied().unwrap_or('\u{fffd}');
        let extended = EXTENSION.iter().find(|(code, _)| escaped && code == byte);
        // An unknown escape is shown as the character itself (TS 23.038, section 6.2.1.1).
        text.push(extended.map_or(plain, |(_, c)| *c));
        escaped = false;
    }
    text
}

/// `data_coding` and bytes: the default alphabet where it has every character, otherwise UCS-2.
pub fn write(text: &str) -> (u8, Vec<u8>) {
    match to_default(text) {
        Some(bytes) => (0, bytes),
        None => (UCS2, text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
    }
}

fn to_default(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        if let Some((code, _)) = EXTENSION.iter().find(|(_, other)| *other == c) {
            bytes.extend([ESCAPE, *code]);
            continue;
        }
        let code = DEFAULT.chars().position(|other| other == c && c != char::from(ESCAPE))?;
        bytes.push(u8::try_from(code).ok()?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
