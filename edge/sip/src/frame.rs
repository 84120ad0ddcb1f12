//! Cuts the octets of a connection into messages, wherever they were split on the way.

use crate::limits::{BODY_MAX, HEAD_MAX, URI_MAX};
use crate::message::{Fault, bad, content_length, head_end, unfold};

/// What the octets of a connection turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// The octets of one message.
    Message(Vec<u8>),
    /// RFC 5626, section 4.4.1: a double CRLF, answered by a single one.
    Ping,
    /// Where the next message begins can't be known: what there is of the head, for a refusal, then the connection
    /// has to be closed.
    Broken { head: Vec<u8>, fault: Fault },
}

/// The part of a stream that has come and makes no whole message yet; at most [`HEAD_MAX`] + [`BODY_MAX`] octets and
/// what one `push` brought.
#[derive(Debug, Default)]
pub(crate) struct Framer {
    buffer: Vec<u8>,
    /// Octets at the front that hold no empty line, so that a slow sender does not make us search them again.
    searched: usize,
    /// Octets of the message at the front, once its head has come.
    whole: Option<usize>,
}

impl Framer {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Part of a message has come.
    pub(crate) fn is_inside(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// The next thing, or nothing until more octets come. After `Broken` the framer is of no use.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        loop {
            match self.buffer.as_slice() {
                [b'\r', b'\n', b'\r', b'\n', ..] => {
                    self.buffer.drain(..4);
                    return Some(Frame::Ping);
                }
                // Of the CRLFs before a start line (RFC 3261, section 7.5) and of half a ping nothing is known yet.
                [b'\r'] | [b'\r', b'\n'] | [b'\r', b'\n', b'\r'] | [] => return None,
                [b'\r', b'\n', ..] => drop(self.buffer.drain(..2)),
                _ => return self.message(),
            }
        }
    }

    fn message(&mut self) -> Option<Frame> {
        let whole = match self.whole {
            Some(whole) => whole,
            None => match self.measure()? {
                Ok(whole) => whole,
                Err(broken) => return Some(broken),
            },
        };
        self.whole = Some(whole);
        if self.buffer.len() < whole {
            return None;
        }
        (self.searched, self.whole) = (0, None);
        let message = self.buffer.drain(..whole).collect();
        // One large message must not cost memory as long as the connection lasts.
        self.buffer.shrink_to(START_LINE_MAX);
        Some(Frame::Message(message))
    }

    /// Octets of the message at the front, when its head is complete.
    fn measure(&mut self) -> Option<Result<usize, Frame>> {
        let Some(end) = head_end(&self.buffer[self.searched..]).map(|at| at + self.searched) else {
            // The empty line may have begun in the last three.
            self.searched = self.buffer.len().saturating_sub(3);
            let broken = || Err(self.broken(self.buffer.len(), bad("Not SIP")));
            return self.is_hopeless().then(broken);
        };
        if end > HEAD_MAX {
            let fault = Fault { status: 513, reason: "Message Too Large" };
            return Some(Err(self.broken(end, fault)));
        }
        Some(match length(&self.buffer[..end]) {
            Ok(length) if length <= BODY_MAX => Ok(end + 4 + length),
            Ok(_) => {
                let fault = Fault { status: 413, reason: "Request Entity Too Large" };
                Err(self.broken(end, fault))
            }
            Err(fault) => Err(self.broken(end, fault)),
        })
    }

    /// A start line that is none, or a head without an end.
    fn is_hopeless(&self) -> bool {
        let front = &self.buffer[..self.buffer.len().min(START_LINE_MAX)];
        let line = front.windows(2).position(|w| w == b"\r\n");
        let foreign = match line {
            Some(end) => !is_start_line(&front[..end]),
            None => front.len() == START_LINE_MAX,
        };
        foreign || self.buffer.len() > HEAD_MAX + 4
    }

    fn broken(&self, end: usize, fault: Fault) -> Frame {
        let head = self.buffer[..end.min(HEAD_MAX)].to_vec();
        Frame::Broken { head, fault }
    }
}

/// A method, the longest Request-URI that is looked at, a version.
const START_LINE_MAX: usize = 2 * URI_MAX;

fn is_start_line(line: &[u8]) -> bool {
    line.windows(4).any(|w| w.eq_ignore_ascii_case(b"SIP/"))
}

/// What Content-Length says; of a stream it must be there (RFC 3261, section 20.14).
fn length(head: &[u8]) -> Result<usize, Fault> {
    let mut lines = Vec::new();
    for line in unfold(head).into_iter().skip(1) {
        let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
        let name = line[..colon].trim_ascii_end();
        if name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"l") {
            lines.push(line[colon + 1..].trim_ascii().to_vec());
        }
    }
    content_length(lines.iter().map(Vec::as_slice))?.ok_or(bad("Missing Content-Length"))
}

#[cfg(test)]
mod tests;
