//! What has come and gone, for whoever watches.

use crate::request::Method;

/// Classes of status codes, by their first digit.
const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "6xx"];

/// Names in the order of [`place`]. All that are not served are one.
const METHODS: [&str; 10] =
    ["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "UPDATE", "PRACK", "REGISTER", "other"];

/// Since the endpoint was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    requests: [u64; METHODS.len()],
    responses: [u64; CLASSES.len()],
    /// Messages of strangers that were not read, being too many.
    pub dropped: u64,
}

impl Counters {
    /// Requests that were understood, by method.
    pub fn requests(&self) -> impl Iterator<Item = (&'static str, u64)> {
        METHODS.into_iter().zip(self.requests)
    }

    /// Responses sent, repeated ones too, by class.
    pub fn responses(&self) -> impl Iterator<Item = (&'static str, u64)> {
        CLASSES.into_iter().zip(self.responses)
    }

    pub(crate) fn note_request(&mut self, method: &Method) {
        self.requests[place(method)] += 1;
    }

    /// A message that is sent; a request of ours is none.
    pub(crate) fn note_sent(&mut self, bytes: &[u8]) {
        if let Some(class @ b'1'..=b'6') = bytes.strip_prefix(b"SIP/2.0 ").and_then(|b| b.first()) {
            self.responses[usize::from(class - b'1')] += 1;
        }
    }
}

fn place(method: &Method) -> usize {
    match method {
        Method::Invite => 0,
        Method::Ack => 1,
        Method::Bye => 2,
        Method::Cancel => 3,
        Method::Options => 4,
        Method::Info => 5,
        Method::Update => 6,
        Method::Prack => 7,
        Method::Register => 8,
        Method::Refused | Method::Unknown => 9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_responses_are_counted_by_kind() {
        let mut counters = Counters::default();
        counters.note_request(&Method::Options);
        counters.note_request(&Method::Unknown);
        for sent in ["SIP/2.0 200 OK", "SIP/2.0 486 Busy", "BYE sip:a SIP/2.0", "SIP/2.0 ", ""] {
            counters.note_sent(sent.as_bytes());
        }
        let some = |all: Vec<(&'static str, u64)>| {
            all.into_iter().filter(|(_, count)| *count > 0).collect::<Vec<_>>()
        };
        assert_eq!(some(counters.requests().collect()), [("OPTIONS", 1), ("other", 1)]);
        assert_eq!(some(counters.responses().collect()), [("2xx", 1), ("4xx", 1)]);
    }
}
