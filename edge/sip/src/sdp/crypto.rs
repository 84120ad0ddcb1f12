//! Keys of SRTP in SDP (RFC 4568): reading and writing `a=crypto`, and making keys.

use hmac::{Hmac, Mac as _};
use sdp_types::Media;
use sha2::Sha256;

use crate::media::{SrtpKey, Suite};
use crate::words::Seed;

/// Lines of one medium that are looked at: two suites, twice as much for what we don't know.
const LINES_MAX: usize = 8;
/// Octets of one line: RFC 4568's longest example has 200.
const LINE_MAX: usize = 512;

/// One `a=crypto` of a peer that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) tag: u32,
    pub(crate) suite: Suite,
    pub(crate) key: SrtpKey,
}

impl Line {
    /// The usable lines of a medium, the peer's best first.
    pub(crate) fn all(media: &Media) -> impl Iterator<Item = Line> {
        let values = media.attributes.iter().filter(|a| a.attribute == "crypto");
        values.take(LINES_MAX).filter_map(|a| Line::parse(a.value.as_deref()?))
    }

    /// `1 AES_CM_128_HMAC_SHA1_80 inline:…|2^31`. A line with parameters that we don't know can't be used (section
    /// 6.3.7), nor one with several keys or a key identifier, for which nobody has a use.
    fn parse(text: &str) -> Option<Line> {
        let mut words = text.split_ascii_whitespace();
        let (tag, suite, key) = (words.next()?, words.next()?, words.next()?);
        if text.len() > LINE_MAX || tag.is_empty() || tag.len() > 9 || !words.all(is_harmless) {
            return None;
        }
        let tag = crate::value::number(tag).ok()?;
        let inline = key.get(..7).filter(|method| method.eq_ignore_ascii_case("inline:"))?;
        let mut parts = key[inline.len()..].split('|');
        let key = decode(parts.next()?)?;
        // A lifetime says when to change the key: 2^31 packets at least, which no call has.
        let plain = parts.all(|part| !part.contains(':') && !part.is_empty());
        plain.then_some(Line { tag, suite: suite_of(suite)?, key })
    }
}

/// Hints for repeated packets and windows change nothing of what is sent; what begins with `-` may be passed over.
fn is_harmless(parameter: &str) -> bool {
    parameter.starts_with('-') || parameter.to_ascii_uppercase().starts_with("WSH=")
}

fn suite_of(name: &str) -> Option<Suite> {
    let is = |suite: &Suite| name.eq_ignore_ascii_case(suite_name(*suite));
    [Suite::AesCm128HmacSha1_80, Suite::AesCm128HmacSha1_32].into_iter().find(is)
}

fn suite_name(suite: Suite) -> &'static str {
    match suite {
        Suite::AesCm128HmacSha1_80 => "AES_CM_128_HMAC_SHA1_80",
        Suite::AesCm128HmacSha1_32 => "AES_CM_128_HMAC_SHA1_32",
    }
}

/// `a=crypto` with a key of ours.
pub(crate) fn line(tag: u32, suite: Suite, key: &SrtpKey) -> String {
    format!("a=crypto:{tag} {} inline:{}\r\n", suite_name(suite), encode(key))
}

/// RFC 4648, section 4.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// 30 octets are 40 letters without any padding.
fn decode(text: &str) -> Option<SrtpKey> {
    let mut key = [0; SrtpKey::LENGTH];
    if text.len() != key.len() / 3 * 4 {
        return None;
    }
    for (three, four) in key.chunks_exact_mut(3).zip(text.as_bytes().chunks_exact(4)) {
        let mut bits = 0;
        for letter in four {
            bits = bits << 6 | ALPHABET.iter().position(|a| a == letter)?;
        }
        three.copy_from_slice(&[(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]);
    }
    Some(SrtpKey::new(key))
}

fn encode(key: &SrtpKey) -> String {
    let mut text = String::with_capacity(SrtpKey::LENGTH / 3 * 4);
    for three in key.expose().chunks_exact(3) {
        let bits = usize::from(three[0]) << 16 | usize::from(three[1]) << 8 | usize::from(three[2]);
        text.extend([18, 12, 6, 0].map(|shift| ALPHABET[bits >> shift & 63] as char));
    }
    text
}

/// Makes our keys: HMAC-SHA-256 of a counter under a seed that nobody knows.
#[derive(Debug)]
pub(crate) struct Keys {
    seed: Seed,
    drawn: u64,
}

impl Keys {
    pub(crate) fn new(seed: Seed) -> Self {
        Keys { seed, drawn: 0 }
    }

    pub(crate) fn draw(&mut self) -> SrtpKey {
        self.drawn += 1;
        // As long as a block, so that every seed fits.
        let mut block = [0; 64];
        block[..32].copy_from_slice(self.seed.octets());
        let mut source = Hmac::<Sha256>::new(&block.into());
        source.update(b"SRTP master key and salt");
        source.update(&self.drawn.to_be_bytes());
        let made = source.finalize().into_bytes();
        SrtpKey::new(std::array::from_fn(|at| made[at]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4568, section 4's example.
    const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

    fn read(text: &str) -> Option<(u32, Suite)> {
        Line::parse(text).map(|line| (line.tag, line.suite))
    }

    #[test]
    fn lines_that_can_be_used_are_read_and_written_back() {
        let long = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}");
        let line = Line::parse(&format!("{long}|2^20 WSH=64 -X")).unwrap();
        assert_eq!(super::line(line.tag, line.suite, &line.key), format!("a=crypto:{long}\r\n"));
        let short = format!("27 aes_cm_128_hmac_sha1_32 INLINE:{KEY}");
        assert_eq!(read(&short), Some((27, Suite::AesCm128HmacSha1_32)));
    }

    #[test]
    fn lines_with_what_is_unknown_are_passed_over() {
        let good = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}");
        assert!(read(&good).is_some());
        for bad in [
            String::new(),
            "1 AES_CM_128_HMAC_SHA1_80".to_owned(),
            good.replace("1 A", "x A"),
            good.replace("1 A", "1234567890 A"),
            good.replace("AES_CM_128", "AES_CM_256"),
            good.replace("inline", "uri"),
            good.replace("inline:W", "inline:"),
            good.replace("inline:W", "inline:WW"),
            good.replace("inline:W", "inline:!"),
            good.replace("inline:WVNf", "inline:é é"),
            format!("{good}|2^20|1:4"),
            format!("{good}|1:32"),
            format!("{good};inline:{KEY}"),
            format!("{good} UNENCRYPTED_SRTP"),
            format!("{good} KDR=1"),
            format!("{good} {}", "-x".repeat(300)),
        ] {
            assert_eq!(read(&bad), None, "{bad}");
        }
    }

    #[test]
    fn each_key_is_another_one_and_none_can_be_printed() {
        let mut keys = Keys::new([1; 32].into());
        let (one, two) = (keys.draw(), keys.draw());
        assert_ne!(one, two);
        assert_ne!(Keys::new([2; 32].into()).draw(), one);
        assert_eq!(Keys::new([1; 32].into()).draw(), one);
        assert_eq!(format!("{one:?} {keys:?}"), "SrtpKey Keys { seed: Seed, drawn: 2 }");
    }
}
