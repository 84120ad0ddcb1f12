//! Opus in SDP (RFC 7587, section 6.1).

use crate::media::OpusWishes;

/// What we want to receive: one channel, and what makes up for a lost packet.
pub(super) const OURS: &str = "useinbandfec=1;stereo=0";

/// What a peer wants to receive. What is not understood says nothing.
pub(super) fn wishes(fmtp: &str) -> OpusWishes {
    let mut wishes = OpusWishes::default();
    for (name, value) in fmtp.split(';').filter_map(|part| part.split_once('=')) {
        let Ok(number) = crate::value::number::<u32>(value.trim()) else { continue };
        match name.trim().to_ascii_lowercase().as_str() {
            "maxaveragebitrate" => {
                wishes.max_average_bitrate = Some(number.clamp(6_000, 510_000));
            }
            "maxplaybackrate" => wishes.max_playback_rate = number.clamp(8_000, 48_000),
            "useinbandfec" => wishes.in_band_fec = number == 1,
            "usedtx" => wishes.dtx = number == 1,
            _ => {}
        }
    }
    wishes
}
