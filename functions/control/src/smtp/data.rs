//! The octets of a message, from `DATA` to the line with a single dot.

/// Only CR LF ends a line: whoever takes a bare LF for one lets a message be smuggled behind another
/// (RFC 5321, 2.3.8 and 4.1.1.4). Such a message is read to its end and refused.
#[derive(Debug)]
pub(super) struct Data {
    octets: Vec<u8>,
    at: At,
    fault: Option<Fault>,
    bytes_max: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// CR or LF alone.
    BareLineEnd,
    TooLong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    LineStart,
    Inside,
    Cr,
    /// After the dot that begins a line, and after that with CR.
    Dot,
    DotCr,
}

impl Data {
    pub(super) fn new(bytes_max: usize) -> Self {
        Data { octets: Vec::new(), at: At::LineStart, fault: None, bytes_max }
    }

    /// How many octets of `input` belong to the message, and whether it ends with them.
    pub(super) fn take(&mut self, input: &[u8]) -> (usize, bool) {
        for (index, byte) in input.iter().enumerate() {
            if self.push(*byte) {
                return (index + 1, true);
            }
        }
        (input.len(), false)
    }

    /// The message, without the dots that were stuffed.
    pub(super) fn finish(self) -> Result<Vec<u8>, Fault> {
        self.fault.map_or(Ok(self.octets), Err)
    }

    /// True for the last octet of the end.
    fn push(&mut self, byte: u8) -> bool {
        match (self.at, byte) {
            (At::DotCr, b'\n') => return true,
            (At::LineStart, b'.') => self.at = At::Dot,
            (At::Dot, b'\r') => self.at = At::DotCr,
            (At::Cr, b'\n') => {
                self.keep(b"\r\n");
                self.at = At::LineStart;
            }
            (At::Cr | At::DotCr, byte) => {
                self.fault.get_or_insert(Fault::BareLineEnd);
                self.inside(byte);
            }
            (At::LineStart | At::Inside | At::Dot, byte) => self.inside(byte),
        }
        false
    }

    fn inside(&mut self, byte: u8) {
        match byte {
            b'\r' => self.at = At::Cr,
            b'\n' => {
                self.fault.get_or_insert(Fault::BareLineEnd);
                self.at = At::Inside;
            }
            byte => {
                self.keep(&[byte]);
                self.at = At::Inside;
            }
        }
    }

    /// Nothing beyond the limit is kept.
    fn keep(&mut self, octets: &[u8]) {
        if self.octets.len() + octets.len() > self.bytes_max {
            self.fault.get_or_insert(Fault::TooLong);
            self.octets = Vec::new();
        } else if self.fault.is_none() {
            self.octets.extend_from_slice(octets);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As one piece and octet by octet: the same.
    fn read(input: &[u8]) -> (usize, Option<Result<Vec<u8>, Fault>>) {
        let mut whole = Data::new(20);
        let (used, ended) = whole.take(input);
        let mut single = Data::new(20);
        let steps = input.iter().take_while(|byte| !single.take(&[**byte]).1).count();
        assert_eq!(steps, if ended { used - 1 } else { used });
        (used, ended.then(|| whole.finish()))
    }

    #[test]
    fn a_message_ends_at_its_dot_and_stuffed_dots_go() {
        assert_eq!(read(b"a\r\n..b\r\n.\r\nQUIT"), (11, Some(Ok(b"a\r\n.b\r\n".to_vec()))));
        assert_eq!(read(b".\r\n"), (3, Some(Ok(Vec::new()))));
        assert_eq!(read(b"a\r\n.\r"), (5, None));
    }

    #[test]
    fn nothing_else_ends_it() {
        for end in ["\n.\n", "\r.\r", "\n.\r\n", "\r\n.\n", "\r\n.\rx\r\n", "\r\n.\r\r\n"] {
            let input = format!("a{end}MAIL FROM:<b>\r\n.\r\n");
            let (used, outcome) = read(input.as_bytes());
            assert_eq!((used, outcome), (input.len(), Some(Err(Fault::BareLineEnd))), "{end:?}");
        }
    }

    #[test]
    fn what_is_too_long_is_read_to_its_end_and_not_kept() {
        let input = format!("{}\r\n.\r\n", "a".repeat(21));
        assert_eq!(read(input.as_bytes()).1, Some(Err(Fault::TooLong)));
        let just = format!("{}\r\n.\r\n", "a".repeat(18));
        assert_eq!(read(just.as_bytes()).1.map(|read| read.map(|it| it.len())), Some(Ok(20)));
    }
}
