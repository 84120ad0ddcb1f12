//! Compound packets, written (RFC 3550, 6.4 to 6.6).

use super::Said;
use super::compound::{BYE, Block, NAME, RECEIVER_REPORT, SENDER_REPORT};

/// SDES item of the canonical name (RFC 3550, 6.5.1).
const CNAME: u8 = 1;

pub(super) struct Writer<'a> {
    bytes: &'a mut Vec<u8>,
    /// Where the packet that is being written begins.
    start: usize,
}

impl<'a> Writer<'a> {
    /// Behind what stands in `bytes`.
    pub(super) fn new(bytes: &'a mut Vec<u8>) -> Self {
        let start = bytes.len();
        Self { bytes, start }
    }

    pub(super) fn sender_report(
        &mut self,
        ntp: u64,
        said: Said,
        packets: u32,
        octets: u32,
        block: Option<&Block>,
    ) {
        self.begin(SENDER_REPORT, usize::from(block.is_some()), said.ssrc);
        self.bytes.extend(ntp.to_be_bytes());
        for word in [said.timestamp, packets, octets] {
            self.word(word);
        }
        self.end_with(block);
    }

    pub(super) fn receiver_report(&mut self, ssrc: u32, block: Option<&Block>) {
        self.begin(RECEIVER_REPORT, usize::from(block.is_some()), ssrc);
        self.end_with(block);
    }

    /// A source description with the canonical name alone; at most 255 bytes.
    pub(super) fn name(&mut self, ssrc: u32, cname: &[u8]) {
        self.begin(NAME, 1, ssrc);
        self.bytes.extend([CNAME, cname.len() as u8]);
        self.bytes.extend_from_slice(cname);
        // One to four zeros end the list and fill the word.
        let written = self.bytes.len() - self.start;
        self.bytes.extend(std::iter::repeat_n(0, 4 - written % 4));
        self.end();
    }

    pub(super) fn bye(&mut self, ssrc: u32) {
        self.begin(BYE, 1, ssrc);
        self.end();
    }

    fn begin(&mut self, kind: u8, count: usize, ssrc: u32) {
        self.start = self.bytes.len();
        self.bytes.extend([0x80 | count as u8, kind, 0, 0]);
        self.word(ssrc);
    }

    fn end_with(&mut self, block: Option<&Block>) {
        if let Some(block) = block {
            self.word(block.ssrc);
            self.word(u32::from(block.loss) << 24 | block.lost);
            for word in [block.highest, block.jitter, block.last_report, block.delay] {
                self.word(word);
            }
        }
        self.end();
    }

    /// The length is in words, the header's not counted.
    fn end(&mut self) {
        let words = (self.bytes.len() - self.start) / 4 - 1;
        let place = self.start + 2;
        self.bytes[place..place + 2].copy_from_slice(&(words as u16).to_be_bytes());
    }

    fn word(&mut self, word: u32) {
        self.bytes.extend(word.to_be_bytes());
    }
}
