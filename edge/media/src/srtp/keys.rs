//! What both sides agreed on in `a=crypto` (RFC 4568).

/// How packets are encrypted and signed (RFC 4568, 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SrtpSuite {
    /// `AES_CM_128_HMAC_SHA1_80`.
    AesCm128HmacSha1Tag80,
    /// `AES_CM_128_HMAC_SHA1_32`: a short tag on RTP; RTCP has 80 bits all the same.
    AesCm128HmacSha1Tag32,
}

impl SrtpSuite {
    /// Bytes behind each RTP packet.
    pub(super) fn rtp_tag(self) -> usize {
        match self {
            Self::AesCm128HmacSha1Tag80 => 10,
            Self::AesCm128HmacSha1Tag32 => 4,
        }
    }
}

/// The master keys of a leg, one each way. They cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SrtpKeys {
    suite: SrtpSuite,
    receive: [u8; SrtpKeys::LENGTH],
    send: [u8; SrtpKeys::LENGTH],
}

impl SrtpKeys {
    /// Of a master key and its salt, one behind the other: 128 and 112 bits (RFC 4568, 6.1).
    pub const LENGTH: usize = 30;

    /// `receive` is the peer's key, `send` our own.
    pub fn new(suite: SrtpSuite, receive: [u8; Self::LENGTH], send: [u8; Self::LENGTH]) -> Self {
        Self { suite, receive, send }
    }

    pub fn suite(&self) -> SrtpSuite {
        self.suite
    }

    pub(super) fn receive(&self) -> &[u8; Self::LENGTH] {
        &self.receive
    }

    pub(super) fn send(&self) -> &[u8; Self::LENGTH] {
        &self.send
    }
}

impl std::fmt::Debug for SrtpKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SrtpKeys({:?})", self.suite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_not_printed() {
        let keys = SrtpKeys::new(SrtpSuite::AesCm128HmacSha1Tag80, [171; 30], [205; 30]);
        assert_eq!(format!("{keys:?}"), "SrtpKeys(AesCm128HmacSha1Tag80)");
    }
}
