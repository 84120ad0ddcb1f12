//! How a leg is heard, and how it hears.

use std::net::SocketAddr;

use crate::Codec;

/// Of one leg, since it was added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LegStats {
    pub packets_received: u64,
    pub packets_lost: u64,
    /// Came after their place had been played.
    pub packets_late: u64,
    /// From a foreign address, malformed, or beyond what a leg may send.
    pub packets_refused: u64,
    /// SRTP with a wrong tag, or that had come before. Counted among the refused too.
    pub packets_unauthentic: u64,
    /// RFC 3550, 6.4.1, in microseconds.
    pub jitter_us: u32,
    /// Now in the jitter buffer, in milliseconds.
    pub delay_ms: u32,
    /// Sound that should have been there and was made up, in milliseconds. Not the silence of a sender that suppresses it.
    pub concealed_ms: u64,
    /// By how much sound was lengthened and shortened to steer the delay, added up, in milliseconds.
    pub stretched_ms: u64,
    /// Sound that had come and was cut out, since too much of it waited, in milliseconds.
    pub discarded_ms: u64,
    /// There and back, from the peer's reports (RFC 3550, 6.4.1).
    pub round_trip_ms: Option<u32>,
    /// Of what is sent to the peer, in its last report.
    pub remote_loss_percent: Option<u8>,
    pub remote_jitter_us: Option<u32>,
    /// How somebody who listens to this leg would judge it, times 100 (E-model): the mean since it was added, absent until
    /// it has been heard.
    pub mos_x100: Option<u16>,
    /// The same of the last five seconds.
    pub mos_now_x100: Option<u16>,
    pub codec: Option<Codec>,
    /// Encrypted by SRTP.
    pub encrypted: bool,
    /// Where its sound goes now.
    pub remote: Option<SocketAddr>,
    /// Of the socket that it has; the engine knows of none.
    pub local: Option<SocketAddr>,
    /// What the leg says, over the last half second, in dB below the overload point (RFC 6464).
    pub level_dbov: i8,
    /// The noise under it, over the last seconds.
    pub noise_dbov: i8,
    /// By how much the noise is turned down, absent where it is left as it is.
    pub suppressed_db: Option<u8>,
    /// Somebody speaks, muted or not.
    pub speaking: bool,
    /// The leg sends back what it hears, so much later: an echo.
    pub echo_ms: Option<u16>,
    /// It plays music, which is more than 16 s of it.
    pub music: bool,
}
